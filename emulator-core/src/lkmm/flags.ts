/*
 * The `flag` lines of linux-kernel.bell, linux-kernel.cat and lock.cat: warnings about the test,
 * raised by allowed executions only.
 */
import { contains, emptyRelation, intersected, isEmpty, related, relate, restricted, united, without, type BitRelation } from "../relation/bit-relation.ts";
import { hasDataRace, type PlainRelations } from "./plain-relations.ts";
import { srcuSections } from "./rcu-order.ts";
import { isSrcuKind } from "./thread-relations.ts";
import type { LkmmRelations } from "./relations.ts";

/** Adds the flags of one allowed, complete execution to `flags`. */
export function addFlags(r: LkmmRelations, plain: PlainRelations | undefined, observedWords: ReadonlySet<number>, flags: Set<string>): void {
  for (const flag of r.skeleton.flags) flags.add(flag);
  if (plain !== undefined) {
    if (!flags.has("data-race") && hasDataRace(r, plain)) flags.add("data-race");
    if (!flags.has("mixed-accesses") && hasMixedAccesses(r)) flags.add("mixed-accesses");
  }
  if (r.skeleton.hasSrcu) addSrcuFlags(r, flags);
  if (r.skeleton.hasLocks || r.skeleton.hasSrcu) addLockFlags(r, observedWords, flags);
}

/** rf of the candidate, whether its relations are derived or not. */
function readsFrom(r: LkmmRelations): BitRelation {
  const { shape } = r.skeleton;
  const rf = emptyRelation(shape);
  r.candidate.rf.forEach((write, read) => {
    if (write >= 0) relate(shape, rf, write, read);
  });
  return rf;
}

/** ([Plain & W] ; (po-loc \ barrier) ; [Marked]) | ([Marked] ; (po-loc \ barrier) ; [Plain & W]) */
function hasMixedAccesses(r: LkmmRelations): boolean {
  const { shape, relations, sets } = r.skeleton;
  const { location } = r.candidate;
  const poLoc = emptyRelation(shape);
  for (let a = 0; a < shape.size; a++)
    for (let b = 0; b < shape.size; b++)
      if (location[a]! >= 0 && location[a] === location[b] && related(shape, relations.po, a, b)) relate(shape, poLoc, a, b);
  const free = without(poLoc, relations.barrier);
  const plainWrites = sets.plain.map((word, k) => word & sets.W[k]!);
  const mixed = united(restricted(shape, free, plainWrites, sets.marked), restricted(shape, free, sets.marked, plainWrites));
  return !isEmpty(intersected(mixed, poLoc));
}

function addSrcuFlags(r: LkmmRelations, flags: Set<string>): void {
  const { nodes, profile } = r.skeleton;
  const names = profile.flagNames;
  const sections = srcuSections(r.skeleton, readsFrom(r), r.candidate.location);
  const locks = new Set<number>();
  const unlocks = new Set<number>();
  for (const [lock, unlock] of sections) {
    if (locks.has(lock) || unlocks.has(unlock)) flags.add("multiple-srcu-matches");
    locks.add(lock);
    unlocks.add(unlock);
  }
  nodes.forEach(({ event }, at) => {
    if (event.tag === "srcu-lock" && !locks.has(at)) flags.add(names.srcuLock);
    if (event.tag === "srcu-unlock" && !unlocks.has(at)) flags.add(names.srcuUnlock);
  });
  for (const [lock, unlock] of sections) {
    const index = nodes[lock]!.event.kind === "srcu-lock" ? r.candidate.values[eventIndex(r, lock)] : r.candidate.writtenValue(lock);
    if (index !== r.candidate.writtenValue(unlock)) flags.add(names.srcuValue);
  }
}

function eventIndex(r: LkmmRelations, node: number): number {
  const { thread, local } = r.skeleton.nodes[node]!;
  return r.skeleton.eventBase[thread]! + local;
}

/** mixed-lock-accesses, unmatched-unlock, lock-final of lock.cat; pairs are never broken here. */
function addLockFlags(r: LkmmRelations, observedWords: ReadonlySet<number>, flags: Set<string>): void {
  const { nodes, sets, profile } = r.skeleton;
  const { location } = r.candidate;
  const guarded = new Set<number>();
  nodes.forEach(({ event }, at) => {
    if (isSrcuKind(event.kind) && !profile.countsSrcuAsLock) return;
    if (event.kind !== "read" && event.kind !== "write" && location[at]! >= 0) guarded.add(location[at]!);
  });
  if (guarded.size === 0) return;
  nodes.forEach(({ event }, at) => {
    if ((event.kind === "read" || event.kind === "write") && contains(sets.M, at) && guarded.has(location[at]!)) flags.add("mixed-lock-accesses");
    if (event.kind === "unlock" && !r.candidate.isMatchedUnlock(at)) flags.add("unmatched-unlock");
  });
  for (const word of observedWords) if (guarded.has(word)) flags.add("lock-final");
}
