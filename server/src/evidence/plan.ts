/** Hypothesis → the programs to run. Extraction is here and cheap; running them is `judge.ts`, in a worker. */

import { bracketsAround } from "../model/brackets.ts";
import { isDetail } from "../model/detail-events.ts";
import type { FileFacts } from "../model/file-facts.ts";
import type { ReaderUse, Retirement } from "../model/lifetimes.ts";
import { commonFrame, mayWait, signatureOf, structOfObject, usableKey } from "../model/lifetimes.ts";
import { isCalledFromElsewhere, isOwnLock } from "../model/protection.ts";
import { staleConditions } from "../model/stale-conditions.ts";
import { contradictionsBefore, entrySections, opposedBuild, type Sym, type Trace, type TraceEvent } from "../model/trace.ts";
import { structNameOf } from "../model/types.ts";
import { containerName, lineOf, placeOf, writtenName } from "../model/words.ts";
import type { Counterpart } from "../protocol/index.ts";
import type { Candidate, Publication, RuleContext, Side } from "../rules/rule.ts";
import type { Attempt } from "./attempt.ts";
import { announcedBy, announcementsOf, guardShape } from "./announcements.ts";
import { attemptOfRace } from "./attempt-race.ts";
import { callersUnseen, keptApart } from "./kept-apart.ts";
import { lockedReadsOf } from "./locked-reads.ts";
import { commonLocks } from "./locks.ts";
import { lowerLostDependency } from "./lower-lost-dependency.ts";
import { lowerUseAfterFree } from "./lower-use-after-free.ts";

/** Counterparts tried for one finding; each is named in the evidence (emulator design: at most three). */
const counterpartsMax = 3;

/** Paths of one finding that are tried against each counterpart. */
const variantsMax = 16;

/** Races of one finding that are tried: three counterparts on a few paths. */
const racesMax = 12;

/** Branch conditions named among the assumptions. */
const conditionsMax = 3;

export function attemptsFor(candidate: Candidate, context: RuleContext, onlyCounterpart?: string): readonly Attempt[] {
  const { hypothesis } = candidate;
  switch (hypothesis.kind) {
    case "use-after-free": return hypothesis.sides.flatMap((side) => attemptsOn(side, hypothesis.doubts, context, onlyCounterpart));
    case "lost-dependency": {
      const publishers: readonly (Publication | undefined)[] = hypothesis.publishers.length === 0 ? [undefined] : hypothesis.publishers.slice(0, counterpartsMax);
      return publishers.map((publication) => lostDependency(hypothesis.reader, publication, hypothesis.doubts, context));
    }
    case "race": {
      const races = hypothesis.races.filter((race) => onlyCounterpart === undefined || (race.counterpart !== null && "trace" in race.counterpart && race.counterpart.trace.events[race.counterpart.at]?.function === onlyCounterpart));
      const untried = races.length > racesMax ? [`only ${String(racesMax)} of ${String(races.length)} races were tried`] : [];
      return races.slice(0, racesMax).map((race) => withCut(attemptOfRace(race, candidate, context.facts), untried));
    }
    case "path": return [];
    case "reaches-wait": {
      const { protects, wait, readers } = hypothesis;
      return protects.slice(0, variantsMax).map((retirement, index) => useAfterFree(retirement, readers[index], [], context, wait));
    }
  }
}

function attemptsOn(side: Side, doubts: readonly string[], context: RuleContext, onlyCounterpart: string | undefined): readonly Attempt[] {
  const wanted = side.readers.filter((reader) => onlyCounterpart === undefined || functionOf(reader) === onlyCounterpart);
  // Readers that are protected alike replay alike: one of each kind is tried.
  const kinds = [...new Map(wanted.toReversed().map((reader) => [`${signatureOf(reader)} ${String(reader.callersUnknown)} ${[...announcedBy(reader).keys()].join()}`, reader])).values()].reverse();
  const readers = kinds.slice(0, counterpartsMax);
  const untriedReaders = kinds.length > counterpartsMax ? [`only ${String(counterpartsMax)} of ${String(kinds.length)} kinds of readers were tried`] : [];
  const shapes = distinct(side.variants, new Set(readers.flatMap((reader) => [...announcedBy(reader).keys()])));
  const variants = shapes.slice(0, variantsMax);
  const untried = shapes.length > variantsMax ? [`only ${String(variantsMax)} of ${String(shapes.length)} paths were tried`] : [];
  const cut = [...side.cut, ...untried, ...untriedReaders];
  const others: readonly (ReaderUse | undefined)[] = readers.length === 0 ? [undefined] : readers;
  const pairs = others.flatMap((reader) => variants.map((retirement) => ({ reader, retirement })));
  // Where some pair can be in one build, those that cannot say nothing.
  const built = pairs.filter(({ reader, retirement }) => reader === undefined || opposedBuild(retirement.trace, reader.trace) === undefined);
  const attempts = (built.length > 0 ? built : pairs).map(({ reader, retirement }) => withCut(useAfterFree(retirement, reader, doubts, context), cut));
  return [...new Map(attempts.toReversed().map((attempt) => [outlineOf(attempt), attempt])).values()].reverse();
}

