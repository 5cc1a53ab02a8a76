/** Barriers and accessors of the architectures, where a device looks on. */
import * as on from "../../driver/build.ts";
import { deviceValue } from "../../driver/lower-device.ts";
import type { ArchitectureName, BarrierName, DriverProgram, Step } from "../../driver/steps.ts";
import { cpu, dma, program, thenReused, type Case, type Truth } from "./case.ts";

const rung = (architecture: ArchitectureName, accessor: "writel" | "writel_relaxed" | "WRITE_ONCE", ...between: readonly Step[]): DriverProgram => ({ ...thenReused(on.clearPte("io_pte"), on.command("q", ["iotlb"]), ...between, on.doorbell("q", accessor), on.poll("q")), architecture });
const by = (architecture: ArchitectureName, barrier: BarrierName, truth: Truth, why: string): Case => [`${architecture}: ${barrier}() before a relaxed doorbell`, truth, why, rung(architecture, "writel_relaxed", on.barrierNamed(barrier))];

const atomic: Step = { kind: "update", at: "count", with: { kind: "add", operand: 1 }, order: "relaxed" };
const afterAtomic = (architecture: ArchitectureName): DriverProgram => {
  const made = rung(architecture, "writel_relaxed", atomic, on.barrierNamed("smp_mb__after_atomic"));
  return { ...made, objects: [...made.objects, { name: "count" }] };
};

/** The device writes to the page, the CPU reads it once the flush is complete. */
const readBack = (architecture: ArchitectureName, accessor: "readl" | "readl_relaxed" | "READ_ONCE", ...between: readonly Step[]): DriverProgram => ({
  ...program([cpu(on.clearPte("io_pte"), on.command("q", ["iotlb"]), on.wmb(), on.doorbell("q"), on.poll("q", accessor), ...between, on.readOnce("seen", "page"))], { devices: [{ ...dma, access: "write" }] }),
  architecture,
  hazard: { kind: "outcome", what: "the CPU reads what was there before", when: [{ at: "page", is: deviceValue }, { thread: "CPU", register: "seen", is: 1 }] },
});

export const barrierCases: readonly Case[] = [
  ["riscv: writel()", "refuted", "writel() comes after earlier stores", rung("riscv", "writel")],
  ["riscv: writel_relaxed() alone", "confirmed", "nothing orders the slot", rung("riscv", "writel_relaxed")],
  by("riscv", "dma_wmb", "refuted", "dma_wmb() is wmb() there"),
  by("generic", "dma_wmb", "confirmed", "the contract leaves registers out"),
  by("arm64", "dma_wmb", "refuted", "it is the barrier of writel() there"),
  by("riscv", "smp_wmb", "confirmed", "fence w,w leaves output out"),
  by("x86", "smp_wmb", "refuted", "stores stay in order"),
  by("s390", "smp_wmb", "refuted", "stores stay in order"),
  by("riscv", "smp_mb", "confirmed", "fence rw,rw leaves output out"),
  by("riscv", "mb", "refuted", "fence iorw,iorw"),
  by("riscv", "smp_rmb", "confirmed", "no store is ordered"),
  by("riscv", "barrier", "confirmed", "the compiler only"),
  ["riscv: an atomic and smp_mb__after_atomic()", "confirmed", "it is smp_mb(), which leaves output out", afterAtomic("riscv")],
  ["x86: an atomic and smp_mb__after_atomic()", "refuted", "stores stay in order", afterAtomic("x86")],
  ["riscv: dma_wmb(), the tail in memory", "refuted", "memory before memory", rung("riscv", "WRITE_ONCE", on.dmaWmb())],
  ["arm64: smp_wmb(), the tail in memory", "confirmed", "the device is no CPU", rung("arm64", "WRITE_ONCE", on.smpWmb())],
  ["readl(), then the buffer", "refuted", "readl() comes before later loads", readBack("riscv", "readl")],
  ["readl_relaxed(), then the buffer", "confirmed", "the load may be early", readBack("riscv", "readl_relaxed")],
  ["riscv: readl_relaxed() and dma_rmb()", "refuted", "dma_rmb() is rmb() there", readBack("riscv", "readl_relaxed", on.dmaRmb())],
  ["generic: readl_relaxed() and dma_rmb()", "confirmed", "the contract leaves registers out", readBack("generic", "readl_relaxed", on.dmaRmb())],
  ["generic: READ_ONCE() and dma_rmb()", "refuted", "memory before memory", readBack("generic", "READ_ONCE", on.dmaRmb())],
  ["arm64: READ_ONCE() and smp_rmb()", "confirmed", "the device is no CPU", readBack("arm64", "READ_ONCE", on.smpRmb())],
  ["READ_ONCE() alone", "confirmed", "the load may be early", readBack("riscv", "READ_ONCE")],
];
