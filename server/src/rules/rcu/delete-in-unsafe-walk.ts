import { steps as on } from "../../../../emulator-core/src/index.ts";
import { touches } from "../../model/lifetimes.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Race, RaceStep } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { isContradictory } from "../shared/lifetime-races.ts";
import { outsideEvidence } from "../shared/promises.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const meta: RuleMeta = {
  id: "rcu/delete-in-unsafe-walk",
  title: "Walk with the _safe form where the walk frees its element",
  why: "A list walk reads the next pointer of its current element when it goes on. Where the body has freed the element, or list_del() has poisoned its links, that read is a use after free.",
  fix: "Walk with list_for_each_entry_safe(), which reads next before the body, or leave the loop after the element is gone.",
  earns: "replay",
  severity: "error",
  seeds: ["001", "003"],
  sources: ["include/linux/list.h", "Documentation/RCU/listRCU.rst"],
  bad: [
    {
      title: "The walk goes on from freed memory",
      fixable: false,
      code: `struct demo_bond {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_domain {
	struct list_head bonds;
	spinlock_t lock;
};

static int demo_flush(struct demo_domain *domain)
{
	struct demo_bond *bond;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		sum += bond->id;
	rcu_read_unlock();
	return sum;
}

static void demo_drop(struct demo_domain *domain, int id)
{
	struct demo_bond *bond;

	spin_lock(&domain->lock);
	list_for_each_entry(bond, &domain->bonds, list) {
		if (bond->id == id) {
			list_del(&bond->list);
			kfree(bond);
		}
	}
	spin_unlock(&domain->lock);
}
`,
    },
  ],
  good: [
    {
      title: "The walk ends with the element",
      code: `struct demo_bond {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_domain {
	struct list_head bonds;
	spinlock_t lock;
};

static int demo_flush(struct demo_domain *domain)
{
	struct demo_bond *bond;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		sum += bond->id;
	rcu_read_unlock();
	return sum;
}

static void demo_drop(struct demo_domain *domain, int id)
{
	struct demo_bond *bond;

	spin_lock(&domain->lock);
	list_for_each_entry(bond, &domain->bonds, list) {
		if (bond->id == id) {
			list_del_rcu(&bond->list);
			kfree_rcu(bond, rcu);
			break;
		}
	}
	spin_unlock(&domain->lock);
}
`,
    },
  ],
};

/** `end`: the free, or the unlink that leaves no way on. */
type Gone = { readonly object: Sym; readonly end: number; readonly advance: number; readonly how: "freed" | "queued" | "poisoned" };

function check(context: RuleContext): readonly Candidate[] {
  const bySite = new Map<string, Candidate>();
  // Plain lists too, where a function of the file ends what it walks.
  for (const paths of [context.about("data"), context]) {
    for (const place of placesOn(paths, (trace, event, index) => goneBefore(trace, event, index))) {
      const key = `${place.event.function} ${String(place.event.at.start)}`;
      if (!bySite.has(key)) bySite.set(key, candidateOf(place, context));
    }
  }
  return [...bySite.values()];
}

/** At the event that ends the element: the walk goes on from it later on this path. */
function goneBefore(trace: Trace, { what, condition }: TraceEvent, end: number): Gone | undefined {
  if (condition !== undefined) return undefined;
  const object = what.kind === "free" || what.kind === "defer-free" ? what.object : what.kind === "unlink" && !what.rcu ? what.element : undefined;
  if (object === undefined) return undefined;
  const advance = trace.events.findIndex((other, at) => at > end && other.what.kind === "advance" && other.what.element.id === object.id && (what.kind !== "unlink" || other.what.member === what.member));
  if (advance < 0 || !trace.events.slice(0, end).some((other) => other.what.kind === "walk" && other.what.element.id === object.id)) return undefined;
  // A safe walk has read next before; an outer loop walks anew.
  if (trace.events.slice(end, advance).some((other) => other.what.kind === "walk" && other.what.element.id === object.id)) return undefined;
  if (isContradictory(trace, advance)) return undefined;
  // Who gives back one of several references frees nothing: of an element on its list, or of one that he took himself.
  const before = trace.events.slice(0, end);
  const isOut = before.some((other) => other.what.kind === "unlink" && other.what.element.id === object.id);
  const isHeld = before.some((other) => other.what.kind === "reference" && touches(other.what, object));
  if (isByReference(trace, end, object) && (!isOut || isHeld)) return undefined;
  // Linked again, its next leads on, if into another list.
  if (what.kind === "unlink" && trace.events.slice(end, advance).some((other) => (other.what.kind === "link" && other.what.element.id === object.id) || ((other.what.kind === "free" || other.what.kind === "defer-free") && other.what.object.id === object.id))) return undefined;
  return { object, end, advance, how: what.kind === "free" ? "freed" : what.kind === "defer-free" ? "queued" : "poisoned" };
}

