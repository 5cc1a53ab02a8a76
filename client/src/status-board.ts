/**
 * What the status of each document looks like over time: a review that is quick enough never shows as one, so that
 * nothing flickers while a person types.
 */

import type { ReviewStatus } from "../../server/src/protocol/index.ts";

/** A review is shown as going on when it lasts longer. */
const shownAfterMs = 400;

type Entry = {
  /** The last answer. */
  readonly settled: ReviewStatus | undefined;
  readonly analysing: ReviewStatus | undefined;
  readonly isLate: boolean;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
};

/** Owns what the server said last of each document, and the timers until a review counts as slow. */
export class StatusBoard {
  readonly #onChange: (uri: string) => void;
  readonly #entryByUri = new Map<string, Entry>();

  constructor(onChange: (uri: string) => void) {
    this.#onChange = onChange;
  }

  take(status: ReviewStatus): void {
    const { uri } = status;
    const before = this.#entryByUri.get(uri);
    if (status.state !== "analysing") {
      clearTimeout(before?.timer);
      this.#entryByUri.set(uri, { settled: status, analysing: undefined, isLate: false, timer: undefined });
      return this.#onChange(uri);
    }
    if (before?.analysing !== undefined) {
      this.#entryByUri.set(uri, { ...before, analysing: status });
      if (before.isLate) this.#onChange(uri);
      return;
    }
    const timer = setTimeout(() => this.#grewLate(uri), shownAfterMs);
    this.#entryByUri.set(uri, { settled: before?.settled, analysing: status, isLate: false, timer });
  }

  /** What to show now; undefined where nothing is known yet. */
  of(uri: string): ReviewStatus | undefined {
    const entry = this.#entryByUri.get(uri);
    return entry?.isLate === true ? entry.analysing : entry?.settled;
  }

  forget(uri: string): void {
    clearTimeout(this.#entryByUri.get(uri)?.timer);
    this.#entryByUri.delete(uri);
  }

  /** When a server ends, what it said is no longer so. */
  clear(): void {
    for (const uri of [...this.#entryByUri.keys()]) this.forget(uri);
  }

  #grewLate(uri: string): void {
    const entry = this.#entryByUri.get(uri);
    if (entry === undefined) return;
    this.#entryByUri.set(uri, { ...entry, isLate: true });
    this.#onChange(uri);
  }
}
