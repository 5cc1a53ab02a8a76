import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { apiOf, partlyKnown } from "../../model/kernel-api/index.ts";
import type { EffectSpec } from "../../model/kernel-api/schema.ts";
import { structOfObject } from "../../model/lifetimes.ts";
import { counterKey, defersFree, isCalledFromElsewhere, isReading, protectionOf, rootsThat, rootsWith, runsAlone, type Protection, type Use } from "../../model/protection.ts";
import type { HeldLock, Span, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Race, RaceStep, RaceThread } from "../hypothesis.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { sectionOver } from "../shared/lifetime-races.ts";
import { leavesBy, objectBehind, sourceOf } from "../shared/obtained.ts";
import { checksForReaders, isCalledByReaders } from "../shared/promises.ts";
import { distinct, endOf, givenBack, isChanged, keptApart, mayBeSame, type End } from "../shared/last-put.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const types = `struct demo_bond {
	struct list_head list;
	struct kref ref;
	int id;
	struct rcu_head rcu;
};

static LIST_HEAD(demo_bonds);
static DEFINE_SPINLOCK(demo_lock);

static void demo_release(struct kref *ref)
{
	struct demo_bond *bond = container_of(ref, struct demo_bond, ref);

	spin_lock(&demo_lock);
	list_del_rcu(&bond->list);
	spin_unlock(&demo_lock);
	kfree_rcu(bond, rcu);
}

static void demo_put(struct demo_bond *bond)
{
	kref_put(&bond->ref, demo_release);
}
`;

const plainTypes = `struct demo_map {
	struct list_head list;
	struct kref ref;
	int id;
};

static LIST_HEAD(demo_maps);
static DEFINE_MUTEX(demo_maps_lock);
`;

const plainFind = `
struct demo_map *demo_map_find(int id)
{
	struct demo_map *map, *found = NULL;

	mutex_lock(&demo_maps_lock);
	list_for_each_entry(map, &demo_maps, list) {
		if (map->id == id) {
			kref_get(&map->ref);
			found = map;
			break;
		}
	}
	mutex_unlock(&demo_maps_lock);
	return found;
}
`;

const meta: RuleMeta = {
  id: "rcu/get-ref-from-zero",
  title: "Take a reference under RCU only if the count is not zero",
  why: "A reader, or who walks a list under a lock that the last put takes only afterwards, may find an object whose last reference is gone and which is about to be taken out and freed. kref_get() and refcount_inc() bring it back to life: it is freed all the same, under its new user.",
  fix: "Use kref_get_unless_zero() or refcount_inc_not_zero(), and go on as if the object had not been found when that fails.",
  earns: "replay",
  severity: "error",
  seeds: ["000"],
  sources: ["Documentation/RCU/rcuref.rst", "include/linux/kref.h", "include/linux/refcount.h"],
  bad: [
    {
      title: "The object is taken off the list after its count is zero",
      code: `${types}
