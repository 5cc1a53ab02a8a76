import { steps as on } from "../../../../emulator-core/src/index.ts";
import { walkExprs, walkStmts } from "../../model/ast-walk.ts";
import { controlledBy, isWithin } from "../../model/controlled.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { commonFrame } from "../../model/lifetimes.ts";
import type { PathWalker } from "../../model/paths.ts";
import { placeId } from "../../model/places.ts";
import { runsAlone } from "../../model/protection.ts";
import type { Span, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { deviceMemoryOf, unreachedBy, usesBarriers, type DeviceMemory } from "../shared/device-memory.ts";
import { constantsOf, elementOf, handOverWords, ordersStores, placeOfStore, testedWords, wordKey, type Asking, type HandOverWord, type HandOverWords, type TestedWords } from "../shared/hand-over.ts";
import { lineBefore } from "../shared/insert-line.ts";
import { mergedSteps } from "../shared/race-steps.ts";
import { placesOn, wayTo, type Place as Site } from "../shared/sites.ts";

const demo = (barrier: string): string => `struct demo_desc {
	__le64 addr;
	__le32 len;
};

struct demo_ring {
	struct demo_desc *desc;
	void __iomem *tail_reg;
	unsigned int tail;
};

static int demo_ring_init(struct device *dev, struct demo_ring *ring, dma_addr_t *addr)
{
	ring->desc = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return ring->desc ? 0 : -ENOMEM;
}

static void demo_post(struct demo_ring *ring, dma_addr_t addr, u32 len)
{
	struct demo_desc *desc = &ring->desc[ring->tail];

	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	ring->tail++;
${barrier}	writel_relaxed(ring->tail, ring->tail_reg);
}
`;

const meta: RuleMeta = {
  id: "ordering/doorbell-without-wmb",
  title: "Order the descriptor before the doorbell",
  why: "The device reads the descriptor when the doorbell tells it to. A relaxed or raw register write does not order earlier stores to memory before it: the device may be told of a descriptor that it does not see yet.",
  fix: "Put wmb() (dma_wmb() for a doorbell in memory) between the descriptor and the doorbell, or ring it with writel(), which orders stores to coherent memory itself.",
  earns: "replay",
  severity: "error",
  seeds: ["001"],
  sources: ["Documentation/memory-barriers.txt", "Documentation/driver-api/device-io.rst"],
  bad: [{ title: "A relaxed doorbell right after the descriptor", code: demo("") }],
  good: [{ title: "wmb() stands between", code: demo("	wmb();\n") }],
};

/** `owner`: for a word in memory, who puts a barrier before it elsewhere, or else who asks it whether the device is done. */
type Found = { readonly descriptor: number; /** Only its type says that the device reads it. */ readonly isDeclaredOnly?: boolean; readonly owner?: { readonly orderedBy: string } | { readonly askedBy: string; /** On the same path, before the descriptor is filled. */ readonly isHere?: true } };

type Words = { readonly ordered: HandOverWords; readonly tested: TestedWords; readonly memory: DeviceMemory; readonly walker: PathWalker; /** Where some path goes on to tell the device of it, behind a barrier: a path that stops before tells it nothing. */ readonly told: Set<string> };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  const ordered = handOverWords(paths, memory, context.facts);
  // Without its barrier a function may be none of the device's topic.
  const unreached = usesBarriers(context.facts, ["wmb", "mb"]) ? unreachedBy(paths, memory, context.facts) : undefined;
  const tested = unreached === undefined ? new Map<string, never>() : testedWords({ walker: paths.walker, roots: [...paths.roots, ...unreached] }, memory, context.facts);
  const words: Words = { ordered, tested, memory, walker: paths.walker, told: new Set() };
  const roots = [...new Set([...paths.roots, ...(unreached ?? []), ...writersOf(ordered, paths, context.facts)])];
  const found = placesOn({ walker: paths.walker, roots }, (trace, event, index) => unordered(trace, event, index, memory) ?? handedOver(trace, event, index, words, context.facts));
  return found.filter(({ event, what: { owner } }) => owner === undefined || !words.told.has(placeOfStore(event))).map((place) => candidateOf(place, context));
}

