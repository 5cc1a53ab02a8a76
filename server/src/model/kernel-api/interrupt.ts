import { partly } from "./partly.ts";
import type { HeaderRows } from "./schema.ts";

const sleeps = { maySleep: true };

/** Handlers run with interrupts off, the thread function in a thread; free_irq() waits for both (kernel/irq/manage.c). */
export const interrupt: HeaderRows = {
  header: "include/linux/interrupt.h",
  rows: [
    partly(["request_irq", "request_percpu_irq", "request_nmi", "request_any_context_irq"], [{ kind: "handler", via: "irq", subject: 0, callback: 1, data: 4 }], sleeps),
    partly(["request_threaded_irq"], [{ kind: "handler", via: "irq", subject: 0, callback: 1, thread: 2, data: 5 }], sleeps),
    partly(["devm_request_irq"], [{ kind: "handler", via: "irq", subject: 1, callback: 2, data: 5 }], sleeps),
    partly(["devm_request_threaded_irq"], [{ kind: "handler", via: "irq", subject: 1, callback: 2, thread: 3, data: 6 }], sleeps),
    partly(["free_irq"], [{ kind: "wait-handler", via: "irq", subject: 0, cancels: true, final: true }], sleeps),
    partly(["devm_free_irq"], [{ kind: "wait-handler", via: "irq", subject: 1, cancels: true, final: true }], sleeps),
    partly(["synchronize_irq"], [{ kind: "wait-handler", via: "irq", subject: 0 }], { maySleep: true, source: "include/linux/hardirq.h" }),
    partly(["disable_irq"], [{ kind: "wait-handler", via: "irq", subject: 0, cancels: true }], sleeps),
    // Does not wait for the thread.
    partly(["disable_hardirq", "disable_irq_nosync"], [{ kind: "cancel", via: "irq", subject: 0 }]),
    partly(["enable_irq"], [{ kind: "start", via: "irq", subject: 0 }]),
    { names: ["tasklet_setup", "tasklet_init"], effects: [{ kind: "handler", via: "tasklet", subject: 0, callback: 1 }] },
    { names: ["tasklet_schedule", "tasklet_hi_schedule"], effects: [{ kind: "start", via: "tasklet", subject: 0 }] },
    partly(["tasklet_kill"], [{ kind: "wait-handler", via: "tasklet", subject: 0, cancels: true }], sleeps),
    partly(["tasklet_disable", "tasklet_unlock_wait"], [{ kind: "wait-handler", via: "tasklet", subject: 0 }], sleeps),
  ],
};

export const pciIrq: HeaderRows = {
  header: "include/linux/pci.h",
  rows: [
    partly(["pci_request_irq"], [{ kind: "handler", via: "irq", subject: 1, callback: 2, thread: 3, data: 4 }], sleeps),
    partly(["pci_free_irq"], [{ kind: "wait-handler", via: "irq", subject: 1, cancels: true, final: true }], sleeps),
  ],
};

export const irqWork: HeaderRows = {
  header: "include/linux/irq_work.h",
  rows: [
    partly(["init_irq_work"], [{ kind: "handler", via: "irq-work", subject: 0, callback: 1 }]),
    partly(["irq_work_queue"], [{ kind: "start", via: "irq-work", subject: 0 }]),
    partly(["irq_work_sync"], [{ kind: "wait-handler", via: "irq-work", subject: 0 }]),
  ],
};