static struct demo_bond *demo_find(int id)
{
	struct demo_bond *bond;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &demo_bonds, list) {
		if (bond->id == id) {
			kref_get(&bond->ref);
			rcu_read_unlock();
			return bond;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`,
    },
    {
      title: "The lock of a plain list is taken only after the last reference is gone",
      code: `${plainTypes}
static void demo_map_release(struct kref *ref)
{
	struct demo_map *map = container_of(ref, struct demo_map, ref);

	mutex_lock(&demo_maps_lock);
	list_del(&map->list);
	mutex_unlock(&demo_maps_lock);
	kfree(map);
}

void demo_map_put(struct demo_map *map)
{
	kref_put(&map->ref, demo_map_release);
}
${plainFind}`,
    },
  ],
  good: [
    {
      title: "The last reference to what is on the list is given up under its lock",
      code: `${plainTypes}
static void demo_map_release(struct kref *ref)
{
	struct demo_map *map = container_of(ref, struct demo_map, ref);

	list_del(&map->list);
	mutex_unlock(&demo_maps_lock);
	kfree(map);
}

void demo_map_put(struct demo_map *map)
{
	kref_put_mutex(&map->ref, demo_map_release, &demo_maps_lock);
}
${plainFind}`,
    },
    {
      title: "A count of zero is no reference",
      code: `${types}
static struct demo_bond *demo_find(int id)
{
	struct demo_bond *bond;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &demo_bonds, list) {
		if (bond->id == id && kref_get_unless_zero(&bond->ref)) {
			rcu_read_unlock();
			return bond;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`,
    },
  ],
};

/** `ends`: of the file; none where objects of the kind are known to be found without a reference, and `safely` says how one is taken then. */
type Taken = { readonly object: Sym; readonly isListed: boolean; readonly obtain: number; readonly ends: readonly End[]; readonly safely: string | undefined; /** A put after which the object is left to a grace period. */ readonly late: Use | undefined; /** Ends whose put is kept apart on another path to it: a lock that is taken under a condition. */ readonly isLockedElsewhere: ReadonlySet<End> };

/** `taken`: by key of the counter, who takes it only if it is not zero, and how. `dropped`: keys of fields whose objects are put outside of RCU callbacks. */
type Care = { readonly taken: ReadonlyMap<string, { readonly function: string; readonly api: string }>; readonly dropped: ReadonlySet<string> };

function check(context: RuleContext): readonly Candidate[] {
  const data = context.about("data");
  const { facts } = context;
  const protection = protectionOf(data.walker, data.roots, facts);
  const entered = new Set([...data.roots, ...rootsWith(["lookup"], facts), ...rootsThat(isTelling, facts), ...takenFromLists(facts)]);
  const roots = [...new Set([...entered, ...notFollowed(data.walker, facts)])];
  const care = careIn({ walker: data.walker, roots }, facts);
  // Of a function that is looked at without its callers nobody knows what they hold.
  const look = (trace: Trace, event: TraceEvent, index: number): Taken | undefined => (entered.has(trace.root) ? takenAt(trace, event, index, protection) : undefined) ?? dyingAt(trace, event, index, protection, care, context);
  return placesOn({ walker: data.walker, roots }, look).map((place) => candidateOf(place, context));
}

/** Takes a reference in a way that says that there may be none. */
const isTelling = (effect: EffectSpec): boolean => effect.kind === "ref-get" && (effect.safely !== undefined || effect.conditional === true);

/** Whoever walks a list and takes a reference, with or without RCU: a lock keeps the list, and the count only if the last one is given up under it. */
function takenFromLists(facts: FileFacts): readonly string[] {
  if (rootsWith(["list-delete"], facts).length === 0 || rootsWith(["ref-put"], facts).length === 0) return [];
  const walks = new Set(rootsWith(["list-walk", "list-peek"], facts));
  return rootsWith(["ref-get"], facts).filter((name) => walks.has(name));
}

/** Functions that look up, take with care, or take what their callers found under RCU, and that paths of their callers do not go into. */
function notFollowed({ relevance }: TopicPaths["walker"], facts: FileFacts): readonly string[] {
  const isWanted = (name: string): boolean => (apiOf(name) ?? partlyKnown(name))?.effects.some((effect) => effect.kind === "lookup" || isTelling(effect)) === true;
  const takesOne = (name: string): boolean => apiOf(name)?.effects.some(({ kind }) => kind === "ref-get") === true;
  const calls = (name: string, wanted: (called: string) => boolean): boolean => [...(facts.calledNames.get(name) ?? [])].some(wanted);
  return [...facts.functions.keys()].filter((name) => (!relevance.follow.has(name) || (facts.callers.get(name)?.size ?? 0) === 0) && (calls(name, isWanted) || (calls(name, takesOne) && checksForReaders(name, facts))));
}

function careIn({ walker, roots }: TopicPaths, facts: FileFacts): Care {
  const taken = new Map<string, { readonly function: string; readonly api: string }>();
  const dropped = new Set<string>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      for (const { what, function: fn } of events) {
        if (what.kind === "reference" && what.conditional) {
          const key = counterKey(what.counter);
          if (key !== undefined) taken.set(key, { function: fn, api: what.api });
        } else if (what.kind === "put" && !facts.rcuCallbacks.has(root)) {
          const { origin } = objectBehind(what.counter);
          if (origin.kind === "load") dropped.add(origin.place.key);
        }
      }
    }
  }
  return { taken, dropped };
}

function takenAt(trace: Trace, event: TraceEvent, index: number, protection: Protection): Taken | undefined {
  const { what } = event;
  if (what.kind !== "reference" || what.conditional || event.condition !== undefined) return undefined;
  const key = counterKey(what.counter);
  if (key === undefined) return undefined;
  const object = objectBehind(what.counter);
  // What was found may have been stored and loaded again by the same path.
  for (let obtain = index - 1; obtain >= 0; obtain--) {
    const found = trace.events[obtain];
    const source = found === undefined ? undefined : sourceOf(found);
    if (found === undefined || source?.object.id !== object.id) continue;
    if (!isReading({ trace, index: obtain, event: found }) && !(found.locks.length > 0 && source.kind !== "pointer")) continue;
    if (hasReference(trace, what.counter, obtain, index)) return undefined;
    // Who takes it out itself has the reference of the list, unless that is one from which the last put takes it out.
    const isTaken = trace.events.slice(obtain, index).some((other) => { const left = leavesBy(other, object); return left?.kind === source.kind && left.key === source.key; });
    const all = (protection.puts.get(key) ?? []).flatMap((put) => endOf(put, source) ?? []);
    const apart = new Set(all.filter((end) => keptApart(found, event, end)));
    const ends = distinct(all.filter((end) => !apart.has(end) && !(isTaken && end.leave < end.put)));
    const putAt = ({ trace: path, put }: End): number | undefined => path.events[put]?.at.start;
    const isLockedElsewhere = new Set(ends.filter((end) => [...apart].some((other) => putAt(other) === putAt(end))));
    if (ends.length > 0) return { object, isListed: source.kind === "list", obtain, ends, safely: undefined, late: undefined, isLockedElsewhere };
  }
  return undefined;
}

/** The path has a reference of its own already, or made the object's count. */
function hasReference({ events }: Trace, counter: Sym, from: number, to: number): boolean {
  return events.slice(from, to).some(({ what }) => what.kind === "reference" && what.counter.id === counter.id);
}

/** Loads from the object that was found to what the reference is taken of. */
const hopsMax = 2;

/**
 * The last put is not in the file, or not told as one, but such objects are found without a reference: the kernel has a get
 * for that, or the file itself takes this counter with care elsewhere.
 */
function dyingAt(trace: Trace, event: TraceEvent, index: number, protection: Protection, care: Care, { facts }: RuleContext): Taken | undefined {
  const { what } = event;
  if (what.kind !== "reference" || what.conditional) return undefined;
  const key = counterKey(what.counter);
  const elsewhere = key === undefined ? undefined : care.taken.get(key);
  // Ends that the file shows decide by themselves; a put that RCU calls comes after all who found it.
  const puts = key === undefined ? [] : protection.puts.get(key) ?? [];
  const known = what.safely ?? (elsewhere === undefined || elsewhere.function === event.function ? undefined : elsewhere.api);
  const late = known === undefined ? puts.find(defersFree) : undefined;
  const object = objectBehind(what.counter);
  const safely = known ?? (late === undefined && !(isCount(what.api, puts) && isFreedByRcu(what.counter, object, facts)) ? undefined : withCare.get(what.api));
  if (safely === undefined) return undefined;
  const isGiven = object.origin.kind === "parameter" && late !== undefined && checksForReaders(event.function, facts);
  const obtain = isGiven ? index : whereFound(trace, object, index, care.dropped);
  const found = trace.events[obtain];
  if (found === undefined) return undefined;
  const source = sourceOf(found);
  if (puts.some((put) => facts.rcuCallbacks.has(put.trace.root) || (source !== undefined && endOf(put, source) !== undefined))) return undefined;
  const isSearched = found.what.kind === "lookup" && elsewhere !== undefined;
  if (!isSearched && !isGiven && !(isReading({ trace, index: obtain, event: found }) ? sectionOver(trace, obtain, index) : isCalledByReaders(trace.root, facts))) return undefined;
  // A lock may keep the field that leads to it.
  if (event.locks.length > 0 && object.origin.kind === "load" && !readersFind(found, object)) return undefined;
  // A reference of what leads to it keeps it as well.
  if (trace.events.slice(obtain, index).some((other) => other.what.kind === "reference" && leadsOn(objectBehind(other.what.counter), object))) return undefined;
  if (found.locks.some((lock) => event.locks.some((held) => held.key === lock.key)) || hasReference(trace, what.counter, obtain, index)) return undefined;
  return { object, isListed: found.what.kind === "walk" && found.what.element.id === object.id, obtain, ends: [], safely, late, isLockedElsewhere: new Set() };
}

/** An atomic_t counts references only where somebody gives one up; a put that frees the object at once says that readers are gone by then. */
const isCount = (api: string, puts: readonly Use[]): boolean => (api !== "atomic_inc" || puts.length > 0) && !puts.some(({ trace, index, event: { what: put } }) => put.kind === "put" && trace.events.slice(index).some(({ what }) => what.kind === "free" && what.object.id === objectBehind(put.counter).id));

/** Its count and a struct rcu_head lie in one structure: the last put leaves it to a grace period, and readers find it meanwhile. */
function isFreedByRcu({ origin }: Sym, object: Sym, { structs }: FileFacts): boolean {
  const name = structOfObject(object);
  const struct = name === undefined ? undefined : structs.find(name);
  return origin.kind === "address" && origin.place.base.id === object.id && struct?.fields.some(({ type }) => /^struct\s+(?:rcu_head|callback_head|rcu_work)$/.test(type.trim())) === true;
}

/** What takes a reference only if there is one, by what takes it anyway. */
const withCare = new Map([["kref_get", "kref_get_unless_zero"], ["refcount_inc", "refcount_inc_not_zero"], ["atomic_inc", "atomic_inc_not_zero"]]);

/** Where the object is found by readers' means: itself, what it is part of, or what leads to it by a field that gives up its reference before readers are gone. */
function whereFound({ events }: Trace, object: Sym, before: number, dropped: ReadonlySet<string>): number {
  let sym = object;
  for (let hop = 0; hop <= hopsMax; hop++) {
    const at = events.findLastIndex((event, index) => index < before && readersFind(event, sym));
    if (at >= 0) return at;
    if (sym.origin.kind === "load" && (dropped.has(sym.origin.place.key) || hop > 0)) sym = objectBehind(sym.origin.place.base);
    else if (sym.origin.kind === "container") sym = objectBehind(sym.origin.of);
    else return -1;
  }
  return -1;
}

/** The object is what a field of `from` leads to, or a field of that. */
function leadsOn(from: Sym, object: Sym, hops = hopsMax): boolean {
  if (from.id === object.id) return true;
  return hops > 0 && object.origin.kind === "load" && leadsOn(from, objectBehind(object.origin.place.base), hops - 1);
}

function readersFind({ what }: TraceEvent, object: Sym): boolean {
  switch (what.kind) {
    case "walk": return what.rcu && what.element.id === object.id;
    case "load": return (what.rcu === "reader" || what.rcu === "either") && what.value.id === object.id;
    case "lookup": return what.rcu && what.element.id === object.id;
    default: return false;
  }
}

/** A lock taken after the object was found, under which the other side gives it up or takes it out: what is tested of the object then may say that it is gone. */
function recheck(trace: Trace, index: number, { obtain, object }: Taken, end: End): string | undefined {
  const get = trace.events[index];
  const [first, last] = [Math.min(end.put, end.leave), Math.max(end.put, end.leave)];
  const theirs = new Set([...givenBack(end.trace, end.put, end.put).map(({ key }) => key), ...end.trace.events.slice(first, last + 1).flatMap((event) => event.locks.map((lock) => lock.key))]);
  const lock = get?.locks.find(({ key }) => theirs.has(key) && trace.events[obtain]?.locks.every((held) => held.key !== key) === true);
  if (lock === undefined) return undefined;
  const tested = trace.events.slice(obtain, index).some((event, at, events) => event.what.kind === "load" && event.what.place.base.id === object.id && event.locks.some(({ key }) => key === lock.key) && events.slice(at).some(({ what }) => what.kind === "branch"));
  return tested ? `what is tested of it under ${lock.text} may say that it is gone` : undefined;
}

function candidateOf({ trace, event, index, what }: Place<Taken>, context: RuleContext): Candidate {
  const { facts } = context;
  const end = what.ends[0];
  const put = end?.trace.events[end.put];
  const leave = end?.trace.events[end.leave];
  const name = objectName(facts, event, what.object);
  const where = whereTaken(trace.events[what.obtain], event, facts);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: where.at,
    function: where.function,
    message: end === undefined || put === undefined ? `${name} may have no reference left when it is found here (line ${String(lineOf(facts, trace.events[what.obtain]?.at.start ?? 0))}): ${what.late === undefined ? "" : `after the last put readers still find it (${what.late.event.function}, line ${String(lineOf(facts, what.late.event.at.start))}), and `}${what.safely ?? ""}() would say so` : `${name} may have no reference left: ${put.function} (line ${String(lineOf(facts, put.at.start))}) may have dropped the last one${end.put < end.leave ? ", and it is taken out only after that" : ""}`,
    path: wayTo(trace, event, facts),
    related: [...(what.late === undefined ? [] : [{ at: what.late.event.at, message: "after the last put the object is left to a grace period" }]), ...(put === undefined ? [] : [{ at: put.at, message: "the last reference may be dropped here" }]), ...(leave === undefined ? [] : [{ at: leave.at, message: "and here it is taken out" }])],
    hypothesis: { kind: "race", races: what.ends.length === 0 ? [unseenRace(trace, index, what)] : what.ends.map((one) => raceOf(trace, index, what, one, context)) },
    fixes: where === event ? fixOf(event, what, context) : [],
  };
}

/** A helper that others call as well, with references of their own, is right: the call that gives it what was only found is meant. */
function whereTaken(found: TraceEvent | undefined, event: TraceEvent, facts: FileFacts): { readonly at: Span; readonly function: string } {
  const depth = found?.chain.length ?? 0;
  const call = event.chain[depth];
  if (call === undefined || found?.chain.some((site, k) => site !== event.chain[k]) === true) return event;
  const isShared = (name: string): boolean => facts.addressTaken.has(name) || (facts.callers.get(name)?.size ?? 0) > 1;
  return event.chain.slice(depth).some(({ callee }) => isShared(callee)) ? call : event;
}

function raceOf(trace: Trace, index: number, taken: Taken, end: End, { facts }: RuleContext): Race {
  const { obtain, object } = taken;
  const unlink = on.writeOnce("head", 0);
  const put: RaceStep = { at: end.put, steps: [drop] };
  const leave: RaceStep = { at: end.leave, steps: [end.leave > end.put ? on.ifEqual("left", 1, [unlink]) : unlink] };
  const alone = runsAlone(end.trace.root, facts);
  return {
    counterpart: { trace: end.trace, at: end.put },
    objects: [{ name: "head", initial: "&object" }, { name: "object", initial: 1 }],
    threads: [readerOf(trace, index, obtain), { role: "Updater", trace: end.trace, steps: end.put < end.leave ? [put, leave] : [leave, put] }],
    hazard: fromZero,
    sensitive: [object],
    assumptions: [lastIsTheirs],
    doubts: [alone, recheck(trace, index, taken, end), ...(isReading({ trace, index: obtain, event: trace.events[obtain]! }) ? [] : lockDoubts(trace, index, taken, end, facts))].filter((doubt) => doubt !== undefined),
    cut: [],
  };
}

/** Found under a lock alone: callers of either side may hold the other's lock, and what is tested of the object may be changed before the last put. */
function lockDoubts(trace: Trace, index: number, taken: Taken, end: End, facts: FileFacts): readonly string[] {
  const { obtain, object } = taken;
  const get = trace.events[index];
  const ours = trace.events[obtain]?.locks.filter((lock) => get?.locks.some((held) => held.key === lock.key) === true) ?? [];
  const theirs = end.trace.events[end.put]?.locks.filter((lock) => end.trace.events[end.leave]?.locks.some((held) => held.key === lock.key) === true) ?? [];
  const tested = new Set(trace.events.slice(obtain, index).flatMap(({ what }) => ((what.kind === "load" || what.kind === "atomic") && what.place.base.id === object.id ? [what.place.path.at(-1) ?? ""] : [])));
  const changed = [...tested].find((field) => /^\w+$/.test(field) && isChanged(field, structOfObject(object), facts));
  return [
    ...(taken.isLockedElsewhere.has(end) ? ours.slice(0, 1).map((lock) => `other paths to the put hold ${lock.text}`) : []),
    ...heldByCallers(ours, end.trace, facts),
    ...heldByCallers(theirs, trace, facts),
    ...(changed === undefined ? [] : [`what is tested of it may say that it is gone: ${changed} changes while it is found`]),
  ];
}

/** Who takes it on the way, or a mutex where it is a spinlock, is not called with it. */
function heldByCallers(locks: readonly HeldLock[], { root, events }: Trace, facts: FileFacts): readonly string[] {
  const isTaken = (lock: HeldLock): boolean => events.some(({ what }) => what.kind === "lock" && (mayBeSame(what.lock, lock) || (lock.class === "spin" && what.lock.class === "mutex")));
  const open = isCalledFromElsewhere(root, facts) ? locks.find((lock) => !isTaken(lock)) : undefined;
  return open === undefined ? [] : [`callers of ${root}() may hold ${open.text}`];
}

const drop: Step = { kind: "update", dst: "left", at: "object", with: { kind: "sub", operand: 1 }, order: "mb" };
const fromZero: Race["hazard"] = { kind: "outcome", what: "no reference was left", when: [{ thread: "Reader", register: "p", is: "&object" }, { thread: "Reader", register: "count", is: 0 }] };
const lastIsTheirs = "one reference is left when both start, and it is the updater's";

function readerOf(trace: Trace, index: number, obtain: number): RaceThread {
  return { role: "Reader", trace, steps: [{ at: obtain, steps: [on.rcuDereference("p", "head")] }, { at: index, steps: [on.ifSet("p", [{ kind: "update", dst: "count", at: "*p", with: { kind: "add", operand: 1 }, order: "relaxed" }])] }] };
}

/** Against a last put that nobody in the file does. */
function unseenRace(trace: Trace, index: number, { obtain, object }: Taken): Race {
  return {
    counterpart: { synthetic: "synthetic last put" },
    objects: [{ name: "head", initial: "&object" }, { name: "object", initial: 1 }],
    threads: [readerOf(trace, index, obtain)],
    others: [{ role: "Updater", title: "synthetic last put", steps: [drop, on.ifEqual("left", 1, [on.writeOnce("head", 0)])] }],
    hazard: fromZero, sensitive: [object], assumptions: [lastIsTheirs], doubts: [], cut: [],
  };
}

/** In a walk the element is passed over; a pointer that was fetched is forgotten. */
function fixOf(event: TraceEvent, { isListed }: Taken, { facts }: RuleContext): readonly FixProposal[] {
  const text = sourceText(facts, event.at);
  const call = /^(kref_get|refcount_inc)\(\s*&(\w+)((?:->|\.)[\w.>-]+)\s*\)$/.exec(text);
  const after = facts.unit.text.slice(event.at.end, event.at.end + 1);
  if (call === null || after !== ";") return [];
  const [, name, variable, field] = call;
  const to = name === "kref_get" ? "kref_get_unless_zero" : "refcount_inc_not_zero";
  const lineStart = facts.unit.text.lastIndexOf("\n", event.at.start) + 1;
  const indent = facts.unit.text.slice(lineStart, event.at.start);
  if (!/^\s*$/.test(indent)) return [];
  const otherwise = isListed ? "continue" : `${variable ?? ""} = NULL`;
  const newText = `if (!${to}(&${variable ?? ""}${field ?? ""}))\n${indent}\t${otherwise}`;
  return [{ title: `Take the reference with ${to}()`, edits: [{ file: facts.file, start: event.at.start, end: event.at.end, newText }] }];
}

export const rule: Rule = { meta, check };
