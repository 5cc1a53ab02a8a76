/** The status item of the language: how the review of the active document stands. */

import { type Disposable, type LanguageStatusItem, LanguageStatusSeverity, Uri, languages, window } from "vscode";
import type { ReviewStatus } from "../../server/src/protocol/index.ts";
import { documentSelector, isReviewed } from "./reviewed-documents.ts";
import type { ServerState } from "./server-supervisor.ts";
import { StatusBoard } from "./status-board.ts";
import { statusTextOf } from "./status-text.ts";

const commandOf = {
  showLog: { title: "Show log", command: "quiesce.showLog" },
  restart: { title: "Restart", command: "quiesce.restartServer" },
};

/** Owns the item. URIs are compared as VS Code prints them. */
export class StatusItem {
  readonly #item: LanguageStatusItem = languages.createLanguageStatusItem("quiesce.status", documentSelector);
  readonly #board = new StatusBoard((uri) => {
    if (window.activeTextEditor?.document.uri.toString() === uri) this.#show();
  });
  readonly #listener: Disposable = window.onDidChangeActiveTextEditor(() => this.#show());
  #server: ServerState = "stopped";

  constructor() {
    this.#item.name = "Quiesce";
    this.#show();
  }

  setServer(state: ServerState): void {
    this.#server = state;
    if (state !== "running") this.#board.clear();
    this.#show();
  }

  take(status: ReviewStatus): void {
    this.#board.take({ ...status, uri: Uri.parse(status.uri).toString() });
  }

  forget(uri: string): void {
    this.#board.forget(uri);
  }

  dispose(): void {
    this.#listener.dispose();
    this.#board.clear();
    this.#item.dispose();
  }

  #show(): void {
    const document = window.activeTextEditor?.document;
    const status = document === undefined ? undefined : this.#board.of(document.uri.toString());
    const { text, detail, isBusy, isError, command } = statusTextOf(this.#server, status, document === undefined || isReviewed(document));
    this.#item.text = text;
    this.#item.detail = detail;
    this.#item.busy = isBusy;
    this.#item.severity = isError ? LanguageStatusSeverity.Error : LanguageStatusSeverity.Information;
    this.#item.command = commandOf[command];
    this.#item.accessibilityInformation = { label: `Quiesce: ${detail}` };
  }
}
