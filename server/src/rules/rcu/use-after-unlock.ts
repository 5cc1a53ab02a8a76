import { walkStmts } from "../../model/ast-walk.ts";
import { bracketsAround } from "../../model/brackets.ts";
import { touches, type Container } from "../../model/lifetimes.ts";
import type { ReaderSection, Span, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import { moveBehind } from "../fixes/move-statement.ts";
import type { Candidate, FixProposal, Race, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { callerLockDoubts, conditionDoubts, containerRead, isContradictory, lockOver, racesOf, sectionOver } from "../shared/lifetime-races.ts";
import { hiddenSections, outsideEvidence, promisesCallers } from "../shared/promises.ts";
import { followed, placesOn, wayTo, type Place } from "../shared/sites.ts";

const preamble = `struct demo_item {
	struct list_head list;
	int id;
	int value;
	struct rcu_head rcu;
};

struct demo_table {
	struct list_head items;
	struct mutex lock;
	struct work_struct work;
	int value;
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
`;

const ending = `}

static void demo_setup(struct demo_table *table)
{
	INIT_WORK(&table->work, demo_work);
}
`;

const meta: RuleMeta = {
  id: "rcu/use-after-unlock",
  title: "Use what a read-side section found inside the section, or take a reference in it",
  why: "A grace period waits for the sections that were there when it began. When the section has ended nothing keeps the object: it may be freed before the next instruction.",
  fix: "End the section after the last use, or take a reference inside it (refcount_inc_not_zero(), kref_get_unless_zero()) and drop it later; where only a value is needed, copy it inside the section.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/whatisRCU.rst", "Documentation/RCU/rcuref.rst", "Documentation/RCU/checklist.rst"],
  bad: [
    {
      title: "The item found is read after the section",
      code: `${preamble}	struct demo_item *item, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(item, &table->items, list) {
		if (item->id == 1) {
			found = item;
			break;
		}
	}
	rcu_read_unlock();
	if (found)
		table->value = found->value;
${ending}`,
    },
  ],
  good: [
    {
      title: "The value is copied inside the section",
      code: `${preamble}	struct demo_item *item;

	rcu_read_lock();
	list_for_each_entry_rcu(item, &table->items, list) {
		if (item->id == 1) {
			table->value = item->value;
			break;
		}
	}
	rcu_read_unlock();
${ending}`,
    },
  ],
};

/** `how`: the memory is touched here; it is given to a call that nothing is known of; or it is returned. */
type Late = { readonly object: Sym; readonly obtain: number; readonly leave: number; readonly how: "used" | "given" | "returned" };

function check(context: RuleContext): readonly Candidate[] {
  const first = new Map<string, Place<Late>>();
  for (const place of placesOn(followed(context), (trace, event, index) => usedLate(trace, event, index))) {
    const leave = place.trace.events[place.what.leave];
    const obtain = place.trace.events[place.what.obtain];
    const key = `${leave?.function ?? ""} ${String(leave?.at.start)} ${String(obtain?.at.start)}`;
    const known = first.get(key);
    const isBetter = known === undefined || rank(place) < rank(known) || (rank(place) === rank(known) && place.index < known.index);
    if (isBetter) first.set(key, place);
  }
  return [...first.values()].flatMap((place) => candidateOf(place, context) ?? []);
}

const rank = ({ what }: Place<Late>): number => ["used", "given", "returned"].indexOf(what.how);

function usedLate(trace: Trace, event: TraceEvent, index: number): Late | undefined {
  if (isContradictory(trace, index)) return undefined;
  for (let leave = index - 1; leave >= 0; leave--) {
    const left = trace.events[leave];
    if (left?.what.kind !== "reader-leave" || left.what.section === undefined) continue;
    const { section } = left.what;
    if (section.isImplicit === true || event.readers.some(({ serial }) => serial === section.serial)) continue;
    for (let obtain = leave - 1; obtain >= 0; obtain--) {
      const got = trace.events[obtain];
      if (got === undefined || !got.readers.some(({ serial }) => serial === section.serial)) continue;
      const object = obtained(got);
      const how = object === undefined ? undefined : usedHow(event, object);
      if (object === undefined || how === undefined || isKept(trace, obtain, leave, index, object, section)) continue;
      return { object, obtain, leave, how };
    }
  }
  return undefined;
}

/** By a primitive for readers: what stands in a section for another reason is not meant. */
function obtained({ what }: TraceEvent): Sym | undefined {
  if (what.kind === "walk" || what.kind === "lookup") return what.rcu ? what.element : undefined;
  // What a helper returns that is for callers in a section.
  if (what.kind === "needs-reader") return what.value;
  return what.kind === "load" && (what.rcu === "reader" || what.rcu === "either") ? what.value : undefined;
}

function usedHow({ what }: TraceEvent, object: Sym): Late["how"] | undefined {
  if (what.kind === "advance" ? what.element.id === object.id : touches(what, object)) return "used";
  if ((what.kind === "atomic" || what.kind === "rmw") && what.place.base.id === object.id) return "used";
  if (what.kind === "exit" && what.value?.id === object.id) return "returned";
  // A call of another file gets it: it will look at it.
  if (what.kind === "opaque" && what.args.some((arg) => arg.id === object.id)) return "given";
  return undefined;
}

/** Why the object cannot go although the section has ended. */
function isKept(trace: Trace, obtain: number, leave: number, use: number, object: Sym, section: ReaderSection): boolean {
  const { events } = trace;
  if (sectionOver(trace, obtain, use) || lockOver(trace, obtain, use) !== undefined) return true;
  // Looked for again: another round of a loop, and another object.
  const got = events[obtain];
  if (events.slice(leave, use + 1).some(({ at, function: fn, what }) => at.start === got?.at.start && fn === got.function && what.kind === got.what.kind)) return true;
  // Found again, by a plain way that was not looked at here, or given another name: not this use.
  if (events.slice(leave, use).some(({ what }) => (what.kind === "walk" && what.element.id === object.id) || (what.kind === "load" && what.value.id === object.id))) return true;
  const inside = events.slice(obtain + 1, leave);
  return inside.some(({ what, readers, locks }, at) => {
    if (!readers.some(({ serial }) => serial === section.serial)) return false;
    // A walk that went on: the cursor stands elsewhere. A reference, a counter or flag that is changed, a lock of its own that is held on, a call that may take one.
    if (what.kind === "advance") return what.element.id === object.id;
    if (what.kind === "reference") return isDerived(what.counter, object);
    if (what.kind === "rmw") return isDerived(what.place.base, object);
    if (what.kind === "store") return isDerived(what.place.base, object) || (what.value.id === object.id && what.place.base.origin.kind !== "stack");
    // Its module's count keeps what belongs to the module.
    if (what.kind === "opaque") return what.args.some((arg) => arg.id === object.id || (isDerived(arg, object) && (arg.origin.kind === "address" || /\bstruct module \*/.test(arg.type))));
    if (what.kind === "lock") return isDerived(what.lock.pointer ?? object, object) && events.slice(obtain + 2 + at, use + 1).every((later) => later.locks.some((lock) => lock.key === what.lock.key));
    return what.kind === "link" && what.element.id === object.id && locks.length > 0;
  });
}

/** It is in the object, or reached from it. */
function isDerived(sym: Sym, object: Sym): boolean {
  if (sym.id === object.id) return true;
  const { origin } = sym;
  if (origin.kind === "address" || origin.kind === "load") return isDerived(origin.place.base, object);
  return origin.kind === "container" && isDerived(origin.of, object);
}

function candidateOf(place: Place<Late>, context: RuleContext): Candidate | undefined {
  const { trace, index, event, what } = place;
  const { facts } = context;
  const obtain = trace.events[what.obtain];
  const leave = trace.events[what.leave];
  if (obtain === undefined || leave === undefined) return undefined;
  const read = containerRead(obtain);
  const isCall = obtain.what.kind === "needs-reader" || obtain.what.kind === "lookup";
  const outside = outsideEvidence(trace, facts);
  const container: Container = read?.container ?? { kind: "pointer", key: "what was looked up" };
  const stays = racesOf(container, { trace, object: what.object, obtain: what.obtain, uses: [index] }, context, doubtsOf(place, container, outside, context));
  // Whoever returns it may be called in a section: somebody must say that it is not so.
  if (outside === undefined && (what.how === "returned" || (stays.every(isSynthetic) && !isCall && !isOwnSection(place, context)))) return undefined;
  if (what.how === "given" && stays.every(isSynthetic) && !isCall) return undefined;
  if (outside?.holds !== undefined && stays.every(isSynthetic)) return undefined;
  const at = whereReturned(place, context);
  const isLeaked = at !== undefined || what.how === "returned";
  const name = sourceText(facts, obtain.at).length > 70 ? "the object" : sourceText(facts, obtain.at).replace(/\s*\{?$/, "");
  const ends = `the section that found it ends in line ${String(lineOf(facts, leave.at.start))}`;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: at ?? event.at,
    function: at === undefined ? event.function : leave.function,
    message: isLeaked ? `what ${name} found is returned without a reference, and ${ends}` : `what ${name} found is used here, and ${ends}`,
    refutedMessage: `what ${name} found is used after its section, and cannot be freed by then`,
    path: wayTo(trace, event, facts),
    related: [{ at: leave.at, message: "the section ends here" }, ...(at === undefined ? [] : [{ at: event.at, message: "it is used here" }])],
    hypothesis: { kind: "race", races: stays },
    fixes: at === undefined && what.how === "used" ? fixesOf(place, context) : [],
  };
}

/**
 * One function found it by a primitive for readers in a section of its own, left that and went on reading: nothing that it says
 * makes the section somebody else's, and who had one around it would need none of his own.
 */
function isOwnSection({ trace, event, what }: Place<Late>, { facts }: RuleContext): boolean {
  const [obtain, leave] = [trace.events[what.obtain], trace.events[what.leave]];
  if (what.how !== "used" || obtain === undefined || leave === undefined) return false;
  const isReaders = (obtain.what.kind === "load" && obtain.what.rcu === "reader") || (obtain.what.kind === "walk" && obtain.what.rcu && !obtain.what.conditional);
  const isHere = [obtain, leave].every((one) => one.function === event.function && one.chain.length === event.chain.length && one.chain.every((site, k) => site === event.chain[k]));
  // What was given a part of it may have taken a reference, on that or on it.
  const isGiven = trace.events.slice(what.obtain, what.leave).some(({ what: inside }) => inside.kind === "opaque" && inside.args.some((arg) => isDerived(arg, what.object)));
  return isReaders && isHere && !isGiven && conditionDoubts(event, { facts }).length === 0 && ![trace.root, event.function].some((name) => promisesCallers(name, facts));
}

const isSynthetic = ({ counterpart }: Race): boolean => counterpart !== null && "synthetic" in counterpart;

function doubtsOf({ trace, event, what }: Place<Late>, container: Container, outside: ReturnType<typeof outsideEvidence>, context: RuleContext): readonly string[] {
  const [bracket] = bracketsAround(trace.events, what.obtain);
  return [
    ...(outside === undefined ? [`callers of ${trace.root}() may hold a read-side section or the update lock`] : []),
    ...(outside !== undefined && outside.entry === undefined ? callerLockDoubts(container, trace.root, context) : []),
    ...(outside?.holds === undefined ? [] : [`${trace.root}() is entered with ${outside.holds} held, which may keep updaters out`]),
    ...(what.how === "given" ? ["what the call does with it is not visible here"] : []),
    ...(what.how === "returned" ? [`what callers of ${trace.root}() do with it is not visible here`] : []),
    ...(bracket === undefined ? [] : [`${bracket} may keep updaters out`]),
    ...conditionDoubts(event, context),
    ...hiddenSections(context.facts),
  ];
}

/** The function that found it has returned it to who uses it: its return statement after the section. */
function whereReturned({ trace, event, what }: Place<Late>, { facts }: RuleContext): Span | undefined {
  const leave = trace.events[what.leave];
  if (leave === undefined || what.how === "returned" || leave.chain.length <= event.chain.length || leave.chain.slice(0, event.chain.length).some((site, k) => site !== event.chain[k])) return undefined;
  const fn = facts.functions.get(leave.function);
  const found: Span[] = [];
  if (fn?.returnType.includes("*") !== true) return undefined;
  walkStmts(fn.body, (stmt) => { if (stmt.kind === "return" && stmt.value !== undefined && stmt.value.kind === "identifier" && stmt.value.name !== "NULL" && stmt.start > leave.at.start) found.push({ start: stmt.start, end: stmt.end }); });
  return found[0];
}

function fixesOf({ trace, event, what }: Place<Late>, { facts }: RuleContext): readonly FixProposal[] {
  const leave = trace.events[what.leave];
  const last = trace.events.findLast((other, at) => at > what.leave && other.function === event.function && touches(other.what, what.object));
  if (leave === undefined || last === undefined || leave.function !== event.function || last.at.start < leave.at.start) return [];
  const edits = moveBehind(facts, leave.at, last.at);
  return edits === undefined ? [] : [{ title: "End the section after the last use", edits }];
}

export const rule: Rule = { meta, check };
