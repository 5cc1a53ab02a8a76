import { isLocal, usableKey } from "../../model/lifetimes.ts";
import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import { walkExprs } from "../../model/ast-walk.ts";
import { roleName, rolesReaching } from "../../model/entries.ts";
import { processEntries } from "../../model/entry-contexts.ts";
import { apiOf } from "../../model/kernel-api/index.ts";
import { isCalledFromElsewhere, isFresh, isOwnLock, protectionOf, runsAlone, updateLockOf, type ListUses, type PointerUses, type UpdateLock, type Use } from "../../model/protection.ts";
import type { HeldLock, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { placeId } from "../../model/places.ts";
import { lineOf } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { promisesCallers } from "../shared/promises.ts";
import { wayTo } from "../shared/sites.ts";

const types = `struct demo_bond {
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

static void demo_link(struct demo_domain *domain, struct demo_bond *bond)
{
	spin_lock(&domain->lock);
	list_add_rcu(&bond->list, &domain->bonds);
	spin_unlock(&domain->lock);
}

static void demo_unlink(struct demo_domain *domain, struct demo_bond *bond)
{
	spin_lock(&domain->lock);
	list_del_rcu(&bond->list);
	spin_unlock(&domain->lock);
	kfree_rcu(bond, rcu);
}
`;

const meta: RuleMeta = {
  id: "rcu/update-without-lock",
  title: "Take the update lock around a change of an RCU list or pointer",
  why: "The _rcu operations keep readers safe from an updater, and not updaters from one another: two that run at once both start from what was there before, and one of the changes is lost, or the list is torn.",
  fix: "Hold the lock that the other updaters hold.",
  earns: "replay",
  severity: "error",
  seeds: ["003"],
  sources: ["Documentation/RCU/checklist.rst", "Documentation/RCU/listRCU.rst"],
  bad: [
    {
      title: "One of the updaters takes no lock",
      fixable: false,
      code: `${types}
static void demo_link_fast(struct demo_domain *domain, struct demo_bond *bond)
{
	list_add_rcu(&bond->list, &domain->bonds);
}
`,
    },
  ],
  good: [
    {
      title: "All updaters take the lock",
      code: `${types}
static void demo_link_fast(struct demo_domain *domain, struct demo_bond *bond)
{
	lockdep_assert_held(&domain->lock);
	list_add_rcu(&bond->list, &domain->bonds);
}
`,
    },
  ],
};

function check(context: RuleContext): readonly Candidate[] {
  const data = context.about("data");
  const { lists, pointers } = protectionOf(data.walker, data.roots, context.facts);
  return [
    ...[...lists.values()].flatMap((list) => byHead(listUpdates(list, context)).flatMap((updates) => unlocked(updates, `the list through ${list.struct}.${list.member}`, context))),
    ...[...pointers.values()].flatMap((pointer) => unlocked(pointerUpdates(pointer, context), pointer.key.replace(/^global /, ""), context)),
  ];
}

/** Two lists of one member may have two locks: they are looked at by themselves where each change says which it is of. */
function byHead(updates: readonly Use[]): readonly (readonly Use[])[] {
  const groups = new Map<string | undefined, Use[]>();
  for (const use of updates) groups.set(headOf(use.event), [...(groups.get(headOf(use.event)) ?? []), use]);
  return groups.has(undefined) ? [updates] : [...groups.values()];
}

const headOf = ({ what }: TraceEvent): string | undefined => usableKey(what.kind === "link" ? what.head?.key : what.kind === "unlink" && what.element.origin.kind === "element" ? what.element.origin.head?.key : undefined);

/** Changes of a list that is meant for readers, while others may change it. */
function listUpdates({ walks, links, unlinks }: ListUses, context: RuleContext): readonly Use[] {
  const isRcu = [...links, ...unlinks].some(({ event: { what } }) => (what.kind === "link" || what.kind === "unlink") && what.rcu) || walks.some(({ event: { what } }) => what.kind === "walk" && what.rcu);
  return isRcu ? [...links, ...unlinks].filter((use) => isShared(use, context)) : [];
}

function pointerUpdates({ loads, stores }: PointerUses, context: RuleContext): readonly Use[] {
  const isRcu = stores.some(({ event: { what } }) => what.kind === "store" && what.rcu) && loads.some(({ event: { what } }) => what.kind === "load" && (what.rcu === "reader" || what.rcu === "either"));
  return isRcu ? stores.filter((use) => isShared(use, context) && (replaces(use) || use.event.locks.length > 0)) : [];
}

/** What was there is looked at before: only then is there something to lose. */
function replaces({ trace, index, event: { what, function: fn } }: Use): boolean {
  return what.kind === "store" && trace.events.slice(0, index).some((before) => before.function === fn && before.what.kind === "load" && before.what.rcu !== "value" && placeId(before.what.place) === placeId(what.place));
}

/** Others could be at it at the same time: it is no private list, no fresh holder, no set-up and no teardown. */
function isShared({ trace, index, event }: Use, { facts }: RuleContext): boolean {
  const { what } = event;
  // Who takes a lock for it is not alone, whatever it is called for.
  if (event.condition !== undefined || (runsAlone(trace.root, facts) !== undefined && event.locks.length === 0) || trace.events.slice(0, index).some((before) => before.what.kind === "wait")) return false;
  const holder: Sym | undefined = what.kind === "link" ? what.head?.base : what.kind === "store" ? what.place.base : what.kind === "unlink" && what.element.origin.kind === "element" ? what.element.origin.head?.base : undefined;
  if (holder !== undefined && isFresh(trace, index, holder)) return false;
  if (what.kind === "link" && isLocal(what.head)) return false;
  if (what.kind === "unlink" && isFresh(trace, index, what.element)) return false;
  // Who frees the holder has it alone.
  return holder === undefined || !trace.events.some(({ what: other }) => (other.kind === "free" || other.kind === "defer-free") && other.object.id === holder.id);
}

function unlocked(updates: readonly Use[], name: string, context: RuleContext): readonly Candidate[] {
  const rule = updateLockOf(updates, (key) => updates.some(({ event }) => isBeside(key, event)));
  if (rule === undefined || rule.without.length === 0) return [];
  return rule.without.filter((use) => isAtRisk(use, context)).flatMap((use) => candidateOf(use, rule, name, context) ?? []);
}

/** Others only show which lock it is. */
function isAtRisk(use: Use, { facts }: RuleContext): boolean {
  return runsAlone(use.trace.root, facts) === undefined && (use.event.what.kind !== "store" || replaces(use));
}

function candidateOf(use: Use, { key, lock, held, without }: UpdateLock, name: string, context: RuleContext): Candidate | undefined {
  const { facts } = context;
  const { event, trace } = use;
  const isOwn = isOwnLock(key, facts) && !isHandedOver(key, context);
  if (givesUp(use, key)) return undefined;
  const alone = holdsNothing(use, key, lock, context);
  // rtnl_lock() is taken by the callers of most entries: an ops table says nothing about it.
  if (key.startsWith("global ") && !isOwn && !alone && (rolesReaching(trace.root, facts).length > 0 || isCalledFromElsewhere(trace.root, facts))) return undefined;
  // With one lock against none, and callers that nobody sees, nothing speaks for either.
  if (held.length === 1 && !isOwn && !alone && isCalledFromElsewhere(trace.root, facts) && !((isBeside(key, event) && !leavesItToCallers(use, context)) || isLikeItsTwin(use, held[0]!, key, context))) return undefined;
  if (held.length === 1 && key.startsWith("global ") && !isOwn && !alone) return undefined;
  // Another lock that all other updates of another function hold may do as well; nothing is said then.
  const others = held.filter((one) => one.event.function !== event.function && !event.locks.some((mine) => one.event.locks.some((theirs) => theirs.key === mine.key)));
  const first = others[0];
  if (first === undefined || others.length < held.filter((one) => one.event.function !== event.function).length) return undefined;
  const instead = event.locks.find((held) => held.class !== "read");
  const strange = isOwn || alone ? undefined : rolesReaching(trace.root, facts).find(({ entry }) => !processEntries(facts).has(entry));
  const doubts = [
    ...(strange === undefined ? [] : [`${strange.entry}() is called as ${roleName(strange)}, and whoever does that may hold ${lock.text}`]),
    ...(held.length === 1 && !(isOwn && isThereForThis(use, key, context)) ? [`${first.event.function}() alone holds ${lock.text}: whether the lock is there for this is not visible here`] : []),
    ...(without.length > 1 ? [`${String(without.length)} changes do not hold ${lock.text}, and may be kept apart by something else`] : []),
    ...others.slice(0, 1).flatMap(({ trace: side }) => (runsAlone(side.root, facts) === undefined ? [] : [`${side.root}() may run when nobody else is left`])),
    ...(instead === undefined ? [] : [`${instead.text} is held instead, and may stand for a list or pointer that ${lock.text} does not protect`]),
    ...(isOwn && isCalledFromElsewhere(trace.root, facts) && event.locks.length === 0 && isEmptied(use) ? [`${trace.root}() is called from other files, and may run at set-up or teardown alone`] : []),
    ...(isCalledFromElsewhere(trace.root, facts) && !isOwn && !alone ? [`${trace.root}() is called from other files, and its callers may hold ${lock.text}`] : []),
    ...(rolesReaching(trace.root, facts).length > 0 && rolesReaching(trace.root, facts).some(({ role }) => rolesReaching(first.trace.root, facts).some((other) => other.role.table === role.table)) ? ["both are entered through one ops table, whose caller may keep them apart"] : []),
  ];
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${name} is changed without ${lock.text}, which ${first.event.function} (line ${String(lineOf(facts, first.event.at.start))})${held.length > 2 ? ` and ${String(held.length - 1)} more updates hold` : " holds"}`,
    path: wayTo(trace, event, facts),
    related: others.slice(0, 3).map((one) => ({ at: one.event.at, message: `${one.event.function}() changes it with ${lock.text} held` })),
    hypothesis: { kind: "race", races: others.map((one) => raceOf(use, one, doubts)) },
    fixes: [],
  };
}

/** Whoever takes the lock changes this list alone under it, and nobody walks it there: no other use explains the lock. */
function isThereForThis({ event: { what: change } }: Use, key: string, { about }: RuleContext): boolean {
  if (change.kind !== "link" && change.kind !== "unlink") return false;
  const { walker, roots } = about("data");
  const isOfThis = (trace: Trace, { what }: TraceEvent, index: number): boolean => {
    switch (what.kind) {
      case "link": case "unlink": return what.member === change.member;
      case "store": return isFresh(trace, index, what.place.base) || what.place.base.origin.kind === "stack" || trace.events.some(({ what: one }) => (one.kind === "link" || one.kind === "unlink") && one.element.id === what.place.base.id);
      case "walk": case "opaque": case "rmw": case "atomic": case "insert": case "remove": case "lookup": return false;
      default: return true;
    }
  };
  return roots.every((root) => {
    const { traces, cut } = walker.tracesOf(root);
    return cut.length === 0 && traces.every((trace) => trace.events.every((event, index) => !event.locks.some((lock) => lock.key === key) || isOfThis(trace, event, index)));
  });
}

/** The lock and the head of the list are fields of one structure: what it is there for needs no guess. */
function isBeside(key: string, event: TraceEvent): boolean {
  const head = headOf(event);
  const struct = /^(\w+)\./.exec(key)?.[1];
  return struct !== undefined && head?.startsWith(`${struct}.`) === true;
}

/** Every element goes, whichever it is: the end of the list, and not of one that was looked for. */
function isEmptied({ trace, index, event: { what } }: Use): boolean {
  if (what.kind !== "unlink") return false;
  const walk = trace.events.slice(0, index).findLastIndex((before) => before.what.kind === "walk" && before.what.element.id === what.element.id);
  return walk >= 0 && !trace.events.slice(walk, index).some((before) => before.what.kind === "branch");
}

/** The function unlocks what it did not lock: it was called with it, as the release function of kref_put_lock() is. */
function givesUp({ trace, index, event }: Use, key: string): boolean {
  const isOf = (kind: "lock" | "unlock") => ({ what }: TraceEvent): boolean => what.kind === kind && what.lock.key === key;
  const end = trace.events.findIndex((other, at) => at > index && other.function === event.function && isOf("unlock")(other));
  return end > 0 && !trace.events.slice(0, end).some(isOf("lock"));
}

/** No caller can hold it: the function takes it by itself on its way, or may sleep, which a spinning lock forbids. */
function holdsNothing({ trace, event }: Use, key: string, lock: HeldLock, { about }: RuleContext): boolean {
  const { walker } = about("data");
  const isHere = (other: TraceEvent): boolean => other.function === event.function && other.at.start === event.at.start && other.what.kind === event.what.kind;
  return walker.tracesOf(trace.root).traces.some(({ events }) => events.some(isHere) && events.some((other) => (other.what.kind === "lock" && other.what.lock.key === key) || (lock.class === "spin" && sleepsAlone(other))));
}

/** Waits, or allocates with leave to, with no lock of its own. */
const sleepsAlone = ({ what, locks, readers, condition }: TraceEvent): boolean => locks.length === 0 && readers.length === 0 && condition === undefined && ((what.kind === "wait" && !what.maybe) || (what.kind === "allocation" && /^GFP_KERNEL(?:_ACCOUNT)?\b/.test(what.gfp ?? "")));

/** Both are called from other files and change the list by themselves, one with the lock: who calls the pair is not told which of them wants it held. */
function isLikeItsTwin({ trace, event }: Use, { trace: twin, event: other }: Use, key: string, { facts }: RuleContext): boolean {
  if (event.function !== trace.root || other.function !== twin.root || event.locks.length > 0 || promisesCallers(trace.root, facts) || saysLocked(trace.root)) return false;
  return isCalledFromElsewhere(twin.root, facts) && other.what.kind !== event.what.kind && twin.events.some(({ what, function: fn }) => what.kind === "lock" && what.lock.key === key && fn === twin.root);
}

/** By its name: __foo_del(), foo_del_locked(). */
const saysLocked = (name: string): boolean => /^__|_(?:no|un)?locked?(?:_|$)/.test(name);

/** A helper of functions of this file, none of which says that it is called with a lock held. */
function leavesItToCallers({ trace, event }: Use, { facts }: RuleContext): boolean {
  const followed = [trace.root, event.function, ...event.chain.map(({ callee }) => callee)];
  return event.function === trace.root || event.locks.length > 0 || followed.some((name) => promisesCallers(name, facts));
}

/** Some function of the file takes the lock and leaves it to its callers to give it up. */
function isHandedOver(key: string, { facts }: RuleContext): boolean {
  const name = key.slice("global ".length);
  return [...facts.functions.values()].some((fn) => {
    const kinds = new Set<string>();
    walkExprs(fn.body, (expr) => {
      if (expr.kind !== "call" || expr.callee.kind !== "identifier") return;
      for (const effect of apiOf(expr.callee.name)?.effects ?? []) {
        const arg = effect.kind === "lock" || effect.kind === "unlock" ? expr.args[effect.lock] : undefined;
        if (arg?.kind === "unary" && facts.unit.text.slice(arg.operand.start, arg.operand.end) === name) kinds.add(effect.kind);
      }
    });
    return kinds.has("lock") && !kinds.has("unlock");
  });
}

/** An update reads what is there and writes what shall be: two that read the same lose one of them. */
function raceOf(one: Use, other: Use, doubts: readonly string[]): Race {
  const steps = (mine: string, value: number): readonly Step[] => [on.readOnce(mine, "head"), on.writeOnce("head", value)];
  const isPointer = one.event.what.kind === "store";
  return {
    counterpart: { trace: other.trace, at: other.index },
    objects: [{ name: "head", initial: 0 }],
    threads: [
      { role: "Updater", trace: one.trace, steps: [{ at: one.index, steps: steps("was", 1) }] },
      { role: "Updater 2", trace: other.trace, steps: [{ at: other.index, steps: steps("was", 2) }] },
    ],
    hazard: { kind: "outcome", what: isPointer ? "both replace the same value" : "one change is lost", when: [{ thread: "Updater", register: "was", is: 0 }, { thread: "Updater 2", register: "was", is: 0 }] },
    sensitive: [...symOf(one.event), ...symOf(other.event)],
    assumptions: ["both change the same list or pointer"],
    doubts, cut: [],
  };
}

const symOf = ({ what }: TraceEvent): readonly Sym[] => (what.kind === "link" || what.kind === "unlink" ? [what.element] : what.kind === "store" ? [what.value] : []);

export const rule: Rule = { meta, check };
