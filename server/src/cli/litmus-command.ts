/** `quiesce litmus FILE|DIR…`: runs LKMM litmus tests and answers as herd7 does. */

import { type LitmusMode, type LitmusModel, noStates, releaseOf, stateCountOf, stateLines } from "../evidence/litmus.ts";
import { dirname } from "node:path";
import { collectFiles } from "./collect-files.ts";
import { type AnswerText, herdText, jsonOf, type LitmusPrinting, tsvHeader, tsvRow } from "./litmus-format.ts";
import { type LitmusAnswer, type LitmusJob, refusedFile } from "./litmus-job.ts";
import { judgeResult } from "./litmus-result.ts";
import { treeModel } from "./model-drift.ts";
import { type PoolFailure, runInPool, stopOnInterrupt } from "./pool.ts";
import { writeStateLines } from "./state-bytes.ts";
import { complain, type ExitStatus, noProgress, plural, printBytes, printOut, progressLine } from "./terminal.ts";
import { type KernelTree, nearestKernelTree, withSlashes } from "./paths.ts";

export type LitmusSettings = {
  readonly paths: readonly string[];
  readonly format: "herd" | "json" | "tsv";
  readonly states: boolean;
  readonly model: LitmusModel;
  readonly mode: LitmusMode;
  readonly jobs: number;
  readonly timeoutMs: number;
  /** undefined: the nearest parent of the first path that looks like a kernel tree. */
  readonly kernel: KernelTree | undefined;
  readonly quiet: boolean;
  readonly progress: boolean;
};

/** More final states are written as bytes, piece by piece. */
const linesAtOnceMax = 1000;

export async function runLitmusCommand(settings: LitmusSettings): Promise<ExitStatus> {
  const collected = collectFiles(settings.paths, { inFolders: [".litmus"], named: "any", what: "litmus tests" });
  for (const problem of collected.problems) complain(problem);
  const { model, mode, timeoutMs } = settings;
  const kernel = settings.kernel ?? nearestKernelTree(dirname(collected.files[0]?.path ?? "."));
  const { drift, macros } = treeModel(kernel, model);
  if (drift !== undefined) complain(drift);
  const jobs = collected.files.map(({ path, shown, named }) => ({ path, file: withSlashes(shown), named, model, mode, macros, timeoutMs, listStates: settings.states || (settings.format === "herd" && mode !== "verdict") }));
  const progress = settings.progress ? progressLine() : noProgress;
  const printer = printerOf(settings, jobs, drift);
  const answered = new Map<LitmusJob, LitmusAnswer>();
  const onAnswer = (job: LitmusJob, answer: LitmusAnswer): void => {
    answered.set(job, withoutStates(answer));
    progress.end();
    printer.take(job, answer);
    progress.step(answered.size, jobs.length, job.file);
  };
  const interrupt = stopOnInterrupt();
  await runInPool<LitmusJob, LitmusAnswer>({
    task: "litmusJob",
    jobs,
    threads: settings.jobs,
    signal: interrupt.signal,
    hardLimitMs: hardLimitMs(timeoutMs),
    onAnswer,
    onFailure: (job, failure) => onAnswer(job, lostAnswer(job, failure)),
  });
  progress.end();
  printer.end();
  // As the files stand, whatever finished first.
  const answers = jobs.flatMap((job) => answered.get(job) ?? []);
  if (interrupt.signal.aborted) complain(`interrupted: ${String(answers.length)} of ${plural(jobs.length, "test")} answered`);
  complainAbout(unreadableAsAnswers(collected.unreadable));
  complainAbout(answers);
  if (!settings.quiet && jobs.length > 0) process.stderr.write(`${summaryOf(answers)}\n`);
  const isIncomplete = collected.problems.length > 0 || interrupt.signal.aborted;
  return isIncomplete || answers.some(isRefusedByName) ? 2 : answers.some((answer) => judgeResult(answer.outcome).kind === "differs") ? 1 : 0;
}

/** States are printed and let go: those of some tests go into the millions. */
function withoutStates({ outcome, ...about }: LitmusAnswer): LitmusAnswer {
  return { ...about, outcome: outcome.kind === "checked" ? { ...outcome, verdict: { ...outcome.verdict, states: noStates } } : outcome };
}

