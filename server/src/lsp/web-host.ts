/** The host in a web worker: no files of its own, reviewing threads from workers that run this very bundle. */

import type { LspHost } from "./host.ts";
import type { Answer, Question } from "./review-messages.ts";
import type { ReviewThread } from "./review-pool.ts";

/** How a worker of this bundle is told that it is to review. */
export const reviewerName = "quiesce-reviewer";

/** What a reviewing worker is sent. */
export type ToReviewer = { readonly kind: "question"; readonly question: Question } | { readonly kind: "cancel" };

/** What this file needs of a web worker; the global types of the web and those of Node do not go together. */
export type WorkerLike = {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { preventDefault?(): void }) => void) | null;
};

export function webHost(version: string, startWorker: () => WorkerLike): LspHost {
  return {
    version,
    workingDirectory: "file:///",
    canRead: () => false,
    readText: () => undefined,
    kernelTreeAbove: () => undefined,
    kernelTreeAt: () => undefined,
    rulePage: () => undefined,
    startReviewThread: () => reviewThreadIn(startWorker()),
    reviewThreads: 2,
  };
}

function reviewThreadIn(worker: WorkerLike): ReviewThread {
  let onEnd = (): void => undefined;
  worker.onerror = (event) => {
    event.preventDefault?.();
    worker.terminate();
    onEnd();
  };
  const send = (message: ToReviewer): void => worker.postMessage(message);
  return {
    ask: (question) => send({ kind: "question", question }),
    onAnswer(listener) {
      worker.onmessage = ({ data }) => listener(data as Answer);
    },
    onEnd(listener) {
      onEnd = listener;
    },
    cancel: () => send({ kind: "cancel" }),
    // Ending a worker by hand raises no event.
    end: () => worker.terminate(),
  };
}
