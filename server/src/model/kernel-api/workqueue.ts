import type { DetailEffect, HandlerKind } from "./detail-schema.ts";
import { partly } from "./partly.ts";
import type { ApiRow, HeaderRows } from "./schema.ts";

const ties = (names: readonly string[], via: HandlerKind): ApiRow => ({ names, effects: [{ kind: "handler", via, subject: 0, callback: 1 }] });
const starts = (names: readonly string[], via: HandlerKind, subject: number): ApiRow => ({ names, effects: [{ kind: "start", via, subject }] });
const waits = (names: readonly string[], via: HandlerKind, how: Partial<DetailEffect & { readonly kind: "wait-handler" }> = {}): ApiRow => partly(names, [{ kind: "wait-handler", via, subject: 0, ...how }], { maySleep: true });

/** Who waits for work waits for whatever the work waits for: those stay calls that nothing else is known of. */
export const workqueue: HeaderRows = {
  header: "include/linux/workqueue.h",
  rows: [
    ties(["INIT_WORK", "INIT_WORK_ONSTACK"], "work"),
    ties(["INIT_DELAYED_WORK", "INIT_DELAYED_WORK_ONSTACK", "INIT_DEFERRABLE_WORK"], "delayed-work"),
    { ...ties(["INIT_RCU_WORK", "INIT_RCU_WORK_ONSTACK"], "rcu-work"), partly: true },
    starts(["schedule_work"], "work", 0),
    starts(["queue_work", "schedule_work_on"], "work", 1),
    starts(["queue_work_on"], "work", 2),
    starts(["schedule_delayed_work"], "delayed-work", 0),
    starts(["queue_delayed_work", "mod_delayed_work", "schedule_delayed_work_on"], "delayed-work", 1),
    starts(["queue_delayed_work_on", "mod_delayed_work_on"], "delayed-work", 2),
    // After a grace period, as call_rcu().
    partly(["queue_rcu_work"], [{ kind: "start", via: "rcu-work", subject: 1 }]),
    waits(["flush_work"], "work"),
    waits(["flush_delayed_work"], "delayed-work"),
    waits(["flush_rcu_work"], "rcu-work"),
    waits(["cancel_work_sync"], "work", { cancels: true }),
    waits(["cancel_delayed_work_sync"], "delayed-work", { cancels: true }),
    { ...waits(["disable_work_sync"], "work", { cancels: true, final: true }), since: "6.10" },
    { ...waits(["disable_delayed_work_sync"], "delayed-work", { cancels: true, final: true }), since: "6.10" },
    waits(["flush_workqueue", "drain_workqueue"], "workqueue"),
    waits(["destroy_workqueue"], "workqueue", { cancels: true, final: true }),
    partly(["flush_scheduled_work"], [{ kind: "wait-handler", via: "workqueue" }], { maySleep: true }),
    partly(["cancel_work"], [{ kind: "cancel", via: "work", subject: 0 }]),
    partly(["cancel_delayed_work"], [{ kind: "cancel", via: "delayed-work", subject: 0 }]),
    partly(["alloc_workqueue"], [], { maySleep: true }),
  ],
};

export const kthread: HeaderRows = {
  header: "include/linux/kthread.h",
  rows: [
    partly(["kthread_run", "kthread_create", "kthread_create_on_node"], [{ kind: "handler", via: "kthread", callback: 0, data: 1 }], { maySleep: true }),
    waits(["kthread_stop"], "kthread", { final: true }),
    waits(["kthread_park"], "kthread"),
    partly(["kthread_queue_work"], [{ kind: "start", via: "work", subject: 1 }]),
    partly(["kthread_flush_work"], [{ kind: "wait-handler", via: "work", subject: 0 }], { maySleep: true }),
    partly(["kthread_cancel_work_sync"], [{ kind: "wait-handler", via: "work", subject: 0, cancels: true }], { maySleep: true }),
  ],
};
