import { steps as on } from "../../../../emulator-core/src/index.ts";
import { walkExprs, walkStmts } from "../../model/ast-walk.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { runsAlone } from "../../model/protection.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { deviceMemoryOf, type DeviceMemory } from "../shared/device-memory.ts";
import { constantsOf, handOverWords, ordersStores, type HandOverWords } from "../shared/hand-over.ts";
import { lineBefore } from "../shared/insert-line.ts";
import { mergedSteps } from "../shared/race-steps.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

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

/** `orderedBy`: for a word in memory, who puts a barrier before it elsewhere. */
type Found = { readonly descriptor: number; readonly orderedBy?: string };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  const words = handOverWords(paths, memory, context.facts);
  const roots = [...paths.roots, ...writersOf(words, paths, context.facts)];
  return placesOn({ walker: paths.walker, roots }, (trace, event, index) => unordered(trace, event, index, memory) ?? handedOver(trace, event, index, words, memory, context.facts)).map((place) => candidateOf(place, context));
}

/** Functions without a barrier or a register are none of the device's topic, and may write such a word all the same. */
function writersOf(words: HandOverWords, { walker }: TopicPaths, facts: FileFacts): readonly string[] {
  const fields = new Set([...words.keys()].map((key) => key.slice(key.lastIndexOf(".") + 1)));
  if (fields.size === 0) return [];
  return [...facts.functions.values()].filter(({ name, body }) => {
    const found = { writes: false };
    if (!walker.relevance.subject.has(name)) walkExprs(body, (expr) => { if (expr.kind === "assignment" && expr.target.kind === "member" && fields.has(expr.target.field)) found.writes = true; });
    return found.writes;
  }).map(({ name }) => name);
}

/** The last word of a descriptor, which a barrier stands before elsewhere, right after its other words; and no register is written then that the device waits for. */
function handedOver(trace: Trace, event: TraceEvent, index: number, words: HandOverWords, memory: DeviceMemory, facts: FileFacts): Found | undefined {
  const { what, condition } = event;
  if (what.kind !== "store" || what.access === "release" || condition !== undefined || what.value.origin.kind === "null") return undefined;
  const { base, key } = what.place;
  const word = words.get(key);
  const orderedBy = word?.orderedBy;
  if (word === undefined || orderedBy === undefined || orderedBy === event.function || !memory.holds(what.place) || runsAlone(trace.root, facts) !== undefined) return undefined;
  // Another constant than the one that hands over may keep the device away.
  if (!constantsOf(event, facts).some((constant) => word.constants.has(constant)) || takesBack(event, facts) || fillsAll(event, facts)) return undefined;
  const isWord = (other: TraceEvent): boolean => other.what.kind === "store" && other.what.place.base.id === base.id && other.what.place.key !== key && memory.holds(other.what.place);
  const descriptor = trace.events.findLastIndex((other, at) => at < index && isWord(other));
  if (descriptor < 0 || trace.events.slice(descriptor, index).some((other) => ordersStores(other) || other.what.kind === "opaque")) return undefined;
  const later = trace.events.slice(index + 1);
  const isToldLater = later.some((other) => isWord(other) || other.what.kind === "mmio" || other.what.kind === "opaque" || (other.what.kind === "store" && other.what.place.base.id === base.id && other.what.place.key === key));
  return isToldLater || trace.events.some((other) => other.what.kind === "allocation" && other.what.memory === "dma") ? undefined : { descriptor, orderedBy };
}

/** The last store to the device's memory before a relaxed register write, with no barrier for both between. */
function unordered(trace: Trace, { what, condition }: TraceEvent, index: number, memory: DeviceMemory): Found | undefined {
  if (what.kind !== "mmio" || what.access !== "write" || what.order !== "relaxed" || condition !== undefined) return undefined;
  const descriptor = trace.events.findLastIndex((event, at) => at < index && event.what.kind === "store" && event.condition === undefined && memory.holds(event.what.place) && !memory.isMappedOnly(event.what.place.base));
  if (descriptor < 0) return undefined;
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
  return isDoorbell ? { descriptor } : undefined;
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
      if (first?.kind === "literal" && Number(first.text) === 0) found = true;
    });
  }
  return found;
}

function candidateOf({ trace, event, index, what: found }: Place<Found>, { facts }: RuleContext): Candidate {
  const descriptor = trace.events[found.descriptor]!;
  const text = sourceText(facts, event.at);
  const ordered = text.replace(/^(?:__raw_)?(write[bwlq]|iowrite\d+)(?:_relaxed)?\(/, "$1(");
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: found.orderedBy !== undefined ? `${text} hands the descriptor over, and the device may see it before ${sourceText(facts, descriptor.at)} (line ${String(lineOf(facts, descriptor.at.start))}): no dma_wmb() stands between, as it does in ${found.orderedBy}()` : `${text} may reach the device before ${sourceText(facts, descriptor.at)} (line ${String(lineOf(facts, descriptor.at.start))}): nothing orders the two`,
    path: wayTo(trace, event, facts),
    related: [{ at: descriptor.at, message: "the descriptor is written here" }],
    hypothesis: { kind: "race", races: [raceOf(trace, index, found)] },
    fixes: found.orderedBy !== undefined ? [{ title: "Put dma_wmb() before it", edits: [lineBefore({ file: facts.file, text: facts.unit.text }, event.at, "dma_wmb();")] }] : [
      { title: "Put wmb() before the doorbell", edits: [lineBefore({ file: facts.file, text: facts.unit.text }, event.at, "wmb();")] },
      ...(ordered === text || text.startsWith("__raw_") ? [] : [{ title: `Ring it with ${/^\w+/.exec(ordered)?.[0] ?? "writel"}()`, edits: [{ file: facts.file, start: event.at.start, end: event.at.end, newText: ordered }] }]),
    ],
  };
}

/** The register, or the word in memory, is what the device reads first; an address follows from it. */
function raceOf(trace: Trace, index: number, { descriptor, orderedBy }: Found): Race {
  const word = orderedBy === undefined ? "tail_register" : "owner";
  return {
    counterpart: null,
    objects: [{ name: "descriptor", initial: 0, seenBy: "device" }, { name: word, initial: 0, seenBy: "device" }],
    threads: [{ role: "CPU", trace, steps: mergedSteps([{ at: descriptor, steps: [on.writeOnce("descriptor", 1)] }, { at: index, steps: [on.writeOnce(word, "&descriptor")] }]) }],
    devices: [{ name: "device", title: "the device fetches the descriptor", path: [{ dst: "tail", at: word }, { dst: "fetched" }], access: "none" }],
    hazard: { kind: "outcome", what: "not written yet", when: [{ thread: "device", register: "tail", is: "&descriptor" }, { thread: "device", register: "fetched", is: 0 }] },
    sensitive: [],
    assumptions: [`the device reads the descriptor only after ${orderedBy === undefined ? "the doorbell" : "this word of it"}`],
    doubts: orderedBy === undefined ? [] : [`whether the device looks at it before it is told of it is not visible here; ${orderedBy}() orders it as if it did`],
    cut: [],
  };
}

export const rule: Rule = { meta, check };
