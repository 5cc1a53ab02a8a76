import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import { touches, usableKey } from "../../model/lifetimes.ts";
import { placeId } from "../../model/places.ts";
import { isFresh, protectionOf, runsAlone, type Protection, type Use } from "../../model/protection.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const types = `struct demo_ops {
	int limit;
	struct rcu_head rcu;
};

struct demo_port {
	struct demo_ops __rcu *ops;
	struct mutex lock;
};

static void demo_clear(struct demo_port *port)
{
	struct demo_ops *old;

	mutex_lock(&port->lock);
	old = rcu_dereference_protected(port->ops, lockdep_is_held(&port->lock));
	RCU_INIT_POINTER(port->ops, NULL);
	mutex_unlock(&port->lock);
	kfree_rcu(old, rcu);
}
`;

const meta: RuleMeta = {
  id: "rcu/double-fetch",
  title: "Fetch an RCU-protected pointer once",
  why: "Between two fetches of the same pointer an updater may store another value or NULL, inside a read-side section too: what was tested is not what is used.",
  fix: "Fetch the pointer once into a local variable, test that, and use it.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/rcu_dereference.rst"],
  bad: [
    {
      title: "One fetch is tested and another one is used",
      fixable: false,
      code: `${types}
static int demo_limit(struct demo_port *port)
{
	int limit = 0;

	rcu_read_lock();
	if (rcu_dereference(port->ops))
		limit = rcu_dereference(port->ops)->limit;
	rcu_read_unlock();
	return limit;
}
`,
    },
  ],
  good: [
    {
      title: "The value that was tested is used",
      code: `${types}
