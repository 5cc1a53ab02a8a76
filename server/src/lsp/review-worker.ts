/** A reviewing thread in Node, bundled as dist/review-worker.cjs: one question at a time, never a throw. */

import { parentPort, workerData } from "node:worker_threads";
import { macrosOf, openNodeParser, readerOfTexts, sourcesIn } from "./node-files.ts";
import { ReviewEngine } from "./review-engine.ts";
import type { Question } from "./review-messages.ts";

/** One word, shared with the server: 1 says that the question at hand was taken back. */
const { stop } = workerData as { readonly stop: Int32Array };

const engine = new ReviewEngine({ openParser: openNodeParser, readText: readerOfTexts(), macrosOf, sourcesIn, shouldStop: () => Atomics.load(stop, 0) === 1 });

parentPort?.on("message", (question: Question) => void engine.answer(question, (answer) => parentPort?.postMessage(answer)));
