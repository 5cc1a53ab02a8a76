/** Who finds the elements of a list under RCU, and how far they go with them. */

import { advanceOf, isReading, type ListUses, type Use } from "../../model/protection.ts";
import { touches, usableKey } from "../../model/lifetimes.ts";

/** `advance`, `access`: where it reads the next pointer, or something else of the element, in the same section. */
export type ListReader = { readonly use: Use; readonly head: string | undefined; readonly rcu: boolean; /** The code reads the head by a marked load of its own: it knows that nothing else keeps updaters out. */ readonly isLockless: boolean; readonly advance: number | undefined; readonly access: number | undefined };

/** Walks in read-side sections, marked ones first, at most one a function. `head`: of this list, where both are known. */
export function listReaders(list: ListUses | undefined, head: string | undefined): readonly ListReader[] {
  const byFunction = new Map<string, ListReader>();
  for (const use of list?.walks ?? []) {
    const { what, function: fn } = use.event;
    if (what.kind !== "walk" || !isReading(use)) continue;
    const own = usableKey(what.head?.key);
    if (head !== undefined && own !== undefined && own !== head) continue;
    const reader = { use, head: own, rcu: what.rcu, isLockless: what.rcu || (what.access !== undefined && what.access !== "plain"), advance: advanceOf(use), access: accessOf(use) };
    const known = byFunction.get(fn);
    if (known === undefined || rank(reader) > rank(known)) byFunction.set(fn, reader);
  }
  return [...byFunction.values()].sort((a, b) => rank(b) - rank(a) || a.use.event.at.start - b.use.event.at.start);
}

const rank = ({ rcu, advance, access, use }: ListReader): number => (rcu ? 8 : 0) + (advance === undefined ? 0 : 4) + (access === undefined ? 0 : 2) - use.event.locks.length;

function accessOf({ trace, index, event }: Use): number | undefined {
  const { what } = event;
  if (what.kind !== "walk") return undefined;
  const serials = new Set(event.readers.map((section) => section.serial));
  const at = trace.events.findIndex((other, later) => later > index && other.what.kind !== "advance" && touches(other.what, what.element) && other.readers.some((one) => serials.has(one.serial)));
  return at < 0 ? undefined : at;
}