/** The search watches its own clock; this ends a thread that no longer looks at it. */
function hardLimitMs(timeoutMs: number): number {
  const graceMs = 10_000;
  return timeoutMs + graceMs;
}

type Printer = { readonly take: (job: LitmusJob, answer: LitmusAnswer) => void; readonly end: () => void };

/** Rows come out in the order of the files whatever finishes first; herd and tsv as soon as their turn is there. */
function printerOf(settings: LitmusSettings, jobs: readonly LitmusJob[], drift: string | undefined): Printer {
  const printing: LitmusPrinting = { mode: settings.mode, listStates: settings.states, release: releaseOf(settings.model), drift };
  const print = (answer: LitmusAnswer): void => { printAnswer(settings.format === "tsv" ? tsvRow(answer, printing) : herdText(answer, printing)); };
  const waiting = new Map<LitmusJob, LitmusAnswer>();
  let next = 0;
  const printReady = (): void => {
    for (let job = jobs[next]; job; job = jobs[next]) {
      const answer = waiting.get(job);
      if (!answer) return;
      print(answer);
      waiting.delete(job);
      next += 1;
    }
  };
  if (settings.format === "tsv") printOut(tsvHeader(printing));
  return {
    take(job, answer) {
      waiting.set(job, answer);
      if (settings.format !== "json") printReady();
    },
    end() {
      const rest = jobs.slice(next).flatMap((job) => waiting.get(job) ?? []);
      if (settings.format === "json") for (const piece of jsonOf(rest, printing)) printOut(piece);
      // After an interrupt there are holes; what was answered behind them is printed all the same.
      else for (const answer of rest) print(answer);
    },
  };
}

function printAnswer({ before, states, separator, after }: AnswerText): void {
  if (stateCountOf(states) <= linesAtOnceMax) return printOut(before + stateLines(states).join(separator) + after);
  printOut(before);
  writeStateLines(states, separator, printBytes);
  printOut(after);
}

function lostAnswer(job: LitmusJob, failure: PoolFailure): LitmusAnswer {
  const about = { file: job.file, named: job.named };
  switch (failure.kind) {
    case "timeout": {
      const head = { name: job.file, kind: "Allowed", condition: "", expected: null } as const;
      return { ...about, outcome: { kind: "undecided", head, limit: { kind: "time", value: job.timeoutMs } }, ms: job.timeoutMs };
    }
    case "interrupted":
      return { ...about, outcome: refusedFile("interrupted"), ms: 0 };
    case "crashed":
      return { ...about, outcome: refusedFile(`quiesce broke down on this test (please report it): ${failure.message}`), ms: 0 };
  }
}

function unreadableAsAnswers(unreadable: readonly { readonly path: string; readonly reason: string }[]): readonly LitmusAnswer[] {
  return unreadable.map(({ path, reason }) => ({ file: withSlashes(path), named: false, outcome: refusedFile(reason), ms: 0 }));
}

/** One line for every test without an answer, and for every one that contradicts its own comment. */
function complainAbout(answers: readonly LitmusAnswer[]): void {
  for (const { file, outcome } of answers) {
    const judgement = judgeResult(outcome);
    if (judgement.kind === "differs") complain(`${file}: ${judgement.message}`);
    if (outcome.kind === "undecided") complain(`${file}: undecided: limit ${outcome.limit.kind} ${String(outcome.limit.value)} met (--timeout-ms raises the time)`);
    const error = outcome.kind === "refused" ? outcome.errors[0] : undefined;
    if (error) complain(`${file}${error.line > 0 ? `:${String(error.line)}:${String(error.column)}` : ""}: ${error.message}`);
  }
}

function isRefusedByName({ named, outcome }: LitmusAnswer): boolean {
  return named && outcome.kind === "refused";
}

function summaryOf(answers: readonly LitmusAnswer[]): string {
  const judgements = answers.map((answer) => judgeResult(answer.outcome).kind);
  const agree = judgements.filter((kind) => kind === "agrees").length;
  const differ = judgements.filter((kind) => kind === "differs").length;
  const undecided = answers.filter(({ outcome }) => outcome.kind === "undecided").length;
  const refused = answers.filter(({ outcome }) => outcome.kind === "refused").length;
  return `${plural(answers.length, "test")}: ${String(agree)} agree with their Result, ${String(differ)} differ, ${String(undecided)} undecided, ${String(refused)} refused`;
}