/** It ends because a count was given up: whether it was the last one is not visible. */
function isByReference({ events }: Trace, end: number, object: Sym): boolean {
  if (events[end]?.what.kind === "unlink") return false;
  const isIn = (sym: Sym): boolean => sym.id === object.id || (sym.origin.kind === "address" && sym.origin.place.base.id === object.id);
  if (events[end]?.chain.some((site) => site.lastReference) === true) return true;
  // A put that names its release function decides about that function alone.
  const named = new Set(events.slice(0, end).flatMap(({ what, at }) => (what.kind === "put" && what.release !== undefined ? [at.start] : [])));
  return events.slice(0, end).some(({ what, at }) => !named.has(at.start) && ((what.kind === "put" && isIn(what.counter)) || (what.kind === "rmw" && what.returns && isIn(what.place.base))));
}

/** Why the walk may not meet what is gone. */
function doubtsOf(trace: Trace, { object, end, how }: Gone, { facts }: RuleContext): readonly string[] {
  const callback = trace.events[end]?.chain.find((site) => facts.rcuCallbacks.has(site.callee))?.callee;
  return [
    ...(isByReference(trace, end, object) ? ["only if the reference that is given up is the last one"] : []),
    ...(how === "queued" && outsideEvidence(trace, facts) === undefined ? [`callers of ${trace.root}() may hold a read-side section or a spinlock, which keeps the element`] : []),
    ...(how === "freed" && callback !== undefined ? [`${callback}() is an RCU callback elsewhere: called at once it may be for what no reader has seen, and no list has`] : []),
  ];
}

function candidateOf({ trace, event, what }: Place<Gone>, context: RuleContext): Candidate {
  const { facts } = context;
  const walk = trace.events.find((other) => other.what.kind === "walk" && other.what.element.id === what.object.id);
  const name = objectName(facts, event, what.object);
  const loop = walk === undefined ? "the walk" : `${sourceText(facts, walk.at).replace(/\s*\{?$/, "")} (line ${String(lineOf(facts, walk.at.start))})`;
  const gone = what.how === "freed" ? "freed" : what.how === "queued" ? "queued for freeing" : "taken out, and its links are overwritten,";
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${name} is ${gone} and ${loop} then reads its next pointer`,
    refutedMessage: `${name} stays readable until ${loop} has gone on`,
    path: wayTo(trace, event, facts),
    related: walk === undefined ? [] : [{ at: walk.at, message: "this walk goes on from it" }],
    hypothesis: { kind: "race", races: [raceOf(trace, what, context)] },
    fixes: [],
  };
}

/** One thread; the memory model only says when RCU frees. */
function raceOf(trace: Trace, gone: Gone, context: RuleContext): Race {
  const { object, end, advance, how } = gone;
  const steps: RaceStep["steps"] = how === "freed" ? [on.kfree("element")] : how === "queued" ? [on.kfreeRcu("element")] : [on.writeOnce("element.next", 2)];
  return {
    counterpart: null,
    objects: [{ name: "element", fields: [{ name: "next", initial: 1 }] }],
    threads: [{ role: "CPU", trace, steps: [{ at: end, steps }, { at: advance, steps: [on.readOnce("next", "element.next")] }] }],
    hazard: how === "poisoned" ? { kind: "outcome", what: "no way on", when: [{ thread: "CPU", register: "next", is: 2 }] } : { kind: "use-after-free", object: "element" },
    sensitive: [object],
    assumptions: [],
    doubts: doubtsOf(trace, gone, context),
    cut: [],
  };
}

export const rule: Rule = { meta, check };
