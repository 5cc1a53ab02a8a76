/** Which steps a hazard asks about: only those leave marks. */
import type { Lowering } from "./lowering.ts";
import type { Place } from "./steps.ts";

export const freedCount = (object: string): string => `v_times_freed_${object}`;

/** `dst`: the register that the step sets. */
export function hazardAsks(all: Lowering, thread: string, step: { readonly at?: Place; readonly dst?: string }): boolean {
  const { hazard } = all.driver;
  const parts = hazard.kind === "outcome" || hazard.kind === "use-after-free" ? (hazard.when ?? []) : [];
  if (step.dst !== undefined && parts.some((part) => "register" in part && part.register === step.dst && runsNamed(all, part.thread).includes(thread))) return true;
  if (step.at === undefined) return false;
  if (hazard.kind === "null-dereference") return all.places.parse(step.at).kind === "register";
  const object = "object" in hazard ? hazard.object : undefined;
  return object !== undefined && all.places.objectsAt(thread, step.at).includes(object);
}

/** A handler may run several times, each time as a thread of its own. */
export const runsNamed = (all: Lowering, thread: string): readonly string[] => all.runsOf.get(thread) ?? [thread];
