/** What hangs off a super block and is freed while that is shut down: who walks paths under RCU holds no reference on it. */

import { readersOf, usableKey, type ReaderUse } from "../../model/lifetimes.ts";
import { readerEntries } from "../../model/reader-entries.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import type { RuleContext } from "../rule.ts";
import { placesOn, type Place } from "./sites.ts";

/** `obtain`: where it is read out of what leads to it. `readers`: those that a path walk calls. */
export type WalkedFree = { readonly object: Sym; readonly obtain: number; readonly readers: readonly ReaderUse[] };

/** By the call of the function that shuts down: what is freed there. */
export function freedUnderPathWalk({ facts, walker }: RuleContext): readonly (readonly Place<WalkedFree>[])[] {
  // fs/super.c: deactivate_locked_super(), generic_shutdown_super().
  const roots = new Set(facts.entries.filter(({ role: { field } }) => field === "kill_sb" || field === "put_super").map(({ function: name }) => name));
  if (roots.size === 0) return [];
  const walks = [...readerEntries(facts)].flatMap(([name, entry]) => (entry.name.startsWith("dentry_operations.") ? [name] : []));
  const bySite = new Map<string, Place<WalkedFree>[]>();
  for (const place of placesOn({ walker, roots: [...roots] }, (trace, event, index) => freedAt(trace, event, index))) {
    const { object, key, obtain } = place.what;
    const readers = readersOf({ kind: "pointer", key }, walks, facts, walker).filter(({ trace: { root } }) => walks.includes(root));
    const site = `${place.trace.root} ${String((place.event.chain[0] ?? place.event).at.start)}`;
    bySite.set(site, [...(bySite.get(site) ?? []), { ...place, what: { object, obtain, readers } }]);
  }
  return [...bySite.values()];
}

function freedAt({ events }: Trace, { what, chain }: TraceEvent, index: number): { readonly object: Sym; readonly key: string; readonly obtain: number } | undefined {
  if (what.kind !== "free" || chain.some(({ lastReference }) => lastReference) || events.slice(0, index).some(({ what: one }) => one.kind === "wait")) return undefined;
  const { object } = what;
  const key = object.origin.kind === "load" ? usableKey(object.origin.place.key) : undefined;
  const obtain = events.findIndex(({ what: one }) => one.kind === "load" && one.value.id === object.id);
  return key === undefined || obtain < 0 || !hangsOffSuperBlock(object) ? undefined : { object, key, obtain };
}

function hangsOffSuperBlock({ origin }: Sym): boolean {
  return origin.kind === "load" && (origin.place.key === "super_block.s_fs_info" || hangsOffSuperBlock(origin.place.base));
}
