/** refcount_inc_not_zero() as the kernel's loop. */
import type { Instruction } from "../program.ts";
import { describeStep } from "./describe.ts";
import { flatten } from "./each-step.ts";
import { assign, compare, loadOf, number, register, when, type Lowering } from "./lowering.ts";
import { demand } from "./mistake.ts";
import { bodiesOf } from "./places.ts";
import type { StepOf } from "./steps.ts";

/** Attempts beyond which a program is refused; each needs another CPU's write in between. */
const attemptsMax = 4;

/** A relaxed cmpxchg() loop; every round that fails has seen another CPU's write. */
export function getUnlessZero(all: Lowering, thread: { readonly index: number; readonly name: string }, step: StepOf<"get-ref-unless-zero">): readonly Instruction[] {
  const objects = all.places.objectsAt(thread.name, step.at);
  const others = otherWrites(all, thread.name, objects);
  demand(others < attemptsMax, `${thread.name}: ${describeStep(step)} may lose against ${String(others)} other writes; at most ${String(attemptsMax - 1)} are followed`);
  for (const object of objects) all.atomics.add(object);
  const address = all.address(step.at);
  // 1, computed from what was read: refcount_inc_not_zero() orders later stores by control dependency (include/linux/refcount.h).
  const taken = (got: string, old: string): Instruction => assign(step.dst, compare(register(got), "==", register(old)));
  const round = (left: number, old: string): readonly Instruction[] => {
    const got = `r_${step.dst}_got${String(left)}`;
    const outcome = when(compare(register(got), "==", register(old)), [taken(got, old)], left === 0 ? [] : round(left - 1, got));
    return [when(compare(register(old), "!=", number(0)), [
      assign(got, { kind: "rmw", address, operation: { kind: "compare-exchange", expected: register(old), value: { kind: "binary", operator: "+", left: register(old), right: number(1) } }, order: "relaxed", result: "old" }, step.source),
      outcome,
    ])];
  };
  const seen = `r_${step.dst}_seen`;
  all.loads.push({ thread: thread.index, register: seen, place: step.at, threadName: thread.name });
  return [assign(step.dst, number(0)), assign(seen, loadOf(address, "once"), step.source), ...round(others, seen)];
}

function otherWrites({ driver, places }: Lowering, thread: string, objects: readonly string[]): number {
  let count = 0;
  for (const { name, steps } of bodiesOf(driver)) {
    if (name === thread) continue;
    for (const step of flatten(steps)) {
      // kfree_rcu() frees in its handler, which is a body of its own; it writes itself where its head is.
      const isFree = (step.kind === "free" || (step.kind === "kfree-rcu" && step.head !== undefined)) && objects.includes(step.object);
      const isWrite = (step.kind === "store" || step.kind === "update" || step.kind === "get-ref" || step.kind === "get-ref-unless-zero" || step.kind === "put-ref") && places.objectsAt(name, step.at).some((object) => objects.includes(object));
      if (isFree || isWrite) count++;
    }
  }
  return count;
}
