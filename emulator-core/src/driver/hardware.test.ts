import { describe, expect, test } from "vitest";
import { check } from "../check.ts";
import * as on from "./build.ts";
import { judgeDriver } from "./judge.ts";
import { lowerDriver } from "./lower.ts";
import type { Device, DriverProgram, Step } from "./steps.ts";
import { witnessOf } from "./witness.ts";

const translating: Device = { name: "dma", title: "dma", path: [{ dst: "pte", at: "io_pte", cache: "iotlb" }], access: "read" };

/** One CPU unmaps a page, flushes, and hands the page over. */
const unmap = (flush: readonly Step[], device: Device = translating): DriverProgram => ({
  name: "unmap",
  objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: "&page", seenBy: "device" }],
  locks: ["lock"],
  caches: ["iotlb", "atc"],
  threads: [{ role: "Inv CPU", title: "unmap", steps: [on.clearPte("io_pte"), ...flush, on.reusePage("page")] }],
  devices: [device],
  hazard: { kind: "use-after-free", object: "page" },
});

const flushIotlb = on.invalidate("RPCIT", ["iotlb"]);
const flushAtc = on.invalidate("ATC_INV", ["atc"]);

describe("an invalidation by one instruction", () => {
  test.each([
    ["by itself", [flushIotlb]],
    ["inside a reader", on.underRcu(flushIotlb)],
    ["under a condition inside a reader", on.underRcu(on.readOnce("seen", "io_pte"), on.ifEqual("seen", 0, [flushIotlb]))],
    ["with interrupts off", [on.rcuReadLock("irq"), flushIotlb, on.rcuReadUnlock("irq")]],
  ])("%s waits for the entries and does not sleep", (_, flush) => {
    expect(judgeDriver(unmap(flush))).toMatchObject({ verdict: "refuted", flags: [] });
  });

  test("of a cache that holds nothing waits for nothing, inside a reader too", () => {
    expect(judgeDriver(unmap(on.underRcu(on.invalidate("RPCIT", ["iotlb"], { assumeEmpty: true }))))).toMatchObject({ verdict: "confirmed", flags: [] });
  });

  test("under a spin lock that holds up a grace period does not sleep", () => {
    const flush = [...on.locked("lock", flushIotlb), on.synchronizeRcu()];
    expect(judgeDriver(unmap(flush))).toMatchObject({ verdict: "refuted", flags: [] });
  });
});

describe("the translation that an ATS device keeps", () => {
  const device: Device = { ...translating, ats: { cache: "atc" } };

  test("made from an IOTLB entry can be made again after its own invalidation", () => {
    expect(judgeDriver(unmap([flushAtc, flushIotlb], device)).verdict).toBe("confirmed");
    expect(judgeDriver(unmap([flushIotlb, flushAtc], device)).verdict).toBe("refuted");
  });

  test("made from the page table ends with its own invalidation", () => {
    expect(judgeDriver(unmap([flushAtc], { ...device, path: [{ dst: "pte", at: "io_pte" }] })).verdict).toBe("refuted");
  });
});

describe("an entry found again by its tag", () => {
  const device: Device = { ...translating, path: [{ dst: "root", at: "context" }, { dst: "pte", cache: "iotlb" }], again: { dst: "later", at: "context" } };
  const reuse = (hazard: DriverProgram["hazard"]): DriverProgram => ({
    ...unmap([on.writeOnce("context", 0), on.smpMb()], device),
    objects: [...unmap([]).objects, { name: "context", initial: "&io_pte", seenBy: "device" }],
    hazard,
  });

  test("is not used through an invalid context", () => {
    const program = reuse({ kind: "outcome", what: "access without a context", when: [{ thread: "dma", register: "later", is: 0 }, { thread: "dma", register: "data", is: 0, not: true }] });
    expect(check(lowerDriver(program).program)).toMatchObject({ observation: "Never", positive: 0 });
  });

  test("only executions that end as said are the hazard", () => {
    expect(judgeDriver(reuse({ kind: "use-after-free", object: "page", when: [{ thread: "dma", register: "later", is: "&io_pte" }] })).verdict).toBe("confirmed");
    expect(judgeDriver(reuse({ kind: "use-after-free", object: "page", when: [{ thread: "dma", register: "later", is: 0 }] })).verdict).toBe("refuted");
  });
});

describe("memory that the device does not snoop", () => {
  const install = (clean: readonly Step[], barrier: readonly Step[] = [on.dmaWmb()]): DriverProgram => ({
    name: "install",
    objects: [{ name: "table", fields: [{ name: "first", initial: "uninitialised" }, { name: "second", initial: "uninitialised" }], nonCoherent: true, seenBy: "device" }, { name: "pmd", initial: 0, seenBy: "device" }],
    threads: [{ role: "Map CPU", title: "map", steps: [on.writeOnce("table.first", 1), on.writeOnce("table.second", 2), ...clean, ...barrier, on.writeOnce("pmd", "&table")] }],
    devices: [{ name: "walker", title: "walk", path: [{ dst: "next", at: "pmd" }, { dst: "entry", at: "next->second" }], access: "none" }],
    hazard: { kind: "uninitialised-read", object: "table" },
  });

  test("is read behind the pointer that leads to it, in main memory", () => {
    expect(judgeDriver(install([])).verdict).toBe("confirmed");
    expect(judgeDriver(install([on.dmaClean("table")])).verdict).toBe("refuted");
  });

  test("is refused where the way may lead to snooped memory as well", () => {
    const { objects, threads, ...program } = install([]);
    const mixed = { ...program, objects: [...objects, { name: "other", fields: [{ name: "first" }, { name: "second" }] }], threads: [...threads, { role: "Other CPU", title: "map", steps: [on.writeOnce("pmd", "&other")] }] };
    expect(() => lowerDriver(mixed)).toThrow("device walker: next->second may be memory that is snooped or not, or of different sizes");
  });
});

test("the words that kfree_rcu() gives away may get a plain owner", () => {
  const program = (free: Step): DriverProgram => ({
    name: "plain owner",
    objects: [{ name: "head", initial: "&object" }, { name: "object", initial: 1 }],
    threads: [
      { role: "Reader", title: "reader", steps: [on.rcuDereference("found", "head"), on.ifSet("found", [on.readOnce("word", "*found")])] },
      { role: "Updater", title: "updater", steps: [on.listDelRcu("head"), free] },
    ],
    hazard: { kind: "use-after-free", object: "object" },
  });
  expect(judgeDriver(program(on.kfreeRcu("object")))).toMatchObject({ verdict: "confirmed", flags: [] });
  expect(judgeDriver(program(on.plainly(on.kfreeRcu("object"))))).toMatchObject({ verdict: "confirmed", flags: ["data-race"] });
});

test("an instruction beside the CPU is told as what the hardware does", () => {
  const program = unmap(on.underRcu(flushIotlb));
  const verdict = judgeDriver(program);
  const steps = witnessOf(program, verdict)!.steps.map(({ text }) => text);
  expect(steps.filter((text) => /drops iotlb|RPCIT/.test(text)).length).toBeGreaterThan(1);
  expect(steps.filter((text) => text.includes("instruction"))).toEqual([]);
});
