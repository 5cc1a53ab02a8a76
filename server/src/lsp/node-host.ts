/** The host in Node: files from the disk, reviewing threads from node:worker_threads. */

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { URI } from "vscode-uri";
import type { LspHost } from "./host.ts";
import { pathOf, readerOfTexts } from "./node-files.ts";
import type { Answer, KernelTree } from "./review-messages.ts";
import { releaseIn } from "./remote-texts.ts";
import type { ReviewThread } from "./review-pool.ts";

/** More than this many documents are seldom reviewed at once. */
const reviewThreadsMax = 4;

/** One reviews, one replays: who asks for a replay does not wait for the review of a large file. */
const reviewThreadsMin = 2;

export function nodeHost(): LspHost {
  const treeByFolder = new Map<string, KernelTree | undefined>();
  const readText = readerOfTexts();
  return {
    version: process.env.QUIESCE_VERSION ?? "0.0.0-source",
    workingDirectory: URI.file(process.cwd()).toString(),
    canRead: (uri) => pathOf(uri) !== undefined,
    readText(uri) {
      const text = readText(uri);
      return typeof text === "string" ? text : undefined;
    },
    kernelTreeAbove(uri) {
      const path = pathOf(uri);
      if (path === undefined) return undefined;
      const folder = dirname(path);
      if (!treeByFolder.has(folder)) treeByFolder.set(folder, nearestTree(folder));
      return treeByFolder.get(folder);
    },
    kernelTreeAt: (path) => (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? treeAt(path) : undefined),
    rulePage(rule) {
      const page = new URL(`../docs/rules/${rule}.md`, import.meta.url);
      return existsSync(page) ? page.href : undefined;
    },
    startReviewThread,
    reviewThreads: Math.max(reviewThreadsMin, Math.min(reviewThreadsMax, availableParallelism() - 1)),
  };
}

function startReviewThread(): ReviewThread {
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(fileURLToPath(new URL("./review-worker.cjs", import.meta.url)), { stdout: true, stderr: true, workerData: { stop } });
  // It must not keep the server alive, nor write into the protocol's stream.
  worker.unref();
  return {
    ask(question) {
      Atomics.store(stop, 0, 0);
      worker.postMessage(question);
    },
    onAnswer: (listener) => worker.on("message", (answer: Answer) => listener(answer)),
    onEnd(listener) {
      // An error that ends the thread is followed by its exit; without a listener it would end the server.
      worker.on("error", () => undefined);
      worker.once("exit", () => listener());
    },
    cancel: () => void Atomics.store(stop, 0, 1),
    end: () => void worker.terminate(),
  };
}

function nearestTree(start: string): KernelTree | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "Kbuild")) && existsSync(join(folder, "MAINTAINERS"))) return treeAt(folder);
    if (dirname(folder) === folder) return undefined;
  }
}

function treeAt(folder: string): KernelTree {
  return { uri: pathToFileURL(realpathSync(folder)).href.replace(/\/$/, ""), release: releaseOf(folder) };
}

function releaseOf(folder: string): string {
  try {
    return releaseIn(readFileSync(join(folder, "Makefile"), "utf8"));
  } catch {
    return "unknown";
  }
}
