/**
 * How the pointers and lists of a file are protected, told from how the code uses them: who walks a list in a
 * read-side section, who changes it and how, and which lock the changes have in common. Nothing is asked of `__rcu`.
 */

import { statementsOfCode } from "./code-summary.ts";
import { onlyLife, rolesReaching } from "./entries.ts";
import type { FileFacts } from "./file-facts.ts";
import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import type { EffectSpec } from "./kernel-api/schema.ts";
import { isBehind, isLocal, storeKey, structOfObject, touches, usableKey } from "./lifetimes.ts";
import type { PathWalker } from "./paths.ts";
import { contradictionsBefore, isMarkedSection, type EventKind, type HeldLock, type Place, type Sym, type Trace, type TraceEvent } from "./trace.ts";
import { fieldAt, structNameOf } from "./types.ts";

/** One event of one path; of the paths to a line, one for each set of locks and sections it is met with. */
export type Use = { readonly trace: Trace; readonly index: number; readonly event: TraceEvent };

export type ListUses = { readonly struct: string; readonly member: string; readonly walks: readonly Use[]; readonly links: readonly Use[]; readonly unlinks: readonly Use[] };

export type PointerUses = { readonly key: string; readonly loads: readonly Use[]; readonly stores: readonly Use[] };

export type Protection = {
  /** By "struct.member" of the elements. */
  readonly lists: ReadonlyMap<string, ListUses>;
  /** By key of the place. */
  readonly pointers: ReadonlyMap<string, PointerUses>;
  /** Counters that some path gives up, by key of the place. */
  readonly puts: ReadonlyMap<string, readonly Use[]>;
  /** Look-ups by key (xa_load(), rhashtable_lookup()), by key of the container. */
  readonly lookups: ReadonlyMap<string, readonly Use[]>;
};

/** `held` of the `sites` that change it hold the lock. */
export type UpdateLock = { readonly key: string; readonly lock: HeldLock; readonly held: readonly Use[]; readonly without: readonly Use[]; readonly sites: number };

const known = new WeakMap<PathWalker, Protection>();

/** Of one line, this many different surroundings are kept. */
const usesMax = 6;

export function protectionOf(walker: PathWalker, roots: readonly string[], facts: FileFacts): Protection {
  const had = known.get(walker);
  if (had !== undefined) return had;
  const found = collect(walker, [...new Set([...roots, ...rootsWith(["ref-put", "lookup", "insert", "remove"], facts)])]);
  known.set(walker, found);
  return found;
}

/**
 * Declared `__rcu`. The mark stands for the pointer that is nearest to the type: of `T __rcu **slots` what slots leads to is
 * RCU's, and slots is not.
 */
export function isRcuAnnotated(place: Place, facts: FileFacts): boolean {
  const marks = declaredAt(place, facts).filter((name) => name === "__rcu").length;
  return marks > 0 && marks >= place.type.split("*").length - 1;
}

/** The attributes of the field, the global or the parameter that a place is, or is an element of. */
function declaredAt({ base, path }: Place, facts: FileFacts): readonly string[] {
  const own = path.slice(0, path.findLastIndex((step) => step !== "*" && !step.startsWith("[")) + 1);
  if (own.length > 0) return fieldAt(facts.structs, structNameOf(base.type), own)?.attributes.map(({ name }) => name) ?? [];
  if (base.origin.kind === "global") return facts.globals.get(base.origin.name)?.attributes ?? [];
  // `slots[n]` and `*slot`: what is declared is the pointer that leads there.
  if (base.origin.kind === "load") return declaredAt(base.origin.place, facts);
  if (base.origin.kind !== "parameter") return [];
  const { function: of, name } = base.origin;
  return facts.functions.get(of)?.parameters.find((one) => one.name === name)?.attributes?.map((one) => one.name) ?? [];
}

/** Functions entered from outside that do one of these, callees included. A topic may have left them out. */
export function rootsWith(effects: readonly EffectSpec["kind"][], facts: FileFacts): readonly string[] {
  const wanted = new Set(effects);
  return rootsThat(({ kind }) => wanted.has(kind), facts);
}

