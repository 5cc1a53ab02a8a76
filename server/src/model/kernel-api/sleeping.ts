import { partly } from "./partly.ts";
import type { HeaderRows } from "./schema.ts";

/** They let time pass and do nothing else: they end no grace period that somebody counts on. */
export const delay: HeaderRows = {
  header: "include/linux/delay.h",
  rows: [
    { names: ["msleep", "msleep_interruptible", "ssleep", "fsleep", "usleep_range", "usleep_range_state"], effects: [], maySleep: true },
    { names: ["udelay", "ndelay", "mdelay"], effects: [] },
  ],
};

export const scheduling: HeaderRows = {
  header: "include/linux/sched.h",
  rows: [
    { names: ["schedule", "schedule_timeout", "schedule_timeout_interruptible", "schedule_timeout_uninterruptible", "schedule_timeout_killable", "schedule_timeout_idle", "io_schedule", "yield"], effects: [], maySleep: true },
  ],
};

/** They may sleep, and that is all that is said of them: whom they wait for may have waited for a grace period. */
export const sleepers: HeaderRows = {
  header: "include/linux/firmware.h",
  rows: [partly(["request_firmware"], [], { maySleep: true }), ...["include/linux/iopoll.h", "include/linux/regmap.h", "include/linux/kmod.h", "include/linux/umh.h"].map((source, index) =>
    partly([["read_poll_timeout", "regmap_read_poll_timeout", "request_module", "call_usermodehelper"][index] ?? ""], [], { maySleep: true, source, ...(index === 0 ? { unlessZero: 3 } : index === 1 ? { unlessZero: 4 } : {}) }))],
};

/** What code asks before it sleeps that is no call of the context's: how far the kernel has come up or broken down, and a driver family's own question. */
export const askedElsewhere: HeaderRows = {
  header: "include/linux/kernel.h",
  also: ["include/linux/printk.h", "include/drm/drm_util.h"],
  rows: [{ names: ["system_state", "oops_in_progress", "drm_can_sleep"], effects: [], asks: "context" }],
};
