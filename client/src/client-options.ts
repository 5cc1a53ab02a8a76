/** How the language client is set up, the same in Node and in a web worker. */

import { type Diagnostic, type LogOutputChannel, Uri, workspace } from "vscode";
import { type BaseLanguageClient, CloseAction, ErrorAction, type LanguageClientOptions, type Middleware, RevealOutputChannelOn, vsdiag } from "vscode-languageclient";
import { type ClientOptions, readFileMethod, type ReadFileParams, type ReviewStatus, statusMethod } from "../../server/src/protocol/index.ts";
import { readFile } from "./read-file.ts";
import { documentSelector, isReviewed } from "./reviewed-documents.ts";
import { ruleOf } from "./rules.ts";
import { messageOf } from "./words.ts";

export type ClientSetup = {
  readonly extensionUri: Uri;
  readonly log: LogOutputChannel;
  /** Rules that have a page. */
  readonly ruleIds: ReadonlySet<string>;
  readonly onStatus: (status: ReviewStatus) => void;
  /** The server ended, and nobody asked for it. */
  readonly died: () => void;
};

export function clientOptions({ log, ruleIds, died }: ClientSetup): LanguageClientOptions {
  return {
    documentSelector,
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions,
    // The reason comes back from `start()`, where it is told in words.
    initializationFailedHandler: () => false,
    errorHandler: {
      error: (error) => ({ action: ErrorAction.Continue, message: `connection: ${messageOf(error)}`, handled: true }),
      // Whether and when to start again is the supervisor's to say.
      closed() {
        died();
        return { action: CloseAction.DoNotRestart, message: "the connection to the server was closed", handled: true };
      },
    },
    middleware: { ...reviewedOnly(), ...linkedDiagnostics(ruleIds) },
  };
}

/** What the server says and asks beyond LSP; and no notifications of the library's own. */
export function prepared<Client extends BaseLanguageClient>(client: Client, { log, onStatus }: ClientSetup): Client {
  client.onNotification(statusMethod, (status: ReviewStatus) => onStatus(status));
  client.onRequest(readFileMethod, (params: ReadFileParams) => readFile(params));
  // The library shows errors with their stack; ours go to the log, in one line.
  client.error = (message: string, data?: unknown) => log.error(data === undefined || data === null ? message : `${message}: ${messageOf(data)}`);
  return client;
}

function initializationOptions(): object {
  const settings: unknown = workspace.getConfiguration().get("quiesce");
  const ours: ClientOptions = { commands: false, readsFiles: true, status: true };
  // Through JSON: what VS Code hands out is no plain object.
  return { ...(JSON.parse(JSON.stringify(settings ?? {})) as object), ...ours };
}

/** A document that was not announced must not be changed or closed either. */
function reviewedOnly(): Middleware {
  const announced = new Set<string>();
  return {
    async didOpen(document, next) {
      if (!isReviewed(document)) return;
      announced.add(document.uri.toString());
      await next(document);
    },
    async didChange(event, next) {
      if (announced.has(event.document.uri.toString())) await next(event);
    },
    async didClose(document, next) {
      if (announced.delete(document.uri.toString())) await next(document);
    },
  };
}

/** A rule in the hover and in the list of problems leads to its page: a command finds it in every host, an address does not. */
function linkedDiagnostics(ruleIds: ReadonlySet<string>): Middleware {
  return {
    async provideDiagnostics(document, previousResultId, token, next) {
      const report = await next(document, previousResultId, token);
      if (report?.kind === vsdiag.DocumentDiagnosticReportKind.full) for (const item of report.items) link(item, ruleIds);
      return report;
    },
    handleDiagnostics(uri, diagnostics, next) {
      for (const item of diagnostics) link(item, ruleIds);
      next(uri, diagnostics);
    },
  };
}

function link(diagnostic: Diagnostic, ruleIds: ReadonlySet<string>): void {
  const id = ruleOf(diagnostic);
  if (id === undefined || !ruleIds.has(id)) return;
  diagnostic.code = { value: id, target: Uri.from({ scheme: "command", path: "quiesce.explainRule", query: JSON.stringify([id]) }) };
}
