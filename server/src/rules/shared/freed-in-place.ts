/** Elements of a list that readers walk, freed by who walks it too and never taken out. */

import { onlyLife } from "../../model/entries.ts";
import { isLocal, readersOf, structOfObject, usableKey, type Container, type ReaderUse } from "../../model/lifetimes.ts";
import { isFresh, leadsInto } from "../../model/protection.ts";
import type { Place, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import type { RuleContext } from "../rule.ts";
import { placesOn, type Place as Site } from "./sites.ts";

export type FreedInPlace = { readonly object: Sym; readonly container: Container & { readonly kind: "list" }; readonly readers: readonly ReaderUse[] };

type Walked = { readonly object: Sym; readonly member: string; readonly head: Place | undefined };

export function freedInPlace(context: RuleContext): readonly Site<FreedInPlace>[] {
  const { facts, roots, walker } = context;
  return placesOn(context, (trace, event, index) => (isTakenDown(trace, index, context) ? undefined : walkedAndFreed(trace, event, index))).flatMap(({ what: { object, member, head }, ...site }): Site<FreedInPlace>[] => {
    const struct = structOfObject(object);
    if (struct === undefined) return [];
    const container = { kind: "list", struct, member, head: usableKey(head?.key) } as const;
    const readers = readersOf(container, roots, facts, walker).filter(({ trace, obtain }) => trace.events[obtain]?.function !== site.event.function && isMarked(trace.events[obtain]));
    return readers.length === 0 ? [] : [{ ...site, what: { object, container, readers } }];
  });
}

const isMarked = (event: TraceEvent | undefined): boolean => event?.what.kind === "walk" && event.what.rcu;

/** The element of a walk is freed, and neither this path nor a call that got it takes it out of anything. */
function walkedAndFreed({ events }: Trace, { what, chain, condition }: TraceEvent, index: number): Walked | undefined {
  if ((what.kind !== "free" && what.kind !== "defer-free") || condition !== undefined || chain.some(({ lastReference }) => lastReference)) return undefined;
  const { object } = what;
  const walk = events.findLastIndex(({ what: one }, at) => at < index && one.kind === "walk" && one.element.id === object.id);
  const from = events[walk]?.what;
  if (from?.kind !== "walk" || from.member === "" || isLocal(from.head)) return undefined;
  const isTouched = events.some(({ what: one }) => (one.kind === "unlink" && one.element.id === object.id) || (one.kind === "remove" && one.element !== undefined && leadsInto(one.element, object)) || (one.kind === "opaque" && one.args.some((arg) => leadsInto(arg, object))));
  return isTouched ? undefined : { object, member: from.member, head: from.head };
}

/** The list goes as a whole where nobody is left: after a wait, in a callback, at teardown, with what holds its head, or before it was shown to anybody. */
function isTakenDown(trace: Trace, index: number, { facts }: RuleContext): boolean {
  const { events, root } = trace;
  const event = events[index];
  if (event?.what.kind !== "free" && event?.what.kind !== "defer-free") return true;
  if (facts.rcuCallbacks.has(root) || onlyLife(root, facts, "teardown") || onlyLife(root, facts, "setup")) return true;
  if (events.slice(0, index).some(({ what }) => what.kind === "wait")) return true;
  const { object } = event.what;
  const holder = object.origin.kind === "element" ? object.origin.head?.base : undefined;
  return holder !== undefined && (isFresh(trace, index, holder) || events.some(({ what }) => (what.kind === "free" || what.kind === "defer-free" || what.kind === "defer-call") && leadsInto(what.kind === "defer-call" ? what.head : what.object, holder)));
}
