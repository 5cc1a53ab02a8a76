/** Which of a program's own barriers and waits a refutation rests on. */
import { changed, unlessMistaken } from "./edit.ts";
import { flatten } from "./each-step.ts";
import { judgeDriver, type JudgeOptions } from "./judge.ts";
import { bodiesOf } from "./places.ts";
import type { DriverProgram, Step } from "./steps.ts";

export type BarrierRole = {
  readonly step: Step;
  /** Thread or handler. */
  readonly thread: string;
  /** `carries`: without it the hazard is reachable. `redundant`: without it the program is still refuted. `unknown`: it is undecided without it, or refused. */
  readonly role: "carries" | "redundant" | "unknown";
};

const isOrdering = (step: Step): boolean => step.kind === "barrier" || step.kind === "grace-period" || step.kind === "wait-for-handler" || step.kind === "invalidate";

/** Of a refuted program; each is left out alone, so two that stand in for each other are both redundant. */
export function barrierRoles(driver: DriverProgram, options: JudgeOptions = {}): readonly BarrierRole[] {
  return bodiesOf(driver).flatMap(({ name, steps }) => flatten(steps).filter(isOrdering).map((step): BarrierRole => {
    const without = changed(driver, [{ kind: "replace", target: step, steps: [] }]);
    const verdict = without === undefined ? undefined : unlessMistaken(() => judgeDriver(without, { ...options, verdictOnly: true }).verdict);
    return { step, thread: name, role: verdict === "confirmed" ? "carries" : verdict === "refuted" ? "redundant" : "unknown" };
  }));
}
