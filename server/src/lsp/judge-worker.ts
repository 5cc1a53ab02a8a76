/** A judging thread, bundled as dist/judge-worker.cjs: one question at a time, never a throw. */

import { parentPort } from "node:worker_threads";
import { judge } from "../evidence/judge.ts";
import type { JudgeAnswer, JudgeQuestion } from "./judge-messages.ts";
import { messageOf } from "./words.ts";

parentPort?.on("message", ({ attempt, model }: JudgeQuestion) => {
  parentPort?.postMessage(answerTo(() => ({ kind: "judged", judgement: judge(attempt, { model }) })));
});

function answerTo(run: () => JudgeAnswer): JudgeAnswer {
  try {
    return run();
  } catch (error) {
    return { kind: "failed", message: messageOf(error) };
  }
}
