/**
 * The review of one open document over its edits: findings at once, verdicts when they come, newest version only.
 * While a new verdict is on its way the previous one of the same finding stays, so that nothing flickers.
 */

import { empty } from "../evidence/verdict.ts";
import type { EvidenceReport, Finding, NotAnalysedRegion } from "../protocol/index.ts";
import { isCancelled } from "./cancellation.ts";
import type { Detected, Place, ReadFile } from "./review-messages.ts";
import type { PoolAnswer, ReviewPool } from "./review-pool.ts";
import type { Settings } from "./settings.ts";
import { messageOf } from "./words.ts";

export type Reviewed = {
  /** Of the document that was reviewed; offsets and positions count in `text`. */
  readonly version: number;
  readonly text: string;
  /** Refuted ones included. `evidence` is null where nothing was tried yet. */
  readonly findings: readonly Finding[];
  readonly notAnalysed: readonly NotAnalysedRegion[];
  readonly refused: string | undefined;
  /** Every verdict is there, or none is wanted. */
  readonly isSettled: boolean;
  /** The headers that were looked at, by printed name. */
  readonly reads: ReadonlyMap<string, ReadFile>;
};

export type ReviewContext = {
  readonly pool: ReviewPool;
  readonly place: () => Place & { readonly version: number };
  readonly settings: () => Settings;
  readonly onReviewed: (reviewed: Reviewed) => void;
  readonly log: (message: string) => void;
};

/** Owns the timer and the cancellation of one document's review. */
export class DocumentReview {
  readonly #context: ReviewContext;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = new AbortController();
  #latest: Reviewed | undefined;
  #awaited: (() => void)[] = [];

  constructor(context: ReviewContext) {
    this.#context = context;
  }

  /** The text, a header of it or a setting changed. What runs is cancelled. */
  schedule(delayMs: number): void {
    this.#running.abort();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#start(), delayMs);
  }

  /** What is known; undefined before the first review. It may be of an older version. */
  latest(): Reviewed | undefined {
    return this.#latest;
  }

  /** Does not wait for a pause in the typing. */
  startNow(): void {
    if (this.#timer !== undefined) this.#start();
  }

  /** Something new is known. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#awaited.push(resolve));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#running.abort();
    this.#wake();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#review(signal).catch((error: unknown) => {
      if (!isCancelled(error) && !signal.aborted) this.#context.log(`review: ${messageOf(error)}`);
    });
  }

  async #review(signal: AbortSignal): Promise<void> {
    const { pool, place, settings } = this.#context;
    const { version, ...at } = place();
    const { rules, emulate } = settings();
    let known: Reviewed = { version, text: at.text, findings: [], notAnalysed: [], refused: undefined, isSettled: false, reads: new Map() };
    const answer = await pool.run({
      question: { ...at, kind: "review", rules, emulate },
      signal,
      onDetected: (detected) => {
        known = detectedAs(known, detected, emulate ? (this.#latest?.findings ?? []) : []);
        known = { ...known, isSettled: !emulate || known.findings.length === 0 };
        this.#tell(known);
      },
    });
    if (signal.aborted || (known.isSettled && answer.kind === "reviewed")) return;
    this.#tell({ ...this.#withVerdicts(known, answer), isSettled: true });
  }

  #withVerdicts(known: Reviewed, answer: PoolAnswer): Reviewed {
    switch (answer.kind) {
      case "reviewed": return { ...known, findings: answer.review.findings };
      case "late": return withoutVerdicts(known, { ...empty("undecided", "the review of this file took too long"), limit: { kind: "time", value: answer.timeMs } });
      case "stopped": return withoutVerdicts(known, empty("undecided", "the emulator stopped on this file (please report it)"));
      case "failed":
        this.#context.log(`review: ${answer.message}`);
        return withoutVerdicts(known, empty("undecided", `the emulator failed on this file (please report it): ${answer.message}`));
      default: return known;
    }
  }

  #tell(reviewed: Reviewed): void {
    this.#latest = reviewed;
    this.#context.onReviewed(reviewed);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#awaited.splice(0)) wake();
  }
}

function detectedAs(known: Reviewed, { review, reads }: Detected, earlier: readonly Finding[]): Reviewed {
  return {
    ...known,
    findings: withEarlierVerdicts(review.findings, earlier),
    notAnalysed: review.notAnalysed,
    refused: review.refused,
    reads: new Map(reads.map((file) => [file.name, file])),
  };
}

/** The diagnostics stay, with the reason; a file that was not even read is said not to be analysed. */
function withoutVerdicts(known: Reviewed, evidence: EvidenceReport): Reviewed {
  if (known.findings.length === 0) return { ...known, refused: known.refused ?? evidence.reason };
  return { ...known, findings: known.findings.map((finding) => ({ ...finding, evidence: finding.evidence ?? evidence })) };
}

/** A finding without a verdict takes the one that it had before the edit, until its own is there. */
function withEarlierVerdicts(findings: readonly Finding[], earlier: readonly Finding[]): readonly Finding[] {
  const earlierByKey = new Map(keyed(earlier));
  return keyed(findings).map(([key, finding]) => {
    const before = earlierByKey.get(key);
    return before === undefined ? finding : { ...finding, severity: before.severity, evidence: before.evidence };
  });
}

/** The key survives edits elsewhere: no line is in it. Equal findings are told apart by their order. */
function keyed(findings: readonly Finding[]): readonly (readonly [string, Finding])[] {
  const counts = new Map<string, number>();
  return findings.map((finding) => {
    const key = [finding.rule, finding.function, finding.message.replaceAll(/ ?\(?\bline \d+\)?/g, "")].join("\0");
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return [`${key}\0${String(count)}`, finding];
  });
}
