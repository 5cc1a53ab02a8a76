import { steps as on } from "../../../../emulator-core/src/index.ts";
import { bracketsAround } from "../../model/brackets.ts";
import { containerId, readersOf, structOfObject, usableKey, type Container, type ReaderUse, type Retirement } from "../../model/lifetimes.ts";
import { processEntries } from "../../model/entry-contexts.ts";
import { leadsInto } from "../../model/protection.ts";
import type { ReaderSection, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { structNameOf } from "../../model/types.ts";
import { containerName, enteredBy, lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { earlyFrees } from "../shared/early-frees.ts";
import { containerRead, isContradictory, racesOf, retirementsFrom, usesOf } from "../shared/lifetime-races.ts";
import { hiddenSections } from "../shared/promises.ts";
import { hasFlavours, SectionWords, serves, type MisdirectedReader, type MisdirectedWait } from "../shared/section-words.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const preamble = `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
	struct srcu_struct srcu;
	spinlock_t lock;
};

static int demo_sum(struct demo_table *table)
{
	struct demo_item *item;
	int idx, sum = 0;

	idx = srcu_read_lock(&table->srcu);
	list_for_each_entry_srcu(item, &table->items, list, srcu_read_lock_held(&table->srcu))
		sum += item->id;
	srcu_read_unlock(&table->srcu, idx);
	return sum;
}

static void demo_remove(struct demo_table *table, struct demo_item *item)
{
	spin_lock(&table->lock);
	list_del_rcu(&item->list);
	spin_unlock(&table->lock);
`;

const meta: RuleMeta = {
  id: "rcu/wrong-flavour",
  title: "Wait for the readers that there are",
  why: "Each SRCU domain, and each flavour of RCU that has one of its own, has its own grace periods. A wait for another domain or flavour than the readers use waits for none of them.",
  fix: "Wait for the domain that the readers enter: synchronize_srcu() or call_srcu() of it, or synchronize_rcu(), call_rcu() and kfree_rcu() for rcu_read_lock(). Where readers use both, wait for both.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "Documentation/RCU/whatisRCU.rst"],
  bad: [{ title: "SRCU readers, and a wait for RCU", code: `${preamble}	synchronize_rcu();\n	kfree(item);\n}\n` }],
  good: [{ title: "The wait is for the readers' domain", code: `${preamble}	synchronize_srcu(&table->srcu);\n	kfree(item);\n}\n` }],
};

/** A grace period there is, and the readers' section it is not for. */
type Mismatch = { readonly wait: TraceEvent; readonly section: ReaderSection; readonly reader: ReaderUse };

function check(context: RuleContext): readonly Candidate[] {
  const freed = freedAfterMismatch(context);
  const isKnown = ({ event }: Place<Unserved>): boolean => freed.some((one) => one.at.start === event.at.start);
  const unserved = firstFor(unservedReaders(context).filter((place) => !isKnown(place)));
  const all = [...freed, ...unserved.map((place) => unservedCandidate(place, context))];
  const named = new Set(all.flatMap(({ related }) => related.map(({ at }) => at.start)));
  const strange = strangeSections(context).filter(({ what }) => !named.has(what.section.at.start)).map((place) => strangeCandidate(place, context));
  return [...all, ...strange, ...misdirected(context, new Set([...named, ...[...all, ...strange].flatMap(({ at, related }) => [at.start, ...related.map((one) => one.at.start)])]))];
}

/** Of several waits behind one detach the first. */
function firstFor(places: readonly Place<Unserved>[]): readonly Place<Unserved>[] {
  const key = ({ trace, what }: Place<Unserved>): string => `${String(trace.events[what.detach]?.at.start)} ${String(what.section.at.start)}`;
  const firsts = new Map<string, Place<Unserved>>();
  for (const place of places) if (place.event.at.start < (firsts.get(key(place))?.event.at.start ?? Infinity)) firsts.set(key(place), place);
  return places.filter((place) => firsts.get(key(place)) === place);
}

function freedAfterMismatch(context: RuleContext): readonly Candidate[] {
  const { facts } = context;
  return earlyFrees(context).flatMap((free): Candidate[] => {
    const mismatch = free.sides.flatMap((side) => side.variants.flatMap((variant) => side.readers.flatMap((reader) => mismatchOf(variant, reader) ?? [])))[0];
    if (mismatch === undefined) return [];
    const { wait, section, reader } = mismatch;
    const obtain = reader.trace.events[reader.obtain];
    const where = obtain === undefined ? "its readers" : `${obtain.function} (line ${String(lineOf(facts, obtain.at.start))})`;
    return [{
      rule: meta.id,
      severity: meta.severity,
      at: wait.function === free.function ? wait.at : free.at,
      function: free.function,
      about: free.about,
      message: `${sourceText(facts, wait.at)} does not wait for ${where}, which reads ${free.name} under ${enteredBy(facts, section.at)}`,
      refutedMessage: `${free.name} is freed only when ${where} can no longer hold it`,
      path: free.path,
      related: [{ at: section.at, message: "the readers' section begins here" }, ...free.related],
      hypothesis: { kind: "use-after-free", sides: free.sides, doubts: free.doubts },
      fixes: fixesOf(mismatch, context),
    }];
  });
}

/** Between detach and end, or as the way of ending it, grace periods of other readers alone. */
function mismatchOf({ trace, detach, end }: Retirement, reader: ReaderUse): Mismatch | undefined {
  const { section } = reader;
  if (section === undefined || end < detach || section.domain.startsWith("value ")) return undefined;
  const waits = trace.events.slice(detach, end + 1).filter(({ what }) => (what.kind === "wait" && !what.callbacks && !what.maybe) || what.kind === "defer-call" || what.kind === "defer-free");
  const last = trace.events[end];
  const counts = waits.filter((event) => event.what.kind === "wait" || event === last);
  const wait = counts.at(-1);
  return wait === undefined || counts.some((event) => serves(event, section)) ? undefined : { wait, section, reader };
}

/** Taken out of the container and waited for, in one function; what comes after the wait is not on the path. */
type Unserved = { readonly detach: number; readonly container: Container; readonly object: string; readonly section: ReaderSection; readonly reader: ReaderUse };

function unservedReaders(context: RuleContext): readonly Place<Unserved>[] {
  const { facts, roots, walker } = context;
  const known = new Map<string, readonly ReaderUse[]>();
  const readers = (container: Container): readonly ReaderUse[] => {
    const id = containerId(container);
    const found = known.get(id) ?? readersOf(container, roots, facts, walker);
    known.set(id, found);
    return found;
  };
  const followed = new Set<string>();
  const found = placesOn(context, (trace, event, index) => {
    if (event.what.kind === "wait") followed.add(`${event.function} ${String(event.at.start)}`);
    return unservedAt(trace, event, index, readers, context);
  });
  // Where some root was too large to follow, functions with waits that no path reached are looked at by themselves.
  if (!roots.some((root) => walker.tracesOf(root).cut.length > 0)) return found;
  const hidden = [...walker.relevance.life].filter((name) => !roots.includes(name));
  return [...found, ...placesOn({ walker, roots: hidden }, (trace, event, index) => (followed.has(`${event.function} ${String(event.at.start)}`) ? undefined : unservedAt(trace, event, index, readers, context)))];
}

function unservedAt(trace: Trace, event: TraceEvent, index: number, readers: (container: Container) => readonly ReaderUse[], context: RuleContext): Unserved | undefined {
  const { facts } = context;
  const { what, condition } = event;
  if (what.kind !== "wait" || what.callbacks || what.maybe || condition !== undefined) return undefined;
  const { events } = trace;
  const outs = events.slice(0, index).flatMap((out, detach) => {
    const container = isBesideOrWithin(out, event) ? takenOut(out) : undefined;
    return container === undefined ? [] : [{ out, detach, container, isPlain: out.what.kind === "store" && !out.what.rcu }];
  });
  if (outs.length === 0) return undefined;
  const isServed = (container: Container): boolean => readers(container).some(({ trace: side, obtain }) => side.events[obtain]?.readers.some((section) => serves(event, section)) === true);
  const servesOthers = (): boolean => context.roots.some((root) => context.walker.tracesOf(root).traces.some((side) => side.events.some(({ what: other }) => other.kind === "reader-enter" && serves(event, other.section))));
  for (const { out, detach, container, isPlain } of outs.toReversed()) {
    // Cleared plainly: only readers in sections tell that it is for readers, and only a wait that nobody of the file is served by was meant for them.
    if (isPlain && (servesOthers() || readers(container).some(({ section }) => section === undefined))) continue;
    const reader = readers(container).find((one) => isUnserved(one, until(events, index, detach), isPlain));
    if (reader?.section === undefined || reader.section.entry !== undefined) continue;
    // The wait is for what else was taken out before it.
    if (!isServed(container) && outs.some((other) => isServed(other.container))) continue;
    return { detach, container, object: objectName(facts, out.what.kind === "unlink" ? out : undefined, reader.object), section: reader.section, reader };
  }
  return undefined;
}

/** The function that waits takes it out, by itself or by a callee, or it is a callee of the function that does. */
function isBesideOrWithin(out: TraceEvent, wait: TraceEvent): boolean {
  const common = Math.min(out.chain.length, wait.chain.length);
  return out.chain.slice(0, common).every((site, depth) => site.at.start === wait.chain[depth]?.at.start && site.callee === wait.chain[depth].callee);
}

/** What may serve the readers of the object that was taken out: up to where it is linked again. */
function until(events: readonly TraceEvent[], wait: number, detach: number): readonly TraceEvent[] {
  const out = events[detach]?.what;
  const gone = out?.kind === "unlink" ? out.element : out?.kind === "store" ? out.old : undefined;
  const again = events.findIndex(({ what }, at) => at > wait && out?.kind === "unlink" && what.kind === "link" && what.element.id === out.element.id);
  return events.slice(detach, again < 0 ? undefined : again).filter((one) => isFor(one, gone));
}

/** A deferred end serves the readers of its own object only. */
function isFor({ what }: TraceEvent, object: Sym | undefined): boolean {
  if (object === undefined || (what.kind !== "defer-free" && what.kind !== "defer-call")) return true;
  return leadsInto(what.kind === "defer-free" ? what.object : what.head, object);
}

/** What an RCU primitive takes something out of, or what is set to nothing. */
function takenOut({ what }: TraceEvent): Container | undefined {
  if (what.kind === "unlink") {
    const struct = structOfObject(what.element);
    const head = what.element.origin.kind === "element" ? usableKey(what.element.origin.head?.key) : undefined;
    return !what.rcu || struct === undefined || what.member === "" ? undefined : { kind: "list", struct, member: what.member, head };
  }
  if (what.kind !== "store" || what.value.origin.kind !== "null") return undefined;
  const key = usableKey(what.place.key);
  return key === undefined ? undefined : { kind: "pointer", key };
}

/** The reader obtains by a primitive for readers (unless `isPlain`), in sections that nothing after the detach waits for. */
function isUnserved({ trace, obtain }: ReaderUse, later: readonly TraceEvent[], isPlain: boolean): boolean {
  const event = trace.events[obtain];
  const isMarked = isPlain || (event?.what.kind === "walk" && event.what.rcu) || (event?.what.kind === "load" && (event.what.rcu === "reader" || event.what.rcu === "either"));
  if (event === undefined || !isMarked || event.readers.length === 0) return false;
  return event.readers.every((section) => section.isImplicit !== true && !section.domain.startsWith("value ") && !later.some((one) => serves(one, section)));
}

function unservedCandidate({ trace, index, event, what: { detach, container, object, section, reader } }: Place<Unserved>, context: RuleContext): Candidate {
  const { facts } = context;
  const obtain = reader.trace.events[reader.obtain];
  const where = obtain === undefined ? "its readers" : `${obtain.function} (line ${String(lineOf(facts, obtain.at.start))})`;
  const out = trace.events[detach];
  const access = reader.accesses[0] ?? reader.obtain;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(facts, event.at)} does not wait for ${where}, which reads ${containerName(container)} under ${enteredBy(facts, section.at)}`,
    refutedMessage: `${where} can no longer hold ${object} after ${sourceText(facts, event.at)}`,
    path: wayTo(trace, event, facts),
    related: [{ at: section.at, message: "the readers' section begins here" }, ...(out === undefined ? [] : [{ at: out.at, message: `${object} is taken out of ${containerName(container)} here` }])],
    hypothesis: { kind: "race", races: [{
      counterpart: { trace: reader.trace, at: reader.obtain },
      objects: [{ name: "slot", initial: "&object" }, { name: "object", initial: 1 }],
      threads: [
        { role: "Reader", trace: reader.trace, steps: [{ at: reader.obtain, steps: [on.rcuDereference("p", "slot")] }, { at: access, steps: [on.ifSet("p", [on.readOnce("v1", "*p")])] }] },
        { role: "Updater", trace, steps: [{ at: detach, steps: [on.writeOnce("slot", 0)] }], to: index, after: [on.kfree("object")] },
      ],
      hazard: { kind: "use-after-free", object: "object" },
      sensitive: [reader.object],
      assumptions: [`both sides work on the same ${containerName(container)}`],
      doubts: [`what becomes of ${object} after the wait is not visible on this path`],
      cut: [],
    }] },
    fixes: fixesOf({ wait: event, section }, context),
  };
}

