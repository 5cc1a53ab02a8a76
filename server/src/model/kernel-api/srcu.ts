import type { HeaderRows } from "./schema.ts";

export const srcu: HeaderRows = {
  header: "include/linux/srcu.h",
  also: ["include/linux/srcutree.h"],
  rows: [
    { names: ["srcu_read_lock", "srcu_read_lock_notrace"], effects: [{ kind: "reader-enter", flavour: "srcu", domain: 0 }] },
    { names: ["srcu_read_lock_nmisafe", "srcu_down_read"], effects: [{ kind: "reader-enter", flavour: "srcu", domain: 0 }], since: "6.2" },
    { names: ["srcu_read_unlock", "srcu_read_unlock_notrace", "srcu_read_unlock_nmisafe", "srcu_up_read"], effects: [{ kind: "reader-leave", flavour: "srcu", domain: 0 }] },
    { names: ["synchronize_srcu", "synchronize_srcu_expedited"], effects: [{ kind: "wait", flavour: "srcu", domain: 0 }], maySleep: true },
    { names: ["srcu_barrier"], effects: [{ kind: "wait", flavour: "srcu", domain: 0, callbacks: true }], maySleep: true },
    { names: ["call_srcu"], effects: [{ kind: "defer-call", domain: 0, head: 1, callback: 2 }] },
    { names: ["srcu_dereference", "srcu_dereference_notrace"], effects: [{ kind: "rcu-read", pointer: 0, side: "reader", domain: 1 }] },
    { names: ["srcu_dereference_check"], effects: [{ kind: "rcu-read", pointer: 0, side: "either" }] },
    { names: ["init_srcu_struct", "cleanup_srcu_struct", "start_poll_synchronize_srcu", "get_state_synchronize_srcu"], effects: [] },
    { names: ["srcu_read_lock_held"], effects: [], asserts: "section", ofDomain: 0 },
  ],
};
