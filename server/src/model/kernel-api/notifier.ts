import type { HeaderRows } from "./schema.ts";

/** Callbacks run as SRCU readers of one domain (mm/mmu_notifier.c), but for interval notifiers, whose removal waits for their sequence. */
export const mmuNotifier: HeaderRows = {
  header: "include/linux/mmu_notifier.h",
  rows: [
    { names: ["mmu_notifier_unregister"], effects: [{ kind: "wait", flavour: "mmu-notifier" }, { kind: "unregister", hook: "mmu-notifier", subject: 0, awaits: true, runs: "mmu-notifier" }], maySleep: true },
    { names: ["mmu_interval_notifier_remove"], effects: [{ kind: "wait", flavour: "mmu-notifier" }, { kind: "unregister", hook: "mmu-interval-notifier", subject: 0, awaits: true, runs: "mmu-notifier" }], maySleep: true },
    { names: ["mmu_notifier_synchronize"], effects: [{ kind: "wait", flavour: "mmu-notifier", callbacks: true }], maySleep: true },
    { names: ["mmu_notifier_register"], effects: [{ kind: "register", hook: "mmu-notifier", subject: 0, chain: 1 }] },
    { names: ["mmu_notifier_get"], effects: [{ kind: "register", hook: "mmu-notifier", subject: 0, chain: 1 }] },
    // free_notifier runs after the grace period: mmu_notifier_synchronize() waits for it.
    { names: ["mmu_notifier_put"], effects: [{ kind: "unregister", hook: "mmu-notifier", subject: 0, awaits: false, runs: "mmu-notifier" }] },
    { names: ["mmu_interval_notifier_insert"], effects: [{ kind: "register", hook: "mmu-interval-notifier", subject: 0, chain: 1 }] },
    { names: ["mmu_notifier_range_blockable"], effects: [], asks: "blocking" },
    { names: ["mmu_interval_read_begin", "mmu_interval_read_retry"], effects: [] },
  ],
};
