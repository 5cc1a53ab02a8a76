import { steps as on } from "../../../../emulator-core/src/index.ts";
import { rolesReaching } from "../../model/entries.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { lineBefore } from "../shared/insert-line.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const demo = (drain: string): string => `struct demo_bond {
	struct device *dev;
	u32 pasid;
};

static int demo_report(struct device *dev, struct iopf_fault *fault)
{
	iommu_report_device_fault(dev, fault);
	return 0;
}

static void demo_remove_dev_pasid(struct device *dev, ioasid_t pasid,
				  struct iommu_domain *domain)
{
	struct demo_bond *bond = dev_iommu_priv_get(dev);

${drain}	iommu_free_global_pasid(bond->pasid);
	kfree(bond);
}

static const struct iommu_ops demo_ops = {
	.remove_dev_pasid = demo_remove_dev_pasid,
};
`;

const meta: RuleMeta = {
  id: "iommu/pasid-freed-with-faults-pending",
  title: "Drain the page requests before a PASID is given back",
  why: "Page requests of a PASID may stand in the hardware's queue, or be handled by a work item, when the PASID is taken away. One that is handled after the PASID was given back reaches freed memory, or the address space of who got the PASID next.",
  fix: "Disable the PASID, drain the hardware's queue and then flush the workqueue (iopf_queue_flush_dev()) before the PASID and what belongs to it are released.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["drivers/iommu/io-pgfault.c", "Documentation/arch/x86/sva.rst"],
  bad: [{ title: "The PASID is given back with requests pending", code: demo("") }],
  good: [{ title: "The requests are drained first", code: demo("	iopf_queue_flush_dev(dev);\n") }],
};

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const report = reportedIn(paths);
  if (report === undefined) return [];
  return placesOn(paths, (trace, event, index) => undrained(trace, event, index, context)).map((place) => candidateOf(place, report, context));
}

/** Where the file reports or answers page requests, or has a queue for them. */
function reportedIn({ walker, roots }: TopicPaths): TraceEvent | undefined {
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      const found = trace.events.find(({ what }) => what.kind === "iopf" && (what.does === "report" || what.does === "enable" || what.does === "respond"));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

type Found = { readonly unknown: readonly string[] };

/** A tag goes back on a path that takes a PASID away, and nothing before it drains. */
function undrained(trace: Trace, { what }: TraceEvent, index: number, { facts }: RuleContext): Found | undefined {
  // PASIDs come from the one space that needs no name, or are declared as what they are.
  if (what.kind !== "tag-release" || (what.space !== undefined && what.tag.type !== "ioasid_t")) return undefined;
  const isTeardown = rolesReaching(trace.root, facts).some(({ role }) => /pasid|unbind/.test(role.field));
  if (!isTeardown || trace.events.slice(0, index).some((event) => event.what.kind === "iopf" && (event.what.does === "drain" || event.what.does === "discard" || event.what.does === "disable"))) return undefined;
  const at = trace.events[index]!.at.start;
  return { unknown: trace.events.slice(0, index).flatMap((event) => (event.what.kind === "opaque" && event.at.start !== at ? [event.what.name] : [])) };
}

function candidateOf({ trace, event, index, what }: Place<Found>, report: TraceEvent, { facts }: RuleContext): Candidate {
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(facts, event.at)} gives the PASID back while page requests of it may be pending: none is drained on this path`,
    path: wayTo(trace, event, facts),
    related: [{ at: report.at, message: `${report.function}() (line ${String(lineOf(facts, report.at.start))}) handles page requests` }],
    hypothesis: { kind: "race", races: [raceOf(trace, index, what)] },
    fixes: drainFix(event, trace, { facts }),
  };
}

function drainFix(event: TraceEvent, trace: Trace, { facts }: Pick<RuleContext, "facts">): readonly FixProposal[] {
  const fn = facts.functions.get(event.function);
  const device = fn?.parameters.find(({ type }) => type === "struct device *")?.name;
  if (device === undefined || trace.events.some(({ locks, at }) => at === event.at && locks.some((lock) => lock.class === "spin"))) return [];
  return [{ title: `Drain the page requests of ${device} first`, edits: [lineBefore({ file: facts.file, text: facts.unit.text }, event.at, `iopf_queue_flush_dev(${device});`)] }];
}

/** A request that was queued before is handled by a work item. */
function raceOf(trace: Trace, index: number, { unknown }: Found): Race {
  return {
    counterpart: null,
    objects: [{ name: "address_space", initial: 1 }],
    threads: [{ role: "Detach CPU", trace, steps: [{ at: index, steps: [on.kfree("address_space")] }] }],
    others: [{ role: "IOMMU", title: "page request queue", entry: "threaded-irq", steps: [on.queueWork("page_request")] }],
    handlers: [{ name: "page_request", kind: "work", title: "page request handler", steps: [], more: [on.readOnce("handled_in", "address_space")] }],
    hazard: { kind: "use-after-free", object: "address_space" },
    sensitive: [],
    assumptions: ["a page request of the PASID may still be queued"],
    doubts: unknown.length === 0 ? [] : [`confirmed unless ${unknown.slice(0, 2).join(" or ")} drains them`],
    cut: [],
  };
}

export const rule: Rule = { meta, check };
