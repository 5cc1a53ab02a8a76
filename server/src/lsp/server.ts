/**
 * The language server: which request meets which part. Stateless per request but for the open documents and their
 * reviews. It knows no file and no thread; those come with the host.
 */

import {
  type CancellationToken, type CodeAction, type CodeActionParams, CodeActionKind, type CodeLens, type CodeLensParams, type Connection, DidChangeConfigurationNotification, DidChangeWatchedFilesNotification,
  type DocumentDiagnosticParams, type DocumentDiagnosticReport, ErrorCodes, type ExecuteCommandParams, type InitializeParams, type InitializeResult, MessageType, type Range, ResponseError,
  ShowMessageNotification, TextDocumentSyncKind,
} from "vscode-languageserver";
import { factsMethod, type FactsResult, type FunctionAt, readFileMethod, type ReadFileParams, type ReadFileResult, type Replay, replayMethod, type ReplayResult, replayTextMethod, type ReplayTextResult } from "../protocol/index.ts";
import { Announcer } from "./announcer.ts";
import { cancelled } from "./cancellation.ts";
import { abilitiesOf, type ClientAbilities } from "./client-abilities.ts";
import { projectFileName } from "../session/project-file-name.ts";
import { codeLensesOf } from "./code-lens.ts";
import { areFixesPending, type CodeActionContext, codeActionsFor, readActionData, resolveAction } from "./code-actions.ts";
import { type CurrentFile, type DiagnosticOptions, diagnosticsOf } from "./convert.ts";
import type { Reviewed } from "./document-review.ts";
import { Documents, isReviewed } from "./documents.ts";
import { factsIn } from "./facts.ts";
import type { LspHost } from "./host.ts";
import { beginProgress } from "./progress.ts";
import { type Publication, Publisher } from "./publisher.ts";
import { RemoteTexts } from "./remote-texts.ts";
import { emulateCommand, readCommandArguments, readFunctionAt, replayIn, textOf } from "./replay.ts";
import { type Guard, guardFor, quietly, signalOf } from "./requests.ts";
import type { Question } from "./review-messages.ts";
import { type PoolAnswer, ReviewPool } from "./review-pool.ts";
import { Reviews } from "./reviews.ts";
import { checkSettings, defaultSettings, type Settings } from "./settings.ts";
import { baseName } from "./uris.ts";
import { messageOf } from "./words.ts";

/** Settings may not be asked for longer than this before the first review. */
const settingsWaitMsMax = 1_000;

/** A menu of fixes waits no longer for fixes that are still being tried. */
const fixesWaitMsMax = 1_000;

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
  connection.onCodeLens(guard("textDocument/codeLens", (params: CodeLensParams, token: CancellationToken) => running().codeLenses(params, token)));
  connection.onRequest(replayMethod, guard(replayMethod, (params: unknown, token: CancellationToken) => running().replay(params, token)));
  connection.onRequest(replayTextMethod, guard(replayTextMethod, (params: unknown, token: CancellationToken) => running().replayText(params, token)));
  connection.onRequest(factsMethod, guard(factsMethod, (params: unknown, token: CancellationToken) => running().facts(params, token)));
  connection.languages.diagnostics.on(guard("textDocument/diagnostic", (params: DocumentDiagnosticParams, token: CancellationToken) => running().pulled(params, token)));
  connection.onShutdown(() => server?.dispose());
}

type FunctionQuestion<T> = {
  readonly kind: Exclude<Question["kind"], "review">;
  readonly method: string;
  readonly params: FunctionAt;
  readonly read: (answer: PoolAnswer, uri: string) => T;
  readonly signal: AbortSignal;
};

