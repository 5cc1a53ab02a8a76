import { steps as on } from "../../../../emulator-core/src/index.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { commonFrame } from "../../model/lifetimes.ts";
import type { PathWalker } from "../../model/paths.ts";
import { placeId } from "../../model/places.ts";
import { sharesStorage } from "../../model/shared-storage.ts";
import type { Place as TracePlace, Span, Trace, TraceEvent } from "../../model/trace.ts";
import { pointee, structNameOf } from "../../model/types.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { controlledBy, isInLoop, isWithin, loopsEndedBy, usesOf } from "../../model/controlled.ts";
import { isAskedAgain } from "../shared/asked-again.ts";
import { callsBarrier, deviceMemoryOf, unreachedBy, usesBarriers, type DeviceMemory } from "../shared/device-memory.ts";
import { wordKey } from "../shared/hand-over.ts";
import { lineBefore } from "../shared/insert-line.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const demo = (barrier: string): string => `struct demo_cqe {
	__le32 status;
	__le32 len;
};

struct demo_cq {
	struct demo_cqe *cqe;
	unsigned int head;
};

static int demo_cq_init(struct device *dev, struct demo_cq *cq, dma_addr_t *addr)
{
	cq->cqe = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return cq->cqe ? 0 : -ENOMEM;
}

