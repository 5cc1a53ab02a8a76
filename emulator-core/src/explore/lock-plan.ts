/*
 * lock.cat (Linux 6.12) as decisions: a critical section is one unit, so a lock costs an order of
 * its sections and nothing else; unlocks and the reads of spin_lock() follow from it. Failed
 * trylocks and spin_is_locked() choose what they read.
 */
import { related } from "../relation/bit-relation.ts";
import { readsInitial, type Candidate } from "./candidate.ts";
import type { EventKind } from "./path.ts";

export type Section = {
  /** LKR, LKW, UL (-1: the lock is never released). */
  readonly read: number;
  readonly write: number;
  readonly unlock: number;
  readonly thread: number;
  readonly word: number;
};

/** A lock read that chooses its source: LF, RL, RU. */
export type LockChoice = { readonly read: number; readonly sources: readonly number[] };

export type LockPlan = {
  /** Sections of each lock, in node order. */
  readonly sectionsByWord: readonly (readonly Section[])[];
  readonly choices: readonly LockChoice[];
  /** Unlocks without a section: `unmatched-unlock`, and no part of co. */
  readonly strayUnlocks: readonly number[];
};

export function isLockKind(kind: EventKind): boolean {
  return kind === "lock-read" || kind === "lock-write" || kind === "unlock" || kind === "lock-fail" || kind === "read-locked" || kind === "read-unlocked";
}

/** undefined: no execution has this path (self-deadlock, two locks never released, nothing to read). */
export function lockPlanOf(candidate: Candidate): LockPlan | undefined {
  const { skeleton, location } = candidate;
  const { profile, shape, relations, nodes } = skeleton;
  const kindOf = (at: number): EventKind => nodes[at]!.event.kind;
  const po = (a: number, b: number): boolean => related(shape, relations.po, a, b);
  const all = nodes.map((_, at) => at).filter((at) => isLockKind(kindOf(at)));
  const of = (kind: EventKind, word: number): readonly number[] => all.filter((at) => kindOf(at) === kind && location[at] === word);
  const sectionsByWord: (readonly Section[])[] = [];
  const choices: LockChoice[] = [];
  const strayUnlocks: number[] = [];
  for (const word of new Set(all.map((at) => location[at]!))) {
    const reads = of("lock-read", word);
    const writes = of("lock-write", word);
    const unlocks = of("unlock", word);
    // Neither releases the lock between a and b.
    const isHeld = (a: number, b: number): boolean => po(a, b) && !unlocks.some((u) => po(a, u) && po(u, b));
    if (writes.some((w) => reads.some((r) => isHeld(w, r)))) return undefined;
    if (profile.forbidsUnlockedInside && writes.some((w) => of("read-unlocked", word).some((r) => isHeld(w, r)))) return undefined;
    const matched = new Set<number>();
    const sections = writes.map((write): Section => {
      const unlock = unlocks.find((u) => po(write, u) && ![...writes, ...unlocks].some((x) => po(write, x) && po(x, u))) ?? -1;
      if (unlock >= 0) matched.add(unlock);
      return { read: write - 1, write, unlock, thread: nodes[write]!.thread, word };
    });
    if (sections.filter((s) => s.unlock < 0).length > 1) return undefined;
    for (const u of unlocks) if (!matched.has(u)) strayUnlocks.push(u);
    if (sections.length > 0) sectionsByWord.push(sections);
    for (const read of [...of("lock-fail", word), ...of("read-locked", word)]) {
      const own = writes.filter((w) => isHeld(w, read));
      const others = writes.filter((w) => nodes[w]!.thread !== nodes[read]!.thread);
      const sources = own.length > 0 ? own : others;
      if (sources.length === 0) return undefined;
      choices.push({ read, sources });
    }
    for (const read of of("read-unlocked", word)) {
      const hiding = profile.unlockedIsHiddenBy === "unlock" ? unlocks : writes;
      const own = unlocks.filter((u) => po(u, read) && !hiding.some((x) => po(u, x) && po(x, read)));
      const others = unlocks.filter((u) => nodes[u]!.thread !== nodes[read]!.thread);
      choices.push({ read, sources: [readsInitial, ...own, ...others] });
    }
  }
  return { sectionsByWord, choices, strayUnlocks };
}
