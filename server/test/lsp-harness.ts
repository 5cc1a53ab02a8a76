/** Speaks LSP with the built server, as an editor does: a process of its own, over stdio. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type CodeAction, createProtocolConnection, type Diagnostic, type InitializeResult, type Position, type ProtocolConnection, type PublishDiagnosticsParams,
  StreamMessageReader, StreamMessageWriter, type TextEdit, type WorkspaceEdit,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { readFileMethod, type ReadFileParams, type ReadFileResult, type ReviewStatus, statusMethod } from "../src/protocol/index.ts";
import { cliPath } from "./cli-harness.ts";

/** A machine under load must not fail a test; nothing waits this long unless something is wrong. */
const patienceMs = 60_000;

export type ClientOptions = {
  readonly capabilities?: object;
  readonly initializationOptions?: unknown;
  /** The settings that the client answers with when asked. */
  readonly configuration?: unknown;
  readonly cli?: string;
  /** Workspace folders; without, the one on the disk. */
  readonly folders?: readonly string[];
};

export const fullCapabilities = {
  textDocument: {
    publishDiagnostics: { relatedInformation: true, codeDescriptionSupport: true, dataSupport: true, versionSupport: true },
    codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix"] } }, isPreferredSupport: true, disabledSupport: true, dataSupport: true },
  },
  workspace: { workspaceEdit: { documentChanges: true }, workspaceFolders: true },
};

export const resolvingCapabilities = {
  ...fullCapabilities,
  textDocument: { ...fullCapabilities.textDocument, codeAction: { ...fullCapabilities.textDocument.codeAction, resolveSupport: { properties: ["edit"] } } },
};

export const pullingCapabilities = {
  ...fullCapabilities,
  textDocument: { ...fullCapabilities.textDocument, diagnostic: {} },
  workspace: { ...fullCapabilities.workspace, diagnostics: { refreshSupport: true } },
};

/** An editor with one folder. Owns the server process and the folder. */
export class TestEditor {
  readonly folder: string;
  readonly server: ChildProcessWithoutNullStreams;
  readonly connection: ProtocolConnection;
  readonly published: PublishDiagnosticsParams[] = [];
  readonly messages: string[] = [];
  readonly log: string[] = [];
  readonly progress: { readonly kind: string }[] = [];
  readonly statuses: ReviewStatus[] = [];
  /** What the client alone can read, by URI. */
  readonly remote = new Map<string, string>();
  readonly asked: string[] = [];
  lensRefreshCount = 0;
  initialized: InitializeResult | undefined;
  stderr = "";
  refreshCount = 0;
  #texts = new Map<string, TextDocument>();
  #waiting = new Set<() => void>();

