/**
 * What a hypothesis needs of another file: the list or the field that both sides share, who stands on the other side, and
 * why the two may never meet although nothing in the replay says so.
 */

import type { FileFacts } from "../model/file-facts.ts";
import { storeKey, structOfObject, usableKey, type Container } from "../model/lifetimes.ts";
import { counterKey, protectionOf, runsAlone } from "../model/protection.ts";
import { isMarkedSection, type HeldLock, type Place, type Sym, type Trace, type TraceEvent } from "../model/trace.ts";
import { writtenName } from "../model/words.ts";
import type { Hypothesis, Race, RuleContext } from "../rules/rule.ts";

/** What two files can share. `head`: the key of the one list that is meant, where it is known. */
export type SharedPlace =
  | { readonly kind: "list"; readonly struct: string; readonly field: string; readonly head: string | undefined }
  | { readonly kind: "field"; readonly struct: string; readonly field: string }
  | { readonly kind: "global"; readonly name: string; readonly field: string | undefined };

/** Structures that are part of all others: their fields say nothing of whose they are. */
const buildingBlocks: ReadonlySet<string> = new Set([
  "list_head", "hlist_head", "hlist_node", "hlist_bl_head", "hlist_bl_node", "hlist_nulls_head", "hlist_nulls_node", "llist_head", "llist_node",
  "rb_node", "rb_root", "xarray", "idr", "callback_head", "rcu_head", "kref", "work_struct",
]);

const isOfBlock = (key: string): boolean => buildingBlocks.has(/^\w+/.exec(key)?.[0] ?? "");

/** The key of a list's head, where it says which list it is. */
function headKey(key: string | undefined): string | undefined {
  const usable = usableKey(key);
  return usable === undefined || isOfBlock(usable) ? undefined : usable;
}

/** One event of one path. */
export type Side = { readonly trace: Trace; readonly at: number };

/** The hypothesis with one counterpart alone. `ours`: where the finding's own side does its part. */
export type Met = { readonly hypothesis: Hypothesis; readonly theirs: Side; readonly ours: readonly Side[]; readonly isReader: boolean };

/** Nobody of the file at hand is on the other side. */
export function lacksCounterpart(hypothesis: Hypothesis): boolean {
  switch (hypothesis.kind) {
    case "use-after-free": return hypothesis.sides.length > 0 && hypothesis.sides.every(({ readers }) => readers.length === 0);
    case "lost-dependency": return hypothesis.publishers.length === 0;
    case "race": return hypothesis.races.length > 0 && hypothesis.races.every(isSynthetic);
    case "path": case "reaches-wait": return false;
  }
}

const isSynthetic = ({ counterpart }: Race): boolean => counterpart !== null && "synthetic" in counterpart;

export function sharedPlaces(hypothesis: Hypothesis): readonly SharedPlace[] {
  const found = placesIn(hypothesis);
  return [...new Map(found.map((place) => [JSON.stringify(place), place])).values()];
}

/** Functions at which the paths of the finding begin. */
export function rootsOf(hypothesis: Hypothesis): readonly string[] {
  switch (hypothesis.kind) {
    case "use-after-free": return hypothesis.sides.flatMap(({ variants }) => variants.map(({ trace }) => trace.root));
    case "lost-dependency": return [hypothesis.reader.trace.root];
    case "race": return hypothesis.races.flatMap(({ threads }) => threads.map(({ trace }) => trace.root));
    case "path": case "reaches-wait": return [];
  }
}

/** Functions at which the paths of its counterparts begin. */
export function otherRootsOf(hypothesis: Hypothesis): readonly string[] {
  switch (hypothesis.kind) {
    case "use-after-free": return hypothesis.sides.flatMap(({ readers }) => readers.map(({ trace }) => trace.root));
    case "lost-dependency": return hypothesis.publishers.map(({ trace }) => trace.root);
    case "race": return hypothesis.races.flatMap(({ counterpart }) => (counterpart !== null && "trace" in counterpart ? [counterpart.trace.root] : []));
    case "path": case "reaches-wait": return [];
  }
}

function placesIn(hypothesis: Hypothesis): readonly SharedPlace[] {
  switch (hypothesis.kind) {
    case "use-after-free": return hypothesis.sides.flatMap(({ variants }) => variants.flatMap(({ container }) => ofContainer(container)));
    case "lost-dependency": return ofEvent(hypothesis.reader.trace.events[hypothesis.reader.obtain]);
    case "race": return hypothesis.races.flatMap(({ threads }) => threads.flatMap(({ trace, steps }) => steps.flatMap(({ at }) => ofEvent(trace.events[at]))));
    case "path": case "reaches-wait": return [];
  }
}

