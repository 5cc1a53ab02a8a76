import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Work, WorkerSetup } from "./worker.ts";

/** The answers in the order of the batches. The threads are this bundle again. */
export async function runBatches<K extends keyof Work>(batches: readonly Work[K]["batch"][], setup: WorkerSetup & { readonly kind: K }, jobs: number): Promise<readonly Work[K]["answer"][]> {
  const answers = new Map<number, Work[K]["answer"]>();
  let next = 0;
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: setup });
      let current = -1;
      worker.on("error", reject);
      worker.on("message", (answer: "ready" | Work[K]["answer"]) => {
        if (answer !== "ready") answers.set(current, answer);
        showProgress(answers.size, batches.length);
        current = next++;
        const batch = batches[current];
        if (batch !== undefined) worker.postMessage(batch);
        else void worker.terminate().then(() => resolve());
      });
    });
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, batches.length)) }, run));
  return batches.map((_, index) => answers.get(index)!);
}

function showProgress(done: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(done < all ? `\r${Math.floor((100 * done) / all)} %` : "\r\u001b[K");
}