/** Paths that lower to the same program, with the same unknowns and doubts, are one attempt. */
function outlineOf({ program, unknownCalls, doubts }: Attempt): string {
  return JSON.stringify([program.globals, program.threads, program.condition, unknownCalls, doubts], (key, value: unknown) => (key === "source" ? undefined : value));
}

const withCut = (attempt: Attempt, cut: readonly string[]): Attempt => (cut.length === 0 ? attempt : { ...attempt, cut: [...attempt.cut, ...cut] });

const functionOf = (reader: ReaderUse): string => reader.trace.events[reader.obtain]?.function ?? reader.trace.root;

/** One path of each shape: paths that lower to the same updater are the same. `announced`: words by which readers say that they are there. */
function distinct(variants: readonly Retirement[], announced: ReadonlySet<string>): readonly Retirement[] {
  const byShape = new Map<string, Retirement>();
  for (const variant of variants) {
    const first = Math.min(variant.detach, variant.end);
    const last = Math.max(variant.detach, variant.end);
    const shape = variant.trace.events.slice(first, last + 1)
      .filter(({ what }) => what.kind !== "branch" && what.kind !== "load" && what.kind !== "store" && !isDetail(what))
      .map(({ what, at, locks }) => `${what.kind} ${String(at.start)} ${locks.map((lock) => lock.key).join()}`).join(";");
    const key = `${shape} ${guardShape(variant, announced)}`;
    if (!byShape.has(key)) byShape.set(key, variant);
  }
  return [...byShape.values()];
}

function useAfterFree(retirement: Retirement, reader: ReaderUse | undefined, doubts: readonly string[], context: RuleContext, withoutWait?: number): Attempt {
  const { facts, walker } = context;
  const announcements = announcementsOf(retirement, reader, context);
  const announcement = announcements.shown === undefined ? {} : { announcement: announcements.shown };
  const lowered = lowerUseAfterFree({ facts, retirement, reader, ...announcement, ...(withoutWait === undefined ? {} : { withoutWait }) });
  const unknownCalls = unknownBetween(retirement);
  const guarded = unknownCalls.length === 0 ? undefined : lowerUseAfterFree({ facts, retirement, reader, ...announcement, unknownCallsWait: true }).program;
  // The reader's own function decides which of its accesses there are; what its callers do around it does not.
  const cut = [
    ...(reader === undefined ? [] : walker.tracesOf(functionOf(reader)).cut),
    ...commonLocks(retirement, reader).uncertain,
    ...hiddenCode(retirement, facts),
    ...(retirement.isPutBack ? ["the object is put back before its end"] : []),
    ...(reader === undefined && /srcu/i.test(facts.unit.text) ? ["its readers, which are not in this file, may use SRCU"] : []),
    ...(retirement.container.kind === "list" && retirement.container.member.includes(".") ? ["the list goes through an embedded structure"] : []),
    ...(retirement.isLookalike ? ["what is taken out before the free may be another object"] : []),
    ...otherDomains(retirement, facts),
    ...readerDomain(retirement, reader),
    ...lockedReaders(retirement, context),
    ...otherContainers(retirement, context),
  ];
  const obtain = reader?.trace.events[reader.obtain];
  return {
    ...lowered,
    guarded,
    counterpart: counterpartOf(facts, obtain, retirement.trace.events[retirement.detach]),
    assumptions: [...assumptionsOf(retirement, reader), ...(announcements.shown === undefined ? [] : [`${announcements.shown.key} is 0 at first, and nobody else writes it`])],
    unknownCalls,
    unknownBeforeWait: handedTo({ ...retirement, end: firstWait(retirement) }),
    doubts: [...doubts, ...announcements.doubts, ...commonLocks(retirement, reader).doubts, ...namelessDomains(retirement, reader), ...contradictionsBefore(retirement.trace, retirement.end).map((text) => `the path answers "${text}" in two ways: whether it can change in between is not visible here`), ...serialisers(retirement, reader), ...unfollowed(retirement, reader), ...neverBuilt(retirement, reader), ...sectionless(retirement, reader, facts), ...apartFrom(retirement, reader, facts), ...otherElements(retirement, reader), ...staleConditions(retirement.trace, retirement.end).slice(0, 1)],
    cut: [...new Set(cut)],
  };
}

