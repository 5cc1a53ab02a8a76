/** Memory that is freed later, waited for, counted, or laid out otherwise. */
import { armsOf, flatten } from "../each-step.ts";
import type { Change } from "../edit.ts";
import type { DriverProgram, Step, StepOf } from "../steps.ts";
import { blocksOf, price, put, stepsOf, textOf, type Edit } from "./edit.ts";

/** What the object's memory is passed on by: only kfree() has a kfree_rcu(), and what is handed over is no memory of the allocator's. */
const isFreed = (step: Step): step is StepOf<"free"> => step.kind === "free" && step.handedOver !== true;
const laterBy = ({ how }: StepOf<"free">): string => (how === "kfree" ? "kfree_rcu() of" : "call_rcu() that frees");
const later = ({ object }: StepOf<"free">): Step => ({ kind: "kfree-rcu", object });

/** A free waits for a grace period in a callback, where it stands or at the end of its block; or is waited for. One too many stays one too many. */
export function deferrals(program: DriverProgram): readonly Edit[] {
  if (program.hazard.kind === "double-free") return [];
  const names = new Set(program.threads.map(({ role }) => role));
  return blocksOf(program).filter(({ thread }) => names.has(thread)).flatMap(({ thread, steps }): readonly Edit[] => {
    const frees = steps.filter(isFreed);
    const together = frees.length < 2 ? [] : [{
      title: `call_rcu() that frees ${frees.map(({ object }) => object).join(" and ")} instead of ${frees.map(textOf).join(" and ")} in ${thread}`,
      cost: price.defer, kind: "defer", changes: frees.map((free) => put(free, later(free))),
    } as const];
    return [...together, ...frees.flatMap((free): readonly Edit[] => [
      { title: `${laterBy(free)} ${free.object} instead of ${textOf(free)}`, cost: price.defer, kind: "defer", changes: [put(free, later(free))] },
      ...(steps.at(-1) === free ? [] : [{ title: `${laterBy(free)} ${free.object} at the end of ${thread}`, cost: price.defer + price.move, kind: "defer", changes: [put(free), { kind: "after", target: steps.at(-1)!, steps: [later(free)] }] } as const]),
      ...(steps[0] === free ? [{ title: `synchronize_rcu() before ${textOf(free)} in ${thread}`, cost: price.gracePeriod, kind: "grace-period", changes: [{ kind: "before", target: free, steps: [{ kind: "grace-period" }] }] } as const] : []),
    ])];
  });
}

/** rcu_barrier() or flush_work() before memory goes away that a handler uses. */
export function waits(program: DriverProgram): readonly Edit[] {
  return stepsOf(program).filter(({ step }) => isFreed(step)).flatMap(({ thread, step }) => (program.handlers ?? []).filter(({ name }) => name !== thread).map(({ name }): Edit => ({
    title: `wait for ${name}() before ${textOf(step)} in ${thread}`, cost: price.wait, kind: "wait", changes: [{ kind: "before", target: step, steps: [{ kind: "wait-for-handler", handler: name }] }],
  })));
}

/** What follows in the block, and what is done with the reference, happens where it was taken only. */
export function references(program: DriverProgram): readonly Edit[] {
  const registers = new Set(stepsOf(program).flatMap(({ step }) => ("dst" in step ? [step.dst] : [])));
  return stepsOf(program).flatMap(({ thread, step }): readonly Edit[] => {
    if (step.kind !== "get-ref") return [];
    let dst = "got";
    while (registers.has(dst)) dst += "_ref";
    const guard = (rest: readonly Step[]): Step => ({ kind: "if", condition: { left: dst, operator: "!=", right: 0 }, then: rest, else: [] });
    return [{ title: `kref_get_unless_zero() instead of ${textOf(step)} in ${thread}`, cost: price.reference, kind: "reference", changes: [put(step, { kind: "get-ref-unless-zero", dst, at: step.at }), { kind: "guard-rest", target: step, guard }] }];
  });
}

/** A word of a union gets storage of its own. */
export function layouts(program: DriverProgram): readonly Edit[] {
  return program.objects.flatMap((object) => (object.fields ?? []).flatMap((field): readonly Edit[] => {
    if (field.sharesWith === undefined) return [];
    const alone = (one: DriverProgram): DriverProgram => ({ ...one, objects: one.objects.map((other) => (other.name === object.name ? { ...other, fields: (other.fields ?? []).map(({ sharesWith, ...rest }) => (rest.name === field.name || sharesWith === undefined ? rest : { ...rest, sharesWith })) } : other)) });
    return [{ title: `${object.name}.${field.name} no longer shares storage with ${field.sharesWith}`, cost: price.layout, kind: "layout", changes: [{ kind: "program", apply: alone }] }];
  }));
}

/** A thread that follows pointers outside any section gets one. */
export function sections(program: DriverProgram): readonly Edit[] {
  return program.threads.flatMap(({ role, steps }): readonly Edit[] => {
    const all = flatten(steps);
    const follows = all.some((step) => "at" in step && /[*>]/.test(step.at));
    if (!follows || all.some((step) => step.kind === "read-lock" || step.kind === "grace-period" || (step.kind === "lock" && step.as === "mutex"))) return [];
    return [{ title: `rcu_read_lock() around ${role}`, cost: price.section, kind: "section", changes: around(role, { kind: "read-lock", flavour: "rcu" }, { kind: "read-unlock", flavour: "rcu" }) }];
  });
}

/** One lock around the bodies of two threads. */
export function commonLocks(program: DriverProgram): readonly Edit[] {
  const { threads } = program;
  const waitsOrLocks = (steps: readonly Step[]): boolean => steps.some((step) => ["lock", "wait-until", "wait-for-completion"].includes(step.kind) || armsOf(step).some(waitsOrLocks));
  return threads.flatMap((a, k) => threads.slice(k + 1).flatMap((b): readonly Edit[] => {
    if (waitsOrLocks(a.steps) || waitsOrLocks(b.steps)) return [];
    const lock = "common_lock";
    const held = (thread: string): readonly Change[] => around(thread, { kind: "lock", lock, as: "mutex" }, { kind: "unlock", lock, as: "mutex" });
    return [{ title: `a common lock around ${a.role} and ${b.role}`, cost: price.lock, kind: "lock", changes: [{ kind: "program", apply: (one) => ({ ...one, locks: [...(one.locks ?? []), lock] }) }, ...held(a.role), ...held(b.role)] }];
  }));
}

const around = (thread: string, enter: Step, leave: Step): readonly Change[] => [{ kind: "first", thread, steps: [enter] }, { kind: "last", thread, steps: [leave] }];
