/** Worker threads for jobs that may hang or crash: a lost worker costs the one file it was on. */

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Tinypool } from "tinypool";
import { messageOf } from "./terminal.ts";

export const defaultThreads = availableParallelism();

/**
 * Bytes of other functions that V8 may compile into one. By default it is 920: each thread compiles for itself, and in a
 * run of a few seconds that was half of the work. Long runs are as fast.
 */
const inlinedBytesMax = 200;

/** Before the first thread starts. */
export function compileForThreads(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${String(inlinedBytesMax)}`);
}

export type PoolRun<Job, Answer> = {
  /** An export of worker.ts. */
  readonly task: "reviewJob" | "litmusJob";
  readonly jobs: readonly Job[];
  readonly threads: number;
  /** Aborting ends running workers and starts no further job. */
  readonly signal: AbortSignal;
  /** A job that runs longer is ended from outside; undefined where the job keeps its own budget for certain. */
  readonly hardLimitMs?: number;
  readonly onAnswer: (job: Job, answer: Answer) => void;
  readonly onFailure: (job: Job, failure: PoolFailure) => void;
  /** The thread that gave this answer is not to be used again. */
  readonly isThreadSpent?: (answer: Answer) => boolean;
};

export type PoolFailure = { readonly kind: "crashed"; readonly message: string } | { readonly kind: "timeout" } | { readonly kind: "interrupted" };

/** Resolves when every job was answered or failed, or after an abort. Answers come in the order of completion. */
export async function runInPool<Job, Answer>(run: PoolRun<Job, Answer>): Promise<void> {
  compileForThreads();
  const threads = Math.max(1, Math.min(run.threads, run.jobs.length));
  const pool = new Tinypool({ filename: fileURLToPath(new URL("./worker.cjs", import.meta.url)), minThreads: threads, maxThreads: threads });
  // A worker that dies between two jobs announces it here; without a listener that would end the process.
  pool.on("error", () => undefined);
  const pending = run.jobs.values();
  // Each loop has at most one job in the pool, so no job ever waits in the pool's queue behind a dead worker.
  const loops = Array.from({ length: threads }, async () => {
    for (const job of pending) {
      if (run.signal.aborted) return;
      await runOne(pool, run, job);
    }
  });
  await Promise.all(loops);
  await pool.destroy();
}

async function runOne<Job, Answer>(pool: Tinypool, run: PoolRun<Job, Answer>, job: Job): Promise<void> {
  const limit = new AbortController();
  const timer = run.hardLimitMs === undefined ? undefined : setTimeout(() => limit.abort(), run.hardLimitMs);
  const interrupt = (): void => limit.abort();
  run.signal.addEventListener("abort", interrupt, { once: true });
  try {
    const answer = (await pool.run(job, { name: run.task, signal: limit.signal })) as Answer;
    run.onAnswer(job, answer);
    if (run.isThreadSpent?.(answer)) await pool.recycleWorkers();
  } catch (error) {
    if (run.signal.aborted) run.onFailure(job, { kind: "interrupted" });
    else if (limit.signal.aborted) run.onFailure(job, { kind: "timeout" });
    else run.onFailure(job, { kind: "crashed", message: messageOf(error) });
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener("abort", interrupt);
  }
}

/** The first Ctrl-C asks the work to stop and what was found is printed; the second ends the process at once. */
export function stopOnInterrupt(): AbortController {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
  return controller;
}
