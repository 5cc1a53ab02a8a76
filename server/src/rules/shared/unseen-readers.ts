/** Readers of a new object that are not in sight: what speaks for them, and what they cannot care about. */

import { structOfObject, usableKey } from "../../model/lifetimes.ts";
import { publishes, runsAlone } from "../../model/protection.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { fieldAt, structNameOf } from "../../model/types.ts";
import type { RuleContext } from "../rule.ts";
import type { Source } from "./obtained.ts";

/** What belongs to updaters, or is set up by calls of its own: lists that an object is put on, counts, locks, timers and work. */
const bookkeeping = /\b(?:h?list(?:_bl|_nulls)?_(?:head|node)|llist_node|rb_node|rhash_head|rcu_head|callback_head|refcount_t|kref|atomic\w*_t|percpu_ref|u64_stats\w*|\w*spinlock_t|rwlock_t|seqcount\w*_t|seqlock_t|mutex|rw_semaphore|completion|wait_queue_head_t|timer_list|hrtimer|(?:delayed_|rcu_)?work(?:_struct)?|lock_class_key|lockdep_map|dentry|proc_dir_entry|kobject)\b/;

/**
 * The update says by its primitive that it is for readers, and both the object and what it is put into belong to structures that
 * other files know: they may look at it as soon as it is there.
 */
export function isShownToOtherFiles(into: Source, publish: TraceEvent, { facts }: RuleContext): boolean {
  const struct = structOfObject(into.object);
  return into.rcu && struct !== undefined && isForeign(struct, facts) && isForeignHolder(publish, facts);
}

const isForeign = (struct: string, facts: RuleContext["facts"]): boolean => facts.structs.find(struct) !== undefined && !facts.unit.structs.some(({ name }) => name === struct);

function isForeignHolder({ what }: TraceEvent, facts: RuleContext["facts"]): boolean {
  const place = what.kind === "link" ? what.head : what.kind === "store" ? what.place : undefined;
  const key = usableKey(place?.key);
  if (place === undefined || key === undefined) return false;
  if (!key.startsWith("global ")) return isForeign(key.slice(0, Math.max(0, key.indexOf("."))), facts);
  const name = /^global (\w+)/.exec(key)?.[1];
  return !facts.unit.globals.some(({ isStatic, declarator }) => isStatic && declarator.name === name);
}

/** A plain store of the function that published the object, which readers elsewhere can only be meant to see. */
export function isMeantForReaders(trace: Trace, publish: number, write: number, object: Sym, { facts }: RuleContext): boolean {
  const [event, shown] = [trace.events[write], trace.events[publish]];
  const what = event?.what;
  if (event === undefined || what?.kind !== "store" || what.access !== "plain" || event.condition !== undefined) return false;
  if (event.function !== shown?.function || event.chain.length !== shown.chain.length || runsAlone(trace.root, facts) !== undefined) return false;
  if (saysNothing(what.value, object) || isBookkeeping(what.place.base, what.place.path, facts)) return false;
  // What is shown to readers once more, in another way, is found there.
  return !trace.events.slice(write + 1).some((later) => isForReaders(later) && publishes(later.what, object));
}

const isForReaders = ({ what }: TraceEvent): boolean => what.kind === "insert" || what.kind === "register" || ((what.kind === "store" || what.kind === "link") && what.rcu);

/** Zero in memory that was zero. */
const saysNothing = ({ origin }: Sym, object: Sym): boolean => object.origin.kind === "allocation" && object.origin.zeroed && (origin.kind === "null" || (origin.kind === "constant" && origin.value === 0));

function isBookkeeping(base: Sym, path: readonly string[], facts: RuleContext["facts"]): boolean {
  return path.some((_, length) => bookkeeping.test(fieldAt(facts.structs, structNameOf(base.type), path.slice(0, length + 1))?.type ?? "")) || fieldAt(facts.structs, structNameOf(base.type), path) === undefined;
}

/** The memory came as it was: until its first store a field holds anything. */
export function isGarbage(trace: Trace, write: number, { id, origin }: Sym): boolean {
  if (origin.kind !== "allocation" || origin.zeroed || origin.memory !== "slab") return false;
  return !trace.events.slice(0, write).some(({ what }) => (what.kind === "allocation" && what.filled && what.object.id === id) || (what.kind === "touch" && what.write && what.pointer.id === id) || (what.kind === "store" && what.place.base.id === id && what.place.path[0] === "*") || (what.kind === "opaque" && what.args.some((arg) => arg.id === id)));
}
