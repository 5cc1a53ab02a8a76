import { steps as on } from "../../../../emulator-core/src/index.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { isBehind, isLocal, structOfObject, usableKey } from "../../model/lifetimes.ts";
import { isCalledFromElsewhere, isFresh, isReading, leadsInto, protectionOf, publishes, rootsWith, runsAlone, type Protection, type Use } from "../../model/protection.ts";
import type { Span, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Race, RaceThread } from "../hypothesis.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { obtainersOf, targetOf, type Source } from "../shared/obtained.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";
import { isGarbage, isMeantForReaders, isShownToOtherFiles } from "../shared/unseen-readers.ts";

const reader = `struct demo_bond {
	struct list_head list;
	struct demo_dev *dev;
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
		sum += demo_flush_dev(bond->dev);
	rcu_read_unlock();
	return sum;
}
`;

const meta: RuleMeta = {
  id: "rcu/publish-before-init",
  title: "Initialise an object before readers can find it",
  why: "From the moment an object is on an RCU list, behind a published pointer or in a table, readers may use it. What is written to it after that they may see as it was before, whatever barriers the publication has.",
  fix: "Write the fields first, and publish the object last.",
  earns: "replay",
  severity: "error",
  seeds: ["004"],
  sources: ["Documentation/RCU/whatisRCU.rst", "Documentation/RCU/listRCU.rst"],
  bad: [
    {
      title: "A field is written after list_add_rcu()",
      code: `${reader}
static int demo_attach(struct demo_domain *domain, struct demo_dev *dev)
{
	struct demo_bond *bond;

	bond = kzalloc(sizeof(*bond), GFP_KERNEL);
	if (!bond)
		return -ENOMEM;
	spin_lock(&domain->lock);
	list_add_rcu(&bond->list, &domain->bonds);
	bond->dev = dev;
	spin_unlock(&domain->lock);
	return 0;
}
`,
    },
  ],
  good: [
    {
      title: "The object is complete when it is published",
      code: `${reader}
static int demo_attach(struct demo_domain *domain, struct demo_dev *dev)
{
	struct demo_bond *bond;

	bond = kzalloc(sizeof(*bond), GFP_KERNEL);
	if (!bond)
		return -ENOMEM;
	bond->dev = dev;
	spin_lock(&domain->lock);
	list_add_rcu(&bond->list, &domain->bonds);
	spin_unlock(&domain->lock);
	return 0;
}
`,
    },
  ],
};

/** `readers`: of the file; none where the structure is a header's, and who reads the field is not seen. */
type Late = { readonly into: Source; readonly object: Sym; readonly write: number; readonly field: string; readonly readers: readonly FieldReader[] };
type FieldReader = { readonly use: Use; readonly read: number };

function check(context: RuleContext): readonly Candidate[] {
  const data = context.about("data");
  const protection = protectionOf(data.walker, data.roots, context.facts);
  const roots = [...new Set([...data.roots, ...rootsWith(["insert"], context.facts)])];
  return placesOn({ walker: data.walker, roots }, (trace, event, index) => writtenLater(trace, event, index, protection, context)).map((place) => candidateOf(place, context));
}

