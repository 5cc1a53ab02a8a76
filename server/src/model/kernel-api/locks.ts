import type { ApiRow, HeaderRows, LockClass, OffKind } from "./schema.ts";

const lock = (names: readonly string[], lockClass: LockClass, conditional?: "zero" | "nonzero"): ApiRow => ({
  names,
  effects: [conditional === undefined ? { kind: "lock", lock: 0, class: lockClass } : { kind: "lock", lock: 0, class: lockClass, conditional }],
});
const sleepingLock = (names: readonly string[], lockClass: LockClass, conditional?: "zero" | "nonzero"): ApiRow => ({ ...lock(names, lockClass, conditional), maySleep: true });
const unlock = (names: readonly string[], lockClass: LockClass): ApiRow => ({ names, effects: [{ kind: "unlock", lock: 0, class: lockClass }] });

/** The suffix of a spinning lock says what else is off under it; preemption always is. */
const offOf = (name: string): OffKind => (/_irq(save)?(_nested)?$/.test(name) ? "irq" : name.endsWith("_bh") ? "bh" : "preempt");
const spinning = (names: readonly string[], lockClass: LockClass, conditional?: "zero" | "nonzero"): readonly ApiRow[] =>
  (["preempt", "bh", "irq"] as const).flatMap((off) => {
    const same = names.filter((name) => offOf(name) === off);
    return same.length === 0 ? [] : [{ names: same, effects: [{ kind: "lock", lock: 0, class: lockClass, off, ...(conditional === undefined ? {} : { conditional }) }] }];
  });
const off = (names: readonly string[], kind: OffKind): ApiRow => ({ names, effects: [{ kind: "reader-enter", flavour: "rcu", implicit: true, off: kind }] });

export const spinlock: HeaderRows = {
  header: "include/linux/spinlock.h",
  rows: [
    ...spinning(["spin_lock", "spin_lock_irq", "spin_lock_bh", "spin_lock_irqsave", "spin_lock_nested", "spin_lock_irqsave_nested", "raw_spin_lock", "raw_spin_lock_irq", "raw_spin_lock_irqsave", "raw_spin_lock_bh", "raw_spin_lock_nested"], "spin"),
    ...spinning(["spin_trylock", "spin_trylock_irqsave", "spin_trylock_bh", "raw_spin_trylock", "raw_spin_trylock_irqsave"], "spin", "nonzero"),
    unlock(["spin_unlock", "spin_unlock_irq", "spin_unlock_bh", "spin_unlock_irqrestore", "raw_spin_unlock", "raw_spin_unlock_irq", "raw_spin_unlock_irqrestore", "raw_spin_unlock_bh"], "spin"),
    ...spinning(["read_lock", "read_lock_irq", "read_lock_irqsave", "read_lock_bh"], "read"),
    unlock(["read_unlock", "read_unlock_irq", "read_unlock_irqrestore", "read_unlock_bh"], "read"),
    ...spinning(["write_lock", "write_lock_irq", "write_lock_irqsave", "write_lock_bh"], "write"),
    unlock(["write_unlock", "write_unlock_irq", "write_unlock_irqrestore", "write_unlock_bh"], "write"),
    { names: ["spin_lock_init", "raw_spin_lock_init", "rwlock_init", "spin_is_locked"], effects: [] },
    { names: ["lockdep_assert_held", "lockdep_assert_held_once"], effects: [{ kind: "assert-held", lock: 0, class: "held" }] },
    { names: ["lockdep_assert_held_write"], effects: [{ kind: "assert-held", lock: 0, class: "write" }] },
    { names: ["lockdep_assert_held_read"], effects: [{ kind: "assert-held", lock: 0, class: "read" }] },
    { names: ["assert_spin_locked"], effects: [{ kind: "assert-held", lock: 0, class: "spin" }] },
    { names: ["lockdep_is_held", "lockdep_is_held_type", "lockdep_assert_not_held", "lockdep_assert", "lockdep_set_class", "lockdep_init_map", "lockdep_register_key", "lockdep_unregister_key"], effects: [] },
    off(["preempt_disable", "preempt_disable_notrace"], "preempt"),
    off(["local_irq_disable", "local_irq_save"], "irq"),
    off(["local_bh_disable"], "bh"),
    { names: ["preempt_enable", "preempt_enable_notrace", "preempt_enable_no_resched", "local_irq_enable", "local_irq_restore", "local_bh_enable"], effects: [{ kind: "reader-leave", flavour: "rcu", implicit: true }] },
  ],
};

export const mutex: HeaderRows = {
  header: "include/linux/mutex.h",
  rows: [
    sleepingLock(["mutex_lock", "mutex_lock_nested", "mutex_lock_io"], "mutex"),
    lock(["mutex_trylock", "down_write_trylock"], "mutex", "nonzero"),
    sleepingLock(["mutex_lock_interruptible", "mutex_lock_killable"], "mutex", "zero"),
    unlock(["mutex_unlock"], "mutex"),
    sleepingLock(["down_read", "down_read_nested", "percpu_down_read", "inode_lock_shared"], "read"),
    sleepingLock(["down_read_killable", "down_read_interruptible"], "read", "zero"),
    lock(["down_read_trylock"], "read", "nonzero"),
    unlock(["up_read", "percpu_up_read", "inode_unlock_shared"], "read"),
    sleepingLock(["down_write", "down_write_nested", "percpu_down_write"], "write"),
    sleepingLock(["down_write_killable"], "write", "zero"),
    unlock(["up_write", "percpu_up_write"], "write"),
    sleepingLock(["inode_lock", "device_lock", "lock_sock", "lock_sock_nested", "down"], "mutex"),
    ...spinning(["bh_lock_sock", "write_seqlock", "write_seqlock_bh", "write_seqlock_irq", "read_seqlock_excl", "netif_tx_lock_bh", "netif_addr_lock_bh"], "mutex"),
    sleepingLock(["down_interruptible", "down_killable"], "mutex", "zero"),
    lock(["inode_trylock", "device_trylock"], "mutex", "nonzero"),
    unlock(["inode_unlock", "device_unlock", "release_sock", "bh_unlock_sock", "up", "write_sequnlock", "write_sequnlock_bh", "write_sequnlock_irq", "read_sequnlock_excl", "netif_tx_unlock_bh", "netif_addr_unlock_bh"], "mutex"),
    { names: ["downgrade_write", "mutex_init", "mutex_destroy", "init_rwsem", "mutex_is_locked", "sema_init"], effects: [] },
    { names: ["rtnl_lock"], effects: [{ kind: "global-lock", name: "rtnl", class: "mutex" }], maySleep: true },
    { names: ["rtnl_lock_killable"], effects: [{ kind: "global-lock", name: "rtnl", class: "mutex", conditional: "zero" }], maySleep: true },
    { names: ["rtnl_trylock"], effects: [{ kind: "global-lock", name: "rtnl", class: "mutex", conditional: "nonzero" }] },
    { names: ["rtnl_unlock"], effects: [{ kind: "global-unlock", name: "rtnl", class: "mutex" }], maySleep: true },
    { names: ["ASSERT_RTNL", "rtnl_is_locked", "lockdep_rtnl_is_held"], effects: [{ kind: "assert-global-held", name: "rtnl" }] },
  ],
};
