import { describe, expect, it } from "vitest";
import * as on from "../build.ts";
import { judgeDriver } from "../judge.ts";
import type { DriverProgram, Step } from "../steps.ts";
import { editsOf } from "./edits.ts";
import { searchFixes } from "./search.ts";

const reader = { role: "Reader", title: "walk", steps: on.underRcu(on.rcuDereference("e", "list"), on.ifSet("e", [on.readOnce("x", "*e")])) };
const unlink = on.listDelRcu("list");

const list = (updater: readonly Step[], more: Partial<DriverProgram> = {}): DriverProgram => ({
  name: "list", objects: [{ name: "list", initial: "&entry" }, { name: "entry", initial: 1 }], locks: ["lock"],
  threads: [reader, { role: "Updater", title: "remove", steps: updater }], hazard: { kind: "use-after-free", object: "entry" }, ...more,
});

const titles = (program: DriverProgram): readonly string[] => searchFixes(program, { fixesMax: 50 }).fixes.map(({ edits }) => edits.map(({ title }) => title).join(" and "));

describe("a fix is one that a reviewer would take", () => {
  it("does not wait under a spin lock", () => {
    const program = list(on.locked("lock", unlink, on.kfree("entry")));
    for (const { program: changed } of searchFixes(program, { fixesMax: 50 }).fixes) expect(judgeDriver(changed).contexts).toEqual([]);
    expect(titles(program).some((title) => title.includes("kfree_rcu()"))).toBe(true);
    expect(titles(program).filter((title) => title.includes("synchronize_rcu()"))).toEqual([]);
  });

  it("does not take the unlink out of its lock", () => {
    const program = list([on.kfreeRcu("entry"), ...on.locked("lock", unlink)]);
    expect(titles(program)).toContain("kfree_rcu(entry, rcu) at the end of Updater");
    expect(titles(program).filter((title) => title.startsWith("WRITE_ONCE(list, 0)"))).toEqual([]);
  });

  it("does not leave what is freed beside it", () => {
    const objects = [{ name: "list", initial: "&entry" }, { name: "entry", initial: "&data" }, { name: "data", initial: 1 }] as const;
    const steps = on.underRcu(on.rcuDereference("e", "list"), on.ifSet("e", [on.readOnce("d", "*e"), on.ifSet("d", [on.readOnce("x", "*d")])]));
    const program = list([unlink, on.kfree("data"), on.kfree("entry")], { objects, threads: [{ ...reader, steps }, { role: "Updater", title: "remove", steps: [unlink, on.kfree("data"), on.kfree("entry")] }], hazard: { kind: "use-after-free", object: "data" } });
    expect(titles(program)[0]).toBe("call_rcu() that frees data and entry instead of kfree(data) and kfree(entry) in Updater");
    expect(titles(program)).not.toContain("kfree_rcu() of data instead of kfree(data)");
  });

  it("does not defer one free of two", () => {
    const steps = [on.readOnce("e", "list"), on.ifSet("e", [unlink, on.kfree("entry")])];
    const program = list([], { threads: ["A", "B"].map((role) => ({ role, title: "remove", steps })), hazard: { kind: "double-free", object: "entry" } });
    expect(titles(program)).toEqual(["a common lock around A and B"]);
  });

  it("does not keep an entry alive for a device by RCU, and gives none a release for a partner", () => {
    const program: DriverProgram = {
      name: "unmap", objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "pte", initial: "&page", seenBy: "device" }], caches: ["iotlb"],
      threads: [{ role: "CPU", title: "unmap", steps: [on.clearPte("pte"), on.reusePage("page")] }],
      devices: [{ name: "dma", title: "DMA", path: [{ dst: "p", at: "pte", cache: "iotlb" }], access: "read" }], hazard: { kind: "use-after-free", object: "page" },
    };
    expect(titles(program)).toEqual(["invalidate iotlb and wait in CPU between WRITE_ONCE(pte, 0) and hand over(page)"]);
    expect(editsOf(program).filter(({ title }) => /release|assign|rcu/.test(title))).toEqual([]);
  });

  it("covers a table by the leaf's command, and nothing else", () => {
    const path = [{ dst: "root", at: "dc", cache: "context", role: "context" }, { dst: "table", cache: "walk", role: "table" }, { dst: "p", cache: "iotlb" }] as const;
    const program: DriverProgram = {
      name: "scope", objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "pte", initial: "&page", seenBy: "device" }, { name: "pmd", initial: "&pte", seenBy: "device" }, { name: "dc", initial: "&pmd", seenBy: "device" }], caches: ["context", "walk", "iotlb", "atc"],
      threads: [{ role: "CPU", title: "unmap", steps: [on.writeOnce("pmd", 0), on.invalidate("TLBI", ["iotlb"]), on.reusePage("page")] }],
      devices: [{ name: "dma", title: "DMA", path, access: "read", ats: { cache: "atc" } }], hazard: { kind: "use-after-free", object: "page" },
    };
    expect(editsOf(program).filter(({ kind }) => kind === "widen").map(({ title }) => title)).toEqual(["TLBI: invalidate iotlb in CPU covers walk too"]);
  });
});
