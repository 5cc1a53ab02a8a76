import { bracketsAround } from "../../model/brackets.ts";
import type { Span, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { readersOf, structOfObject, touches } from "../../model/lifetimes.ts";
import { onlyLife, rolesReaching } from "../../model/entries.ts";
import { exportMacros } from "../../model/entry-roles.ts";
import { processEntries } from "../../model/entry-contexts.ts";
import { containerName, lineOf, sourceText } from "../../model/words.ts";
import { sectionAround } from "../fixes/move-statement.ts";
import type { Candidate, FixProposal, Race, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { conditionDoubts, containerRead, isContradictory, honoursReaders, racesOf, retirementsFrom, retirementsIn, isSameContainer, usesOf, calleeAt, handedOn } from "../shared/lifetime-races.ts";
import { hiddenSections, outsideEvidence, promisesCallers, type Outside } from "../shared/promises.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const preamble = `struct demo_item {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_table {
	struct list_head items;
	struct mutex lock;
	struct work_struct work;
	int sum;
};

static void demo_remove(struct demo_table *table, struct demo_item *item)
{
	mutex_lock(&table->lock);
	list_del_rcu(&item->list);
	mutex_unlock(&table->lock);
	kfree_rcu(item, rcu);
}

static void demo_work(struct work_struct *work)
{
	struct demo_table *table = container_of(work, struct demo_table, work);
	struct demo_item *item;
	int sum = 0;

`;

const end = `	table->sum = sum;
}

static void demo_setup(struct demo_table *table)
{
	INIT_WORK(&table->work, demo_work);
}
`;

const meta: RuleMeta = {
  id: "rcu/access-outside-reader",
  title: "Enter a read-side section before following an RCU-protected pointer",
  why: "A grace period waits for read-side sections only. Who follows a pointer or walks a list with neither a section nor the update lock is not waited for, and what it holds may be freed.",
  fix: "Put rcu_read_lock() and rcu_read_unlock() around the access and all uses of what it found; on the update side take the lock and use rcu_dereference_protected().",
  earns: "replay",
  severity: "error",
  seeds: ["000"],
  sources: ["Documentation/RCU/whatisRCU.rst", "Documentation/RCU/checklist.rst", "Documentation/RCU/lockdep.rst"],
  bad: [
    {
      title: "A work item walks the list without a section",
      code: `${preamble}	list_for_each_entry_rcu(item, &table->items, list)
		sum += item->id;
${end}`,
    },
  ],
  good: [
    {
      title: "The walk stands in a section",
      code: `${preamble}	rcu_read_lock();
	list_for_each_entry_rcu(item, &table->items, list)
		sum += item->id;
	rcu_read_unlock();
${end}`,
    },
  ],
};

/**
 * `promise`: the call by which the path enters a function that leaves the section to its callers. `custom`: nothing is known of the
 * callers, but functions of the file that read the same enter sections themselves.
 */
type Bare = { readonly outside: Outside; readonly custom: boolean; readonly promise: { readonly at: Span; readonly function: string; readonly callee: string } | undefined };

function check(context: RuleContext): readonly Candidate[] {
  const found = placesOn(context, (trace, event, index) => bareAccess(trace, event, index, context));
  const bySite = new Map<string, Candidate>();
  for (const place of found) {
    const candidate = candidateOf(place, context);
    if (candidate !== undefined && !bySite.has(`${candidate.function} ${String(candidate.at.start)}`)) bySite.set(`${candidate.function} ${String(candidate.at.start)}`, candidate);
  }
  for (const place of placesOn(context, (trace, event, index) => bareHelper(trace, event, index, context), ({ outside }) => (outside === undefined ? 1 : 0))) {
    const key = `${place.event.function} ${String(place.event.at.start)}`;
    if (!bySite.has(key)) bySite.set(key, helperCandidate(place, context));
  }
  return [...bySite.values()];
}

/**
 * `outside`: absent where callers in other files may be in a section. Such a function is flagged where nothing that it
 * says makes it their business, and other functions of the file enter sections themselves.
 */
type BareHelper = { readonly api: string; readonly outside: Outside | undefined };

/** A helper of the kernel that leaves the section to who calls it, called in none. */
function bareHelper(trace: Trace, event: TraceEvent, index: number, { facts, walker }: RuleContext): BareHelper | undefined {
  const { what } = event;
  if (what.kind !== "needs-reader" || event.readers.length > 0 || event.locks.length > 0) return undefined;
  if (isContradictory(trace, index) || promisesCallers(trace.root, facts) || bracketsAround(trace.events, index).length > 0) return undefined;
  if (onlyLife(trace.root, facts, "setup") || onlyLife(trace.root, facts, "teardown")) return undefined;
  const outside = outsideEvidence(trace, facts);
  // Any lock of the caller's may be what keeps the objects.
  if (outside !== undefined) return outside.holds === undefined ? { api: what.api, outside } : undefined;
  return what.or === undefined && isForOthers(trace.root, facts) && walker.relevance.readers.size > 0 ? { api: what.api, outside } : undefined;
}

/** Exported to whoever wants to call it, and given to nobody who would call it in a way of his own. */
function isForOthers(name: string, facts: RuleContext["facts"]): boolean {
  const isExported = facts.unit.topLevelCalls.some((one) => exportMacros.has(one.name) && one.args[0]?.trim() === name);
  return isExported && !facts.addressTaken.has(name) && rolesReaching(name, facts).length === 0;
}

function helperCandidate({ trace, index, event, what: { api, outside } }: Place<BareHelper>, { facts }: RuleContext): Candidate {
  const why = outside?.why ?? `${trace.root}() enters none, and asks none of its callers`;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${api}() wants a read-side section around it, and there is none: ${why}`,
    path: wayTo(trace, event, facts),
    related: [],
    hypothesis: {
      kind: "path", columns: [{ role: "Reader", trace, shown: [index] }], wrong: "in no section", reason: `a path reaches ${api}() in no read-side section`,
      open: outside === undefined ? [`callers of ${trace.root}() in other files may be in a section`] : [`whether what ${api}() follows can be freed meanwhile is not visible here`],
    },
    fixes: [],
  };
}

