import type { HeaderRows } from "./schema.ts";

/** They let time pass and do nothing else: they end no grace period that somebody counts on. */
export const delay: HeaderRows = {
  header: "include/linux/delay.h",
  rows: [
    { names: ["msleep", "msleep_interruptible", "ssleep", "fsleep", "usleep_range", "usleep_range_state", "schedule", "schedule_timeout", "schedule_timeout_interruptible", "schedule_timeout_uninterruptible", "schedule_timeout_killable", "schedule_timeout_idle", "io_schedule", "yield"], effects: [], maySleep: true },
    { names: ["udelay", "ndelay", "mdelay"], effects: [] },
  ],
};

/**
 * They may sleep, and that is all that is said of them: whom they wait for may have waited for a grace period, so for
 * rules they stay calls that nothing is known of, and have no row.
 */
export const sleepers: HeaderRows = {
  header: "include/linux/sched.h",
  rows: [
    {
      names: [
        ...["wait_for_completion", "wait_for_completion_timeout", "wait_for_completion_interruptible", "wait_for_completion_interruptible_timeout", "wait_for_completion_killable"],
        ...["wait_event", "wait_event_timeout", "wait_event_interruptible", "wait_event_interruptible_timeout", "wait_event_killable", "wait_event_lock_irq", "wait_on_bit"],
        ...["flush_work", "flush_workqueue", "flush_delayed_work", "flush_scheduled_work", "drain_workqueue", "destroy_workqueue", "alloc_workqueue", "cancel_work_sync", "cancel_delayed_work_sync", "flush_rcu_work"],
        ...["kthread_stop", "kthread_park", "kthread_run", "kthread_create", "free_irq", "request_irq", "request_threaded_irq", "devm_request_irq", "devm_request_threaded_irq", "disable_irq", "synchronize_irq"],
        ...["read_poll_timeout", "regmap_read_poll_timeout", "request_module", "request_firmware", "call_usermodehelper"],
      ],
      effects: [], partly: true, maySleep: true,
    },
  ],
};
