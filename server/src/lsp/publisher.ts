/** Diagnostics to the client: pulled where it asks for them, pushed elsewhere. Never both: they would be shown twice. */

import { type Connection, type Diagnostic, type DocumentDiagnosticReport, DocumentDiagnosticReportKind } from "vscode-languageserver";
import type { ClientAbilities } from "./client-abilities.ts";

export type Publication = { readonly uri: string; readonly version: number; readonly diagnostics: readonly Diagnostic[] };

/** Changes of several documents become one refresh. */
const refreshDelayMs = 20;

/** Owns what the client was last told. */
export class Publisher {
  readonly #connection: Connection;
  readonly #abilities: ClientAbilities;
  readonly #delivered = new Map<string, { readonly id: string; readonly text: string }>();
  /** What a pull would bring now, where that may be news. */
  readonly #news = new Map<string, string>();
  #resultCount = 0;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, abilities: ClientAbilities) {
    this.#connection = connection;
    this.#abilities = abilities;
  }

  publish({ uri, version, diagnostics }: Publication): void {
    if (!this.#abilities.pullsDiagnostics) {
      void this.#connection.sendDiagnostics({ uri, version, diagnostics: [...diagnostics] });
      return;
    }
    if (!this.#abilities.refreshesDiagnostics) return;
    this.#news.set(uri, JSON.stringify(diagnostics));
    this.#refreshTimer ??= setTimeout(() => this.#refresh(), refreshDelayMs);
  }

  /** The answer to a pull. */
  report({ uri, diagnostics }: Publication, previousResultId: string | undefined): DocumentDiagnosticReport {
    const text = JSON.stringify(diagnostics);
    const before = this.#delivered.get(uri);
    if (before?.text === text && before.id === previousResultId) return { kind: DocumentDiagnosticReportKind.Unchanged, resultId: before.id };
    const id = before?.text === text ? before.id : String((this.#resultCount += 1));
    this.#delivered.set(uri, { id, text });
    return { kind: DocumentDiagnosticReportKind.Full, resultId: id, items: [...diagnostics] };
  }

  close(uri: string): void {
    this.#delivered.delete(uri);
    this.#news.delete(uri);
    if (!this.#abilities.pullsDiagnostics) void this.#connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  dispose(): void {
    clearTimeout(this.#refreshTimer);
  }

  #refresh(): void {
    this.#refreshTimer = undefined;
    // A pull that was under way may have brought it.
    const isNews = [...this.#news].some(([uri, text]) => this.#delivered.get(uri)?.text !== text);
    this.#news.clear();
    // A client that is shutting down answers with an error; nothing is lost.
    if (isNews) this.#connection.languages.diagnostics.refresh().catch(() => undefined);
  }
}