  constructor(files: Readonly<Record<string, string>>, { cli = cliPath, configuration = null }: ClientOptions = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "quiesce-lsp-"));
    for (const [file, text] of Object.entries(files)) this.write(file, text);
    this.server = spawn(process.execPath, [cli, "lsp", "--stdio"], { cwd: this.folder });
    this.server.stderr.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.connection = createProtocolConnection(new StreamMessageReader(this.server.stdout), new StreamMessageWriter(this.server.stdin), undefined);
    this.connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => this.#note(() => this.published.push(params)));
    this.connection.onNotification("window/showMessage", ({ message }: { message: string }) => this.#note(() => this.messages.push(message)));
    this.connection.onNotification("window/logMessage", ({ message }: { message: string }) => this.#note(() => this.log.push(message)));
    this.connection.onNotification("$/progress", ({ value }: { value: { kind: string } }) => this.#note(() => this.progress.push(value)));
    this.connection.onRequest("workspace/diagnostic/refresh", () => {
      this.#note(() => (this.refreshCount += 1));
      return null;
    });
    this.connection.onRequest("workspace/codeLens/refresh", () => {
      this.#note(() => (this.lensRefreshCount += 1));
      return null;
    });
    this.connection.onNotification(statusMethod, (status: ReviewStatus) => this.#note(() => this.statuses.push(status)));
    this.connection.onRequest(readFileMethod, ({ uri, probe }: ReadFileParams): ReadFileResult => {
      this.asked.push(uri);
      const text = this.remote.get(uri);
      return text === undefined ? null : { text: probe === true ? "" : text };
    });
    this.connection.onRequest("client/registerCapability", () => null);
    this.connection.onRequest("window/workDoneProgress/create", () => null);
    this.connection.onRequest("workspace/configuration", () => [configuration]);
    this.connection.listen();
  }

  static async start(files: Readonly<Record<string, string>>, options: ClientOptions = {}): Promise<TestEditor> {
    const editor = new TestEditor(files, options);
    const { capabilities = fullCapabilities, initializationOptions, folders = [pathToFileURL(editor.folder).href] } = options;
    editor.initialized = await editor.connection.sendRequest<InitializeResult>("initialize", {
      processId: process.pid, capabilities, initializationOptions, workspaceFolders: folders.map((uri) => ({ uri, name: "folder" })), rootUri: folders[0],
    });
    await editor.connection.sendNotification("initialized", {});
    return editor;
  }

  write(file: string, text: string): void {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  uri(file: string): string {
    return pathToFileURL(join(this.folder, file)).href;
  }

  text(uri: string): string {
    return this.#texts.get(uri)?.getText() ?? readFileSync(fileURLToPath(uri), "utf8");
  }

  async open(file: string, languageId = "c"): Promise<string> {
    return this.openText(this.uri(file), readFileSync(join(this.folder, file), "utf8"), languageId);
  }

  async openText(uri: string, text: string, languageId = "c"): Promise<string> {
    this.#texts.set(uri, TextDocument.create(uri, languageId, 1, text));
    await this.connection.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId, version: 1, text } });
    return uri;
  }

  /** Sends the edits as incremental changes, last first, as their positions count in the old text. */
  async change(uri: string, edits: readonly TextEdit[]): Promise<void> {
    const document = this.#texts.get(uri)!;
    const sorted = edits.toSorted((a, b) => document.offsetAt(b.range.start) - document.offsetAt(a.range.start));
    const contentChanges = sorted.map(({ range, newText }) => ({ range, text: newText }));
    TextDocument.update(document, contentChanges, document.version + 1);
    await this.connection.sendNotification("textDocument/didChange", { textDocument: { uri, version: document.version }, contentChanges });
  }

  /** As an editor does: open documents are changed if their version is the one named, others on the disk. */
  async apply({ documentChanges, changes }: WorkspaceEdit): Promise<void> {
    const all = documentChanges?.flatMap((change) => ("edits" in change ? [{ uri: change.textDocument.uri, version: change.textDocument.version, edits: change.edits as TextEdit[] }] : []))
      ?? Object.entries(changes ?? {}).map(([uri, edits]) => ({ uri, version: null, edits }));
    for (const { uri, version, edits } of all) {
      const open = this.#texts.get(uri);
      if (open !== undefined) {
        if (version !== null && version !== open.version) throw new Error(`the edit is for version ${version}, the document has ${open.version}`);
        await this.change(uri, edits);
        continue;
      }
      const document = TextDocument.create(uri, "c", 0, this.text(uri));
      writeFileSync(fileURLToPath(uri), TextDocument.applyEdits(document, edits));
    }
  }

  /** Waits for a publication that satisfies the condition; only the newest one of the file counts. */
  async diagnostics(uri: string, isWanted: (diagnostics: readonly Diagnostic[]) => boolean, version?: number): Promise<readonly Diagnostic[]> {
    const newest = (): PublishDiagnosticsParams | undefined => this.published.findLast((one) => one.uri === uri && (version === undefined || one.version === version));
    await this.until(() => { const found = newest(); return found !== undefined && isWanted(found.diagnostics); }, () => `diagnostics of ${uri}: ${JSON.stringify(newest()?.diagnostics, null, 1)}`);
    return newest()!.diagnostics;
  }

  codeActions(uri: string, at: Diagnostic | Position): Promise<readonly CodeAction[]> {
    const range = "range" in at ? at.range : { start: at, end: at };
    return this.connection.sendRequest("textDocument/codeAction", { textDocument: { uri }, range, context: { diagnostics: "range" in at ? [at] : [] } });
  }

  request<R>(method: string, params: unknown): Promise<R> {
    return this.connection.sendRequest(method, params);
  }

  async until(isTrue: () => boolean, describe: () => string = () => "condition"): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!isTrue()) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${describe()}\nlog: ${this.log.join("\n")}\nstderr: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 1_000);
        const waiting = this.#waiting;
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  /** Ends the server as the protocol says; answers with its exit status. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.server.once("exit", resolve));
    if (this.server.exitCode === null) {
      await this.connection.sendRequest("shutdown");
      await this.connection.sendNotification("exit");
    }
    const status = this.server.exitCode ?? (await ended);
    this.connection.dispose();
    rmSync(this.folder, { recursive: true, force: true });
    return status;
  }

  #note(note: () => unknown): void {
    note();
    for (const wake of [...this.#waiting]) wake();
  }
}

export const words = ({ message }: Diagnostic): string => (typeof message === "string" ? message : message.value);
export const confirmed = (diagnostics: readonly Diagnostic[]): boolean => diagnostics.some((one) => words(one).includes("\nconfirmed"));
export const settled = (diagnostics: readonly Diagnostic[]): boolean => diagnostics.every((one) => !words(one).includes("not yet tried"));
