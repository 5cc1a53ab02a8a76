import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import { isBehind, isLocal, structOfObject, touches, usableKey, type ReaderUse } from "../../model/lifetimes.ts";
import { isFresh, listKey, protectionOf, isCalledFromElsewhere, runsAlone, type ListUses, type Use } from "../../model/protection.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, FixProposal, Publication, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { listReaders, type ListReader } from "../shared/list-readers.ts";
import { plainWalksOf, type PlainWalk } from "../shared/plain-walks.ts";
import { renameCall } from "../shared/rename-call.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const reader = `struct demo_bond {
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
`;

const meta: RuleMeta = {
  id: "rcu/plain-list-operation",
  title: "Change a list that readers walk with the _rcu operations",
  why: "list_del() overwrites the next pointer of the element, and a reader that stands on it follows what was written; list_add() does not order the initialisation of the element before its publication. Readers take no lock, so the updater's lock does not help them.",
  fix: "Use list_del_rcu(), list_add_rcu() and kin for a list that is walked under RCU, and list_for_each_entry_rcu() for the walk.",
  earns: "replay",
  severity: "error",
  seeds: ["003"],
  sources: ["include/linux/list.h", "include/linux/rculist.h", "Documentation/RCU/listRCU.rst"],
  bad: [
    {
      title: "A reader stands on the element whose links are poisoned",
      code: `${reader}
static void demo_unlink(struct demo_domain *domain, struct demo_bond *bond)
{
	spin_lock(&domain->lock);
	list_del(&bond->list);
	spin_unlock(&domain->lock);
	kfree_rcu(bond, rcu);
}
`,
    },
    {
      title: "The element is published without order",
      code: `${reader}
static void demo_link(struct demo_domain *domain, struct demo_bond *bond)
{
	bond->id = 1;
	spin_lock(&domain->lock);
	list_add(&bond->list, &domain->bonds);
	spin_unlock(&domain->lock);
}
`,
    },
  ],
  good: [
    {
      title: "Both changes leave readers a way on",
      code: `${reader}
