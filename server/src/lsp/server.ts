/**
 * The language server: which request meets which part. Stateless per request but for the open documents and their
 * reviews. It knows no file and no thread; those come with the host.
 */

import {
  type CancellationToken, type CodeAction, type CodeActionParams, CodeActionKind, type Connection, DidChangeConfigurationNotification, DidChangeWatchedFilesNotification,
  type DocumentDiagnosticParams, type DocumentDiagnosticReport, ErrorCodes, type ExecuteCommandParams, type InitializeParams, type InitializeResult, MessageType, ResponseError,
  ShowMessageNotification, TextDocumentSyncKind, type WorkDoneProgressReporter,
} from "vscode-languageserver";
import { replayTextMethod, type ReplayTextParams, type ReplayTextResult } from "../protocol/index.ts";
import { cancelled } from "./cancellation.ts";
import { abilitiesOf, type ClientAbilities } from "./client-abilities.ts";
import { type CodeActionContext, codeActionsFor, readActionData, resolveAction } from "./code-actions.ts";
import { type CurrentFile, type DiagnosticOptions, diagnosticsOf } from "./convert.ts";
import type { Reviewed } from "./document-review.ts";
import { Documents, isReviewed } from "./documents.ts";
import type { LspHost } from "./host.ts";
import { type Publication, Publisher } from "./publisher.ts";
import { emulateCommand, readCommandArguments, readReplayParams, replayTextIn } from "./replay.ts";
import { type Guard, guardFor, quietly, signalOf } from "./requests.ts";
import { ReviewPool } from "./review-pool.ts";
import { Reviews } from "./reviews.ts";
import { checkSettings, defaultSettings, type Settings } from "./settings.ts";
import { baseName } from "./uris.ts";
import { messageOf } from "./words.ts";

/** Settings may not be asked for longer than this before the first review. */
const settingsWaitMsMax = 1_000;

/** Serves until the connection ends. The caller listens on the connection afterwards. */
export function serve(connection: Connection, host: LspHost): void {
  let server: Server | undefined;
  const guard = guardFor(connection);
  const documents = new Documents();
  const running = (): Server => {
    if (server === undefined) throw new ResponseError(ErrorCodes.ServerNotInitialized, "initialize comes first");
    return server;
  };
  connection.onInitialize(guard("initialize", (params: InitializeParams) => {
    server = new Server(connection, host, documents, params);
    return server.initializeResult();
  }));
  connection.onInitialized(guard("initialized", () => running().initialized()));
  documents.listen(connection, {
    onChange: (document) => quietly(connection, "textDocument/didChange", () => server?.reviews.changed(document)),
    onClose: (document) => quietly(connection, "textDocument/didClose", () => server?.closed(document.uri)),
  });
  connection.onDidChangeConfiguration(({ settings }) => void guard("workspace/didChangeConfiguration", () => server?.configurationChanged(settings))().catch(() => undefined));
  connection.onDidChangeWatchedFiles(({ changes }) => quietly(connection, "workspace/didChangeWatchedFiles", () => changes.forEach(({ uri }) => server?.reviews.fileChanged(uri))));
  connection.onCodeAction(guard("textDocument/codeAction", (params: CodeActionParams) => running().codeActions(params)));
  connection.onCodeActionResolve(guard("codeAction/resolve", (action: CodeAction) => running().resolve(action)));
  connection.onExecuteCommand(guard("workspace/executeCommand", (params: ExecuteCommandParams, token: CancellationToken) => running().execute(params, token)));
  connection.onRequest(replayTextMethod, guard(replayTextMethod, (params: unknown, token: CancellationToken) => running().replay(params, token)));
  connection.languages.diagnostics.on(guard("textDocument/diagnostic", (params: DocumentDiagnosticParams, token: CancellationToken) => running().pulled(params, token)));
  connection.onShutdown(() => server?.dispose());
}

/** Owns everything that lives between `initialize` and `shutdown`. */
class Server {
  readonly reviews: Reviews;
  readonly #connection: Connection;
  readonly #host: LspHost;
  readonly #documents: Documents;
  readonly #abilities: ClientAbilities;
  readonly #pool: ReviewPool;
  readonly #publisher: Publisher;
  readonly #guard: Guard;
  #settings: Settings = defaultSettings;
  #toldProblems: readonly string[] = [];

  constructor(connection: Connection, host: LspHost, documents: Documents, params: InitializeParams) {
    this.#connection = connection;
    this.#host = host;
    this.#documents = documents;
    this.#guard = guardFor(connection);
    this.#abilities = abilitiesOf(params);
    const log = (message: string): void => connection.console.error(message);
    this.#pool = new ReviewPool(host.startReviewThread, host.reviewThreads, log);
    this.#publisher = new Publisher(connection, this.#abilities);
    this.reviews = new Reviews({
      host, documents, log,
      pool: this.#pool,
      settings: () => this.#settings,
      onReviewed: (uri, reviewed) => this.#publisher.publish(this.#publicationOf(uri, reviewed)),
    });
    this.reviews.setFolders(params.workspaceFolders?.map(({ uri }) => uri) ?? rootsOf(params));
    this.#takeSettings(params.initializationOptions);
  }

