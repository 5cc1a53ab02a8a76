/** The refresh as a caller sees it: off its thread, with progress, and cancellable. */

import { Worker } from "node:worker_threads";
import type { Refreshed } from "./refresh.ts";
import { controlCell, newControl } from "./scan-files.ts";
import { threadLimits, type ThreadAnswer, type ThreadTask } from "./thread-messages.ts";

export type RefreshOptions = {
  readonly kernel: string;
  readonly cacheDir: string;
  /** dist/index-worker.cjs */
  readonly workerFile: string;
  /** Threads that read files, at least 1. */
  readonly jobs: number;
  /** A path in the tree; what is near it is read first, and so is there when the refresh is cancelled. */
  readonly near?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
};

const progressMs = 200;

/** Rejects only when the index cannot be written or a thread dies; a cancelled refresh keeps what it has. */
export async function refreshIndex(options: RefreshOptions): Promise<Refreshed> {
  const control = newControl();
  const task: ThreadTask = { kind: "refresh", kernel: options.kernel, cacheDir: options.cacheDir, near: options.near ?? "", jobs: Math.max(1, options.jobs), control };
  const cancel = (): void => void Atomics.store(control, controlCell.cancel, 1);
  if (options.signal?.aborted === true) cancel();
  options.signal?.addEventListener("abort", cancel, { once: true });
  const report = (): void => options.onProgress?.(Atomics.load(control, controlCell.done), Atomics.load(control, controlCell.total));
  const timer = options.onProgress === undefined ? undefined : setInterval(report, progressMs);
  try {
    return await answerOf(new Worker(options.workerFile, { workerData: task, resourceLimits: threadLimits }));
  } finally {
    clearInterval(timer);
    options.signal?.removeEventListener("abort", cancel);
  }
}

function answerOf(worker: Worker): Promise<Refreshed> {
  return new Promise((done, failed) => {
    worker.once("message", (answer: ThreadAnswer) => {
      if (answer.kind === "refreshed") done(answer.refreshed);
      else failed(new Error(answer.kind === "failed" ? answer.reason : "an answer to another question"));
    });
    worker.once("error", failed);
    worker.once("exit", () => failed(new Error("the thread that refreshes the index ended")));
  });
}
