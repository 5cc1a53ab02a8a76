/** Runs a driver program; the same honesty as the emulator's own verdict, in the words of an attempt. */

import { exportLitmus, judgeDriver, witnessOf, type DriverProgram } from "../../../emulator-core/src/index.ts";
import type { Attempt } from "./attempt.ts";
import type { Judgement, JudgeOptions } from "./judgement.ts";
import type { WitnessStep } from "./witness.ts";

export function judgeDriverAttempt(driver: DriverProgram, { guardedDriver }: Attempt, options: JudgeOptions & { readonly executionsMax: number }): Judgement {
  const { model, executionsMax, shouldStop } = options;
  const asked = { model, executionsMax, ...(shouldStop === undefined ? {} : { shouldStop }) };
  const verdict = judgeDriver(driver, asked);
  const survivesUnknownCalls = verdict.positive > 0 && (guardedDriver === undefined || judgeDriver(guardedDriver, { ...asked, verdictOnly: true }).positive > 0);
  const witness = witnessOf(driver, verdict);
  const steps = (witness?.steps ?? []).map(({ column, text, source, hazard }): WitnessStep => ({ thread: column, text: hazard ? inWords(text, driver) : text, file: source?.file ?? "", line: source?.line ?? 0, hazard }));
  const isOpen = verdict.verdict === "undecided";
  return {
    observation: verdict.observation, positive: verdict.positive, negative: verdict.negative, executions: verdict.explored,
    limit: verdict.limit, class: verdict.class, ladder: verdict.ladder,
    vacuous: false, survivesUnknownCalls, steps, why: witness?.why ?? [],
    roles: (witness?.columns ?? []).map(({ name, title }) => ({ name, function: title.replace(/\(\)$/, "") })),
    refusal: isOpen && verdict.limit === null ? verdict.reason : "",
    assumptions: verdict.assumptions,
    litmus: litmusOf(driver),
  };
}

/** "the bad value (0)" says less than the hazard's own words. */
function inWords(text: string, { hazard }: DriverProgram): string {
  return hazard.kind === "outcome" ? text.replace(/<- the bad value \([^)]*\)$/, `<- ${hazard.what}`) : text;
}

/** Not every step of a driver can be said in a litmus test. */
function litmusOf(driver: DriverProgram): string {
  try {
    return exportLitmus(driver);
  } catch (error) {
    return `(* ${error instanceof Error ? error.message : String(error)} *)\n`;
  }
}
