import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import type { Trace } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { deviceMemoryOf, flushesBetween } from "../shared/device-memory.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";
import { removalsOn, type Removal } from "../shared/table-changes.ts";

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

	if (!old)
		return 0;
	WRITE_ONCE(*entry, 0);
${flush}	iommu_free_page(phys_to_virt(old & DEMO_ADDR));
	return size * count;
}

static const struct iommu_domain_ops demo_domain_ops = {
	.unmap_pages = demo_unmap_pages,
};
`;

const meta: RuleMeta = {
  id: "iommu/free-before-invalidation",
  title: "Flush the IOTLB and the walk caches before a table is freed",
  why: "An IOMMU keeps entries of the tables it walks. After the entry was cleared in memory it may go on using its copy, until an invalidation has completed: a table that was freed before is walked although somebody else owns the page. RCU makes CPUs wait, not the hardware.",
  fix: "Invalidate the IOTLB and the walk caches for the range, wait for the completion, and free the table after that; or put the page on the gather's freelist, which the core frees after iotlb_sync().",
  earns: "replay",
  severity: "error",
  seeds: ["002"],
  sources: ["include/linux/iommu.h", "drivers/iommu/io-pgtable-arm.c"],
  bad: [{ title: "The table is freed at once", fixable: false, code: demo("") }],
  yieldsTo: ["iommu/incomplete-invalidation"],
  good: [{ title: "The walk caches are flushed first", code: demo("	writel(iova >> 12, domain->regs + 8);\n	readl_poll_timeout(domain->regs + 16, old, !old, 1, 1000);\n") }],
};

type Found = Removal & { readonly unknown: readonly string[] };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  return placesOn(paths, (trace, _, index) => unflushed(removalsOn(trace, index, paths.walker, memory))).map((place) => candidateOf(place, context));
}

/** Nothing that is known to flush stands between the store to the entry and the free. */
function unflushed(removal: Removal | undefined): Found | undefined {
  if (removal === undefined) return undefined;
  const flushes = flushesBetween(removal.trace, removal.store + 1, removal.end - 1);
  return flushes.some(({ unknown }) => unknown === undefined) ? undefined : { ...removal, unknown: flushes.flatMap(({ unknown }) => unknown ?? []) };
}

function candidateOf({ trace, event, what: found }: Place<Found>, { facts }: RuleContext): Candidate {
  const store = trace.events[found.store]!;
  const name = objectName(facts, event, found.object);
  const how = event.what.kind === "free" ? "freed" : "handed to RCU";
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${name} is ${how} while the IOMMU may still walk it: nothing was invalidated since its entry was cleared (line ${String(lineOf(facts, store.at.start))})`,
    path: wayTo(trace, event, facts),
    related: [{ at: store.at, message: `${sourceText(facts, store.at)}: the entry is cleared here` }],
    hypothesis: { kind: "race", races: [raceOf(trace, found)] },
    fixes: [],
    about: `table freed ${event.function} ${String(event.at.start)}`,
  };
}

function raceOf(trace: Trace, { store, end, object, unknown }: Found): Race {
  const what = trace.events[end]!.what;
  const isDeferred = what.kind === "defer-free" || what.kind === "defer-call";
  const free: Step = isDeferred ? on.callRcu("free_callback") : on.freePages("table");
  return {
    counterpart: null,
    objects: [{ name: "table", initial: 1, seenBy: "device" }, { name: "entry", initial: "&table", seenBy: "device" }],
    caches: ["walk", "iotlb"],
    threads: [{ role: "Unmap CPU", trace, steps: [{ at: store, steps: [on.writeOnce("entry", 0)] }, { at: end, steps: [free] }] }],
    ...(isDeferred ? { handlers: [{ name: "free_callback", kind: "rcu", title: "RCU frees the table", steps: [], more: [on.freePages("table")] }] } : {}),
    devices: [{ name: "walker", title: "page walk of the IOMMU", path: [{ dst: "next_level", at: "entry", cache: "walk" }, { dst: "leaf", cache: "iotlb" }], access: "none" }],
    hazard: { kind: "use-after-free", object: "table" },
    sensitive: [object],
    assumptions: ["the IOMMU caches entries that lead to tables"],
    doubts: unknown.length === 0 ? [] : [`confirmed unless ${unknown.slice(0, 2).join(" or ")} invalidates`],
    cut: [],
  };
}

export const rule: Rule = { meta, check };