/** The same, of effects told by more than their kind. */
export function rootsThat(isWanted: (effect: EffectSpec) => boolean, facts: FileFacts): readonly string[] {
  const does = (called: string): boolean => (apiOf(called) ?? partlyKnown(called))?.effects.some(isWanted) === true;
  const found = new Set([...facts.functions].flatMap(([name, fn]) => ([...(facts.calledNames.get(name) ?? []), ...statementsOfCode(fn).loops].some(does) ? [name] : [])));
  for (const name of found) for (const caller of facts.callers.get(name) ?? []) found.add(caller);
  return [...found].filter((name) => !facts.background.has(name)).filter((name) => (facts.callers.get(name)?.size ?? 0) === 0 || facts.functions.get(name)?.isStatic !== true || facts.addressTaken.has(name));
}

type Mutable = { readonly walks: Sites; readonly links: Sites; readonly unlinks: Sites; readonly struct: string; readonly member: string };

/** Uses by line, then by what surrounds them. */
class Sites {
  readonly #bySite = new Map<string, Map<string, Use>>();

  add(use: Use, more = ""): void {
    const { event, trace } = use;
    const site = `${event.function} ${String(event.at.start)}`;
    const around = `${more} ${event.locks.map((lock) => lock.key).sort().join()} / ${event.readers.map((section) => `${section.flavour} ${section.domain}`).join()} ${event.condition === undefined ? "" : "?"}`;
    const uses = this.#bySite.get(site) ?? new Map<string, Use>();
    this.#bySite.set(site, uses);
    const had = uses.get(around);
    if (had === undefined ? uses.size < usesMax : contradictionsBefore(trace, use.index).length < contradictionsBefore(had.trace, had.index).length) uses.set(around, use);
  }

  all(): readonly Use[] {
    return [...this.#bySite.values()].flatMap((uses) => [...uses.values()]);
  }
}

function collect(walker: PathWalker, roots: readonly string[]): Protection {
  const lists = new Map<string, Mutable>();
  const pointers = new Map<string, { readonly loads: Sites; readonly stores: Sites }>();
  const puts = new Map<string, Sites>();
  const lookups = new Map<string, Sites>();
  const addTo = (map: Map<string, Sites>, key: string | undefined, use: Use, more: string): void => {
    if (key === undefined) return;
    const sites = map.get(key) ?? new Sites();
    map.set(key, sites);
    sites.add(use, more);
  };
  const listOf = (element: Sym, member: string): Mutable | undefined => {
    const struct = structOfObject(element);
    if (struct === undefined || member === "") return undefined;
    const key = `${struct}.${member}`;
    const list = lists.get(key) ?? { struct, member, walks: new Sites(), links: new Sites(), unlinks: new Sites() };
    lists.set(key, list);
    return list;
  };
  const pointerOf = (place: Place): { readonly loads: Sites; readonly stores: Sites } | undefined => {
    const key = usableKey(place.key);
    if (key === undefined) return undefined;
    const pointer = pointers.get(key) ?? { loads: new Sites(), stores: new Sites() };
    pointers.set(key, pointer);
    return pointer;
  };
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      trace.events.forEach((event, index) => {
        const { what } = event;
        const use: Use = { trace, index, event };
        switch (what.kind) {
          case "walk": if (!isLocal(what.head)) listOf(what.element, what.member)?.walks.add(use, goesOn(use) ? "on" : isRead(use) ? "reads" : ""); break;
          case "link": if (!isLocal(what.head)) listOf(what.element, what.member)?.links.add(use, isFresh(trace, index, what.element) ? "fresh" : ""); break;
          case "unlink": listOf(what.element, what.member)?.unlinks.add(use, isFresh(trace, index, what.element) ? "fresh" : ""); break;
          case "load": pointerOf(what.place)?.loads.add(use, what.rcu === "reader" || what.rcu === "either" ? `${what.rcu}${isUsed(use, what.value) ? " used" : ""}` : what.rcu ?? ""); break;
          case "store": pointerOf(what.place)?.stores.add(use, isFresh(trace, index, what.place.base) ? "fresh" : ""); break;
          case "put": addTo(puts, counterKey(what.counter), use, `${trace.events.some((other) => other.what.kind === "unlink" || other.what.kind === "remove") ? "unlinks" : ""} ${defersFree(use) ? "defers" : ""}`); break;
          case "lookup": addTo(lookups, storeKey(what.container), use, isUsed(use, what.element) ? "used" : ""); break;
          default:
        }
      });
    }
  }
  return {
    lists: new Map([...lists].map(([key, { struct, member, walks, links, unlinks }]) => [key, { struct, member, walks: walks.all(), links: links.all(), unlinks: unlinks.all() }])),
    pointers: new Map([...pointers].map(([key, { loads, stores }]) => [key, { key, loads: loads.all(), stores: stores.all() }])),
    puts: new Map([...puts].map(([key, sites]) => [key, sites.all()])),
    lookups: new Map([...lookups].map(([key, sites]) => [key, sites.all()])),
  };
}

