/**
 * Reviews off the server's own thread: the largest file must not delay an answer to the editor. A thread that dies is
 * replaced; a question that costs two threads, or takes too long, is answered with why.
 */

import { cancelled } from "./cancellation.ts";
import type { Answer, Detected, FinalAnswer, Question, Verdict } from "./review-messages.ts";

/** One thread of the host. `onEnd` is called once, whoever ended it. */
export type ReviewThread = {
  readonly ask: (question: Question) => void;
  readonly onAnswer: (listener: (answer: Answer) => void) => void;
  readonly onEnd: (listener: () => void) => void;
  /** Asks it to leave the question at hand; it answers `failed` then, or never. */
  readonly cancel: () => void;
  readonly end: () => void;
};

export type PoolAnswer = FinalAnswer | { readonly kind: "stopped" } | { readonly kind: "late"; readonly timeMs: number };

export type PoolRequest = {
  readonly question: Question;
  readonly signal: AbortSignal;
  /** What is known before the last answer. */
  readonly onNews?: (news: Detected | Verdict) => void;
};

/** The largest files of the kernel take a minute; what takes longer than this hangs. */
const hardLimitMs = 180_000;

/** A cancelled question may end by itself within this time: a new thread has to read all headers again. */
const graceMs = 250;

/** Threads that one question may cost. */
const threadsPerQuestionMax = 2;

type Job = PoolRequest & { readonly resolve: (answer: PoolAnswer) => void; readonly reject: (error: Error) => void; threadsLost: number };

type Seat = { readonly thread: ReviewThread; job: Job | undefined; timer: ReturnType<typeof setTimeout> | undefined };

/** Owns the threads. */
export class ReviewPool {
  readonly #startThread: () => ReviewThread;
  readonly #threadsMax: number;
  /** Told what went wrong, for the log. */
  readonly #onTrouble: (message: string) => void;
  readonly #seats = new Set<Seat>();
  readonly #waiting: Job[] = [];
  #isDisposed = false;

  constructor(startThread: () => ReviewThread, threadsMax: number, onTrouble: (message: string) => void) {
    this.#startThread = startThread;
    this.#threadsMax = Math.max(1, threadsMax);
    this.#onTrouble = onTrouble;
  }

  /** Starts the first thread before it is needed: the first finding comes that much earlier. */
  warm(): void {
    if (this.#seats.size === 0) this.#open();
  }

  /** Rejects only when it was cancelled. What a person waits for (a replay, facts) goes first. */
  run(request: PoolRequest): Promise<PoolAnswer> {
    if (this.#isDisposed || request.signal.aborted) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const job: Job = { ...request, resolve, reject, threadsLost: 0 };
      request.signal.addEventListener("abort", () => this.#cancel(job), { once: true });
      if (request.question.kind !== "review") this.#waiting.unshift(job);
      else this.#waiting.push(job);
      this.#assign();
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const job of this.#waiting.splice(0)) job.reject(cancelled());
    for (const seat of [...this.#seats]) {
      seat.job?.reject(cancelled());
      this.#close(seat);
    }
  }

  #assign(): void {
    while (this.#waiting.length > 0) {
      const seat = [...this.#seats].find(({ job }) => job === undefined) ?? (this.#seats.size < this.#threadsMax ? this.#open() : undefined);
      if (seat === undefined) return;
      const job = this.#waiting.shift()!;
      seat.job = job;
      seat.timer = setTimeout(() => this.#replace(seat, { kind: "late", timeMs: hardLimitMs }), hardLimitMs);
      seat.thread.ask(job.question);
    }
  }

  #open(): Seat {
    const seat: Seat = { thread: this.#startThread(), job: undefined, timer: undefined };
    this.#seats.add(seat);
    seat.thread.onAnswer((answer) => this.#answered(seat, answer));
    seat.thread.onEnd(() => this.#lost(seat));
    return seat;
  }

  #close(seat: Seat): void {
    clearTimeout(seat.timer);
    this.#seats.delete(seat);
    seat.job = undefined;
    seat.thread.end();
  }

  #answered(seat: Seat, answer: Answer): void {
    const { job } = seat;
    if (job === undefined) return;
    if (answer.kind === "detected" || answer.kind === "verdict") {
      if (!job.signal.aborted) job.onNews?.(answer);
      return;
    }
    if (answer.kind === "failed" && answer.isThreadSpent) return this.#replace(seat, answer);
    clearTimeout(seat.timer);
    seat.job = undefined;
    job.resolve(answer);
    this.#assign();
  }

  #lost(seat: Seat): void {
    const { job } = seat;
    if (!this.#seats.has(seat)) return;
    this.#close(seat);
    this.#onTrouble("a reviewing thread stopped; another one takes its place");
    if (job !== undefined && !job.signal.aborted) {
      job.threadsLost += 1;
      if (job.threadsLost < threadsPerQuestionMax) this.#waiting.unshift(job);
      else job.resolve({ kind: "stopped" });
    }
    this.#assign();
  }

  #replace(seat: Seat, answer: PoolAnswer): void {
    const { job } = seat;
    this.#close(seat);
    job?.resolve(answer);
    this.#assign();
  }

  /** Whoever waits leaves at once; the thread gets a moment to end by itself. */
  #cancel(job: Job): void {
    job.reject(cancelled());
    const place = this.#waiting.indexOf(job);
    if (place >= 0) this.#waiting.splice(place, 1);
    const seat = [...this.#seats].find((one) => one.job === job);
    if (seat === undefined) return;
    seat.thread.cancel();
    setTimeout(() => {
      if (seat.job !== job) return;
      this.#close(seat);
      this.#assign();
    }, graceMs);
  }
}
