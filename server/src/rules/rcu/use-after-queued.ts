import { steps as on } from "../../../../emulator-core/src/index.ts";
import { bracketsAround } from "../../model/brackets.ts";
import { commonFrame, isBehind, touches } from "../../model/lifetimes.ts";
import { leadsInto } from "../../model/protection.ts";
import type { EventKind, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import { moveBehind } from "../fixes/move-statement.ts";
import type { Candidate, FixProposal, Race, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { conditionDoubts, isContradictory, isOneObject, lockOver } from "../shared/lifetime-races.ts";
import { earlyFrees } from "../shared/early-frees.ts";
import { hiddenSections, outsideEvidence } from "../shared/promises.ts";
import { followed, placesOn, wayTo, type Place } from "../shared/sites.ts";

const preamble = `struct demo_item {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_table {
	struct list_head items;
	struct mutex lock;
	int last;
};

`;

const meta: RuleMeta = {
  id: "rcu/use-after-queued",
  title: "Touch nothing of an object after it was queued for freeing",
  why: "kfree_rcu() and call_rcu() free when a grace period has passed, which may be at once where the caller itself is no reader. Only a read-side section that began before the object was queued keeps it alive.",
  fix: "Queue the object last, or read what is still needed before it is queued.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/whatisRCU.rst", "Documentation/RCU/checklist.rst"],
  bad: [
    {
      title: "The item is read after kfree_rcu()",
      code: `${preamble}static void demo_remove(struct demo_table *table, struct demo_item *item)
{
	mutex_lock(&table->lock);
	list_del_rcu(&item->list);
	kfree_rcu(item, rcu);
	table->last = item->id;
	mutex_unlock(&table->lock);
}
`,
    },
  ],
  good: [
    {
      title: "The item is queued last",
      code: `${preamble}static void demo_remove(struct demo_table *table, struct demo_item *item)
{
	mutex_lock(&table->lock);
	list_del_rcu(&item->list);
	table->last = item->id;
	kfree_rcu(item, rcu);
	mutex_unlock(&table->lock);
}
`,
    },
  ],
};

type Late = { readonly object: Sym; readonly queued: number; /** The callback that frees it. */ readonly callback: string | undefined; /** Nothing says that the root is entered in no section. */ readonly isUnsure: boolean };

function check(context: RuleContext): readonly Candidate[] {
  const found = placesOn(followed(context), (trace, event, index) => usedLate(trace, event, index, context), ({ isUnsure }) => (isUnsure ? 1 : 0));
  // One finding for each queueing: its first use.
  const first = new Map<string, Place<Late>>();
  for (const place of found) {
    const queued = place.trace.events[place.what.queued];
    const key = `${queued?.function ?? ""} ${String(queued?.at.start)}`;
    const known = first.get(key);
    if (known === undefined || place.event.at.start < known.event.at.start) first.set(key, place);
  }
  return [...first.values()].filter((place) => !isKnownRace(place, context)).map((place) => candidateOf(place, context));
}

function usedLate(trace: Trace, event: TraceEvent, index: number, { walker, facts }: RuleContext): Late | undefined {
  const { what } = event;
  // A walk that goes on from a queued element has a rule of its own.
  if (what.kind === "advance" || isContradictory(trace, index)) return undefined;
  for (let queued = index - 1; queued >= 0; queued--) {
    const queue = trace.events[queued];
    const object = queue === undefined ? undefined : queue.what.kind === "defer-free" ? queue.what.object : queue.what.kind === "defer-call" ? behind(queue.what.head) : undefined;
    if (queue === undefined || object === undefined || !isUsedBy(what, object) || queue.condition !== undefined) continue;
    if (isKept(trace, queued, index) || isAnother(trace, queued, index, object)) return undefined;
    const isUnsure = !isSrcu(queue.what) && outsideEvidence(trace, facts) === undefined;
    if (queue.what.kind !== "defer-call") return { object, queued, callback: undefined, isUnsure };
    const { callback, head } = queue.what;
    const { traces } = callback === undefined ? { traces: [] } : walker.callbackEvents(callback, head);
    // It frees on every path, or somebody else may keep the object.
    const frees = traces.length > 0 && traces.every((one) => one.events.some((other) => other.what.kind === "free" && other.what.object.id === object.id));
    return frees ? { object, queued, callback, isUnsure } : undefined;
  }
  return undefined;
}

/** Its fields are read or written, as links, counts and words of tables too. */
function isUsedBy(what: EventKind, object: Sym): boolean {
  switch (what.kind) {
    case "unlink": case "link": return what.element.id === object.id;
    case "remove": return isBehind(what.container, object) || (what.element !== undefined && isBehind(what.element, object));
    case "insert": return isBehind(what.container, object) || isBehind(what.element, object);
    case "lookup": return isBehind(what.container, object);
    case "rmw": case "atomic": return what.place.base.id === object.id;
    case "put": return isBehind(what.counter, object);
    default: return touches(what, object) || mayTouch(what, object);
  }
}

/** A call that gets the object, and may look at it: an unknown one, or one that does so in some builds only. */
function mayTouch(what: EventKind, object: Sym): boolean {
  return what.kind === "opaque" ? what.args.some((arg) => leadsInto(arg, object)) : what.kind === "touch" && what.debug !== undefined && leadsInto(what.pointer, object);
}

const isSrcu = (what: EventKind | undefined): boolean => what?.kind === "defer-call" && what.flavour === "srcu";

const behind = (head: Sym): Sym => (head.origin.kind === "address" ? head.origin.place.base : head);

/** A section, or a spinlock, which is one, that began before the queueing and spans the use. */
function isKept(trace: Trace, queued: number, use: number): boolean {
  const queue = trace.events[queued];
  const isMine = (flavour: string, domain: string): boolean => (queue?.what.kind === "defer-call" && queue.what.flavour === "srcu" ? flavour === "srcu" && domain === queue.what.domain : flavour === "rcu");
  const serials = new Set(queue?.readers.filter(({ flavour, domain }) => isMine(flavour, domain)).map((section) => section.serial));
  if (trace.events[use]?.readers.some((section) => serials.has(section.serial)) === true) return true;
  return lockOver(trace, queued, use)?.class === "spin";
}

/**
 * Another round of a loop has another object; and whether a put in a function that is called was the last one, a caller
 * with a reference of its own knows. In the function that queues the object itself, it is queued on this path.
 */
function isAnother(trace: Trace, queued: number, use: number, object: Sym): boolean {
  const { events } = trace;
  const [first, second] = commonFrame(trace, queued, use).sites;
  if (second.at.start < first.at.start || !isOneObject(object, trace, queued, use)) return true;
  if (first.throughCallee === undefined) return false;
  // The same call once more has another object, or the rule about queueing twice has it.
  if (first.throughCallee === second.throughCallee) return true;
  const isIn = (sym: Sym): boolean => sym.id === object.id || (sym.origin.kind === "address" && sym.origin.place.base.id === object.id);
  return events.slice(0, queued).some(({ what }) => (what.kind === "put" && isIn(what.counter)) || (what.kind === "rmw" && what.returns && isIn(what.place.base)));
}

function candidateOf(place: Place<Late>, context: RuleContext): Candidate {
  const { trace, event, what } = place;
  const { facts } = context;
  const queue = trace.events[what.queued];
  const name = objectName(facts, queue, what.object);
  const how = queue === undefined ? "queued" : `${sourceText(facts, queue.at)} (line ${String(lineOf(facts, queue.at.start))})`;
  return {
    rule: meta.id,
    severity: meta.severity,
    about: aboutOf(place),
    at: event.at,
    function: event.function,
    message: `${name} is used after ${how}, when it may be freed`,
    refutedMessage: `${name} is used after ${how}, and cannot be freed yet`,
    path: wayTo(trace, event, facts),
    related: queue === undefined ? [] : [{ at: queue.at, message: "it is queued for freeing here" }],
    hypothesis: { kind: "race", races: [raceOf(place, context)] },
    fixes: fixesOf(place, context),
  };
}

/** Taken out of a list or a table only now, where readers that are seen still find it: another rule shows them. */
function isKnownRace(place: Place<Late>, context: RuleContext): boolean {
  const about = aboutOf(place);
  return earlyFrees(context).some((one) => one.about === about && one.sides.some(({ readers, variants }) => readers.length > 0 && variants.some(({ detach, end }) => detach > end)));
}

function aboutOf({ trace, what }: Place<Late>): string {
  const queue = trace.events[what.queued];
  return `freed in ${queue?.function ?? ""} at ${String(queue?.at.start)}`;
}

/** One thread: the model says when RCU may free. */
function raceOf({ trace, index, event, what }: Place<Late>, context: RuleContext): Race {
  const { facts } = context;
  const { callback, object, queued } = what;
  const queue = trace.events[queued]?.what;
  const [bracket] = bracketsAround(trace.events, queued);
  return {
    counterpart: null,
    objects: [{ name: "object", initial: 1 }],
    threads: [{ role: "CPU", trace, steps: [
      { at: queued, steps: [callback === undefined ? on.kfreeRcu("object") : on.callRcu("callback")] },
      { at: index, steps: [on.readOnce("value", "object")] },
    ] }],
    ...(callback === undefined ? {} : { handlers: [{ name: "callback", kind: isSrcu(queue) ? "srcu" as const : "rcu" as const, title: callback, ...(queue?.kind === "defer-call" && isSrcu(queue) ? { domain: queue.domain } : {}), steps: [], more: [on.kfree("object")] }] }),
    hazard: { kind: "use-after-free", object: "object" },
    sensitive: [object],
    assumptions: [],
    doubts: [
      ...(what.isUnsure ? [`callers of ${trace.root}() may hold a read-side section or a spinlock, which keeps the object`] : []),
      ...(bracket === undefined ? [] : [`${bracket} may open a read-side section`]),
      ...conditionDoubts(event, context),
      ...callDoubts(event.what),
      ...hiddenSections(facts),
    ],
    cut: [],
  };
}

function callDoubts(what: EventKind): readonly string[] {
  if (what.kind === "opaque") return [`whether ${what.name} looks at the object is not visible here`];
  return what.kind === "touch" && what.debug !== undefined ? [`${what.api}() looks at the object only with ${what.debug}`] : [];
}

function fixesOf({ trace, event, what }: Place<Late>, { facts }: RuleContext): readonly FixProposal[] {
  const queue = trace.events[what.queued];
  const last = trace.events.findLast((other, at) => at > what.queued && other.function === event.function && other.what.kind !== "advance" && isUsedBy(other.what, what.object));
  if (queue === undefined || last === undefined || queue.function !== event.function || last.at.start < queue.at.start) return [];
  const edits = moveBehind(facts, queue.at, last.at);
  return edits === undefined ? [] : [{ title: `Queue ${objectName(facts, queue, what.object)} after its last use`, edits }];
}

export const rule: Rule = { meta, check };