const isReaders = ({ what }: TraceEvent): boolean => (what.kind === "walk" && what.rcu && !what.conditional) || (what.kind === "load" && (what.rcu === "reader" || what.rcu === "raw"));

function bareAccess(trace: Trace, event: TraceEvent, index: number, context: RuleContext): Bare | undefined {
  const { facts } = context;
  const { what } = event;
  // By a primitive that is for readers alone, where no lock could be the update lock.
  if (!isReaders(event) || event.readers.length > 0 || event.locks.length > 0) return undefined;
  // What is read raw is for readers where an updater of the file waits for them.
  if (what.kind === "load" && what.rcu === "raw" && !isWaitedFor(event, context)) return undefined;
  const said = outsideEvidence(trace, facts);
  const custom = said === undefined ? customOutside(trace, event, index, context) : undefined;
  const outside = said ?? custom;
  // A path that may be none shows what no other path contradicts.
  if (isContradictory(trace, index) && (outside?.entry === undefined || isElsewhereProtected(trace.root, event, context))) return undefined;
  if (outside === undefined || promisesCallers(trace.root, facts)) return undefined;
  // A lock that the caller holds may be the update lock, unless an updater shows that it is not; rcu_dereference() by itself says that it is not meant.
  if (outside.holds !== undefined && !(what.kind === "load" && what.rcu === "reader") && !isUpdatedWithout(outside.holds, event, context)) return undefined;
  // Set-up and teardown run alone more often than not.
  if (onlyLife(trace.root, facts, "setup") || onlyLife(trace.root, facts, "teardown")) return undefined;
  if (bracketsAround(trace.events, index).length > 0) return undefined;
  const broken = event.chain.find((site) => promisesCallers(site.callee, facts));
  // A function that has callers elsewhere too: only its own sleeping says anything, and of a lock it says nothing.
  const isKnown = outside.entry !== undefined;
  // SRCU readers may sleep.
  if (!isKnown && custom === undefined && (what.kind === "walk" || /srcu/i.test(facts.unit.text))) return undefined;
  return { outside, custom: custom !== undefined, promise: broken === undefined ? undefined : { at: broken.at, function: broken.function, callee: broken.callee } };
}

/**
 * Nothing is known of the callers, and nothing is asked of them, where others in the file that read the same enter a section
 * themselves. What a function gives back without a reference it leaves to its callers to protect.
 */
