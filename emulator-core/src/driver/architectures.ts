/**
 * What the barriers and accessors of an architecture order beyond the portable contract, one row each. The contract is
 * Documentation/memory-barriers.txt ("SMP barriers", "dma_wmb()", "KERNEL I/O BARRIER EFFECTS"): smp_*() are for CPUs
 * only, dma_*() for memory that a device shares, and neither for registers, which mb(), rmb(), wmb() and the accessors
 * without `_relaxed` are for. Kernel paths are of Linux 6.12.
 */
import type { ArchitectureName } from "./steps.ts";

/** A fact with the place it was read. */
export type OverlayFact = { readonly value: boolean; readonly source: string };

export type ArchitectureOverlay = {
  /** smp_rmb() and smp_wmb() between two accesses to memory that a device watches. */
  readonly smpOrdersForDevices: OverlayFact;
  /** smp_*() between memory and a register of a device. */
  readonly smpOrdersRegisters: OverlayFact;
  /** dma_*() between memory and a register of a device. */
  readonly dmaOrdersRegisters: OverlayFact;
};

const uniprocessor = "smp_*() are barrier() without CONFIG_SMP (include/asm-generic/barrier.h), and the device is there all the same";

export const overlays: Readonly<Record<ArchitectureName, ArchitectureOverlay>> = {
  generic: {
    smpOrdersForDevices: { value: false, source: "Documentation/memory-barriers.txt, SMP barriers and dma_wmb()" },
    smpOrdersRegisters: { value: false, source: "Documentation/memory-barriers.txt: mandatory barriers are for MMIO effects" },
    dmaOrdersRegisters: { value: false, source: "Documentation/memory-barriers.txt, note at dma_wmb(): no guarantee for MMIO regions" },
  },
  arm64: {
    smpOrdersForDevices: { value: false, source: `arch/arm64/include/asm/barrier.h: __smp_wmb is dmb ishst, __dma_wmb is dmb oshst; ${uniprocessor}` },
    smpOrdersRegisters: { value: false, source: "arch/arm64/include/asm/barrier.h: __smp_mb is dmb ish, the inner shareable domain" },
    dmaOrdersRegisters: { value: true, source: "arch/arm64/include/asm/io.h: __io_bw is dma_wmb(), __io_ar is dma_rmb(), __iomb is dma_mb()" },
  },
  riscv: {
    smpOrdersForDevices: { value: false, source: `arch/riscv/include/asm/barrier.h: __smp_wmb is fence w,w; ${uniprocessor}` },
    smpOrdersRegisters: { value: false, source: "arch/riscv/include/asm/barrier.h: __smp_mb is fence rw,rw: neither device input nor output" },
    dmaOrdersRegisters: { value: true, source: "include/asm-generic/barrier.h: no __dma_wmb on riscv, so dma_wmb() is wmb(), fence ow,ow (arch/riscv/include/asm/barrier.h)" },
  },
  x86: {
    smpOrdersForDevices: { value: true, source: "arch/x86/include/asm/barrier.h: __smp_wmb and __dma_wmb are both barrier(); stores stay in order for all observers" },
    smpOrdersRegisters: { value: true, source: "arch/x86/include/asm/io.h: writel() is one store after a compiler barrier; uncached stores stay in order after earlier ones" },
    dmaOrdersRegisters: { value: true, source: "arch/x86/include/asm/barrier.h: __dma_wmb is barrier(), the one that writel() has too" },
  },
  s390: {
    smpOrdersForDevices: { value: true, source: "arch/s390/include/asm/barrier.h: __smp_wmb is __wmb, barrier(); stores stay in order for all observers" },
    smpOrdersRegisters: { value: true, source: "arch/s390/include/asm/barrier.h: __smp_wmb is __wmb, the barrier of writel() (include/asm-generic/io.h, __io_bw)" },
    dmaOrdersRegisters: { value: true, source: "arch/s390/include/asm/barrier.h: __dma_wmb is __mb, which serialises" },
  },
};
