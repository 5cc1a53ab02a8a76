/** Puts the extension together; what differs between Node and the web comes in as a `Platform`. */

import { type ExtensionContext, window, workspace } from "vscode";
import type { BaseLanguageClient } from "vscode-languageclient";
import type { ClientSetup } from "./client-options.ts";
import { registerCommands } from "./commands.ts";
import { openLog } from "./log.ts";
import { FactsDocuments } from "./facts.ts";
import { replayViewType } from "./editor-columns.ts";
import { ReplayPanel } from "./replay-panel.ts";
import { LastEditor } from "./reviewed-documents.ts";
import { manifestOf, rulesIn } from "./rules.ts";
import { Sample } from "./sample.ts";
import { serverNotices } from "./server-notices.ts";
import { type Launched, ServerSupervisor } from "./server-supervisor.ts";
import { StatusItem } from "./status-item.ts";

export type Platform = {
  /** For a report: "linux x64". */
  readonly name: string;
  readonly launch: (setup: ClientSetup) => Promise<Launched<BaseLanguageClient>>;
};

/** Returns while the server is still starting: nobody waits for it. The result ends it. */
export function activateOn(context: ExtensionContext, platform: Platform): () => Promise<void> {
  const { extension, extensionUri } = context;
  const log = openLog();
  const rules = rulesIn(manifestOf(extension));
  const status = new StatusItem();
  const lastEditor = new LastEditor();
  const panel = new ReplayPanel(extensionUri, log.channel);
  const facts = new FactsDocuments();
  const ruleIds = new Set(rules.map(({ id }) => id));
  const supervisor = new ServerSupervisor<BaseLanguageClient>({
    async launch(died) {
      await nextTask();
      return platform.launch({ extensionUri, log: log.channel, ruleIds, died, onStatus: (news) => status.take(news) });
    },
    onState: (state) => status.setServer(state),
    notices: serverNotices(),
    log: (message) => log.channel.info(message),
    now: () => Date.now(),
  });
  context.subscriptions.push(
    log.channel, status, lastEditor, panel, facts,
    workspace.onDidCloseTextDocument(({ uri }) => status.forget(uri.toString())),
    window.registerWebviewPanelSerializer(replayViewType, { deserializeWebviewPanel: (restored, state: unknown) => Promise.resolve(panel.restore(restored, state)) }),
    ...registerCommands({ extension, platform: platform.name, log, rules, lastEditor, panel, facts, supervisor, sample: new Sample(extensionUri) }),
  );
  supervisor.start();
  return () => supervisor.dispose();
}

/** The activation ends here, and what comes later no longer delays the start of the editor. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