function customOutside(trace: Trace, event: TraceEvent, index: number, context: RuleContext): Outside | undefined {
  const { facts, roots, walker } = context;
  const read = containerRead(event);
  if (read === undefined || isContradictory(trace, index)) return undefined;
  const passed = [trace.root, event.function, ...event.chain.map(({ callee }) => callee)];
  if (passed.some((name) => promisesCallers(name, facts) || rolesReaching(name, facts).length > 0 || facts.addressTaken.has(name))) return undefined;
  if (isGivenBack(trace, event, index, read.object, facts) || isGivenByReaders(event, trace, context)) return undefined;
  // Who may sleep may have the updaters' mutex from its callers.
  if (walker.tracesOf(trace.root).traces.some((one) => outsideEvidence(one, facts) !== undefined)) return undefined;
  const others = readersOf(read.container, roots, facts, walker).flatMap(({ section, trace: side, obtain }) => {
    const other = side.events[obtain];
    return section === undefined || other === undefined || other.function === event.function || !isReaders(other) || holderOf(other)?.origin.kind === "expression" || !isOpenedIn(other.function, section.at, facts) ? [] : [other.function];
  });
  const first = others[0];
  if (first === undefined) return undefined;
  return { why: `${first}(), which reads the same, enters one itself, and nothing asks one of the callers of ${trace.root}()`, entry: undefined, holds: undefined };
}

/** What it is read out of; an expression: what a call gave, perhaps in the section and because of it. */
const holderOf = ({ what }: TraceEvent): Sym | undefined => (what.kind === "walk" ? what.head?.base : what.kind === "load" ? what.place.base : undefined);

const isOpenedIn = (name: string, at: Span, facts: RuleContext["facts"]): boolean => {
  const fn = facts.functions.get(name);
  return fn !== undefined && fn.start <= at.start && at.end <= fn.end;
};

