/** Numbers and registers that steps use. */
import { armsOf, flatten } from "./each-step.ts";
import type { DriverProgram, Operand, Step } from "./steps.ts";

/** Every number that the program writes, compares with or begins with. */
export function numbersOf(program: DriverProgram): readonly number[] {
  const { hazard } = program;
  const inSteps = [...program.threads, ...(program.handlers ?? [])].flatMap(({ steps }) => flatten(steps)).flatMap((step): readonly Operand[] => (step.kind === "wait-until" ? [step.value] : step.kind === "command" || step.kind === "invalidate" ? (step.command.writes ?? []).map(({ value }) => value) : operandsOf(step)));
  const initials = program.objects.flatMap(({ initial, fields }) => [initial, ...(fields ?? []).map((field) => field.initial)]);
  const asked = hazard.kind === "outcome" || hazard.kind === "use-after-free" ? (hazard.when ?? []).map(({ is }) => is) : [];
  return [...inSteps, ...initials, ...asked].filter((value) => typeof value === "number");
}

/** In its own words, not in its arms. */
export function registersUsed(step: Step): readonly { readonly register: string; readonly where: string }[] {
  const place = "at" in step ? /^(?:\*(\w+)|(\w+)->)/.exec(step.at) : null;
  const followed = place === null ? [] : [{ register: place[1] ?? place[2]!, where: "at" in step ? step.at : "" }];
  return [...followed, ...operandsOf(step).flatMap((operand) => (typeof operand === "string" && !operand.startsWith("&") ? [{ register: operand, where: "at" in step ? step.at : "dst" in step ? step.dst : "condition" }] : []))];
}

function operandsOf(step: Step): readonly Operand[] {
  switch (step.kind) {
    case "store": case "set": return [step.value];
    case "update": return step.with.kind === "compare-exchange" ? [step.with.expected, step.with.value] : [step.with.operand];
    case "if": return [step.condition.left, step.condition.right];
    default: return [];
  }
}

/** Registers that are used where a condition may have left them unset: there they are 0. */
export function maybeUnset(steps: readonly Step[]): ReadonlySet<string> {
  const unset = new Set<string>();
  const visit = (body: readonly Step[], before: ReadonlySet<string>): ReadonlySet<string> => body.reduce((known, step) => {
    for (const { register } of registersUsed(step)) if (!known.has(register)) unset.add(register);
    const set = "dst" in step ? new Set([...known, step.dst]) : known;
    const after = armsOf(step).map((arm) => visit(arm, set));
    // What every arm sets is set behind them; of a release that need not run, nothing is.
    return step.kind === "put-ref" || after.length === 0 ? set : new Set([...after[0]!].filter((register) => after.every((one) => one.has(register))));
  }, before);
  visit(steps, new Set());
  return unset;
}
