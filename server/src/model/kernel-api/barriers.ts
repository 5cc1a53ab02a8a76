import type { ApiRow, HeaderRows } from "./schema.ts";

/** The scope keeps apart whom a barrier orders for; among CPUs all three order alike. */
export const barrier: HeaderRows = {
  header: "include/asm-generic/barrier.h",
  also: ["include/linux/spinlock.h", "include/asm-generic/rwonce.h"],
  rows: [
    ...(["mb", "rmb", "wmb"] as const).flatMap((fence): ApiRow[] => [
      { names: fence === "rmb" ? ["smp_rmb", "smp_acquire__after_ctrl_dep"] : [`smp_${fence}`], effects: [{ kind: "fence", fence }] },
      { names: [`dma_${fence}`], effects: [{ kind: "fence", fence, scope: "dma" }] },
      { names: [fence], effects: [{ kind: "fence", fence, scope: "all" }] },
    ]),
    { names: ["barrier"], effects: [{ kind: "fence", fence: "barrier" }] },
    { names: ["smp_mb__before_atomic"], effects: [{ kind: "fence", fence: "before-atomic" }] },
    { names: ["smp_mb__after_atomic"], effects: [{ kind: "fence", fence: "after-atomic" }] },
    { names: ["smp_mb__after_spinlock"], effects: [{ kind: "fence", fence: "after-spinlock" }] },
    { names: ["READ_ONCE", "__READ_ONCE"], effects: [{ kind: "load", pointer: 0, access: "once" }] },
    { names: ["WRITE_ONCE", "__WRITE_ONCE"], effects: [{ kind: "store", pointer: 0, value: 1, access: "once" }] },
    { names: ["smp_load_acquire"], effects: [{ kind: "load", pointer: 0, access: "acquire", byAddress: true }] },
    { names: ["smp_store_release"], effects: [{ kind: "store", pointer: 0, value: 1, access: "release", byAddress: true }] },
    { names: ["smp_store_mb"], effects: [{ kind: "store", pointer: 0, value: 1, access: "once" }, { kind: "fence", fence: "mb" }] },
  ],
};
