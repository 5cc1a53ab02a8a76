import type { HeaderRows } from "./schema.ts";

export const rcupdate: HeaderRows = {
  header: "include/linux/rcupdate.h",
  rows: [
    { names: ["rcu_read_lock", "rcu_read_lock_bh", "rcu_read_lock_sched", "rcu_read_lock_sched_notrace"], effects: [{ kind: "reader-enter", flavour: "rcu" }] },
    { names: ["rcu_read_unlock", "rcu_read_unlock_bh", "rcu_read_unlock_sched", "rcu_read_unlock_sched_notrace"], effects: [{ kind: "reader-leave", flavour: "rcu" }] },
    { names: ["synchronize_rcu", "synchronize_rcu_expedited", "synchronize_net", "synchronize_rcu_bh", "synchronize_sched"], effects: [{ kind: "wait", flavour: "rcu" }], maySleep: true },
    { names: ["cond_synchronize_rcu", "cond_synchronize_rcu_expedited", "cond_synchronize_rcu_full"], effects: [{ kind: "wait", flavour: "rcu", maybe: true }], maySleep: true },
    { names: ["synchronize_rcu_tasks", "synchronize_rcu_tasks_rude", "synchronize_rcu_tasks_trace"], effects: [{ kind: "wait", flavour: "tasks" }], maySleep: true },
    { names: ["rcu_barrier"], effects: [{ kind: "wait", flavour: "rcu", callbacks: true }], maySleep: true },
    { names: ["call_rcu", "call_rcu_hurry"], effects: [{ kind: "defer-call", head: 0, callback: 1 }] },
    { names: ["kfree_rcu", "kvfree_rcu"], effects: [{ kind: "defer-free", object: 0, head: 1 }] },
    { names: ["kfree_rcu_mightsleep", "kvfree_rcu_mightsleep"], effects: [{ kind: "defer-free", object: 0, mayWait: true }], maySleep: true },
    { names: ["rcu_dereference", "rcu_dereference_bh", "rcu_dereference_sched"], effects: [{ kind: "rcu-read", pointer: 0, side: "reader" }] },
    { names: ["rcu_dereference_check", "rcu_dereference_bh_check", "rcu_dereference_sched_check", "rcu_dereference_rtnl"], effects: [{ kind: "rcu-read", pointer: 0, side: "either" }] },
    { names: ["rcu_dereference_protected", "rtnl_dereference", "rcu_dereference_bh_protected"], effects: [{ kind: "rcu-read", pointer: 0, side: "update" }] },
    { names: ["rcu_dereference_raw", "rcu_dereference_raw_check"], effects: [{ kind: "rcu-read", pointer: 0, side: "raw" }] },
    { names: ["rcu_access_pointer"], effects: [{ kind: "rcu-read", pointer: 0, side: "value" }] },
    { names: ["rcu_pointer_handoff", "unrcu_pointer", "RCU_INITIALIZER"], effects: [{ kind: "value-of", arg: 0 }] },
    { names: ["rcu_assign_pointer"], effects: [{ kind: "rcu-publish", pointer: 0, value: 1, release: true }] },
    { names: ["RCU_INIT_POINTER"], effects: [{ kind: "rcu-publish", pointer: 0, value: 1, release: false }] },
    { names: ["rcu_replace_pointer", "rcu_swap_protected", "rtnl_replace_pointer"], effects: [{ kind: "rcu-publish", pointer: 0, value: 1, release: true, returnsOld: true }] },
    { names: ["rcu_read_lock_held", "rcu_read_lock_bh_held", "rcu_read_lock_sched_held", "rcu_read_lock_any_held", "RCU_LOCKDEP_WARN", "init_rcu_head", "destroy_rcu_head", "init_rcu_head_on_stack", "destroy_rcu_head_on_stack", "rcu_head_init", "rcu_is_watching", "rcu_momentary_eqs", "rcu_softirq_qs", "cond_resched_rcu", "get_state_synchronize_rcu", "start_poll_synchronize_rcu", "rcu_expedite_gp", "rcu_unexpedite_gp"], effects: [] },
  ],
};