static void demo_link(struct demo_domain *domain, struct demo_bond *bond)
{
	bond->id = 1;
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
`,
    },
  ],
};

/** `moved`: taken out and put into another list at once. */
type Change = { readonly how: "added" | "poisoned" | "reset" | "moved"; readonly element: Sym; readonly member: string; readonly head: string | undefined; readonly readers: readonly ListReader[]; /** Linked in by an _rcu operation elsewhere. */ readonly isPublished: boolean; /** Other changes of the list are for readers. */ readonly isMeant: boolean; /** What the list hangs off. */ readonly holder: Sym | undefined; /** Looks at the list in no section and under no lock. */ readonly bare: readonly TraceEvent[] };

function check(context: RuleContext): readonly Candidate[] {
  const data = context.about("data");
  const { lists } = protectionOf(data.walker, data.roots, context.facts);
  const changes = placesOn(data, (trace, event, index) => changeAt(trace, event, index, lists, context)).map((place) => candidateOf(place, context));
  const walks = [...lists.values()].flatMap((list) => plainWalksOf(list, context.facts)).flatMap((walk) => walkCandidate(walk, context));
  return [...changes, ...walks];
}

function changeAt(trace: Trace, event: TraceEvent, index: number, lists: ReadonlyMap<string, ListUses>, { facts }: RuleContext): Change | undefined {
  const { what } = event;
  if ((what.kind !== "link" && what.kind !== "unlink") || what.rcu || event.condition !== undefined) return undefined;
  const list = lists.get(listKey(what.element, what.member) ?? "");
  if (list === undefined || facts.rcuCallbacks.has(trace.root)) return undefined;
  const place = what.kind === "link" ? what.head : what.element.origin.kind === "element" ? what.element.origin.head : undefined;
  if (isLocal(place) || (place !== undefined && isFresh(trace, index, place.base))) return undefined;
  if (what.kind === "unlink" && isFresh(trace, index, what.element)) return undefined;
  // Out of reach already: it was taken out on this path, by an operation that leaves readers a way on.
  if (trace.events.slice(0, index).some((before) => before.what.kind === "unlink" && before.what.rcu && before.what.element.id === what.element.id && before.what.member === what.member)) return undefined;
  const same = trace.events.filter((other) => other !== event && other.at.start === event.at.start);
  const replaced = what.kind === "unlink" && same.some((other) => other.what.kind === "link" && other.what.element.id !== what.element.id);
  const moved = what.kind === "unlink" && same.some((other) => other.what.kind === "link" && other.what.element.id === what.element.id);
  if (replaced || (what.kind === "link" && same.some((other) => other.what.kind === "unlink" && other.what.element.id === what.element.id))) return undefined;
  const head = usableKey(place?.key);
  const how = what.kind === "link" ? "added" : moved ? "moved" : what.reinit ? "reset" : "poisoned";
  const readers = listReaders(list, head).filter((one) => fits(one, how) && !excluded(one, event) && (one.isLockless || isRetired(list)));
  const isPublished = list.links.some((use) => use.event.what.kind === "link" && use.event.what.rcu && sameHead(use, head));
  if (readers.length === 0 && !(isPublished && how !== "added" && (!onlyPlainWalks(list) || isWaitedFor(list) || isFollowedByWait(trace, index))) && !(how === "added" && head !== undefined && isLeftToReaders(list, head)) && !isWalkedOpenly(list, head)) return undefined;
  const isMeant = isForReaders(list, event);
  const bare = list.walks.flatMap(({ event: one }) => (one.readers.length === 0 && one.locks.length === 0 ? [one] : []));
  return { how, element: what.element, member: what.member, head, readers, isPublished, isMeant, holder: place?.base, bare };
}

/** Elements of the one list that they are put on are taken out in a way that lets readers go on: there are some, if not in this file. */
function isLeftToReaders({ walks, links, unlinks }: ListUses, head: string): boolean {
  const isOnly = links.every(({ trace, index, event: { what } }) => what.kind === "link" && (usableKey(what.head?.key) === head || isLocal(what.head) || isFresh(trace, index, what.element)));
  // hash_del_rcu() may be a habit where who looks for an element walks plainly; who takes out what it finds says nothing.
  const isLookedUp = walks.some(({ trace, event: { what } }) => what.kind === "walk" && !what.rcu && !trace.events.some(({ what: other }) => other.kind === "unlink" && other.element.id === what.element.id));
  return isOnly && unlinks.some(({ trace, index, event: { what } }) => what.kind === "unlink" && what.rcu && !(what.reinit && isLookedUp) && !isFresh(trace, index, what.element));
}

const sameHead = ({ event: { what } }: Use, head: string | undefined): boolean => what.kind === "link" && (head === undefined || usableKey(what.head?.key) === undefined || usableKey(what.head?.key) === head);

/** Another place of the file changes it with readers in mind. */
function isForReaders(list: ListUses, event: TraceEvent): boolean {
  return isRetired(list) || [...list.links, ...list.unlinks].some(({ trace, index, event: { what, at } }) => at.start !== event.at.start && ((what.kind === "link" && what.rcu) || (what.kind === "unlink" && what.rcu && !isFresh(trace, index, what.element))));
}

/** Who goes on reads the links; who is shown an element reads it. */
const fits = ({ advance, access }: ListReader, how: Change["how"]): boolean => (how === "added" ? advance !== undefined || access !== undefined : advance !== undefined);

const excluded = ({ use }: ListReader, event: TraceEvent): boolean => event.locks.some((lock) => use.event.locks.some((held) => held.key === lock.key && !(held.class === "read" && lock.class === "read")));

/** Somebody waits for readers before the element goes: a plain walk in a section is meant to be protected by it. */
function isRetired({ unlinks }: ListUses): boolean {
  return unlinks.some(({ trace, index, event: { what } }) => what.kind === "unlink" && trace.events.some(({ what: end }, at) => at > index && ((end.kind === "defer-free" && end.object.id === what.element.id) || (end.kind === "defer-call" && end.head.origin.kind === "address" && end.head.origin.place.base.id === what.element.id))));
}

/** Somebody takes an element out for readers and waits for them: there are some, if not in this file. */
function isWaitedFor({ unlinks }: ListUses): boolean {
  return unlinks.some(({ trace, index, event: { what } }) => what.kind === "unlink" && what.rcu && isFollowedByWait(trace, index));
}

const isFollowedByWait = ({ events }: Trace, index: number): boolean => events.some(({ what }, at) => at > index && what.kind === "wait" && what.flavour === "rcu");

/** Somebody walks it by an _rcu iterator, holding nothing: its callers are the readers. */
function isWalkedOpenly({ walks }: ListUses, head: string | undefined): boolean {
  return walks.some(({ event: { what, locks, readers } }) => {
    if (what.kind !== "walk" || !what.rcu || what.conditional || what.access !== undefined || locks.length > 0 || readers.length > 0) return false;
    const own = usableKey(what.head?.key);
    return head === undefined || own === undefined || own === head;
  });
}

/** All walks of the list in this file take a lock, are no readers, or look at the first element alone: then nobody that is seen follows a link. */
function onlyPlainWalks({ walks }: ListUses): boolean {
  return walks.length > 0 && walks.every((use) => use.event.what.kind === "walk" && (!use.event.what.rcu || use.event.what.access !== undefined));
}

const doesWhat: Readonly<Record<Change["how"], string>> = {
  added: "is put on the list without rcu_assign_pointer() order", poisoned: "is taken out by an operation that poisons its next pointer",
  reset: "is taken out by an operation that resets its next pointer", moved: "is moved, and its next pointer leads into another list",
};

function candidateOf(place: Place<Change>, context: RuleContext): Candidate {
  const { trace, event, index, what } = place;
  const { facts } = context;
  const name = objectName(facts, event, what.element);
  const first = what.readers[0];
  const fn = first?.use.event.function;
  const where = first === undefined ? "readers" : `${fn ?? ""} (line ${String(lineOf(facts, first.use.event.at.start))})`;
  const consequence = what.how === "added" ? `${where} may see it before its initialisation` : what.how === "moved" ? `${where} may go on there` : `${where} may stand on it and follow that`;
  const doubts = doubtsOf(place, context);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${name} ${doesWhat[what.how]}: ${consequence}`,
    path: wayTo(trace, event, facts),
    related: what.readers.slice(0, 3).map(({ use }) => ({ at: use.event.at, message: `${use.event.function}() walks the list here` })),
    hypothesis: { kind: "race", races: what.readers.length === 0 ? [raceOf(trace, index, what, undefined, doubts)] : what.readers.map((one) => raceOf(trace, index, what, one, [...doubts, ...entryDoubts(trace, event, what, one, facts), ...initDoubts(trace, index, what, one)])) },
    fixes: fixesOf(event, what, facts),
  };
}

