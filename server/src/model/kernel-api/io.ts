import type { ApiRow, HeaderRows } from "./schema.ts";

const widths = ["b", "w", "l", "q"] as const;
const bits = ["8", "16", "32", "64", "16be", "32be", "64be"] as const;

const poll = (names: readonly string[], address: number, maySleep: boolean): ApiRow => ({ names, effects: [{ kind: "mmio", access: "poll", address, result: address + 1 }], maySleep });

/** Device registers. Without `_relaxed` an accessor also orders normal memory (Documentation/memory-barriers.txt); no rule counts on that yet. */
export const mmio: HeaderRows = {
  header: "include/asm-generic/io.h",
  rows: [
    { names: [...widths.flatMap((width) => [`read${width}`, `read${width}_relaxed`]), ...bits.map((width) => `ioread${width}`), "dmar_readq"], effects: [{ kind: "mmio", access: "read", address: 0 }] },
    { names: [...widths.flatMap((width) => [`write${width}`, `write${width}_relaxed`]), ...bits.map((width) => `iowrite${width}`)], effects: [{ kind: "mmio", access: "write", address: 1 }] },
    // drivers/iommu/intel/iommu.h: the register comes first.
    { names: ["dmar_writeq"], effects: [{ kind: "mmio", access: "write", address: 0 }] },
  ],
};

/** They sleep between reads, or (`_atomic`) spin; the value read is left in their second argument. */
export const iopoll: HeaderRows = {
  header: "include/linux/iopoll.h",
  rows: [
    poll(widths.flatMap((width) => [`read${width}_poll_timeout`, `read${width}_relaxed_poll_timeout`]), 0, true),
    poll(widths.flatMap((width) => [`read${width}_poll_timeout_atomic`, `read${width}_relaxed_poll_timeout_atomic`]), 0, false),
    poll(["readx_poll_timeout"], 1, true),
    poll(["readx_poll_timeout_atomic"], 1, false),
  ],
};
