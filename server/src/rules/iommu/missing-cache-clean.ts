import { steps as on } from "../../../../emulator-core/src/index.ts";
import type { PathWalker } from "../../model/paths.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { deviceMemoryOf, leadsTo } from "../shared/device-memory.ts";
import { mergedSteps } from "../shared/race-steps.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";
import { installationAt, type Installation } from "../shared/table-changes.ts";

const demo = (clean: string, late = ""): string => `struct demo_domain {
	struct iommu_domain domain;
	struct device *dev;
	u64 *pgd;
};

#define to_demo_domain(d) container_of(d, struct demo_domain, domain)

static void demo_clean(struct demo_domain *domain, u64 *table)
{
	dma_sync_single_for_device(domain->dev, virt_to_phys(table), 4096, DMA_TO_DEVICE);
}

static void demo_set_entry(struct demo_domain *domain, u64 *entry, u64 value)
{
	WRITE_ONCE(*entry, value);
	demo_clean(domain, entry);
}

static int demo_map_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			  phys_addr_t paddr, size_t size, size_t count, int prot,
			  gfp_t gfp, size_t *mapped)
{
	struct demo_domain *domain = to_demo_domain(iommu_domain);
	u64 *table;

	table = iommu_alloc_page(gfp);
	if (!table)
		return -ENOMEM;
	table[(iova >> 12) & 511] = paddr | prot;
${clean}	dma_wmb();
	demo_set_entry(domain, &domain->pgd[iova >> 21], virt_to_phys(table) | 1);
${late}	*mapped = size;
	return 0;
}

static const struct iommu_domain_ops demo_domain_ops = {
	.map_pages = demo_map_pages,
};
`;

const meta: RuleMeta = {
  id: "iommu/missing-cache-clean",
  title: "Clean the CPU's cache before an entry makes a table valid",
  why: "An IOMMU that does not snoop reads main memory. Barriers order what CPUs and snooping devices see; a table that is still in the CPU's cache when its entry becomes valid is walked as the memory below it happens to be.",
  fix: "Clean the table's cache lines (dma_sync_single_for_device()) after it was filled and before the entry that leads to it is made valid.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/core-api/dma-api.rst", "drivers/iommu/io-pgtable-arm.c"],
  bad: [
    { title: "The table is never cleaned", fixable: false, code: demo("") },
    { title: "The table is cleaned after its entry is valid", fixable: false, code: demo("", "	demo_clean(domain, table);\n") },
  ],
  good: [{ title: "The table is cleaned first", code: demo("	demo_clean(domain, table);\n") }],
};

type Found = Installation & { /** A clean that comes too late. */ readonly lateClean: number | undefined };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  return placesOn(paths, (trace, event, index) => uncleaned(installationAt(trace, event, index, paths.walker, memory), paths.walker)).map((place) => candidateOf(place, context));
}

/**
 * A call that makes the entry valid and cleans something of the tables is one whose walker does not snoop; on others nothing is
 * asked. Another call of the same function on the path may have to do with another device.
 */
function uncleaned(found: Installation | undefined, walker: PathWalker): Found | undefined {
  if (found === undefined || found.contents.length === 0) return undefined;
  const { trace, object, contents, link } = found;
  const cleans = trace.events.flatMap(({ what }, at) => (what.kind === "dma" && (what.does === "clean" || what.does === "map") && leadsTo(what.address, object, walker) ? [at] : []));
  if (cleans.some((at) => at > contents.at(-1)! && at < link)) return undefined;
  const { chain: calls } = trace.events[link]!;
  const isHere = (chain: TraceEvent["chain"]): boolean => chain.length <= calls.length + 1 && calls.every((call, depth) => chain[depth] === call);
  if (!trace.events.some(({ what, condition, chain }) => what.kind === "dma" && what.does === "clean" && condition === undefined && isHere(chain))) return undefined;
  return { ...found, lateClean: cleans.find((at) => at > link) };
}

function candidateOf({ trace, event, what: found }: Place<Found>, { facts }: RuleContext): Candidate {
  const fill = trace.events[found.contents.at(-1)!]!;
  const when = found.lateClean === undefined ? "is not cleaned from the CPU's cache" : `is cleaned from the CPU's cache only after that (line ${String(lineOf(facts, trace.events[found.lateClean]!.at.start))})`;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(facts, event.at)} makes a table valid that ${when}: the walker, which does not snoop, reads stale memory`,
    path: wayTo(trace, event, facts),
    related: [{ at: fill.at, message: "the table is filled here" }],
    hypothesis: { kind: "race", races: [raceOf(trace, found)] },
    fixes: [],
  };
}

function raceOf(trace: Trace, { object, contents, link, lateClean }: Found): Race {
  const steps = [{ at: contents.at(-1)!, steps: [on.writeOnce("table", 1)] }, { at: link, steps: [on.writeOnce("entry", "&table")] }, ...(lateClean === undefined ? [] : [{ at: lateClean, steps: [on.dmaClean("table")] }])];
  return {
    counterpart: null,
    objects: [{ name: "table", initial: "uninitialised", nonCoherent: true, seenBy: "device" }, { name: "entry", initial: 0, seenBy: "device" }],
    threads: [{ role: "Map CPU", trace, steps: mergedSteps(steps) }],
    devices: [{ name: "walker", title: "page walk of the IOMMU", path: [{ dst: "next_level", at: "entry" }, { dst: "leaf" }], access: "none" }],
    hazard: { kind: "uninitialised-read", object: "table" },
    sensitive: [object],
    assumptions: ["the walker does not snoop, as the cleaning on this path says"],
    doubts: [], cut: [],
  };
}

export const rule: Rule = { meta, check };
