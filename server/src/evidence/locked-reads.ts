/** Reads under locks alone: whoever frees without these locks has such readers too. */

import { storeKey, structOfObject } from "../model/lifetimes.ts";
import type { PathWalker } from "../model/paths.ts";
import type { HeldLock, TraceEvent } from "../model/trace.ts";

export type LockedRead = { readonly function: string; readonly locks: readonly HeldLock[]; /** Of a list. */ readonly head: string | undefined };

const lockedReads = new WeakMap<PathWalker, Map<readonly string[], ReadonlyMap<string, readonly LockedRead[]>>>();

/** What is read under locks, outside any section, by what it is: a list by its member, a pointer or a table by its key. */
export function lockedReadsOf(walker: PathWalker, roots: readonly string[]): ReadonlyMap<string, readonly LockedRead[]> {
  const ofWalker = lockedReads.get(walker) ?? new Map<readonly string[], ReadonlyMap<string, readonly LockedRead[]>>();
  lockedReads.set(walker, ofWalker);
  const known = ofWalker.get(roots);
  if (known !== undefined) return known;
  const byContainer = new Map<string, LockedRead[]>();
  const seen = new Set<string>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      for (const { what, readers, locks, function: fn } of events) {
        const read = readers.length > 0 || locks.length === 0 ? undefined : containerRead(what);
        if (read === undefined) continue;
        const head = what.kind === "walk" ? what.head?.key : undefined;
        const once = `${read} ${fn} ${head ?? ""} ${locks.map(({ key }) => key).join()}`;
        if (seen.has(once)) continue;
        seen.add(once);
        byContainer.set(read, [...(byContainer.get(read) ?? []), { function: fn, locks, head }]);
      }
    }
  }
  ofWalker.set(roots, byContainer);
  return byContainer;
}

function containerRead(what: TraceEvent["what"]): string | undefined {
  switch (what.kind) {
    case "walk": { const struct = structOfObject(what.element); return struct === undefined ? undefined : `list ${struct}.${what.member}`; }
    case "lookup": { const key = storeKey(what.container); return key === undefined ? undefined : `table ${key}`; }
    case "load": return what.rcu === undefined || what.rcu === "value" ? undefined : `pointer ${what.place.key}`;
    default: return undefined;
  }
}