function writtenLater(trace: Trace, event: TraceEvent, index: number, protection: Protection, context: RuleContext): Late | undefined {
  const into = targetOf(event);
  if (into === undefined || event.condition !== undefined) return undefined;
  const { object } = into;
  const { what } = event;
  // Made on this path and private until now, or given for being put on a list.
  const shows = object.origin.kind === "allocation" ? trace.events.slice(0, index).filter((before) => publishes(before.what, object) && !isContained(before, trace, object)) : [];
  const isNew = object.origin.kind === "allocation" && shows.every((before) => isGivenInPart(before, object));
  const isGiven = object.origin.kind === "parameter" && what.kind !== "store" && !trace.events.slice(0, index).some((before) => targetOf(before)?.object.id === object.id);
  if (!isNew && !isGiven) return undefined;
  if (what.kind === "link" && (isLocal(what.head) || (what.head !== undefined && isFresh(trace, index, what.head.base)))) return undefined;
  if (what.kind === "store" && (isLocal(what.place) || isFresh(trace, index, what.place.base))) return undefined;
  const obtainers = obtainersOf(into, protection).filter((use) => use.event.function !== event.function && (isReading(use) || into.kind === "store"));
  const isUnseen = isNew && isShownToOtherFiles(into, event, context);
  if (obtainers.length === 0 && !isUnseen) return undefined;
  for (const shown of [{ object, through: undefined }, ...partsOf(trace, index, object)]) {
    for (const write of laterWrites(trace, index, shown.object)) {
      // A caller that goes on with what was found or made treats both alike.
      if (shows.length > 0 && trace.events[write.at]?.function !== event.function) continue;
      const isRaw = isGarbage(trace, write.at, shown.object);
      if (isMutable(write, trace, index, shown.object, protection, context.facts, isRaw)) continue;
      // What was there before this path is as it was made, if nobody but this line sets the field.
      if (shown.through !== undefined && shown.object.origin.kind !== "allocation" && !isSetHereAlone(write, trace, protection, context)) continue;
      const readers = obtainers.flatMap((use): FieldReader[] => { const read = readOf(use, shown.through, write.field, trace, write.at, isRaw, context); return read === undefined ? [] : [{ use, read }]; });
      const isForeign = isNew && shown.object === object && into.kind === "list" && isReadElsewhere(object, obtainers, context);
      const isForOthers = isUnseen && shown.object === object && isMeantForReaders(trace, index, write.at, object, context);
      if (readers.length > 0 || isForeign || isForOthers) return { into, object: shown.object, write: write.at, field: write.field, readers: oneAFunction(readers) };
    }
  }
  return undefined;
}

/** Objects that this path made, or was given, and that a field of the published one leads to; `through`: the key of that field. */
type Part = { readonly object: Sym; readonly through: string | undefined };

function partsOf(trace: Trace, index: number, whole: Sym): readonly Part[] {
  const before = trace.events.slice(0, index);
  return before.flatMap(({ what }): Part[] => {
    if (what.kind !== "store" || what.place.base.id !== whole.id || (what.value.origin.kind !== "allocation" && what.value.origin.kind !== "parameter")) return [];
    const part = what.value;
    const isSeen = before.some((other) => publishes(other.what, part) && !(other.what.kind === "store" && other.what.place.base.id === whole.id));
    const through = usableKey(what.place.key);
    return isSeen || through === undefined ? [] : [{ object: part, through }];
  });
}

/** A field of a structure that no other file knows, and one line that writes it. */
function isSetHereAlone({ at, field }: Write, trace: Trace, { pointers }: Protection, { facts }: RuleContext): boolean {
  const struct = field.slice(0, Math.max(0, field.indexOf(".")));
  const here = trace.events[at]?.at.start;
  return facts.unit.structs.some(({ name }) => name === struct) && (pointers.get(field)?.stores ?? []).every(({ event }) => event.at.start === here);
}

/** It goes into another table or list, whose readers may not be those of this one; a call that puts it there does nothing else with it. */
function isContained(before: TraceEvent, trace: Trace, object: Sym): boolean {
  const puts = ({ what }: TraceEvent): boolean => (what.kind === "insert" || what.kind === "link") && leadsInto(what.element, object);
  return puts(before) || (before.what.kind === "opaque" && trace.events.some((event) => event.at.start === before.at.start && puts(event)));
}

/** The list is walked under RCU, and its elements are of a type that other files know. */
function isReadElsewhere(object: Sym, obtainers: readonly Use[], { facts }: RuleContext): boolean {
  const struct = structOfObject(object);
  return obtainers.some(({ event: { what } }) => what.kind === "walk" && what.rcu) && !facts.unit.structs.some(({ name }) => name === struct);
}

/** A call is given fields of it to set up: whoever it shows them to, the rest of the object is as it was, and is found by this publication. */
const isGivenInPart = ({ what }: TraceEvent, object: Sym): boolean => what.kind === "opaque" && what.args.every((arg) => arg.id !== object.id);

type Write = { readonly at: number; readonly field: string };

/** Plain and atomic sets of fields after the publication, until the object is taken back. */
function laterWrites(trace: Trace, index: number, object: Sym): readonly Write[] {
  const found: Write[] = [];
  for (let at = index + 1; at < trace.events.length; at++) {
    const event = trace.events[at];
    if (event === undefined) break;
    const { what } = event;
    if ((what.kind === "unlink" && what.element.id === object.id) || what.kind === "remove" || ((what.kind === "free" || what.kind === "defer-free") && what.object.id === object.id)) break;
    const field = writtenField(what, object);
    // A store with order is a publication of its own; a slot of an array is filled while it is in use.
    if (what.kind === "store" && (what.rcu || what.access === "release")) continue;
    if (field !== undefined && !field.endsWith("[]")) found.push({ at, field });
  }
  return found;
}

