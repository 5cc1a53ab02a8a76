/**
 * Evidence off the server's own thread: questions in, judgements out. A thread that dies is replaced; a question that
 * kills two threads, or runs too long, is answered with why, so that its finding stays visible.
 */

import { timeMsMax, type Judgement } from "../evidence/judge.ts";
import type { EvidenceReport } from "../protocol/index.ts";
import { remembering } from "../session/judging.ts";
import type { Judge } from "../session/reviewer.ts";
import type { JudgeAnswer, JudgeQuestion } from "./judge-messages.ts";

/** One thread of the host. `onEnd` is called once, whoever ended it. */
export type JudgeThread = {
  readonly ask: (question: JudgeQuestion) => void;
  readonly onAnswer: (listener: (answer: JudgeAnswer) => void) => void;
  readonly onEnd: (listener: () => void) => void;
  readonly end: () => void;
};

/** `judge()` keeps its own time; a thread that is still silent after this hangs. */
const hardLimitMs = timeMsMax + 5_000;

/** A cancelled question may end by itself within this time: most take less, and a new thread costs as much. */
const graceMs = 250;

/** Threads that one question may cost. */
const threadsPerQuestionMax = 2;

/** How often a question is asked again because another document, which waited for the same one, gave up. */
const retriesMax = 3;

/** Stands in `limit.value` of a judgement that a dead thread left behind; `withStopReason` puts it into words. */
const stoppedMark = -1;

type Job = {
  readonly question: JudgeQuestion;
  readonly resolve: (judgement: Judgement) => void;
  readonly reject: (error: Error) => void;
  readonly signal: AbortSignal | undefined;
  threadsLost: number;
};

type Seat = { readonly thread: JudgeThread; job: Job | undefined; timer: ReturnType<typeof setTimeout> | undefined };

/** Owns the threads. */
export class JudgePool {
  readonly #startThread: () => JudgeThread;
  readonly #threadsMax: number;
  /** Told what went wrong, for the log. */
  readonly #onTrouble: (message: string) => void;
  readonly #seats = new Set<Seat>();
  readonly #waiting: Job[] = [];
  #isDisposed = false;

  constructor(startThread: () => JudgeThread, threadsMax: number, onTrouble: (message: string) => void) {
    this.#startThread = startThread;
    this.#threadsMax = Math.max(1, threadsMax);
    this.#onTrouble = onTrouble;
  }

  /** Starts the first thread before it is needed: the first verdict comes that much earlier. */
  warm(): void {
    if (this.#seats.size === 0) this.#open();
  }

  run(question: JudgeQuestion, signal?: AbortSignal): Promise<Judgement> {
    if (this.#isDisposed || signal?.aborted === true) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const job: Job = { question, resolve, reject, signal, threadsLost: 0 };
      signal?.addEventListener("abort", () => this.#cancel(job), { once: true });
      this.#waiting.push(job);
      this.#assign();
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const job of this.#waiting.splice(0)) job.reject(cancelled());
    for (const seat of this.#seats) {
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
      seat.timer = setTimeout(() => this.#replace(seat, unanswered(hardLimitMs)), hardLimitMs);
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

  #answered(seat: Seat, answer: JudgeAnswer): void {
    const { job } = seat;
    clearTimeout(seat.timer);
    seat.job = undefined;
    if (answer.kind === "judged") {
      job?.resolve(answer.judgement);
    } else {
      this.#onTrouble(`the emulator failed: ${answer.message}`);
      job?.resolve(unanswered(stoppedMark));
    }
    this.#assign();
  }

  #lost(seat: Seat): void {
    const { job } = seat;
    if (!this.#seats.has(seat)) return;
    this.#close(seat);
    this.#onTrouble("a thread of the emulator stopped; another one takes its place");
    if (job !== undefined) {
      job.threadsLost += 1;
      if (job.threadsLost < threadsPerQuestionMax) this.#waiting.unshift(job);
      else job.resolve(unanswered(stoppedMark));
    }
    this.#assign();
  }

  #replace(seat: Seat, judgement: Judgement): void {
    const { job } = seat;
    this.#close(seat);
    job?.resolve(judgement);
    this.#assign();
  }

  #cancel(job: Job): void {
    const place = this.#waiting.indexOf(job);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      job.reject(cancelled());
      return;
    }
    setTimeout(() => {
      const seat = [...this.#seats].find((one) => one.job === job);
      if (seat === undefined) return;
      this.#close(seat);
      job.reject(cancelled());
      this.#assign();
    }, graceMs);
  }
}

/**
 * Remembers judgements. Several may wait for the same one: whoever gives up leaves at once, and when it was the first,
 * whose signal ends the thread, the others ask again.
 */
export function judgingIn(pool: JudgePool): Judge {
  const remembered = remembering((attempt, { model }, signal) => pool.run({ attempt, model }, signal));
  return async (attempt, options, signal) => {
    for (let retry = 0; ; retry++) {
      try {
        return await untilAborted(remembered(attempt, options, signal), signal);
      } catch (error) {
        if (signal?.aborted === true || !isCancelled(error) || retry === retriesMax) throw error;
      }
    }
  };
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let leave: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(cancelled());
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (leave !== undefined) signal.removeEventListener("abort", leave);
  }
}

/** "the emulator stopped" instead of a limit that was none. */
export function withStopReason(evidence: EvidenceReport): EvidenceReport {
  if (evidence.limit?.value !== stoppedMark) return evidence;
  return { ...evidence, reason: "the emulator stopped on the extracted program (please report it)", limit: null };
}

export function isCancelled(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function cancelled(): Error {
  return Object.assign(new Error("cancelled"), { name: "AbortError" });
}

function unanswered(timeMs: number): Judgement {
  return {
    observation: "Undecided", positive: 0, negative: 0, executions: 0, limit: { kind: "time", value: timeMs },
    class: null, ladder: null, vacuous: false, survivesUnknownCalls: false, steps: [], why: [],
  };
}
