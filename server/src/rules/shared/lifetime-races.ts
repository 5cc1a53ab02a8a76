/** An object's end against somebody who uses it where no grace period waits for him: what several rules ask about. */

import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import { onlyLife } from "../../model/entries.ts";
import { processEntries } from "../../model/entry-contexts.ts";
import { isBehind, isMarkedPointer, retirementsOf, structOfObject, touches, usableKey, type Container, type Retirement } from "../../model/lifetimes.ts";
import { contradictionsBefore, type HeldLock, type Sym, type Trace, type TraceEvent } from "../../model/trace.ts";
import { containerName, sourceText } from "../../model/words.ts";
import type { Race, RaceStep, RaceThread, RuleContext } from "../rule.ts";

/** Somebody obtains an object and uses it. */
export type Use = { readonly trace: Trace; readonly object: Sym; readonly obtain: number; readonly uses: readonly number[] };

const byWalker = new WeakMap<RuleContext["walker"], readonly Retirement[]>();

/** Every end of an object that the file shows, one for each pair of lines. */
export function retirementsIn({ walker, roots }: RuleContext): readonly Retirement[] {
  const known = byWalker.get(walker);
  if (known !== undefined) return known;
  const bySite = new Map<string, Retirement>();
  for (const root of roots) {
    for (const one of retirementsOf(root, walker)) {
      const key = `${root} ${String(one.trace.events[one.detach]?.at.start)} ${String(one.trace.events[one.end]?.at.start)} ${one.trace.events[one.detach]?.locks.map((lock) => lock.key).join() ?? ""}`;
      const before = bySite.get(key);
      if (before === undefined || contradictionsBefore(one.trace, one.end).length < contradictionsBefore(before.trace, before.end).length) bySite.set(key, one);
    }
  }
  const found = [...bySite.values()];
  byWalker.set(walker, found);
  return found;
}

/** The container that an event reads an object from; undefined where it cannot be told from others. */
export function containerRead({ what }: TraceEvent): { readonly container: Container; readonly object: Sym } | undefined {
  if (what.kind === "walk") {
    const struct = structOfObject(what.element);
    return struct === undefined || what.member === "" ? undefined : { container: { kind: "list", struct, member: what.member, head: usableKey(what.head?.key) }, object: what.element };
  }
  if (what.kind !== "load") return undefined;
  const key = usableKey(what.place.key);
  return key === undefined ? undefined : { container: { kind: "pointer", key }, object: what.value };
}

export function isSameContainer(a: Container, b: Container): boolean {
  if (a.kind !== "list") return b.kind === a.kind && a.key === b.key;
  return b.kind === "list" && a.struct === b.struct && a.member === b.member && (a.head === undefined || b.head === undefined || a.head === b.head);
}

/** The end is left to RCU, or waits for a grace period. */
export function honoursReaders({ trace, detach, end }: Retirement): boolean {
  const last = trace.events[end]?.what.kind;
  return last === "defer-free" || last === "defer-call" || trace.events.slice(detach, end).some(({ what }) => what.kind === "wait" && !what.maybe && !what.callbacks);
}

/** Ends of the container's objects, those that honour a grace period first: against them only the use itself is wrong. */
export function retirementsFrom(container: Container, context: RuleContext): readonly Retirement[] {
  const all = retirementsIn(context).filter((one) => isSameContainer(one.container, container));
  return [...all.filter(honoursReaders), ...all.filter((one) => !honoursReaders(one))];
}

/** Accesses to the memory of `object` after `from`. */
export function usesOf({ events }: Trace, object: Sym, from: number): readonly number[] {
  return events.flatMap((event, index) => (index > from && touches(event.what, object) ? [index] : []));
}

/** Calls after `from` that nothing is known of, and that are given the object or a part of it. */
export function handedOn({ events }: Trace, object: Sym, from: number): readonly number[] {
  return events.flatMap(({ what }, index) => (index > from && what.kind === "opaque" && what.args.some((arg) => isBehind(arg, object)) ? [index] : []));
}

export function calleeAt({ events }: Trace, index: number | undefined): string {
  const what = events[index ?? -1]?.what;
  return what?.kind === "opaque" ? what.name : "the call";
}

