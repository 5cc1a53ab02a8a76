import { commonFrame } from "../../model/lifetimes.ts";
import type { Place as MemoryPlace, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { isOneObject } from "../shared/lifetime-races.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const preamble = `struct demo_item {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_table {
	struct list_head items;
	struct mutex lock;
};

static void demo_item_free(struct rcu_head *head)
{
	struct demo_item *item = container_of(head, struct demo_item, rcu);

	kfree(item);
}

`;

const meta: RuleMeta = {
  id: "rcu/queued-twice",
  title: "Queue an rcu_head once",
  why: "An rcu_head is one link of RCU's list of callbacks. Queued again before its callback ran, it is linked twice: the callback runs twice, or the list is cut short and others are lost.",
  fix: "Queue it in one place only, or guard the queueing with a flag that is tested and set in one step, or with the last reference.",
  earns: "path",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "include/linux/rcupdate.h"],
  bad: [
    {
      title: "The error path queues it again",
      fixable: false,
      code: `${preamble}static void demo_drop(struct demo_table *table, struct demo_item *item)
{
	mutex_lock(&table->lock);
	list_del_rcu(&item->list);
	mutex_unlock(&table->lock);
	call_rcu(&item->rcu, demo_item_free);
}

static void demo_remove(struct demo_table *table, struct demo_item *item)
{
	demo_drop(table, item);
	call_rcu(&item->rcu, demo_item_free);
}
`,
    },
  ],
  good: [
    {
      title: "It is queued once",
      code: `${preamble}static void demo_drop(struct demo_table *table, struct demo_item *item)
{
	mutex_lock(&table->lock);
	list_del_rcu(&item->list);
	mutex_unlock(&table->lock);
	call_rcu(&item->rcu, demo_item_free);
}

static void demo_remove(struct demo_table *table, struct demo_item *item)
{
	demo_drop(table, item);
}
`,
    },
  ],
};

type Twice = { readonly first: number };

function check(context: RuleContext): readonly Candidate[] {
  return placesOn(context, queuedBefore).map((place) => candidateOf(place, context));
}

function queuedBefore(trace: Trace, event: TraceEvent, index: number): Twice | undefined {
  const head = headOf(event);
  if (head === undefined || event.condition !== undefined || trace.contradictions.some(({ at }) => at <= index)) return undefined;
  const first = trace.events.findIndex((other, at) => at < index && other.condition === undefined && isSameHead(headOf(other), head));
  if (first < 0) return undefined;
  // Another round of a loop has another object, whatever it is called, and the last reference is dropped once.
  const [one, other] = commonFrame(trace, first, index).sites;
  if (other.at.start <= one.at.start || !isOneObject(head.object, trace, first, index)) return undefined;
  if (trace.events.slice(0, index).some(({ what }) => (what.kind === "put" && reaches(what.counter, head.object)) || (what.kind === "rmw" && reaches(what.place.base, head.object)))) return undefined;
  // rcu_barrier() and kin wait until the callback ran: what comes after is another hazard.
  if (trace.events.slice(first, index).some(({ what }) => what.kind === "wait" && what.callbacks)) return undefined;
  return { first };
}

type Head = { readonly object: Sym; readonly place: MemoryPlace | undefined };

/** The counter or flag is in the object. */
const reaches = (sym: Sym, object: Sym): boolean => sym.id === object.id || (sym.origin.kind === "address" && sym.origin.place.base.id === object.id);

function headOf({ what }: TraceEvent): Head | undefined {
  if (what.kind === "defer-free") return { object: what.object, place: undefined };
  if (what.kind !== "defer-call") return undefined;
  return what.head.origin.kind === "address" ? { object: what.head.origin.place.base, place: what.head.origin.place } : { object: what.head, place: undefined };
}

/** Two heads of one object are two heads; a head and the freeing of the whole object are one. */
function isSameHead(a: Head | undefined, b: Head): boolean {
  if (a === undefined || a.object.id !== b.object.id) return false;
  return a.place === undefined || b.place === undefined || a.place.path.join(".") === b.place.path.join(".");
}

function candidateOf({ trace, index, event, what: { first } }: Place<Twice>, { facts }: RuleContext): Candidate {
  const before = trace.events[first];
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(facts, event.at)} queues what ${before === undefined ? "is" : `line ${String(lineOf(facts, before.at.start))}`} has queued already`,
    path: wayTo(trace, event, facts),
    related: before === undefined ? [] : [{ at: before.at, message: "it is queued first here" }],
    hypothesis: { kind: "path", columns: [{ role: "CPU", trace, shown: [first, index] }], wrong: "queued again", reason: "a path queues the same rcu_head twice, and nothing between waits for its callback", open: [] },
    fixes: [],
  };
}

export const rule: Rule = { meta, check };
