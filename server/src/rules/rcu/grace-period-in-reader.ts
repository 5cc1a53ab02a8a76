import type { ReaderSection, TraceEvent } from "../../model/trace.ts";
import { enteredBy, lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";
import { aboutSleep, afterUnlockFix, reachOf, unreachedDoubts, unreachedOf } from "../shared/sleeping.ts";

const meta: RuleMeta = {
  id: "rcu/grace-period-in-reader",
  title: "Never wait for a grace period inside a section that it waits for",
  why: "A grace period ends when every read-side section that was there at its start has ended. A reader that waits for one waits for itself: the task hangs, and with it every later grace period.",
  fix: "Leave the section before the wait, or leave the work to call_rcu() or kfree_rcu(), which do not wait.",
  earns: "path",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "Documentation/RCU/whatisRCU.rst"],
  bad: [
    {
      title: "The walk waits for itself",
      fixable: false,
      code: `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
	spinlock_t lock;
};

static void demo_remove(struct demo_table *table, int id)
{
	struct demo_item *item;

	rcu_read_lock();
	list_for_each_entry_rcu(item, &table->items, list) {
		if (item->id != id)
			continue;
		list_del_rcu(&item->list);
		synchronize_rcu();
		break;
	}
	rcu_read_unlock();
}
`,
    },
  ],
  good: [
    {
      title: "The wait comes after the section",
      code: `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
	spinlock_t lock;
};

static void demo_remove(struct demo_table *table, int id)
{
	struct demo_item *item;

	rcu_read_lock();
	list_for_each_entry_rcu(item, &table->items, list) {
		if (item->id != id)
			continue;
		list_del_rcu(&item->list);
		break;
	}
	rcu_read_unlock();
	synchronize_rcu();
}
`,
    },
  ],
};

function check(context: RuleContext): readonly Candidate[] {
  const { walker, roots } = context.about("context");
  const { waiters, holders } = reachOf(context.facts);
  const own = [...unreachedOf(context)].filter((name) => waiters.has(name));
  return placesOn({ walker, roots: [...roots.filter((name) => waiters.has(name) && holders.has(name)), ...own] }, (_, event) => waitedFor(event)).map((place) => candidateOf(place, context));
}

/** The section around a wait that the wait is for: of its flavour, and for SRCU of its very domain. */
function waitedFor({ what, readers }: TraceEvent): ReaderSection | undefined {
  if (what.kind !== "wait" || what.maybe || what.callbacks) return undefined;
  return readers.find((section) => section.entry === undefined && section.flavour === what.flavour && (what.flavour !== "srcu" || (section.domain === what.domain && section.domainBase === what.domainBase && !section.domain.startsWith("value "))));
}

function candidateOf({ trace, index, event, what: section }: Place<ReaderSection>, context: RuleContext): Candidate {
  const { facts } = context;
  const entered = trace.events.findIndex(({ what }) => what.kind === "reader-enter" && what.section.serial === section.serial);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(facts, event.at)} waits for the read-side section that it stands in (${enteredBy(facts, section.at)}, line ${String(lineOf(facts, section.at.start))})`,
    path: wayTo(trace, event, facts),
    related: [{ at: section.at, message: "the section begins here" }],
    hypothesis: { kind: "path", columns: [{ role: "Reader", trace, shown: entered < 0 ? [index] : [entered, index] }], wrong: "waits for itself", reason: "a path reaches the wait inside the section that it waits for: it never returns", open: unreachedDoubts(trace, context) },
    fixes: afterUnlockFix(trace, index, ({ what }) => what.kind === "reader-leave" && what.section?.serial === section.serial, facts),
    about: aboutSleep(event),
  };
}

export const rule: Rule = { meta, check };
