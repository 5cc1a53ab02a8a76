/** Barriers, and accesses that are marked or order by themselves. */
import { describeStep } from "../describe.ts";
import type { Change } from "../edit.ts";
import { Places } from "../places.ts";
import type { BarrierName, DriverProgram, Step } from "../steps.ts";
import { between, gapsOf, insert, isInsideFlush, price, put, stepsOf, textOf, withoutSource, type Edit, type Gap } from "./edit.ts";

export function barriers(program: DriverProgram): readonly Edit[] {
  const scope = program.objects.some(({ seenBy }) => seenBy === "device") ? "dma" : "smp";
  const barrier = (name: BarrierName, cost: number, gap: Gap): Edit => ({ title: `${name}() ${between(gap)}`, cost, kind: "barrier", changes: insert(gap, { kind: "barrier", barrier: name }) });
  // The two sides of rcu_read_lock() are the same place to a barrier.
  const inserted = gapsOf(program).filter(({ before, after }) => before.kind !== "read-lock" && after.kind !== "read-unlock").flatMap((gap) => [
    barrier(`${scope}_wmb`, price.oneWay, gap), barrier(`${scope}_rmb`, price.oneWay, gap), barrier("smp_mb", price.full, gap),
  ]);
  const stronger = stepsOf(program).flatMap(({ thread, step }) => strongerThan(step).map((name): Edit => ({
    title: `${name}() instead of ${textOf(step)} in ${thread}`, cost: price.stronger, kind: "barrier", changes: [put(step, { kind: "barrier", barrier: name })],
  })));
  return [...stronger, ...inserted];
}

function strongerThan(step: Step): readonly BarrierName[] {
  if (step.kind !== "barrier") return [];
  switch (step.barrier) {
    case "smp_wmb": return ["dma_wmb", "smp_mb"];
    case "smp_rmb": return ["dma_rmb", "smp_mb"];
    case "dma_wmb": return ["wmb", "smp_mb"];
    case "dma_rmb": return ["rmb", "smp_mb"];
    case "barrier": return ["smp_mb"];
    default: return [];
  }
}

/** Where somebody reads: it is no barrier towards a device. */
export function gracePeriods(program: DriverProgram): readonly Edit[] {
  if (!stepsOf(program).some(({ step }) => step.kind === "read-lock" || step.kind === "lock")) return [];
  return gapsOf(program).filter((gap) => !isInsideFlush(gap)).map((gap): Edit => ({ title: `synchronize_rcu() ${between(gap)}`, cost: price.gracePeriod, kind: "grace-period", changes: insert(gap, { kind: "grace-period" }) }));
}

export function marks(program: DriverProgram): readonly Edit[] {
  const places = new Places(program);
  const edits: Edit[] = [];
  const plainAt = new Map<string, Change[]>();
  for (const { thread, step } of stepsOf(program)) {
    const forms = marked(places, thread, step);
    for (const made of forms) edits.push({ title: `${describeStep(made)} in ${thread}`, cost: isOrdered(made) ? price.ordered : price.mark, kind: "mark", changes: [put(step, made)] });
    const [first] = forms;
    if ((step.kind === "load" || step.kind === "store") && step.as === "plain" && first !== undefined) plainAt.set(step.at, [...(plainAt.get(step.at) ?? []), put(step, first)]);
  }
  const together = [...plainAt].filter(([, changes]) => changes.length > 1).map(([place, changes]): Edit => ({ title: `mark every access of ${place}`, cost: price.mark + 1, kind: "mark", changes }));
  return [...edits, ...together];
}

const isOrdered = (step: Step): boolean => (step.kind === "load" && step.as === "smp_load_acquire") || (step.kind === "store" && step.as === "smp_store_release");

/** The same access, marked more strongly; the best form for a pointer first. smp_store_release() is for CPUs: a device is no partner of it. */
function marked(places: Places, thread: string, step: Step): readonly Step[] {
  if (step.kind === "load" && step.as === "plain") return [{ ...withoutSource(step), as: "rcu_dereference" }];
  if (step.kind === "load" && step.as !== "smp_load_acquire") return [{ ...withoutSource(step), as: "smp_load_acquire" }];
  if (step.kind === "store" && (step.as === "plain" || step.as === "WRITE_ONCE")) {
    const once: readonly Step[] = step.as === "plain" ? [{ ...withoutSource(step), as: "WRITE_ONCE" }] : [];
    if (places.isSeenByDevice(thread, step.at)) return once;
    const isPointer = typeof step.value === "string" && (step.value.startsWith("&") || places.isPointerRegister(thread, step.value));
    return [{ ...withoutSource(step), as: isPointer ? "rcu_assign_pointer" : "smp_store_release" }, ...once];
  }
  return step.kind === "poll" && step.as !== "readl" ? [{ ...withoutSource(step), as: "readl" }] : [];
}
