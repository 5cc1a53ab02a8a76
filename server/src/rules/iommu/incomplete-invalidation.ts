import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import { rolesReaching } from "../../model/entries.ts";
import type { IommuCache } from "../../model/kernel-api/detail-schema.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { deviceMemoryOf, flushesBetween, isDoorbell, type DeviceMemory, type Flush } from "../shared/device-memory.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";
import { removalsOn } from "../shared/table-changes.ts";

const demo = (flush: string): string => `struct demo_domain {
	struct iommu_domain domain;
	u64 *pgd;
	void __iomem *regs;
};

#define to_demo_domain(d) container_of(d, struct demo_domain, domain)
#define DEMO_ADDR 0xffffffffff000ULL

static int demo_alloc_pgd(struct demo_domain *domain)
{
	domain->pgd = iommu_alloc_page(GFP_KERNEL);
	return domain->pgd ? 0 : -ENOMEM;
}

static size_t demo_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			       size_t size, size_t count,
			       struct iommu_iotlb_gather *gather)
{
	struct demo_domain *domain = to_demo_domain(iommu_domain);
	u64 *entry = &domain->pgd[iova >> 21];
	u64 old = READ_ONCE(*entry);
	u32 busy;

	if (!old)
		return 0;
${flush}	iommu_free_page(phys_to_virt(old & DEMO_ADDR));
	return size * count;
}

static const struct iommu_domain_ops demo_domain_ops = {
	.unmap_pages = demo_unmap_pages,
};
`;

const posted = "	WRITE_ONCE(*entry, 0);\n	writel(iova >> 12, domain->regs + 8);\n";
const poll = "	readl_poll_timeout(domain->regs + 16, busy, !busy, 1, 1000);\n";

const meta: RuleMeta = {
  id: "iommu/incomplete-invalidation",
  title: "Invalidate after the change, everything that caches it, and wait for it",
  why: "An invalidation helps only when it comes after the entry was changed, covers every cache that may hold it (walk cache, device TLB), and has completed before the memory is used again. Until then the device may use the old translation.",
  fix: "Clear the entry first, then invalidate with the walk caches included and the device TLB after the IOTLB, and poll for the completion before the memory goes.",
  earns: "replay",
  severity: "error",
  seeds: ["001", "002"],
  sources: ["include/linux/iommu.h", "drivers/iommu/intel/iommu.c"],
  bad: [
    { title: "Nobody waits for the invalidation", fixable: false, code: demo(posted) },
    { title: "The invalidation comes before the change", fixable: false, code: demo("	writel(iova >> 12, domain->regs + 8);\n" + poll + "	WRITE_ONCE(*entry, 0);\n") },
  ],
  good: [{ title: "Change, invalidate, wait, free", code: demo(posted + poll) }],
};

type Fault = "posted" | "leaf-only" | "early" | "device-tlb-first" | "no-device-tlb" | "not-present";
type Found = { readonly fault: Fault; readonly store: number; readonly flush: Flush; readonly end: number };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  const found = [
    ...placesOn(paths, (trace, _, index) => incomplete(removalsOn(trace, index, paths.walker, memory))),
    ...placesOn(paths, (trace, event, index) => wrongOrder(trace, event, index, memory, context)),
    ...(paths.roots.some((root) => happens(root, paths, keepsTranslations)) ? placesOn(paths, (trace, event, index) => withoutDeviceTlb(trace, event, index, paths, memory, context)) : []),
    ...(paths.roots.some((root) => happens(root, paths, asksForNotPresent)) ? placesOn(paths, (trace, event, index) => unflushedMap(trace, event, index, paths, memory, context)) : []),
  ];
  return found.map((place) => candidateOf(place, context));
}

/** Before a table is freed: a flush that nobody waits for, that covers leaves only, or that came too early. */
function incomplete(removal: ReturnType<typeof removalsOn>): Found | undefined {
  if (removal === undefined) return undefined;
  const { trace, store, end, load } = removal;
  const after = flushesBetween(trace, store + 1, end - 1);
  if (after.some((flush) => flush.unknown !== undefined)) return undefined;
  const awaited = after.filter((flush) => flush.awaited);
  const covering = awaited.find((flush) => covers(trace, flush, "walk"));
  if (covering !== undefined) return undefined;
  if (awaited[0] !== undefined) return { fault: "leaf-only", store, flush: awaited[0], end };
  if (after[0] !== undefined) return { fault: "posted", store, flush: after[0], end };
  const before = flushesBetween(trace, load, store - 1).find((flush) => flush.unknown === undefined && flush.awaited);
  return before === undefined ? undefined : { fault: "early", store, flush: before, end };
}

