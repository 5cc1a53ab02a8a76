/** What the client hears of a review beside its diagnostics: how it stands, and that lenses changed. Only news is told. */

import { CodeLensRefreshRequest, type Connection } from "vscode-languageserver";
import { type ReviewStatus, statusMethod } from "../protocol/index.ts";
import type { ClientAbilities } from "./client-abilities.ts";
import { codeLensesOf } from "./code-lens.ts";
import type { Reviewed } from "./document-review.ts";
import type { Settings } from "./settings.ts";
import { statusOf } from "./status.ts";

/** Owns what the client was last told. */
export class Announcer {
  readonly #connection: Connection;
  readonly #abilities: ClientAbilities;
  readonly #lensesByUri = new Map<string, string>();

  constructor(connection: Connection, abilities: ClientAbilities) {
    this.#connection = connection;
    this.#abilities = abilities;
  }

  started(uri: string): void {
    this.#tellStatus({ uri, state: "analysing", message: "", ms: null });
  }

  reviewed(uri: string, reviewed: Reviewed, settings: Settings): void {
    this.#tellStatus(statusOf(uri, reviewed, settings.emulate));
    if (!this.#abilities.refreshesLenses) return;
    const lenses = JSON.stringify(codeLensesOf(uri, reviewed, settings));
    if (this.#lensesByUri.get(uri) === lenses) return;
    this.#lensesByUri.set(uri, lenses);
    // A client that is shutting down answers with an error; nothing is lost.
    this.#connection.sendRequest(CodeLensRefreshRequest.type).catch(() => undefined);
  }

  close(uri: string): void {
    this.#lensesByUri.delete(uri);
  }

  #tellStatus(status: ReviewStatus): void {
    if (this.#abilities.status) void this.#connection.sendNotification(statusMethod, status);
  }
}
