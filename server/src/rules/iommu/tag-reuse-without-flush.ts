import { steps as on } from "../../../../emulator-core/src/index.ts";
import { rolesReaching } from "../../model/entries.ts";
import { usableKey } from "../../model/lifetimes.ts";
import type { PathWalker } from "../../model/paths.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { deviceMemoryOf, flushesBetween } from "../shared/device-memory.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const demo = (flush: string): string => `struct demo_domain {
	struct iommu_domain domain;
	void __iomem *regs;
	int tag;
};

static DEFINE_IDA(demo_tags);

#define to_demo_domain(d) container_of(d, struct demo_domain, domain)

static void demo_flush_tag(struct demo_domain *domain)
{
	u32 busy;

	writel(domain->tag, domain->regs + 8);
	readl_poll_timeout(domain->regs + 16, busy, !busy, 1, 1000);
}

static void demo_flush_all(struct iommu_domain *iommu_domain)
{
	demo_flush_tag(to_demo_domain(iommu_domain));
}

static void demo_domain_free(struct iommu_domain *iommu_domain)
{
	struct demo_domain *domain = to_demo_domain(iommu_domain);

${flush}	ida_free(&demo_tags, domain->tag);
	kfree(domain);
}

static const struct iommu_domain_ops demo_domain_ops = {
	.flush_iotlb_all = demo_flush_all,
	.free = demo_domain_free,
};
`;

const meta: RuleMeta = {
  id: "iommu/tag-reuse-without-flush",
  title: "Flush an address-space tag before it is given back",
  why: "Cached translations are found again by their tag (ASID, DID, PSCID, PASID). A tag that is given back while entries with it are cached goes to another domain, whose devices then use the old domain's translations.",
  fix: "Invalidate everything with the tag, wait for the completion, and give the tag back after that.",
  earns: "replay",
  severity: "error",
  seeds: ["001"],
  sources: ["drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c", "drivers/iommu/intel/iommu.c"],
  bad: [{ title: "The tag is given back with its translations cached", fixable: false, code: demo("") }],
  good: [{ title: "The tag is flushed first", code: demo("	demo_flush_tag(domain);\n") }],
};

type Found = { readonly tag: Sym; readonly used: TraceEvent; readonly unknown: readonly string[] };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const uses = hardwareUses(paths);
  if (uses.size === 0) return [];
  return placesOn(paths, (trace, event, index) => unflushed(trace, event, index, uses, context)).map((place) => candidateOf(place, context));
}

/** Fields whose value is given to the hardware: by a register, in its tables, or to a call that flushes. */
function hardwareUses(paths: TopicPaths): ReadonlyMap<string, TraceEvent> {
  const memory = deviceMemoryOf(paths);
  const uses = new Map<string, TraceEvent>();
  const see = (sym: Sym | undefined, event: TraceEvent, depth = 3): void => {
    if (sym === undefined) return;
    const key = sym.origin.kind === "load" ? usableKey(sym.origin.place.key) : undefined;
    if (key !== undefined && !uses.has(key)) uses.set(key, event);
    for (const operand of depth === 0 ? [] : operandsOf(sym, paths.walker)) see(operand, event, depth - 1);
  };
  for (const root of paths.roots) {
    for (const trace of paths.walker.tracesOf(root).traces) {
      for (const event of trace.events) {
        const { what } = event;
        if (what.kind === "mmio") see(what.value, event);
        if (what.kind === "store" && memory.holds(what.place)) see(what.value, event);
        if (what.kind === "iommu-flush") see(what.subject, event);
      }
    }
  }
  return uses;
}

function operandsOf({ origin }: Sym, walker: PathWalker): readonly Sym[] {
  const ids = origin.kind === "expression" ? /^[^(]*\(([\d,]+)\)$/.exec(origin.text)?.[1] : undefined;
  return ids === undefined ? [] : ids.split(",").flatMap((id) => walker.symbols.byId(Number(id)) ?? []);
}

function unflushed(trace: Trace, { what }: TraceEvent, index: number, uses: ReadonlyMap<string, TraceEvent>, { facts }: RuleContext): Found | undefined {
  if (what.kind !== "tag-release" || what.tag.origin.kind !== "load") return undefined;
  const used = uses.get(what.tag.origin.place.key);
  if (used === undefined || !rolesReaching(trace.root, facts).some(({ role }) => role.table.startsWith("iommu"))) return undefined;
  const at = trace.events[index]!.at.start;
  const flushes = flushesBetween(trace, 0, index - 1).filter(({ begin }) => trace.events[begin]!.at.start !== at);
  if (flushes.some(({ unknown }) => unknown === undefined)) return undefined;
  return { tag: what.tag, used, unknown: flushes.flatMap(({ unknown }) => unknown ?? []) };
}

function candidateOf({ trace, event, index, what: found }: Place<Found>, { facts }: RuleContext): Candidate {
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(facts, event.at)} gives the tag back while translations with it may be cached: nothing is invalidated on this path`,
    path: wayTo(trace, event, facts),
    related: [{ at: found.used.at, message: `${found.used.function}() (line ${String(lineOf(facts, found.used.at.start))}) gives the tag to the hardware` }],
    hypothesis: { kind: "race", races: [raceOf(trace, index, found)] },
    fixes: [],
  };
}

/** As in the detach path of seed 001: the next domain gets the tag, and its device finds the old entry by it. */
function raceOf(trace: Trace, index: number, { tag, unknown }: Found): Race {
  return {
    counterpart: null,
    objects: [
      { name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: "&page", seenBy: "device" },
      { name: "new_io_pte", initial: 0, seenBy: "device" }, { name: "context", initial: "&io_pte", seenBy: "device" }, { name: "tag_is_free", initial: 0 },
    ],
    caches: ["context_cache", "iotlb"],
    threads: [{ role: "Free CPU", trace, steps: [{ at: index, steps: [on.writeOnce("context", 0), on.invalidate("context invalidated", ["context_cache"]), on.smpStoreRelease("tag_is_free", 1)] }] }],
    others: [{
      role: "Next domain", title: "who gets the tag next",
      steps: [on.waitUntil("tag_is_free", 1), on.reusePage("page"), on.smpMb(), on.writeOnce("context", "&new_io_pte")],
    }],
    devices: [{ name: "dma", title: "DMA through an entry found by its tag", path: [{ dst: "root", at: "context", cache: "context_cache", role: "context" }, { dst: "pte", cache: "iotlb" }], access: "read", again: { dst: "now", at: "context" } }],
    hazard: { kind: "use-after-free", object: "page", when: [{ thread: "dma", register: "now", is: "&new_io_pte" }] },
    sensitive: [tag],
    assumptions: ["entries are found by their tag alone", "the context of the device was cleared and flushed before"],
    doubts: unknown.length === 0 ? [] : [`confirmed unless ${unknown.slice(0, 2).join(" or ")} invalidates`],
    cut: [],
  };
}

export const rule: Rule = { meta, check };