static int demo_limit(struct demo_port *port)
{
	struct demo_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(port->ops);
	if (ops)
		limit = ops->limit;
	rcu_read_unlock();
	return limit;
}
`,
    },
  ],
};

type Twice = { readonly key: string; readonly first: number; readonly access: number; readonly updaters: readonly Use[] };

function check(context: RuleContext): readonly Candidate[] {
  const data = context.about("data");
  const protection = protectionOf(data.walker, data.roots, context.facts);
  return placesOn(data, (trace, event, index) => secondFetch(trace, event, index, protection, context)).map((place) => candidateOf(place, context));
}

function secondFetch(trace: Trace, event: TraceEvent, index: number, protection: Protection, { facts }: RuleContext): Twice | undefined {
  const { what } = event;
  if (what.kind !== "load" || !(what.rcu === "reader" || what.rcu === "either" || what.rcu === undefined)) return undefined;
  const key = usableKey(what.place.key);
  const pointer = protection.pointers.get(key ?? "");
  if (key === undefined || pointer === undefined || key.includes("[]") || what.place.base.origin.kind === "allocation") return undefined;
  const isProtected = pointer.loads.some(({ event: { what: other } }) => other.kind === "load" && (other.rcu === "reader" || other.rcu === "either"));
  if (!isProtected || (what.rcu === undefined && event.readers.length === 0)) return undefined;
  const updaters = pointer.stores.filter((use) => clears(use, trace) && runsAlone(use.trace.root, facts) === undefined);
  // Nobody stores NULL while readers run, or only with a lock that is held here.
  if (updaters.length === 0 || updaters.every((use) => use.event.locks.some((lock) => event.locks.some((held) => held.key === lock.key)))) return undefined;
  const first = testedFetch(trace, event, index, facts);
  if (first === undefined) return undefined;
  // The path stores to it itself: it is the updater.
  if (trace.events.some(({ what: other }) => other.kind === "store" && other.place.key === key)) return undefined;
  const access = trace.events.findIndex((other, at) => at > index && touches(other.what, what.value) && other.function === event.function);
  if (access < 0 || isTestedBefore(trace, event, index, access, facts)) return undefined;
  return { key, first, access, updaters };
}

function clears({ event: { what }, trace, index }: Use, reader: Trace): boolean {
  return what.kind === "store" && what.value.origin.kind === "null" && !isFresh(trace, index, what.place.base) && trace.root !== reader.root;
}

/** An earlier fetch of the same place by the same function, whose value a condition asks for and nothing else keeps. */
function testedFetch(trace: Trace, event: TraceEvent, index: number, facts: RuleContext["facts"]): number | undefined {
  const { what } = event;
  if (what.kind !== "load") return undefined;
  const { text } = facts.unit;
  for (let at = index - 1; at >= 0; at--) {
    const other = trace.events[at];
    if (other?.what.kind !== "load" || other.function !== event.function || placeId(other.what.place) !== placeId(what.place) || other.what.rcu === "update" || other.what.rcu === "alone") continue;
    if (other.at.start <= event.at.start && event.at.end <= other.at.end) continue;
    // With the lock of the updaters held at the first one as well, the value could not have been another at that time; that is not asked here.
    const condition = trace.events.slice(at, index).find((one) => one.what.kind === "branch" && one.at.start <= other.at.start && other.at.end <= one.at.end);
    if (condition?.what.kind === "branch" && (isNullTest(condition.what.text, sourceText(facts, other.at)) ? condition.what.taken !== condition.what.text.trim().startsWith("!") : false)) return at;
    const between = text.slice(other.at.end, event.at.start);
    if (/^\s*\)*\s*(&&|\?)/.test(between) && !/[;{}]/.test(between)) return at;
  }
  return undefined;
}

/** "p", "!p", "p != NULL", likely() around it. */
function isNullTest(condition: string, fetched: string): boolean {
  const bare = condition.replace(/\b(?:un)?likely\s*\(\s*(.*)\s*\)$/, "$1").replace(/\s+/g, " ").trim();
  return bare === fetched || bare === `!${fetched}` || bare === `${fetched} != NULL` || bare.startsWith(`${fetched} && `);
}

/** The second value is asked for by itself before it is followed. */
function isTestedBefore(trace: Trace, event: TraceEvent, index: number, access: number, facts: RuleContext["facts"]): boolean {
  const { text } = facts.unit;
  const variable = /(\w+)\s*=\s*$/.exec(text.slice(Math.max(0, event.at.start - 80), event.at.start))?.[1];
  return trace.events.slice(index, access).some((one) => one.what.kind === "branch" && (one.at.start <= event.at.start && event.at.end <= one.at.end
    ? (trace.events[access]?.at.start ?? 0) > one.at.end
    : variable !== undefined && new RegExp(`\\b${variable}\\b`).test(one.what.text)))
    || (variable !== undefined && new RegExp(`\\bif \\([^;{}]*\\b${variable}\\b`).test(text.slice(event.at.end, trace.events[access]?.at.start ?? event.at.end)));
}

function candidateOf({ trace, event, index, what }: Place<Twice>, context: RuleContext): Candidate {
  const { facts } = context;
  const first = trace.events[what.first];
  const updater = what.updaters[0]?.event;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${what.key.replace(/^global /, "")} is fetched again after it was tested (line ${String(lineOf(facts, first?.at.start ?? 0))})${updater === undefined ? "" : `: ${updater.function} (line ${String(lineOf(facts, updater.at.start))}) may store NULL in between`}`,
    path: wayTo(trace, event, facts),
    related: [...(first === undefined ? [] : [{ at: first.at, message: "this fetch is tested" }]), ...(updater === undefined ? [] : [{ at: updater.at, message: "NULL is stored here" }])],
    hypothesis: { kind: "race", races: what.updaters.map((one) => raceOf(trace, index, what, one)) },
    fixes: [],
  };
}

/** Both loads are taken as marked: what is asked is whether they can differ. */
function raceOf(trace: Trace, index: number, { first, key }: Twice, { trace: updater, index: store }: Use): Race {
  const again: Step = on.ifSet("tested", [on.rcuDereference("used", "pointer")]);
  return {
    counterpart: { trace: updater, at: store },
    objects: [{ name: "pointer", initial: "&object" }, { name: "object", initial: 1 }],
    threads: [
      { role: "Reader", trace, steps: [{ at: first, steps: [on.rcuDereference("tested", "pointer")] }, { at: index, steps: [again] }] },
      { role: "Updater", trace: updater, steps: [{ at: store, steps: [on.writeOnce("pointer", 0)] }] },
    ],
    hazard: { kind: "outcome", what: "NULL is followed", when: [{ thread: "Reader", register: "tested", is: "&object" }, { thread: "Reader", register: "used", is: 0 }] },
    sensitive: [],
    assumptions: [`both work on the same ${key}`],
    doubts: [], cut: [],
  };
}

export const rule: Rule = { meta, check };
