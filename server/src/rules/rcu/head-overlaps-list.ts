import { steps as on } from "../../../../emulator-core/src/index.ts";
import { readersOf, structOfObject, usableKey, type Container, type ReaderUse } from "../../model/lifetimes.ts";
import { sharesStorage } from "../../model/shared-storage.ts";
import type { EventKind, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import { moveBehind } from "../fixes/move-statement.ts";
import type { Candidate, FixProposal, Race, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const preamble = `struct demo_table {
	union {
		struct list_head link;
		struct rcu_head rcu;
	};
	unsigned long entries[8];
};

static void demo_table_free(struct rcu_head *head)
{
	struct demo_table *table = container_of(head, struct demo_table, rcu);

	kfree(table);
}

`;

const meta: RuleMeta = {
  id: "rcu/head-overlaps-list",
  title: "Take an object off its list before its rcu_head takes over the list's storage",
  why: "call_rcu() writes to the rcu_head at once and RCU owns it until the callback runs. Where a union lays it over the object's list links, the links are gone: a walk, or a list_del() of the object or of its neighbour, follows or overwrites RCU's own pointers.",
  fix: "Unlink the object before it is queued, and let no reader walk through these links; or give the rcu_head storage of its own.",
  earns: "replay",
  severity: "error",
  seeds: ["002"],
  sources: ["include/linux/mm_types.h", "Documentation/RCU/checklist.rst"],
  bad: [
    {
      title: "The table is unlinked after it was queued",
      code: `${preamble}static void demo_drop(struct demo_table *table)
{
	call_rcu(&table->rcu, demo_table_free);
	list_del(&table->link);
}
`,
    },
  ],
  good: [
    {
      title: "The table is unlinked before it is queued",
      code: `${preamble}static void demo_drop(struct demo_table *table)
{
	list_del(&table->link);
	call_rcu(&table->rcu, demo_table_free);
}
`,
    },
  ],
};

type Overlap = { readonly object: Sym; readonly queued: number; readonly member: string; /** Who else walks through the links. */ readonly reader: ReaderUse | undefined };

function check(context: RuleContext): readonly Candidate[] {
  const own = placesOn(context, (trace, event, index) => usedWhileQueued(trace, event, index, context));
  const walked = placesOn(context, (trace, event, index) => walkedWhileQueued(trace, event, index, context));
  return [...own, ...walked].map((place) => candidateOf(place, context));
}

/** The same path goes on using the links, of this object, after its head was queued. */
function usedWhileQueued(trace: Trace, event: TraceEvent, index: number, { facts }: RuleContext): Overlap | undefined {
  const links = linksUsed(event.what);
  if (links === undefined || event.condition !== undefined) return undefined;
  for (let queued = index - 1; queued >= 0; queued--) {
    const head = queuedHead(trace.events[queued]);
    if (head === undefined || head.object.id !== links.object.id) continue;
    if (sharesStorage(head.struct, head.path, links.member, facts.structs)) return { object: links.object, queued, member: links.member, reader: undefined };
  }
  return undefined;
}

/** Readers walk through the links that queueing overwrites, and no grace period has passed since the object was unlinked. */
function walkedWhileQueued(trace: Trace, event: TraceEvent, index: number, context: RuleContext): Overlap | undefined {
  const head = queuedHead(event);
  if (head === undefined) return undefined;
  const unlink = trace.events.findLastIndex(({ what }, at) => at < index && what.kind === "unlink" && what.element.id === head.object.id && sharesStorage(head.struct, head.path, what.member, context.facts.structs));
  const what = trace.events[unlink]?.what;
  if (what?.kind !== "unlink" || trace.events.slice(unlink, index).some((other) => other.what.kind === "wait")) return undefined;
  const list = head.object.origin.kind === "element" && head.object.origin.member === what.member ? usableKey(head.object.origin.head?.key) : undefined;
  const container: Container = { kind: "list", struct: head.struct, member: what.member, head: list };
  const reader = readersOf(container, context.roots, context.facts, context.walker).find((one) => one.section !== undefined && advanceOf(one) !== undefined);
  return reader === undefined ? undefined : { object: head.object, queued: index, member: what.member, reader };
}

type Head = { readonly object: Sym; readonly struct: string; readonly path: string; readonly callback: string | undefined };

function queuedHead(event: TraceEvent | undefined): Head | undefined {
  if (event?.what.kind !== "defer-call" || event.condition !== undefined || event.what.head.origin.kind !== "address") return undefined;
  const { base, path } = event.what.head.origin.place;
  const struct = structOfObject(base);
  return struct === undefined ? undefined : { object: base, struct, path: path.join("."), callback: event.what.callback };
}

function linksUsed(what: EventKind): { readonly object: Sym; readonly member: string } | undefined {
  if (what.kind === "unlink" || what.kind === "link" || what.kind === "advance") return { object: what.element, member: what.member };
  if (what.kind !== "load" && what.kind !== "store") return undefined;
  const { base, path } = what.place;
  return ["next", "prev"].includes(path.at(-1) ?? "") ? { object: base, member: path.slice(0, -1).join(".") } : undefined;
}

function advanceOf({ trace, object, obtain }: ReaderUse): number | undefined {
  const found = trace.events.findIndex(({ what }, index) => index > obtain && what.kind === "advance" && what.element.id === object.id);
  return found < 0 ? undefined : found;
}

function candidateOf(place: Place<Overlap>, context: RuleContext): Candidate {
  const { trace, event, what } = place;
  const { facts } = context;
  const queue = trace.events[what.queued];
  const name = objectName(facts, queue, what.object);
  const walk = what.reader?.trace.events[what.reader.obtain];
  const queuedAt = queue === undefined ? "RCU" : `${sourceText(facts, queue.at)} (line ${String(lineOf(facts, queue.at.start))})`;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: walk === undefined
      ? `the links of ${name} are used here, and ${queuedAt} has given their storage to RCU`
      : `the rcu_head of ${name} is its ${what.member}, through which ${walk.function} (line ${String(lineOf(facts, walk.at.start))}) may still walk`,
    path: wayTo(trace, event, facts),
    related: walk === undefined ? (queue === undefined ? [] : [{ at: queue.at, message: "RCU owns the storage from here on" }]) : [{ at: walk.at, message: "readers walk through it here" }],
    hypothesis: { kind: "race", races: [raceOf(place)] },
    fixes: what.reader === undefined ? fixesOf(place, context) : [],
  };
}

function raceOf({ trace, index, what }: Place<Overlap>): Race {
  const event = trace.events[what.queued]?.what;
  const callback = event?.kind === "defer-call" ? event.callback : undefined;
  const isSrcu = event?.kind === "defer-call" && event.flavour === "srcu";
  const object = { name: "object", fields: [{ name: "links", initial: 1 }, { name: "head", sharesWith: "links" }] };
  const common = {
    handlers: [{ name: "callback", kind: isSrcu ? "srcu" as const : "rcu" as const, title: callback ?? "callback", ...(isSrcu ? { domain: event.domain } : {}), steps: [] }],
    hazard: { kind: "head-overlap", head: "object.head" } as const,
    sensitive: [what.object], assumptions: [], cut: [],
    // A call_rcu() whose callback is not here is queued all the same.
    doubts: [],
  };
  const queue = { at: what.queued, steps: [on.callRcu("callback", "object.head")] };
  const { reader } = what;
  if (reader === undefined) return { ...common, counterpart: null, objects: [object], threads: [{ role: "CPU", trace, steps: [queue, { at: index, steps: [on.readOnce("next", "object.links")] }] }] };
  const unlink = trace.events.findLastIndex((other, at) => at < index && other.what.kind === "unlink" && other.what.element.id === what.object.id);
  return {
    ...common,
    counterpart: { trace: reader.trace, at: reader.obtain },
    objects: [{ name: "list", initial: "&object" as const }, object],
    threads: [
      { role: "Reader", trace: reader.trace, steps: [{ at: reader.obtain, steps: [on.rcuDereference("n", "list")] }, { at: advanceOf(reader) ?? reader.obtain, steps: [on.ifSet("n", [on.readOnce("next", "n->links")])] }] },
      { role: "Updater", trace, steps: [{ at: unlink, steps: [on.writeOnce("list", 0)] }, queue] },
    ],
  };
}

function fixesOf({ trace, event, what }: Place<Overlap>, { facts }: RuleContext): readonly FixProposal[] {
  const queue = trace.events[what.queued];
  if (queue === undefined || queue.function !== event.function || queue.at.start > event.at.start) return [];
  const edits = moveBehind(facts, queue.at, event.at);
  return edits === undefined ? [] : [{ title: `Queue ${objectName(facts, queue, what.object)} after its links were used`, edits }];
}

export const rule: Rule = { meta, check };
