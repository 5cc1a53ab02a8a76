import { steps as on } from "../../../../emulator-core/src/index.ts";
import { counterKey, isReading, protectionOf, runsAlone, type Protection, type Use } from "../../model/protection.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Race, RaceStep } from "../hypothesis.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { leavesBy, objectBehind, sourceOf, type Source } from "../shared/obtained.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const types = `struct demo_bond {
	struct list_head list;
	struct kref ref;
	int id;
	struct rcu_head rcu;
};

static LIST_HEAD(demo_bonds);
static DEFINE_SPINLOCK(demo_lock);

static void demo_release(struct kref *ref)
{
	struct demo_bond *bond = container_of(ref, struct demo_bond, ref);

	spin_lock(&demo_lock);
	list_del_rcu(&bond->list);
	spin_unlock(&demo_lock);
	kfree_rcu(bond, rcu);
}

static void demo_put(struct demo_bond *bond)
{
	kref_put(&bond->ref, demo_release);
}
`;

const meta: RuleMeta = {
  id: "rcu/get-ref-from-zero",
  title: "Take a reference under RCU only if the count is not zero",
  why: "A reader may find an object whose last reference is gone and which is about to be taken out and freed. kref_get() and refcount_inc() bring it back to life: it is freed all the same, under its new user.",
  fix: "Use kref_get_unless_zero() or refcount_inc_not_zero(), and go on as if the object had not been found when that fails.",
  earns: "replay",
  severity: "error",
  seeds: ["000"],
  sources: ["Documentation/RCU/rcuref.rst", "include/linux/kref.h", "include/linux/refcount.h"],
  bad: [
    {
      title: "The object is taken off the list after its count is zero",
      code: `${types}