  initializeResult(): InitializeResult {
    const { pullsDiagnostics, resolvesEdits, codeActionLiterals, takesCommands, workspaceFolders } = this.#abilities;
    return {
      serverInfo: { name: "quiesce", version: this.#host.version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        ...(codeActionLiterals ? { codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix], resolveProvider: resolvesEdits } } : {}),
        ...(takesCommands ? { executeCommandProvider: { commands: [emulateCommand], workDoneProgress: true } } : {}),
        ...(pullsDiagnostics ? { diagnosticProvider: { identifier: "quiesce", interFileDependencies: true, workspaceDiagnostics: false } } : {}),
        ...(workspaceFolders ? { workspace: { workspaceFolders: { supported: true, changeNotifications: true } } } : {}),
      },
    };
  }

  async initialized(): Promise<void> {
    this.#pool.warm();
    const { registersWatchers, registersConfiguration, workspaceFolders, configuration } = this.#abilities;
    if (workspaceFolders) this.#connection.workspace.onDidChangeWorkspaceFolders(() => void this.#foldersChanged());
    // A client that refuses a registration still has a server that works.
    const refused = (error: unknown): void => this.#connection.console.warn(`client/registerCapability: ${messageOf(error)}`);
    if (registersWatchers) this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: "**/*.[ch]" }] }).catch(refused);
    if (registersConfiguration) this.#connection.client.register(DidChangeConfigurationNotification.type, { section: "quiesce" }).catch(refused);
    if (configuration) await this.configurationChanged(undefined);
  }

  /** Clients that can be asked are asked; others send the whole tree of settings. */
  async configurationChanged(sent: unknown): Promise<void> {
    const given: unknown = this.#abilities.configuration ? await this.#askedSettings() : (sent as { readonly quiesce?: unknown } | null | undefined)?.quiesce;
    if (given === null || given === undefined) return;
    const before = JSON.stringify(this.#settings);
    this.#takeSettings(given);
    if (JSON.stringify(this.#settings) !== before) this.reviews.reviewAll();
  }

  closed(uri: string): void {
    this.reviews.closed(uri);
    this.#publisher.close(uri);
  }

  codeActions(params: CodeActionParams): CodeAction[] {
    const at = this.#actionContext(params.textDocument.uri);
    return at === undefined ? [] : [...codeActionsFor(params, at)];
  }

  resolve(action: CodeAction): CodeAction {
    const data = readActionData(action.data);
    if (data === undefined) throw new ResponseError(ErrorCodes.InvalidParams, "codeAction/resolve: this action is not one of Quiesce's");
    const { action: resolved, refused } = resolveAction(action, data, this.#actionContext(data.uri));
    if (refused !== undefined) this.#warn(refused);
    return resolved;
  }

  async pulled({ textDocument, previousResultId }: DocumentDiagnosticParams, token: CancellationToken): Promise<DocumentDiagnosticReport> {
    const uri = this.#documents.find(textDocument.uri)?.uri ?? textDocument.uri;
    const review = this.reviews.of(uri);
    if (review === undefined) return this.#publisher.report({ uri, version: 0, diagnostics: [] }, previousResultId);
    review.startNow();
    // A client that cannot be told to pull again gets the verdicts in the first answer.
    const isEnough = (known: Reviewed | undefined): known is Reviewed =>
      known !== undefined && known.version === this.#documents.find(uri)?.version && (known.isSettled || this.#abilities.refreshesDiagnostics);
    const cancellation = cancellationOf(token);
    let reviewed = review.latest();
    while (!isEnough(reviewed)) {
      await Promise.race([review.next(), cancellation]);
      if (this.#documents.find(uri) === undefined) return this.#publisher.report({ uri, version: 0, diagnostics: [] }, previousResultId);
      reviewed = review.latest();
    }
    return this.#publisher.report(this.#publicationOf(uri, reviewed), previousResultId);
  }

  async execute({ command, arguments: given, workDoneToken }: ExecuteCommandParams, token: CancellationToken): Promise<string> {
    if (command !== emulateCommand) throw new ResponseError(ErrorCodes.InvalidParams, `workspace/executeCommand: there is no command ${command}`);
    const result = await this.#replayed(readCommandArguments(given), token, workDoneToken);
    return "text" in result ? result.text : "The text changed while it was replayed; ask again.\n";
  }

  replay(given: unknown, token: CancellationToken): Promise<ReplayTextResult> {
    const { workDoneToken } = (given ?? {}) as { readonly workDoneToken?: string | number };
    return this.#replayed(readReplayParams(given), token, workDoneToken);
  }

  dispose(): void {
    this.reviews.dispose();
    this.#publisher.dispose();
    this.#pool.dispose();
  }

  async #replayed(params: ReplayTextParams, token: CancellationToken, workDoneToken: string | number | undefined): Promise<ReplayTextResult> {
    const { uri } = params.textDocument;
    const place = this.reviews.placeOf(uri);
    if (place === undefined) throw new ResponseError(ErrorCodes.InvalidParams, `${replayTextMethod}: no such document: ${uri}`);
    const progress = await this.#beginProgress(workDoneToken, `Replaying ${params.function ?? baseName(uri)}`);
    try {
      const signal = AbortSignal.any([signalOf(token), ...(progress.token === undefined ? [] : [signalOf(progress.token)])]);
      const text = replayTextIn(await this.#pool.run({ question: { ...place, kind: "replay", function: params.function, position: params.position }, signal }));
      return this.reviews.placeOf(uri)?.text === place.text ? { text } : { stale: true };
    } finally {
      progress.reporter?.done();
    }
  }

  /** Where the client gave no token but can show progress, one of ours is made, with a cancel button. */
  async #beginProgress(given: string | number | undefined, title: string): Promise<{ readonly reporter?: WorkDoneProgressReporter; readonly token?: CancellationToken }> {
    if (given !== undefined) {
      const reporter = this.#connection.window.attachWorkDoneProgress(given);
      reporter.begin(title, undefined, undefined, true);
      return { reporter };
    }
    if (!this.#abilities.workDoneProgress) return {};
    // A client that refuses gets its replay without progress.
    const reporter = await this.#connection.window.createWorkDoneProgress().catch(() => undefined);
    if (reporter === undefined) return {};
    reporter.begin(title, undefined, undefined, true);
    return { reporter, token: reporter.token };
  }

  #actionContext(givenUri: string): CodeActionContext | undefined {
    const document = this.#documents.find(givenUri);
    if (document === undefined || !isReviewed(document)) return undefined;
    const reviewed = this.reviews.of(document.uri)?.latest();
    if (reviewed === undefined) return undefined;
    const { uri, version } = document;
    return { uri, version, reviewed, abilities: this.#abilities, diagnosticOptions: this.#diagnosticOptions(), read: (one) => this.#currentFile(one) };
  }

  #currentFile(uri: string): CurrentFile | undefined {
    const document = this.#documents.find(uri);
    if (document !== undefined) return { uri: document.uri, text: document.getText(), version: document.version };
    const text = this.#host.readText(uri);
    return text === undefined ? undefined : { uri, text, version: null };
  }

  #publicationOf(uri: string, reviewed: Reviewed): Publication {
    return { uri, version: reviewed.version, diagnostics: diagnosticsOf(uri, reviewed, this.#diagnosticOptions()) };
  }

  #diagnosticOptions(): DiagnosticOptions {
    const { evidence, emulate } = this.#settings;
    const { relatedInformation, codeDescription } = this.#abilities;
    return { evidence, emulate, relatedInformation, rulePage: codeDescription ? this.#host.rulePage : () => undefined };
  }

  async #askedSettings(): Promise<unknown> {
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), settingsWaitMsMax));
    return Promise.race([this.#connection.workspace.getConfiguration("quiesce") as Promise<unknown>, late]);
  }

  #takeSettings(given: unknown): void {
    const { settings, problems } = checkSettings(given);
    const kernelProblem = settings.kernel !== "" && this.#host.kernelTreeAt(settings.kernel) === undefined ? [`quiesce.kernel: there is no folder ${settings.kernel}; the nearest kernel tree is used`] : [];
    this.#settings = kernelProblem.length === 0 ? settings : { ...settings, kernel: "" };
    const all = [...problems, ...kernelProblem];
    for (const problem of all) if (!this.#toldProblems.includes(problem)) this.#warn(problem);
    this.#toldProblems = all;
  }

  /** A notification: the library's own way is a request, and a client that refuses it would end the server. */
  #warn(message: string): void {
    void this.#connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Warning, message: `Quiesce: ${message}` });
  }

  async #foldersChanged(): Promise<void> {
    await this.#guard("workspace/didChangeWorkspaceFolders", async () => {
      const folders = await this.#connection.workspace.getWorkspaceFolders();
      this.reviews.setFolders(folders?.map(({ uri }) => uri) ?? []);
      this.reviews.reviewAll();
    })().catch(() => undefined);
  }
}

/** Older clients know one root only. */
function rootsOf(params: object): readonly string[] {
  const { rootUri } = params as { readonly rootUri?: unknown };
  return typeof rootUri === "string" ? [rootUri] : [];
}

function cancellationOf(token: CancellationToken): Promise<never> {
  return new Promise((_, reject) => {
    token.onCancellationRequested(() => reject(cancelled()));
  });
}
