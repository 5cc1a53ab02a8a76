import type { DetailEffect } from "./detail-schema.ts";
import type { ApiRow, CoreEffect, HeaderRows, LockClass, OffKind } from "./schema.ts";

type Conditional = "zero" | "nonzero";

const lock = (names: readonly string[], lockClass: LockClass, conditional?: Conditional, off?: OffKind, at = 0): ApiRow => ({
  names,
  effects: [{ kind: "lock", lock: at, class: lockClass, ...(conditional === undefined ? {} : { conditional }), ...(off === undefined ? {} : { off }) }],
});
const sleepingLock = (names: readonly string[], lockClass: LockClass, conditional?: Conditional): ApiRow => ({ ...lock(names, lockClass, conditional), maySleep: true });
const unlock = (names: readonly string[], lockClass: LockClass, at = 0): ApiRow => ({ names, effects: [{ kind: "unlock", lock: at, class: lockClass }] });
const off = (names: readonly string[], what: OffKind): ApiRow => ({ names, effects: [{ kind: "reader-enter", flavour: "rcu", implicit: true, off: what }] });
const on = (names: readonly string[]): ApiRow => ({ names, effects: [{ kind: "reader-leave", flavour: "rcu", implicit: true }] });

/** spin_lock(), spin_lock_bh(), spin_lock_irq(), spin_lock_irqsave(): one lock, and what is off while it is held. */
const spinning = (stems: readonly string[], lockClass: LockClass, conditional?: Conditional): readonly ApiRow[] => [
  lock(stems, lockClass, conditional),
  lock(stems.map((stem) => `${stem}_bh`), lockClass, conditional, "bh"),
  lock(stems.flatMap((stem) => [`${stem}_irq`, `${stem}_irqsave`]), lockClass, conditional, "irq"),
];
const unlocking = (stem: string, lockClass: LockClass): ApiRow => unlock([stem, `${stem}_bh`, `${stem}_irq`, `${stem}_irqrestore`], lockClass);

export const spinlock: HeaderRows = {
  header: "include/linux/spinlock.h",
  rows: [
    ...spinning(["spin_lock", "raw_spin_lock"], "spin"),
    lock(["spin_lock_nested", "raw_spin_lock_nested", "spin_lock_nest_lock", "raw_spin_lock_nest_lock"], "spin"),
    lock(["spin_lock_irqsave_nested", "raw_spin_lock_irqsave_nested"], "spin", undefined, "irq"),
    ...spinning(["spin_trylock"], "spin", "nonzero"),
    lock(["raw_spin_trylock"], "spin", "nonzero"),
    lock(["raw_spin_trylock_bh"], "spin", "nonzero", "bh"),
    lock(["raw_spin_trylock_irq", "raw_spin_trylock_irqsave"], "spin", "nonzero", "irq"),
    unlocking("spin_unlock", "spin"),
    unlocking("raw_spin_unlock", "spin"),
    { names: ["spin_lock_init", "raw_spin_lock_init", "spin_is_locked"], effects: [] },
    { names: ["assert_spin_locked"], effects: [{ kind: "assert-held", lock: 0, class: "spin" }] },
  ],
};

export const rwlock: HeaderRows = {
  header: "include/linux/rwlock.h",
  rows: [
    ...spinning(["read_lock"], "read"),
    ...spinning(["write_lock"], "write"),
    lock(["read_trylock"], "read", "nonzero"),
    lock(["write_trylock"], "write", "nonzero"),
    lock(["write_trylock_irqsave"], "write", "nonzero", "irq"),
    unlocking("read_unlock", "read"),
    unlocking("write_unlock", "write"),
    { names: ["rwlock_init"], effects: [] },
  ],
};