/** A flush by registers says nothing of what it covers: it is taken to cover all. */
function covers({ events }: Trace, { begin }: Flush, cache: IommuCache): boolean {
  const what = events[begin]!.what;
  return what.kind !== "iommu-flush" || what.caches.length === 0 || what.caches.includes(cache) || what.caches.includes("all");
}

const keepsTranslations = ({ what }: TraceEvent): boolean => what.kind === "translation" && what.does === "device-tlb";

const happens = (root: string, { walker }: TopicPaths, wanted: (event: TraceEvent) => boolean): boolean => walker.tracesOf(root).traces.some(({ events }) => events.some(wanted));

const unmappingFields: ReadonlySet<string> = new Set(["unmap", "unmap_pages", "iotlb_sync", "flush_iotlb_all"]);

/** The driver turns ATS on, and on no path of this entry anything is done that may reach the device's own TLB. */
function withoutDeviceTlb(trace: Trace, { what }: TraceEvent, index: number, paths: TopicPaths, memory: DeviceMemory, { facts }: RuleContext): Found | undefined {
  if (what.kind !== "iommu-flush" || what.step === "gather" || !what.caches.includes("iotlb")) return undefined;
  if (!rolesReaching(trace.root, facts).some(({ role }) => unmappingFields.has(role.field))) return undefined;
  if (happens(trace.root, paths, isDoorbell) || paths.walker.tracesOf(trace.root).traces.some((one) => reachesDevice(one))) return undefined;
  const store = trace.events.findLastIndex((event, at) => at < index && event.what.kind === "store" && (memory.holds(event.what.place) || event.what.access === "once"));
  return store < 0 ? undefined : { fault: "no-device-tlb", store, flush: { begin: index, end: index, awaited: true, unknown: undefined }, end: index };
}

const asksForNotPresent = ({ what }: TraceEvent): boolean => what.kind === "translation" && what.does === "not-present";

const mappingFields: ReadonlySet<string> = new Set(["map", "map_pages"]);

/** The driver knows hardware that keeps what is not present, and sets an entry with no invalidation, here or where the core says that all is mapped. */
function unflushedMap(trace: Trace, { what }: TraceEvent, index: number, paths: TopicPaths, memory: DeviceMemory, { facts }: RuleContext): Found | undefined {
  if (what.kind !== "store" || what.value.origin.kind === "null" || !(memory.holds(what.place) || (what.access === "once" && !what.place.type.includes("*")))) return undefined;
  const entered = (root: string, fields: ReadonlySet<string>): boolean => rolesReaching(root, facts).some(({ role }) => fields.has(role.field));
  if (!entered(trace.root, mappingFields)) return undefined;
  const mayFlush = (root: string): boolean => paths.walker.tracesOf(root).traces.some((one) => flushesBetween(one, 0, one.events.length).length > 0);
  if (mayFlush(trace.root) || paths.roots.some((root) => entered(root, new Set(["iotlb_sync_map"])) && mayFlush(root))) return undefined;
  return { fault: "not-present", store: index, flush: { begin: index, end: index, awaited: false, unknown: undefined }, end: index };
}

/** An invalidation of the device's TLB, or a call that may be one. */
const reachesDevice = (trace: Trace): boolean =>
  flushesBetween(trace, 0, trace.events.length).some((flush) => flush.unknown !== undefined || covers(trace, flush, "device-tlb"));

/** The device TLB is filled again from an IOTLB that still has the entry. */
function wrongOrder(trace: Trace, { what }: TraceEvent, index: number, memory: DeviceMemory, { facts }: RuleContext): Found | undefined {
  if (what.kind !== "iommu-flush" || what.step === "gather" || !what.caches.includes("iotlb") || what.caches.includes("device-tlb")) return undefined;
  if (!rolesReaching(trace.root, facts).some(({ role }) => role.table.startsWith("iommu"))) return undefined;
  const first = trace.events.findIndex((event, at) => at < index && event.what.kind === "iommu-flush" && event.what.caches.length === 1 && event.what.caches[0] === "device-tlb");
  const again = trace.events.some((event, at) => at > index && ((event.what.kind === "iommu-flush" && event.what.caches.includes("device-tlb")) || isDoorbell(event)));
  const store = trace.events.findLastIndex((event, at) => at < first && event.what.kind === "store" && memory.holds(event.what.place));
  return first < 0 || again ? undefined : { fault: "device-tlb-first", store, flush: { begin: first, end: first, awaited: true, unknown: undefined }, end: index };
}

const words: Readonly<Record<Fault, string>> = {
  posted: "is not waited for before the table is freed",
  "leaf-only": "covers leaf entries only, and the walk cache still leads to the table that is freed",
  early: "comes before the entry is cleared: the IOMMU may read the old entry again",
  "not-present": "",
  "no-device-tlb": "leaves the translations that a device with ATS keeps itself",
  "device-tlb-first": "empties the device TLB before the IOTLB, from which it is filled again",
};

