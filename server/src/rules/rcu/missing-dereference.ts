import { steps as on } from "../../../../emulator-core/src/index.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { retirementsOf, structOfObject, touches, usableKey, type ReaderUse, type Retirement } from "../../model/lifetimes.ts";
import { isCalledFromElsewhere, isRcuAnnotated, isReading, listKey, protectionOf, runsAlone, type Use } from "../../model/protection.ts";
import type { Place, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, FixProposal, Publication, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo } from "../shared/sites.ts";

const meta: RuleMeta = {
  id: "rcu/missing-dereference",
  title: "Read an RCU-protected pointer with rcu_dereference()",
  why: "A plain load of a pointer that another CPU publishes may be torn, repeated or guessed by the compiler, and the memory model gives no order between such a load and the accesses through it: the reader may see the object before its initialisation.",
  fix: "Read the pointer once, with rcu_dereference(), inside the read-side critical section.",
  earns: "replay",
  severity: "warning",
  seeds: ["003", "004"],
  sources: ["Documentation/RCU/rcu_dereference.rst", "tools/memory-model/Documentation/explanation.txt"],
  bad: [
    {
      title: "The active ops are loaded plainly",
      code: `struct demo_ops {
	int limit;
};

struct demo_port {
	struct demo_ops __rcu *ops;
};

static int demo_limit(struct demo_port *port)
{
	struct demo_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = port->ops;
	if (ops)
		limit = ops->limit;
	rcu_read_unlock();
	return limit;
}

static void demo_set(struct demo_port *port, struct demo_ops *ops, int limit)
{
	ops->limit = limit;
	rcu_assign_pointer(port->ops, ops);
}
`,
    },
  ],
  good: [
    {
      title: "The active ops are read with rcu_dereference()",
      code: `struct demo_ops {
	int limit;
};

struct demo_port {
	struct demo_ops __rcu *ops;
};

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

static void demo_set(struct demo_port *port, struct demo_ops *ops, int limit)
{
	ops->limit = limit;
	rcu_assign_pointer(port->ops, ops);
}
`,
    },
  ],
};

function check(context: RuleContext): readonly Candidate[] {
  const { roots, walker } = context;
  const published = publicationsByKey(context);
  const read = readerKeys(context);
  const found = new Map<string, Candidate>();
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      trace.events.forEach((event, index) => {
        const reader = plainReader(trace, event, index, published, read, context);
        if (reader === undefined || event.what.kind !== "load") return;
        const key = `${event.function} ${String(event.at.start)}`;
        if (!found.has(key)) found.set(key, candidateOf(reader, event, event.what.place, published.get(event.what.place.key) ?? [], context));
      });
    }
  }
  return [...found.values(), ...followedValues(context), ...peeks(context)];
}

/** Pointers that other readers fetch with rcu_dereference(): what protects them there protects them everywhere. */
function readerKeys({ roots, walker, facts }: RuleContext): ReadonlySet<string> {
  return new Set([...protectionOf(walker, roots, facts).pointers.values()].filter(({ loads }) => loads.some((use) => use.event.what.kind === "load" && use.event.what.rcu === "reader" && isReading(use))).map(({ key }) => key));
}

/**
 * A section reads the head of a list with READ_ONCE() and follows it, and nobody puts elements there with an _rcu
 * operation: a dependency orders nothing that the publication did not. Against an ordered one the load is as good.
 */
function peeks(context: RuleContext): readonly Candidate[] {
  const { facts } = context;
  const data = context.about("data");
  const { lists } = protectionOf(data.walker, data.roots, facts);
  return placesOn(data, (trace, event, index) => {
    const { what } = event;
    if (what.kind !== "walk" || what.rcu || what.access === undefined || what.access === "plain" || !isReading({ trace, index, event }) || what.element.origin.kind !== "container") return undefined;
    const { element, head } = what;
    const node = what.element.origin.of.id;
    const load = trace.events.findLastIndex((other, at) => at < index && other.what.kind === "load" && other.what.value.id === node);
    const access = trace.events.findIndex((other, at) => at > index && touches(other.what, element) && other.readers.some(({ serial }) => serial === event.readers.at(-1)?.serial));
    const links = (lists.get(listKey(element, what.member) ?? "")?.links ?? []).filter(({ event: { what: link } }) => link.kind === "link" && mayBeSame(link.head, head));
    const isOrdered = links.some(({ event: { what: link } }) => link.kind === "link" && link.rcu);
    const isLocked = links.some(({ event: link }) => link.locks.some(({ key }) => event.locks.some((held) => held.key === key)));
    return load < 0 || access < 0 || links.length === 0 || isOrdered || isLocked ? undefined : { load, access, links, element };
  }).flatMap(({ trace, event, what: { load, access, links, element } }): Candidate[] => {
    const at = trace.events[load]?.at ?? event.at;
    const publisher = links[0]?.event;
    if (publisher === undefined) return [];
    const where = `${publisher.function} (line ${String(lineOf(facts, publisher.at.start))})`;
    return [{
      rule: meta.id, severity: meta.severity, at, function: event.function,
      message: `${sourceText(facts, at)} is followed in a read-side section, and ${where} puts elements there without order: struct ${structOfObject(element) ?? "element"} may be seen before its initialisation`,
      path: wayTo(trace, event, facts),
      related: [{ at: publisher.at, message: "an element is put there here" }],
      hypothesis: { kind: "race", races: links.slice(0, 3).map((link) => unorderedRace(trace, load, access, link, `what loses the order is ${where}: with an _rcu operation there this load is in order`)) },
      fixes: [],
    }];
  });
}

