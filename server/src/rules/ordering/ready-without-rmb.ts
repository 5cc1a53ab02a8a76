import { steps as on } from "../../../../emulator-core/src/index.ts";
import { placeId } from "../../model/places.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { deviceMemoryOf, type DeviceMemory } from "../shared/device-memory.ts";
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

type Found = { readonly ready: number };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  const isCareful = usesReadBarriers(paths);
  const written = writtenHere(paths, memory);
  const found = placesOn(paths, (trace, event, index) => (event.what.kind === "load" && written.has(event.what.place.key) ? undefined : unordered(trace, event, index, memory, isCareful)));
  // One finding for one test: the first load behind it.
  const first = new Map<string, Place<Found>>();
  for (const place of found) {
    const key = `${place.event.function} ${String(place.trace.events[place.what.ready]!.at.start)}`;
    const known = first.get(key);
    if (known === undefined || place.event.at.start < known.event.at.start) first.set(key, place);
  }
  return [...first.values()].filter((place) => isTested(place, paths)).map((place) => candidateOf(place, context));
}

/** Words that CPUs fill in: a table for the device, and no news from it. */
function writtenHere({ walker, roots }: TopicPaths, memory: DeviceMemory): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      for (const { what } of trace.events) if (what.kind === "store" && what.value.origin.kind !== "null" && memory.holds(what.place)) keys.add(what.place.key);
    }
  }
  return keys;
}

/** Somewhere in the file a barrier for loads stands: its device is one that needs them. */
function usesReadBarriers({ walker, roots }: TopicPaths): boolean {
  return roots.some((root) => walker.tracesOf(root).traces.some((trace) => trace.events.some(({ what }) => what.kind === "fence" && what.fence === "rmb" && what.scope !== "cpu")));
}

/** A load behind a branch that follows the load of another word of the same descriptor, with nothing that orders loads. */
function unordered(trace: Trace, { what, condition }: TraceEvent, index: number, memory: DeviceMemory, isCareful: boolean): Found | undefined {
  if (what.kind !== "load" || condition !== undefined || !memory.holds(what.place) || !(memory.isObject(what.place.base) || isCareful)) return undefined;
  const isLoad = (event: TraceEvent): boolean => event.what.kind === "load" && memory.holds(event.what.place);
  const branch = trace.events.findLastIndex((event, at) => at < index && event.what.kind === "branch" && event.function === trace.events[index]!.function);
  const ready = trace.events.findLastIndex((event, at) => at < branch && isLoad(event));
  const other = trace.events[ready]?.what;
  if (branch < 0 || other?.kind !== "load" || other.access === "acquire" || other.place.base.id !== what.place.base.id || placeId(other.place) === placeId(what.place)) return undefined;
  // Read before as well: then the test is not what makes the reader come here.
  if (trace.events.slice(0, ready).some((event) => event.what.kind === "load" && placeId(event.what.place) === placeId(what.place))) return undefined;
  // Another word of it was read before the test, or a barrier for loads stands before: that it is there was known by then.
  if (trace.events.slice(0, ready).some((event) => event.what.kind === "load" && event.what.place.base.id === what.place.base.id && placeId(event.what.place) !== placeId(other.place))) return undefined;
  if (trace.events.slice(0, ready).some((event) => event.what.kind === "fence" && event.what.scope !== "cpu" && event.what.fence === "rmb")) return undefined;
  // A register was read before: it may be what says how much is there, and it orders the loads behind it.
  if (trace.events.slice(0, ready).some((event) => event.what.kind === "mmio" && event.what.access !== "write" && event.what.order === "ordered")) return undefined;
  const orders = (event: TraceEvent): boolean => (event.what.kind === "fence" && event.what.scope !== "cpu" && (event.what.fence === "rmb" || event.what.fence === "mb")) || (event.what.kind === "mmio" && event.what.access !== "write" && event.what.order === "ordered") || event.what.kind === "opaque" || event.what.kind === "lock";
  return trace.events.slice(ready + 1, index).some(orders) ? undefined : { ready };
}

/** On the other way out of the test nobody reads the descriptor: so the word says whether it is there. */
function isTested({ trace, what, event }: Place<Found>, { walker }: TopicPaths): boolean {
  const ready = trace.events[what.ready]!;
  const branch = trace.events.find((other, at) => at > what.ready && other.what.kind === "branch")?.what;
  if (branch?.kind !== "branch") return false;
  return walker.tracesOf(trace.root).traces.some(({ events }) => {
    const at = events.findIndex((other) => other.at.start === ready.at.start && other.what.kind === "load" && ready.what.kind === "load" && placeId(other.what.place) === placeId(ready.what.place));
    const next = events.findIndex((other, k) => k > at && other.what.kind === "branch");
    const asked = events[next]?.what;
    return at >= 0 && asked?.kind === "branch" && asked.text === branch.text && asked.taken !== branch.taken && !events.slice(next).some((other) => other.at.start === event.at.start);
  });
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

function raceOf(trace: Trace, index: number, { ready }: Found): Race {
  return {
    counterpart: null,
    objects: [{ name: "data", initial: 0, seenBy: "device" }, { name: "ready", initial: 0, seenBy: "device" }],
    threads: [{ role: "CPU", trace, steps: [{ at: ready, steps: [on.readOnce("is_ready", "ready")] }, { at: index, steps: [on.ifSet("is_ready", [on.readOnce("found", "data")])] }] }],
    others: [{ role: "Device", title: "writes the data, then that it is there", steps: [on.from(on.writeOnce("data", 1), "device", 0, "the device writes the data"), on.from(on.smpStoreRelease("ready", 1), "device", 0, "the device says that it is there")] }],
    hazard: { kind: "outcome", what: "from before the device wrote it", when: [{ thread: "CPU", register: "is_ready", is: 1 }, { thread: "CPU", register: "found", is: 0 }] },
    sensitive: [],
    assumptions: ["the device writes the data before the word that says it is there"],
    doubts: [], cut: [],
  };
}

export const rule: Rule = { meta, check };