/** The object's end against its use; without an end at hand, against one that nobody wrote. */
export function racesOf(container: Container, use: Use, context: RuleContext, doubts: readonly string[], cut: readonly string[] = []): readonly Race[] {
  const retirements = retirementsFrom(container, context);
  const reader = readerThread(use);
  const common = { objects, hazard: { kind: "use-after-free", object: "object" } as const, assumptions: [`the updater and ${nameOf(use)}() work on the same ${containerName(container)}`], cut };
  if (retirements.length === 0) {
    const steps = [on.writeOnce("slot", 0), on.synchronizeRcu(), on.kfree("object")];
    return [{ ...common, counterpart: { synthetic: "synthetic updater" }, threads: [reader], others: [{ role: "Updater", title: "synthetic updater", steps: steps.map((step) => on.from(step, context.facts.file, 0, "an updater that waits for readers")) }], sensitive: [use.object], doubts }];
  }
  return retirements.map((retirement): Race => ({
    ...common,
    counterpart: { trace: retirement.trace, at: retirement.detach },
    threads: [reader, updaterThread(retirement)],
    ...handlersOf(retirement),
    sensitive: [use.object, retirement.object],
    doubts: [...doubts, ...meetingDoubts(retirement, use, context)],
  }));
}

const objects = [{ name: "slot", initial: "&object" as const }, { name: "object", initial: 1 }];

const nameOf = ({ trace, obtain }: Use): string => trace.events[obtain]?.function ?? trace.root;

function readerThread({ trace, obtain, uses }: Use): RaceThread {
  const chosen = [...new Set([uses[0], uses.at(-1)])].filter((index) => index !== undefined);
  const steps = chosen.map((at, k): RaceStep => ({ at, steps: [on.ifSet("p", [on.readOnce(`v${String(k + 1)}`, "*p")])] }));
  return { role: "Reader", trace, steps: [{ at: obtain, steps: [on.rcuDereference("p", "slot")] }, ...steps] };
}

export function updaterThread({ trace, detach, end }: Retirement): RaceThread {
  const steps: readonly RaceStep[] = [{ at: detach, steps: [on.writeOnce("slot", 0)] }, { at: end, steps: endSteps(trace.events[end]) }];
  return { role: "Updater", trace, steps: steps.toSorted((a, b) => a.at - b.at) };
}

function endSteps(event: TraceEvent | undefined): readonly Step[] {
  if (event?.what.kind === "defer-free") return [on.kfreeRcu("object")];
  return event?.what.kind === "defer-call" ? [on.callRcu("callback")] : [on.kfree("object")];
}

export function handlersOf({ trace, end, callback }: Retirement): Pick<Race, "handlers"> {
  const what = trace.events[end]?.what;
  if (what?.kind !== "defer-call") return {};
  return { handlers: [{ name: "callback", kind: what.flavour === "srcu" ? "srcu" : "rcu", title: callback ?? "callback", ...(what.flavour === "srcu" ? { domain: what.domain } : {}), steps: [], more: [on.kfree("object")] }] };
}

/** Why the two sides may never run at once although no lock says so. */
export function meetingDoubts(retirement: Retirement, use: Use, { facts, roots, walker }: RuleContext): readonly string[] {
  const { trace, detach, container } = retirement;
  const doubts: string[] = [];
  const sides = [trace.root, use.trace.root];
  const list = container.kind === "list" ? container.head : undefined;
  for (const root of new Set(sides)) {
    if (onlyLife(root, facts, "setup", list)) doubts.push(`${root}() runs at set-up, when the other side may not be there yet`);
    if (onlyLife(root, facts, "teardown", list)) doubts.push(`${root}() runs at teardown, when the other side may be gone`);
  }
  if (facts.rcuCallbacks.has(trace.root)) doubts.push(`${trace.root}() is itself an RCU callback: what it takes down may be out of reach already`);
  if (retirement.isLookalike) doubts.push("what is taken out before the free may be another object");
  if (retirement.callersUnknown) doubts.push(`not all callers of ${trace.root}() were followed`);
  if (retirement.isPutBack) doubts.push("the object is put back before its end");
  if (container.kind === "pointer" && !isMarkedPointer(container.key, roots, walker)) doubts.push(`nothing in this file says that ${containerName(container)} is protected by RCU`);
  doubts.push(...stopDoubts(retirement, use, facts));
  const unnamed = use.uses.concat(use.obtain).flatMap((index) => use.trace.events[index]?.locks ?? [])[0];
  if (unnamed !== undefined) doubts.push(`${unnamed.text} is held, and may keep updaters out`);
  const before = (side: Trace, index: number): Set<string> => new Set(side.events.slice(0, index).flatMap(({ what }) => (what.kind === "opaque" && what.isStatement ? [what.name] : [])));
  const updaters = before(trace, detach);
  const shared = [...before(use.trace, use.obtain)].find((name) => updaters.has(name));
  if (shared !== undefined) doubts.push(`${shared} is called on both sides and may keep them apart`);
  const obtained = trace.events.find(({ what }) => what.kind === "load" && what.value.id === retirement.object.id)?.what;
  if (obtained?.kind === "load" && obtained.rcu === "alone") doubts.push("the updater reads it with rcu_dereference_protected(…, 1), which says that nothing else can reach it");
  return doubts;
}

