/**
 * The review of one open document over its edits: findings at once, verdicts when they come, newest version only.
 * While a new verdict is on its way the previous one of the same finding stays, so that nothing flickers.
 */

import type { Finding, NotAnalysedRegion } from "../protocol/index.ts";
import { empty } from "../evidence/verdict.ts";
import type { Reviewer } from "../session/reviewer.ts";
import type { FileReview, SourceFile } from "../session/reviewer-types.ts";
import { withStopReason } from "./judge-pool.ts";
import type { Settings } from "./settings.ts";
import type { ReadFile, SourceFiles } from "./source-files.ts";
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
  readonly files: SourceFiles;
  /** The headers that were looked at, by printed name. */
  readonly reads: ReadonlyMap<string, ReadFile>;
};

export type ReviewContext = {
  readonly engineFor: (uri: string) => { readonly reviewer: Reviewer; readonly files: SourceFiles; readonly kernelRelease: string };
  readonly document: () => { readonly uri: string; readonly version: number; readonly text: string };
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
  #settling: Promise<void> = Promise.resolve();

  constructor(context: ReviewContext) {
    this.#context = context;
  }

  /** The text, a header of it or a setting changed. What runs is cancelled. */
  schedule(delayMs: number): void {
    this.#running.abort();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#context.onReviewed(this.#start());
    }, delayMs);
  }

  /** What is known; undefined before the first review. It may be of an older version. */
  latest(): Reviewed | undefined {
    return this.#latest;
  }

  /** The findings of the text as it is now; their verdicts may be on their way. */
  now(): Reviewed {
    return this.#timer === undefined && this.#latest !== undefined ? this.#latest : this.#start();
  }

  /** Resolves when the verdicts of what `now()` gave are there, or were given up for a newer version. */
  settled(): Promise<void> {
    return this.#settling;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#running.abort();
  }

  #start(): Reviewed {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running.abort();
    this.#running = new AbortController();
    const detected = this.#detect();
    this.#latest = detected;
    if (!detected.isSettled) this.#settling = this.#settle(detected, this.#running.signal);
    return detected;
  }

  #detect(): Reviewed {
    const { uri, version, text } = this.#context.document();
    const { reviewer, files } = this.#context.engineFor(uri);
    const source: SourceFile = { file: files.nameOf(uri), text };
    const { rules, emulate } = this.#context.settings();
    const { result, reads } = files.recording(() => this.#attempt(() => reviewer.detect(source, { rules })));
    const findings = emulate ? withEarlierVerdicts(result.findings, this.#latest?.findings ?? []) : result.findings;
    return { version, text, findings, notAnalysed: result.notAnalysed, refused: result.refused, isSettled: !emulate || findings.length === 0, files, reads };
  }

  async #settle(detected: Reviewed, signal: AbortSignal): Promise<void> {
    const { uri } = this.#context.document();
    const { reviewer, files, kernelRelease } = this.#context.engineFor(uri);
    const { rules } = this.#context.settings();
    let findings: readonly Finding[];
    try {
      const review = await reviewer.review({ file: files.nameOf(uri), text: detected.text }, { rules, emulate: true, kernel: kernelRelease }, signal);
      findings = review.findings.map((finding) => (finding.evidence === null ? finding : { ...finding, evidence: withStopReason(finding.evidence) }));
    } catch (error) {
      if (signal.aborted) return;
      this.#context.log(`verdicts of ${uri}: ${messageOf(error)}`);
      findings = detected.findings.map((finding) => ({ ...finding, evidence: finding.evidence ?? empty("undecided", `the emulator stopped: ${messageOf(error)}`) }));
    }
    if (signal.aborted) return;
    this.#latest = { ...detected, findings, isSettled: true };
    this.#context.onReviewed(this.#latest);
  }

  /** A bug of ours on one text must not end the server. */
  #attempt(detect: () => FileReview): FileReview {
    try {
      return detect();
    } catch (error) {
      this.#context.log(`review of ${this.#context.document().uri}: ${messageOf(error)}`);
      return { findings: [], notAnalysed: [], functions: 0, bytes: 0, refused: `quiesce broke down on this file (please report it): ${messageOf(error)}` };
    }
  }
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