function ofContainer(container: Container): readonly SharedPlace[] {
  return container.kind === "list" ? [{ kind: "list", struct: container.struct, field: container.member, head: headKey(container.head) }] : ofKey(container.key);
}

function ofEvent(event: TraceEvent | undefined): readonly SharedPlace[] {
  const what = event?.what;
  switch (what?.kind) {
    case "link": case "walk": return ofList(what.element, what.member, what.head);
    case "unlink": return ofList(what.element, what.member, what.element.origin.kind === "element" ? what.element.origin.head : undefined);
    case "load": return what.rcu !== undefined || what.place.type.includes("*") ? ofKey(what.place.key) : [];
    case "store": return what.rcu || what.place.type.includes("*") ? ofKey(what.place.key) : [];
    case "reference": case "put": return ofKey(counterKey(what.counter));
    case "lookup": case "insert": case "remove": return ofKey(storeKey(what.container));
    default: return [];
  }
}

function ofList(element: Sym, member: string, head: Place | undefined): readonly SharedPlace[] {
  const struct = structOfObject(element);
  return struct === undefined || member === "" ? [] : [{ kind: "list", struct, field: member, head: headKey(head?.key) }];
}

function ofKey(key: string | undefined): readonly SharedPlace[] {
  const usable = usableKey(key);
  if (usable === undefined || isOfBlock(usable)) return [];
  const [, name, member] = /^global (\w+)(?:\..*?(\w+)(?:\.\[\])*$)?/.exec(usable) ?? [];
  if (name !== undefined) return [{ kind: "global", name, field: member }];
  const [, struct, field] = /^(\w+)\.(?:.*\.)?(\w+)(?:\.\[\])*$/.exec(usable) ?? [];
  return struct === undefined || field === undefined ? [] : [{ kind: "field", struct, field }];
}

/** Each counterpart by itself that stands in another file than the one under review, or is entered from there. */
export function metElsewhere(hypothesis: Hypothesis, { parts, functions }: FileFacts): readonly Met[] {
  const from = parts[0]?.start ?? Infinity;
  const isElsewhere = ({ trace, at }: Side): boolean => Math.max(trace.events[at]?.at.start ?? 0, functions.get(trace.root)?.start ?? 0) >= from;
  return counterpartsOf(hypothesis).filter(({ theirs }) => isElsewhere(theirs));
}

function counterpartsOf(hypothesis: Hypothesis): readonly Met[] {
  switch (hypothesis.kind) {
    case "use-after-free":
      return hypothesis.sides.flatMap((side) => side.readers.map((reader): Met => ({
        hypothesis: { ...hypothesis, sides: [{ ...side, readers: [reader] }] },
        theirs: { trace: reader.trace, at: reader.obtain },
        ours: side.variants.flatMap(({ trace, detach, end }) => [{ trace, at: detach }, { trace, at: end }]),
        isReader: true,
      })));
    case "lost-dependency":
      return hypothesis.publishers.map((publisher): Met => ({
        hypothesis: { ...hypothesis, publishers: [publisher] },
        theirs: { trace: publisher.trace, at: publisher.store },
        ours: [{ trace: hypothesis.reader.trace, at: hypothesis.reader.obtain }],
        isReader: false,
      }));
    case "race":
      return hypothesis.races.flatMap((race): readonly Met[] => {
        const { counterpart } = race;
        if (counterpart === null || "synthetic" in counterpart) return [];
        const what = counterpart.trace.events[counterpart.at]?.what;
        return [{
          hypothesis: { kind: "race", races: [race] },
          theirs: counterpart,
          ours: race.threads.filter(({ trace }) => trace !== counterpart.trace).flatMap(({ trace, steps }) => steps.map(({ at }) => ({ trace, at }))),
          isReader: what?.kind === "walk" || what?.kind === "load" || what?.kind === "lookup",
        }];
      });
    case "path": case "reaches-wait": return [];
  }
}

export function withDoubts(hypothesis: Hypothesis, doubts: readonly string[]): Hypothesis {
  if (hypothesis.kind === "use-after-free" || hypothesis.kind === "lost-dependency") return { ...hypothesis, doubts: [...new Set([...hypothesis.doubts, ...doubts])] };
  return hypothesis.kind === "race" ? { ...hypothesis, races: hypothesis.races.map((race) => ({ ...race, doubts: [...new Set([...race.doubts, ...doubts])] })) } : hypothesis;
}

