import { steps as on } from "../../../../emulator-core/src/index.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { deviceMemoryOf, type DeviceMemory } from "../shared/device-memory.ts";
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

type Found = { readonly descriptor: number };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  return placesOn(paths, (trace, event, index) => unordered(trace, event, index, memory)).map((place) => candidateOf(place, context));
}

/** The last store to the device's memory before a relaxed register write, with no barrier for both between. */
function unordered(trace: Trace, { what, condition }: TraceEvent, index: number, memory: DeviceMemory): Found | undefined {
  if (what.kind !== "mmio" || what.access !== "write" || what.order !== "relaxed" || condition !== undefined) return undefined;
  const descriptor = trace.events.findLastIndex((event, at) => at < index && event.what.kind === "store" && event.condition === undefined && memory.holds(event.what.place));
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

function candidateOf({ trace, event, index, what: found }: Place<Found>, { facts }: RuleContext): Candidate {
  const descriptor = trace.events[found.descriptor]!;
  const text = sourceText(facts, event.at);
  const ordered = text.replace(/^(?:__raw_)?(write[bwlq]|iowrite\d+)(?:_relaxed)?\(/, "$1(");
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${text} may reach the device before ${sourceText(facts, descriptor.at)} (line ${String(lineOf(facts, descriptor.at.start))}): nothing orders the two`,
    path: wayTo(trace, event, facts),
    related: [{ at: descriptor.at, message: "the descriptor is written here" }],
    hypothesis: { kind: "race", races: [raceOf(trace, index, found)] },
    fixes: [
      { title: "Put wmb() before the doorbell", edits: [lineBefore({ file: facts.file, text: facts.unit.text }, event.at, "wmb();")] },
      ...(ordered === text || text.startsWith("__raw_") ? [] : [{ title: `Ring it with ${/^\w+/.exec(ordered)?.[0] ?? "writel"}()`, edits: [{ file: facts.file, start: event.at.start, end: event.at.end, newText: ordered }] }]),
    ],
  };
}

/** The register is a word that the device reads first; an address follows from it. */
function raceOf(trace: Trace, index: number, { descriptor }: Found): Race {
  return {
    counterpart: null,
    objects: [{ name: "descriptor", initial: 0, seenBy: "device" }, { name: "tail_register", initial: 0, seenBy: "device" }],
    threads: [{ role: "CPU", trace, steps: mergedSteps([{ at: descriptor, steps: [on.writeOnce("descriptor", 1)] }, { at: index, steps: [on.writeOnce("tail_register", "&descriptor")] }]) }],
    devices: [{ name: "device", title: "the device fetches the descriptor", path: [{ dst: "tail", at: "tail_register" }, { dst: "fetched" }], access: "none" }],
    hazard: { kind: "outcome", what: "not written yet", when: [{ thread: "device", register: "tail", is: "&descriptor" }, { thread: "device", register: "fetched", is: 0 }] },
    sensitive: [],
    assumptions: ["the device reads the descriptor only after the doorbell"],
    doubts: [], cut: [],
  };
}

export const rule: Rule = { meta, check };
