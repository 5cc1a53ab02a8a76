import { steps as on } from "../../../../emulator-core/src/index.ts";
import { onlyLife } from "../../model/entries.ts";
import { readersOf, structOfObject, usableKey, type Container, type ReaderUse } from "../../model/lifetimes.ts";
import type { EventKind, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { fieldAt } from "../../model/types.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Candidate, FixProposal, Race, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { conditionDoubts, isContradictory } from "../shared/lifetime-races.ts";
import { hiddenSections } from "../shared/promises.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const preamble = `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
	struct list_head unused;
	spinlock_t lock;
};

static int demo_sum(struct demo_table *table)
{
	struct demo_item *item;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(item, &table->items, list)
		sum += item->id;
	rcu_read_unlock();
	return sum;
}

static void demo_retire(struct demo_table *table, struct demo_item *item)
{
`;

const meta: RuleMeta = {
  id: "rcu/node-reused-before-grace-period",
  title: "Leave the links of an unlinked node alone until a grace period has passed",
  why: "A reader may stand on the node that was just unlinked and goes on through its next pointer. Initialised, or linked into another list, that pointer leads nowhere or elsewhere: the reader never meets the head of its list, or misses the rest of it.",
  fix: "Unlink with list_del_rcu() and touch the links again after synchronize_rcu() or from an RCU callback; or use another list_head for the other list.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/listRCU.rst", "include/linux/rculist.h"],
  bad: [
    {
      title: "The item is moved to another list at once",
      fixable: false,
      code: `${preamble}	spin_lock(&table->lock);
	list_del_rcu(&item->list);
	list_add(&item->list, &table->unused);
	spin_unlock(&table->lock);
}
`,
    },
  ],
  good: [
    {
      title: "It is moved after a grace period",
      code: `${preamble}	spin_lock(&table->lock);
	list_del_rcu(&item->list);
	spin_unlock(&table->lock);
	synchronize_rcu();
	spin_lock(&table->lock);
	list_add(&item->list, &table->unused);
	spin_unlock(&table->lock);
}
`,
    },
  ],
};

type Reuse = { readonly object: Sym; readonly unlink: number; readonly how: "initialised" | "linked elsewhere"; readonly container: Container; readonly reader: ReaderUse; readonly readers: readonly ReaderUse[] };

function check(context: RuleContext): readonly Candidate[] {
  const known = new Map<string, readonly ReaderUse[]>();
  return placesOn(context, (trace, event, index) => reused(trace, event, index, context, known)).map((place) => candidateOf(place, context));
}

function reused(trace: Trace, event: TraceEvent, index: number, context: RuleContext, known: Map<string, readonly ReaderUse[]>): Reuse | undefined {
  const node = nodeWritten(event.what);
  if (node === undefined || node.member === "") return undefined;
  const unlink = trace.events.findLastIndex(({ what }, at) => at <= index && what.kind === "unlink" && what.element.id === node.object.id && what.member === node.member);
  const first = trace.events[unlink];
  if (first?.what.kind !== "unlink") return undefined;
  const isAtOnce = unlink === index || first.at.start === event.at.start;
  // A plain list_del() is another rule's matter, whatever comes after.
  if (!first.what.rcu && !isAtOnce) return undefined;
  const between = trace.events.slice(unlink + 1, index);
  if (between.some(({ what }) => (what.kind === "wait" && !what.callbacks) || (what.kind === "link" && what.element.id === node.object.id && what.member === node.member))) return undefined;
  // Not the object that readers know: fresh, or never published.
  if (node.object.origin.kind === "allocation") return undefined;
  const container = containerOf(node.object, node.member);
  if (container === undefined) return undefined;
  const readers = readersIn(container, context, known).filter((reader) => advanceOf(reader) !== undefined);
  const reader = readers[0];
  if (reader === undefined) return undefined;
  // Back on the list that its readers walk: they meet its head.
  const target = event.what.kind === "link" ? event.what.head : undefined;
  const key = usableKey(target?.key);
  // Beside another node: of which list is not asked.
  if (container.kind === "list" && key === `${container.struct}.${container.member}`) return undefined;
  if (event.what.kind === "link" && (key === undefined ? target?.base.origin.kind !== "stack" : readers.some((one) => headOf(one) === key && !isOfAnother(trace, unlink, event)))) return undefined;
  if (isContradictory(trace, trace.events.indexOf(event)) || isOnOther(container, readers, event, context)) return undefined;
  return { object: node.object, unlink, how: event.what.kind === "link" ? "linked elsewhere" : "initialised", container, reader, readers };
}

/** The list node whose links the event writes: an unlink that initialises at once, a link, or an initialisation. */
function nodeWritten(what: EventKind): { readonly object: Sym; readonly member: string } | undefined {
  if (what.kind === "unlink") return what.reinit && !what.rcu ? { object: what.element, member: what.member } : undefined;
  if (what.kind === "link") return { object: what.element, member: what.member };
  if (what.kind !== "touch" || !what.write || what.pointer.origin.kind !== "address") return undefined;
  const { base, path } = what.pointer.origin.place;
  return { object: base, member: path.join(".") };
}

/**
 * The list is one of another structure than that whose lock was held for the unlink: both are given to the function, or
 * the path makes a pointer that led to the one lead to the other.
 */
function isOfAnother(trace: Trace, unlink: number, { what, locks }: TraceEvent): boolean {
  const to = what.kind === "link" ? what.head?.base : undefined;
  const held = (trace.events[unlink]?.locks ?? []).find((lock) => lock.base !== to?.id && locks.some((mine) => mine.key === lock.key && mine.base === to?.id));
  const from = held?.pointer?.origin.kind === "address" ? held.pointer.origin.place.base : undefined;
  if (to === undefined || from === undefined) return false;
  const [old, now] = [ownerOf(from), ownerOf(to)];
  const areGiven = old.origin.kind === "parameter" && now.origin.kind === "parameter" && old.origin.function === now.origin.function && old.id !== now.id;
  return areGiven || trace.events.some(({ what: other }) => other.kind === "store" && other.old !== undefined && other.old.id === old.id && other.value.id === now.id);
}

/** Out of container_of(). */
const ownerOf = (sym: Sym): Sym => (sym.origin.kind === "container" ? ownerOf(sym.origin.of) : sym);

function containerOf(object: Sym, member: string): Container | undefined {
  const struct = structOfObject(object);
  const head = object.origin.kind === "element" && object.origin.member === member ? object.origin.head : undefined;
  if (struct === undefined || head?.base.origin.kind === "stack" || head?.key.startsWith("local ") === true) return undefined;
  return { kind: "list", struct, member, head: usableKey(head?.key) };
}

/** Readers that walk by the primitive for RCU. */
function readersIn(container: Container, { roots, facts, walker }: RuleContext, known: Map<string, readonly ReaderUse[]>): readonly ReaderUse[] {
  const key = JSON.stringify(container);
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = readersOf(container, roots, facts, walker).filter(({ trace, obtain, section }) => {
    const what = trace.events[obtain]?.what;
    return section !== undefined && what?.kind === "walk" && what.rcu;
  });
  known.set(key, found);
  return found;
}

const headOf = ({ trace, obtain }: ReaderUse): string | undefined => {
  const what = trace.events[obtain]?.what;
  return what?.kind === "walk" ? usableKey(what.head?.key) : undefined;
};

/** Where the reader goes on from the element. */
function advanceOf({ trace, object, obtain }: ReaderUse): number | undefined {
  const found = trace.events.findIndex(({ what }, index) => index > obtain && what.kind === "advance" && what.element.id === object.id);
  return found < 0 ? undefined : found;
}

function candidateOf(place: Place<Reuse>, context: RuleContext): Candidate {
  const { trace, event, what } = place;
  const { facts } = context;
  const unlink = trace.events[what.unlink];
  const walk = what.reader.trace.events[what.reader.obtain];
  const name = objectName(facts, event, what.object);
  const where = walk === undefined ? "a reader" : `${walk.function} (line ${String(lineOf(facts, walk.at.start))})`;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `the links of ${name} are ${what.how} while ${where} may still stand on it and go on through them`,
    refutedMessage: `the links of ${name} are ${what.how} only when ${where} cannot stand on it`,
    path: wayTo(trace, event, facts),
    related: [...(unlink === undefined || unlink.at.start === event.at.start ? [] : [{ at: unlink.at, message: "it is unlinked here" }]), ...(walk === undefined ? [] : [{ at: walk.at, message: "readers walk the list here" }])],
    hypothesis: { kind: "race", races: what.readers.map((reader) => raceOf(place, reader, context)) },
    fixes: fixesOf(place, context),
  };
}

function raceOf({ trace, index, event, what }: Place<Reuse>, reader: ReaderUse, context: RuleContext): Race {
  const { facts } = context;
  const unlinked = [on.writeOnce("list", 0)];
  const reused = [on.writeOnce("node.next", 2)];
  const isAtOnce = what.unlink === index;
  const doubts = [trace.root, reader.trace.root].flatMap((root) => [
    ...(onlyLife(root, facts, "setup") ? [`${root}() runs at set-up, when the other side may not be there yet`] : []),
    ...(onlyLife(root, facts, "teardown") ? [`${root}() runs at teardown, when the other side may be gone`] : []),
  ]);
  return {
    counterpart: { trace: reader.trace, at: reader.obtain },
    objects: [{ name: "list", initial: "&node" }, { name: "node", fields: [{ name: "next", initial: 1 }] }],
    threads: [
      { role: "Reader", trace: reader.trace, steps: [{ at: reader.obtain, steps: [on.rcuDereference("n", "list")] }, { at: advanceOf(reader) ?? reader.obtain, steps: [on.ifSet("n", [on.readOnce("next", "n->next")])] }] },
      { role: "Updater", trace, steps: isAtOnce ? [{ at: index, steps: [...unlinked, ...reused] }] : [{ at: what.unlink, steps: unlinked }, { at: index, steps: reused }] },
    ],
    hazard: { kind: "outcome", what: "the walk leaves its list", when: [{ thread: "Reader", register: "n", is: "&node" }, { thread: "Reader", register: "next", is: 2 }] },
    sensitive: [what.object],
    assumptions: [`${trace.root}() and ${reader.trace.root}() work on the same list`],
    doubts: [
      ...doubts,
      ...(!isAtOnce && isChain(what.container, context) ? ["readers of a chain that ends with NULL end early, or in another chain, and may be written to cope with that"] : []),
      ...(facts.rcuCallbacks.has(trace.root) ? [`${trace.root}() is itself an RCU callback`] : []),
      ...conditionDoubts(event, context),
      ...(reader.callersUnknown ? [`not all callers of ${reader.trace.root}() were followed`] : []),
      ...hiddenSections(facts),
    ],
    cut: [],
  };
}

/** The file puts such nodes onto other lists than the one that readers walk: this one may come from there. */
function isOnOther(container: Container, readers: readonly ReaderUse[], event: TraceEvent, { roots, walker }: RuleContext): boolean {
  if (container.kind !== "list" || container.head !== undefined) return false;
  const own = new Set(readers.map(headOf));
  const target = event.what.kind === "link" ? event.what.head?.key : undefined;
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      for (const { what } of events) {
        if (what.kind !== "link" || what.member !== container.member || structOfObject(what.element) !== container.struct) continue;
        if (!own.has(what.head?.key) && what.head?.key !== target) return true;
      }
    }
  }
  return false;
}

/** An hlist: its walk ends with NULL wherever it got to, while that of a list waits for its own head. */
function isChain(container: Container, { facts }: RuleContext): boolean {
  return container.kind === "list" && /\bhlist_/.test(fieldAt(facts.structs, container.struct, container.member.split("."))?.type ?? "hlist_node");
}

/** list_del_init() whose initialisation nobody asks for: list_del_rcu() keeps next. */
function fixesOf({ event }: Place<Reuse>, { facts }: RuleContext): readonly FixProposal[] {
  if (event.what.kind !== "unlink") return [];
  const text = sourceText(facts, event.at);
  const forms: Readonly<Record<string, string>> = { list_del_init: "list_del_rcu", hlist_del_init: "hlist_del_init_rcu" };
  const api = /^(\w+)\(/.exec(text)?.[1] ?? "";
  const form = forms[api];
  return form === undefined ? [] : [{ title: `Unlink with ${form}()`, edits: [{ file: facts.file, start: event.at.start, end: event.at.start + api.length, newText: form }] }];
}

export const rule: Rule = { meta, check };