function writtenField(what: TraceEvent["what"], object: Sym): string | undefined {
  if (what.kind === "store" && what.place.base.id === object.id) return usableKey(what.place.key);
  if (what.kind === "atomic" && what.access === "write" && what.place.base.id === object.id) return usableKey(what.place.key);
  if (what.kind === "touch" && what.write && what.pointer.origin.kind === "address" && what.pointer.origin.place.base.id === object.id) return usableKey(what.pointer.origin.place.key);
  return undefined;
}

/** Set before the publication already, counted up, or changed by others while it is in use: readers expect it to change, and not what memory held before (`isRaw`). */
function isMutable({ field, at }: Write, trace: Trace, publish: number, object: Sym, protection: Protection, facts: FileFacts, isRaw: boolean): boolean {
  if (trace.events.slice(0, publish).some(({ what }) => writtenField(what, object) === field)) return true;
  const write = trace.events[at];
  const stores = protection.pointers.get(field)?.stores ?? [];
  if (!isRaw && stores.some((use) => use.event.function !== write?.function && use.event.what.kind === "store" && !isFresh(use.trace, use.index, use.event.what.place.base))) return true;
  const what = write?.what;
  return what?.kind === "store" && what.value.origin.kind === "expression" && /^(update|compound)/.test(what.value.origin.text) && /^[^=]*(?:\+\+|--|[-+*/%&|^<>]=)/.test(sourceText(facts, write!.at));
}

/** The reader reads the field (of what `through` of the object that it found leads to), and neither tests it nor something that the updater writes after it. */
function readOf({ trace, index: found, event }: Use, through: string | undefined, field: string, updater: Trace, write: number, isRaw: boolean, { facts }: RuleContext): number | undefined {
  const whole = objectObtained(event);
  const index = through === undefined ? found : trace.events.findIndex(({ what }, at) => at > found && what.kind === "load" && what.place.base.id === whole?.id && what.place.key === through);
  const step = trace.events[index]?.what;
  const object = through === undefined ? whole : step?.kind === "load" ? step.value : undefined;
  if (object === undefined) return undefined;
  const ready = new Set(updater.events.slice(write + 1).flatMap(({ what }) => (what.kind === "store" || what.kind === "atomic" ? [what.place.key] : [])));
  for (let at = index + 1; at < trace.events.length; at++) {
    const { what, at: span, condition } = trace.events[at]!;
    if (what.kind === "unlink" && what.element.id === object.id) return undefined;
    // It has a reference of its own, or gets none as long as nobody has set the count.
    if ((what.kind === "put" && isBehind(what.counter, object)) || (what.kind === "reference" && what.conditional && isBehind(what.counter, object) && !isCounted(updater, write, what.counter, facts))) return undefined;
    const key = readKey(what, object) ?? (isHanded(what, object, field) ? field : undefined);
    if (key === undefined) continue;
    if (key !== field && ready.has(key)) return undefined;
    const late = updater.events[write]?.what;
    // Marked on both sides: the reader expects to see it change.
    if (key === field && what.kind === "load" && what.access === "once" && late?.kind === "store" && late.access === "once") return undefined;
    if (key === field) return !isRaw && ((condition !== undefined && !sourceText(facts, span).includes(`${condition}->`)) || (isTested(facts.unit.text, span.start) && !(isKey(late) && isCompared(facts.unit.text, span)))) ? undefined : at;
  }
  return undefined;
}

/** The reader's count is set, and not to 0, before the late write. */
function isCounted({ events }: Trace, write: number, { origin }: Sym, facts: FileFacts): boolean {
  const key = origin.kind === "address" ? origin.place.key : undefined;
  const set = events.slice(0, write).findLast(({ what }) => what.kind === "atomic" && what.access === "write" && what.place.key === key);
  return set !== undefined && !/,\s*0\s*\)$/.test(sourceText(facts, set.at));
}

/** A call that is not seen gets the address of the field. */
const isHanded = (what: TraceEvent["what"], object: Sym, field: string): boolean => what.kind === "opaque" && what.args.some(({ origin }) => origin.kind === "address" && origin.place.base.id === object.id && origin.place.key === field);

