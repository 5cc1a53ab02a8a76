import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import { touches, usableKey } from "../../model/lifetimes.ts";
import { placeId } from "../../model/places.ts";
import { isFresh, leadsInto, protectionOf, runsAlone, type Protection, type Use } from "../../model/protection.ts";
import type { EventKind, Sym, Trace, TraceEvent } from "../../model/trace.ts";
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

/** `updaters`: who stores NULL in this file; none: readers are meant, and who changes it is elsewhere. */
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
  if (key === undefined || pointer === undefined || what.place.base.origin.kind === "allocation") return undefined;
  const isProtected = pointer.loads.some(({ event: { what: other } }) => other.kind === "load" && (other.rcu === "reader" || other.rcu === "either"));
  if (!isProtected || (what.rcu === undefined && event.readers.length === 0)) return undefined;
  const updaters = pointer.stores.filter((use) => clears(use, trace) && runsAlone(use.trace.root, facts) === undefined);
  // Nobody stores NULL while readers run, or only with a lock that is held here.
  if (updaters.length === 0 ? !isForReaders(event) : updaters.every((use) => use.event.locks.some((lock) => event.locks.some((held) => held.key === lock.key)))) return undefined;
  const first = testedFetch(trace, event, index, facts);
  if (first === undefined) return undefined;
  // The path stores to it itself: it is the updater.
  if (trace.events.some(({ what: other }) => other.kind === "store" && other.place.key === key)) return undefined;
  const access = trace.events.findIndex((other, at) => at > index && (touches(other.what, what.value) || isGiven(other.what, what.value)) && other.function === event.function);
  if (access < 0 || isTestedBefore(trace, event, index, access, facts)) return undefined;
  return { key, first, access, updaters };
}

/** Fetched as only readers do, with no lock that an updater in another file could hold as well. */
function isForReaders({ what, locks }: TraceEvent): boolean {
  return what.kind === "load" && what.rcu === "reader" && locks.length === 0;
}

/** An unknown call gets a part of the object. */
function isGiven(what: EventKind, object: Sym): boolean {
  return what.kind === "opaque" && what.args.some((arg) => arg.id !== object.id && leadsInto(arg, object));
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
    const between = text.slice(other.at.end, event.at.start);
    const fetched = [sourceText(facts, other.at), ...variableOf(text, other, between)];
    const isTested = trace.events.slice(at, index).some((one) => one.what.kind === "branch" && saysSet(one.what.text, one.what.taken, fetched));
    if (isTested || isGuarded(between, fetched)) return at;
  }
  return undefined;
}

/** The variable that still holds the fetched value at the end of `between`. */
function variableOf(text: string, { at }: TraceEvent, between: string): readonly string[] {
  const variable = /(\w+)\s*=\s*$/.exec(text.slice(Math.max(0, at.start - 80), at.start))?.[1];
  return variable === undefined || new RegExp(`\\b${variable}\\s*=[^=]`).test(between) ? [] : [variable];
}

/** The condition, answered so, says that what was fetched is not NULL: "p && …" taken, "!p || …" not taken. */
function saysSet(condition: string, taken: boolean, fetched: readonly string[]): boolean {
  if (condition.includes(taken ? "||" : "&&")) return false;
  return condition.split(taken ? "&&" : "||").map(bareOf).some((part) => fetched.some((one) => (taken ? part === one || part === `${one} != NULL` : part === `!${one}` || part === `${one} == NULL`)));
}

/** Without likely() and parentheses around it. */
function bareOf(condition: string): string {
  return condition.replace(/\s+/g, " ").trim().replace(/^\(*\s*(?:un)?likely\s*\(\s*(.*)\s*\)$/, "$1").trim();
}

/** The same expression asks for the fetched value before the second fetch: "p && …", "!p || …", "fetch() ? …". */
function isGuarded(between: string, [, variable]: readonly string[]): boolean {
  const expression = between.slice(Math.max(...[";", "{", "}"].map((end) => between.lastIndexOf(end))) + 1);
  if (expression === between && /^\s*\)*\s*(&&|\?)/.test(between)) return true;
  if (variable === undefined || expression.includes(":")) return false;
  const isSet = new RegExp(`(?:^|[(&=])\\s*${variable}(?:\\s*!=\\s*NULL)?\\s*(?:&&|\\?)`).test(expression) && !expression.includes("||");
  const isUnset = new RegExp(`(?:^|[(|])\\s*(?:!\\s*${variable}|${variable}\\s*==\\s*NULL)\\s*\\|\\|`).test(expression.replace(/\bunlikely\s*\(\s*(!?\w+)\s*\)/g, "$1")) && !expression.includes("&&") && !expression.includes("?");
  return isSet || isUnset;
}

