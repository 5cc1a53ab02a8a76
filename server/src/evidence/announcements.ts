/**
 * Readers that announce themselves by a word before they look, and an updater that frees at once only where it did not
 * see the word set (seed 002, the flag for concurrent traversal). Whether the two can miss each other is for the replay.
 */

import { usableKey, type ReaderUse, type Retirement } from "../model/lifetimes.ts";
import type { Trace, TraceEvent } from "../model/trace.ts";
import { answerLeadingTo, isUnconditional } from "../model/where-stands.ts";
import type { RuleContext } from "../rules/rule.ts";

/** `store`: where the reader sets the word; `load`: where the updater asks for it; its end is reached where the word is set, or is not. */
export type Announcement = { readonly key: string; readonly store: number; readonly load: number; readonly wantsSet: boolean };

/** Doubts are for what is asked of the word in a way that the program does not show. */
export type Announcements = { readonly shown: Announcement | undefined; readonly doubts: readonly string[] };

const none: Announcements = { shown: undefined, doubts: [] };

export function announcementsOf(retirement: Retirement, reader: ReaderUse | undefined, context: RuleContext): Announcements {
  if (reader === undefined) return none;
  const words = announcedBy(reader);
  if (words.size === 0) return none;
  const asked = guardsOf(retirement, words, context);
  const first = asked[0];
  if (first === undefined) return none;
  const store = words.get(first.key) ?? 0;
  const { load, wantsSet } = first;
  // Asked before the object was taken out, or with a call in between that may order: not shown.
  const isPlain = load > retirement.detach && !reader.trace.events.slice(store, reader.obtain).some(({ what }) => what.kind === "opaque");
  const isShown = isPlain && asked.length === 1 && isAlwaysSet(first.key, store, reader, context) && isKnownHere(first.key, context);
  if (isShown && wantsSet !== undefined) return { shown: { key: first.key, store, load, wantsSet }, doubts: [] };
  return { shown: undefined, doubts: [`${retirement.trace.events[first.load]?.function ?? retirement.trace.root}() asks for ${first.key}, which the reader writes before it looks`] };
}

/** Words that a reader writes before it obtains the object: the last store to each. */
export function announcedBy({ trace, obtain }: ReaderUse): ReadonlyMap<string, number> {
  const words = new Map<string, number>();
  trace.events.slice(0, obtain).forEach((event, index) => {
    const key = writtenKey(event);
    if (key !== undefined) words.set(key, index);
  });
  return words;
}

/** How the path to an end was chosen by words that readers write: paths that differ in it are not alike. */
export function guardShape({ trace, end }: Retirement, words: ReadonlySet<string>): string {
  if (words.size === 0) return "";
  return trace.events.slice(0, end).flatMap(({ what, at }, index) => {
    if (what.kind !== "load" || !words.has(what.place.key)) return [];
    const next = branchAfter(trace, index, end)?.what;
    return [`${String(at.start)} ${next?.kind === "branch" ? String(next.taken) : ""}`];
  }).join();
}

type Guard = { readonly key: string; readonly load: number; /** undefined: the branch asks for more than the word. */ readonly wantsSet: boolean | undefined };

function guardsOf({ trace, end }: Retirement, words: ReadonlyMap<string, number>, { facts }: RuleContext): readonly Guard[] {
  return trace.events.slice(0, end).flatMap((event, load): readonly Guard[] => {
    const { what } = event;
    if (what.kind !== "load" || !words.has(what.place.key)) return [];
    return [{ key: what.place.key, load, wantsSet: answerLeadingTo(event, trace.events[end]!, facts) }];
  });
}

const branchAfter = ({ events }: Trace, load: number, end: number): TraceEvent | undefined => events.slice(load + 1, end).find(({ what }) => what.kind === "branch");

function writtenKey({ what }: TraceEvent): string | undefined {
  if ((what.kind !== "store" && what.kind !== "rmw") || what.place.base.origin.kind === "stack" || what.place.base.origin.kind === "allocation") return undefined;
  return usableKey(what.place.key);
}

const sets = ({ what, condition }: TraceEvent): boolean => what.kind === "store" && condition === undefined && what.value.origin.kind === "constant" && what.value.origin.value !== 0;

/** The reader sets the word in the function that looks, whatever it branches on, and nobody in the file writes anything else into it. */
function isAlwaysSet(key: string, store: number, { trace, obtain }: ReaderUse, { walker, roots, facts }: RuleContext): boolean {
  const set = trace.events[store];
  if (set === undefined || set.function !== trace.events[obtain]?.function || !isUnconditional(set, facts)) return false;
  const everyone = [...new Set([...roots, trace.root])].flatMap((root) => walker.tracesOf(root).traces);
  return everyone.every(({ events }) => !events.some((event) => writtenKey(event) === key && !sets(event)));
}

/** A field of a structure that this file defines: nobody else writes it. */
function isKnownHere(key: string, { facts }: RuleContext): boolean {
  const struct = key.slice(0, Math.max(0, key.indexOf(".")));
  return facts.unit.structs.some(({ name }) => name === struct);
}