/** A read that names the SRCU domain of its readers, in a section of something else. */
type Strange = { readonly section: ReaderSection; readonly domain: string };

/** One for each section. */
function strangeSections(context: RuleContext): readonly Place<Strange>[] {
  const found = placesOn(context, (trace, event, index) => strangeAt(trace, event, index, context));
  return [...new Map(found.toReversed().map((place) => [place.what.section.at.start, place] as const)).values()].toReversed();
}

function strangeAt(trace: Trace, event: TraceEvent, index: number, { facts, walker }: RuleContext): Strange | undefined {
  const { what, readers, locks } = event;
  const domain = (what.kind === "load" && what.rcu === "reader") || (what.kind === "walk" && what.rcu) ? what.domain : undefined;
  const section = readers.at(-1);
  // Any lock may be the updaters'; what only turns something off was not meant for these readers.
  if (domain === undefined || section === undefined || locks.length > 0 || domain.startsWith("value ")) return undefined;
  if (readers.some(({ isImplicit, entry }) => isImplicit === true || entry !== undefined) || isIn(event, domain) || bracketsAround(trace.events, index).length > 0) return undefined;
  // A path that may be none shows what no other path contradicts.
  const isSame = ({ at, function: fn }: TraceEvent): boolean => at.start === event.at.start && fn === event.function;
  if (isContradictory(trace, index) && walker.tracesOf(trace.root).traces.some(({ events }) => events.some((other) => isSame(other) && (other.locks.length > 0 || isIn(other, domain))))) return undefined;
  // The section of the domain may be the callers', and this one for something else.
  const says = /\bsrcu|\bcallers?\b|\bheld\b/i;
  return [trace.root, event.function].some((name) => says.test(facts.functions.get(name)?.comment ?? "")) ? undefined : { section, domain };
}

