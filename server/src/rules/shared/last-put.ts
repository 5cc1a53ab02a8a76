/** The path that may give up the last reference to an object that others find, and what keeps them apart from it. */

import type { FileFacts } from "../../model/file-facts.ts";
import { isLocal, usableKey } from "../../model/lifetimes.ts";
import type { Use } from "../../model/protection.ts";
import type { HeldLock, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { structNameOf } from "../../model/types.ts";
import { leavesBy, objectBehind, type Source } from "./obtained.ts";

/** `put`: gives up what may be the last reference; `leave`: takes the object out of where the reader finds it. */
export type End = { readonly trace: Trace; readonly put: number; readonly leave: number };
/** The put, with the event of the same path that takes the object out of the container; a wait for readers in between is enough. */
export function endOf({ trace, index, event }: Use, { kind, key, head }: Source): End | undefined {
  const { what } = event;
  if (what.kind !== "put") return undefined;
  const object = objectBehind(what.counter);
  if (isOfAnotherList(object, head)) return undefined;
  const leave = trace.events.findIndex((other) => { const left = leavesBy(other, object); return left?.kind === kind && left.key === key; });
  if (leave < 0) return undefined;
  // What comes after the put is the last user's doing only where the put says so: its release function, or a test of what it returned.
  if (leave > index && !(trace.events[leave]?.chain.some((site) => site.lastReference && site.at.start === event.at.start) === true || isAsked(trace, index))) return undefined;
  return { trace, put: index, leave };
}

/** Found on a list that others do not search: one of this function, to which it was moved before, or one with another head. */
function isOfAnotherList({ origin }: Sym, head: string | undefined): boolean {
  if (origin.kind !== "element") return false;
  const own = usableKey(origin.head?.key);
  return isLocal(origin.head) || (head !== undefined && own !== undefined && own !== head);
}

/** What the put returned is tested right after it. */
function isAsked({ events }: Trace, put: number): boolean {
  const call = events[put]?.at.start;
  return events.find((other, index) => index > put && (other.what.kind === "branch" || (other.at.start !== call && other.what.kind !== "lock")))?.what.kind === "branch";
}

/** One lock from the look-up to the reference, and on the other side over both: nobody sees a count of zero. */
export function keptApart(obtain: TraceEvent, get: TraceEvent, { trace, put, leave }: End): boolean {
  const ours = obtain.locks.filter((lock) => get.locks.some((held) => held.key === lock.key));
  const [first, last] = [Math.min(put, leave), Math.max(put, leave)];
  const theirs = trace.events.slice(first, last + 1);
  const given = put < leave ? givenBack(trace, put, leave) : [];
  return ours.some((lock) => given.some((one) => mayBeSame(one, lock)) || (leave < put ? trace.events[leave]?.locks.some((held) => mayBeSame(held, lock)) === true : theirs.every((event) => event.locks.some((held) => mayBeSame(held, lock)))));
}

/** By its key, or the same field of the same structure, which two functions may know by different names; of a structure that is not known, of any. */
export function mayBeSame(a: HeldLock, b: HeldLock): boolean {
  if (a.key === b.key) return true;
  const place = ({ pointer }: HeldLock) => (pointer?.origin.kind === "address" ? pointer.origin.place : undefined);
  const [one, other] = [place(a), place(b)];
  if (one === undefined || other === undefined) return usableKey(a.key) === undefined || usableKey(b.key) === undefined;
  const [struct, second] = [structNameOf(one.base.type), structNameOf(other.base.type)];
  return one.path.join(".") === other.path.join(".") && (struct === undefined || second === undefined || struct === second);
}

/** Locks given back after `from` that nobody took since the put: it took them with the last reference, by itself or in its release function (refcount_dec_and_lock(), kref_put_mutex()). */
export function givenBack({ events }: Trace, put: number, from: number): readonly HeldLock[] {
  const given: HeldLock[] = [];
  const taken = new Set<string>();
  const call = events[put]?.at.start;
  events.forEach(({ what, at }, index) => {
    if (index < put || (what.kind === "lock" && at.start === call)) return;
    if (what.kind === "lock") taken.add(what.lock.key);
    else if (what.kind === "unlock" && index >= from && !taken.has(what.lock.key)) given.push(what.lock);
  });
  return given;
}

export function distinct(ends: readonly End[]): readonly End[] {
  return [...new Map(ends.toReversed().map((end) => [`${String(end.trace.events[end.put]?.at.start)} ${String(end.trace.events[end.leave]?.at.start)}`, end])).values()].reverse();
}

/** Somebody who does not make the object writes the field, in whatever way. */
export function isChanged(field: string, struct: string | undefined, { functions, unit }: FileFacts): boolean {
  const name = String.raw`((?:->|\.)?)\b(\w+)(?:\[[^\]]*\])?(?:->|\.)${field}\b`;
  const write = new RegExp(String.raw`${name}\s*(?:\[[^\]]*\]\s*)?(?:[-+|&^]?=(?!=)|\+\+|--)|\b(?:atomic\w*_(?:set|inc|dec|add|sub|xchg|cmpxchg)\w*|WRITE_ONCE|smp_store_release|c?m?p?xchg|(?:__)?(?:test_and_)?(?:set|clear|change)_bit\w*)\s*\([^;]*?${name}`, "g");
  return [...functions.values()].some((fn) => {
    const text = unit.text.slice(fn.start, fn.end);
    if (/\bk(?:v?[mz]|c)alloc|\bkmem_cache_z?alloc|\bvz?alloc|_alloc\w*\(/.test(text)) return false;
    return [...text.matchAll(write)].some(([, within, variable = "", given, argument = ""]) => {
      if ((within ?? "") !== "" || (given ?? "") !== "") return true;
      const of = new RegExp(String.raw`\bstruct\s+(\w+)\s*\*+\s*(?:\w+\s*(?:=[^;,]*)?,\s*\*+\s*)*${variable === "" ? argument : variable}\b`).exec(text)?.[1];
      return of === undefined || of === struct;
    });
  });
}

