import { describe, expect, it } from "vitest";
import { writeOnce, wmb } from "../driver/build.ts";
import { judgeDriver } from "../driver/judge.ts";
import type { DriverProgram } from "../driver/steps.ts";
import { changeSteps, deviceOf } from "./driver-steps.ts";
import { pairsOf, type Pair } from "./pairs.ts";
import { cacheOf, type VendorModel } from "./vendor.ts";
import { vendors } from "./vendors.ts";

const titled = (pairs: readonly Pair[]): readonly (readonly [string, Pair])[] => pairs.map((pair) => [`${pair.about} ${pair.cache}`, pair]);

describe.each(vendors.map((vendor) => [vendor.id, vendor] as const))("%s", (_, vendor) => {
  const pairs = pairsOf(vendor);

  it.each(titled(pairs))("%s: confirmed without, refuted with", (_title, pair) => {
    expect(judgeDriver(pair.without, { verdictOnly: true }).verdict, pair.without.about).toBe("confirmed");
    const { verdict, reason } = judgeDriver(pair.with, { verdictOnly: true });
    expect(verdict, `${String(pair.with.about)} ${reason}`).toBe("refuted");
  });

  it("has a pair for each cache that must be flushed", () => {
    const flushed = pairs.filter(({ about }) => about === "flush").map(({ cache }) => cache);
    expect(flushed).toEqual(vendor.caches.filter(({ mustFlush }) => mustFlush.value).map(({ kind }) => kind));
    expect(flushed.length).toBeGreaterThan(1);
  });

  it("has a pair for each cache that may hold what is not present, and for each promise of its queue", () => {
    const about = (what: string): number => pairs.filter((pair) => pair.about === what).length;
    expect(about("not-present")).toBe(vendor.caches.filter(({ notPresent }) => notPresent.value.kind !== "never").length);
    expect(about("doorbell")).toBe(vendor.submission.kind === "queue" ? 1 : 0);
    expect(about("data-wait")).toBe(vendor.dataWait.value.kind === "bits" ? 1 : 0);
    expect(about("order")).toBe(cacheOf(vendor, "atc") === undefined ? 0 : 1);
  });

  it("names its programs differently", () => {
    const names = pairs.flatMap((pair) => [pair.without.name, pair.with.name]);
    expect(new Set(names).size).toBe(names.length);
  });
});

it("counts the pairs per vendor", () => {
  expect(Object.fromEntries(vendors.map((vendor) => [vendor.id, pairsOf(vendor).length]))).toEqual({ amd: 13, riscv: 13, s390: 5, smmuv3: 15, virtio: 6, vtd: 17 });
});

/** An entry comes and the device is started, nothing flushed. */
function started(vendor: VendorModel): DriverProgram {
  return {
    name: "map-and-start", architecture: vendor.architectures.value[0],
    objects: [{ name: "entry", seenBy: "device" }, { name: "page", initial: 1, seenBy: "device" }, { name: "go", seenBy: "device" }],
    caches: ["iotlb"],
    threads: [{ role: "CPU", title: "map", steps: [...changeSteps(vendor, "none", { cache: "iotlb", at: "entry", value: "&page" }), wmb(), writeOnce("go", 1)] }],
    devices: [deviceOf(vendor, { entries: { iotlb: "entry" }, access: "none", start: "go" })],
    hazard: { kind: "outcome", what: "spurious fault", when: [{ thread: "dev", register: "started", is: 1 }, { thread: "dev", register: "pte", is: 0 }] },
  };
}

describe("a vendor that never caches what is not present", () => {
  it.each(vendors.filter((vendor) => cacheOf(vendor, "iotlb")?.notPresent.value.kind === "never").map((vendor) => [vendor.id, vendor] as const))("%s needs no flush after map", (_, vendor) => {
    expect(judgeDriver(started(vendor), { verdictOnly: true }).verdict).toBe("refuted");
  });
});