/** A reader that other files call as well is not only entered as this file has it called. */
function apartFrom({ trace, detach, end }: Retirement, reader: ReaderUse | undefined, facts: FileFacts): readonly string[] {
  const root = reader?.trace.root ?? "";
  const isOpen = facts.functions.get(root)?.isStatic === false && !facts.entries.some((entry) => entry.function === root);
  return reader === undefined || isOpen ? [] : keptApart({ trace, steps: [detach, end] }, { trace: reader.trace, steps: [reader.obtain, ...reader.accesses] }, facts);
}

/** A table holds what it is given: what is found there may be of another type than what is freed. */
function otherElements({ container, object }: Retirement, reader: ReaderUse | undefined): readonly string[] {
  if (container.kind !== "table" || reader === undefined || structOfObject(reader.object) === structOfObject(object)) return [];
  return [`whether ${reader.trace.events[reader.obtain]?.function ?? reader.trace.root}() finds such an object in ${containerName(container)} is not visible here`];
}

/** Callers in other files may hold the lock of the updaters, unless only this file can name it. */
function sectionless({ trace, detach }: Retirement, reader: ReaderUse | undefined, facts: FileFacts): readonly string[] {
  if (reader === undefined || !isCalledFromElsewhere(reader.trace.root, facts)) return [];
  const { what, locks = [] } = trace.events[detach] ?? {};
  if (locks.length > 0 && locks.every(({ key }) => isOwnLock(key, facts))) return [];
  // Taken out plainly: whoever wrote that may rely on the lock, section or not.
  if (what?.kind === "unlink" && !what.rcu && locks[0] !== undefined) return [`callers of ${writtenName(facts, reader.trace.root)}() in other files may hold ${locks[0].text}, under which it is taken out plainly`];
  if (reader.section !== undefined) return [];
  return [`${writtenName(facts, reader.trace.root)}() enters no section, and whether its callers in other files do, or keep updaters out, is not visible here`];
}

/** A synthetic counterpart has no line of its own: it gets the line of what it is played against. */
function counterpartOf(facts: FileFacts, obtain: TraceEvent | undefined, against: TraceEvent | undefined): Counterpart {
  if (obtain === undefined) return { file: facts.file, function: "(synthetic reader)", line: lineOf(facts, against?.at.start ?? 0), synthetic: true };
  const fn = facts.functions.get(obtain.function);
  return { function: writtenName(facts, obtain.function), ...placeOf(facts, fn?.nameSpan.start ?? obtain.at.start), synthetic: false };
}

/** Calls between unlink and free that might wait for a grace period. */
function unknownBetween({ trace, detach, end }: Retirement): readonly string[] {
  const names = trace.events.slice(Math.min(detach, end), Math.max(detach, end)).flatMap((event) => {
    const { what, condition } = event;
    if (what.kind === "opaque") return mayWait(event) ? [what.name] : [];
    return what.kind === "wait" && (what.maybe || condition !== undefined) ? [`${what.api}(), if it is made,`] : [];
  });
  return [...new Set(names)];
}

/** synchronize_srcu() of a domain that belongs to another structure than the container. */
function otherDomains({ trace, detach, end, holder }: Retirement, facts: FileFacts): readonly string[] {
  const other = trace.events.slice(detach, end).some(({ what, function: fn }) =>
    what.kind === "wait" && what.flavour === "srcu" && what.domainBase !== undefined && (holder === undefined ? rivals(what.domain, fn, facts) > 1 : what.domainBase !== holder.id));
  return other ? ["the SRCU domain that is waited for may be another structure's"] : [];
}