const mayBeSame = (a: Place | undefined, b: Place | undefined): boolean => usableKey(a?.key) === undefined || usableKey(b?.key) === undefined || a?.key === b?.key;

function unorderedRace(trace: Trace, load: number, access: number, { trace: updater, index }: Use, doubt: string): Race {
  return {
    counterpart: { trace: updater, at: index },
    objects: [{ name: "head", initial: 0 }, { name: "element", initial: 0 }],
    threads: [
      { role: "Reader", trace, steps: [{ at: load, steps: [on.readOnce("e", "head")] }, { at: access, steps: [on.ifSet("e", [on.readOnce("seen", "*e")])] }] },
      { role: "Updater", trace: updater, steps: [{ at: index, steps: [on.writeOnce("element", 1), on.writeOnce("head", "&element")] }] },
    ],
    hazard: { kind: "outcome", what: "not initialised yet", when: [{ thread: "Reader", register: "e", is: "&element" }, { thread: "Reader", register: "seen", is: 0 }] },
    sensitive: [], assumptions: ["the element is initialised before it is put on the list"], doubts: [doubt], cut: [],
  };
}

/** rcu_access_pointer() gives a value to compare; outside of a section nothing keeps what it points to. */
function followedValues(context: RuleContext): readonly Candidate[] {
  const { facts } = context;
  const data = context.about("data");
  const ends = new Map<string, Retirement[]>();
  for (const root of data.roots) for (const one of retirementsOf(root, data.walker)) if (one.container.kind === "pointer" && one.detach < one.end && runsAlone(root, facts) === undefined) ends.set(one.container.key, [...(ends.get(one.container.key) ?? []), one]);
  return placesOn(data, (trace, event, index) => {
    const { what } = event;
    if (what.kind !== "load" || what.rcu !== "value" || event.readers.length > 0 || event.condition !== undefined || trace.events.slice(0, index).some((before) => before.what.kind === "load" && before.what.value.id === what.value.id && before.what.rcu !== "value")) return undefined;
    const access = trace.events.findIndex((other, at) => at > index && touches(other.what, what.value));
    // Loaded again, under a lock or in a section: what is followed is that.
    if (trace.events.slice(index + 1, Math.max(access, 0)).some(({ what: again }) => again.kind === "load" && again.value.id === what.value.id && again.rcu !== "value")) return undefined;
    const retirements = (ends.get(what.place.key) ?? []).filter((one) => one.trace.events[one.detach]?.function !== event.function && !event.locks.some((lock) => one.trace.events[one.detach]?.locks.some((held) => held.key === lock.key)));
    return access < 0 || retirements.length === 0 ? undefined : { access, retirements };
  }).map(({ trace, event, index, what }) => {
    const text = sourceText(facts, event.at);
    const end = what.retirements[0]?.trace.events[what.retirements[0].end];
    return {
      rule: meta.id, severity: meta.severity, at: event.at, function: event.function,
      message: `${text} is followed outside of a read-side section${end === undefined ? "" : `, and ${end.function} (line ${String(lineOf(facts, end.at.start))}) may free what it points to`}`,
      path: wayTo(trace, event, facts),
      related: end === undefined ? [] : [{ at: end.at, message: "it may be freed here" }],
      hypothesis: { kind: "race", races: what.retirements.map((one) => freedRace(trace, index, what.access, one, facts)) },
      fixes: [],
    };
  });
}

function freedRace(trace: Trace, index: number, access: number, { trace: updater, detach, end, object }: Retirement, facts: FileFacts): Race {
  const frees = updater.events[end]?.what.kind === "free" ? on.kfree("object") : on.kfreeRcu("object");
  return {
    counterpart: { trace: updater, at: end },
    objects: [{ name: "pointer", initial: "&object" }, { name: "object", initial: 1 }],
    threads: [
      { role: "Reader", trace, steps: [{ at: index, steps: [on.readOnce("p", "pointer")] }, { at: access, steps: [on.ifSet("p", [on.readOnce("seen", "*p")])] }] },
      { role: "Updater", trace: updater, steps: [{ at: detach, steps: [on.writeOnce("pointer", 0)] }, { at: end, steps: [frees] }] },
    ],
    hazard: { kind: "use-after-free", object: "object" },
    sensitive: [object], assumptions: [], cut: [],
    doubts: isCalledFromElsewhere(trace.root, facts) ? [`${trace.root}() is called from other files, and its callers may be in a read-side section`] : [],
  };
}