/** Owns everything that lives between `initialize` and `shutdown`. */
class Server {
  readonly reviews: Reviews;
  readonly #connection: Connection;
  readonly #host: LspHost;
  readonly #documents: Documents;
  readonly #abilities: ClientAbilities;
  readonly #pool: ReviewPool;
  readonly #publisher: Publisher;
  readonly #announcer: Announcer;
  readonly #remote: RemoteTexts | undefined;
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
    this.#announcer = new Announcer(connection, this.#abilities);
    this.#remote = this.#abilities.readsFiles
      ? new RemoteTexts((uri, probe) => connection.sendRequest<ReadFileResult>(readFileMethod, { uri, probe } satisfies ReadFileParams))
      : undefined;
    this.reviews = new Reviews({
      host, documents, log,
      pool: this.#pool,
      remote: this.#remote,
      settings: () => this.#settings,
      onStarted: (uri) => this.#announcer.started(uri),
      onReviewed: (uri, reviewed) => this.#tell(uri, reviewed),
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
        codeLensProvider: { resolveProvider: false },
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
    if (registersWatchers) this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: "**/*.[ch]" }, { globPattern: `**/${projectFileName}` }] }).catch(refused);
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
    this.#announcer.close(uri);
    this.reviews.closed(uri);
    this.#publisher.close(uri);
  }

  /** Waits for the review of the text as it is: lenses of another one would stand at the wrong lines. */
  async codeLenses({ textDocument }: CodeLensParams, token: CancellationToken): Promise<CodeLens[]> {
    const uri = this.#documents.find(textDocument.uri)?.uri ?? textDocument.uri;
    const reviewed = await this.#reviewedWhen(uri, token, () => true);
    return reviewed === undefined ? [] : [...codeLensesOf(uri, reviewed, this.#settings)];
  }

  async codeActions(params: CodeActionParams): Promise<CodeAction[]> {
    const { uri } = params.textDocument;
    if (areFixesPending(params.range, this.#actionContext(uri))) await this.#fixesTried(uri, params.range);
    const at = this.#actionContext(uri);
    return at === undefined ? [] : [...codeActionsFor(params, at)];
  }

  async #fixesTried(uri: string, range: Range): Promise<void> {
    const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), fixesWaitMsMax));
    while (areFixesPending(range, this.#actionContext(uri))) if ((await Promise.race([this.reviews.of(uri)?.next(), late])) === "late") return;
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
    // A client that cannot be told to pull again gets the verdicts in the first answer.
    const reviewed = await this.#reviewedWhen(uri, token, (known) => known.isSettled || this.#abilities.refreshesDiagnostics);
    return this.#publisher.report(reviewed === undefined ? { uri, version: 0, diagnostics: [] } : this.#publicationOf(uri, reviewed), previousResultId);
  }

  async execute({ command, arguments: given, workDoneToken }: ExecuteCommandParams, token: CancellationToken): Promise<string> {
    if (command !== emulateCommand) throw new ResponseError(ErrorCodes.InvalidParams, `workspace/executeCommand: there is no command ${command}`);
    const result = await this.#replayed(readCommandArguments(given), token, workDoneToken);
    return "runs" in result ? textOf(result) : "The text changed while it was replayed; ask again.\n";
  }

  replay(given: unknown, token: CancellationToken): Promise<ReplayResult> {
    const { workDoneToken } = (given ?? {}) as { readonly workDoneToken?: string | number };
    return this.#replayed(readFunctionAt(given), token, workDoneToken);
  }

  async replayText(given: unknown, token: CancellationToken): Promise<ReplayTextResult> {
    const result = await this.replay(given, token);
    return "runs" in result ? { text: textOf(result) } : result;
  }

  dispose(): void {
    this.reviews.dispose();
    this.#publisher.dispose();
    this.#pool.dispose();
  }

  facts(given: unknown, token: CancellationToken): Promise<FactsResult> {
    return this.#asked({ kind: "facts", method: factsMethod, params: readFunctionAt(given, factsMethod), read: factsIn, signal: signalOf(token) });
  }

  async #replayed(params: FunctionAt, token: CancellationToken, workDoneToken: string | number | undefined): Promise<Replay | { readonly stale: true }> {
    const progress = await beginProgress(this.#connection, this.#abilities, workDoneToken, `Replaying ${params.function ?? baseName(params.textDocument.uri)}`);
    try {
      const signal = AbortSignal.any([signalOf(token), ...(progress.token === undefined ? [] : [signalOf(progress.token)])]);
      return await this.#asked({ kind: "replay", method: replayMethod, params, read: replayIn, signal });
    } finally {
      progress.reporter?.done();
    }
  }

  /** Asks a reviewing thread about a function; stale when the text changed meanwhile. */
  async #asked<T>({ kind, method, params, read, signal }: FunctionQuestion<T>): Promise<T | { readonly stale: true }> {
    const { uri } = params.textDocument;
    await this.reviews.prepare(uri);
    const place = this.reviews.placeOf(uri);
    if (place === undefined) throw new ResponseError(ErrorCodes.InvalidParams, `${method}: no such document: ${uri}`);
    const answer = read(await this.#pool.run({ question: { ...place, kind, function: params.function, position: params.position }, signal }), place.uri);
    return this.reviews.placeOf(uri)?.text === place.text ? answer : { stale: true };
  }

  /** The review of the text as it is, as soon as it is enough; undefined for a document that is not reviewed or not open any more. */
  async #reviewedWhen(uri: string, token: CancellationToken, isEnough: (reviewed: Reviewed) => boolean): Promise<Reviewed | undefined> {
    const review = this.reviews.of(uri);
    if (review === undefined) return undefined;
    review.startNow();
    const cancellation = cancellationOf(token);
    for (;;) {
      const document = this.#documents.find(uri);
      if (document === undefined) return undefined;
      const reviewed = review.latest();
      if (reviewed?.version === document.version && isEnough(reviewed)) return reviewed;
      await Promise.race([review.next(), cancellation]);
    }
  }

  #tell(uri: string, reviewed: Reviewed): void {
    this.#publisher.publish(this.#publicationOf(uri, reviewed));
    this.#announcer.reviewed(uri, reviewed, this.#settings);
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
    const text = this.#host.readText(uri) ?? this.#remote?.find(uri);
    return text === undefined ? undefined : { uri, text, version: null };
  }

  #publicationOf(uri: string, reviewed: Reviewed): Publication {
    return { uri, version: reviewed.version, diagnostics: diagnosticsOf(uri, reviewed, this.#diagnosticOptions()) };
  }

  #diagnosticOptions(): DiagnosticOptions {
    const { evidence, emulate } = this.#settings;
    const { relatedInformation, codeDescription, rulePages } = this.#abilities;
    const rulePage = rulePages === undefined ? this.#host.rulePage : (rule: string): string => `${rulePages}/${rule}.md`;
    return { evidence, emulate, relatedInformation, rulePage: codeDescription ? rulePage : () => undefined };
  }

  async #askedSettings(): Promise<unknown> {
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), settingsWaitMsMax));
    return Promise.race([this.#connection.workspace.getConfiguration("quiesce") as Promise<unknown>, late]);
  }

  #takeSettings(given: unknown): void {
    const { settings, problems } = checkSettings(given);
    const kernelProblem = settings.kernel !== "" && this.#host.kernelTreeAt(settings.kernel) === undefined ? [`quiesce.kernel: there is no folder ${settings.kernel}; the nearest kernel tree is used.`] : [];
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
