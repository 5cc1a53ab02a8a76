/** The replay beside the code: a webview that shows one replay, and what it asks the editor to do. */

import { type Disposable, type LogOutputChannel, type WebviewPanel, Uri, commands, env, window, workspace } from "vscode";
import type { Replay, ReplayedRun } from "../../server/src/protocol/index.ts";
import type { FromPanel, Move, PanelState, ToPanel } from "../webview/messages.ts";
import { readFromPanel, readPanelState } from "../webview/read-messages.ts";
import { columnForReplay, columnForSource, replayViewType } from "./editor-columns.ts";
import { replayHtml } from "./replay-html.ts";
import { SourceHighlight, type SourceLine } from "./source-highlight.ts";
import { messageOf } from "./words.ts";

const focusKey = "quiesce.replayFocus";

/** Owns the panel, what it shows, and the marked source line. There is one panel; a new replay takes the place of the old. */
export class ReplayPanel {
  readonly #extensionUri: Uri;
  readonly #log: LogOutputChannel;
  readonly #highlight = new SourceHighlight();
  /** Kept when the panel is closed, so that it can be shown again. */
  #state: PanelState | undefined;
  #panel: WebviewPanel | undefined;
  /** The replay in the page's text; the page that comes back from being hidden begins with it. */
  #written: Replay | undefined;
  #isListening = false;
  /** For a page that does not listen yet. */
  #pending: readonly ToPanel[] = [];

  constructor(extensionUri: Uri, log: LogOutputChannel) {
    this.#extensionUri = extensionUri;
    this.#log = log;
  }

  /** The run that is shown, or was when the panel was closed. */
  get run(): ReplayedRun | undefined {
    return this.#state?.replay.runs[this.#state.run];
  }

  get hasReplay(): boolean {
    return this.#state !== undefined;
  }

  get isOpen(): boolean {
    return this.#panel !== undefined;
  }

  show(replay: Replay): void {
    this.#state = { version: 1, replay, run: 0, step: 0 };
    this.#highlight.clear();
    this.reveal();
  }

  /** The last replay, with the focus, so that its keys work. */
  reveal(): void {
    const state = this.#state;
    if (state === undefined) return;
    if (this.#panel === undefined) {
      const panel = window.createWebviewPanel(replayViewType, titleOf(state.replay), { viewColumn: columnForReplay(Uri.parse(state.replay.uri)), preserveFocus: false }, {});
      return this.#adopt(panel, state);
    }
    this.#panel.title = titleOf(state.replay);
    this.#panel.reveal(undefined, false);
    if (this.#isListening) this.#post({ kind: "show", state });
  }

  move(move: Move): void {
    if (this.#panel?.visible !== true) this.#panel?.reveal(undefined, true);
    this.#post({ kind: "move", move });
  }

  /** A panel of the session before; what it shows is checked like everything that was stored. */
  restore(panel: WebviewPanel, stored: unknown): void {
    const state = readPanelState(stored);
    if (state === undefined || this.#panel !== undefined) {
      panel.dispose();
      return;
    }
    this.#state = state;
    this.#adopt(panel, state);
  }

  dispose(): void {
    this.#panel?.dispose();
    this.#highlight.dispose();
  }

  #adopt(panel: WebviewPanel, state: PanelState): void {
    const dist = Uri.joinPath(this.#extensionUri, "dist");
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist] };
    panel.title = titleOf(state.replay);
    panel.iconPath = Uri.joinPath(this.#extensionUri, "client/icon.png");
    this.#panel = panel;
    const listeners: readonly Disposable[] = [
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      panel.onDidChangeViewState(() => this.#viewChanged(panel)),
    ];
    panel.onDidDispose(() => {
      for (const listener of listeners) listener.dispose();
      this.#closed();
    });
    this.#written = state.replay;
    panel.webview.html = replayHtml({
      nonce: newNonce(), cspSource: panel.webview.cspSource, state,
      scriptUri: panel.webview.asWebviewUri(Uri.joinPath(dist, "replay.js")).toString(),
      styleUri: panel.webview.asWebviewUri(Uri.joinPath(dist, "replay.css")).toString(),
    });
    this.#viewChanged(panel);
  }

  #closed(): void {
    this.#panel = undefined;
    this.#written = undefined;
    this.#isListening = false;
    this.#pending = [];
    this.#highlight.clear();
    setFocusKey(false);
  }

  #viewChanged(panel: WebviewPanel): void {
    setFocusKey(panel.active);
    // A page that is hidden is gone; it says "ready" when it is back.
    if (!panel.visible) this.#isListening = false;
  }