/** Functions without a barrier or a register are none of the device's topic, and may write such a word all the same. */
function writersOf(words: HandOverWords, { walker }: TopicPaths, facts: FileFacts): readonly string[] {
  const fields = new Set([...words.keys()].map((key) => key.slice(key.lastIndexOf(".") + 1)));
  if (fields.size === 0) return [];
  const isNumbered = [...words.keys()].some((key) => key.endsWith("]"));
  return [...facts.functions.values()].filter(({ name, body }) => {
    // By an inline function of the driver's header, which was followed.
    const found = { writes: isNumbered && !walker.relevance.subject.has(name) && [...(facts.calledNames.get(name) ?? [])].some((called) => walker.relevance.follow.has(called) && !facts.functions.has(called)) };
    if (!walker.relevance.subject.has(name)) walkExprs(body, (expr) => { if (expr.kind === "assignment" && ((expr.target.kind === "member" && fields.has(expr.target.field)) || (isNumbered && expr.target.kind === "index"))) found.writes = true; });
    return found.writes;
  }).map(({ name }) => name);
}

/** The last word of a descriptor, by which it is handed over, right after its other words. */
function handedOver(trace: Trace, event: TraceEvent, index: number, words: Words, facts: FileFacts): Found | undefined {
  const { ordered, tested, memory, walker, told } = words;
  const { what, condition } = event;
  if (what.kind !== "store" || what.access === "release" || condition !== undefined || what.value.origin.kind === "null") return undefined;
  const { base } = what.place;
  const key = wordKey(what.place, walker);
  const word = ordered.get(key);
  const tests = tested.get(key);
  if ((word === undefined && tests === undefined && !memory.isObject(base) && !memory.isLaidOut(what.place)) || !memory.holds(what.place) || runsAlone(trace.root, facts) !== undefined || takesBack(event, facts) || fillsAll(event, facts)) return undefined;
  const constants = constantsOf(event, facts);
  const owner = ownerOf(event, constants, /~/.test(sourceText(facts, event.at)), word, tests) ?? askedHere(trace, index, words, facts);
  if (owner === undefined) return undefined;
  const element = elementOf(what.place);
  const isWord = (other: TraceEvent): boolean => other.what.kind === "store" && elementOf(other.what.place) === element && wordKey(other.what.place, walker) !== key && memory.holds(other.what.place);
  const descriptor = trace.events.findLastIndex((other, at) => at < index && isWord(other));
  if (descriptor < 0 || trace.events.slice(descriptor, index).some((other) => ordersStores(other))) return undefined;
  // A register is written then, or another word, that the device waits for.
  const isTold = "orderedBy" in owner ? word?.isTold === true : memory.isObject(base);
  // Memory of any kind has words with a number: the one that hands over is written last.
  if ((word?.isByNumber === true || isNumberAlone(key)) && trace.events.slice(index + 1).some(({ what: later }) => later.kind === "store" && elementOf(later.place) === element)) return undefined;
  const isLaterWord = (later: TraceEvent, at: number): boolean => later.what.kind === "store" && later.what.place.base.id === base.id && memory.holds(later.what.place) && word?.followedBy.has(wordKey(later.what.place, walker)) !== true && !isNextOfKind(trace, index, at, { key, walker });
  const isToldLater = trace.events.some((later, at) => at > index && ((later.what.kind === "mmio" && !isTold) || isLaterWord(later, at)));
  if (isToldBehindBarrier(trace, index, { isWord, key }, { memory, walker }) || ("isHere" in owner && (isFollowedBehindBarrier(trace, index, memory) || isWrittenAgain(trace, index, key, walker)))) told.add(placeOfStore(event));
  return isToldLater || isMadeHere(trace, base) ? undefined : { descriptor, owner };
}

const isNumberAlone = (key: string): boolean => /^\w+\.\[\d+\]$/.test(key);

/** A barrier, and then any word for the device: where all that is known is who asks, that may be what hands over. */
function isFollowedBehindBarrier({ events }: Trace, index: number, memory: DeviceMemory): boolean {
  const barrier = events.findIndex((event, at) => at > index && ordersStores(event));
  return barrier >= 0 && events.slice(barrier).some(({ what }) => what.kind === "store" && memory.holds(what.place));
}

