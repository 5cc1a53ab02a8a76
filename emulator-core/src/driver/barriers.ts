/**
 * Which accesses a kernel barrier orders, by who sees them. The LKMM knows CPUs only; a device sees memory too, and
 * some barriers are weaker towards it (Documentation/memory-barriers.txt, "KERNEL I/O BARRIER EFFECTS"). What an
 * architecture orders beyond that is a row in `architectures.ts`.
 * - smp_rmb(), smp_wmb(): not between two accesses that the device watches. smp_mb() is kept between accesses to
 *   memory: the assumption "the device is in the CPUs' shareability domain" is printed.
 * - dma_*(): memory. A doorbell written by writel_relaxed() is no memory.
 * - virt_*(): as smp_*() of an SMP build; the device is a hypervisor's, on a CPU ("VIRTUAL MACHINE GUESTS").
 */
import type { FenceKind } from "../program.ts";
import { overlays, type ArchitectureOverlay } from "./architectures.ts";
import type { ArchitectureName, BarrierName } from "./steps.ts";

/** Who sees an access: CPUs only, a device too, or it is a register of the device. */
export type Audience = "cpus" | "device" | "mmio";

type BarrierRow = {
  readonly fence: FenceKind;
  /** Does it order an earlier access of the first audience before a later one of the second? */
  readonly orders: (earlier: Audience, later: Audience, overlay: ArchitectureOverlay) => boolean;
};

const touchesRegister = (earlier: Audience, later: Audience): boolean => earlier === "mmio" || later === "mmio";

const always = (): boolean => true;

const cpuScope: BarrierRow["orders"] = (earlier, later, overlay) => {
  if (touchesRegister(earlier, later)) return overlay.smpOrdersRegisters.value;
  return earlier === "cpus" || later === "cpus" || overlay.smpOrdersForDevices.value;
};

/** A full barrier of CPU scope is kept between memory accesses of any kind (assumption in shareabilityAssumption). */
const cpuFull: BarrierRow["orders"] = (earlier, later, overlay) => !touchesRegister(earlier, later) || overlay.smpOrdersRegisters.value;

const dmaScope: BarrierRow["orders"] = (earlier, later, overlay) => !touchesRegister(earlier, later) || overlay.dmaOrdersRegisters.value;

const rows: Readonly<Record<BarrierName, BarrierRow>> = {
  smp_mb: { fence: "mb", orders: cpuFull },
  smp_rmb: { fence: "rmb", orders: cpuScope },
  smp_wmb: { fence: "wmb", orders: cpuScope },
  virt_mb: { fence: "mb", orders: cpuFull },
  virt_rmb: { fence: "rmb", orders: cpuFull },
  virt_wmb: { fence: "wmb", orders: cpuFull },
  dma_mb: { fence: "mb", orders: dmaScope },
  dma_rmb: { fence: "rmb", orders: dmaScope },
  dma_wmb: { fence: "wmb", orders: dmaScope },
  mb: { fence: "mb", orders: always },
  rmb: { fence: "rmb", orders: always },
  wmb: { fence: "wmb", orders: always },
  barrier: { fence: "barrier", orders: always },
  smp_mb__before_atomic: { fence: "before-atomic", orders: cpuFull },
  smp_mb__after_atomic: { fence: "after-atomic", orders: cpuFull },
  smp_mb__after_spinlock: { fence: "after-spinlock", orders: cpuFull },
  smp_mb__after_unlock_lock: { fence: "after-unlock-lock", orders: cpuFull },
  smp_mb__after_srcu_read_unlock: { fence: "after-srcu-read-unlock", orders: cpuFull },
  smp_acquire__after_ctrl_dep: { fence: "rmb", orders: cpuScope },
};

export const barrierNames = Object.keys(rows) as readonly BarrierName[];

export const fenceOf = (barrier: BarrierName): FenceKind => rows[barrier].fence;

export const shareabilityAssumption = "the device is in the CPUs' shareability domain: smp_mb() orders what it sees too";

/** Does the barrier order an earlier access of one audience before a later one of the other? */
export const ordersPair = (barrier: BarrierName, earlier: Audience, later: Audience, architecture: ArchitectureName): boolean => rows[barrier].orders(earlier, later, overlays[architecture]);

/** Which accesses a fence orders at all: stores, loads, or both. */
export function orderedKinds(barrier: BarrierName): { readonly loads: boolean; readonly stores: boolean } {
  const { fence } = rows[barrier];
  return { loads: fence !== "wmb", stores: fence !== "rmb" };
}