static int demo_poll(struct demo_cq *cq)
{
	struct demo_cqe *cqe = &cq->cqe[cq->head];

	if (!READ_ONCE(cqe->status))
		return 0;
${barrier}	return le32_to_cpu(READ_ONCE(cqe->len));
}
`;

const meta: RuleMeta = {
  id: "ordering/ready-without-rmb",
  title: "Read a descriptor only after the word that says it is there",
  why: "A test of the valid bit does not order the loads behind it: a CPU may load the rest of the descriptor first, and find what it held before the device wrote it. A control dependency orders later stores only.",
  fix: "Put dma_rmb() between the test and the other loads, or load the valid word with smp_load_acquire() where no device is involved.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/memory-barriers.txt", "tools/memory-model/Documentation/control-dependencies.txt"],
  bad: [{ title: "The completion is read right after its status", code: demo("") }],
  good: [{ title: "dma_rmb() stands between", code: demo("	dma_rmb();\n") }],
};

/** `isWritten`: CPUs write the word as well. `isAlone`: that a device writes it is told by its type alone. */
type Found = { readonly ready: number; /** Only the device writes that word, and its read is marked, or loads are ordered behind it elsewhere. */ readonly isKnown: boolean; readonly isWritten: boolean; readonly isAlone: boolean; /** A barrier for CPUs alone stands between: it orders the two, but where a kernel is built for one CPU. */ readonly isForOne: boolean; /** The same loop looks at the word that is loaded in each of its rounds, until that is the one it waits for. */ readonly isPolled: boolean };

/** Less is more certain. */
const doubtsOf = ({ isWritten, isForOne, isPolled }: Found): number => (isWritten ? 1 : 0) + (isForOne ? 2 : 0) + (isPolled ? 4 : 0);

type Look = { readonly memory: DeviceMemory; /** Barriers for devices, and those for loads, stand in the file. */ readonly isCareful: boolean; readonly isRead: boolean; readonly written: ReadonlySet<string>; /** Words behind which loads are ordered somewhere. */ readonly ordering: ReadonlySet<string>; readonly walker: PathWalker; readonly facts: FileFacts };

function check(context: RuleContext): readonly Candidate[] {
  const { walker, roots } = context.about("device");
  const { facts } = context;
  const memory = deviceMemoryOf({ walker, roots });
  const isCareful = usesBarriers(facts, ["rmb", "wmb", "mb"]);
  const isRead = usesBarriers(facts, ["rmb"]);
  const paths = { walker, roots: isCareful ? [...roots, ...unreachedBy({ walker, roots }, memory, facts)] : roots };
  const look = { memory, isCareful, isRead, written: writtenHere(paths, memory), ordering: orderingWords(paths, memory), walker, facts };
  const followed = new Set(roots);
  const ordered = new Set(paths.roots.filter((root) => !followed.has(root) && isOrderedAbove(root, facts)));
  const found = placesOn({ walker, roots: paths.roots.filter((root) => !ordered.has(root)) }, (trace, event, index) => unordered(trace, event, index, look), doubtsOf);
  // One finding for one test: the first load behind it, of what only the device writes where there is one.
  const first = new Map<string, Place<Found>>();
  for (const place of found) {
    const key = `${place.event.function} ${String(place.trace.events[place.what.ready]!.at.start)}`;
    const known = first.get(key);
    const less = known === undefined ? -1 : doubtsOf(place.what) - doubtsOf(known.what);
    if (known === undefined || less < 0 || (less === 0 && place.event.at.start < known.event.at.start)) first.set(key, place);
  }
  return [...first.values()].map((place) => candidateOf(place, context));
}

/** Of a function that is looked at alone: what comes to it orders loads, and may have read before what says that all is there. */
function isOrderedAbove(root: string, { calledNames }: FileFacts): boolean {
  const above = new Set([root]);
  for (const name of above) for (const [caller, called] of calledNames) if (called.has(name)) above.add(caller);
  return [...above].some((name) => name !== root && callsBarrier(calledNames.get(name), ["rmb", "mb"]));
}

/** Words that CPUs fill in: a table for the device, and no news from it. */
function writtenHere({ walker, roots }: TopicPaths, memory: DeviceMemory): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      for (const { what } of trace.events) if (what.kind === "store" && what.value.origin.kind !== "null" && memory.holds(what.place)) keys.add(isTyped(what.place, walker.facts) ? wordKey(what.place, walker) : untypedKey(what.place));
    }
  }
  return keys;
}

/** A load of which a test of another word of the same descriptor decides, with nothing in between that orders loads. */
function unordered(trace: Trace, { what, condition }: TraceEvent, index: number, { memory, isCareful, isRead, written, ordering, walker, facts }: Look): Found | undefined {
  if (what.kind !== "load" || condition !== undefined || !memory.holds(what.place) || !isDevices(what.place, memory) || !(memory.isObject(what.place.base) || isCareful)) return undefined;
  const isOurs = (place: TracePlace): boolean => written.has(wordKey(place, walker)) || written.has(untypedKey(place));
  const isWritten = isOurs(what.place);
  if (isWritten && (!isCareful || isForUnmap(trace, index, facts))) return undefined;
  // The first word of it that is read.
  const ready = trace.events.findIndex((event) => event.what.kind === "load" && elementOf(event.what.place, walker) === elementOf(what.place, walker) && memory.holds(event.what.place) && isDevices(event.what.place, memory));
  const other = trace.events[ready]?.what;
  if (ready >= index || other?.kind !== "load" || other.access === "acquire" || placeId(other.place) === placeId(what.place) || isSameWord(other.place, what.place, facts)) return undefined;
  // A barrier for loads before, or a register that was read, may stand behind what says how much is there.
  const isAsked = isRead || (isCareful && other.access === "once");
  if (trace.events.slice(0, ready).some((event, at) => ordersLoads(event) && !(isAsked && isAskedAgain(trace, at, ready, facts)))) return undefined;
  const orders = (event: TraceEvent): boolean => ordersLoads(event) || (event.what.kind === "fence" && event.what.scope !== "cpu" && event.what.fence === "mb") || (event.what.kind === "opaque" && !isOrderless(trace, event)) || event.what.kind === "lock";
  const isOrdering = ordering.has(wordKey(other.place, walker)) && !isAnyWord(other.place);
  const isKnown = isOurs(other.place) ? isOrdering && !isWritten : isOrdering || other.access === "once";
  if (!isKnown && isFilledBefore(trace, ready, what.place)) return undefined;
  return trace.events.slice(ready + 1, index).some(orders) || !isTested(trace, ready, index, isWritten || isOwn(trace, ready, what.place), facts) ? undefined : { ready, isKnown, isWritten, isAlone: !isRead && !memory.isObject(what.place.base), isForOne: trace.events.slice(ready + 1, index).some(ordersForCpus), isPolled: isPolled(trace, ready, index, facts) };
}

const ordersForCpus = ({ what }: TraceEvent): boolean => what.kind === "fence" && what.scope === "cpu" && (what.fence === "mb" || what.fence === "rmb");

/** A call of which it is known that it unmaps a buffer or allocates: where the device is coherent, that orders nothing. */
const isOrderless = ({ events }: Trace, { at }: TraceEvent): boolean =>
  events.some(({ what, at: other }) => other.start === at.start && ((what.kind === "dma" && what.does === "unmap") || what.kind === "given-flags"));

/** A barrier for loads that devices see, or a register that is read. */
const ordersLoads = ({ what }: TraceEvent): boolean =>
  (what.kind === "fence" && what.scope !== "cpu" && what.fence === "rmb") || (what.kind === "mmio" && what.access !== "write" && what.order === "ordered");

/** Its memory is known as that of a structure. */
const isTyped = ({ base }: TracePlace, { structs }: FileFacts): boolean => structs.find(structNameOf(base.type) ?? "") !== undefined;

/** As it is known to whoever fills memory that has no type yet. */
const untypedKey = ({ key }: TracePlace): string => `?.${key.slice(key.indexOf(".") + 1)}`;

/** Two arms of one union: a part of the word that was tested, or the word under another name. */
const isSameWord = (one: TracePlace, other: TracePlace, { structs }: FileFacts): boolean =>
  sharesStorage(structNameOf(pointee(one.base.type)) ?? "", fieldsOf(one), fieldsOf(other), structs);

const fieldsOf = ({ path }: TracePlace): string => path.filter((step) => step !== "*" && !step.startsWith("[")).join(".");

/** The whole memory was given to a call of which nothing is known: it may be what filled it, and no device. */
const isFilledBefore = ({ events }: Trace, ready: number, { base }: TracePlace): boolean =>
  events.slice(0, ready).some(({ what }) => what.kind === "opaque" && what.isStatement && what.args.some(({ id }) => id === base.id));

/** It was allocated on this path, for an answer of the device: looked at once, that has been waited for elsewhere. */
const isOwn = ({ events }: Trace, ready: number, { base }: TracePlace): boolean => events.slice(0, ready).some(({ what }) => what.kind === "allocation" && what.object.id === base.id);

/** A device writes neither pointers nor its own addresses. */
const isDevices = (place: TracePlace, memory: DeviceMemory): boolean => memory.isLaidOut(place) && !/\*|^dma_addr_t\b/.test(place.type);

/** Words of descriptors that are read, then a barrier for loads, then another word. */
function orderingWords({ walker, roots }: TopicPaths, memory: DeviceMemory): ReadonlySet<string> {
  const found = new Set<string>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      let read: readonly TracePlace[] = [];
      let ordered: readonly TracePlace[] = [];
      for (const { what } of events) {
        if (what.kind === "fence" && what.scope !== "cpu" && (what.fence === "rmb" || what.fence === "mb")) ordered = read;
        if (what.kind !== "load" || !memory.holds(what.place)) continue;
        for (const one of ordered) if (elementOf(one, walker) === elementOf(what.place, walker) && wordKey(one, walker) !== wordKey(what.place, walker)) found.add(wordKey(one, walker));
        read = [...read.filter((one) => wordKey(one, walker) !== wordKey(what.place, walker)), what.place].slice(-8);
      }
    }
  }
  return found;
}

/** A word by its number alone: descriptors of every kind have one like it. */
const isAnyWord = ({ key }: TracePlace): boolean => /^\w+\.\[\]$/.test(key);

/** The descriptor: of an array, the element. Words that are told apart by constant numbers are those of one; its fields by name may lie over them. */
function elementOf(place: TracePlace, walker: PathWalker): string {
  const { base, path } = place;
  const isNumbered = path.length === 1 && wordKey(place, walker) !== place.key;
  return `${String(base.id)} ${isNumbered ? "words" : path[0]?.startsWith("[") === true ? path[0] : ""}`;
}

/** What was mapped is read back to unmap it: only CPUs write that. */
function isForUnmap({ events }: Trace, index: number, facts: FileFacts): boolean {
  const { at, function: name } = events[index]!;
  const fn = facts.functions.get(name);
  const uses = fn === undefined ? [] : usesOf(fn, at);
  return events.some((other, later) => later >= index && other.what.kind === "dma" && other.what.does === "unmap" && uses.some((use) => other.at.start <= use.start && use.end <= other.at.end));
}

/** Whether the later load is done at all depends on what the earlier one found; `inLoop`: one of many, looked at one after the other, or again and again. */
function isTested(trace: Trace, ready: number, index: number, inLoop: boolean, facts: FileFacts): boolean {
  const { function: name, sites: [test, use] } = commonFrame(trace, ready, index);
  const fn = facts.functions.get(name);
  return fn !== undefined && isWithin(use.at, controlledBy(fn, test.at)) && (!inLoop || isInLoop(fn, test.at));
}

/** What it finds ends the loop in which both words are read: what was loaded too early is loaded again. */
function isPolled(trace: Trace, ready: number, index: number, facts: FileFacts): boolean {
  const { function: name, sites: [test, use] } = commonFrame(trace, ready, index);
  const fn = facts.functions.get(name);
  return fn !== undefined && use.throughCallee === undefined && loopsEndedBy(fn, use.at).some((loop) => isWithin(test.at, [loop]) && isWithin(use.at, [loop]) && isSameInEachRound(trace, ready, loop, facts));
}

/** No round goes on to another descriptor: nothing by which the word is reached is set in the loop. */
function isSameInEachRound({ events }: Trace, ready: number, loop: Span, facts: FileFacts): boolean {
  const { what, at } = events[ready]!;
  if (what.kind !== "load" || what.place.path.some((step) => step.startsWith("["))) return false;
  const body = sourceText(facts, loop);
  return [...sourceText(facts, at).matchAll(/(?<![.>\w])[A-Za-z_]\w*/g)].every(([name]) => !new RegExp(`(?<![.>\\w])${name}\\s*(?:\\+\\+|--|[-+]?=[^=])|(?:\\+\\+|--)${name}\\b`).test(body));
}

function candidateOf({ trace, event, index, what: found }: Place<Found>, { facts }: RuleContext): Candidate {
  const ready = trace.events[found.ready]!;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(facts, event.at)} may be loaded before ${sourceText(facts, ready.at)} (line ${String(lineOf(facts, ready.at.start))}), which says whether it is there: no dma_rmb() stands between`,
    path: wayTo(trace, event, facts),
    related: [{ at: ready.at, message: "the word that says so is read here" }],
    hypothesis: { kind: "race", races: [raceOf(trace, index, found)] },
    fixes: [{ title: "Put dma_rmb() before it", edits: [lineBefore({ file: facts.file, text: facts.unit.text }, event.at, "dma_rmb();")] }],
  };
}

