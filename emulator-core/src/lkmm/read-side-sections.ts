/*
 * RCU read-side critical sections along one path, and what is wrong with them.
 */
import type { PathEvent } from "../explore/path.ts";
import type { ModelProfile } from "./profiles.ts";

/** rcu-rscs of linux-kernel.bell: lock and unlock pair up like parentheses, nested pairs all kept. */
export function matchRcu(events: readonly PathEvent[], names: ModelProfile["flagNames"]): { readonly sections: readonly (readonly [number, number])[]; readonly flags: readonly string[] } {
  const open: number[] = [];
  const sections: [number, number][] = [];
  const flags = new Set<string>();
  events.forEach((event, index) => {
    if (event.kind !== "fence") return;
    if (event.tag === "rcu-lock") open.push(index);
    if (event.tag !== "rcu-unlock") return;
    const lock = open.pop();
    if (lock === undefined) flags.add(names.rcuUnlock);
    else sections.push([lock, index]);
  });
  if (open.length > 0) flags.add(names.rcuLock);
  const sleeps = events.some((event, index) => event.kind === "sync-srcu" && sections.some(([lock, unlock]) => lock < index && index < unlock));
  if (sleeps) flags.add("invalid-sleep");
  return { sections, flags: [...flags] };
}