/** Readers behind macros, and functions that the configuration defines in two ways. */
function hiddenCode({ trace }: Retirement, facts: FileFacts): readonly string[] {
  const macro = facts.unit.macros.find(({ body }) => /\bs?rcu_read_lock\w*\s*\(/.test(body));
  const callees = new Set(trace.events.flatMap((event) => event.chain.map((site) => site.callee)));
  const twice = [...callees].find((name) => [...facts.unit.text.matchAll(new RegExp(`^[a-z][^\\n;=]*\\b${name}\\s*\\(`, "gm"))].length > 1 && new RegExp(`#(?:else|elif)[\\s\\S]*\\b${name}\\s*\\(`).test(facts.unit.text) && definedTwice(name, facts));
  return [
    ...(macro === undefined ? [] : [`readers may use ${macro.name}(), a macro of this file`]),
    ...(twice === undefined ? [] : [`${twice}() is defined in two ways, and one was followed`]),
  ];
}

function definedTwice(name: string, facts: FileFacts): boolean {
  return [...facts.unit.text.matchAll(new RegExp(`\\b${name}\\s*\\([^;{}]*\\)\\s*\\{`, "g"))].length > 1;
}

/** An SRCU domain that comes as a pointer may be the one that the other side names. */
function namelessDomains({ trace, detach, end }: Retirement, reader: ReaderUse | undefined): readonly string[] {
  const section = reader?.section;
  if (section?.flavour !== "srcu") return [];
  const isNameless = (domain: string): boolean => domain.startsWith("value ") || usableKey(domain) === undefined;
  const other = trace.events.slice(detach, end).some(({ what }) => what.kind === "wait" && what.flavour === "srcu" && what.domain !== section.domain && (isNameless(what.domain) || isNameless(section.domain)));
  return other ? ["the SRCU domain that is waited for may be the reader's"] : [];
}

/** The reader's SRCU domain must belong to what holds the list it walks, as the updater's does. */
function readerDomain({ trace, detach, end }: Retirement, reader: ReaderUse | undefined): readonly string[] {
  const section = reader?.section;
  if (reader === undefined || section?.flavour !== "srcu") return [];
  if (section.domain.includes("[]")) return ["which element of an array of SRCU domains is meant is not known"];
  const isWaited = trace.events.slice(detach, end).some(({ what }) => what.kind === "wait" && what.flavour === "srcu");
  const what = reader.trace.events[reader.obtain]?.what;
  const holder = what?.kind === "walk" ? what.head?.base : what?.kind === "load" ? what.place.base : undefined;
  return isWaited && section.domainBase !== undefined && section.domainBase !== holder?.id ? ["the reader's SRCU domain may be another structure's"] : [];
}

/** Walks of the same container under some lock that the updater does not take, outside any section. */
function lockedReaders({ trace, container, detach, end }: Retirement, { walker, roots }: RuleContext): readonly string[] {
  const ours = new Set([detach, end].flatMap((index) => trace.events[index]?.locks.map((lock) => lock.key) ?? []));
  const own = trace.events[detach]?.function;
  const read = lockedReadsOf(walker, roots).get(container.kind === "list" ? `list ${container.struct}.${container.member}` : `${container.kind} ${container.key}`);
  const found = read?.find(({ head, function: fn, locks }) => fn !== own && (container.kind !== "list" || container.head === undefined || head === container.head) && !locks.some((lock) => ours.has(lock.key)));
  return found === undefined ? [] : [`${found.function}() reads it under ${found.locks.map((lock) => lock.text).join(", ")} alone`];
}

/** Parameters of the function that could be the structure with this domain. */
function rivals(domain: string, functionName: string, facts: FileFacts): number {
  const struct = domain.slice(0, domain.indexOf("."));
  return facts.functions.get(functionName)?.parameters.filter(({ type }) => structNameOf(type) === struct).length ?? 0;
}

/** Readers walk this kind of object through another list too, and the path does not take it out of that one. */
function otherContainers({ trace, object, container, end }: Retirement, { walker, roots }: RuleContext): readonly string[] {
  const struct = structOfObject(object);
  if (struct === undefined) return [];
  const own = container.kind === "list" ? container.member : "";
  const gone = new Set(trace.events.slice(0, end).flatMap(({ what }) => (what.kind === "unlink" && what.element.id === object.id ? [what.member] : [])));
  const others = [...walkedMembers(walker, roots)].filter((one) => one.startsWith(`${struct}.`)).map((one) => one.slice(struct.length + 1));
  const cleared = new Set(trace.events.slice(0, end).flatMap(({ what }) => (what.kind === "store" && what.value.id !== object.id ? [what.place.key] : [])));
  const pointers = [...walkedMembers(walker, roots)].flatMap((one) => (one.startsWith(`${struct} at `) ? [one.slice(struct.length + 4)] : []));
  const left = pointers.filter((key) => (container.kind !== "pointer" || key !== container.key) && !cleared.has(key));
  if (left.length > 0) return [`readers also find it through ${left[0] ?? ""}, which this path does not clear`];
  return others.filter((member) => member !== own && !gone.has(member)).map((member) => `readers also find it through ${struct}.${member}, which this path does not unlink`);
}

const walkedByWalker = new WeakMap<RuleContext["walker"], ReadonlySet<string>>();

/** "struct.member" of every list that is walked in a read-side section. */
function walkedMembers(walker: RuleContext["walker"], roots: readonly string[]): ReadonlySet<string> {
  const known = walkedByWalker.get(walker);
  if (known !== undefined) return known;
  const members = new Set<string>();
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      for (const { what, readers } of trace.events) {
        const struct = what.kind === "walk" && readers.length > 0 ? structOfObject(what.element) : undefined;
        if (what.kind === "walk" && struct !== undefined && what.rcu) members.add(`${struct}.${what.member}`);
        // A pointer that readers follow to the same kind of object.
        const pointee = what.kind === "load" && what.rcu === "reader" && usableKey(what.place.key) !== undefined ? structOfObject(what.value) : undefined;
        if (what.kind === "load" && pointee !== undefined) members.add(`${pointee} at ${what.place.key}`);
      }
    }
  }
  walkedByWalker.set(walker, members);
  return members;
}

