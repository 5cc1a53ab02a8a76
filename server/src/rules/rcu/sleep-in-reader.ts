import type { ReaderSection, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { firstOfEach, placesOn, wayTo, type Place } from "../shared/sites.ts";
import { aboutSleep, afterUnlockFix, atomicFlagsFix, isAskedBefore, ownReferenceDoubts, placeOfSleep, rootsThatMaySleep, sectionAt, sleepOf, unreachedDoubts, type Sleep } from "../shared/sleeping.ts";

const meta: RuleMeta = {
  id: "rcu/sleep-in-reader",
  title: "Do not sleep inside rcu_read_lock()",
  why: "An RCU read-side section must not block: without CONFIG_PREEMPT_RCU the context switch itself ends the grace period, so that what the section still uses is freed; with it, every grace period waits for the sleeper. SRCU is for readers that sleep.",
  fix: "Take a reference and leave the section before sleeping, allocate with GFP_ATOMIC, or use SRCU.",
  earns: "path",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "Documentation/RCU/whatisRCU.rst"],
  bad: [
    {
      title: "An allocation inside the section that may sleep",
      code: `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
};

static char *demo_name(struct demo_table *table, int id)
{
	struct demo_item *item;
	char *name = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(item, &table->items, list) {
		if (item->id == id) {
			name = kasprintf(GFP_KERNEL, "item%d", item->id);
			break;
		}
	}
	rcu_read_unlock();
	return name;
}
`,
    },
  ],
  good: [
    {
      title: "An SRCU reader may sleep",
      code: `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
	struct srcu_struct srcu;
};

static char *demo_name(struct demo_table *table, int id)
{
	struct demo_item *item;
	char *name = NULL;
	int idx;

	idx = srcu_read_lock(&table->srcu);
	list_for_each_entry_srcu(item, &table->items, list, srcu_read_lock_held(&table->srcu)) {
		if (item->id == id) {
			name = kasprintf(GFP_KERNEL, "item%d", item->id);
			break;
		}
	}
	srcu_read_unlock(&table->srcu, idx);
	return name;
}
`,
    },
  ],
  yieldsTo: ["rcu/grace-period-in-reader"],
};

type Found = { readonly sleep: Sleep; readonly section: ReaderSection };

function check(context: RuleContext): readonly Candidate[] {
  const places = placesOn(rootsThatMaySleep(context), (trace, event, index) => sleepIn(trace, event, index, context));
  return firstOfEach(places, ({ event, what }) => `${event.function} ${String(what.section.at.start)}`, () => 0, (place) => candidateOf(place, context));
}

function sleepIn(trace: Trace, event: TraceEvent, index: number, context: RuleContext): Found | undefined {
  const sleep = sleepOf(trace, event, context);
  if (sleep === undefined || isAskedBefore(trace, index)) return undefined;
  const section = sectionAt(trace, index, context, ({ flavour, off, entry }) => flavour === "rcu" && off === undefined && entry === undefined);
  return section === undefined ? undefined : { sleep, section };
}

function candidateOf({ trace, index, event, what: { sleep, section } }: Place<Found>, context: RuleContext): Candidate {
  const { facts } = context;
  const text = sourceText(facts, event.at).replace(/^(\w+)\(.*$/, "$1()");
  const entered = trace.events.findIndex(({ what }) => what.kind === "reader-enter" && what.section.serial === section.serial);
  const where = `inside the read-side section of line ${String(lineOf(facts, section.at.start))}`;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: placeOfSleep(event, sleep, facts),
    function: event.function,
    message: `${text} ${sleep.why} ${where}`,
    path: wayTo(trace, event, facts),
    related: [{ at: section.at, message: "the section begins here" }],
    hypothesis: { kind: "path", columns: [{ role: "Reader", trace, shown: entered < 0 ? [index] : [entered, index] }], wrong: "may sleep", reason: `a path reaches it ${where}`, open: [...unreachedDoubts(trace, context), ...ownReferenceDoubts(trace, index)] },
    fixes: [...atomicFlagsFix(event, facts), ...(sleep.flags ? [] : afterUnlockFix(trace, index, ({ what }) => what.kind === "reader-leave" && what.section?.serial === section.serial, facts))],
    about: aboutSleep(event),
  };
}

export const rule: Rule = { meta, check };