/** Waits for nobody in sight, and sections that nobody in sight waits for, where the same words are read and written under another flavour. */
function misdirected(context: RuleContext, known: ReadonlySet<number>): readonly Candidate[] {
  if (!hasFlavours(context.facts)) return [];
  let words: SectionWords | undefined;
  const all = (): SectionWords => (words ??= new SectionWords(context));
  const waits = placesOn(context, (trace, event, index): MisdirectedWait | undefined => {
    const { what } = event;
    if (what.kind !== "wait" || what.callbacks || what.maybe || event.condition !== undefined || what.domain.startsWith("value ") || known.has(event.at.start)) return undefined;
    const found = all().waitAt(trace, index, (write) => isBesideOrWithin(write, event));
    return found === undefined || known.has(found.section.at.start) ? undefined : found;
  });
  const readers = placesOn(context, (trace, event, index): MisdirectedReader | undefined => {
    const section = event.readers[0];
    return section === undefined || known.has(section.at.start) ? undefined : all().readerAt(trace, index);
  });
  const bySection = new Map(readers.toReversed().map((place) => [place.what.section.at.start, place] as const));
  return [...waits.map((place) => misdirectedWait(place, context)), ...[...bySection.values()].reverse().map((place) => misdirectedReader(place, context))];
}

function misdirectedWait({ trace, event, index, what: { write, word, read, section } }: Place<MisdirectedWait>, { facts }: RuleContext): Candidate {
  const reader = read.trace.events[read.index]!;
  const written = trace.events[write]!;
  const where = `${reader.function} (line ${String(lineOf(facts, reader.at.start))})`;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${sourceText(facts, event.at)} does not wait for ${where}, which reads ${domainName(word)} under ${enteredBy(facts, section.at)}`,
    path: wayTo(trace, event, facts),
    related: [{ at: section.at, message: "the readers' section begins here" }, { at: written.at, message: `${domainName(word)} is written here` }],
    hypothesis: { kind: "path", columns: [{ role: "Updater", trace, shown: [write, index] }], wrong: "wait for other readers", reason: `nobody in this file is in a section that ${sourceText(facts, event.at)} waits for, and who reads ${domainName(word)} is in another one`, open: ["whether it is those readers that are to be waited for is not visible here"] },
    fixes: fixesOf({ wait: event, section }, { facts }),
  };
}

function misdirectedReader({ trace, event, index, what: { word, section, other, wait } }: Place<MisdirectedReader>, { facts }: RuleContext): Candidate {
  const reader = other.trace.events[other.index]!;
  const waits = wait.trace.events[wait.index]!;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${domainName(word)} is read under ${enteredBy(facts, section.at)} here, and under ${enteredBy(facts, other.sections[0]?.at ?? section.at)} in ${reader.function} (line ${String(lineOf(facts, reader.at.start))}): ${sourceText(facts, waits.at)} does not wait for this one`,
    path: wayTo(trace, event, facts),
    related: [{ at: section.at, message: "the readers' section begins here" }, { at: waits.at, message: "the other readers are waited for here" }],
    hypothesis: { kind: "path", columns: [{ role: "Reader", trace, shown: [index] }], wrong: "in another section", reason: `nobody in this file waits for the section that ${domainName(word)} is read in`, open: ["whether this reader is to be waited for is not visible here"] },
    fixes: [],
  };
}

