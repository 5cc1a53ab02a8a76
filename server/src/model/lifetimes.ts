/**
 * Objects that readers reach through a container (a list, a pointer), and the ends of their lives: where an
 * updater detaches one and frees it, and where a reader obtains one and touches it.
 */

import { isDetail } from "./detail-events.ts";
import { entryLocks } from "./entry-contexts.ts";
import type { FileFacts } from "./file-facts.ts";
import type { PathWalker } from "./paths.ts";
import { isMarkedSection, type CallSite, type EventKind, type Place, type ReaderSection, type Sym, type Trace, type TraceEvent } from "./trace.ts";
import { pointee, structNameOf } from "./types.ts";

export type Container =
  /** A list through member `member` of `struct`; `head` is the key of the head where it is known. */
  | { readonly kind: "list"; readonly struct: string; readonly member: string; readonly head: string | undefined }
  /** A pointer, by the key of the place that holds it. */
  | { readonly kind: "pointer"; readonly key: string }
  /** A tree, table or array in which readers look objects up, by the key of the place that holds it. */
  | { readonly kind: "table"; readonly key: string };

/** One way an object's life ends on one path. `detach` may come after `end`: that is a hazard of its own. */
export type Retirement = {
  readonly trace: Trace;
  readonly object: Sym;
  readonly container: Container;
  readonly detach: number;
  readonly end: number;
  /** For a deferred end: the callback's function. */
  readonly callback: string | undefined;
  /** Found only without its callers: locks that they may hold are not known. */
  readonly callersUnknown: boolean;
  /** The detach is of the same field of another structure, or of another slot: it may not be this object's. */
  readonly isLookalike: boolean;
  /** What holds the container: the structure with the list head or the pointer; undefined when not known. */
  readonly holder: Sym | undefined;
  /** It is put into a container again between detach and end. */
  readonly isPutBack: boolean;
};

export type ReaderUse = {
  readonly trace: Trace;
  readonly object: Sym;
  /** Index of the event that obtains the object. */
  readonly obtain: number;
  /** Indices of the accesses to the object inside the section. */
  readonly accesses: readonly number[];
  /** The section that protects it; undefined: none is visible and the caller is assumed to hold one. */
  readonly section: ReaderSection | undefined;
  /** Found only without its callers: locks that they may hold are not known. */
  readonly callersUnknown: boolean;
};

export function structOfObject(sym: Sym): string | undefined {
  return structNameOf(sym.type.includes("*") ? pointee(sym.type) : sym.type);
}

/**
 * Roots whose paths are worth following: entries, callbacks and functions that nobody in the file calls. A file
 * without any RCU has none; in one that has some, plain frees count too.
 */
export function rcuRoots(facts: FileFacts, walker: PathWalker): readonly string[] {
  const { rcu, life, lockedWalks } = walker.relevance;
  if (rcu.size === 0) return [];
  return [...facts.functions.keys()].filter((name) => {
    if ((!life.has(name) && !lockedWalks.has(name)) || facts.background.has(name)) return false;
    const fn = facts.functions.get(name);
    const called = (facts.callers.get(name)?.size ?? 0) > 0;
    return !called || fn?.isStatic !== true || facts.addressTaken.has(name);
  });
}

/** Functions of a walker's topic that are entered from outside: the same as for RCU, without asking what else the file has. */
export function topicRoots(facts: FileFacts, walker: PathWalker): readonly string[] {
  return [...facts.functions.values()].filter(({ name, isStatic }) => walker.relevance.subject.has(name) && !facts.background.has(name) && ((facts.callers.get(name)?.size ?? 0) === 0 || !isStatic || facts.addressTaken.has(name))).map(({ name }) => name);
}

/** Extra roots of one file, and rounds in which they are looked for, from the callers down. */
const aloneMax = 40;
const aloneRounds = 3;

/**
 * Functions of a walker's topic that no followed path comes to: what calls them was too much to follow. Each is
 * followed alone, as if it were entered from outside; what its callers hold is not known then: see `isFollowedAlone`.
 */
