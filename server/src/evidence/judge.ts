/** Runs one attempt in the emulator. Pure, and plain data in and out: it runs in a worker. */

import { check, climb, lowerLifetimes, unreachableLadder, type CheckResult, type Execution, type ModelName, type Program } from "../../../emulator-core/src/index.ts";
import type { Attempt } from "./attempt.ts";
import type { Judgement, JudgeOptions } from "./judgement.ts";
import { judgeDriverAttempt } from "./judge-driver.ts";
import { stepsOf } from "./witness.ts";

/** Executions explored for one question; an extracted program has a few dozen. The CLI's budget, on every machine. */
export const executionsMax = 200_000;

/** A guard only: named in `limit` when it strikes. */
export const timeMsMax = 10_000;


export function judge(attempt: Attempt, options: JudgeOptions): Judgement {
  const { driver, mistake } = attempt;
  if (mistake !== undefined) return { ...noJudgement, refusal: `no program could be made of it: ${mistake}` };
  if (driver !== undefined) {
    const started = performance.now();
    return judgeDriverAttempt(driver, attempt, { ...options, executionsMax, shouldStop: () => options.shouldStop?.() === true || performance.now() - started > timeMsMax });
  }
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

const noJudgement: Judgement = { observation: "Undecided", positive: 0, negative: 0, executions: 0, limit: null, class: null, ladder: null, vacuous: false, survivesUnknownCalls: false, steps: [], why: [] };

type Runner = ((program: Program, model: ModelName, plainAsMarked?: boolean) => CheckResult) & { readonly count: () => number };

function runner(options: JudgeOptions): Runner {
  let explored = 0;
  const started = performance.now();
  const shouldStop = (): boolean => options.shouldStop?.() === true || performance.now() - started > timeMsMax;
  const run = (program: Program, model: ModelName, plainAsMarked = false): CheckResult => {
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

function tell(witness: Execution | null, attempt: Attempt): Pick<Judgement, "steps" | "why"> {
  return witness === null ? { steps: [], why: [] } : stepsOf(witness, attempt.program);
}
