import { describe, expect, it } from "vitest";
import { overlays } from "./architectures.ts";
import { ordersPair, type Audience } from "./barriers.ts";
import * as s from "./build.ts";
import { judgeDriver } from "./judge.ts";
import type { ArchitectureName, BarrierName, DriverProgram, Step } from "./steps.ts";

const architectures = Object.keys(overlays) as readonly ArchitectureName[];

/** Two words that a device reads, the second one first. */
function descriptor(architecture: ArchitectureName, barrier: BarrierName): DriverProgram {
  return {
    name: `descriptor-${architecture}-${barrier}`, architecture,
    objects: [{ name: "owner", seenBy: "device" }, { name: "buffer", seenBy: "device" }],
    threads: [{ role: "CPU", title: "post", steps: [s.writeOnce("buffer", 1), s.barrierNamed(barrier), s.writeOnce("owner", 1)] }],
    devices: [{ name: "dev", title: "fetch", access: "none", path: [{ dst: "data", at: "buffer", valid: { dst: "owned", at: "owner", order: "valid-first" } }] }],
    hazard: { kind: "outcome", what: "the device owns the descriptor and reads the buffer from before", when: [{ thread: "dev", register: "owned", is: 1 }, { thread: "dev", register: "data", is: 0 }] },
  };
}

/** An unmap whose command reaches the hardware by these steps. */
function flushBy(architecture: ArchitectureName, ...ring: readonly Step[]): DriverProgram {
  return {
    name: `flush-${architecture}`, architecture,
    objects: [{ name: "pte", initial: "&page", seenBy: "device" }, { name: "page", initial: 1, seenBy: "device" }],
    caches: ["iotlb"], queues: ["cmdq"],
    threads: [{ role: "CPU", title: "unmap", steps: [s.clearPte("pte"), s.command("cmdq", ["iotlb"]), ...ring, s.poll("cmdq"), s.reusePage("page")] }],
    devices: [{ name: "dev", title: "dma", path: [{ dst: "p", at: "pte", cache: "iotlb" }], access: "read", dst: "data" }],
    hazard: { kind: "use-after-free", object: "page" },
  };
}

const verdict = (program: DriverProgram): string => judgeDriver(program, { verdictOnly: true }).verdict;

describe("barriers between two stores that a device watches", () => {
  it.each(["arm64", "riscv", "generic"] as const)("%s: smp_wmb() is not enough, dma_wmb() is", (architecture) => {
    expect(verdict(descriptor(architecture, "smp_wmb"))).toBe("confirmed");
    expect(verdict(descriptor(architecture, "dma_wmb"))).toBe("refuted");
  });

  it.each(["x86", "s390"] as const)("%s keeps stores in order for every observer, and smp_wmb() keeps the compiler", (architecture) => {
    expect(verdict(descriptor(architecture, "smp_wmb"))).toBe("refuted");
  });

  it.each(architectures)("%s: wmb(), and virt_wmb() where the device is a hypervisor", (architecture) => {
    expect(verdict(descriptor(architecture, "wmb"))).toBe("refuted");
    expect(verdict(descriptor(architecture, "virt_wmb"))).toBe("refuted");
  });
});

describe("barriers before a relaxed doorbell", () => {
  it.each(["arm64", "riscv", "x86", "s390"] as const)("%s: dma_wmb() covers registers beyond the contract", (architecture) => {
    expect(verdict(flushBy(architecture, s.dmaWmb(), s.doorbell("cmdq")))).toBe("refuted");
  });

  it("the contract alone does not have dma_wmb() order a register, but wmb() and writel()", () => {
    expect(verdict(flushBy("generic", s.dmaWmb(), s.doorbell("cmdq")))).toBe("confirmed");
    expect(verdict(flushBy("generic", s.wmb(), s.doorbell("cmdq")))).toBe("refuted");
    expect(verdict(flushBy("generic", s.doorbell("cmdq", "writel")))).toBe("refuted");
  });

  it.each(["arm64", "riscv", "generic"] as const)("%s: smp_mb() does not reach registers", (architecture) => {
    expect(verdict(flushBy(architecture, s.smpMb(), s.doorbell("cmdq")))).toBe("confirmed");
  });

  it("a tail in memory needs no register barrier: WRITE_ONCE() after dma_wmb(), on any architecture", () => {
    for (const architecture of architectures) expect(verdict(flushBy(architecture, s.dmaWmb(), s.doorbell("cmdq", "WRITE_ONCE")))).toBe("refuted");
    expect(verdict(flushBy("riscv", s.smpWmb(), s.doorbell("cmdq", "WRITE_ONCE")))).toBe("confirmed");
  });

  it("an smp_mb() far before a doorbell that has its own barrier is no doorbell barrier, and stays whole", () => {
    const program = flushBy("riscv", s.dmaWmb(), s.doorbell("cmdq"));
    const [thread] = program.threads;
    const steps = [...thread!.steps.slice(0, 1), s.smpMb(), ...thread!.steps.slice(1)];
    expect(judgeDriver({ ...program, threads: [{ ...thread!, steps }] }, { verdictOnly: true }).lowered.mixedBarriers).toEqual([]);
  });
});