export function unreachedRoots(facts: FileFacts, walker: PathWalker, roots: readonly string[]): readonly string[] {
  const known = knownUnreached.get(walker);
  if (known !== undefined) return known;
  const { topic, life, subject } = walker.relevance;
  const found: string[] = [];
  knownUnreached.set(walker, found);
  const reached = new Set<string>();
  const visit = (root: string): boolean => {
    const { traces, cut } = walker.tracesOf(root);
    reached.add(root);
    for (const { events } of traces) for (const { function: name, chain } of events) { reached.add(name); for (const site of chain) reached.add(site.callee); }
    return cut.length > 0;
  };
  let isCut = false;
  for (const root of roots) if (visit(root)) isCut = true;
  for (let round = 0; isCut && round < aloneRounds; round++) {
    isCut = false;
    const next = [...(topic === "rcu" ? life : subject)].filter((name) => !reached.has(name) && isFollowedAlone(name, facts) && [...(facts.callers.get(name) ?? [])].some((caller) => reached.has(caller)));
    for (const name of next) {
      if (found.length >= aloneMax || reached.has(name)) continue;
      found.push(name);
      if (visit(name)) isCut = true;
    }
    isCut ||= next.length > 0;
  }
  return found;
}

/** By the walker, which has one set of roots. */
const knownUnreached = new WeakMap<PathWalker, readonly string[]>();

/** Nobody calls it but functions of this file, so that it is a root only where those were too much to follow. */
export const isFollowedAlone = (name: string, facts: FileFacts): boolean =>
  facts.functions.get(name)?.isStatic === true && (facts.callers.get(name)?.size ?? 0) > 0 && !facts.addressTaken.has(name) && !facts.background.has(name);

/** Every way an object is detached from a container and freed on the paths of `root`. */
export function retirementsOf(root: string, walker: PathWalker, callersUnknown = false): readonly Retirement[] {
  const ofWalker = knownRetirements.get(walker) ?? new Map<string, readonly Retirement[]>();
  knownRetirements.set(walker, ofWalker);
  const key = `${root} ${String(callersUnknown)}`;
  const known = ofWalker.get(key) ?? walker.tracesOf(root).traces.flatMap((trace) => retirementsOn(trace, walker, callersUnknown));
  ofWalker.set(key, known);
  return known;
}

/** Several rules ask for the same. */
const knownRetirements = new WeakMap<PathWalker, Map<string, readonly Retirement[]>>();

function retirementsOn(trace: Trace, walker: PathWalker, callersUnknown: boolean): readonly Retirement[] {
  return trace.events.flatMap((event, end) => {
    const ended = endedObject(event, walker);
    if (ended === undefined) return [];
    // An object may be in several containers, and may have been put back: the last detach before the end counts.
    const byContainer = new Map<string, Retirement>();
    trace.events.forEach((other, detach) => {
      const found = other.what.kind === "remove" ? removedFrom(trace, detach, ended.object) : detachedFrom(other, ended.object, detach < end);
      if (found === undefined || isPrivate(trace, detach, ended.object, found)) return;
      const id = containerId(found.container);
      const known = byContainer.get(id);
      if (known !== undefined && (detach > end || (known.isLookalike ? false : found.isLookalike))) return;
      // The container holds a reference of its own: the last one cannot go while the object is still in it.
      if (detach > end && event.chain.some((site) => site.lastReference)) return;
      const isPutBack = trace.events.slice(detach + 1, end).some((later) => publishes(later.what, ended.object));
      byContainer.set(id, { trace, object: ended.object, ...found, isPutBack, detach, end, callback: ended.callback, callersUnknown });
    });
    return [...byContainer.values()];
  });
}

/** Between the detach and the end readers are waited for, by the path or by a deferred end. */
export function honoursReaders({ trace, detach, end }: Retirement): boolean {
  const last = trace.events[end]?.what.kind;
  return detach < end && (last === "defer-free" || last === "defer-call" || trace.events.slice(detach, end).some(({ what }) => what.kind === "wait" && !what.maybe && !what.callbacks));
}

type Detach = Pick<Retirement, "container" | "isLookalike" | "holder">;

/** Nobody has seen it yet: a fresh object that was never linked, or a container that is itself fresh. */
function isPrivate(trace: Trace, detach: number, object: Sym, { container, holder }: Detach): boolean {
  const isFresh = (sym: Sym | undefined): boolean => sym?.origin.kind === "allocation" && !trace.events.slice(0, detach).some((event) => publishes(event.what, sym));
  if (isFresh(holder)) return true;
  return container.kind !== "pointer" && isFresh(object);
}