export function objectObtained({ what }: TraceEvent): Sym | undefined {
  return what.kind === "walk" ? what.element : what.kind === "load" ? what.value : what.kind === "lookup" ? what.element : undefined;
}

function readKey(what: TraceEvent["what"], object: Sym): string | undefined {
  if (what.kind === "load" && what.place.base.id === object.id) return usableKey(what.place.key);
  if ((what.kind === "rmw" || what.kind === "atomic") && what.place.base.id === object.id) return usableKey(what.place.key);
  const address = what.kind === "touch" && !what.write ? what.pointer : what.kind === "reference" && what.conditional ? what.counter : undefined;
  return address?.origin.kind === "address" && address.origin.place.base.id === object.id ? usableKey(address.origin.place.key) : undefined;
}

/** Not one of the words that switch an object on: what is set is not known here. */
const isKey = (what: TraceEvent["what"] | undefined): boolean => what?.kind === "store" && what.value.origin.kind !== "constant" && what.value.origin.kind !== "null";

/** With what the reader looks for: an object that has no key yet is another object. */
function isCompared(text: string, { start, end }: Span): boolean {
  const other = /^\s*[!=]=\s*([\w.>()-]+)/.exec(text.slice(end, end + 80))?.[1] ?? /([\w.>()-]+)\s*[!=]=\s*$/.exec(text.slice(Math.max(0, start - 80), start))?.[1];
  return other !== undefined && !/^(?:NULL|\d\w*|[A-Z][A-Z0-9_]*|true|false)\b/.test(other);
}

