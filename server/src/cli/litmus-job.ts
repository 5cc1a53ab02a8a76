/** One litmus test, as a worker thread runs it: plain data in, plain data out, never a throw. */

import { type LitmusMode, type LitmusModel, type LitmusOptions, type LitmusOutcome, runLitmus } from "../evidence/litmus.ts";
import { readSource } from "./read-source.ts";
import { messageOf } from "./terminal.ts";

export type LitmusJob = {
  readonly path: string;
  /** As found: the path on the command line, extended by what the folder held. */
  readonly file: string;
  readonly named: boolean;
  readonly model: LitmusModel;
  readonly mode: LitmusMode;
  readonly macros: LitmusOptions["macros"];
  readonly listStates: boolean;
  readonly timeoutMs: number;
};

export type LitmusAnswer = { readonly file: string; readonly named: boolean; readonly outcome: LitmusOutcome; readonly ms: number };

export function litmusJob(job: LitmusJob): LitmusAnswer {
  const startMs = performance.now();
  const outcome = outcomeOf(job, startMs);
  return { file: job.file, named: job.named, outcome, ms: Math.round(performance.now() - startMs) };
}

function outcomeOf(job: LitmusJob, startMs: number): LitmusOutcome {
  const source = readSource(job.path);
  if (!source.ok) return refusedFile(source.reason.replace("binary file, not C", "binary file, not a litmus test").replace("to review", "to run"));
  try {
    const deadlineMs = startMs + job.timeoutMs;
    const outcome = runLitmus(source.text, { model: job.model, mode: job.mode, macros: job.macros, listStates: job.listStates, shouldStop: () => performance.now() > deadlineMs });
    return outcome.kind === "undecided" && outcome.limit.kind === "time" ? { ...outcome, limit: { kind: "time", value: job.timeoutMs } } : outcome;
  } catch (error) {
    return refusedFile(`quiesce broke down on this test (please report it): ${messageOf(error)}`);
  }
}

/** About the file as a whole: no line to point at. */
export function refusedFile(message: string): LitmusOutcome {
  return { kind: "refused", errors: [{ line: 0, column: 0, message }] };
}
