import { fieldAt, structNameOf } from "../../model/types.ts";
import { usableKey } from "../../model/lifetimes.ts";
import { isCalledFromElsewhere, isFresh, protectionOf, runsAlone, type Protection } from "../../model/protection.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo } from "../shared/sites.ts";

const types = `struct demo_table {
	int limit;
	struct rcu_head rcu;
};

struct demo_port {
	struct demo_table __rcu *table;
	struct mutex lock;
};

static void demo_set(struct demo_port *port, struct demo_table *table)
{
	struct demo_table *old;

	mutex_lock(&port->lock);
	old = rcu_dereference_protected(port->table, lockdep_is_held(&port->lock));
	rcu_assign_pointer(port->table, table);
	mutex_unlock(&port->lock);
	kfree_rcu(old, rcu);
}
`;

const meta: RuleMeta = {
  id: "rcu/unjustified-protected-access",
  title: "Say what protects an rcu_dereference_protected()",
  why: "rcu_dereference_protected(p, 1) claims that nothing can change the pointer and asks nobody to check it. That is true before an object is published and when its last user is gone; anywhere else the condition should name the update lock, so that lockdep can tell when it is not held.",
  fix: "Give the condition: lockdep_is_held() of the update lock; or read the pointer with rcu_dereference() in a read-side section.",
  earns: "text",
  severity: "note",
  seeds: [],
  sources: ["Documentation/RCU/rcu_dereference.rst", "include/linux/rcupdate.h"],
  bad: [
    {
      title: "The lock is not named, and is not held",
      fixable: false,
      code: `${types}
static int demo_limit(struct demo_port *port)
{
	return rcu_dereference_protected(port->table, 1)->limit;
}
`,
    },
  ],
  good: [
    {
      title: "The condition names the lock",
      code: `${types}
static int demo_limit(struct demo_port *port)
{
	int limit;

	mutex_lock(&port->lock);
	limit = rcu_dereference_protected(port->table, lockdep_is_held(&port->lock))->limit;
	mutex_unlock(&port->lock);
	return limit;
}
`,
    },
  ],
};

type Claim = { readonly key: string; readonly updater: TraceEvent };

function check(context: RuleContext): readonly Candidate[] {
  const data = context.about("data");
  const protection = protectionOf(data.walker, data.roots, context.facts);
  return placesOn(data, (trace, event, index) => claimAt(trace, event, index, protection, context)).map(({ trace, event, what }) => ({
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(context.facts, event.at)} claims that nothing can change the pointer, but ${what.updater.function} (line ${String(lineOf(context.facts, what.updater.at.start))}) may`,
    path: wayTo(trace, event, context.facts),
    related: [{ at: what.updater.at, message: "it is changed here" }],
    hypothesis: { kind: "path", columns: [{ role: "CPU", trace, shown: [trace.events.indexOf(event)] }], wrong: "nothing says what protects it", reason: "", open: ["whether the claim is true is not visible here: only a condition that lockdep can check would say so"] },
    fixes: [],
  }));
}

/** Nothing on this path says that the object is private, or on its way out; and somebody else changes the pointer. */
function claimAt(trace: Trace, event: TraceEvent, index: number, protection: Protection, { facts }: RuleContext): Claim | undefined {
  const { what } = event;
  if (what.kind !== "load" || what.rcu !== "alone") return undefined;
  const key = usableKey(what.place.key);
  if (key === undefined || isFresh(trace, index, what.place.base) || runsAlone(trace.root, facts) !== undefined || isCalledFromElsewhere(trace.root, facts)) return undefined;
  if (event.locks.length > 0 || event.chain.some((site) => site.lastReference)) return undefined;
  const base = what.place.base.id;
  // Who frees or takes down the holder, or waited for readers, or cleared the pointer, is alone with it.
  const isEnding = trace.events.some((other) => ((other.what.kind === "free" || other.what.kind === "defer-free") && (other.what.object.id === base || other.what.object.id === what.value.id)) || other.what.kind === "wait" || (other.what.kind === "unlink" && other.what.element.id === base) || (other.what.kind === "defer-call" && other.what.head.origin.kind === "address" && other.what.head.origin.place.base.id === base));
  if (isEnding) return undefined;
  if (fieldAt(facts.structs, structNameOf(what.place.base.type), what.place.path) === undefined && what.place.base.origin.kind !== "global") return undefined;
  const updater = protection.pointers.get(key)?.stores.find((use) => use.event.what.kind === "store" && use.event.what.rcu && use.event.function !== event.function && use.event.locks.length > 0 && !isFresh(use.trace, use.index, use.event.what.place.base))?.event;
  return updater === undefined ? undefined : { key, updater };
}

export const rule: Rule = { meta, check };
