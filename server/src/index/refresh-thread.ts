/** Bundled as dist/index-worker.cjs: the thread that refreshes an index, and its helpers, are this file. */

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { refreshHere, type RefreshTask, type ScanHelper } from "./refresh.ts";
import { scanFiles } from "./scan-files.ts";
import type { Shard } from "./shard.ts";
import { threadLimits, type ThreadAnswer, type ThreadTask } from "./thread-messages.ts";

/** A helper that dies costs its part of the files: they are missing, and the next refresh reads them. */
const helper: ScanHelper = (top, paths, control) =>
  new Promise((done, failed) => {
    const task: ThreadTask = { kind: "scan", top, paths: paths.join("\n"), control };
    const worker = new Worker(__filename, { workerData: task, resourceLimits: threadLimits });
    worker.once("message", (answer: ThreadAnswer) => {
      if (answer.kind === "scanned") done(answer.shard);
      else failed(new Error(answer.kind === "failed" ? answer.reason : "unexpected answer"));
    });
    worker.once("error", failed);
  });

async function run(task: ThreadTask): Promise<ThreadAnswer> {
  if (task.kind === "scan") return { kind: "scanned", shard: scanFiles(task.top, task.paths.split("\n"), task.control) };
  const { kernel, cacheDir, near, control, jobs } = task;
  const refresh: RefreshTask = { kernel, cacheDir, near, control };
  return { kind: "refreshed", refreshed: await refreshHere(refresh, Array.from({ length: jobs - 1 }, () => helper)) };
}

function buffersOf(shard: Shard): ArrayBuffer[] {
  return [shard.names.bytes, shard.names.start, ...Object.values(shard).filter((value) => value instanceof Int32Array)].map(({ buffer }) => buffer as ArrayBuffer);
}

if (!isMainThread) {
  run(workerData as ThreadTask).then(
    (answer) => parentPort?.postMessage(answer, answer.kind === "scanned" ? buffersOf(answer.shard) : []),
    (error: unknown) => parentPort?.postMessage({ kind: "failed", reason: error instanceof Error ? error.message : String(error) } satisfies ThreadAnswer),
  );
}
