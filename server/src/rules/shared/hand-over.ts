/**
 * Words of a descriptor by which it is handed to a device that looks by itself (an owner bit, a valid bit), told by how
 * the file treats them: somewhere a write barrier stands between the other words and this one.
 */

import type { TraceEvent } from "../../model/trace.ts";
import type { TopicPaths } from "../rule.ts";
import type { DeviceMemory } from "./device-memory.ts";

/** By key of the word, the function that puts the barrier. */
export type HandOverWords = ReadonlyMap<string, string>;

export function handOverWords({ walker, roots }: TopicPaths, memory: DeviceMemory): HandOverWords {
  const words = new Map<string, string>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      // Words written before the last barrier, and since it, by the descriptor that they are in.
      const before = new Map<number, Set<string>>();
      const since = new Map<number, Set<string>>();
      for (const event of events) {
        const { what } = event;
        if (ordersStores(event)) {
          for (const [base, keys] of since) before.set(base, new Set([...(before.get(base) ?? []), ...keys]));
          since.clear();
        } else if (what.kind === "store" && what.place.path.length > 0 && memory.holds(what.place)) {
          const { base, key } = what.place;
          const contents = before.get(base.id);
          if (contents !== undefined && !since.has(base.id) && !contents.has(key)) words.set(key, event.function);
          since.set(base.id, new Set([...(since.get(base.id) ?? []), key]));
        }
      }
    }
  }
  return words;
}

/** A barrier for stores that devices see, or what has one in it. */
export function ordersStores({ what }: TraceEvent): boolean {
  return (what.kind === "fence" && what.scope !== "cpu" && (what.fence === "wmb" || what.fence === "mb")) || (what.kind === "mmio" && what.access === "write" && what.order === "ordered");
}