/** The updater may have stopped the other side, or the two may be run one after the other. */
function stopDoubts({ trace, detach }: Retirement, use: Use, facts: RuleContext["facts"]): readonly string[] {
  const stop = trace.events.slice(0, detach).find(({ what }) => what.kind === "wait-handler" || what.kind === "wait-completion" || what.kind === "wait-event" || what.kind === "unregister" || what.kind === "kill-reference")?.what;
  const entriesOf = (root: string): ReadonlySet<string> => new Set((processEntries(facts).get(root) ?? []).map(({ name }) => name));
  const theirs = entriesOf(use.trace.root);
  const common = [...entriesOf(trace.root)].find((name) => theirs.has(name) && (name === "work item" || name === "kernel thread" || trace.root === use.trace.root));
  return [
    ...(stop !== undefined && "api" in stop ? [`${stop.api}() before it may have stopped ${use.trace.root}()`] : []),
    ...(common === undefined ? [] : [`both sides are entered as ${common}, which may run one at a time`]),
  ];
}

/** Locks by which callers that are not known could keep updaters out: those under which the updater may sleep, and all where it shows none. */
export function callerLockDoubts(container: Container, root: string, context: RuleContext): readonly string[] {
  const held = retirementsFrom(container, context).map(({ trace, detach }) => trace.events[detach]?.locks ?? []);
  const lock = held.flat().find((one) => one.class !== "spin");
  if (lock !== undefined) return [`callers of ${root}() may hold ${lock.text}, which keeps updaters out`];
  return held.some((locks) => locks.length === 0) ? [`callers of ${root}() may hold a lock that the updater's callers hold too`] : [];
}

/**
 * Whether the value is one object from one event to the other. A value that nobody knows, what a call returned that was
 * made again (another round of a loop), and what was read again where it stood have one symbol for many.
 */
export function isOneObject({ id, origin }: Sym, { events }: Trace, first: number, last: number): boolean {
  if (events.slice(first + 1, last).some(({ what }) => (what.kind === "load" && what.value.id === id) || ((what.kind === "walk" || what.kind === "lookup") && what.element.id === id))) return false;
  if (origin.kind !== "expression" || events.filter(({ what }, at) => at < last && what.kind === "lookup" && what.element.id === id).length === 1) return true;
  const call = /^call (\S+) (\d+) /.exec(origin.text);
  if (call === null) return false;
  return events.slice(0, last).filter(({ what, at }) => what.kind === "opaque" && what.name === `${call[1] ?? ""}()` && at.start === Number(call[2])).length === 1;
}

/** Conditions that the path answers in two ways on the way to the event: it may be none. */
export function isContradictory(trace: Trace, last: number): boolean {
  return contradictionsBefore(trace, last).length > 0;
}

/** A read-side section that spans both events. */
export function sectionOver({ events }: Trace, first: number, last: number): boolean {
  const serials = new Set(events[first]?.readers.map((section) => section.serial));
  return events[last]?.readers.some((section) => serials.has(section.serial)) === true;
}

/** A lock that is held from one event to the other, never dropped in between. */
export function lockOver({ events }: Trace, first: number, last: number): HeldLock | undefined {
  return events[first]?.locks.find((lock) => events.slice(first, last + 1).every((event) => event.locks.some((held) => held.key === lock.key && held.at?.start === lock.at?.start)));
}

/** Why it is not certain that an event happens on its path; a test of the very pointer that it follows is none. */
export function conditionDoubts(event: TraceEvent, { facts }: Pick<RuleContext, "facts">): readonly string[] {
  const { condition } = event;
  return condition === undefined || sourceText(facts, event.at).includes(`${condition}->`) ? [] : [`only if ${condition}, which may never be`];
}
