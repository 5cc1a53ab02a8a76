import type { EntryRole } from "../../model/entry-roles.ts";
import { readersOf, retirementsOf, type ReaderUse, type Retirement } from "../../model/lifetimes.ts";
import { isInLoop } from "../../model/loops.ts";
import { contradictionsBefore, type Trace, type TraceEvent } from "../../model/trace.ts";
import { apiWithin, lineOf, sourceText, stepsWithin } from "../../model/words.ts";
import { deferredFreeFixes } from "../fixes/deferred-free.ts";
import type { Candidate, Edit, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";

const meta: RuleMeta = {
  id: "rcu/grace-period-on-attach-path",
  title: "Do not wait for a grace period on attach, detach or domain free",
  why: "A grace period can take more than a second on a busy machine. VFIO with a vIOMMU detaches several domains one after the other, so that one wait per detach adds up to seconds in a close() system call. Hot-unplug and module exit may be slow.",
  fix: "Free what the wait protects with kfree_rcu() or call_rcu(), so that the operation returns at once; or move the wait to release_device().",
  earns: "path",
  severity: "warning",
  seeds: ["000", "001"],
  sources: ["Documentation/RCU/checklist.rst", "include/linux/iommu.h"],
  bad: [
    {
      title: "Detach waits for a grace period",
      code: `struct demo_link {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_domain {
	struct list_head links;
	spinlock_t lock;
};

static int demo_flush(struct demo_domain *domain)
{
	struct demo_link *link;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(link, &domain->links, list)
		sum += link->id;
	rcu_read_unlock();
	return sum;
}

static int demo_attach_blocked(struct demo_domain *domain, struct demo_link *link)
{
	spin_lock(&domain->lock);
	list_del_rcu(&link->list);
	spin_unlock(&domain->lock);
	synchronize_rcu();
	kfree(link);
	return 0;
}

static const struct iommu_domain_ops demo_blocked_ops = {
	.attach_dev = demo_attach_blocked,
};
`,
    },
  ],
  good: [
    {
      title: "Detach leaves the free to RCU",
      code: `struct demo_link {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_domain {
	struct list_head links;
	spinlock_t lock;
};

static int demo_flush(struct demo_domain *domain)
{
	struct demo_link *link;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(link, &domain->links, list)
		sum += link->id;
	rcu_read_unlock();
	return sum;
}

static int demo_attach_blocked(struct demo_domain *domain, struct demo_link *link)
{
	spin_lock(&domain->lock);
	list_del_rcu(&link->list);
	spin_unlock(&domain->lock);
	kfree_rcu(link, rcu);
	return 0;
}

static const struct iommu_domain_ops demo_blocked_ops = {
	.attach_dev = demo_attach_blocked,
};
`,
    },
  ],
};

type Found = { readonly trace: Trace; readonly wait: number; readonly event: TraceEvent; readonly role: EntryRole; readonly entry: string };

function check(context: RuleContext): readonly Candidate[] {
  const bySite = new Map<string, Found>();
  for (const { function: entry, role } of context.facts.entries) {
    if (role.pace === "other" || !context.walker.relevance.rcu.has(entry)) continue;
    for (const trace of context.walker.tracesOf(entry).traces) {
      trace.events.forEach((event, wait) => {
        if (event.what.kind !== "wait" && !(event.what.kind === "defer-free" && event.what.mayWait)) return;
        // Waiting for queued callbacks is what a module has to do before it goes.
        if (event.what.kind === "wait" && event.what.callbacks && role.table === "module") return;
        const found: Found = { trace, wait, event, role, entry };
        const key = `${event.function} ${String(event.at.start)}`;
        const known = bySite.get(key);
        if (known === undefined || isClearer(found, known)) bySite.set(key, found);
      });
    }
  }
  return [...bySite.values()].map((found) => candidateOf(found, context));
}

/** A fast entry before a slow one, and a path without contradictions before one with. */
function isClearer(a: Found, b: Found): boolean {
  if (a.role.pace !== b.role.pace) return a.role.pace === "fast";
  const openness = ({ trace, event }: Found): number => contradictionsBefore(trace, trace.events.indexOf(event)).length + (event.condition === undefined ? 0 : 1);
  return openness(a) < openness(b);
}

function candidateOf(found: Found, context: RuleContext): Candidate {
  const { trace, event, role, entry, wait } = found;
  const { facts, walker, roots } = context;
  const isNote = role.pace === "slow" || event.what.kind === "defer-free";
  const api = event.what.kind === "wait" || event.what.kind === "defer-free" ? event.what.api : "";
  const protects = retirementsOf(entry, walker).filter((one) => one.trace === trace && one.detach < wait && wait < one.end && trace.events[one.end]?.what.kind === "free");
  const readers: readonly ReaderUse[] = protects.flatMap((one) => readersOf(one.container, roots, facts, walker).slice(0, 1));
  const alreadyDeferred = trace.events.slice(0, wait).filter(({ what }) => what.kind === "defer-free" || what.kind === "defer-call").map(({ at }) => `${sourceText(facts, at)} (line ${String(lineOf(facts, at.start))})`);
  const sites = [...event.chain.map((site) => ({ function: site.function, at: site.at })), { function: event.function, at: event.at }];
  const inLoop = sites.some((site) => isInLoop(facts, site.function, site.at.start));
  const perOperation = Math.max(...walker.tracesOf(entry).traces.map((one) => one.events.filter(({ what }) => what.kind === "wait").length));
  return {
    rule: meta.id,
    severity: isNote ? "note" : meta.severity,
    at: event.at,
    function: event.function,
    message: messageOf(api, event, role, entry),
    path: [
      { at: facts.functions.get(entry)?.nameSpan ?? event.at, function: entry, role: `${role.table}.${role.field}` },
      ...event.chain.map((site) => ({ at: site.at, function: site.callee, role: "callee" })),
      ...stepsWithin(event),
    ],
    related: event.locks.flatMap((lock) => (lock.at === undefined ? [] : [{ at: lock.at, message: `${lock.text.replace(/^&\s*/, "")} is held while it waits` }])),
    ...(isNote ? {} : { about: `wait at ${String(event.at.start)}` }),
    hypothesis: { kind: "reaches-wait", trace, wait, perOperation, inLoop, protects, alreadyDeferred, readers, doubts: [] },
    fixes: isNote ? [] : withoutWaitFixes(event, protects, trace, wait, context),
  };
}

function messageOf(api: string, event: TraceEvent, role: EntryRole, entry: string): string {
  const where = `${role.table}.${role.field}${entry === event.function ? "" : ` through ${entry}()`}`;
  if (event.what.kind === "defer-free") return `${apiWithin(api, event)} may wait for a grace period when memory is short, and runs from ${where}`;
  const what = event.what.kind === "wait" && event.what.callbacks ? "queued RCU callbacks" : "a grace period";
  return role.pace === "fast" ? `${apiWithin(api, event)} makes ${where} wait for ${what}` : `${apiWithin(api, event)} waits for ${what} in ${where}, where that is acceptable`;
}

/** The wait goes only together with the free it protects, and only where nothing unknown runs after it. */
function withoutWaitFixes(event: TraceEvent, protects: readonly Retirement[], trace: Trace, wait: number, context: RuleContext): readonly FixProposal[] {
  const { facts } = context;
  const only = protects[0];
  const end = only === undefined ? undefined : trace.events[only.end];
  if (only === undefined || end === undefined || protects.length !== 1 || event.what.kind !== "wait" || event.what.flavour !== "rcu" || event.within !== undefined) return [];
  const after = trace.events.slice(wait + 1);
  const isKnown = after.every(({ what }) => what.kind !== "opaque" && what.kind !== "wait" && (what.kind !== "free" || what === end.what));
  if (!isKnown || end.function !== event.function) return [];
  const removal = statementEdit(facts.unit.text, facts.file, event);
  if (removal === undefined) return [];
  return deferredFreeFixes(end, only, context).map((fix) => ({ title: `${fix.title} and drop the wait`, edits: [...fix.edits, removal].sort((a, b) => a.start - b.start) }));
}

/** Removes the call's whole line when it stands alone on it. */
function statementEdit(text: string, file: string, event: TraceEvent): Edit | undefined {
  const start = text.lastIndexOf("\n", event.at.start - 1) + 1;
  const newline = text.indexOf("\n", event.at.end);
  const end = newline < 0 ? text.length : newline + 1;
  return /^\s*\w+\([^;]*\);\s*$/.test(text.slice(start, end)) ? { file, start, end, newText: "" } : undefined;
}

export const rule: Rule = { meta, check };