export const lockdep: HeaderRows = {
  header: "include/linux/lockdep.h",
  rows: [
    { names: ["lockdep_assert_held", "lockdep_assert_held_once"], effects: [{ kind: "assert-held", lock: 0, class: "held" }] },
    { names: ["lockdep_assert_held_write"], effects: [{ kind: "assert-held", lock: 0, class: "write" }] },
    { names: ["lockdep_assert_held_read"], effects: [{ kind: "assert-held", lock: 0, class: "read" }] },
    { names: ["lockdep_is_held", "lockdep_is_held_type", "lockdep_assert", "lockdep_assert_once", "lockdep_assert_irqs_disabled", "lockdep_assert_preemption_disabled", "lockdep_assert_in_softirq"], effects: [], asserts: true },
    { names: ["lockdep_assert_not_held", "lockdep_set_class", "lockdep_init_map", "lockdep_register_key", "lockdep_unregister_key"], effects: [] },
  ],
};

/** Off is off for this CPU only; sections because of it are RCU readers since 4.20. */
export const preemption: HeaderRows = {
  header: "include/linux/preempt.h",
  rows: [
    off(["preempt_disable", "preempt_disable_notrace"], "preempt"),
    on(["preempt_enable", "preempt_enable_notrace", "preempt_enable_no_resched"]),
    { names: ["in_atomic", "in_interrupt", "in_task", "in_softirq", "in_serving_softirq", "in_irq", "in_hardirq", "in_nmi", "preemptible", "preempt_count"], effects: [], asks: "context" },
  ],
};

export const interruptsOff: HeaderRows = {
  header: "include/linux/irqflags.h",
  rows: [off(["local_irq_disable", "local_irq_save"], "irq"), on(["local_irq_enable", "local_irq_restore"]), { names: ["irqs_disabled"], effects: [], asks: "context" }],
};

export const softirqsOff: HeaderRows = {
  header: "include/linux/bottom_half.h",
  rows: [off(["local_bh_disable"], "bh"), on(["local_bh_enable"])],
};

/** The lock is one bit of a word: the word stands for it. */
export const bitLocks: HeaderRows = {
  header: "include/linux/bit_spinlock.h",
  rows: [
    lock(["bit_spin_lock"], "spin", undefined, undefined, 1),
    lock(["bit_spin_trylock"], "spin", "nonzero", undefined, 1),
    unlock(["bit_spin_unlock", "__bit_spin_unlock"], "spin", 1),
  ],
};

export const mutex: HeaderRows = {
  header: "include/linux/mutex.h",
  rows: [
    sleepingLock(["mutex_lock", "mutex_lock_nested", "mutex_lock_nest_lock", "mutex_lock_io"], "mutex"),
    lock(["mutex_trylock"], "mutex", "nonzero"),
    sleepingLock(["mutex_lock_interruptible", "mutex_lock_killable", "mutex_lock_interruptible_nested", "mutex_lock_killable_nested"], "mutex", "zero"),
    unlock(["mutex_unlock"], "mutex"),
    { names: ["mutex_init", "mutex_is_locked"], effects: [] },
    { names: ["mutex_destroy"], effects: [{ kind: "touch", pointer: 0, write: true, debug: "CONFIG_DEBUG_MUTEXES" }] },
  ],
};

export const semaphores: HeaderRows = {
  header: "include/linux/rwsem.h",
  rows: [
    lock(["down_write_trylock"], "mutex", "nonzero"),
    sleepingLock(["down_read", "down_read_nested"], "read"),
    sleepingLock(["down_read_killable", "down_read_interruptible"], "read", "zero"),
    lock(["down_read_trylock"], "read", "nonzero"),
    unlock(["up_read"], "read"),
    sleepingLock(["down_write", "down_write_nested"], "write"),
    sleepingLock(["down_write_killable"], "write", "zero"),
    unlock(["up_write"], "write"),
    { names: ["downgrade_write", "init_rwsem"], effects: [] },
  ],
};

export const countingSemaphore: HeaderRows = {
  header: "include/linux/semaphore.h",
  rows: [
    sleepingLock(["down"], "mutex"),
    sleepingLock(["down_interruptible", "down_killable", "down_timeout"], "mutex", "zero"),
    lock(["down_trylock"], "mutex", "zero"),
    unlock(["up"], "mutex"),
    { names: ["sema_init"], effects: [] },
  ],
};