/** By the function that reads it, to whoever calls it, and with no reference taken. */
function isGivenBack(trace: Trace, event: TraceEvent, index: number, object: Sym, facts: RuleContext["facts"]): boolean {
  const later = trace.events.slice(index + 1);
  if (later.some(({ what }) => what.kind === "reference" && touches(what, object))) return false;
  if (later.some((other) => touches(other.what, object) && other.chain.length < event.chain.length)) return true;
  const fn = facts.functions.get(event.function);
  if (fn === undefined) return true;
  const before = facts.unit.text.slice(fn.start, event.at.start);
  const names = event.what.kind === "walk" ? [...facts.unit.text.slice(event.at.start, event.at.end).matchAll(/\b[a-z]\w*/gi)].map(([name]) => name) : [/(\w+)\s*=\s*$/.exec(before)?.[1] ?? ""];
  return /\breturn\s*$/.test(before) || [...facts.unit.text.slice(fn.start, fn.end).matchAll(/\breturn\s+&?\(?(\w+)/g)].some(([, name = ""]) => names.includes(name));
}

/** What it is read out of was looked up, or came with the call and is itself obtained by primitives of RCU in this file: then callers have what keeps it. */
function isGivenByReaders(event: TraceEvent, trace: Trace, { roots, walker }: RuleContext): boolean {
  const base = holderOf(event);
  const struct = base === undefined ? undefined : structOfObject(base);
  const obtains = ({ what: other }: TraceEvent): Sym | undefined => (other.kind === "walk" && other.rcu ? other.element : other.kind === "load" && other.rcu !== undefined ? other.value : undefined);
  if (base !== undefined && trace.events.some((other) => obtains(other)?.id === base.id)) return false;
  // What was looked up on the way may be protected by whatever the lookup wants.
  if (base === undefined || (base.origin.kind !== "parameter" && base.origin.kind !== "global")) return true;
  if (struct === undefined) return false;
  return roots.some((root) => walker.tracesOf(root).traces.some(({ events }) => events.some((other) => { const got = obtains(other); return got !== undefined && structOfObject(got) === struct; })));
}

/** Some path of the root comes to the same place in a section or under a lock. */
function isElsewhereProtected(root: string, { at, function: fn }: TraceEvent, { walker }: RuleContext): boolean {
  return walker.tracesOf(root).traces.some(({ events }) => events.some((other) => other.at.start === at.start && other.function === fn && (other.readers.length > 0 || other.locks.length > 0)));
}

/** An updater of this file takes out what is read here, and waits for a grace period before it ends it. */
function isWaitedFor(event: TraceEvent, context: RuleContext): boolean {
  const read = containerRead(event);
  return read !== undefined && retirementsFrom(read.container, context).some((one) => honoursReaders(one));
}

/** All ends of what it follows are entered in a known way, without this lock. */
function isUpdatedWithout(lock: string, event: TraceEvent, context: RuleContext): boolean {
  const read = containerRead(event);
  const ends = read === undefined ? [] : retirementsIn(context).filter((one) => isSameContainer(one.container, read.container));
  const entries = processEntries(context.facts);
  return ends.length > 0 && ends.every(({ trace }) => {
    const known = entries.get(trace.root) ?? [];
    return known.length > 0 && known.every(({ holds }) => holds !== lock);
  });
}

function candidateOf({ trace, index, event, what }: Place<Bare>, context: RuleContext): Candidate | undefined {
  const { facts } = context;
  const read = containerRead(event);
  if (read === undefined) return event.what.kind === "load" && event.what.rcu === "reader" && what.outside.entry !== undefined ? unfollowed({ trace, index, event, what }, facts) : undefined;
  const isBare = (at: number): boolean => trace.events[at]?.readers.length === 0;
  const seen = usesOf(trace, read.object, index).filter(isBare);
  const uses = seen.length > 0 ? seen : handedOn(trace, read.object, index).filter(isBare);
  if (uses.length === 0) return event.what.kind === "load" && event.what.rcu === "reader" && what.outside.entry !== undefined ? unfollowed({ trace, index, event, what }, facts) : undefined;
  const doubts = [
    ...(what.outside.entry === undefined ? [`callers of ${trace.root}() may ${what.custom ? "be in a section, or " : ""}hold the update lock`] : []),
    ...(isUnderCallersLock(event, what, context) ? [`${trace.root}() is entered with ${what.outside.holds ?? "a lock"} held, which may keep updaters out`] : []),
    ...hiddenSections(facts),
    ...conditionDoubts(event, context),
    ...(seen.length > 0 ? [] : [`whether ${calleeAt(trace, uses[0])} looks at the object is not visible here`]),
  ];
  const races: readonly Race[] = racesOf(read.container, { trace, object: read.object, obtain: index, uses }, context, doubts);
  const { promise } = what;
  const text = sourceText(facts, event.at).replace(/\s*\{?$/, "");
  return {
    rule: meta.id,
    severity: meta.severity,
    at: promise?.at ?? event.at,
    function: promise?.function ?? event.function,
    message: promise === undefined
      ? `${text} follows ${containerName(read.container)} in no read-side section: ${what.outside.why}`
      : `${promise.callee}() wants a read-side section around it, and there is none: ${what.outside.why}`,
    refutedMessage: `${text} stands in no read-side section, and what it finds cannot be freed meanwhile`,
    path: wayTo(trace, event, facts),
    related: promise === undefined ? [] : [{ at: event.at, message: "it is followed here" }],
    hypothesis: { kind: "race", races },
    fixes: fixesOf(trace, event, uses, promise?.at, promise?.function, context),
  };
}

const isUnderCallersLock = (event: TraceEvent, { outside: { holds } }: Bare, context: RuleContext): boolean => holds !== undefined && !isUpdatedWithout(holds, event, context);

/** What it reads is tested, or given to somebody who is not seen: a debug kernel complains all the same. */
function unfollowed({ trace, index, event, what: { outside } }: Place<Bare>, facts: RuleContext["facts"]): Candidate {
  const text = sourceText(facts, event.at);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${text} stands in no read-side section: ${outside.why}`,
    path: wayTo(trace, event, facts),
    related: [],
    hypothesis: {
      kind: "path", columns: [{ role: "Reader", trace, shown: [index] }], wrong: "in no section", reason: `a path reaches ${text} in no read-side section`,
      open: ["nothing is seen to follow what it reads; for a test alone rcu_access_pointer() would do"],
    },
    fixes: [],
  };
}

function fixesOf(trace: Trace, event: TraceEvent, uses: readonly number[], call: Span | undefined, caller: string | undefined, { facts }: RuleContext): readonly FixProposal[] {
  const fn = caller ?? event.function;
  const last = uses.map((at) => trace.events[at]).findLast((other) => other?.function === fn);
  const first = call ?? event.at;
  const end = last === undefined || last.at.start < first.start ? first : last.at;
  // Used by whoever it is returned to as well: a section here would end too early.
  if (uses.some((at) => { const other = trace.events[at]; return other !== undefined && other.function !== fn && other.chain.length < event.chain.length; })) return [];
  const edits = sectionAround(facts, first, end);
  return edits === undefined ? [] : [{ title: `Put a read-side section around it (line ${String(lineOf(facts, first.start))})`, edits }];
}

export const rule: Rule = { meta, check };