/** Unknown calls that get the object itself: only what is handed to a call can be freed by it. */
function handedTo({ trace, detach, end, object }: Retirement): readonly string[] {
  const isObject = (arg: Sym): boolean => arg.id === object.id || (arg.origin.kind === "address" && arg.origin.place.base.id === object.id);
  const names = trace.events.slice(Math.min(detach, end), Math.max(detach, end)).flatMap(({ what }) => (what.kind === "opaque" && what.args.some(isObject) ? [what.name] : []));
  return [...new Set(names)];
}

/** Where the first grace period after the detach ends, or the end itself. */
function firstWait({ trace, detach, end }: Retirement): number {
  const wait = trace.events.findIndex(({ what }, index) => index > detach && index < end && what.kind === "wait" && !what.callbacks && !what.maybe && what.flavour !== "tasks");
  return wait < 0 ? end : wait;
}

function neverBuilt(retirement: Retirement, reader: ReaderUse | undefined): readonly string[] {
  const condition = reader === undefined ? undefined : opposedBuild(retirement.trace, reader.trace);
  return condition === undefined ? [] : [`one side needs ${condition}, which the other excludes: no build has both`];
}

function unfollowed(retirement: Retirement, reader: ReaderUse | undefined): readonly string[] {
  if (retirement.callersUnknown) return [`not all callers of ${retirement.trace.root}() were followed, and they may hold a lock that keeps the two sides apart`];
  if (reader?.callersUnknown !== true) return [];
  return [`not all callers of ${functionOf(reader)}() were followed, and they may hold a lock that keeps the two sides apart`];
}

/**
 * Unknown calls that may be locks, told by what they do and not by their names: the same call for its effect on both
 * sides, or on one side a pair of calls with the same argument around the access where the other side holds a lock.
 */
