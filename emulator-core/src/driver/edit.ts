/** Changing a driver program: steps are named by identity, so several changes are made in one pass. */
import { armsOf, withArms } from "./each-step.ts";
import { DriverMistake } from "./mistake.ts";
import type { DriverProgram, Step } from "./steps.ts";

/** `before` and `after` put steps beside the target; `replace` puts steps in its place, none to delete it. `program` changes what is not a step. */
export type Change =
  | { readonly kind: "before" | "after" | "replace"; readonly target: Step; readonly steps: readonly Step[] }
  /** Steps at the start or the end of a thread's body. */
  | { readonly kind: "first" | "last"; readonly thread: string; readonly steps: readonly Step[] }
  /** What follows the target in its block goes under a condition. */
  | { readonly kind: "guard-rest"; readonly target: Step; readonly guard: (rest: readonly Step[]) => Step }
  | { readonly kind: "program"; readonly apply: (program: DriverProgram) => DriverProgram };

/** The program with the changes made, or undefined when two of them want to replace the same step. */
export function changed(program: DriverProgram, changes: readonly Change[]): DriverProgram | undefined {
  const replaced = new Map<Step, readonly Step[]>();
  const before = new Map<Step, readonly Step[]>();
  const after = new Map<Step, readonly Step[]>();
  const guards = new Map<Step, (rest: readonly Step[]) => Step>();
  for (const change of changes) {
    switch (change.kind) {
      case "before": before.set(change.target, [...(before.get(change.target) ?? []), ...change.steps]); break;
      case "after": after.set(change.target, [...change.steps, ...(after.get(change.target) ?? [])]); break;
      case "replace":
        if (replaced.has(change.target)) return undefined;
        replaced.set(change.target, change.steps);
        break;
      case "guard-rest":
        if (guards.has(change.target)) return undefined;
        guards.set(change.target, change.guard);
        break;
      case "first": case "last": case "program": break;
    }
  }
  const visit = (steps: readonly Step[]): readonly Step[] => {
    const out: Step[] = [];
    for (let k = 0; k < steps.length; k++) {
      const step = steps[k]!;
      out.push(...(before.get(step) ?? []), ...(replaced.get(step) ?? [withArms(step, armsOf(step).map(visit))]), ...(after.get(step) ?? []));
      const guard = guards.get(step);
      if (guard === undefined) continue;
      out.push(guard(visit(steps.slice(k + 1))));
      return out;
    }
    return out;
  };
  const around = (name: string, steps: readonly Step[]): readonly Step[] => [
    ...changes.flatMap((change) => (change.kind === "first" && change.thread === name ? change.steps : [])),
    ...visit(steps),
    ...changes.flatMap((change) => (change.kind === "last" && change.thread === name ? change.steps : [])),
  ];
  let result: DriverProgram = {
    ...program,
    threads: program.threads.map((thread) => ({ ...thread, steps: around(thread.role, thread.steps) })),
    ...(program.handlers === undefined ? {} : { handlers: program.handlers.map((handler) => ({ ...handler, steps: around(handler.name, handler.steps) })) }),
  };
  for (const change of changes) if (change.kind === "program") result = change.apply(result);
  return result;
}

/** undefined when the changed program would be refused. */
export function unlessMistaken<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof DriverMistake) return undefined;
    throw error;
  }
}