  #post(message: ToPanel): void {
    if (this.#isListening) void this.#panel?.webview.postMessage(message);
    else this.#pending = [...this.#pending, message];
  }

  #receive(given: unknown): void {
    const message = readFromPanel(given);
    if (message === undefined) return this.#log.warn("the replay panel sent a message that is not known");
    this.#answer(message).catch((error: unknown) => void window.showWarningMessage(`Quiesce: ${messageOf(error)}`));
  }

  async #answer(message: FromPanel): Promise<void> {
    switch (message.kind) {
      case "ready": return this.#ready();
      case "moved": return this.#moved(message.run, message.step);
      case "open": {
        const source = this.#sourceOf(message.run, message.step);
        if (source !== undefined) await this.#highlight.open(source);
        return;
      }
      case "copy":
      case "exportLitmus": {
        const run = this.#runAt(message.run);
        if (run !== undefined) await (message.kind === "copy" ? copyReplay(run) : exportLitmus(run));
        return;
      }
      case "explainRule": return commands.executeCommand("quiesce.explainRule", message.rule);
      case "focusEditor": return this.#state === undefined ? undefined : this.#highlight.focus(Uri.parse(this.#state.replay.uri));
    }
  }

  async #ready(): Promise<void> {
    this.#isListening = true;
    const state = this.#state;
    const pending = this.#pending;
    this.#pending = [];
    if (state === undefined) return;
    if (state.replay !== this.#written) this.#post({ kind: "show", state });
    for (const message of pending) this.#post(message);
    await this.#moved(state.run, state.step);
  }

  async #moved(run: number, step: number): Promise<void> {
    if (this.#state === undefined) return;
    this.#state = { ...this.#state, run, step };
    // `step` counts the steps that are done.
    const source = this.#sourceOf(run, step - 1);
    if (source === undefined) this.#highlight.clear();
    else await this.#highlight.follow(source);
  }

  #runAt(run: number): ReplayedRun | undefined {
    return this.#state?.replay.runs[run];
  }

  #sourceOf(run: number, step: number): SourceLine | undefined {
    const at = this.#runAt(run)?.run.steps[step];
    const uri = at === undefined ? undefined : this.#state?.replay.sources[at.file];
    return at === undefined || uri === undefined || at.line === 0 ? undefined : { uri: Uri.parse(uri), line: at.line };
  }
}

export async function copyReplay(run: ReplayedRun): Promise<void> {
  await env.clipboard.writeText(run.text);
  window.setStatusBarMessage("Quiesce: copied the replay as text", 5_000);
}

/** As a document of its own, to be saved or given to herd7; among the sources, so that the replay stays in sight. */
export async function exportLitmus(run: ReplayedRun): Promise<void> {
  const document = await workspace.openTextDocument({ language: "litmus", content: run.run.litmus });
  await window.showTextDocument(document, { viewColumn: columnForSource(document.uri) });
}

function titleOf(replay: Replay): string {
  return `Replay: ${replay.function}()`;
}

function setFocusKey(hasFocus: boolean): void {
  void commands.executeCommand("setContext", focusKey, hasFocus);
}

/** `crypto` is there in Node and in web workers. */
function newNonce(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
