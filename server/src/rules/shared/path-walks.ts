/**
 * What goes with a super block, an inode or a dentry and is freed at once, while who walks paths under RCU, and holds no
 * reference on any of them, may still read it.
 */

import { touches, usableKey, type ReaderUse } from "../../model/lifetimes.ts";
import { pathWalks, type PathWalk } from "../../model/reader-entries.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import type { RuleContext } from "../rule.ts";
import { placesOn, type Place } from "./sites.ts";

/** `obtain`: where it is read out of what leads to it. `isRead`: the kernel itself reads it in a path walk. */
export type WalkedFree = { readonly object: Sym; readonly obtain: number; readonly isRead: boolean; readonly readers: readonly ReaderUse[] };

/** fs/super.c: deactivate_locked_super(), generic_shutdown_super(); fs/dcache.c: __dentry_kill(); fs/inode.c: evict(). None of them waits. */
const ends: ReadonlySet<string> = new Set(["kill_sb", "put_super", "d_release", "evict_inode", "destroy_inode"]);

/** By the call of the function that ends it: what is freed there. */
export function freedUnderPathWalk({ facts, walker }: RuleContext): readonly (readonly Place<WalkedFree>[])[] {
  const roots = [...new Set(facts.entries.filter(({ role }) => ends.has(role.field)).map(({ function: name }) => name))];
  if (roots.length === 0) return [];
  const walks = pathWalks(facts).flatMap((walk) => walker.tracesOf(walk.function).traces.map((trace) => ({ trace, end: endOf(trace, walk) })));
  const bySite = new Map<string, Place<WalkedFree>[]>();
  for (const place of placesOn({ walker, roots }, (trace, event, index) => freedAt(trace, event, index))) {
    const { object, key, obtain } = place.what;
    const readers = new Map(walks.flatMap(({ trace, end }) => readerAt(trace, end, key)).map((one) => [one.trace.root, one]));
    const site = `${place.trace.root} ${String((place.event.chain[0] ?? place.event).at.start)}`;
    // fs/namei.c: pick_link() of a fast symlink.
    bySite.set(site, [...(bySite.get(site) ?? []), { ...place, what: { object, obtain, isRead: key === "inode.i_link", readers: [...readers.values()] } }]);
  }
  return [...bySite.values()];
}

/** It was found from what the root was given, is still to be found there, and nobody was waited for. */
function freedAt({ root, events }: Trace, { what, chain }: TraceEvent, index: number): { readonly object: Sym; readonly key: string; readonly obtain: number } | undefined {
  if (what.kind !== "free" || chain.some(({ lastReference }) => lastReference)) return undefined;
  const { object } = what;
  const key = object.origin.kind === "load" ? usableKey(object.origin.place.key) : undefined;
  const obtain = events.findIndex(({ what: one }) => one.kind === "load" && one.value.id === object.id);
  if (key === undefined || obtain < 0 || !isGivenTo(root, object)) return undefined;
  return events.slice(0, index).some(({ what: one }) => one.kind === "wait" || (one.kind === "store" && one.place.key === key)) ? undefined : { object, key, obtain };
}

function isGivenTo(root: string, { origin }: Sym): boolean {
  if (origin.kind === "load") return isGivenTo(root, origin.place.base);
  return origin.kind === "container" ? isGivenTo(root, origin.of) : origin.kind === "parameter" && origin.function === root;
}

/** The first event at which the path has seen, or may have seen, that the walk is none under RCU. */
function endOf({ events }: Trace, { asks, isNull }: PathWalk): number {
  if (asks === undefined) return events.length;
  const end = events.findIndex(({ what, condition = "" }) => asks.test(condition) || (what.kind === "branch" && asks.test(what.text) && (/&&|\|\||=/.test(what.text) || (what.text.startsWith("!") === what.taken) !== isNull)));
  return end < 0 ? events.length : end;
}

function readerAt(trace: Trace, end: number, key: string): readonly ReaderUse[] {
  const events = trace.events.slice(0, end);
  const obtain = events.findIndex(({ what }) => what.kind === "load" && what.place.key === key);
  const what = events[obtain]?.what;
  if (what?.kind !== "load") return [];
  const accesses = events.flatMap((event, index) => (index > obtain && touches(event.what, what.value) ? [index] : []));
  return accesses.length === 0 ? [] : [{ trace, object: what.value, obtain, accesses, section: events[obtain]?.readers[0], callersUnknown: false }];
}