/** The word is written once more, of this descriptor or of the first one: that may be what hands over, and this what keeps the device away until then. */
const isWrittenAgain = ({ events }: Trace, index: number, key: string, walker: PathWalker): boolean =>
  events.slice(index + 1).some(({ what }) => what.kind === "store" && wordKey(what.place, walker) === key);

/** The same word of the next descriptor, with nothing that orders the two: it tells the device no more of this one. */
function isNextOfKind({ events }: Trace, index: number, later: number, { key, walker }: { readonly key: string; readonly walker: PathWalker }): boolean {
  const { what } = events[later]!;
  const own = events[index]!.what;
  return what.kind === "store" && own.kind === "store" && wordKey(what.place, walker) === key && elementOf(what.place) !== elementOf(own.place) && !events.slice(index, later).some(ordersStores);
}

/** A barrier, and then this word of another descriptor, or a word of a kind that this one was not filled with: the device comes here from there. */
function isToldBehindBarrier({ events }: Trace, index: number, { isWord, key }: { readonly isWord: (event: TraceEvent) => boolean; readonly key: string }, { memory, walker }: Pick<Words, "memory" | "walker">): boolean {
  const barrier = events.findIndex((event, at) => at > index && event.what.kind === "fence" && ordersStores(event));
  const next = barrier < 0 ? undefined : events.slice(barrier).find(({ what }) => what.kind === "store" && memory.holds(what.place))?.what;
  if (next?.kind !== "store") return false;
  const nextKey = wordKey(next.place, walker);
  return nextKey === key || !events.slice(0, barrier).some((event) => event.what.kind === "store" && isWord(event) && wordKey(event.what.place, walker) === nextKey);
}

/** The path goes on only where this very word says that the device is done with the descriptor. */
function askedHere(trace: Trace, index: number, { tested, memory }: Words, facts: FileFacts): Found["owner"] {
  const { what } = trace.events[index]!;
  if (what.kind !== "store" || tested.size === 0) return undefined;
  const isIt = ({ what: other }: TraceEvent): boolean => other.kind === "load" && placeId(other.place) === placeId(what.place) && memory.holds(other.place);
  const asked = trace.events.findIndex((event, at) => at < index && isIt(event));
  if (asked < 0) return undefined;
  const { function: name, sites: [test, store] } = commonFrame(trace, asked, index);
  const fn = facts.functions.get(name);
  const asker = facts.functions.get(trace.events[asked]!.function);
  if (asker === undefined || isComparedWith(asker, trace.events[asked]!.at)) return undefined;
  return fn !== undefined && isWithin(store.at, controlledBy(fn, test.at)) ? { askedBy: trace.events[asked]!.function, isHere: true } : undefined;
}

/** With what the driver wants it to be: it is written where that differs, and the device has no part in it. */
function isComparedWith({ body }: FunctionDef, at: Span): boolean {
  const isOf = (expr: Span): boolean => expr.start <= at.start && at.end <= expr.end;
  let found = false;
  walkExprs(body, (expr) => {
    if (expr.kind !== "binary" || !/^[!=]=$/.test(expr.operator) || !isOf(expr)) return;
    walkExprs(isOf(expr.left) ? expr.right : expr.left, (one) => { if (one.kind === "identifier" && !/^[A-Z][A-Z0-9_]*$/.test(one.name)) found = true; });
  });
  return found;
}

/** What lies there was allocated on this path. */
const isMadeHere = ({ events }: Trace, base: Sym): boolean =>
  events.some(({ what }) => what.kind === "allocation" && (what.object.id === base.id || events.some(({ what: other }) => other.kind === "store" && other.value.id === what.object.id && base.origin.kind === "load" && other.place.key === base.origin.place.key)));