/** Stores through rcu_assign_pointer() and kin, by the key of the pointer they write. */
function publicationsByKey({ roots, walker }: RuleContext): ReadonlyMap<string, readonly Publication[]> {
  const byKey = new Map<string, Publication[]>();
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      trace.events.forEach(({ what }, store) => {
        if (what.kind !== "store" || !what.rcu || what.value.origin.kind === "null") return;
        const initialisations = trace.events.flatMap((event, index) => (index < store && event.what.kind === "store" && touches(event.what, what.value) ? [index] : []));
        const list = byKey.get(what.place.key) ?? [];
        list.push({ trace, store, initialisations });
        byKey.set(what.place.key, list);
      });
    }
  }
  return byKey;
}

function plainReader(trace: Trace, event: TraceEvent, index: number, published: ReadonlyMap<string, readonly Publication[]>, read: ReadonlySet<string>, { facts }: RuleContext): ReaderUse | undefined {
  const { what } = event;
  // A load in a macro or a header's function is not written here: it is that text's finding.
  if (what.kind !== "load" || what.rcu !== undefined || what.access !== "plain" || event.within !== undefined) return undefined;
  if (usableKey(what.place.key) === undefined) return undefined;
  const section = event.readers.at(-1);
  if (section === undefined || what.place.base.origin.kind === "allocation") return undefined;
  if (!published.has(what.place.key) && !read.has(what.place.key) && !isRcuAnnotated(what.place, facts)) return undefined;
  if (holdsUpdateLock(event, what.place, published.get(what.place.key) ?? [])) return undefined;
  // A path that publishes the place itself is an updater.
  if (trace.events.some(({ what: other }) => other.kind === "store" && other.place.key === what.place.key)) return undefined;
  // The load must be the first of this value: a later use of the same pointer is no second fetch.
  if (trace.events.slice(0, index).some((before) => before.what.kind === "load" && before.what.value.id === what.value.id && before.what.rcu !== undefined)) return undefined;
  const accesses = trace.events.flatMap((other, at) => (at > index && touches(other.what, what.value) ? [at] : []));
  return accesses.length === 0 ? undefined : { trace, object: what.value, obtain: index, accesses, section, callersUnknown: false };
}

/** A lock that every publisher holds protects a plain read as well. */
function holdsUpdateLock(event: TraceEvent, place: Place, publications: readonly Publication[]): boolean {
  if (event.locks.length === 0) return false;
  const shared = (trace: Trace, store: number): boolean => trace.events[store]?.locks.some((lock) => event.locks.some((held) => held.key === lock.key)) === true;
  return publications.length === 0 || publications.every(({ trace, store }) => shared(trace, store)) || event.locks.some((lock) => lock.base === place.base.id && lock.class !== "read");
}

function candidateOf(reader: ReaderUse, event: TraceEvent, place: Place, publishers: readonly Publication[], context: RuleContext): Candidate {
  const { facts } = context;
  const text = sourceText(facts, event.at);
  const publisher = publishers[0]?.trace.events[publishers[0].store];
  const struct = structOfObject(reader.object);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${text} is RCU-protected${publisher === undefined ? "" : ` (published in ${publisher.function}, line ${String(lineOf(facts, publisher.at.start))})`} but is loaded plainly: what it points to${struct === undefined ? "" : ` (struct ${struct})`} may be seen before its initialisation`,
    path: event.chain.map((site) => ({ at: site.at, function: site.callee, role: "callee" })),
    related: publisher === undefined ? [] : [{ at: publisher.at, message: `${text} is published here` }],
    hypothesis: { kind: "lost-dependency", reader, publishers, doubts: [] },
    fixes: dereferenceFix(event, text, reader, facts),
  };
}

function dereferenceFix(event: TraceEvent, text: string, { section }: ReaderUse, facts: FileFacts): readonly FixProposal[] {
  // Which SRCU domain a macro or a header enters, its text does not say here.
  if (section?.flavour === "srcu" && !facts.outside.isOwn(section.at)) return [];
  const domain = section?.flavour === "srcu" ? /\(\s*(&?[\w.>-]+)/.exec(sourceText(facts, section.at))?.[1] : undefined;
  const newText = domain === undefined ? `rcu_dereference(${text})` : `srcu_dereference(${text}, ${domain})`;
  return [{ title: `Read ${text} with ${domain === undefined ? "rcu_dereference()" : "srcu_dereference()"}`, edits: [{ file: facts.file, start: event.at.start, end: event.at.end, newText }] }];
}

export const rule: Rule = { meta, check };
