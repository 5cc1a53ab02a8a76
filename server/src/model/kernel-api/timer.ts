import { partly } from "./partly.ts";
import type { HeaderRows } from "./schema.ts";

export const timer: HeaderRows = {
  header: "include/linux/timer.h",
  rows: [
    { names: ["timer_setup", "timer_setup_on_stack"], effects: [{ kind: "handler", via: "timer", subject: 0, callback: 1 }] },
    { names: ["mod_timer", "add_timer", "add_timer_on", "timer_reduce", "mod_timer_pending"], effects: [{ kind: "start", via: "timer", subject: 0 }] },
    { names: ["del_timer"], effects: [{ kind: "cancel", via: "timer", subject: 0 }] },
    { names: ["timer_delete"], effects: [{ kind: "cancel", via: "timer", subject: 0 }] },
    partly(["timer_shutdown"], [{ kind: "cancel", via: "timer", subject: 0 }]),
    partly(["try_to_del_timer_sync"], [{ kind: "cancel", via: "timer", subject: 0 }]),
    partly(["del_timer_sync"], [{ kind: "wait-handler", via: "timer", subject: 0, cancels: true }]),
    partly(["timer_delete_sync"], [{ kind: "wait-handler", via: "timer", subject: 0, cancels: true }]),
    partly(["timer_shutdown_sync"], [{ kind: "wait-handler", via: "timer", subject: 0, cancels: true, final: true }]),
  ],
};

export const hrtimer: HeaderRows = {
  header: "include/linux/hrtimer.h",
  rows: [
    // Before, the function was a field that the owner set.
    partly(["hrtimer_setup"], [{ kind: "handler", via: "hrtimer", subject: 0, callback: 1 }], { since: "6.13" }),
    partly(["hrtimer_start", "hrtimer_start_range_ns", "hrtimer_restart"], [{ kind: "start", via: "hrtimer", subject: 0 }]),
    partly(["hrtimer_try_to_cancel"], [{ kind: "cancel", via: "hrtimer", subject: 0 }]),
    partly(["hrtimer_cancel"], [{ kind: "wait-handler", via: "hrtimer", subject: 0, cancels: true }]),
  ],
};
