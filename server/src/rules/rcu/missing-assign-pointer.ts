import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { readersOf, structOfObject, touches, usableKey, type ReaderUse } from "../../model/lifetimes.ts";
import { isCalledFromElsewhere, isRcuAnnotated, leadsInto, runsAlone } from "../../model/protection.ts";
import { placeId } from "../../model/places.ts";
import type { EventKind, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { isPointer } from "../../model/types.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { PathHypothesis, Race } from "../hypothesis.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo } from "../shared/sites.ts";

const meta: RuleMeta = {
  id: "rcu/missing-assign-pointer",
  title: "Publish an RCU-protected pointer with rcu_assign_pointer()",
  why: "A plain store of a pointer, or RCU_INIT_POINTER(), does not order the initialisation of what it points to: a reader may find the object and see fields from before they were written.",
  fix: "Store the pointer with rcu_assign_pointer(), after the object is initialised.",
  earns: "replay",
  severity: "error",
  seeds: ["003"],
  sources: ["Documentation/RCU/whatisRCU.rst", "include/linux/rcupdate.h"],
  bad: [
    {
      title: "A new table is published by a plain store",
      code: `struct demo_table {
	int limit;
};

struct demo_port {
	struct demo_table __rcu *table;
	spinlock_t lock;
};

static int demo_limit(struct demo_port *port)
{
	struct demo_table *table;
	int limit = 0;

	rcu_read_lock();
	table = rcu_dereference(port->table);
	if (table)
		limit = table->limit;
	rcu_read_unlock();
	return limit;
}

static int demo_set(struct demo_port *port, int limit)
{
	struct demo_table *table;

	table = kzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	table->limit = limit;
	port->table = table;
	return 0;
}
`,
    },
  ],
  good: [
    {
      title: "The new table is published with rcu_assign_pointer()",
      code: `struct demo_table {
	int limit;
};

struct demo_port {
	struct demo_table __rcu *table;
	spinlock_t lock;
};

static int demo_limit(struct demo_port *port)
{
	struct demo_table *table;
	int limit = 0;

	rcu_read_lock();
	table = rcu_dereference(port->table);
	if (table)
		limit = table->limit;
	rcu_read_unlock();
	return limit;
}

static int demo_set(struct demo_port *port, int limit)
{
	struct demo_table *table;

	table = kzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	table->limit = limit;
	rcu_assign_pointer(port->table, table);
	return 0;
}
`,
    },
  ],
};

type StoreWhat = EventKind & { readonly kind: "store" };
type Found = { readonly trace: Trace; readonly index: number; readonly event: TraceEvent; readonly what: StoreWhat; readonly initialisations: readonly number[]; /** Leads past an element that is taken out: what it leads to now was published before. */ readonly takesOut: boolean };

function check(context: RuleContext): readonly Candidate[] {
  const protectedKeys = readerKeys(context);
  return placesOn(context.about("data"), (trace, event, index) => unorderedPublication(trace, event, index, protectedKeys, context.facts)).flatMap(({ what }) => candidateOf(what, context) ?? []);
}

/** Pointers that somebody reads with rcu_dereference(), by key. */
function readerKeys({ about }: RuleContext): ReadonlySet<string> {
  const keys = new Set<string>();
  const { walker, roots } = about("data");
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      for (const { what } of trace.events) if (what.kind === "load" && (what.rcu === "reader" || what.rcu === "either") && usableKey(what.place.key) !== undefined) keys.add(what.place.key);
    }
  }
  return keys;
}

function unorderedPublication(trace: Trace, event: TraceEvent, index: number, readers: ReadonlySet<string>, facts: FileFacts): Found | undefined {
  const { what } = event;
  if (what.kind !== "store" || what.access === "release") return undefined;
  const isAnnotated = isRcuAnnotated(what.place, facts);
  const isRead = usableKey(what.place.key) !== undefined && readers.has(what.place.key);
  if (!isAnnotated && !isRead && !replacesForReaders(trace, index, what)) return undefined;
  if (takesOut(what) && readers.has(what.place.key)) return isPrivate(trace, index, what.place.base) || event.condition !== undefined || facts.rcuCallbacks.has(trace.root) ? undefined : { trace, index, event, what, initialisations: [], takesOut: true };
  const isForReaders = (isAnnotated || (isRead && what.value.origin.kind === "parameter")) && what.access === "plain" && isSet(what.value) && !wasPublished(trace, index, what.value) && !isShownLater(trace, index, what.place.base);
  if (!(isObject(what.value) || isForReaders) || isPrivate(trace, index, what.place.base)) return undefined;
  // Somebody else's object, already published elsewhere: its initialisation was ordered then.
  const initialisations = trace.events.flatMap((other, at) => (at < index && other.what.kind === "store" && touches(other.what, what.value) ? [at] : []));
  const isOld = !isForReaders && trace.events.slice(0, index).some((other) => publishes(other.what, what.value));
  if (isOld || facts.rcuCallbacks.has(trace.root)) return undefined;
  if (what.value.origin.kind !== "allocation" && initialisations.length === 0 && !isForReaders) return undefined;
  return { trace, index, event, what, initialisations, takesOut: false };
}