describe("a flush under a condition", () => {
  const conditional = (architecture: ArchitectureName, first: Step, ...ring: readonly Step[]): DriverProgram => {
    const program = flushBy(architecture);
    const steps = [s.clearPte("pte"), first, s.readOnce("b", "bonds"), s.ifSet("b", [s.command("cmdq", ["iotlb"]), ...ring, s.poll("cmdq")]), s.reusePage("page")];
    return { ...program, objects: [...program.objects, { name: "bonds", initial: 1 }], threads: [{ role: "CPU", title: "iotlb_sync", steps }] };
  };

  it("has its own barrier, so the one before the condition is whole", () => {
    const { verdict: found, lowered } = judgeDriver(conditional("riscv", s.smpMb(), s.dmaWmb(), s.doorbell("cmdq")), { verdictOnly: true });
    expect([found, lowered.mixedBarriers]).toEqual(["refuted", []]);
  });

  it("has none: the one before the condition does not reach the doorbell", () => {
    expect(judgeDriver(conditional("riscv", s.smpMb(), s.doorbell("cmdq")), { verdictOnly: true }).lowered.mixedBarriers).toHaveLength(1);
  });
});

describe("the table", () => {
  it("says where each fact is from", () => {
    for (const overlay of Object.values(overlays)) for (const { source } of Object.values(overlay)) expect(source).toMatch(/^(arch|include|Documentation)\//);
  });

  it("gives no architecture less than the contract", () => {
    const audiences: readonly Audience[] = ["cpus", "device", "mmio"];
    for (const architecture of architectures) for (const barrier of ["smp_mb", "smp_wmb", "smp_rmb", "dma_wmb", "dma_rmb", "dma_mb"] as const) {
      for (const earlier of audiences) for (const later of audiences) {
        if (ordersPair(barrier, earlier, later, "generic")) expect(ordersPair(barrier, earlier, later, architecture), `${architecture} ${barrier} ${earlier} ${later}`).toBe(true);
      }
    }
  });
});

describe("commands that change entries in the device", () => {
  it("take effect when the device has fetched them, and are complete after the poll", () => {
    const unmap = (waits: boolean): DriverProgram => {
      const program = flushBy("riscv");
      const request: Step = { kind: "command", queue: "cmdq", command: { invalidate: ["iotlb"], waitsForData: true, writes: [{ at: "pte", value: 0 }] } };
      const [thread] = program.threads;
      return { ...program, threads: [{ ...thread!, steps: [request, s.dmaWmb(), s.doorbell("cmdq"), ...(waits ? [s.poll("cmdq")] : []), s.reusePage("page")] }] };
    };
    expect(verdict(unmap(true))).toBe("refuted");
    expect(verdict(unmap(false))).toBe("confirmed");
  });

  it("name objects", () => {
    const program = flushBy("riscv", s.dmaWmb(), s.doorbell("cmdq"));
    const request: Step = { kind: "command", queue: "cmdq", command: { invalidate: [], waitsForData: true, writes: [{ at: "*p", value: 0 }] } };
    const [thread] = program.threads;
    expect(() => judgeDriver({ ...program, threads: [{ ...thread!, steps: [s.readOnce("p", "pte"), request, ...thread!.steps.slice(2)] }] })).toThrow("name an object");
  });
});