function serialisers(retirement: Retirement, reader: ReaderUse | undefined): readonly string[] {
  if (reader === undefined) return [];
  const before = (trace: Trace, index: number): Set<string> => new Set(trace.events.slice(0, index).flatMap(({ what }) => (what.kind === "opaque" && what.isStatement ? [what.name] : [])));
  const ours = before(retirement.trace, retirement.detach);
  const both = [...before(reader.trace, reader.obtain)].filter((name) => ours.has(name)).map((name) => `${name} is called on both sides and may keep them apart`);
  const isLocked = (trace: Trace, index: number): boolean => (trace.events[index]?.locks.length ?? 0) > 0;
  const oneSided = [
    ...(isLocked(reader.trace, reader.obtain) ? bracketsAround(retirement.trace.events, retirement.detach) : []),
    ...(isLocked(retirement.trace, retirement.detach) ? bracketsAround(reader.trace.events, reader.obtain) : []),
  ];
  return [...both, ...oneSided.map((name) => `${name} may be the lock that the other side takes`)];
}

function assumptionsOf(retirement: Retirement, reader: ReaderUse | undefined): readonly string[] {
  const updater = commonFrame(retirement.trace, retirement.detach, retirement.end).function;
  const container = retirement.container.kind === "list" && retirement.container.head === undefined
    ? `list (through ${retirement.container.struct}.${retirement.container.member})`
    : containerName(retirement.container);
  const obtain = reader?.trace.events[reader.obtain];
  const other = obtain?.function ?? "the reader";
  const assumptions = [`${updater}() and ${other === "the reader" ? other : `${other}()`} work on the same ${container}`];
  const locks = retirement.trace.events[retirement.detach]?.locks.map((lock) => lock.text) ?? [];
  const shared = retirement.trace.events[retirement.detach]?.locks.some((lock) => obtain?.locks.some((held) => held.key === lock.key)) === true;
  assumptions.push(shared ? `both take ${locks.join(", ")}` : `no common lock keeps ${updater}() and ${other}() apart`);
  if (reader !== undefined && reader.section === undefined) assumptions.push(`the caller of ${other}() holds rcu_read_lock()`);
  if (reader !== undefined) assumptions.push(...entrySections(reader.trace, reader.obtain));
  if (retirement.container.kind === "list") assumptions.push("the list holds one element when both start");
  const functions = new Set([updater, ...(retirement.trace.events[retirement.end]?.chain.map((site) => site.callee) ?? [])]);
  const conditions = retirement.trace.events.slice(0, retirement.end).flatMap(({ what, function: fn }) => (what.kind === "branch" && functions.has(fn) ? [what.taken ? what.text : negated(what.text)] : []));
  for (const text of [...new Set(conditions)].slice(-conditionsMax)) assumptions.push(`in ${updater}(): if (${text})`);
  for (const index of reader?.accesses.slice(0, 1) ?? []) {
    const condition = reader?.trace.events[index]?.condition;
    if (condition !== undefined) assumptions.push(`in ${other}(): if (${condition})`);
  }
  return assumptions;
}

/** "!entry" → "entry", "a == b" → "!(a == b)". */
export function negated(text: string): string {
  if (/^\w+$/.test(text)) return `!${text}`;
  return /^!\w+$/.test(text) ? text.slice(1) : `!(${text})`;
}

function lostDependency(reader: ReaderUse, publication: Publication | undefined, doubts: readonly string[], { facts, walker }: RuleContext): Attempt {
  const store = publication?.trace.events[publication.store];
  const fn = store === undefined ? undefined : facts.functions.get(store.function);
  const obtain = reader.trace.events[reader.obtain];
  return {
    ...lowerLostDependency({ facts, reader, publication }),
    guarded: undefined,
    counterpart: { function: store === undefined ? "(synthetic updater)" : writtenName(facts, store.function), ...placeOf(facts, fn?.nameSpan.start ?? store?.at.start ?? obtain?.at.start ?? 0), synthetic: publication === undefined },
    assumptions: [
      ...(publication !== undefined && publication.initialisations.length === 0 ? ["the object is initialised plainly before it is published"] : []),
      `${functionOf(reader)}() may run while the pointer is published`,
    ],
    unknownCalls: [],
    unknownBeforeWait: [],
    doubts: [...doubts, ...callersUnseen([reader.trace, ...(publication === undefined ? [] : [publication.trace])], facts)],
    cut: walker.tracesOf(reader.trace.root).cut,
  };
}