/** Another constant than the one that hands over may keep the device away; so does a value that something is taken out of. */
function ownerOf(event: TraceEvent, constants: readonly string[], isMasked: boolean, word: HandOverWord | undefined, tests: ReadonlyMap<string, readonly Asking[]> | undefined): Found["owner"] {
  const { function: writer, at } = event;
  const isHandedOver = word !== undefined && !word.places.has(placeOfStore(event)) && (constants.some((constant) => (word.always.size > 0 ? word.always : word.constants).has(constant)) || (constants.length === 0 && !isMasked && word.isGiven));
  if (isHandedOver) return { orderedBy: word.orderedBy };
  // Who asks after it was written waits for an answer to just that.
  const asking = constants.flatMap((constant) => tests?.get(constant) ?? []).find((one) => one.by !== writer || one.at < at.start);
  return asking === undefined ? undefined : { askedBy: asking.by };
}

/** The last store to the device's memory before a relaxed register write, with no barrier for both between. */
function unordered(trace: Trace, { what, condition }: TraceEvent, index: number, memory: DeviceMemory): Found | undefined {
  if (what.kind !== "mmio" || what.access !== "write" || what.order !== "relaxed" || condition !== undefined) return undefined;
  const descriptor = trace.events.findLastIndex((event, at) => at < index && event.what.kind === "store" && event.condition === undefined && memory.holds(event.what.place) && !memory.isMappedOnly(event.what.place.base));
  const base = descriptorBase(trace, descriptor);
  // What the register gets was read from there: the CPU carries it over, and the device need not look.
  if (base === undefined || (what.value?.origin.kind === "load" && what.value.origin.place.base.id === base.id)) return undefined;
  if (isToldWhere(what.value, trace.events.slice(index + 1))) return undefined;
  // An ordered access in between orders the store; so does any barrier that is more than one for CPUs.
  const isOrdered = trace.events.slice(descriptor + 1, index).some((event) =>
    (event.what.kind === "fence" && event.what.scope !== "cpu" && (event.what.fence === "wmb" || event.what.fence === "mb")) ||
    (event.what.kind === "mmio" && event.what.order === "ordered" && event.what.access === "write"));
  // What comes after a poll is no doorbell of this descriptor: it has been served.
  const isPoll = (event: TraceEvent): boolean => event.what.kind === "mmio" && event.what.access !== "write";
  if (isOrdered || trace.events.slice(descriptor + 1, index).some(isPoll)) return undefined;
  // Of several register writes in a row the last one is the doorbell.
  const next = trace.events.findIndex((event, at) => at > index && isPoll(event));
  const isDoorbell = !trace.events.slice(index + 1, next < 0 ? undefined : next).some((event) => event.function === trace.events[index]!.function && event.what.kind === "mmio" && event.what.access === "write");
  return isDoorbell ? { descriptor, isDeclaredOnly: memory.isDeclaredOnly(base) } : undefined;
}

function descriptorBase({ events }: Trace, descriptor: number): Sym | undefined {
  const what = events[descriptor]?.what;
  return what?.kind === "store" ? what.place.base : undefined;
}

/** The register is told where the memory lies, and another one is written behind a barrier: that one makes the device look. */
function isToldWhere(value: Sym | undefined, later: readonly TraceEvent[]): boolean {
  if (value?.origin.kind !== "load" || !/\bdma_addr_t\b/.test(value.origin.place.type)) return false;
  const barrier = later.findIndex((event) => event.what.kind === "fence" && ordersStores(event));
  return barrier >= 0 && later.slice(barrier).some(({ what }) => what.kind === "mmio" && what.access === "write");
}

/** `word &= ~OWNER` */
const takesBack = ({ at }: TraceEvent, facts: FileFacts): boolean => /[^&]&=/.test(sourceText(facts, at));

/** In a loop over all descriptors from the first on: a ring that is made, and that the device is told of when it is done. */
function fillsAll({ function: name, at }: TraceEvent, facts: FileFacts): boolean {
  let found = false;
  const fn = facts.functions.get(name);
  if (fn !== undefined) {
    walkStmts(fn.body, (stmt) => {
      if (stmt.kind !== "for" || stmt.start > at.start || stmt.end < at.end) return;
      const first = stmt.init?.kind === "expression" && stmt.init.expression.kind === "assignment" ? stmt.init.expression.value : stmt.init?.kind === "declaration" ? stmt.init.declarators[0]?.init : undefined;
      if (first?.kind === "literal" && Number(first.text) === 0 && isCounter(stmt)) found = true;
    });
  }
  return found;
}

