/** What the rules about sleeping share: what may sleep on a path, and what there forbids it. */

import type { AtomicEntry } from "../../model/blocking.ts";
import { atomicEntries, atomicReach, comesTo, flagsMaySleep, isAsking, isSpinning, unlocks } from "../../model/blocking.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { apiOf, partlyKnown } from "../../model/kernel-api/index.ts";
import type { HeldLock, ReaderSection, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { FixProposal, RuleContext, TopicPaths } from "../rule.ts";

/** `what`: in words that follow the call's text. */
export type Sleep = { readonly why: string; /** Spells of the flags that a fix can change. */ readonly flags: boolean };

/** May the event sleep, whatever branch it takes inside? Unknown flags say nothing. */
export function sleepOf(trace: Trace, event: TraceEvent, { about }: RuleContext): Sleep | undefined {
  const { what } = event;
  // kref_put() sleeps where the release function does, which is followed.
  if (what.kind === "sleep") return trace.events.some((other) => other.what.kind === "put" && other.at.start === event.at.start) ? undefined : { why: "may sleep", flags: false };
  if ((what.kind === "allocation" || what.kind === "given-flags") && what.flags !== undefined) {
    return flagsMaySleep(what.flags, about("context").walker.symbols) === true ? { why: "may sleep, by its allocation flags,", flags: true } : undefined;
  }
  return undefined;
}

/** The code asks whether it may sleep: which way it goes is the caller's. */
export function isAskedBefore(trace: Trace, index: number): boolean {
  return trace.events.slice(0, index + 1).some(({ what, condition }, at) =>
    (what.kind === "asked" && what.about === "context") || (what.kind === "branch" && isAsking(what.text, "context")) || (at === index && condition !== undefined && isAsking(condition, "context")));
}

/** `doubts`: unknown calls that may have let it go for a while. */
export type Spinning = { readonly lock: HeldLock; readonly doubts: readonly string[] };

/** A spinning lock that is held at the event, as far as the path shows; the one with the fewest doubts. */
export function spinningLockAt(trace: Trace, index: number, context: RuleContext): Spinning | undefined {
  const event = trace.events[index];
  const { facts } = context;
  const found = (event?.locks ?? []).flatMap((lock): readonly Spinning[] => {
    if (event === undefined || isSpinning(lock, trace, facts) !== true || isGiven(event, lock, facts) || isWanted(trace, event, lock)) return [];
    const doubts = doubtsOfHolding(trace, index, lock, context);
    return doubts === undefined ? [] : [{ lock, doubts: [...doubts, ...ownerDoubts(event, lock, facts)] }];
  });
  return found.toSorted((a, b) => a.doubts.length - b.doubts.length)[0];
}

/** wait_event_lock_irq(wq, condition, lock): who is given the lock may drop it. */
function isGiven(event: TraceEvent, lock: HeldLock, facts: FileFacts): boolean {
  return isNamed(lock.text.replace(/^&\s*/, ""), event, facts) && lock.at?.start !== event.at.start;
}

/** Flags that may sleep are given to a call that wants this lock held: it has to let it go for that. */
function isWanted({ events }: Trace, event: TraceEvent, lock: HeldLock): boolean {
  return event.what.kind === "given-flags" && events.some(({ what, at }) => what.kind === "needs-lock" && at.start === event.at.start && new RegExp(`(?:->|\\.|^&?)${what.name}$`).test(lock.text));
}

/** A call that is given flags, of which only they are known, may let the lock go where it gets the structure that the lock is in. */
function ownerDoubts(event: TraceEvent, lock: HeldLock, facts: FileFacts): readonly string[] {
  if (event.what.kind !== "given-flags" || isKernels(event.what.api)) return [];
  const bare = lock.text.replace(/^&\s*/, "");
  const owner = bare.replace(/(?:->|\.)\w+$/, "").replace(/^\((.*)\)$/, "$1");
  return owner !== bare && isNamed(owner, event, facts) ? [mayLetGo(`${event.what.api}()`, lock)] : [];
}

/** idr_alloc(), xa_store(): what is known to put something into a table, or to look there, knows the table's lock alone. */
const isTableCall = (name: string): boolean => (apiOf(name) ?? partlyKnown(name))?.effects.some(({ kind }) => kind === "insert" || kind === "lookup" || kind === "remove") === true;

/** A function of the kernel that the table knows: it gives up no lock of a driver but what it is given as such. */
function isKernels(name: string): boolean {
  const row = apiOf(name) ?? partlyKnown(name);
  return row !== undefined && (isTableCall(name) || row.effects.every(({ kind }) => kind !== "unlock" && kind !== "needs-lock"));
}

/** It stands in the arguments, as a whole. */
function isNamed(text: string, event: TraceEvent, facts: FileFacts): boolean {
  const args = sourceText(facts, event.at).replace(/^\w+/, "");
  for (let at = args.indexOf(text); text !== "" && at >= 0; at = args.indexOf(text, at + 1)) {
    if (!/\w/.test(args[at - 1] ?? "") && !/\w/.test(args[at + text.length] ?? "")) return true;
  }
  return false;
}

const mayLetGo = (call: string, lock: HeldLock): string => `${call} is given what leads to ${lock.text.replace(/^&\s*/, "")}, and may let it go for a while`;

/**
 * It is dropped later on this path, so nothing unknown dropped it for good before; or nothing unknown runs at all while it
 * is held. What is given the lock itself, or comes to an unlock in code that was not followed, may let it go for a while
 * (undefined); of what could reach the lock through what it is given, that is a doubt.
 */
function doubtsOfHolding(trace: Trace, index: number, lock: HeldLock, context: RuleContext): readonly string[] | undefined {
  const { facts } = context;
  const taken = lock.at === undefined ? 0 : trace.events.findLastIndex(({ what, at }, i) => i < index && what.kind === "lock" && what.lock.key === lock.key && at.start === lock.at?.start);
  const between = trace.events.slice(Math.max(taken, 0), index);
  if (between.some((event) => isLettingGo(event, lock, facts))) return undefined;
  // A lock that was not known to be held is dropped: it may be this one under another name.
  if (between.some(({ what, locks }) => what.kind === "unlock" && !locks.some((held) => held.key === what.lock.key))) return undefined;
  const isDropped = trace.events.slice(index + 1).some(({ what }) => what.kind === "unlock" && what.lock.key === lock.key);
  if (lock.at !== undefined && !isStillRunning(trace, taken, index) && !isAlwaysLeft(trace, taken, index, context, ({ locks }) => locks.some(({ key }) => key === lock.key))) return undefined;
  const isEnded = trace.events.some(({ what }) => what.kind === "exit");
  if (!isDropped && lock.at !== undefined && (!isStillRunning(trace, taken, index) || (isEnded && between.some(({ what }) => what.kind === "opaque")))) return undefined;
  const names = between.flatMap(({ what }) => (what.kind === "opaque" && !isKernels(leastKnown(what.name)) && what.args.some((arg) => leadsToLock(arg, lock, facts)) ? [what.name] : []));
  return [...[...new Set(names)].map((name) => mayLetGo(name, lock)), ...(isDropped || isEnded || lock.at === undefined ? [] : [`the path is not followed to where ${lock.text.replace(/^&\s*/, "")} is dropped`])];
}

/** The function that took it has not returned: what a helper took for its caller, somebody has to give back. */
function isStillRunning(trace: Trace, taken: number, index: number): boolean {
  const [from, to] = [trace.events[taken]?.chain ?? [], trace.events[index]?.chain ?? []];
  return from.every((site, depth) => to[depth] === site);
}

/** The call gets the lock itself, or comes to an unlock where it was not followed. */
function isLettingGo({ what, at }: TraceEvent, lock: HeldLock, facts: FileFacts): boolean {
  if (what.kind !== "opaque") return false;
  const text = sourceText(facts, at);
  if (text.includes(lock.text.replace(/^&\s*/, "")) || what.args.some(({ id }) => id === lock.pointer?.id)) return true;
  return comesTo(calledName(what.name), text, facts, unlocks);
}

/** "demo_wait() (through demo_drop())", "the macro DEMO": the name of what is called. */
const calledName = (name: string): string => /^(?:the macro )?(\w+)/.exec(name)?.[1] ?? "";

/** "demo_map() (through dma_map_single())": of what the function calls, that is what least is known of. */
const leastKnown = (name: string): string => /\(through (\w+)\(\)\)$/.exec(name)?.[1] ?? calledName(name);

/** Who gets this can reach the structure with the lock: it is that, lies in it, hangs on it, or it hangs on this. */
function leadsToLock(arg: Sym, { pointer }: HeldLock, facts: FileFacts): boolean {
  const owner = pointer === undefined ? undefined : ownerOf(pointer);
  if (owner === undefined) return false;
  if (owner.origin.kind === "global") return arg.id === owner.id;
  const given = ownerOf(arg);
  return (arg.origin.kind !== "load" || mayPoint(arg.type, facts)) && (hangsOn(given, owner) || hangsOn(owner, given));
}

/** The structure that an address lies in; else what the pointer is. */
const ownerOf = (pointer: Sym): Sym => (pointer.origin.kind === "address" ? pointer.origin.place.base : pointer);

/** A number leads nowhere. */
const mayPoint = (type: string, facts: FileFacts): boolean => type === "" || type.includes("*") || facts.typedefs.has(type);

/** It was found from the other: in it, or by pointers and lists that start there. */
function hangsOn(sym: Sym, from: Sym): boolean {
  for (let one: Sym | undefined = sym; one !== undefined; one = parentOf(one)) if (one.id === from.id) return true;
  return false;
}

function parentOf({ origin }: Sym): Sym | undefined {
  switch (origin.kind) {
    case "address": case "load": return origin.place.base;
    case "element": return origin.head?.base;
    case "container": return origin.of;
    default: return undefined;
  }
}

/** The helper that took it returns with it on all of its paths: where only some do, what it returned says which, and that may not be worked out. */
function isAlwaysLeft(trace: Trace, taken: number, index: number, context: RuleContext, holds: (exit: TraceEvent) => boolean): boolean {
  const [from, to] = [trace.events[taken]?.chain ?? [], trace.events[index]?.chain ?? []];
  const helper = from.find((site, depth) => to[depth] !== site)?.callee;
  if (helper === undefined) return true;
  const { traces, cut } = context.about("context").walker.tracesOf(helper);
  return cut.length === 0 && traces.every(({ events }) => events.some((event) => event.what.kind === "exit" && holds(event)));
}

/** A section at the event that the path leaves later, so that nobody else left it before. */
export function sectionAt(trace: Trace, index: number, context: RuleContext, wanted: (section: ReaderSection) => boolean): ReaderSection | undefined {
  const event = trace.events[index];
  return event?.readers.find((section) => {
    if (!wanted(section)) return false;
    const entered = trace.events.findIndex(({ what }) => what.kind === "reader-enter" && what.section.serial === section.serial);
    if (!isStillRunning(trace, entered, index) && !isAlwaysLeft(trace, entered, index, context, ({ readers }) => readers.some(({ flavour, domain }) => flavour === section.flavour && domain === section.domain))) return false;
    const isLeft = trace.events.slice(index + 1).some(({ what }) => what.kind === "reader-leave" && what.section?.serial === section.serial);
    const between = trace.events.slice(Math.max(entered, 0), index);
    if (between.some(({ what }) => what.kind === "reader-leave" && what.section === undefined)) return false;
    // spin_unlock_irq() turns interrupts on whoever turned them off.
    if (section.off === "irq" && between.some(({ what }) => what.kind === "unlock" && what.lock.off === undefined && what.lock.class === "spin")) return false;
    return isLeft || (isStillRunning(trace, entered, index) && !between.some(({ what }) => what.kind === "opaque"));
  });
}

/** Roots of which a path may both sleep and stand where it must not; `entered`: those that are entered where it must not. */
export function rootsThatMaySleep(context: RuleContext, entered: readonly AtomicEntry[] = []): TopicPaths {
  const { walker, roots } = context.about("context");
  const { sleepers, holders } = reachOf(context.facts);
  const own = new Set(entered.map((one) => one.function));
  return { walker, roots: [...roots.filter((name) => sleepers.has(name) && (holders.has(name) || own.has(name))), ...unreachedOf(context)] };
}

const unreached_ = new WeakMap<TopicPaths["walker"], ReadonlySet<string>>();

/**
 * Functions that by themselves take what forbids sleeping and may sleep, and that no followed path comes to: what calls
 * them was too much to follow. They are followed alone, so that what their callers give them is not known.
 */
export function unreachedOf(context: RuleContext): ReadonlySet<string> {
  const { walker, roots } = context.about("context");
  const known = unreached_.get(walker);
  if (known !== undefined) return known;
  const wanted = new Set([...context.facts.functions.keys()].filter((name) => holdsAndSleeps(name, context.facts)));
  const { sleepers, holders } = reachOf(context.facts);
  for (const root of wanted.size === 0 ? [] : roots.filter((name) => sleepers.has(name) && holders.has(name))) {
    wanted.delete(root);
    for (const { events } of walker.tracesOf(root).traces) for (const { function: fn } of events) wanted.delete(fn);
  }
  unreached_.set(walker, wanted);
  return wanted;
}

function holdsAndSleeps(name: string, facts: FileFacts): boolean {
  const rows = [...(facts.calledNames.get(name) ?? [])].flatMap((called) => apiOf(called) ?? []);
  return rows.some(({ effects }) => effects.some(({ kind }) => kind === "reader-enter" || kind === "lock"))
    && rows.some(({ effects, maySleep }) => maySleep === true || effects.some(({ kind }) => kind === "wait" || kind === "allocate"));
}

/** The release function in which it sleeps runs when the last reference goes; the path drops one that it took itself, and who has the others may wait for the section or the lock first. */
export function ownReferenceDoubts({ events }: Trace, index: number): readonly string[] {
  const release = events[index]?.chain.find(({ lastReference }) => lastReference);
  const put = events.slice(0, index).findLast(({ what, at }) => what.kind === "put" && at.start === release?.at.start)?.what;
  if (release === undefined || put?.kind !== "put") return [];
  const isOwn = events.slice(0, index).some(({ what }) => what.kind === "reference" && isSamePlace(what.counter, put.counter));
  return isOwn ? [`the path took the reference itself that ${release.callee}() is the end of: whether all others can be gone by then is not visible here`] : [];
}

const isSamePlace = (one: Sym, other: Sym): boolean =>
  one.id === other.id || (one.origin.kind === "address" && other.origin.kind === "address" && one.origin.place.base.id === other.origin.place.base.id && one.origin.place.key === other.origin.place.key);

/** Why what is found in such a function may never happen. */
export const unreachedDoubts = ({ root }: Trace, context: RuleContext): readonly string[] =>
  (unreachedOf(context).has(root) ? [`the calls that come to ${root}() were too much to follow, and what they give it is not known`] : []);

const reaches_ = new WeakMap<FileFacts, ReturnType<typeof atomicReach>>();
export function reachOf(facts: FileFacts): ReturnType<typeof atomicReach> {
  let known = reaches_.get(facts);
  if (known === undefined) reaches_.set(facts, (known = atomicReach(facts)));
  return known;
}

const entries_ = new WeakMap<FileFacts, readonly AtomicEntry[]>();
export function atomicEntriesOf(facts: FileFacts): readonly AtomicEntry[] {
  let known = entries_.get(facts);
  if (known === undefined) entries_.set(facts, (known = atomicEntries(facts)));
  return known;
}

/** What one place of sleeping is, for rules that find the same. */
export const aboutSleep = (event: TraceEvent): string => `sleep at ${String(event.at.start)}`;

/** The flags, where the call itself spells them; else the call. */
export function placeOfSleep(event: TraceEvent, { flags }: Sleep, facts: FileFacts): TraceEvent["at"] {
  const match = flags ? spelledFlags.exec(facts.unit.text.slice(event.at.start, event.at.end)) : null;
  return match === null ? event.at : { start: event.at.start + match.index, end: event.at.start + match.index + match[0].length };
}

const spelledFlags = /\bGFP_(KERNEL|KERNEL_ACCOUNT|NOFS|NOIO|USER)\b/;

/** GFP_KERNEL becomes GFP_ATOMIC where the call itself spells it. */
export function atomicFlagsFix(event: TraceEvent, facts: FileFacts): readonly FixProposal[] {
  const text = facts.unit.text.slice(event.at.start, event.at.end);
  const match = spelledFlags.exec(text);
  if (match === null) return [];
  const start = event.at.start + match.index;
  return [{ title: "Allocate with GFP_ATOMIC", edits: [{ file: facts.file, start, end: start + match[0].length, newText: "GFP_ATOMIC" }] }];
}

/** A statement that stands alone on its line goes behind the line that ends what forbids it, where that is the next statement of the same block. */
export function afterUnlockFix(trace: Trace, index: number, ends: (event: TraceEvent) => boolean, facts: FileFacts): readonly FixProposal[] {
  const event = trace.events[index];
  const end = trace.events.slice(index + 1).find(ends);
  if (event === undefined || end === undefined || end.function !== event.function || end.chain.length !== event.chain.length) return [];
  const { text } = facts.unit;
  const line = lineSpan(text, event.at);
  const unlock = lineSpan(text, end.at);
  if (!isAlone(text, line) || !isAlone(text, unlock) || line.end !== unlock.start) return [];
  if (indent(text, line) !== indent(text, unlock)) return [];
  const statement = text.slice(line.start, line.end);
  return [{
    title: `Move ${sourceText(facts, event.at).replace(/\(.*$/, "()")} behind ${sourceText(facts, end.at).replace(/\(.*$/, "()")}`,
    edits: [{ file: facts.file, start: line.start, end: unlock.end, newText: `${text.slice(unlock.start, unlock.end)}${statement}` }],
  }];
}

export function lineSpan(text: string, at: { readonly start: number; readonly end: number }): { start: number; end: number } {
  const start = text.lastIndexOf("\n", at.start - 1) + 1;
  const newline = text.indexOf("\n", at.end);
  return { start, end: newline < 0 ? text.length : newline + 1 };
}

export const isAlone = (text: string, line: { start: number; end: number }): boolean => /^\s*\w+\([^;{}]*\);\s*$/.test(text.slice(line.start, line.end));
export const indent = (text: string, line: { start: number; end: number }): string => /^\s*/.exec(text.slice(line.start, line.end))?.[0] ?? "";

export const lineText = (facts: FileFacts, at: { readonly start: number }): string => `line ${String(lineOf(facts, at.start))}`;
