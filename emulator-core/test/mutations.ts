/*
 * Every small change of a driver program: one step left out, made weaker, or moved by one. What a test suite would
 * call a mutant is here a driver with a bug that a person could make.
 */
import { changed, type Change } from "../src/driver/edit.ts";
import { armsOf } from "../src/driver/each-step.ts";
import { describeStep } from "../src/driver/describe.ts";
import { bodiesOf } from "../src/driver/places.ts";
import type { DriverProgram, Step } from "../src/driver/steps.ts";

export type Mutant = { readonly title: string; readonly program: DriverProgram };

export function mutantsOf(program: DriverProgram): readonly Mutant[] {
  const mutants: Mutant[] = [];
  const add = (title: string, changes: readonly Change[]): void => {
    const made = changed(program, changes);
    if (made !== undefined) mutants.push({ title, program: made });
  };
  const block = (thread: string, steps: readonly Step[]): void => {
    steps.forEach((step, k) => {
      const where = `${describeStep(step)} in ${thread}`;
      const partner = partnerOf(steps, k);
      add(`without ${where}`, [{ kind: "replace", target: step, steps: armsOf(step).flat() }, ...(partner === undefined ? [] : [{ kind: "replace", target: partner, steps: [] } as const])]);
      for (const weaker of weakerThan(step)) add(`${describeStep(weaker)} instead of ${where}`, [{ kind: "replace", target: step, steps: [weaker] }]);
      const next = steps[k + 1];
      if (next !== undefined) add(`${where} after ${describeStep(next)}`, [{ kind: "replace", target: step, steps: [] }, { kind: "after", target: next, steps: [step] }]);
      for (const arm of armsOf(step)) block(thread, arm);
    });
  };
  for (const { name, steps } of bodiesOf(program)) block(name, steps);
  return mutants;
}

/** The end of a section goes with its beginning. */
function partnerOf(steps: readonly Step[], k: number): Step | undefined {
  const step = steps[k]!;
  const closes = (other: Step): boolean => (step.kind === "read-lock" && other.kind === "read-unlock") || (step.kind === "lock" && other.kind === "unlock" && other.lock === step.lock) || (step.kind === "srcu-read-lock" && other.kind === "srcu-read-unlock" && other.domain === step.domain);
  return steps.slice(k + 1).find(closes);
}

function weakerThan(step: Step): readonly Step[] {
  switch (step.kind) {
    case "barrier": return step.barrier === "smp_mb" || step.barrier === "mb" || step.barrier === "dma_mb" ? [{ kind: "barrier", barrier: "wmb" }, { kind: "barrier", barrier: "rmb" }] : [];
    case "load": return step.as === "plain" ? [] : step.as === "smp_load_acquire" ? [{ ...step, as: "READ_ONCE" }] : [{ ...step, as: "plain" }];
    case "store": return step.as === "plain" ? [] : step.as === "WRITE_ONCE" ? [{ ...step, as: "plain" }] : [{ ...step, as: "WRITE_ONCE" }];
    case "kfree-rcu": return [{ kind: "free", object: step.object, how: "kfree" }];
    case "grace-period": return [{ kind: "barrier", barrier: "smp_mb" }];
    case "poll": return step.as === "readl" ? [{ ...step, as: "readl_relaxed" }] : [];
    case "command": case "invalidate": return step.command.waitsForData ? [{ ...step, command: { ...step.command, waitsForData: false } }] : [];
    case "get-ref-unless-zero": return [{ kind: "get-ref", at: step.at }];
    default: return [];
  }
}
