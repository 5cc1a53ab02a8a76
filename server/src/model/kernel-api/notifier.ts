import type { HeaderRows } from "./schema.ts";

export const mmuNotifier: HeaderRows = {
  header: "include/linux/mmu_notifier.h",
  rows: [
    { names: ["mmu_notifier_unregister", "mmu_interval_notifier_remove"], effects: [{ kind: "wait", flavour: "mmu-notifier" }], maySleep: true },
    { names: ["mmu_notifier_synchronize"], effects: [{ kind: "wait", flavour: "mmu-notifier", callbacks: true }], maySleep: true },
    { names: ["mmu_notifier_register", "mmu_notifier_get", "mmu_notifier_put", "mmu_interval_notifier_insert", "mmu_interval_read_begin", "mmu_interval_read_retry"], effects: [] },
  ],
};