/** A pointer to data, and not NULL: who made what it leads to relies on the order of the store. */
const isSet = ({ origin, type }: Sym): boolean => isPointer(type) && origin.kind !== "null" && origin.kind !== "constant" && origin.kind !== "function";

/** `*slot = entry->next`, plainly, where `*slot` was `entry`. */
function takesOut({ access, old, value }: StoreWhat): boolean {
  return access === "plain" && old !== undefined && old.origin.kind !== "null" && value.origin.kind === "load" && value.origin.place.base.id === old.id && structOfObject(value) === structOfObject(old);
}

/** What the place held was read by a primitive for updaters, and is left to readers when it is gone: others read the place, in a file that is not seen. */
function replacesForReaders({ events }: Trace, index: number, { place }: StoreWhat): boolean {
  const before = events.slice(0, index).findLast(({ what }) => what.kind === "load" && what.rcu === "update" && placeId(what.place) === placeId(place))?.what;
  return before?.kind === "load" && events.slice(index + 1).some(({ what }) => (what.kind === "defer-free" && what.object.id === before.value.id) || (what.kind === "defer-call" && leadsInto(what.head, before.value)));
}

/** A pointer to something: not NULL, not an error, not a number. */
const isObject = (value: Sym): boolean => value.origin.kind === "allocation" || value.origin.kind === "parameter" || (value.origin.kind === "expression" && value.type.includes("*"));

/** Readers could find it before: it was itself read as what RCU protects. */
const wasPublished = ({ events }: Trace, index: number, { id, origin }: Sym): boolean => origin.kind === "element" || events.slice(0, index).some(({ what }) => what.kind === "load" && what.value.id === id && what.rcu !== undefined);

/** It is shown to readers after the store, so not before. */
const isShownLater = ({ events }: Trace, index: number, base: Sym): boolean => events.slice(index + 1).some(({ what }) => publishes(what, base) && (what.kind !== "link" || what.rcu));

/** What holds the pointer is itself not reachable yet. */
function isPrivate(trace: Trace, index: number, base: Sym): boolean {
  if (base.origin.kind === "stack") return true;
  return base.origin.kind === "allocation" && !trace.events.slice(0, index).some(({ what }) => publishes(what, base) || (what.kind === "opaque" && what.args.some((arg) => arg.id === base.id)));
}

function publishes(what: EventKind, sym: Sym): boolean {
  return (what.kind === "insert" && what.element.id === sym.id) || (what.kind === "link" && what.element.id === sym.id) || (what.kind === "store" && what.value.id === sym.id && what.place.base.origin.kind !== "stack");
}

function candidateOf(found: Found, context: RuleContext): Candidate | undefined {
  const { event, what, trace } = found;
  const { facts } = context;
  const { roots, walker } = context.about("data");
  const all = usableKey(what.place.key) === undefined ? [] : readersOf({ kind: "pointer", key: what.place.key }, roots, facts, walker).filter((reader) => reader.trace.events[reader.obtain]?.function !== event.function);
  const readers = all.filter((reader) => !event.locks.some((lock) => reader.trace.events[reader.obtain]?.locks.some((held) => held.key === lock.key && !(held.class === "read" && lock.class === "read"))));
  if (all.length > 0 && readers.length === 0) return undefined;
  const alone = runsAlone(trace.root, facts, usableKey(what.place.key));
  const doubts = [
    ...(alone === undefined ? [] : [alone]),
    ...(event.condition === undefined ? [] : [`only if ${event.condition}, which may never be`]),
    ...(event.locks.length === 0 && isCalledFromElsewhere(trace.root, facts) ? [`${trace.root}() takes no lock and is called from other files: it may run before there are readers`] : []),
  ];
  const reader = readers[0]?.trace.events[readers[0].obtain];
  const name = usableKey(what.place.key) === undefined ? targetOf(event, facts) : what.place.key.replace(/^global /, "");
  const struct = structOfObject(what.value);
  if (found.takesOut && reader === undefined) return undefined;
  return {
    rule: meta.id,
    severity: found.takesOut ? "warning" : meta.severity,
    at: event.at,
    function: event.function,
    message: found.takesOut
      ? `${name} takes an element out by a plain store, and ${reader?.function ?? ""} (line ${String(lineOf(facts, reader?.at.start ?? 0))}) reads it in a read-side section`
      : `${name} is published without rcu_assign_pointer()${reader === undefined ? "" : `: ${reader.function} (line ${String(lineOf(facts, reader.at.start))}) may see ${struct === undefined ? "the object" : `the struct ${struct}`} before its initialisation`}`,
    path: wayTo(trace, event, facts),
    related: readers.slice(0, 3).flatMap((one) => { const at = one.trace.events[one.obtain]; return at === undefined ? [] : [{ at: at.at, message: `${at.function}() reads it here` }]; }),
    hypothesis: found.takesOut ? unmarked(found) : { kind: "race", races: readers.length === 0 ? [raceOf(found, undefined, doubts)] : readers.map((one) => raceOf(found, one, doubts)) },
    fixes: assignFix(event, what, facts),
  };
}

