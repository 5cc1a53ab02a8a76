/** Starts a real VS Code: a server on this machine that a browser shows. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { webCommit } from "../../../../server/tasks/hosts.mjs";
import { findHost, type HostName, type InstalledHost } from "../../../../server/tasks/requirements.mjs";
import { installedExtension, unzip, vsixPath } from "./packaged.ts";
import { freePort, ProcessGroup } from "./process-group.ts";

export type Settings = Readonly<Record<string, unknown>>;

export type HostOptions = {
  /** Files of the workspace. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings?: Settings;
  /** false: the host alone, to know what it does by itself. */
  readonly withExtension?: boolean;
  /** A folder whose tests run inside the extension host, and what they are told. */
  readonly tests?: { readonly extension: string; readonly module: string; readonly env: Readonly<Record<string, string>> };
};

/** Nothing that asks the network, moves on the screen or gets in the way. */
const calmSettings: Settings = {
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "workbench.tips.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "security.workspace.trust.enabled": false,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "window.commandCenter": false,
  "git.enabled": false,
  "files.simpleDialog.enable": true,
};

/** The host that shows the extension in Node: `npm run e2e -- latest` takes the newest one. */
export const nodeHost: HostName = process.env.QUIESCE_E2E_HOST === "latest" ? "latest" : "lts";

/** What a page tells the workbench to begin with. */
type Payload = readonly (readonly [string, string])[];

type Address = { readonly page: string; readonly workspaceUri: string; readonly payload: Payload };

/** Owns a host with its folders: user data, extensions and a workspace of its own. */
export class Host {
  readonly folder: string;
  readonly workspace: string;
  readonly process: ProcessGroup;
  readonly #address: Address;

  private constructor(folder: string, process: ProcessGroup, address: Address) {
    this.folder = folder;
    this.workspace = workspaceIn(folder);
    this.process = process;
    this.#address = address;
  }

  static async startNode(options: HostOptions): Promise<Host> {
    const { node, entry } = needed(nodeHost);
    const folder = hostFolder(options.files);
    const settingsFile = settingsIn(folder);
    mkdirSync(dirname(settingsFile), { recursive: true });
    writeFileSync(settingsFile, JSON.stringify({ ...calmSettings, ...options.settings }, null, 2));
    const common = ["--accept-server-license-terms", "--disable-telemetry", "--user-data-dir", join(folder, "user"), "--extensions-dir", extensionsIn(folder), "--server-data-dir", join(folder, "server")];
    if (options.withExtension !== false) execFileSync(node, [entry, ...common, "--install-extension", vsixPath()], { stdio: ["ignore", "pipe", "pipe"] });
    const port = await freePort();
    // The driver flag makes a built workbench take extensions under development, which is how tests get in.
    const args = [entry, ...common, "--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--disable-workspace-trust", ...(options.tests ? ["--enable-smoke-test-driver"] : [])];
    const env = { NODE_OPTIONS: `--require ${networkWitness}`, QUIESCE_NETWORK_LOG: join(folder, networkLog), ...options.tests?.env };
    const process = new ProcessGroup(node, args, { log: join(folder, "host.log"), env });
    const remote = `vscode-remote://127.0.0.1:${port}`;
    const payload: Payload = options.tests
      ? [["extensionDevelopmentPath", `${remote}${options.tests.extension}`], ["extensionTestsPath", `${remote}${options.tests.module}`], ["enableProposedApi", ""]]
      : [];
    const workspace = workspaceIn(folder);
    const origin = `http://127.0.0.1:${port}`;
    const host = new Host(folder, process, { page: `${origin}/?folder=${encodeURIComponent(workspace)}&`, workspaceUri: `${remote}${workspace}`, payload });
    await process.answers(`${origin}/version`);
    return host;
  }