function publishes(what: EventKind, sym: Sym): boolean {
  return (what.kind === "link" && what.element.id === sym.id) || (what.kind === "store" && what.value.id === sym.id) || (what.kind === "insert" && isBehind(what.element, sym));
}

export function containerId(container: Container): string {
  return container.kind === "pointer" ? container.key : container.kind === "table" ? `table ${container.key}` : `${container.struct}.${container.member} in ${container.head ?? "?"}`;
}

function endedObject({ what }: TraceEvent, walker: PathWalker): { object: Sym; callback: string | undefined } | undefined {
  if (what.kind === "free" || what.kind === "defer-free") return { object: what.object, callback: undefined };
  if (what.kind !== "defer-call" || what.callback === undefined) return undefined;
  const object = what.head.origin.kind === "address" ? what.head.origin.place.base : what.head;
  const freed = walker.callbackEvents(what.callback, what.head).traces.some((trace) =>
    trace.events.some((event) => event.what.kind === "free" && event.what.object.id === object.id),
  );
  return freed ? { object, callback: what.callback } : undefined;
}

/** The container that `event` takes `object` out of; `orLookalike`: the same field of another structure counts. */
function detachedFrom(event: TraceEvent, object: Sym, orLookalike: boolean): Detach | undefined {
  const { what } = event;
  if (what.kind === "unlink" && what.element.id === object.id) {
    const struct = structOfObject(object);
    const place = object.origin.kind === "element" ? object.origin.head : undefined;
    if (struct === undefined || what.member === "" || place?.key.startsWith("local ") === true || place?.base.origin.kind === "stack") return undefined;
    return { container: { kind: "list", struct, member: what.member, head: usableKey(place?.key) }, isLookalike: false, holder: place?.base };
  }
  if (what.kind === "store" && what.value.id !== object.id) {
    const isSame = what.old?.id === object.id;
    const isLike = orLookalike && what.rcu && object.origin.kind === "load" && object.origin.place.key === what.place.key;
    const key = usableKey(what.place.key);
    return key === undefined || !(isSame || isLike) ? undefined : { container: { kind: "pointer", key }, isLookalike: !isSame, holder: what.place.base };
  }
  return undefined;
}

/** The table that the event at `index` takes `object` out of: by the object, by a key that it holds or was found by, or as what the call returns. */
function removedFrom({ events }: Trace, index: number, object: Sym): Detach | undefined {
  const event = events[index];
  if (event?.what.kind !== "remove") return undefined;
  const { container, element, key, api } = event.what;
  const table = storeKey(container);
  if (table === undefined) return undefined;
  const isNamed = element !== undefined ? isBehind(element, object)
    : key !== undefined && ((key.origin.kind === "load" && key.origin.place.base.id === object.id)
      || events.some(({ what }) => what.kind === "lookup" && what.element.id === object.id && what.key?.id === key.id && storeKey(what.container) === table));
  const isReturned = object.origin.kind === "expression" && object.origin.text.startsWith(`call ${api} ${String(event.at.start)} `);
  return isNamed || isReturned ? { container: { kind: "table", key: table }, isLookalike: false, holder: container.origin.kind === "address" || container.origin.kind === "load" ? container.origin.place.base : undefined } : undefined;
}

/** What a tree, table or array with keys is called across functions. */
export function storeKey(container: Sym): string | undefined {
  if (container.origin.kind === "address" || container.origin.kind === "load") return usableKey(container.origin.place.key);
  return container.origin.kind === "global" ? `global ${container.origin.name}` : undefined;
}

/** Whether any access in the file says that RCU protects the pointer. */
export function isMarkedPointer(key: string, roots: readonly string[], walker: PathWalker): boolean {
  return roots.some((root) => walker.tracesOf(root).traces.some((trace) => trace.events.some(({ what }) => (what.kind === "load" && what.place.key === key && what.rcu !== undefined) || (what.kind === "store" && what.place.key === key && what.rcu))));
}

/** Keys of unknown or local places match nothing. */
export function usableKey(key: string | undefined): string | undefined {
  return key === undefined || key.startsWith("?") || key.startsWith("local ") || key.startsWith("*(") || key.endsWith(".*") ? undefined : key;
}