/** After the put, and with no wait for readers before it, the object is left to a grace period: readers may still find it when its count is zero. */
export function defersFree({ trace, index, event }: Use): boolean {
  const { what } = event;
  if (what.kind !== "put" || what.counter.origin.kind !== "address") return false;
  const object = what.counter.origin.place.base.id;
  const { events } = trace;
  if (events.slice(0, index).some((other) => other.what.kind === "wait")) return false;
  const end = events.findIndex(({ what: other }, at) => at > index && ((other.kind === "defer-free" && other.object.id === object) || (other.kind === "defer-call" && leadsBack(other.head, object))));
  return end > 0 && !events.slice(index, end).some((other) => other.what.kind === "wait");
}

const leadsBack = (head: Sym, object: number): boolean => head.id === object || (head.origin.kind === "address" && head.origin.place.base.id === object);

/** "struct.member" of the list that an element is linked into by `member`. */
export function listKey(element: Sym, member: string): string | undefined {
  const struct = structOfObject(element);
  return struct === undefined || member === "" ? undefined : `${struct}.${member}`;
}

export function counterKey(counter: Sym): string | undefined {
  return counter.origin.kind === "address" ? usableKey(counter.origin.place.key) : undefined;
}

/** The event makes the object reachable, or gives it to a call that nothing is known of. */
export function publishes(what: EventKind, sym: Sym): boolean {
  switch (what.kind) {
    case "link": return what.element.id === sym.id && !isLocal(what.head);
    case "store": return what.value.id === sym.id && what.place.base.origin.kind !== "stack";
    case "insert": return what.element.id === sym.id || leadsInto(what.element, sym);
    case "register": return what.subject !== undefined && leadsInto(what.subject, sym);
    case "opaque": return what.args.some((arg) => leadsInto(arg, sym));
    default: return false;
  }
}

export const leadsInto = (pointer: Sym, sym: Sym): boolean => pointer.id === sym.id || (pointer.origin.kind === "address" && pointer.origin.place.base.id === sym.id);

/** The call that gave it, where its name says that it makes things; what it does was not followed. */
export function makerOf({ origin }: Sym): string | undefined {
  const name = origin.kind === "expression" ? /^call (\w+) /.exec(origin.text)?.[1] : undefined;
  return name !== undefined && /(?:^|_)(?:alloc|create|new|clone|dup|make)/.test(name) ? name : undefined;
}

/** Made on this path and not yet seen by anybody. */
export function isFresh(trace: Trace, index: number, sym: Sym): boolean {
  if (sym.origin.kind === "stack") return true;
  return sym.origin.kind === "allocation" && !trace.events.slice(0, index).some(({ what }) => publishes(what, sym));
}

export function isReading({ event }: Use): boolean {
  return event.readers.some(isMarkedSection);
}

/** Not the path on which nothing was found. */
function isUsed({ trace, index }: Use, object: Sym): boolean {
  return trace.events.some((other, later) => later > index && touches(other.what, object));
}

/** The walk reads on from its element, inside the section it began in. */
function goesOn(use: Use): boolean {
  return advanceOf(use) !== undefined;
}

/** What it found is read in the same section. */
function isRead({ trace, index, event }: Use): boolean {
  const { what } = event;
  const section = event.readers.at(-1)?.serial;
  return what.kind === "walk" && section !== undefined && trace.events.some((other, later) => later > index && touches(other.what, what.element) && other.readers.some((one) => one.serial === section));
}

