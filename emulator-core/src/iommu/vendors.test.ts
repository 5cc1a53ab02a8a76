import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judgeDriver } from "../driver/judge.ts";
import { describeStep } from "../driver/describe.ts";
import { assumptionsOf, claimOf } from "./assumptions.ts";
import { flushSteps, mapSteps, unmapSteps } from "./driver-steps.ts";
import { pairsOf } from "./pairs.ts";
import { cacheKinds, cacheOf, factsOf, type Fact, type VendorModel } from "./vendor.ts";
import { vendorOf, vendors } from "./vendors.ts";

const named = (id: string): VendorModel => {
  const vendor = vendorOf(id);
  if (vendor === undefined) throw new Error(`no vendor ${id}`);
  return vendor;
};

describe("the registry", () => {
  it("has every file of vendors/, under its name", () => {
    const files = readdirSync(join(import.meta.dirname, "vendors")).map((file) => file.replace(/\.ts$/, ""));
    expect(vendors.map(({ id }) => id)).toEqual(files.sort());
  });
});

describe.each(vendors.map((vendor) => [vendor.id, vendor] as const))("the record of %s", (_, vendor) => {
  it("has a source for every fact: a specification with its place, or a kernel path with a function", () => {
    const facts = factsOf(vendor);
    expect(facts.length).toBeGreaterThan(20);
    for (const { name, fact } of facts) {
      expect(fact.source.length, name).toBeGreaterThan(10);
      expect(fact.assumption === true || /^(drivers|arch|include)\/\S+|RISC-V IOMMU 1\.0, /.test(fact.source), `${name}: ${fact.source}`).toBe(true);
    }
  });

  it("says every assumption in words", () => {
    for (const one of factsOf(vendor)) if (one.fact.assumption === true) expect(claimOf(one)).not.toContain("{");
  });

  it("names each cache once, and only caches that it has", () => {
    const kinds = vendor.caches.map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(kinds.length);
    for (const cache of vendor.caches) for (const kind of [...cache.leaves.value, ...cache.followedBy.value, ...cache.after.value.caches]) expect(kinds, `${cache.kind} speaks of ${kind}`).toContain(kind);
  });

  it("agrees with itself: a command leaves no cache of its own, and queues are polled", () => {
    for (const { kind, leaves } of vendor.caches) expect(leaves.value).not.toContain(kind);
    expect(vendor.completion.kind).toBe(vendor.submission.kind === "queue" ? "polled" : "instruction");
    expect(cacheKinds.filter((kind) => cacheOf(vendor, kind) !== undefined)).toContain("iotlb");
  });
});

describe("assumptions", () => {
  it("are those of the facts that a program leans on", () => {
    const waits = "Arm SMMUv3: a completed invalidation waits for accesses in flight (not checked: Arm IHI 0070, 4.7.3, CMD_SYNC completes when earlier invalidations have, transactions in flight included)";
    expect(assumptionsOf(named("smmuv3"), ["dataWait"])).toEqual([waits]);
    expect(assumptionsOf(named("smmuv3"))).toContain(waits);
    expect(assumptionsOf(named("riscv"), ["dataWait"])).toEqual([]);
  });

  it("name what the hardware has to report", () => {
    expect(assumptionsOf(named("vtd"), ["iotlb.notPresent", "context.notPresent"])).toEqual(["Intel VT-d: the hardware reports CAP.CM"]);
  });

  it.each(vendors.map((vendor) => [vendor.id, vendor] as const))("of %s come with the verdicts", (_, vendor) => {
    for (const { with: program, about } of pairsOf(vendor)) {
      const { assumptions } = judgeDriver(program, { verdictOnly: true });
      for (const line of program.assumptions ?? []) expect(assumptions).toContain(line);
      const wait: Fact<unknown> = vendor.dataWait;
      if (about === "flush" && wait.assumption === true) expect(assumptions.some((line) => line.includes("waits for accesses in flight"))).toBe(true);
    }
  });
});

describe("a driver's steps", () => {
  const text = (steps: ReturnType<typeof flushSteps>): readonly string[] => steps.map(describeStep);

  it("are what the driver of each vendor does", () => {
    expect(text(unmapSteps(named("riscv"), "cq", "pte"))).toEqual(["WRITE_ONCE(pte, 0)", "cq: invalidate iotlb", "dma_wmb()", "writel_relaxed(tail of cq)", "poll cq by readl_relaxed()"]);
    expect(text(unmapSteps(named("vtd"), "qi", "pte", true))).toEqual(["WRITE_ONCE(pte, 0)", "qi: invalidate iotlb", "qi: invalidate atc", "writel(tail of qi)", "poll qi by READ_ONCE()"]);
    expect(text(unmapSteps(named("smmuv3"), "cmdq", "pte", true))).toEqual([
      "WRITE_ONCE(pte, 0)", "cmdq: invalidate iotlb", "dma_wmb()", "writel_relaxed(tail of cmdq)", "poll cmdq by readl()",
      "cmdq: invalidate atc", "dma_wmb()", "writel_relaxed(tail of cmdq)", "poll cmdq by readl()",
    ]);
    expect(text(unmapSteps(named("s390"), "none", "pte"))).toEqual(["WRITE_ONCE(pte, 0)", "RPCIT: invalidate iotlb"]);
    expect(text(unmapSteps(named("virtio"), "vq", "pte"))).toEqual(["vq: pte = 0, invalidate iotlb", "virt_wmb()", "WRITE_ONCE(tail of vq)", "poll vq by READ_ONCE()", "virt_rmb()"]);
    expect(text(flushSteps(named("amd"), "cmd", ["context", "iotlb"]))).toEqual(["cmd: invalidate context", "writel(tail of cmd)", "cmd: invalidate iotlb", "writel(tail of cmd)", "poll cmd by READ_ONCE()"]);
  });

  it("flush after map only where entries that are not present may be cached", () => {
    expect(text(mapSteps(named("riscv"), "cq", "pte", "page"))).toEqual(["WRITE_ONCE(pte, &page)"]);
    expect(mapSteps(named("vtd"), "qi", "pte", "page").length).toBeGreaterThan(1);
  });

  it("do not flush a cache that the vendor does not have", () => {
    expect(() => flushSteps(named("s390"), "none", ["pasid"])).toThrow("s390 zPCI has no pasid cache");
  });
});
