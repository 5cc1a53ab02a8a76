import type { ApiRow, HeaderRows } from "./schema.ts";

const widths = ["b", "w", "l", "q"] as const;
const bits = ["8", "16", "32", "64", "16be", "32be", "64be"] as const;

type Order = "relaxed" | "ordered";

const reads = (names: readonly string[], order: Order): ApiRow => ({ names, effects: [{ kind: "mmio", access: "read", address: 0, order }] });
const writes = (names: readonly string[], order: Order, address = 1): ApiRow => ({ names, effects: [{ kind: "mmio", access: "write", address, value: 1 - address, order }] });
const poll = (names: readonly string[], address: number, maySleep: boolean, order: Order): ApiRow => ({ names, effects: [{ kind: "mmio", access: "poll", address, result: address + 1, order }], maySleep, ...(maySleep ? { unlessZero: address + 3 } : {}) });

/** Device registers. Without `_relaxed` an accessor also orders normal memory (Documentation/memory-barriers.txt); `__raw_` ones do not. */
export const mmio: HeaderRows = {
  header: "include/asm-generic/io.h",
  rows: [
    reads([...widths.map((width) => `read${width}`), ...bits.map((width) => `ioread${width}`), ...widths.map((width) => `in${width}`).slice(0, 3)], "ordered"),
    reads(widths.flatMap((width) => [`read${width}_relaxed`, `__raw_read${width}`]), "relaxed"),
    writes([...widths.map((width) => `write${width}`), ...bits.map((width) => `iowrite${width}`), ...widths.map((width) => `out${width}`).slice(0, 3)], "ordered"),
    writes(widths.flatMap((width) => [`write${width}_relaxed`, `__raw_write${width}`]), "relaxed"),
  ],
};

/** drivers/iommu/intel/iommu.h: the register comes first. */
export const dmar: HeaderRows = {
  header: "drivers/iommu/intel/iommu.h",
  rows: [reads(["dmar_readq", "dmar_readl"], "ordered"), writes(["dmar_writeq", "dmar_writel"], "ordered", 0)],
};

/** They sleep between reads, or (`_atomic`) spin; the value read is left in their second argument. */
export const iopoll: HeaderRows = {
  header: "include/linux/iopoll.h",
  rows: [
    poll(widths.map((width) => `read${width}_poll_timeout`), 0, true, "ordered"),
    poll(widths.map((width) => `read${width}_relaxed_poll_timeout`), 0, true, "relaxed"),
    poll(widths.map((width) => `read${width}_poll_timeout_atomic`), 0, false, "ordered"),
    poll(widths.map((width) => `read${width}_relaxed_poll_timeout_atomic`), 0, false, "relaxed"),
    poll(["readx_poll_timeout"], 1, true, "ordered"),
    poll(["readx_poll_timeout_atomic"], 1, false, "ordered"),
  ],
};
