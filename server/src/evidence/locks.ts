/** Which locks keep an updater and a reader apart: the same lock of the same object, held so that it excludes. */

import type { ReaderUse, Retirement } from "../model/lifetimes.ts";
import { usableKey } from "../model/lifetimes.ts";
import type { HeldLock, Sym, TraceEvent } from "../model/trace.ts";

export type CommonLocks = {
  /** Keys of locks that both sides take. */
  readonly keys: ReadonlySet<string>;
  /** Why it is not certain that they are the same, or that they exclude: forbids `refuted`. */
  readonly uncertain: readonly string[];
  /** Locks that may be one although they are reached in different ways: forbids `confirmed`. */
  readonly doubts: readonly string[];
};

export function commonLocks(retirement: Retirement, reader: ReaderUse | undefined): CommonLocks {
  if (reader === undefined) return { keys: new Set(), uncertain: [], doubts: [] };
  const ours = heldAt(retirement.trace.events, [retirement.detach, retirement.end]);
  const theirs = heldAt(reader.trace.events, [reader.obtain, ...reader.accesses]);
  const keys = new Set<string>();
  const uncertain: string[] = [];
  for (const lock of ours.values()) {
    const other = theirs.get(lock.key);
    if (other === undefined || (lock.class === "read" && other.class === "read")) continue;
    // One side locks the object itself, the other something else of the same type.
    if ((lock.base === retirement.object.id) !== (other.base === reader.object.id)) continue;
    keys.add(lock.key);
    if (!isSameInstance(lock, other, retirement, reader)) uncertain.push(`whether both sides take the same ${lock.text} is not known`);
    if (!excludes(lock, other)) uncertain.push(`${lock.text} may be held shared on both sides`);
  }
  const nameless = [...ours.values(), ...theirs.values()].find((lock) => usableKey(lock.key) === undefined || lock.key.startsWith("value "));
  const isOpen = keys.size === 0 && nameless !== undefined && ours.size > 0 && theirs.size > 0;
  return { keys, uncertain, doubts: isOpen ? [`${nameless.text} may be a lock that the other side takes too`] : [] };
}

function heldAt(events: readonly TraceEvent[], indices: readonly number[]): Map<string, HeldLock> {
  return new Map(indices.flatMap((index) => events[index]?.locks ?? []).map((lock) => [lock.key, lock]));
}

function excludes(a: HeldLock, b: HeldLock): boolean {
  const exclusive = (lock: HeldLock): boolean => lock.class === "spin" || lock.class === "mutex" || lock.class === "write";
  return exclusive(a) || exclusive(b) ? (a.class !== "held" && b.class !== "held") || exclusive(a) || exclusive(b) : false;
}

/** A global lock, or on both sides the lock of what holds the container, or of the object. */
function isSameInstance(ours: HeldLock, theirs: HeldLock, retirement: Retirement, reader: ReaderUse): boolean {
  if (ours.key.includes("[]")) return false;
  if (ours.base === -1 || ours.key.startsWith("global ")) return true;
  if (ours.base === retirement.object.id && theirs.base === reader.object.id) return true;
  const readerHolder = holderOf(reader);
  if (readerHolder === undefined || theirs.base !== readerHolder.sym.id) return false;
  if (retirement.holder !== undefined) return ours.base === retirement.holder.id;
  // The updater does not show which list it is: the lock beside the reader's list head is taken for that list's.
  return structOfKey(ours.key) === structOfKey(readerHolder.key) && usableKey(ours.key) !== undefined && !hasRivals(ours.key, retirement);
}

const structOfKey = (key: string): string => key.slice(0, key.indexOf("."));

/** Two structures of the type are at hand: which one the object belongs to is not visible. */
export function hasRivals(key: string, { trace }: Retirement): boolean {
  const bases = new Set(trace.events.flatMap(({ locks, what }) => [
    ...locks.filter((lock) => structOfKey(lock.key) === structOfKey(key)).map((lock) => lock.base),
    ...(what.kind === "wait" && what.domainBase !== undefined && structOfKey(what.domain) === structOfKey(key) ? [what.domainBase] : []),
  ]));
  return bases.size > 1;
}

function holderOf(reader: ReaderUse): { readonly sym: Sym; readonly key: string } | undefined {
  const what = reader.trace.events[reader.obtain]?.what;
  const place = what?.kind === "walk" ? what.head : what?.kind === "load" ? what.place : undefined;
  return place === undefined ? undefined : { sym: place.base, key: place.key };
}
