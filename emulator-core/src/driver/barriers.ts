/**
 * Which accesses a kernel barrier orders, by who sees them. The LKMM knows CPUs only; a device sees
 * memory too, and some barriers are weaker towards it (Documentation/memory-barriers.txt, "KERNEL I/O
 * BARRIER EFFECTS" and "Cache coherency vs DMA"; arch/ARCH/include/asm/barrier.h of Linux 6.12):
 * - smp_*() order for CPUs; on arm64 they are `dmb ish*`, dma_*() `dmb osh*`, so between two accesses that
 *   the device watches smp_wmb() and smp_rmb() are not enough. smp_mb() is kept: the assumption
 *   "the device is in the CPUs' shareability domain" is printed.
 * - dma_wmb() orders memory; a doorbell written by writel_relaxed() is not memory. riscv's is `fence ow,ow` and orders it.
 */
import type { FenceKind } from "../program.ts";
import type { ArchitectureName, BarrierName } from "./steps.ts";

/** Who sees an access: CPUs only, a device too, or it is a register of the device. */
export type Audience = "cpus" | "device" | "mmio";

type BarrierRow = {
  readonly fence: FenceKind;
  /** Does it order an earlier access of the first audience before a later one of the second? */
  readonly orders: (earlier: Audience, later: Audience, architecture: ArchitectureName) => boolean;
};

const always = (): boolean => true;

/** CPU scope: nothing where both ends are watched by the device, and nothing towards registers. x86 keeps stores in order, and loads, for all observers. */
const cpuScope: BarrierRow["orders"] = (earlier, later, architecture) => architecture === "x86" || architecture === "s390" || (earlier !== "mmio" && later !== "mmio" && !(earlier === "device" && later === "device"));

/** DMA scope: memory; registers only where the architecture's instruction says so. */
const dmaScope: BarrierRow["orders"] = (earlier, later, architecture) => architecture !== "generic" || (earlier !== "mmio" && later !== "mmio");

/** A full barrier of CPU scope is kept between memory accesses of any kind (assumption in shareabilityAssumption). */
const cpuFull: BarrierRow["orders"] = (earlier, later, architecture) => architecture !== "generic" || (earlier !== "mmio" && later !== "mmio");

const rows: Readonly<Record<BarrierName, BarrierRow>> = {
  smp_mb: { fence: "mb", orders: cpuFull },
  smp_rmb: { fence: "rmb", orders: cpuScope },
  smp_wmb: { fence: "wmb", orders: cpuScope },
  dma_mb: { fence: "mb", orders: dmaScope },
  dma_rmb: { fence: "rmb", orders: dmaScope },
  dma_wmb: { fence: "wmb", orders: dmaScope },
  mb: { fence: "mb", orders: always },
  rmb: { fence: "rmb", orders: always },
  wmb: { fence: "wmb", orders: always },
  barrier: { fence: "barrier", orders: always },
  smp_mb__before_atomic: { fence: "before-atomic", orders: always },
  smp_mb__after_atomic: { fence: "after-atomic", orders: always },
  smp_mb__after_spinlock: { fence: "after-spinlock", orders: always },
  smp_mb__after_unlock_lock: { fence: "after-unlock-lock", orders: always },
  smp_mb__after_srcu_read_unlock: { fence: "after-srcu-read-unlock", orders: always },
  smp_acquire__after_ctrl_dep: { fence: "rmb", orders: cpuScope },
};

export const barrierNames = Object.keys(rows) as readonly BarrierName[];

export const fenceOf = (barrier: BarrierName): FenceKind => rows[barrier].fence;

export const shareabilityAssumption = "the device is in the CPUs' shareability domain: smp_mb() orders what it sees too";

/**
 * `kept`, `dropped`, or `mixed`: the barrier orders some of the pairs across it and not others, which one
 * fence of the model cannot say.
 */
export function effectOf(barrier: BarrierName, earlier: ReadonlySet<Audience>, later: ReadonlySet<Audience>, architecture: ArchitectureName): "kept" | "dropped" | "mixed" {
  const answers = [...earlier].flatMap((a) => [...later].map((b) => rows[barrier].orders(a, b, architecture)));
  if (answers.every((orders) => orders)) return "kept";
  return answers.some((orders) => orders) ? "mixed" : "dropped";
}

/** Which accesses a fence orders at all: stores, loads, or both. */
export function orderedKinds(barrier: BarrierName): { readonly loads: boolean; readonly stores: boolean } {
  const { fence } = rows[barrier];
  return { loads: fence !== "wmb", stores: fence !== "rmb" };
}
