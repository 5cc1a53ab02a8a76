/** Runs one attempt in the emulator. Pure, and plain data in and out: it runs in a worker. */

import { check, lowerLifetimes, type CheckResult, type Execution, type Program } from "../../../emulator-core/src/index.ts";
import type { HazardClass, Ladder, LimitMet, Reachability } from "../protocol/index.ts";
import type { Attempt } from "./attempt.ts";
import { stepsOf, type WitnessStep } from "./witness.ts";

/** Executions explored for one question; an extracted program has a few dozen. The CLI's budget, on every machine. */
export const executionsMax = 200_000;

/** A guard only: named in `limit` when it strikes. */
export const timeMsMax = 10_000;

export type Judgement = {
  readonly observation: CheckResult["observation"];
  readonly positive: number;
  readonly negative: number;
  readonly executions: number;
  readonly limit: LimitMet | null;
  readonly class: HazardClass | null;
  readonly ladder: Ladder | null;
  /** The situation of the hazard is never met: a refutation would say nothing. */
  readonly vacuous: boolean;
  /** The hazard stays reachable when every unknown call waits for a grace period. */
  readonly survivesUnknownCalls: boolean;
  /** An execution with the hazard; where there is none, one of the situation. */
  readonly steps: readonly WitnessStep[];
  readonly why: readonly string[];
};

export type JudgeOptions = { readonly model: "lkmm" | "mca" | "sc" | "tso"; readonly shouldStop?: () => boolean };

export function judge(attempt: Attempt, options: JudgeOptions): Judgement {
  const run = runner(options);
  const main = run(attempt.program, options.model);
  if (main.limit !== null && main.positive === 0) return unfinished(main, run.count());
  if (main.positive > 0) {
    const { ladder, hazardClass, simplest, limit } = climb(attempt.program, main, options.model, run);
    const survivesUnknownCalls = attempt.guarded === undefined || run(attempt.guarded, options.model).positive > 0;
    return { ...shared(main, run.count()), limit, class: hazardClass, ladder, vacuous: false, survivesUnknownCalls, ...tell(simplest ?? main.witness, attempt) };
  }
  const situation = run({ ...attempt.program, condition: attempt.situation }, options.model);
  return {
    ...shared(main, run.count()),
    class: null, ladder: unreachableLadder, vacuous: situation.positive === 0, survivesUnknownCalls: false,
    ...tell(situation.witness, attempt),
  };
}

const unreachableLadder: Ladder = { sc: "unreachable", tso: "unreachable", mca: "unreachable", lkmm: "unreachable" };

type Runner = ((program: Program, model: JudgeOptions["model"], plainAsMarked?: boolean) => CheckResult) & { readonly count: () => number };

function runner(options: JudgeOptions): Runner {
  let explored = 0;
  const started = performance.now();
  const shouldStop = (): boolean => options.shouldStop?.() === true || performance.now() - started > timeMsMax;
  const run = (program: Program, model: JudgeOptions["model"], plainAsMarked = false): CheckResult => {
    const result = check(lowerLifetimes(program), { model, mode: "executions", plainAsMarked, budget: { executionsMax }, shouldStop });
    explored += result.explored;
    return result;
  };
  return Object.assign(run, { count: () => explored });
}

function shared(result: CheckResult, executions: number): Pick<Judgement, "observation" | "positive" | "negative" | "executions" | "limit"> {
  return { observation: result.observation, positive: result.positive, negative: result.negative, executions, limit: result.limit };
}

function unfinished(result: CheckResult, executions: number): Judgement {
  return { ...shared(result, executions), class: null, ladder: null, vacuous: false, survivesUnknownCalls: false, steps: [], why: [] };
}

type Climbed = { readonly ladder: Ladder; readonly hazardClass: HazardClass | null; readonly simplest: Execution | null; readonly limit: LimitMet | null };

/** The ladder, from the strongest model down; what a stronger model reaches, a weaker one reaches too. */
function climb(program: Program, main: CheckResult, model: JudgeOptions["model"], run: Runner): Climbed {
  const sc = run(program, "sc");
  if (sc.positive > 0) return { ladder: { sc: "reachable", tso: "reachable", mca: "reachable", lkmm: "reachable" }, hazardClass: "interleaving", simplest: sc.witness, limit: null };
  const tso = run(program, "tso");
  const mca = run(program, "mca");
  const ladder: Ladder = { sc: reach(sc), tso: reach(tso), mca: reach(mca), lkmm: "reachable" };
  const marked = run(program, model, true);
  const markedTso = run(program, "tso", true);
  const markedMca = run(program, "mca", true);
  // A rung that met a limit leaves the class open: the weakest need is not known.
  const limit = [sc, tso, mca, marked, markedTso, markedMca].find((result) => result.limit !== null && result.positive === 0)?.limit ?? null;
  if (limit !== null) return { ladder, hazardClass: null, simplest: main.witness, limit };
  if (marked.positive === 0) return { ladder, hazardClass: "compiler", simplest: main.witness, limit };
  if (markedTso.positive > 0) return { ladder, hazardClass: "tso", simplest: tso.witness ?? main.witness, limit };
  if (markedMca.positive > 0) return { ladder, hazardClass: "mca", simplest: mca.witness ?? main.witness, limit };
  return { ladder, hazardClass: "non-mca", simplest: main.witness, limit };
}

function reach(result: CheckResult): Reachability {
  return result.positive > 0 ? "reachable" : result.limit === null ? "unreachable" : "unknown";
}

function tell(witness: Execution | null, attempt: Attempt): Pick<Judgement, "steps" | "why"> {
  return witness === null ? { steps: [], why: [] } : stepsOf(witness, attempt.program);
}