function raceOf(trace: Trace, index: number, { ready, isKnown, isWritten, isAlone, isPolled: isAgain }: Found): Race {
  return {
    counterpart: null,
    objects: [{ name: "data", initial: 0, seenBy: "device" }, { name: "ready", initial: 0, seenBy: "device" }],
    threads: [{ role: "CPU", trace, steps: [{ at: ready, steps: [on.readOnce("is_ready", "ready")] }, { at: index, steps: [on.ifSet("is_ready", [on.readOnce("found", "data")])] }] }],
    others: [{ role: "Device", title: "writes the data, then that it is there", steps: [on.from(on.writeOnce("data", 1), "device", 0, "the device writes the data"), on.from(on.smpStoreRelease("ready", 1), "device", 0, "the device says that it is there")] }],
    hazard: { kind: "outcome", what: "from before the device wrote it", when: [{ thread: "CPU", register: "is_ready", is: 1 }, { thread: "CPU", register: "found", is: 0 }] },
    sensitive: [],
    assumptions: ["the device writes the data before the word that says it is there"],
    doubts: [
      ...(isKnown ? [] : ["nothing in this file orders loads behind that word: whether it is the one that the device writes last is not visible here"]),
      ...(isWritten ? ["CPUs write this word too: whether the device changes it before it says so is not visible here"] : []),
      ...(isAlone ? ["no barrier for loads stands in this file: what else says that the descriptor is there is not visible here"] : []),
      ...(isAgain ? ["the loop looks at it again in each round until it is what it waits for: what was loaded too early may only cost a round"] : []),
    ],
    cut: [],
  };
}

export const rule: Rule = { meta, check };
