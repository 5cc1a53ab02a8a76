import { partly } from "./partly.ts";
import type { HeaderRows } from "./schema.ts";

const sleeps = { maySleep: true };

/** Who is waited for may itself have waited for a grace period: the waiting sides stay calls that nothing else is known of. */
export const completion: HeaderRows = {
  header: "include/linux/completion.h",
  rows: [
    { names: ["init_completion", "reinit_completion"], effects: [] },
    { names: ["complete", "complete_all"], effects: [{ kind: "complete", subject: 0 }] },
    partly(["wait_for_completion", "wait_for_completion_io"], [{ kind: "wait-completion", subject: 0 }], sleeps),
    partly(["wait_for_completion_timeout", "wait_for_completion_interruptible", "wait_for_completion_interruptible_timeout", "wait_for_completion_killable", "wait_for_completion_killable_timeout"], [{ kind: "wait-completion", subject: 0, maybe: true }], sleeps),
    partly(["try_wait_for_completion"], [{ kind: "wait-completion", subject: 0, maybe: true }]),
  ],
};

export const waitQueues: HeaderRows = {
  header: "include/linux/wait.h",
  rows: [
    { names: ["init_waitqueue_head"], effects: [] },
    { names: ["wake_up", "wake_up_all", "wake_up_interruptible", "wake_up_interruptible_all", "wake_up_locked"], effects: [{ kind: "wake", subject: 0 }] },
    partly(["wait_event", "wait_event_lock_irq"], [{ kind: "wait-event", subject: 0, condition: 1 }], sleeps),
    partly(["wait_event_timeout", "wait_event_interruptible", "wait_event_interruptible_timeout", "wait_event_killable", "wait_event_freezable"], [{ kind: "wait-event", subject: 0, condition: 1, maybe: true }], sleeps),
  ],
};

export const waitBit: HeaderRows = {
  header: "include/linux/wait_bit.h",
  rows: [
    partly(["wait_on_bit"], [{ kind: "wait-event", subject: 0, condition: 1 }], sleeps),
    partly(["wait_on_bit_timeout"], [{ kind: "wait-event", subject: 0, condition: 1, maybe: true }], sleeps),
    partly(["wait_var_event"], [{ kind: "wait-event", subject: 0, condition: 1 }], sleeps),
    partly(["wake_up_bit", "wake_up_var"], [{ kind: "wake", subject: 0 }]),
  ],
};

/** A reader of a counter waits for its writer, and whom a writer under a mutex waits for is not known. */
export const seqlock: HeaderRows = {
  header: "include/linux/seqlock.h",
  rows: [
    partly(["read_seqbegin", "read_seqcount_begin", "raw_read_seqcount", "raw_read_seqcount_begin", "raw_seqcount_begin"], [{ kind: "seq", does: "read-begin", subject: 0 }]),
    partly(["read_seqretry", "read_seqcount_retry"], [{ kind: "seq", does: "read-retry", subject: 0 }]),
    partly(["write_seqcount_begin", "raw_write_seqcount_begin"], [{ kind: "seq", does: "write-begin", subject: 0 }]),
    partly(["write_seqcount_end", "raw_write_seqcount_end"], [{ kind: "seq", does: "write-end", subject: 0 }]),
  ],
};