/** The second value is asked for by itself before it is followed. */
function isTestedBefore(trace: Trace, event: TraceEvent, index: number, access: number, facts: RuleContext["facts"]): boolean {
  const { text } = facts.unit;
  const variable = /(\w+)\s*=\s*$/.exec(text.slice(Math.max(0, event.at.start - 80), event.at.start))?.[1];
  if (variable !== undefined && /^\s*\)+\s*(?:[!=]=\s*NULL\s*\)*\s*)?(?:\|\||&&|\?)/.test(text.slice(event.at.end))) return true;
  return trace.events.slice(index, access).some((one) => one.what.kind === "branch" && (one.at.start <= event.at.start && event.at.end <= one.at.end
    ? (trace.events[access]?.at.start ?? 0) > one.at.end
    : variable !== undefined && new RegExp(`\\b${variable}\\b`).test(one.what.text)))
    || (variable !== undefined && new RegExp(`\\bif \\([^;{}]*\\b${variable}\\b`).test(text.slice(event.at.end, trace.events[access]?.at.start ?? event.at.end)));
}

function candidateOf(place: Place<Twice>, context: RuleContext): Candidate {
  const { trace, event, what } = place;
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
    hypothesis: { kind: "race", races: what.updaters.length === 0 ? [raceOf(place, undefined, facts)] : what.updaters.map((one) => raceOf(place, one, facts)) },
    fixes: [],
  };
}

/** Both loads are taken as marked: what is asked is whether they can differ. Without an updater in the file one is made up. */
function raceOf({ trace, index, what: { first, access, key } }: Place<Twice>, updater: Use | undefined, facts: RuleContext["facts"]): Race {
  const again: Step = on.ifSet("tested", [on.rcuDereference("used", "pointer")]);
  const reader = { role: "Reader", trace, steps: [{ at: first, steps: [on.rcuDereference("tested", "pointer")] }, { at: index, steps: [again] }] };
  const clear = on.writeOnce("pointer", 0);
  const call = trace.events[access]?.what;
  return {
    ...(updater === undefined
      ? { counterpart: { synthetic: "synthetic updater" }, threads: [reader], others: [{ role: "Updater", title: "synthetic updater", steps: [on.from(clear, facts.file, 0, "an updater that stores NULL")] }] }
      : { counterpart: { trace: updater.trace, at: updater.index }, threads: [reader, { role: "Updater", trace: updater.trace, steps: [{ at: updater.index, steps: [clear] }] }] }),
    objects: [{ name: "pointer", initial: "&object" }, { name: "object", initial: 1 }],
    hazard: { kind: "outcome", what: "NULL is followed", when: [{ thread: "Reader", register: "tested", is: "&object" }, { thread: "Reader", register: "used", is: 0 }] },
    sensitive: [],
    assumptions: [`both work on the same ${key}`],
    doubts: [
      ...(call?.kind === "opaque" ? [`whether ${call.name} follows the pointer is not visible here`] : []),
      ...heldByCallers(trace.root, facts),
      ...(key.includes("[]") ? [`${key} is one of many: the updater may store to another`] : []),
    ],
    cut: [],
  };
}

/** What the comment on the function says of a lock, other than the readers' own. */
function heldByCallers(root: string, { functions }: RuleContext["facts"]): readonly string[] {
  const comment = (functions.get(root)?.comment ?? "").replace(/\brcu_read_lock\w*/g, "");
  return /\block(?:ed|s)?\b|_lock\b/i.test(comment) ? [`callers of ${root}() may hold a lock that the updaters hold too`] : [];
}

export const rule: Rule = { meta, check };