/** What stands in the head of an if, a while or a conditional is asked for, and may be as it was. */
function isTested(text: string, at: number): boolean {
  const start = Math.max(text.lastIndexOf(";", at), text.lastIndexOf("{", at), text.lastIndexOf("}", at)) + 1;
  const before = text.slice(start, at);
  const head = /\b(if|while|switch)\s*\(/g;
  for (let match = head.exec(before); match !== null; match = head.exec(before)) {
    let depth = 1;
    for (const c of before.slice(head.lastIndex)) depth += c === "(" ? 1 : c === ")" ? -1 : 0;
    if (depth > 0) return true;
  }
  return false;
}

function oneAFunction(readers: readonly FieldReader[]): readonly FieldReader[] {
  return [...new Map(readers.toReversed().map((one) => [one.use.event.function, one])).values()].reverse();
}

function candidateOf({ trace, event, index, what }: Place<Late>, context: RuleContext): Candidate {
  const { facts } = context;
  const write = trace.events[what.write];
  const first = what.readers[0];
  const at = isCount(write) ? write : event;
  const { origin } = what.object;
  const name = origin.kind === "parameter" ? origin.name : objectName(facts, what.object === what.into.object ? event : undefined, what.object);
  const alone = runsAlone(trace.root, facts, what.into.kind === "list" ? what.into.head : what.into.key);
  const doubts = [
    ...(alone === undefined ? [] : [alone]),
    ...(write?.condition === undefined ? [] : [`only if ${write.condition}, which may never be`]),
    ...(event.locks.length === 0 && isCalledFromElsewhere(trace.root, facts) ? [`${trace.root}() takes no lock and is called from other files: it may run before there are readers`] : []),
    ...(what.into.kind === "list" && what.into.head === undefined ? ["which list it is put on is not visible here"] : []),
  ];
  return {
    rule: meta.id,
    severity: meta.severity,
    at: at.at,
    function: at.function,
    message: `${name} is published${at === event ? "" : ` (line ${String(lineOf(facts, event.at.start))})`} before ${what.field.slice(what.field.indexOf(".") + 1)} is set${at === event ? ` (line ${String(lineOf(facts, write?.at.start ?? event.at.start))})` : ""}${first === undefined ? "" : `: ${first.use.event.function} (line ${String(lineOf(facts, first.use.event.at.start))}) may find it and use what was there before`}`,
    path: wayTo(trace, at, facts),
    related: [
      ...(write === undefined ? [] : at === event ? [{ at: write.at, message: "this is written after the publication" }] : [{ at: event.at, message: "readers may find it from here on" }]),
      ...what.readers.slice(0, 3).map(({ use, read }) => ({ at: use.trace.events[read]?.at ?? use.event.at, message: `${use.event.function}() reads it here` })),
    ],
    hypothesis: { kind: "race", races: what.readers.length === 0 ? [raceOf(trace, index, what, undefined, doubts, facts)] : what.readers.map((one) => raceOf(trace, index, what, one, doubts, facts)) },
    fixes: write === undefined ? [] : moveFix(event, write, context),
  };
}

/** A reference count: to set it is what makes the object live for those who take references. */
const isCount = (event: TraceEvent | undefined): event is TraceEvent => event?.what.kind === "atomic" && /\b(?:refcount_t|struct kref)\b/.test(event.what.place.type);

/** The field is 0 before it is set, and 1 after. */
function raceOf(trace: Trace, index: number, { write, into, object, field }: Late, reader: FieldReader | undefined, doubts: readonly string[], facts: FileFacts): Race {
  const find = on.rcuDereference("p", "head");
  const seen = reader?.use.trace.events[reader.read]?.what;
  const see = on.ifSet("p", [on.readOnce("seen", "*p")]);
  const updater: RaceThread = { role: "Updater", trace, steps: [{ at: index, steps: [on.rcuAssignPointer("head", "&object")] }, { at: write, steps: [on.writeOnce("object", 1)] }] };
  const who: Pick<Race, "counterpart" | "threads" | "others" | "assumptions"> = reader === undefined
    ? { counterpart: { synthetic: "synthetic reader" }, threads: [updater], others: [{ role: "Reader", title: "synthetic reader", steps: on.underRcu(find, see) }], assumptions: [] }
    : {
        counterpart: { trace: reader.use.trace, at: reader.use.index },
        threads: [{ role: "Reader", trace: reader.use.trace, steps: [{ at: reader.use.index, steps: [find] }, { at: reader.read, steps: [see] }] }, updater],
        assumptions: [`${reader.use.event.function}() finds the object through the same ${into.kind === "store" ? "table" : into.kind}`],
      };
  return {
    ...who,
    objects: [{ name: "head", initial: 0 }, { name: "object", initial: 0 }],
    hazard: { kind: "outcome", what: "not set yet", when: [{ thread: "Reader", register: "p", is: "&object" }, { thread: "Reader", register: "seen", is: 0 }] },
    sensitive: [into.object, object],
    assumptions: [...who.assumptions, `${field} has a meaning for readers only once it is set`],
    doubts: [...doubts, ...(reader === undefined || isReading(reader.use) || !isCalledFromElsewhere(reader.use.trace.root, facts) ? [] : [`callers of ${reader.use.trace.root}() may hold what keeps the two apart`]), ...(seen?.kind === "opaque" ? [`whether ${seen.name}() reads it is not visible here`] : [])], cut: [],
  };
}

/** Puts the write before the publication, where both are lines of one block and nothing in between makes what is written. */
function moveFix(publish: TraceEvent, write: TraceEvent, { facts }: RuleContext): readonly FixProposal[] {
  const { text } = facts.unit;
  const [first, second] = [lineAround(text, publish.at), lineAround(text, write.at)];
  if (publish.function !== write.function || first === undefined || second === undefined || first.end > second.start || first.indent !== second.indent) return [];
  const between = text.slice(first.end, second.start);
  const names = new Set(sourceText(facts, write.at).match(/\b[A-Za-z_]\w*/g) ?? []);
  if (/[{}]|\b(?:if|goto|return|case)\b|^\w+:/m.test(between) || [...names].some((name) => new RegExp(`(?:^|[^.\\w>])${name}\\s*=[^=]`).test(between))) return [];
  const line = text.slice(second.start, second.end);
  return [{ title: "Write the field before the object is published", edits: [{ file: facts.file, start: first.start, end: first.start, newText: line }, { file: facts.file, start: second.start, end: second.end, newText: "" }] }];
}

/** The statement's line, if it has one of its own. */
function lineAround(text: string, { start, end }: { readonly start: number; readonly end: number }): { readonly start: number; readonly end: number; readonly indent: string } | undefined {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const indent = text.slice(from, start);
  const to = text.indexOf("\n", end) + 1;
  return /^\s*$/.test(indent) && to > 0 && text.slice(end, to).trim() === ";" ? { start: from, end: to, indent } : undefined;
}

export const rule: Rule = { meta, check };