function candidateOf({ trace, event, what: found }: Place<Found>, { facts }: RuleContext): Candidate {
  const flush = trace.events[found.flush.begin]!;
  const at = found.fault === "posted" || found.fault === "leaf-only" ? event : flush;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: at.at,
    function: at.function,
    message: found.fault === "not-present" ? `${sourceText(facts, flush.at)} is not followed by an invalidation, and the hardware may keep that the entry was not present` : `the invalidation ${sourceText(facts, flush.at)} (line ${String(lineOf(facts, flush.at.start))}) ${words[found.fault]}`,
    path: wayTo(trace, at, facts),
    related: found.store < 0 || found.fault === "not-present" ? [] : [{ at: trace.events[found.store]!.at, message: "the entry is cleared here" }],
    hypothesis: { kind: "race", races: [found.fault === "not-present" ? mapRace(trace, found) : found.fault === "device-tlb-first" || found.fault === "no-device-tlb" ? deviceTlbRace(trace, found) : tableRace(trace, found)] },
    fixes: [],
    about: `table freed ${event.function} ${String(event.at.start)}`,
  };
}

function tableRace(trace: Trace, { fault, store, flush, end }: Found): Race {
  const caches = fault === "leaf-only" ? ["iotlb"] : ["walk", "iotlb"];
  const flushed: readonly Step[] = fault === "posted" ? [] : [on.invalidate("the invalidation completes", caches)];
  const steps = [{ at: store, steps: [on.writeOnce("entry", 0)] }, { at: flush.end, steps: flushed }, { at: end, steps: [on.freePages("table")] }];
  return {
    counterpart: null,
    objects: [{ name: "table", initial: 1, seenBy: "device" }, { name: "entry", initial: "&table", seenBy: "device" }],
    caches: ["walk", "iotlb"],
    threads: [{ role: "Unmap CPU", trace, steps: steps.filter((step) => step.steps.length > 0).sort((a, b) => a.at - b.at) }],
    devices: [{ name: "walker", title: "page walk of the IOMMU", path: [{ dst: "next_level", at: "entry", cache: "walk" }, { dst: "leaf", cache: "iotlb" }], access: "none" }],
    hazard: { kind: "use-after-free", object: "table" },
    sensitive: [], assumptions: ["the IOMMU caches entries that lead to tables"], doubts: [], cut: [],
  };
}

/** Not before the mapping is done the driver of the device starts it. */
function mapRace(trace: Trace, { store }: Found): Race {
  return {
    counterpart: null,
    objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: 0, seenBy: "device" }, { name: "client_doorbell", initial: 0, seenBy: "device" }],
    caches: ["iotlb"],
    threads: [{ role: "Map CPU", trace, steps: [{ at: store, steps: [on.setPte("io_pte", "page")] }], after: [on.smpStoreRelease("client_doorbell", 1)] }],
    devices: [{ name: "dma", title: "DMA after the doorbell", path: [{ dst: "pte", at: "io_pte", cache: "iotlb" }], access: "none", start: { dst: "started", at: "client_doorbell", negative: true } }],
    hazard: { kind: "outcome", what: "a fault although the entry is there", when: [{ thread: "dma", register: "started", is: 1 }, { thread: "dma", register: "pte", is: 0 }] },
    sensitive: [], assumptions: ["the hardware is one that may keep what is not present, which the driver asks for"], doubts: [], cut: [],
  };
}

function deviceTlbRace(trace: Trace, { fault, store, flush, end }: Found): Race {
  const isLeft = fault === "no-device-tlb";
  const first = isLeft
    ? { at: store, steps: [on.clearPte("io_pte")] }
    : { at: flush.begin, steps: [on.from(on.clearPte("io_pte"), "the entry", 0, "the entry is cleared"), on.invalidate("the device TLB is empty", ["atc"])] };
  return {
    counterpart: null,
    objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: "&page", seenBy: "device" }],
    caches: ["iotlb", "atc"],
    threads: [{ role: "Unmap CPU", trace, steps: [first, { at: end, steps: [on.invalidate("the IOTLB is empty", ["iotlb"])] }], after: [on.reusePage("page")] }],
    devices: [{ name: "dma", title: "DMA of an ATS device", path: [{ dst: "pte", at: "io_pte", cache: "iotlb" }], access: "read", ats: { cache: "atc" } }],
    hazard: { kind: "use-after-free", object: "page" },
    sensitive: [], assumptions: [isLeft ? "a device of the domain has ATS turned on, as the driver does for those that have it" : "the device fills its TLB from the IOTLB"], doubts: [], cut: [],
  };
}

export const rule: Rule = { meta, check };
