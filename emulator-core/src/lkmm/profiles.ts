/*
 * What differs between the releases of tools/memory-model that we answer for, as data. Each field
 * names the lines of linux-kernel.bell, linux-kernel.cat, lock.cat or linux-kernel.def it stands for.
 */

export type ModelProfile = {
  readonly release: "6.12" | "6.1";
  /**
   * .def, .bell `srcu-rscs`. `accesses`: srcu_read_lock() and srcu_read_unlock() read and write the domain,
   * and a section follows the index by data. `fences`: events of their own, matched like parentheses per domain;
   * the index is a number that the lock makes up.
   */
  readonly srcu: "accesses" | "fences";
  /** .bell `carry-dep`: dependencies pass through stores that the same thread reads back. */
  readonly carriesDependencies: boolean;
  /** .cat `rmw-sequence` behind cumul-fence and w-post-bounded. */
  readonly hasRmwSequence: boolean;
  /** .cat `to-r`: addr to reads only. Else addr to every event, SRCU events included. */
  readonly addrReachesReadsOnly: boolean;
  /**
   * .cat `mb` and `ppo`. `handover`: smp_mb__after_unlock_lock() orders what is before the unlock that its
   * lock read, and ppo has the fences of one thread. `coherence`: before any unlock that is co-before its lock,
   * and ppo has these fences across threads too.
   */
  readonly afterUnlockLock: "handover" | "coherence";
  /** lock.cat `all-possible-rf-ru`: what between a po-earlier unlock and spin_is_locked() hides the unlock. */
  readonly unlockedIsHiddenBy: "unlock" | "lock-write";
  /** lock.cat `nested-is-locked`. Without it coherence says the same. */
  readonly forbidsUnlockedInside: boolean;
  /** lock.cat `ALL-LOCKS`: SRCU domains count as locks for mixed-lock-accesses and lock-final. */
  readonly countsSrcuAsLock: boolean;
  /** .bell `flag ~empty`. */
  readonly flagNames: {
    readonly rcuLock: string;
    readonly rcuUnlock: string;
    readonly srcuLock: string;
    readonly srcuUnlock: string;
    readonly srcuValue: string;
  };
  /** Macros of our table that its linux-kernel.def lacks. */
  readonly missingMacros: ReadonlySet<string>;
};

export const linux612: ModelProfile = {
  release: "6.12",
  srcu: "accesses",
  carriesDependencies: true,
  hasRmwSequence: true,
  addrReachesReadsOnly: true,
  afterUnlockLock: "handover",
  unlockedIsHiddenBy: "unlock",
  forbidsUnlockedInside: true,
  countsSrcuAsLock: true,
  flagNames: {
    rcuLock: "unmatched-rcu-lock",
    rcuUnlock: "unmatched-rcu-unlock",
    srcuLock: "unmatched-srcu-lock",
    srcuUnlock: "unmatched-srcu-unlock",
    srcuValue: "srcu-bad-value-match",
  },
  missingMacros: new Set(),
};

export const linux61: ModelProfile = {
  release: "6.1",
  srcu: "fences",
  carriesDependencies: false,
  hasRmwSequence: false,
  addrReachesReadsOnly: false,
  afterUnlockLock: "coherence",
  unlockedIsHiddenBy: "lock-write",
  forbidsUnlockedInside: false,
  countsSrcuAsLock: false,
  flagNames: {
    rcuLock: "unbalanced-rcu-locking",
    rcuUnlock: "unbalanced-rcu-locking",
    srcuLock: "unbalanced-srcu-locking",
    srcuUnlock: "unbalanced-srcu-locking",
    srcuValue: "srcu-bad-nesting",
  },
  missingMacros: new Set(["smp_mb__after_srcu_read_unlock", "srcu_down_read", "srcu_up_read"]),
};
