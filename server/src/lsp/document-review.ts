/**
 * The review of one open document over its edits: findings at once, verdicts when they come, newest version only.
 * While a new verdict is on its way the previous one of the same finding stays, so that nothing flickers.
 */

import { empty } from "../evidence/empty.ts";
import type { EvidenceReport, Finding, NotAnalysedRegion } from "../protocol/index.ts";
import { isCancelled } from "./cancellation.ts";
import type { FileReview } from "../session/reviewer-types.ts";
import type { Detected, Place, ReadFile, Verdict } from "./review-messages.ts";
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
  /** Every verdict is there, fixes were tried, or none is wanted. */
  readonly isSettled: boolean;
  /** Why there is no answer, or not a whole one: the review itself broke down. */
  readonly failure: string | undefined;
  /** Time of the whole review; null before it is settled. */
  readonly ms: number | null;
  readonly outline: FileReview["outline"];
  /** The headers that were looked at, by printed name. */
  readonly reads: ReadonlyMap<string, ReadFile>;
};

export type ReviewContext = {
  readonly pool: ReviewPool;
  readonly place: () => Place & { readonly version: number };
  readonly settings: () => Settings;
  /** Fetches what has to be known before the file can be placed. */
  readonly prepare: () => Promise<void>;
  /** Fetches headers that could not be read; true when a new review would see more. */
  readonly fetchMissing: (uris: readonly string[]) => Promise<boolean>;
  readonly onStarted: () => void;
  readonly onReviewed: (reviewed: Reviewed) => void;
  readonly log: (message: string) => void;
};

/** Verdicts that come within this time are told together. */
const tellDelayMs = 50;

/** Headers name headers: so many times may a review find that it can see more. */
const fetchRoundsMax = 4;

/** Owns the timer and the cancellation of one document's review. */
export class DocumentReview {
  readonly #context: ReviewContext;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = new AbortController();
  #latest: Reviewed | undefined;
  #awaited: (() => void)[] = [];
  #tellTimer: ReturnType<typeof setTimeout> | undefined;
  #fetchRounds = 0;

  constructor(context: ReviewContext) {
    this.#context = context;
  }

  /** The text, a header of it or a setting changed. What runs is cancelled. */
  schedule(delayMs: number): void {
    this.#fetchRounds = 0;
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
    clearTimeout(this.#tellTimer);
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
    const { pool, place, settings, onStarted, prepare } = this.#context;
    const startedMs = performance.now();
    onStarted();
    await prepare();
    signal.throwIfAborted();
    const { version, ...at } = place();
    const { rules, emulate } = settings();
    let known: Reviewed = { version, text: at.text, findings: [], outline: [], notAnalysed: [], refused: undefined, failure: undefined, isSettled: false, ms: null, reads: new Map() };
    let missing: readonly string[] = [];
    let untried: Finding[] = [];
    const onDetected = (detected: Detected): void => {
      missing = detected.missing;
      untried = [...detected.review.findings];
      known = detectedAs(known, detected, emulate ? (this.#latest?.findings ?? []) : []);
      this.#tell(known);
    };
    const onVerdict = ({ index, finding }: Verdict): void => {
      known = { ...known, findings: known.findings.with(index, finding) };
      untried[index] = finding;
      this.#tellSoon(() => known, signal);
    };
    const answer = await pool.run({
      question: { ...at, kind: "review", rules, emulate },
      signal,
      onNews: (news) => (news.kind === "detected" ? onDetected(news) : onVerdict(news)),
    });
    if (signal.aborted) return;
    // A verdict of an earlier text must not outlive a review that broke down.
    this.#tell({ ...this.#withVerdicts({ ...known, findings: untried }, answer), isSettled: true, ms: performance.now() - startedMs });
    await this.#lookFurther(missing, signal);
  }

  /** What the client alone can read comes after the first answer, and makes another review. */
  async #lookFurther(missing: readonly string[], signal: AbortSignal): Promise<void> {
    if (missing.length === 0 || this.#fetchRounds >= fetchRoundsMax) return;
    this.#fetchRounds += 1;
    if (await this.#context.fetchMissing(missing) && !signal.aborted) this.#start();
  }

  #withVerdicts(known: Reviewed, answer: PoolAnswer): Reviewed {
    switch (answer.kind) {
      case "reviewed": return { ...known, findings: answer.review.findings, outline: answer.review.outline };
      case "late": return withoutVerdicts(known, { ...empty("undecided", "the review of this file took too long"), limit: { kind: "time", value: answer.timeMs } });
      case "stopped": return withoutVerdicts(known, empty("undecided", "the emulator stopped on this file (please report it)"));
      case "failed":
        this.#context.log(`review: ${answer.message}`);
        return withoutVerdicts(known, empty("undecided", `the emulator failed on this file (please report it): ${answer.message}`));
      default: return known;
    }
  }

  #tellSoon(reviewed: () => Reviewed, signal: AbortSignal): void {
    this.#tellTimer ??= setTimeout(() => {
      this.#tellTimer = undefined;
      if (!signal.aborted) this.#tell(reviewed());
    }, tellDelayMs);
  }

  #tell(reviewed: Reviewed): void {
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
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
    outline: review.outline,
    notAnalysed: review.notAnalysed,
    refused: review.refused,
    reads: new Map(reads.map((file) => [file.name, file])),
  };
}

/** The diagnostics stay, with the reason; a file that was not even read is said not to be analysed. */
function withoutVerdicts(known: Reviewed, evidence: EvidenceReport): Reviewed {
  const failure = evidence.reason;
  if (known.findings.length === 0) return { ...known, failure, refused: known.refused ?? failure };
  return { ...known, failure, findings: known.findings.map((finding) => ({ ...finding, evidence: finding.evidence ?? evidence })) };
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