export const percpuRwsem: HeaderRows = {
  header: "include/linux/percpu-rwsem.h",
  rows: [
    sleepingLock(["percpu_down_read"], "read"),
    unlock(["percpu_up_read"], "read"),
    sleepingLock(["percpu_down_write"], "write"),
    unlock(["percpu_up_write"], "write"),
  ],
};

/** The lock of a structure, named by the structure. */
export const ofStructures: HeaderRows = {
  header: "include/linux/fs.h",
  rows: [
    sleepingLock(["inode_lock"], "mutex"),
    lock(["inode_trylock"], "mutex", "nonzero"),
    unlock(["inode_unlock"], "mutex"),
    sleepingLock(["inode_lock_shared"], "read"),
    unlock(["inode_unlock_shared"], "read"),
  ],
};

export const deviceLock: HeaderRows = {
  header: "include/linux/device.h",
  rows: [sleepingLock(["device_lock"], "mutex"), lock(["device_trylock"], "mutex", "nonzero"), sleepingLock(["device_lock_interruptible"], "mutex", "zero"), unlock(["device_unlock"], "mutex")],
};

export const sockLock: HeaderRows = {
  header: "include/net/sock.h",
  rows: [
    sleepingLock(["lock_sock", "lock_sock_nested"], "mutex"),
    lock(["bh_lock_sock", "bh_lock_sock_nested"], "spin"),
    unlock(["release_sock"], "mutex"),
    unlock(["bh_unlock_sock"], "spin"),
  ],
};

export const netTxLock: HeaderRows = {
  header: "include/linux/netdevice.h",
  rows: [
    lock(["netif_tx_lock_bh", "netif_addr_lock_bh"], "spin", undefined, "bh"),
    lock(["netif_tx_lock", "netif_addr_lock"], "spin"),
    unlock(["netif_tx_unlock", "netif_addr_unlock", "netif_tx_unlock_bh", "netif_addr_unlock_bh"], "spin"),
  ],
};

const writes = (does: "write-begin" | "write-end"): DetailEffect => ({ kind: "seq", does, subject: 0 });
const withSeq = (row: ApiRow, does: "write-begin" | "write-end"): ApiRow => ({ ...row, effects: does === "write-begin" ? [...row.effects, writes(does)] : [writes(does), ...row.effects] });

/** A seqlock's writer holds its spinlock. */
export const seqlockWriters: HeaderRows = {
  header: "include/linux/seqlock.h",
  rows: [
    ...spinning(["write_seqlock"], "spin").map((row) => withSeq(row, "write-begin")),
    withSeq(unlocking("write_sequnlock", "spin"), "write-end"),
    ...spinning(["read_seqlock_excl"], "spin"),
    unlocking("read_sequnlock_excl", "spin"),
  ],
};

const rtnlEffect = (kind: "global-lock" | "global-unlock", conditional?: Conditional): CoreEffect =>
  kind === "global-lock" ? { kind, name: "rtnl", class: "mutex", ...(conditional === undefined ? {} : { conditional }) } : { kind, name: "rtnl", class: "mutex" };

export const rtnl: HeaderRows = {
  header: "include/linux/rtnetlink.h",
  rows: [
    { names: ["rtnl_lock"], effects: [rtnlEffect("global-lock")], maySleep: true },
    { names: ["rtnl_lock_killable"], effects: [rtnlEffect("global-lock", "zero")], maySleep: true },
    { names: ["rtnl_trylock"], effects: [rtnlEffect("global-lock", "nonzero")] },
    { names: ["rtnl_unlock"], effects: [rtnlEffect("global-unlock")], maySleep: true },
    { names: ["ASSERT_RTNL", "rtnl_is_locked", "lockdep_rtnl_is_held"], effects: [{ kind: "assert-global-held", name: "rtnl" }] },
  ],
};
