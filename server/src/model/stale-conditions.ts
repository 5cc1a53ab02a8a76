/** Conditions on memory that the same path has set otherwise, with a call in between that nothing is known of: what it would have to change. */

import { placeId } from "./places.ts";
import type { Sym, Trace } from "./trace.ts";

/** In words, for conditions up to event `last` that ask for one word and whether it is zero. */
export function staleConditions({ events }: Trace, last: number): readonly string[] {
  const found: string[] = [];
  const set = new Map<string, { readonly value: Sym; readonly text: string }>();
  let asked: { readonly at: number; readonly id: string } | undefined;
  for (const { what, at } of events.slice(0, last + 1)) {
    if (what.kind === "store") set.set(placeId(what.place), { value: what.value, text: what.place.key });
    if (what.kind === "rmw" || (what.kind === "atomic" && what.access === "write")) set.delete(placeId(what.place));
    if (what.kind === "load") asked = { at: at.start, id: placeId(what.place) };
    if (what.kind !== "branch" || asked === undefined || asked.at < at.start || asked.at >= at.end || !/^!?[\w.]+(?:->[\w.]+)*$/.test(what.text)) continue;
    const before = set.get(asked.id);
    const is = before === undefined ? undefined : truthOf(before.value);
    if (before !== undefined && is !== undefined && is !== (what.text.startsWith("!") ? !what.taken : what.taken)) found.push(`${before.text} is set to ${is ? "a number" : "0"} before the path asks for it, and would have to change in between`);
  }
  return found;
}

const truthOf = ({ origin }: Sym): boolean | undefined => (origin.kind === "null" ? false : origin.kind === "constant" ? origin.value !== 0 : undefined);
