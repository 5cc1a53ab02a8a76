/**
 * Words of a device's structure that say whether the rest of it counts: somewhere the word alone is cleared, and somewhere
 * it is set after the others were written. What it is called says nothing.
 */

import { rolesReaching } from "../../model/entries.ts";
import { usableKey } from "../../model/lifetimes.ts";
import { isFresh } from "../../model/protection.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import type { RuleContext } from "../rule.ts";
import type { DeviceMemory } from "./device-memory.ts";

/** `content`: the last store to another word of the structure before `valid` sets the word, with nothing between that orders the two for a device. */
export type EarlyValid = { readonly trace: Trace; readonly content: number; readonly valid: number };

/** Keys of words that some path clears without another word of the same structure. */
export function clearedAlone(context: RuleContext, memory: DeviceMemory): ReadonlySet<string> {
  const { walker, roots } = context.about("device");
  const keys = new Set<string>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      for (const [index, event] of events.entries()) {
        const key = storedKey(event, memory);
        const { what } = event;
        if (key === undefined || what.kind !== "store" || !isZero(event)) continue;
        const isOther = (other: TraceEvent, at: number): boolean => at !== index && other.what.kind === "store" && other.what.place.base.id === what.place.base.id && other.what.place.key !== key;
        if (!events.some(isOther)) keys.add(key);
      }
    }
  }
  return keys;
}

/** In what the IOMMU core calls, where the device may be looking. */
export function earlyValidAt(trace: Trace, event: TraceEvent, index: number, words: ReadonlySet<string>, memory: DeviceMemory, { facts }: RuleContext): EarlyValid | undefined {
  const key = storedKey(event, memory);
  const { what } = event;
  if (key === undefined || !words.has(key) || what.kind !== "store" || what.access === "release" || isZero(event) || event.condition !== undefined || isFresh(trace, index, what.place.base)) return undefined;
  if (!rolesReaching(trace.root, facts).some(({ role }) => role.table.startsWith("iommu"))) return undefined;
  const isContent = (other: TraceEvent): boolean => other.what.kind === "store" && other.condition === undefined && other.what.place.base.id === what.place.base.id && storedKey(other, memory) !== key && !isZero(other);
  const content = trace.events.findLastIndex((other, at) => at < index && isContent(other));
  if (content < 0) return undefined;
  const between = trace.events.slice(content + 1, index);
  return between.some(orders) ? undefined : { trace, content, valid: index };
}

function storedKey({ what }: TraceEvent, memory: DeviceMemory): string | undefined {
  if (what.kind !== "store" || !memory.isObject(what.place.base) || what.place.path.length !== 1) return undefined;
  const key = usableKey(what.place.key);
  return key?.includes("[") === true ? undefined : key;
}

const isZero = ({ what }: TraceEvent): boolean => what.kind === "store" && (what.value.origin.kind === "null" || (what.value.origin.kind === "constant" && what.value.origin.value === 0));

/** A call that nothing is known of may order as well. */
function orders({ what }: TraceEvent): boolean {
  if (what.kind === "fence") return what.scope !== "cpu" && (what.fence === "wmb" || what.fence === "mb");
  return what.kind === "opaque" || what.kind === "lock" || what.kind === "unlock" || what.kind === "wait" || (what.kind === "mmio" && what.order === "ordered" && what.access === "write");
}
