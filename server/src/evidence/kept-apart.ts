/** What keeps two sides apart that is not on their paths: what the kernel does around the functions that it calls. */

import { isFromUserSpace, onlyLife, rolesReaching } from "../model/entries.ts";
import { entryLocks } from "../model/entry-contexts.ts";
import type { FileFacts } from "../model/file-facts.ts";
import { isFollowedAlone, storeKey } from "../model/lifetimes.ts";
import type { EventKind, Trace } from "../model/trace.ts";

/** A path, and the indices of the events on it that make the race. */
export type ApartSide = { readonly trace: Trace; readonly steps: readonly number[] };

/** Doubts that the two can run at once; `other` is the counterpart. */
export function keptApart(one: ApartSide, other: ApartSide, facts: FileFacts): readonly string[] {
  const lock = sharedEntryLock(one, other, facts);
  return [...(lock === undefined ? [] : [`both sides are entered with ${lock} held`]), ...toldApart(one, other, facts), ...atItsTime(other, facts)];
}

/** Sides that are followed without their callers; against a device alone it does not matter what those hold. */
export function callersUnseen(traces: readonly Trace[], facts: FileFacts): readonly string[] {
  return [...new Set(traces.map(({ root }) => root))].filter((root) => isFollowedAlone(root, facts)).map((root) => `the calls that come to ${root}() were too much to follow: they may hold a lock or a read-side section`);
}

/** The counterpart is there before the other side can be, or when it is gone. */
function atItsTime({ trace, steps }: ApartSide, facts: FileFacts): readonly string[] {
  const { root } = trace;
  const container = steps.map((at) => containerAt(trace.events[at]?.what)).find((key) => key !== undefined);
  if (onlyLife(root, facts, "setup", container)) return [`${root}() runs at set-up, when the other side may not be there yet`];
  return onlyLife(root, facts, "teardown", container) ? [`${root}() runs at teardown, when the other side may be gone`] : [];
}

function containerAt(what: EventKind | undefined): string | undefined {
  switch (what?.kind) {
    case "walk": case "link": return what.head?.key;
    case "load": case "store": return what.place.key;
    case "lookup": case "insert": case "remove": return storeKey(what.container);
    default: return undefined;
  }
}

/** A lock around one side as a whole, from who calls it in the kernel, that the other side has from there too or holds somewhere: where a part waits, the rest may be ordered by it. */
function sharedEntryLock(one: ApartSide, other: ApartSide, facts: FileFacts): string | undefined {
  const [ours, theirs] = [entryLocks(one.trace.root, facts), entryLocks(other.trace.root, facts)];
  const held = new Set([...ours, ...heldSomewhere(one)]);
  return [...theirs, ...heldSomewhere(other)].find((name) => held.has(name) && (ours.has(name) || theirs.has(name)));
}

/** "global rtnl" is the rtnl of an entry's caller. */
const heldSomewhere = ({ trace, steps }: ApartSide): readonly string[] => steps.flatMap((at) => (trace.events[at]?.locks ?? []).map(({ key }) => key.replace(/^global /, "")));

/** Both are branches of one function that gets the object's key: who calls it knows no key of what is still being added or is gone, unless that is user space. */
function toldApart(one: ApartSide, other: ApartSide, facts: FileFacts): readonly string[] {
  const { root } = one.trace;
  if (root !== other.trace.root || ![one, other].some(looksUp) || rolesReaching(root, facts).some(({ role }) => isFromUserSpace(role))) return [];
  return [`${root}() is told which object is meant: whether it is called for one that it is still adding or removing is not visible here`];
}

const looksUp = ({ trace, steps }: ApartSide): boolean => steps.some((at) => { const what = trace.events[at]?.what; return what?.kind === "lookup" && what.key !== undefined; });