/** Reads of `container` in read-side sections, on the paths of all roots; at most one a function. */
export function readersOf(container: Container, roots: readonly string[], facts: FileFacts, walker: PathWalker): readonly ReaderUse[] {
  const byRoots = knownReaders.get(walker) ?? new WeakMap<readonly string[], Map<string, readonly ReaderUse[]>>();
  knownReaders.set(walker, byRoots);
  const ofRoots = byRoots.get(roots) ?? new Map<string, readonly ReaderUse[]>();
  byRoots.set(roots, ofRoots);
  const key = `${container.kind} ${containerId(container)}`;
  const known = ofRoots.get(key) ?? foundReaders(container, roots, facts, walker);
  ofRoots.set(key, known);
  return known;
}

/** By the roots asked about, and by container. */
const knownReaders = new WeakMap<PathWalker, WeakMap<readonly string[], Map<string, readonly ReaderUse[]>>>();

function foundReaders(container: Container, roots: readonly string[], facts: FileFacts, walker: PathWalker): readonly ReaderUse[] {
  const byFunction = new Map<string, ReaderUse>();
  const collect = (root: string, wanted: (name: string) => boolean, callersUnknown: boolean): void => {
    for (const trace of walker.tracesOf(root).traces) {
      trace.events.forEach((event, obtain) => {
        if (!wanted(event.function)) return;
        const use = readerAt(trace, event, obtain, container, facts, callersUnknown);
        if (use === undefined) return;
        const key = `${event.function} ${signatureOf(use)}`;
        const known = byFunction.get(key);
        if (known === undefined || isBetter(use, known)) byFunction.set(key, use);
      });
    }
  };
  for (const root of roots) collect(root, () => true, false);
  // Readers that no followed path of their callers reached are looked at by themselves.
  for (const name of walker.relevance.readers) {
    if (!facts.background.has(name) && ![...byFunction.keys()].some((key) => key.startsWith(`${name} `)) && !roots.includes(name)) collect(name, (one) => one === name, true);
  }
  return [...byFunction.values()].sort((a, b) => rank(b) - rank(a) || positionOf(a) - positionOf(b));
}

/** How a reader is protected: readers alike in this are alike for the replay. */
export function signatureOf({ trace, obtain, accesses, section }: ReaderUse): string {
  const protection = (index: number): string => {
    const event = trace.events[index];
    return `${event?.readers.map((one) => `${one.flavour} ${one.domain}`).join() ?? ""}/${event?.locks.map((lock) => lock.key).sort().join() ?? ""}`;
  };
  const last = accesses.at(-1) ?? obtain;
  return `${section?.flavour ?? "assumed"} ${protection(obtain)} ${protection(last)}`;
}

function isBetter(a: ReaderUse, b: ReaderUse): boolean {
  return rank(a) > rank(b) || (rank(a) === rank(b) && lengthOf(a.trace) < lengthOf(b.trace));
}

const lengthOf = ({ events }: Trace): number => events.filter(({ what }) => !isDetail(what)).length;

function rank(use: ReaderUse): number {
  const locks = use.trace.events[use.obtain]?.locks.length ?? 0;
  return (use.section === undefined ? 0 : 100) - (use.callersUnknown ? 50 : 0) + Math.min(use.accesses.length, 5) * 2 - locks;
}

const positionOf = (use: ReaderUse): number => use.trace.events[use.obtain]?.at.start ?? 0;

function readerAt(trace: Trace, event: TraceEvent, obtain: number, container: Container, facts: FileFacts, callersUnknown: boolean): ReaderUse | undefined {
  const got = obtained(event.what, container);
  if (got === undefined) return undefined;
  const section = longest(trace, event, obtain, got.object);
  // xa_load() and idr_find() are for updaters as well: only a section that the code asks for makes a reader.
  if (event.what.kind === "lookup" && event.what.store !== "rhashtable" && (section === undefined || !isMarkedSection(section) || section.entry !== undefined)) return undefined;
  // In no section of its own it is a reader only where whoever calls it may be one, and holds no lock of the kernel instead.
  if (section === undefined && !(got.promisesReader && isEnteredFromOutside(trace.root, facts) && entryLocks(trace.root, facts).size === 0)) return undefined;
  const accesses = trace.events.flatMap((other, index) =>
    index > obtain && touches(other.what, got.object) && (section === undefined || other.readers.some((one) => one.serial === section.serial)) ? [index] : [],
  );
  return accesses.length === 0 ? undefined : { trace, object: got.object, obtain, accesses, section, callersUnknown };
}

