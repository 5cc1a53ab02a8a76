/** "Report issue": the facts of this installation in an untitled document; sending it is left to the person. */

import { type Extension, UIKind, env, version, window, workspace } from "vscode";
import type { BaseLanguageClient } from "vscode-languageclient";
import { issueReport } from "./issue-report.ts";
import type { RecentLines } from "./recent-lines.ts";
import { manifestOf } from "./rules.ts";

export type ReportContext = {
  readonly extension: Extension<unknown>;
  /** "linux x64", or that it is a browser. */
  readonly platform: string;
  readonly client: BaseLanguageClient | undefined;
  readonly recent: RecentLines;
};

export async function reportIssue({ extension, platform, client, recent }: ReportContext): Promise<void> {
  const manifest = manifestOf(extension);
  const content = issueReport({
    extension: manifest.version,
    server: client?.initializeResult?.serverInfo?.version ?? "not running",
    vscode: `${env.appName} ${version}`,
    host: `${platform}, ${env.uiKind === UIKind.Web ? "web" : "desktop"} interface (${env.appHost}), remote: ${env.remoteName ?? "none"}`,
    settings: changedSettings(Object.keys(manifest.contributes.configuration.properties)),
    logLines: recent.all(),
  });
  await window.showTextDocument(await workspace.openTextDocument({ language: "markdown", content }));
}

function changedSettings(names: readonly string[]): readonly { readonly name: string; readonly value: unknown }[] {
  const settings = workspace.getConfiguration();
  return names
    .map((name) => ({ name, value: settings.get(name), byDefault: settings.inspect(name)?.defaultValue }))
    .filter(({ value, byDefault }) => JSON.stringify(value) !== JSON.stringify(byDefault))
    .map(({ name, value }) => ({ name, value }));
}