export function advanceOf({ trace, index, event }: Use): number | undefined {
  const { what } = event;
  if (what.kind !== "walk") return undefined;
  const section = event.readers.at(-1)?.serial;
  const at = trace.events.findIndex((other, later) => later > index && other.what.kind === "advance" && other.what.element.id === what.element.id && (section === undefined || other.readers.some((one) => one.serial === section)));
  return at < 0 ? undefined : at;
}

/** Where a function runs only when nobody else can: set-up, teardown, or after a grace period. `list`: the key of the head of a list that it changes. */
export function runsAlone(root: string, facts: FileFacts, list?: string): string | undefined {
  if (onlyLife(root, facts, "setup", list)) return `${root}() runs at set-up, when readers may not be there yet`;
  if (onlyLife(root, facts, "teardown", list)) return `${root}() runs at teardown: whether a reader is left is not visible here`;
  if (facts.rcuCallbacks.has(root)) return `${root}() is itself an RCU callback: what it takes down may be out of reach already`;
  return undefined;
}

/** Not static, and no table of this file says as what it is called. */
export function isCalledFromElsewhere(root: string, facts: FileFacts): boolean {
  return facts.functions.get(root)?.isStatic === false && rolesReaching(root, facts).length === 0;
}

/** A lock that only this file can name: `static DEFINE_MUTEX(lock)`, or a field of a static structure. */
export function isOwnLock(key: string, { unit }: FileFacts): boolean {
  const name = /^global (\w+)/.exec(key)?.[1];
  if (name === undefined) return false;
  const isStaticAt = (start: number): boolean => /\bstatic\s+$/.test(unit.text.slice(0, start).slice(-staticWidth)) || unit.text.startsWith("static", start);
  return unit.globals.some(({ isStatic, declarator }) => isStatic && declarator.name === name) || unit.topLevelCalls.some(({ args, start }) => args[0]?.trim() === name && isStaticAt(start));
}

/** Characters looked back for the word before a macro's name. */
const staticWidth = 16;

const siteOf = ({ event }: Use): string => `${event.function} ${String(event.at.start)}`;

const isNamed = (key: string): boolean => key.startsWith("global ") || (usableKey(key) !== undefined && !key.startsWith("value ") && !key.includes("[]"));

/** A lock inside of the element keeps the element: who puts others on the list takes other ones. */
const isOfElement = ({ pointer }: HeldLock, { what }: TraceEvent): boolean =>
  (what.kind === "link" || what.kind === "unlink") && pointer !== undefined && isBehind(pointer, what.element);

/** The lock that nearly all changes hold: all but one, or three of four; of two changes, one. A change counts once, and holds a lock only if it holds it on every path. `isLikelier`: of two that are held alike. */
export function updateLockOf(updates: readonly Use[], isLikelier: (key: string) => boolean = () => false): UpdateLock | undefined {
  const bySite = new Map<string, Use[]>();
  for (const use of updates) bySite.set(siteOf(use), [...(bySite.get(siteOf(use)) ?? []), use]);
  const keys = new Map<string, HeldLock>();
  for (const { event } of updates) for (const lock of event.locks) if (isNamed(lock.key) && lock.class !== "read" && !isOfElement(lock, event)) keys.set(lock.key, lock);
  let best: UpdateLock | undefined;
  for (const [key, lock] of keys) {
    const holds = (uses: readonly Use[]): boolean => uses.every(({ event }) => event.locks.some((one) => one.key === key && one.class !== "read"));
    const held = [...bySite.values()].flatMap((uses) => (holds(uses) ? [uses[0]!] : []));
    const without = [...bySite.values()].flatMap((uses) => (holds(uses) ? [] : uses.filter(({ event }) => !event.locks.some((one) => one.key === key)).slice(0, 1)));
    // What one function does without the lock is one decision, however many lines it has.
    const isOne = new Set(without.map(({ event }) => event.function)).size < 2;
    if (isOne ? held.length < Math.min(2, without.length || 1) : held.length < 3 * without.length) continue;
    if (best === undefined || held.length > best.held.length || (held.length === best.held.length && isLikelier(key) && !isLikelier(best.key))) best = { key, lock, held, without, sites: bySite.size };
  }
  return best;
}