function isIn({ readers }: TraceEvent, domain: string): boolean {
  return readers.some(({ flavour, domain: own }) => flavour === "srcu" && (own === domain || own.startsWith("value ")));
}

function strangeCandidate({ trace, index, event, what: { section, domain } }: Place<Strange>, context: RuleContext): Candidate {
  const { facts } = context;
  const text = sourceText(facts, event.at).replace(/\s*\{?$/, "");
  const read = containerRead(event);
  const uses = read === undefined ? [] : usesOf(trace, read.object, index);
  const isFreed = read !== undefined && uses.length > 0 && retirementsFrom(read.container, context).length > 0;
  const unknown = [...((processEntries(facts).get(trace.root) ?? []).length > 0 ? [] : [`callers of ${trace.root}() may be in a section of ${domainName(domain)}`]), ...hiddenSections(facts)];
  const entered = trace.events.findIndex(({ what }) => what.kind === "reader-enter" && what.section.serial === section.serial);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${text} is for readers of ${domainName(domain)}, and stands under ${enteredBy(facts, section.at)}: who waits for ${domainName(domain)} does not wait for it`,
    refutedMessage: `${text} stands in no section of ${domainName(domain)}, and what it finds cannot be freed meanwhile`,
    path: wayTo(trace, event, facts),
    related: [{ at: section.at, message: "the readers' section begins here" }],
    hypothesis: isFreed
      ? { kind: "race", races: racesOf(read.container, { trace, object: read.object, obtain: index, uses }, context, unknown) }
      : { kind: "path", columns: [{ role: "Reader", trace, shown: entered < 0 ? [index] : [entered, index] }], wrong: "in another section", reason: `a path reaches ${text} in no section of ${domainName(domain)}`, open: [...unknown, "whether what it finds can be freed meanwhile is not visible here"] },
    fixes: [],
  };
}

const domainName = (domain: string): string => domain.replace(/^global /, "");

/** The readers' domain as the updater can name it. */
function fixesOf({ wait, section }: Pick<Mismatch, "wait" | "section">, { facts }: Pick<RuleContext, "facts">): readonly FixProposal[] {
  if (wait.what.kind !== "wait") return [];
  const at = { file: facts.file, start: wait.at.start, end: wait.at.end };
  if (section.flavour === "rcu") return [{ title: "Wait with synchronize_rcu()", edits: [{ ...at, newText: "synchronize_rcu()" }] }];
  if (section.flavour !== "srcu") return [];
  const domain = section.domain.startsWith("global ") ? section.domain.slice("global ".length) : fieldOf(section.domain, wait.function, facts);
  return domain === undefined ? [] : [{ title: `Wait with synchronize_srcu(&${domain})`, edits: [{ ...at, newText: `synchronize_srcu(&${domain})` }] }];
}

/** "table.srcu" is "t->srcu" where the function has one parameter t of that struct. */
function fieldOf(domain: string, name: string, facts: RuleContext["facts"]): string | undefined {
  const dot = domain.indexOf(".");
  const owners = facts.functions.get(name)?.parameters.filter(({ type }) => type.includes("*") && structNameOf(type) === domain.slice(0, dot)) ?? [];
  return owners.length === 1 && !domain.includes("[") ? `${owners[0]?.name ?? ""}->${domain.slice(dot + 1)}` : undefined;
}

export const rule: Rule = { meta, check };
