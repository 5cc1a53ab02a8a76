/** Every step of a body, arms included, in the order of the text. */
import type { Step } from "./steps.ts";

export function forEachStep(steps: readonly Step[], visit: (step: Step) => void): void {
  for (const step of steps) {
    visit(step);
    for (const arm of armsOf(step)) forEachStep(arm, visit);
  }
}

export function armsOf(step: Step): readonly (readonly Step[])[] {
  if (step.kind === "if" || step.kind === "choose") return [step.then, step.else];
  return step.kind === "put-ref" ? [step.release] : [];
}

/** The same step with other arms, in the order of `armsOf`. */
export function withArms(step: Step, arms: readonly (readonly Step[])[]): Step {
  if (step.kind === "if" || step.kind === "choose") return { ...step, then: arms[0]!, else: arms[1]! };
  return step.kind === "put-ref" ? { ...step, release: arms[0]! } : step;
}

export function flatten(steps: readonly Step[]): readonly Step[] {
  const all: Step[] = [];
  forEachStep(steps, (step) => { all.push(step); });
  return all;
}
