/** What an object leads to, freed at once where the object itself is left to RCU: readers that hold the object follow it there. */

import { isBehind, isMarkedPointer, usableKey } from "../../model/lifetimes.ts";
import { isFresh } from "../../model/protection.ts";
import { isMarkedSection, type Sym, type Trace, type TraceEvent } from "../../model/trace.ts";
import type { RuleContext } from "../rule.ts";
import { containerRead, usesOf } from "./lifetime-races.ts";
import { placesOn, type Place } from "./sites.ts";

/** `obtain`: where the object is found, in a section; `access`: where what it leads to is used there. */
export type PartReader = { readonly trace: Trace; readonly obtain: number; readonly access: number };

/** `part`: what `owner` leads to by the field `key`. `queued`: where the owner is left to RCU. `taken`: where it is taken out of the reach of readers; undefined: not on this path. */
export type FreedPart = { readonly part: Sym; readonly owner: Sym; readonly key: string; readonly queued: number; readonly taken: number | undefined; readonly readers: readonly PartReader[] };

export function freedParts(context: RuleContext): readonly Place<FreedPart>[] {
  const known = new Map<string, readonly PartReader[]>();
  const readersOf = (key: string): readonly PartReader[] => {
    const found = known.get(key) ?? partReaders(key, context);
    known.set(key, found);
    return found;
  };
  return placesOn(context, (trace, event, index) => {
    const part = partAt(trace, event, index, context);
    if (part === undefined) return undefined;
    const readers = readersOf(part.key).filter(({ trace: reader, access }) => reader.events[access]!.function !== event.function && !reader.events[access]!.locks.some(({ key }) => event.locks.some((own) => own.key === key)));
    return readers.length === 0 ? undefined : { ...part, readers };
  }, ({ taken }) => (taken === undefined ? 1 : 0));
}

function partAt(trace: Trace, { what, condition }: TraceEvent, index: number, { facts }: RuleContext): Omit<FreedPart, "readers"> | undefined {
  if (what.kind !== "free" || condition !== undefined || what.object.origin.kind !== "load" || facts.rcuCallbacks.has(trace.root)) return undefined;
  const { place } = what.object.origin;
  const { base: owner } = place;
  const key = usableKey(place.key);
  const queued = trace.events.findIndex(({ what: one, condition: only }) => only === undefined && ((one.kind === "defer-free" && one.object.id === owner.id) || (one.kind === "defer-call" && isBehind(one.head, owner))));
  if (key === undefined || queued < 0 || isFresh(trace, index, owner)) return undefined;
  // Another wait, whoever it is for, and whether it comes before the path is not known to be too late.
  if (trace.events.slice(0, index).some(({ what: one }) => one.kind === "wait" && !one.maybe && !one.callbacks)) return undefined;
  // The pointer was cleared for readers first: what becomes of the old value is told of it.
  if (trace.events.slice(0, index).some(({ what: one }) => one.kind === "store" && one.old?.id === what.object.id)) return undefined;
  const taken = trace.events.findIndex(({ what: one }, at) => at < index && ((one.kind === "unlink" && one.element.id === owner.id) || (one.kind === "remove" && one.element?.id === owner.id) || (one.kind === "store" && one.old?.id === owner.id)));
  return { part: what.object, owner, key, queued, taken: taken < 0 ? undefined : taken };
}

/** One for each function. */
function partReaders(key: string, { walker, roots }: RuleContext): readonly PartReader[] {
  const found = new Map<string, PartReader>();
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      for (const [index, event] of trace.events.entries()) {
        if (event.what.kind !== "load" || event.what.place.key !== key || found.has(event.function)) continue;
        const reader = readerAt(trace, event, index, event.what.value, event.what.place.base, { walker, roots });
        if (reader !== undefined) found.set(event.function, reader);
      }
    }
  }
  return [...found.values()];
}

function readerAt(trace: Trace, event: TraceEvent, index: number, value: Sym, owner: Sym, { walker, roots }: Pick<RuleContext, "walker" | "roots">): PartReader | undefined {
  const { events } = trace;
  const serials = new Set(event.readers.filter(isMarkedSection).map(({ serial }) => serial));
  const isHere = (at: number): boolean => events[at]?.readers.some(({ serial }) => serials.has(serial)) === true;
  if (serials.size === 0) return undefined;
  const obtain = events.findLastIndex((one, at) => at < index && isHere(at) && isByReader(one, owner, walker, roots));
  // Who took a reference holds the object itself, and what it leads to.
  if (obtain < 0 || events.slice(obtain, index).some(({ what }) => what.kind === "reference" && isBehind(what.counter, owner))) return undefined;
  const access = usesOf(trace, value, index).find(isHere);
  return access === undefined ? undefined : { trace, obtain, access };
}

/** Found by a primitive for readers, or in a place that such primitives are for. */
function isByReader(event: TraceEvent, object: Sym, walker: RuleContext["walker"], roots: RuleContext["roots"]): boolean {
  const read = containerRead(event);
  if (read?.object.id !== object.id) return false;
  const { what } = event;
  return (what.kind === "walk" && what.rcu) || (what.kind === "load" && (what.rcu === "reader" || what.rcu === "either")) || (read.container.kind === "pointer" && isMarkedPointer(read.container.key, roots, walker));
}
