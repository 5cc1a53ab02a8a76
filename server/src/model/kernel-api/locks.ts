import type { ApiRow, HeaderRows, LockClass } from "./schema.ts";

const lock = (names: readonly string[], lockClass: LockClass, conditional = false): ApiRow => ({
  names,
  effects: [conditional ? { kind: "lock", lock: 0, class: lockClass, conditional } : { kind: "lock", lock: 0, class: lockClass }],
});
const unlock = (names: readonly string[], lockClass: LockClass): ApiRow => ({ names, effects: [{ kind: "unlock", lock: 0, class: lockClass }] });

export const spinlock: HeaderRows = {
  header: "include/linux/spinlock.h",
  rows: [
    lock(["spin_lock", "spin_lock_irq", "spin_lock_bh", "spin_lock_irqsave", "spin_lock_nested", "spin_lock_irqsave_nested", "raw_spin_lock", "raw_spin_lock_irq", "raw_spin_lock_irqsave", "raw_spin_lock_bh", "raw_spin_lock_nested"], "spin"),
    lock(["spin_trylock", "spin_trylock_irqsave", "spin_trylock_bh", "raw_spin_trylock", "raw_spin_trylock_irqsave"], "spin", true),
    unlock(["spin_unlock", "spin_unlock_irq", "spin_unlock_bh", "spin_unlock_irqrestore", "raw_spin_unlock", "raw_spin_unlock_irq", "raw_spin_unlock_irqrestore", "raw_spin_unlock_bh"], "spin"),
    lock(["read_lock", "read_lock_irq", "read_lock_irqsave", "read_lock_bh"], "read"),
    unlock(["read_unlock", "read_unlock_irq", "read_unlock_irqrestore", "read_unlock_bh"], "read"),
    lock(["write_lock", "write_lock_irq", "write_lock_irqsave", "write_lock_bh"], "write"),
    unlock(["write_unlock", "write_unlock_irq", "write_unlock_irqrestore", "write_unlock_bh"], "write"),
    { names: ["spin_lock_init", "raw_spin_lock_init", "rwlock_init", "spin_is_locked"], effects: [] },
    { names: ["lockdep_assert_held", "lockdep_assert_held_write", "lockdep_assert_held_read", "lockdep_assert_held_once", "assert_spin_locked"], effects: [{ kind: "assert-held", lock: 0 }] },
    { names: ["lockdep_is_held", "lockdep_is_held_type", "lockdep_assert_not_held", "lockdep_assert", "lockdep_set_class", "lockdep_init_map", "lockdep_register_key", "lockdep_unregister_key"], effects: [] },
    { names: ["preempt_disable", "preempt_disable_notrace", "local_irq_disable", "local_irq_save", "local_bh_disable"], effects: [{ kind: "reader-enter", flavour: "rcu", implicit: true }] },
    { names: ["preempt_enable", "preempt_enable_notrace", "preempt_enable_no_resched", "local_irq_enable", "local_irq_restore", "local_bh_enable"], effects: [{ kind: "reader-leave", flavour: "rcu", implicit: true }] },
  ],
};

export const mutex: HeaderRows = {
  header: "include/linux/mutex.h",
  rows: [
    lock(["mutex_lock", "mutex_lock_nested", "mutex_lock_io"], "mutex"),
    lock(["mutex_trylock"], "mutex", true),
    { names: ["mutex_lock_interruptible", "mutex_lock_killable"], effects: [{ kind: "lock", lock: 0, class: "mutex" }], maySleep: true },
    unlock(["mutex_unlock"], "mutex"),
    lock(["down_read", "down_read_killable", "down_read_interruptible"], "read"),
    unlock(["up_read"], "read"),
    lock(["down_write", "down_write_killable", "down_write_nested"], "write"),
    unlock(["up_write"], "write"),
    { names: ["downgrade_write", "mutex_init", "mutex_destroy", "init_rwsem", "mutex_is_locked", "down", "up", "sema_init"], effects: [] },
    { names: ["rtnl_lock", "rtnl_lock_killable"], effects: [{ kind: "global-lock", name: "rtnl", class: "mutex" }], maySleep: true },
    { names: ["rtnl_unlock"], effects: [{ kind: "global-unlock", name: "rtnl", class: "mutex" }], maySleep: true },
    { names: ["ASSERT_RTNL", "rtnl_is_locked", "lockdep_rtnl_is_held"], effects: [{ kind: "assert-global-held", name: "rtnl" }] },
  ],
};