static struct demo_bond *demo_find(int id)
{
	struct demo_bond *bond;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &demo_bonds, list) {
		if (bond->id == id) {
			kref_get(&bond->ref);
			rcu_read_unlock();
			return bond;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`,
    },
  ],
  good: [
    {
      title: "A count of zero is no reference",
      code: `${types}
static struct demo_bond *demo_find(int id)
{
	struct demo_bond *bond;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &demo_bonds, list) {
		if (bond->id == id && kref_get_unless_zero(&bond->ref)) {
			rcu_read_unlock();
			return bond;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`,
    },
  ],
};

/** `put`: gives up what may be the last reference; `leave`: takes the object out of where the reader finds it. */
type End = { readonly trace: Trace; readonly put: number; readonly leave: number };
type Taken = { readonly object: Sym; readonly source: Source; readonly obtain: number; readonly ends: readonly End[] };

function check(context: RuleContext): readonly Candidate[] {
  const data = context.about("data");
  const protection = protectionOf(data.walker, data.roots, context.facts);
  return placesOn(data, (trace, event, index) => takenAt(trace, event, index, protection)).map((place) => candidateOf(place, context));
}

function takenAt(trace: Trace, event: TraceEvent, index: number, protection: Protection): Taken | undefined {
  const { what } = event;
  if (what.kind !== "reference" || what.conditional || event.condition !== undefined) return undefined;
  const key = counterKey(what.counter);
  if (key === undefined) return undefined;
  const object = objectBehind(what.counter);
  const obtain = trace.events.findLastIndex((before, at) => at < index && sourceOf(before)?.object.id === object.id);
  const found = trace.events[obtain];
  const source = found === undefined ? undefined : sourceOf(found);
  if (found === undefined || source === undefined) return undefined;
  if (!isReading({ trace, index: obtain, event: found }) && !(found.locks.length > 0 && source.kind !== "pointer")) return undefined;
  // The path has a reference of its own already, or made the object's count.
  if (trace.events.slice(obtain, index).some((before) => before.what.kind === "reference" && before.what.counter.id === what.counter.id)) return undefined;
  const ends = (protection.puts.get(key) ?? []).flatMap((put) => endOf(put, source) ?? []).filter((end) => !keptApart(found, event, end));
  return ends.length === 0 ? undefined : { object, source, obtain, ends: distinct(ends) };
}

/** The put, with the event of the same path that takes the object out of the container; a wait for readers in between is enough. */
function endOf({ trace, index, event }: Use, { kind, key }: Source): End | undefined {
  const { what } = event;
  if (what.kind !== "put") return undefined;
  const object = objectBehind(what.counter);
  const leave = trace.events.findIndex((other) => { const left = leavesBy(other, object); return left?.kind === kind && left.key === key; });
  if (leave < 0) return undefined;
  // What comes after the put is the last user's doing only where the put says so: its release function, or a test of what it returned.
  if (leave > index && !(trace.events[leave]?.chain.some((site) => site.lastReference) === true || trace.events.slice(index, leave).some((other) => other.what.kind === "branch"))) return undefined;
  return { trace, put: index, leave };
}

/** One lock from the look-up to the reference, and on the other side over both: nobody sees a count of zero. */
function keptApart(obtain: TraceEvent, get: TraceEvent, { trace, put, leave }: End): boolean {
  const ours = obtain.locks.filter((lock) => get.locks.some((held) => held.key === lock.key));
  const [first, last] = [Math.min(put, leave), Math.max(put, leave)];
  // Given back after the removal, and taken by nobody before: the put took it with the last reference (refcount_dec_and_lock(), kref_put_mutex()).
  const taken = new Set(trace.events.slice(leave).flatMap(({ what }) => (what.kind === "unlock" && !trace.events.slice(put, leave).some((before) => before.what.kind === "lock" && before.what.lock.key === what.lock.key) ? [what.lock.key] : [])));
  return ours.some((lock) => {
    if (put < leave && taken.has(lock.key)) return true;
    const theirs = trace.events.slice(first, last + 1);
    if (leave < put) return trace.events[leave]?.locks.some((held) => held.key === lock.key) === true;
    return theirs.every((event) => event.locks.some((held) => held.key === lock.key));
  });
}

function distinct(ends: readonly End[]): readonly End[] {
  return [...new Map(ends.toReversed().map((end) => [`${String(end.trace.events[end.put]?.at.start)} ${String(end.trace.events[end.leave]?.at.start)}`, end])).values()].reverse();
}

function candidateOf({ trace, event, index, what }: Place<Taken>, context: RuleContext): Candidate {
  const { facts } = context;
  const end = what.ends[0];
  const put = end?.trace.events[end.put];
  const leave = end?.trace.events[end.leave];
  const name = objectName(facts, event, what.object);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${name} may have no reference left: ${put?.function ?? ""} (line ${String(lineOf(facts, put?.at.start ?? 0))}) may have dropped the last one${end !== undefined && end.put < end.leave ? ", and it is taken out only after that" : ""}`,
    path: wayTo(trace, event, facts),
    related: [...(put === undefined ? [] : [{ at: put.at, message: "the last reference may be dropped here" }]), ...(leave === undefined ? [] : [{ at: leave.at, message: "and here it is taken out" }])],
    hypothesis: { kind: "race", races: what.ends.map((one) => raceOf(trace, index, what, one, context)) },
    fixes: fixOf(event, what, context),
  };
}

function raceOf(trace: Trace, index: number, { obtain, object }: Taken, end: End, { facts }: RuleContext): Race {
  const unlink = on.writeOnce("head", 0);
  const put: RaceStep = { at: end.put, steps: [{ kind: "update", dst: "left", at: "object", with: { kind: "sub", operand: 1 }, order: "mb" }] };
  const leave: RaceStep = { at: end.leave, steps: [end.leave > end.put ? on.ifEqual("left", 1, [unlink]) : unlink] };
  const alone = runsAlone(end.trace.root, facts);
  return {
    counterpart: { trace: end.trace, at: end.put },
    objects: [{ name: "head", initial: "&object" }, { name: "object", initial: 1 }],
    threads: [
      { role: "Reader", trace, steps: [{ at: obtain, steps: [on.rcuDereference("p", "head")] }, { at: index, steps: [on.ifSet("p", [{ kind: "update", dst: "count", at: "*p", with: { kind: "add", operand: 1 }, order: "relaxed" }])] }] },
      { role: "Updater", trace: end.trace, steps: end.put < end.leave ? [put, leave] : [leave, put] },
    ],
    hazard: { kind: "outcome", what: "no reference was left", when: [{ thread: "Reader", register: "p", is: "&object" }, { thread: "Reader", register: "count", is: 0 }] },
    sensitive: [object],
    assumptions: ["one reference is left when both start, and it is the updater's"],
    doubts: alone === undefined ? [] : [alone],
    cut: [],
  };
}

/** In a walk the element is passed over; a pointer that was fetched is forgotten. */
function fixOf(event: TraceEvent, { source }: Taken, { facts }: RuleContext): readonly FixProposal[] {
  const text = sourceText(facts, event.at);
  const call = /^(kref_get|refcount_inc)\(\s*&(\w+)((?:->|\.)[\w.>-]+)\s*\)$/.exec(text);
  const after = facts.unit.text.slice(event.at.end, event.at.end + 1);
  if (call === null || after !== ";") return [];
  const [, name, variable, field] = call;
  const to = name === "kref_get" ? "kref_get_unless_zero" : "refcount_inc_not_zero";
  const lineStart = facts.unit.text.lastIndexOf("\n", event.at.start) + 1;
  const indent = facts.unit.text.slice(lineStart, event.at.start);
  if (!/^\s*$/.test(indent)) return [];
  const otherwise = source.kind === "list" ? "continue" : `${variable ?? ""} = NULL`;
  const newText = `if (!${to}(&${variable ?? ""}${field ?? ""}))\n${indent}\t${otherwise}`;
  return [{ title: `Take the reference with ${to}()`, edits: [{ file: facts.file, start: event.at.start, end: event.at.end, newText }] }];
}

export const rule: Rule = { meta, check };