function doubtsOf({ trace, event, index, what }: Place<Change>, { facts }: RuleContext): readonly string[] {
  const alone = runsAlone(trace.root, facts, what.head);
  return [
    ...(alone === undefined ? [] : [alone]),
    ...(event.locks.length === 0 && isCalledFromElsewhere(trace.root, facts) ? [`${trace.root}() takes no lock and is called from other files: it may run before there are readers`] : []),
    ...(what.how !== "added" && trace.events.slice(0, index).some(({ what: before }) => before.kind === "wait") ? ["a grace period before it may have put what holds the list out of reach"] : []),
    ...(what.holder !== undefined && isGivenUp(what.holder, trace, index) ? ["what holds the list is given up on this path: whether a reader is left is not visible here"] : []),
    ...(what.head === undefined && what.how === "added" ? ["which list it is put on is not visible here"] : []),
  ];
}

/** Taken out of what led to it, or its reference dropped. */
function isGivenUp(holder: Sym, { events }: Trace, index: number): boolean {
  return events.some(({ what }, at) => (what.kind === "unlink" && at < index && what.element.id === holder.id) || (what.kind === "put" && isBehind(what.counter, holder)) || ((what.kind === "free" || what.kind === "defer-free") && what.object.id === holder.id));
}

function entryDoubts(trace: Trace, event: TraceEvent, { isMeant, bare }: Change, { use }: ListReader, facts: RuleContext["facts"]): readonly string[] {
  const lock = event.locks[0];
  const isLocked = !isMeant && lock !== undefined && isCalledFromElsewhere(use.trace.root, facts);
  return [
    ...(bare.some((one) => one.function === use.event.function && one.at.start !== use.event.at.start) ? [`${use.event.function}() looks at the list outside of its section as well: something else may keep it`] : []),
    ...(isLocked ? [`no other change of the list is an _rcu operation: callers of ${use.trace.root}() may hold ${lock.text}`] : []),
  ];
}

/** A reader without an RCU primitive says less of what it expects: the initialisation must be seen. */
function initDoubts(trace: Trace, index: number, { how, element }: Change, reader: ListReader): readonly string[] {
  if (how !== "added" || reader.rcu || initialisedAt(trace, index, element) >= 0) return [];
  return [`where ${structOfObject(element) ?? "the element"} is initialised is not visible here: what orders it may be there`];
}

/** Of an allocation that fills what it gives, the allocation. */
function initialisedAt({ events }: Trace, index: number, element: Sym): number {
  const store = events.findLastIndex(({ what }, at) => at < index && what.kind === "store" && touches(what, element));
  return store >= 0 ? store : events.findLastIndex(({ what }, at) => at < index && what.kind === "allocation" && what.filled && what.object.id === element.id);
}