  static async startWeb(options: HostOptions): Promise<Host> {
    const { node, entry, folder: installed } = needed("web");
    const folder = hostFolder(options.files);
    const extension = join(folder, "extension");
    if (options.withExtension !== false) unpackExtension(extension);
    const port = await freePort();
    const args = [
      entry, "--browserType=none", "--quality", "stable", "--commit", webCommit, `--testRunnerDataDir=${join(installed, "builds")}`, "--esm=false", "--host", "127.0.0.1", "--port", String(port),
      ...(options.withExtension === false ? [] : [`--extensionDevelopmentPath=${extension}`]), workspaceIn(folder),
    ];
    const process = new ProcessGroup(node, args, { log: join(folder, "host.log") });
    // A name with a dot: webviews live at <id>.<name>, and must be of the same site to have their service worker.
    const host = new Host(folder, process, { page: `http://quiesce.localhost:${port}/?`, workspaceUri: "vscode-test-web://mount", payload: [] });
    await process.answers(`http://127.0.0.1:${port}/`);
    return host;
  }

  /** The address of the workbench, with a file of the workspace open. */
  url(openFile?: string): string {
    const { page, workspaceUri, payload } = this.#address;
    const whole: Payload = [...payload, ["skipWelcome", "true"], ...(openFile ? [["openFile", `${workspaceUri}/${encodeURI(openFile)}`] as const] : [])];
    return `${page}payload=${encodeURIComponent(JSON.stringify(whole))}`;
  }

  /** The whole path of a file of the workspace. */
  path(file: string): string {
    return join(this.workspace, file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), "utf8");
  }

  /** VS Code watches its settings: what is written here is in force a moment later. */
  changeSettings(change: Settings): void {
    const settings = JSON.parse(readFileSync(settingsIn(this.folder), "utf8")) as Settings;
    writeFileSync(settingsIn(this.folder), JSON.stringify({ ...settings, ...change }, null, 2));
  }

  /** Ids of the host's processes whose command line matches. */
  processesOf(pattern: RegExp): readonly number[] {
    return [...this.process.processes()].filter(([, args]) => pattern.test(args)).map(([id]) => id);
  }

  /** Whom the host's own processes talked to, as `program: host`; and which programs were watched. */
  networkUse(): { readonly watched: readonly string[]; readonly asked: readonly string[] } {
    const rows = readFileSync(join(this.folder, networkLog), "utf8").split("\n").map((line) => line.split("\t"));
    const of = (isStart: boolean): readonly string[] =>
      [...new Set(rows.flatMap(([program, host]) => (host !== undefined && (host === "started") === isStart ? [isStart ? `${program}` : `${program}: ${host}`] : [])))].sort();
    return { watched: of(true), asked: of(false) };
  }

  get extensionFolder(): string {
    return installedExtension(extensionsIn(this.folder));
  }

  /** `keep`: the folders stay for whoever looks for what went wrong. */
  async stop(options: { readonly keep: boolean }): Promise<void> {
    await this.process.stop();
    if (!options.keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const networkWitness = join(import.meta.dirname, "network-witness.cjs");
const networkLog = "network.tsv";

const workspaceIn = (folder: string): string => join(folder, "workspace");
const extensionsIn = (folder: string): string => join(folder, "extensions");
const settingsIn = (folder: string): string => join(folder, "user/User/settings.json");

function needed(name: HostName): InstalledHost {
  const host = findHost(name);
  if (!host) throw new Error(`the host ${name} is not installed: npm run e2e`);
  return host;
}

function hostFolder(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "quiesce-e2e-")));
  for (const [file, text] of Object.entries(files)) {
    const path = join(workspaceIn(folder), file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
}

/** What the VSIX holds, and nothing else of the checkout. */
function unpackExtension(folder: string): void {
  for (const { name, bytes } of unzip(readFileSync(vsixPath()))) {
    if (!name.startsWith("extension/") || name.endsWith("/")) continue;
    const path = join(folder, name.slice("extension/".length));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