/** As the code writes it. */
function targetOf({ at }: TraceEvent, facts: FileFacts): string {
  const text = sourceText(facts, at);
  return /^\w+\(\s*([^,]+),/.exec(text)?.[1] ?? /^([^=]+?)\s*=/.exec(text)?.[1] ?? "the pointer";
}

/** What a reader finds behind it was complete long before; an unmarked store that meets a marked load is a data race all the same, and what a compiler makes of it no execution shows. */
function unmarked({ trace, index }: Found): PathHypothesis {
  return {
    kind: "path", columns: [{ role: "Updater", trace, shown: [index] }], wrong: "a plain store that readers race with", reason: "",
    open: ["the element that it leads to now was published before, so no initialisation is lost; what is missing is the mark that keeps the compiler from tearing or repeating the store"],
  };
}

/** The reader's loads are taken as marked: what is asked is whether the store keeps its order. One word of the object stands for its initialisation: 0 before, 1 after. */
function raceOf({ trace, index, what, initialisations }: Found, reader: ReaderUse | undefined, doubts: readonly string[]): Race {
  // Of memory that came filled, that is the last one where the path shows no other.
  const filled = trace.events.findLastIndex(({ what: made }, at) => at < index && made.kind === "allocation" && made.filled && made.object.id === what.value.id);
  const init = initialisations.at(-1) ?? (filled < 0 ? undefined : filled);
  const access = reader?.accesses.find((at) => readsWhatIsInitialised(reader.trace.events[at], trace, initialisations)) ?? reader?.accesses[0];
  const publish: Step = what.access === "plain" ? on.write("pointer", "&object") : on.writeOnce("pointer", "&object");
  return {
    counterpart: reader === undefined ? { synthetic: "synthetic reader" } : { trace: reader.trace, at: reader.obtain },
    objects: [{ name: "pointer", initial: 0 }, { name: "object", initial: 0 }],
    threads: [
      ...(reader === undefined || access === undefined ? [] : [{ role: "Reader", trace: reader.trace, steps: [{ at: reader.obtain, steps: [on.rcuDereference("p", "pointer")] }, { at: access, steps: [on.ifSet("p", [on.readOnce("seen", "*p")])] }] }]),
      { role: "Updater", trace, steps: init === undefined ? [{ at: index, steps: [on.write("object", 1), publish] }] : [{ at: init, steps: [on.write("object", 1)] }, { at: index, steps: [publish] }] },
    ],
    ...(reader === undefined ? { others: [{ role: "Reader", title: "synthetic reader", steps: [...on.underRcu(on.rcuDereference("p", "pointer"), on.ifSet("p", [on.readOnce("seen", "*p")]))] }] } : {}),
    hazard: { kind: "outcome", what: "not initialised yet", when: [{ thread: "Reader", register: "p", is: "&object" }, { thread: "Reader", register: "seen", is: 0 }] },
    sensitive: [what.value],
    assumptions: [],
    doubts: init === undefined ? [...doubts, "where the object is initialised is not visible here"] : doubts,
    cut: [],
  };
}

function readsWhatIsInitialised(event: TraceEvent | undefined, trace: Trace, initialisations: readonly number[]): boolean {
  if (event?.what.kind !== "load") return false;
  const path = event.what.place.path.join(".");
  return initialisations.some((at) => { const what = trace.events[at]?.what; return what?.kind === "store" && what.place.path.join(".") === path; });
}

function assignFix(event: TraceEvent, what: StoreWhat, facts: FileFacts): readonly FixProposal[] {
  const text = sourceText(facts, event.at);
  const plain = /^([^=]+?)\s*=\s*([^=].*)$/.exec(text);
  const init = /^RCU_INIT_POINTER\((.*)\)$/.exec(text);
  const newText = what.access === "plain" && plain !== null ? `rcu_assign_pointer(${plain[1] ?? ""}, ${plain[2] ?? ""})` : init === null ? undefined : `rcu_assign_pointer(${init[1] ?? ""})`;
  return newText === undefined ? [] : [{ title: "Publish it with rcu_assign_pointer()", edits: [{ file: facts.file, start: event.at.start, end: event.at.end, newText }] }];
}

export const rule: Rule = { meta, check };
