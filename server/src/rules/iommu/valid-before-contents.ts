import { steps as on } from "../../../../emulator-core/src/index.ts";
import type { Trace } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { deviceMemoryOf } from "../shared/device-memory.ts";
import { lineBefore } from "../shared/insert-line.ts";
import { mergedSteps } from "../shared/race-steps.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";
import { clearedAlone, earlyValidAt, type EarlyValid } from "../shared/valid-words.ts";
import { installationAt, type Installation } from "../shared/table-changes.ts";

const demo = (barrier: string): string => `struct demo_domain {
	struct iommu_domain domain;
	u64 *pgd;
};

#define to_demo_domain(d) container_of(d, struct demo_domain, domain)

static int demo_map_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			  phys_addr_t paddr, size_t size, size_t count, int prot,
			  gfp_t gfp, size_t *mapped)
{
	struct demo_domain *domain = to_demo_domain(iommu_domain);
	u64 *entry = &domain->pgd[iova >> 21];
	u64 *table;

	table = iommu_alloc_page(gfp);
	if (!table)
		return -ENOMEM;
	table[(iova >> 12) & 511] = paddr | prot;
${barrier}	WRITE_ONCE(*entry, virt_to_phys(table) | 1);
	*mapped = size;
	return 0;
}

static const struct iommu_domain_ops demo_domain_ops = {
	.map_pages = demo_map_pages,
};
`;

const meta: RuleMeta = {
  id: "iommu/valid-before-contents",
  title: "Make an entry valid only after what it leads to is visible to the device",
  why: "The IOMMU follows an entry as soon as it sees it. Where nothing orders the contents of the new table before the entry that leads to it, the device may read what the page held before.",
  fix: "Put dma_wmb() between the contents and the store that makes the entry valid, or make that store with smp_store_release() where the walk is coherent.",
  earns: "replay",
  severity: "error",
  seeds: ["001"],
  sources: ["Documentation/memory-barriers.txt", "drivers/iommu/io-pgtable-arm.c"],
  bad: [{ title: "No barrier between the table and its entry", code: demo("") }],
  good: [{ title: "dma_wmb() stands between", code: demo("	dma_wmb();\n") }],
};

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  const words = clearedAlone(context, memory);
  return [
    ...placesOn(paths, (trace, event, index) => early(installationAt(trace, event, index, paths.walker, memory))).map((place) => candidateOf(place, context)),
    ...placesOn(paths, (trace, event, index) => earlyValidAt(trace, event, index, words, memory, context)).map((place) => validOf(place, context)),
  ];
}

/** The word that makes a structure of the device count, and its other words. */
function validOf({ trace, event, what: { content } }: Place<EarlyValid>, { facts }: RuleContext): Candidate {
  const last = trace.events[content]!;
  const text = sourceText(facts, event.at);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${text} may be visible to the IOMMU before ${sourceText(facts, last.at)} (line ${String(lineOf(facts, last.at.start))}): no dma_wmb() stands between`,
    path: wayTo(trace, event, facts),
    related: [{ at: last.at, message: "what it says is there is written here" }],
    hypothesis: { kind: "race", races: [installing(trace, content, trace.events.indexOf(event), [])] },
    fixes: barrierFix(event.at, facts),
  };
}

/** Contents that come after the entry, or that nothing orders before it. */
function early(found: Installation | undefined): Installation | undefined {
  if (found === undefined || (found.contents.length === 0 && found.late.length === 0)) return undefined;
  // An empty table is filled entry by entry while the device walks it: that is what it is for.
  if (found.contents.length === 0) return found;
  const { trace, link } = found;
  const what = trace.events[link]!.what;
  const isOrdered = (what.kind === "store" && what.access === "release") || trace.events.slice(found.contents.at(-1), link).some((event) => event.what.kind === "fence" && (event.what.fence === "wmb" || event.what.fence === "mb") && event.what.scope !== "cpu");
  return isOrdered || isExchange(trace, link) ? undefined : found;
}

/** xchg() and cmpxchg() without a suffix are full barriers. */
function isExchange(trace: Trace, link: number): boolean {
  const at = trace.events[link]!.at.start;
  return trace.events.slice(Math.max(0, link - 3), link).some(({ what, at: span }) => what.kind === "rmw" && span.start === at && what.order !== "relaxed" && what.order !== "acquire" && what.order !== "plain");
}

function candidateOf({ trace, event, what: found }: Place<Installation>, { facts }: RuleContext): Candidate {
  const last = trace.events[found.contents.at(-1) ?? found.late[0] ?? found.allocated]!;
  const text = sourceText(facts, event.at);
  const isLate = found.contents.length === 0;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: isLate ? `${text} lets the IOMMU walk a table whose contents are written after it (line ${String(lineOf(facts, last.at.start))})` : `${text} may be visible to the IOMMU before the contents of the table (line ${String(lineOf(facts, last.at.start))}): no dma_wmb() stands between`,
    path: wayTo(trace, event, facts),
    related: [{ at: last.at, message: "the table is filled here" }],
    hypothesis: { kind: "race", races: [raceOf(trace, found)] },
    fixes: isLate ? [] : barrierFix(event.at, facts),
  };
}

function barrierFix(at: { readonly start: number; readonly end: number }, { file, unit }: RuleContext["facts"]): readonly FixProposal[] {
  return [{ title: "Put dma_wmb() before it", edits: [lineBefore({ file, text: unit.text }, at, "dma_wmb();")] }];
}

function raceOf(trace: Trace, { object, contents, late, link }: Installation): Race {
  return installing(trace, contents.at(-1) ?? late[0] ?? link, link, [object]);
}

function installing(trace: Trace, fill: number, link: number, sensitive: Race["sensitive"]): Race {
  return {
    counterpart: null,
    objects: [{ name: "table", initial: "uninitialised", seenBy: "device" }, { name: "entry", initial: 0, seenBy: "device" }],
    threads: [{ role: "Map CPU", trace, steps: mergedSteps([{ at: fill, steps: [on.writeOnce("table", 1)] }, { at: link, steps: [on.writeOnce("entry", "&table")] }]) }],
    devices: [{ name: "walker", title: "page walk of the IOMMU", path: [{ dst: "next_level", at: "entry" }, { dst: "leaf" }], access: "none" }],
    hazard: { kind: "uninitialised-read", object: "table" },
    sensitive,
    assumptions: ["a device walks the table while it is mapped"],
    doubts: [], cut: [],
  };
}

export const rule: Rule = { meta, check };