/** The element's next pointer is 1 where it leads on, 2 where it does not; before its initialisation it is 0. */
function raceOf(trace: Trace, index: number, { how, element }: Change, reader: ListReader | undefined, doubts: readonly string[]): Race {
  const readAt = reader === undefined ? undefined : how === "added" ? reader.access ?? reader.advance : reader.advance;
  const bad = how === "added" ? 0 : 2;
  const look: Step = on.ifSet("e", [on.readOnce("next", "*e")]);
  const init = initialisedAt(trace, index, element);
  const publish = on.writeOnce("head", "&element");
  const updater = how !== "added" ? [{ at: index, steps: [on.writeOnce("head", 0), on.writeOnce("element", 2)] }]
    : init < 0 ? [{ at: index, steps: [on.writeOnce("element", 1), publish] }]
    : [{ at: init, steps: [on.writeOnce("element", 1)] }, { at: index, steps: [publish] }];
  return {
    counterpart: reader === undefined ? { synthetic: "synthetic reader" } : { trace: reader.use.trace, at: reader.use.index },
    objects: [{ name: "head", initial: how === "added" ? 0 : "&element" }, { name: "element", initial: how === "added" ? 0 : 1 }],
    threads: [
      ...(reader === undefined || readAt === undefined ? [] : [{ role: "Reader", trace: reader.use.trace, steps: [{ at: reader.use.index, steps: [on.rcuDereference("e", "head")] }, { at: readAt, steps: [look] }] }]),
      { role: "Updater", trace, steps: updater },
    ],
    ...(reader === undefined ? { others: [{ role: "Reader", title: "synthetic reader", steps: on.underRcu(on.rcuDereference("e", "head"), look) }] } : {}),
    hazard: { kind: "outcome", what: how === "added" ? "not initialised yet" : "leads nowhere", when: [{ thread: "Reader", register: "e", is: "&element" }, { thread: "Reader", register: "next", is: bad }] },
    sensitive: [element],
    assumptions: [`the list of ${structOfObject(element) ?? "the element"} is the one that is walked`],
    doubts, cut: [],
  };
}

const rcuForms = new Map([
  ["list_add", "list_add_rcu"], ["list_add_tail", "list_add_tail_rcu"], ["hlist_add_head", "hlist_add_head_rcu"], ["list_del", "list_del_rcu"], ["hlist_del", "hlist_del_rcu"],
  ["hlist_del_init", "hlist_del_init_rcu"], ["list_replace", "list_replace_rcu"], ["hlist_add_before", "hlist_add_before_rcu"], ["hlist_add_behind", "hlist_add_behind_rcu"],
  ["hash_add", "hash_add_rcu"], ["hash_del", "hash_del_rcu"],
]);

const fixesOf = (event: TraceEvent, _what: Change, facts: RuleContext["facts"]): readonly FixProposal[] => renameCall(event, rcuForms, facts, (to) => `Use ${to}()`);

function walkCandidate({ use, access, changes, openLock }: PlainWalk, { facts, about }: RuleContext): readonly Candidate[] {
  const { trace, index, event } = use;
  if (event.what.kind !== "walk") return [];
  const publishers = changes.flatMap(({ trace: side, index: store, event: { what } }): Publication[] => (what.kind === "link" ? [{ trace: side, store, initialisations: side.events.flatMap((other, at) => (at < store && other.what.kind === "store" && touches(other.what, what.element) ? [at] : [])) }] : []));
  const first = changes[0]?.event;
  const isCut = about("data").walker.tracesOf(trace.root).cut.length > 0 && trace.contradictions.length > 0;
  const reader: ReaderUse = { trace, object: event.what.element, obtain: index, accesses: [access], section: event.readers.at(-1), callersUnknown: false };
  return [{
    rule: meta.id,
    severity: "warning",
    at: event.at,
    function: event.function,
    message: `the list is changed with _rcu operations${first === undefined ? "" : ` (${first.function}, line ${String(lineOf(facts, first.at.start))})`} but is walked plainly by this reader`,
    path: wayTo(trace, event, facts),
    related: changes.slice(0, 3).map(({ event: change }) => ({ at: change.at, message: `${change.function}() ${change.what.kind === "link" ? "puts an element on it" : "takes an element out"} here` })),
    hypothesis: {
      kind: "lost-dependency", reader, publishers: publishers.slice(0, 3),
      doubts: [...(isCut ? ["not all paths were followed"] : []), ...(openLock === undefined ? [] : [`${trace.root}() holds neither ${openLock} nor a read-side section: its callers may keep updaters out in another way`])],
    },
    fixes: walkFix(event, facts),
  }];
}

const rcuWalks = new Map([["list_for_each_entry", "list_for_each_entry_rcu"], ["hlist_for_each_entry", "hlist_for_each_entry_rcu"], ["hash_for_each", "hash_for_each_rcu"], ["hash_for_each_possible", "hash_for_each_possible_rcu"]]);

function walkFix(event: TraceEvent, facts: RuleContext["facts"]): readonly FixProposal[] {
  const name = /^\w+/.exec(sourceText(facts, event.at))?.[0] ?? "";
  const to = rcuWalks.get(name);
  return to === undefined ? [] : [{ title: `Walk with ${to}()`, edits: [{ file: facts.file, start: event.at.start, end: event.at.start + name.length, newText: to }] }];
}

export const rule: Rule = { meta, check };
