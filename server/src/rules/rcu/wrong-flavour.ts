import type { ReaderUse, Retirement } from "../../model/lifetimes.ts";
import type { ReaderSection, TraceEvent } from "../../model/trace.ts";
import { structNameOf } from "../../model/types.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { earlyFrees } from "../shared/early-frees.ts";

const preamble = `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
	struct srcu_struct srcu;
	spinlock_t lock;
};

static int demo_sum(struct demo_table *table)
{
	struct demo_item *item;
	int idx, sum = 0;

	idx = srcu_read_lock(&table->srcu);
	list_for_each_entry_srcu(item, &table->items, list, srcu_read_lock_held(&table->srcu))
		sum += item->id;
	srcu_read_unlock(&table->srcu, idx);
	return sum;
}

static void demo_remove(struct demo_table *table, struct demo_item *item)
{
	spin_lock(&table->lock);
	list_del_rcu(&item->list);
	spin_unlock(&table->lock);
`;

const meta: RuleMeta = {
  id: "rcu/wrong-flavour",
  title: "Wait for the readers that there are",
  why: "Each SRCU domain, and each flavour of RCU that has one of its own, has its own grace periods. A wait for another domain or flavour than the readers use waits for none of them.",
  fix: "Wait for the domain that the readers enter: synchronize_srcu() or call_srcu() of it, or synchronize_rcu(), call_rcu() and kfree_rcu() for rcu_read_lock(). Where readers use both, wait for both.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "Documentation/RCU/whatisRCU.rst"],
  bad: [{ title: "SRCU readers, and a wait for RCU", code: `${preamble}	synchronize_rcu();\n	kfree(item);\n}\n` }],
  good: [{ title: "The wait is for the readers' domain", code: `${preamble}	synchronize_srcu(&table->srcu);\n	kfree(item);\n}\n` }],
};

/** A grace period there is, and the readers' section it is not for. */
type Mismatch = { readonly wait: TraceEvent; readonly section: ReaderSection; readonly reader: ReaderUse };

function check(context: RuleContext): readonly Candidate[] {
  const { facts } = context;
  return earlyFrees(context).flatMap((free): Candidate[] => {
    const mismatch = free.sides.flatMap((side) => side.variants.flatMap((variant) => side.readers.flatMap((reader) => mismatchOf(variant, reader) ?? [])))[0];
    if (mismatch === undefined) return [];
    const { wait, section, reader } = mismatch;
    const obtain = reader.trace.events[reader.obtain];
    const where = obtain === undefined ? "its readers" : `${obtain.function} (line ${String(lineOf(facts, obtain.at.start))})`;
    return [{
      rule: meta.id,
      severity: meta.severity,
      at: wait.function === free.function ? wait.at : free.at,
      function: free.function,
      about: free.about,
      message: `${sourceText(facts, wait.at)} does not wait for ${where}, which reads ${free.name} under ${sourceText(facts, section.at)}`,
      refutedMessage: `${free.name} is freed only when ${where} can no longer hold it`,
      path: free.path,
      related: [{ at: section.at, message: "the readers' section begins here" }, ...free.related],
      hypothesis: { kind: "use-after-free", sides: free.sides, doubts: free.doubts },
      fixes: fixesOf(mismatch, context),
    }];
  });
}

/** Between detach and end, or as the way of ending it, grace periods of other readers alone. */
function mismatchOf({ trace, detach, end }: Retirement, reader: ReaderUse): Mismatch | undefined {
  const { section } = reader;
  if (section === undefined || end < detach || section.domain.startsWith("value ")) return undefined;
  const waits = trace.events.slice(detach, end + 1).filter(({ what }) => (what.kind === "wait" && !what.callbacks && !what.maybe) || what.kind === "defer-call" || what.kind === "defer-free");
  const last = trace.events[end];
  const counts = waits.filter((event) => event.what.kind === "wait" || event === last);
  const serves = ({ what }: TraceEvent): boolean => {
    if (what.kind === "defer-free") return section.flavour === "rcu";
    if (what.kind !== "wait" && what.kind !== "defer-call") return false;
    return what.flavour === section.flavour && (what.flavour !== "srcu" || what.domain === section.domain || what.domain.startsWith("value "));
  };
  const wait = counts.at(-1);
  return wait === undefined || counts.some(serves) ? undefined : { wait, section, reader };
}

/** The readers' domain as the updater can name it. */
function fixesOf({ wait, section }: Mismatch, { facts }: RuleContext): readonly FixProposal[] {
  if (wait.what.kind !== "wait") return [];
  const at = { file: facts.file, start: wait.at.start, end: wait.at.end };
  if (section.flavour === "rcu") return [{ title: "Wait with synchronize_rcu()", edits: [{ ...at, newText: "synchronize_rcu()" }] }];
  if (section.flavour !== "srcu") return [];
  const domain = section.domain.startsWith("global ") ? section.domain.slice("global ".length) : fieldOf(section.domain, wait.function, facts);
  return domain === undefined ? [] : [{ title: `Wait with synchronize_srcu(&${domain})`, edits: [{ ...at, newText: `synchronize_srcu(&${domain})` }] }];
}

/** "table.srcu" is "t->srcu" where the function has one parameter t of that struct. */
function fieldOf(domain: string, name: string, facts: RuleContext["facts"]): string | undefined {
  const dot = domain.indexOf(".");
  const owners = facts.functions.get(name)?.parameters.filter(({ type }) => type.includes("*") && structNameOf(type) === domain.slice(0, dot)) ?? [];
  return owners.length === 1 && !domain.includes("[") ? `${owners[0]?.name ?? ""}->${domain.slice(dot + 1)}` : undefined;
}

export const rule: Rule = { meta, check };
