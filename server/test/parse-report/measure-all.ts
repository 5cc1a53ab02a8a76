import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Measurement, WorkerSetup } from "./worker.ts";

/** Files a message: enough that a start of ctags is cheap, few enough that the last batches end together. */
const batchSize = 200;

/** In the order of the paths. The threads are this bundle again. */
export async function measureAll(paths: readonly string[], setup: WorkerSetup, jobs: number): Promise<readonly Measurement[]> {
  const batches: (readonly string[])[] = [];
  for (let at = 0; at < paths.length; at += batchSize) batches.push(paths.slice(at, at + batchSize));
  const answers = new Map<number, readonly Measurement[]>();
  let next = 0;
  let doneCount = 0;
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: setup });
      let current = -1;
      worker.on("error", reject);
      worker.on("message", (measured: readonly Measurement[]) => {
        if (current >= 0) answers.set(current, measured);
        doneCount += measured.length;
        showProgress(doneCount, paths.length);
        current = next++;
        const batch = batches[current];
        if (batch !== undefined) worker.postMessage(batch);
        else void worker.terminate().then(() => resolve());
      });
    });
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, batches.length)) }, run));
  return batches.flatMap((_, index) => answers.get(index) ?? []);
}

function showProgress(done: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(done < all ? `\r${done} of ${all} files` : "\r\u001b[K");
}