/** What is left of it where no path begins at one of `roots`; undefined: nothing that could be tried. */
export function withoutRoots(hypothesis: Hypothesis, roots: ReadonlySet<string>): Hypothesis | undefined {
  const isLeft = ({ trace }: { readonly trace: Trace }): boolean => !roots.has(trace.root);
  switch (hypothesis.kind) {
    case "use-after-free": {
      const sides = hypothesis.sides.flatMap((side) => {
        const variants = side.variants.filter(isLeft);
        const readers = side.readers.filter(isLeft);
        return variants.length === 0 || (readers.length === 0 && side.readers.length > 0) ? [] : [{ ...side, variants, readers }];
      });
      return sides.length === 0 ? undefined : { ...hypothesis, sides };
    }
    case "lost-dependency": {
      const publishers = hypothesis.publishers.filter(isLeft);
      return !isLeft(hypothesis.reader) || (publishers.length === 0 && hypothesis.publishers.length > 0) ? undefined : { ...hypothesis, publishers };
    }
    case "race": {
      const races = hypothesis.races.filter(({ threads, counterpart }) => threads.every(isLeft) && (counterpart === null || !("trace" in counterpart) || isLeft(counterpart)));
      return races.length === 0 ? undefined : { ...hypothesis, races };
    }
    case "path": case "reaches-wait": return hypothesis;
  }
}

/** Why the two sides may never meet, as far as the code of both files says. */
export function meetingDoubts({ theirs, ours, isReader }: Met, places: readonly SharedPlace[], context: RuleContext): readonly string[] {
  const { facts } = context;
  const event = theirs.trace.events[theirs.at];
  const name = writtenName(facts, event?.function ?? theirs.trace.root);
  const list = places.find((place) => place.kind === "list");
  const alone = runsAlone(theirs.trace.root, facts, list?.kind === "list" ? list.head : undefined);
  const isSection = event?.readers.some(isMarkedSection) === true;
  return [
    ...(alone === undefined ? [] : [alone]),
    ...(isReader && !isSection ? [`${name}() enters no read-side section itself, and what its callers hold is not visible here`] : []),
    ...ambiguousLists(theirs, places, context),
    ...heldByAllCallers(theirs, ours, context),
  ];
}

/** Elements of the kind are put on several lists, and one side does not say which one it means. */
function ambiguousLists({ trace, at }: Side, places: readonly SharedPlace[], { facts, about }: RuleContext): readonly string[] {
  const data = about("data");
  const what = trace.events[at]?.what;
  const theirs = what?.kind === "walk" || what?.kind === "link" ? headKey(what.head?.key) : undefined;
  return places.flatMap((place) => {
    if (place.kind !== "list") return [];
    if (place.head !== undefined && theirs !== undefined) return [];
    const uses = protectionOf(data.walker, data.roots, facts).lists.get(`${place.struct}.${place.field}`);
    const heads = new Set([...(uses?.links ?? []), ...(uses?.walks ?? [])].flatMap(({ event: { what: use } }) => (use.kind === "link" || use.kind === "walk" ? headKey(use.head?.key) ?? [] : [])));
    return heads.size > 1 ? [`a struct ${place.struct} is put on several lists by its ${place.field}, and which one is meant is not visible`] : [];
  });
}

/** A lock that every caller in sight holds around one side, and that the other side holds as well. */
function heldByAllCallers(theirs: Side, ours: readonly Side[], context: RuleContext): readonly string[] {
  const other = locksOf(theirs, context);
  return ours.slice(0, 1).flatMap((side) => {
    const own = locksOf(side, context);
    const common = [...own.values()].find((lock) => other.has(lock.key) && !(lock.class === "read" && other.get(lock.key)?.class === "read") && !(isHeld(side, lock.key) && isHeld(theirs, lock.key)));
    return common === undefined ? [] : [`both sides are called with ${common.text} held, as far as their callers are in sight`];
  });
}

const isHeld = ({ trace, at }: Side, key: string): boolean => trace.events[at]?.locks.some((lock) => lock.key === key) === true;

/** Held at the event, or around the root by all callers in sight. */
function locksOf({ trace, at }: Side, { facts, walker }: RuleContext): ReadonlyMap<string, HeldLock> {
  const held = new Map((trace.events[at]?.locks ?? []).map((lock) => [lock.key, lock]));
  let around: Map<string, HeldLock> | undefined;
  for (const caller of facts.callers.get(trace.root) ?? []) {
    for (const { events } of walker.tracesOf(caller).traces) {
      const inside = events.find(({ chain }) => chain.some(({ callee }) => callee === trace.root));
      if (inside === undefined) continue;
      const locks = new Map(inside.locks.filter((lock) => !isTakenIn(lock, trace.root, facts)).map((lock) => [lock.key, lock]));
      around = around === undefined ? locks : new Map([...around].filter(([key]) => locks.has(key)));
    }
  }
  for (const [key, lock] of around ?? []) held.set(key, lock);
  return held;
}

function isTakenIn({ at }: HeldLock, functionName: string, { functions }: FileFacts): boolean {
  const fn = functions.get(functionName);
  return at !== undefined && fn !== undefined && fn.start <= at.start && at.start < fn.end;
}