type FunctionDef = NonNullable<ReturnType<FileFacts["functions"]["get"]>>;

type Stmt = Parameters<Parameters<typeof walkStmts>[1]>[0];

/** What the loop counts says which descriptor it is, and not only how many there are to be. */
function isCounter({ init, body }: Stmt & { readonly kind: "for" }): boolean {
  const target = init?.kind === "expression" && init.expression.kind === "assignment" ? init.expression.target : undefined;
  const name = target?.kind === "identifier" ? target.name : init?.kind === "declaration" ? init.declarators[0]?.name : undefined;
  let found = name === undefined;
  walkExprs(body, (expr) => { if (expr.kind === "update" || (expr.kind === "identifier" && expr.name === name)) found = true; });
  return found;
}

function candidateOf({ trace, event, index, what: found }: Site<Found>, { facts }: RuleContext): Candidate {
  const descriptor = trace.events[found.descriptor]!;
  const { owner } = found;
  const text = sourceText(facts, event.at);
  const ordered = text.replace(/^(?:__raw_)?(write[bwlq]|iowrite\d+)(?:_relaxed)?\(/, "$1(");
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: owner !== undefined ? `${text} hands the descriptor over, and the device may see it before ${sourceText(facts, descriptor.at)} (line ${String(lineOf(facts, descriptor.at.start))}): no dma_wmb() stands between${"orderedBy" in owner ? `, as it does ${owner.orderedBy === event.function ? "elsewhere " : ""}in ${owner.orderedBy}()` : `, and ${owner.askedBy}() asks the same word whose it is`}` : `${text} may reach the device before ${sourceText(facts, descriptor.at)} (line ${String(lineOf(facts, descriptor.at.start))}): nothing orders the two`,
    path: wayTo(trace, event, facts),
    related: [{ at: descriptor.at, message: "the descriptor is written here" }],
    hypothesis: { kind: "race", races: [raceOf(trace, index, found)] },
    fixes: owner !== undefined ? [{ title: "Put dma_wmb() before it", edits: [lineBefore({ file: facts.file, text: facts.unit.text }, event.at, "dma_wmb();")] }] : [
      { title: "Put wmb() before the doorbell", edits: [lineBefore({ file: facts.file, text: facts.unit.text }, event.at, "wmb();")] },
      ...(ordered === text || text.startsWith("__raw_") ? [] : [{ title: `Ring it with ${/^\w+/.exec(ordered)?.[0] ?? "writel"}()`, edits: [{ file: facts.file, start: event.at.start, end: event.at.end, newText: ordered }] }]),
    ],
  };
}

/** The register, or the word in memory, is what the device reads first; an address follows from it. */
function raceOf(trace: Trace, index: number, { descriptor, owner, isDeclaredOnly = false }: Found): Race {
  const word = owner === undefined ? "tail_register" : "owner";
  return {
    counterpart: null,
    objects: [{ name: "descriptor", initial: 0, seenBy: "device" }, { name: word, initial: 0, seenBy: "device" }],
    threads: [{ role: "CPU", trace, steps: mergedSteps([{ at: descriptor, steps: [on.writeOnce("descriptor", 1)] }, { at: index, steps: [on.writeOnce(word, "&descriptor")] }]) }],
    devices: [{ name: "device", title: "the device fetches the descriptor", path: [{ dst: "tail", at: word }, { dst: "fetched" }], access: "none" }],
    hazard: { kind: "outcome", what: "not written yet", when: [{ thread: "device", register: "tail", is: "&descriptor" }, { thread: "device", register: "fetched", is: 0 }] },
    sensitive: [],
    assumptions: [`the device reads the descriptor only after ${owner === undefined ? "the doorbell" : "this word of it"}`],
    doubts: owner === undefined ? (isDeclaredOnly ? ["only its type says that the device reads the descriptor: whether it lies in memory that the device sees is not visible here"] : []) : [`whether the device looks at it before it is told of it is not visible here${"orderedBy" in owner ? `; ${owner.orderedBy}() orders it as if it did` : ""}`],
    cut: [],
  };
}

export const rule: Rule = { meta, check };