/** Of the sections around the load, the one that spans most of the accesses; the innermost where they are equal. */
function longest(trace: Trace, event: TraceEvent, obtain: number, object: Sym): ReaderSection | undefined {
  const spans = event.readers.map((section) => ({
    section, count: trace.events.filter((other, index) => index > obtain && touches(other.what, object) && other.readers.some((one) => one.serial === section.serial)).length,
  }));
  return spans.reduce<(typeof spans)[number] | undefined>((best, one) => (best === undefined || one.count >= best.count ? one : best), undefined)?.section;
}

/** A list or place that only this function knows. */
export function isLocal(place: Place | undefined): boolean {
  return place !== undefined && (place.base.origin.kind === "stack" || place.key.startsWith("local "));
}

/** The object an event reads out of the container; `promisesReader`: by a primitive that is for readers only. */
function obtained(what: EventKind, container: Container): { object: Sym; promisesReader: boolean } | undefined {
  if (container.kind === "list") {
    if (what.kind !== "walk" || what.member !== container.member || structOfObject(what.element) !== container.struct) return undefined;
    // A list of the function's own: what it took out of this one before, or collected from elsewhere.
    if (isLocal(what.head)) return undefined;
    const head = usableKey(what.head?.key);
    if (container.head !== undefined && head !== undefined && container.head !== head) return undefined;
    return { object: what.element, promisesReader: what.rcu && !what.conditional };
  }
  if (container.kind === "table") return what.kind === "lookup" && what.rcu && storeKey(what.container) === container.key ? { object: what.element, promisesReader: false } : undefined;
  if (what.kind !== "load" || what.place.key !== container.key || what.rcu === "update" || what.rcu === "alone" || what.rcu === "value") return undefined;
  return { object: what.value, promisesReader: what.rcu === "reader" };
}

function isEnteredFromOutside(root: string, facts: FileFacts): boolean {
  return (facts.callers.get(root)?.size ?? 0) === 0 || facts.addressTaken.has(root);
}

/** Whether an event reads or writes the memory of `object` itself. */
export function touches(what: EventKind, object: Sym): boolean {
  switch (what.kind) {
    case "load": case "store": return isInside(what.place, object);
    case "advance": return what.element.id === object.id;
    case "touch": return what.debug === undefined && isBehind(what.pointer, object);
    case "reference": return isBehind(what.counter, object);
    default: return false;
  }
}

function isInside(place: Place, object: Sym): boolean {
  return place.base.id === object.id;
}

/** The object itself, or the address of a part of it. */
export function isBehind(pointer: Sym, object: Sym): boolean {
  return pointer.id === object.id || (pointer.origin.kind === "address" && pointer.origin.place.base.id === object.id);
}

/** The innermost function that holds both events, and the position in it that leads to each. */
export function commonFrame(trace: Trace, a: number, b: number): { function: string; sites: readonly [Site, Site]; chain: readonly CallSite[] } {
  const first = trace.events[a];
  const second = trace.events[b];
  let depth = 0;
  while (first?.chain[depth] !== undefined && first.chain[depth] === second?.chain[depth]) depth++;
  const chain = first?.chain.slice(0, depth) ?? [];
  const site = (event: TraceEvent | undefined): Site => {
    const call = event?.chain[depth];
    return { at: call?.at ?? event?.at ?? { start: 0, end: 0 }, throughCallee: call?.callee };
  };
  return { function: chain.at(-1)?.callee ?? trace.root, sites: [site(first), site(second)], chain };
}

export type Site = { readonly at: { readonly start: number; readonly end: number }; readonly throughCallee: string | undefined };

/** A call that is not known, where a wait for a grace period could be: no read-side section is around it, and no spinlock that it could not drop. */
export function mayWait({ what, readers, locks }: TraceEvent): boolean {
  if (what.kind !== "opaque" || what.neverWaits === true || readers.some(({ flavour }) => flavour === "rcu")) return false;
  return !locks.some(({ class: held, at, base }) => held === "spin" && at !== undefined && !what.args.some((arg) => arg.id === base || (arg.origin.kind === "address" && arg.origin.place.base.id === base)));
}
