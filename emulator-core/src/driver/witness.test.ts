import { describe, expect, it } from "vitest";
import { widthMax } from "../columns.ts";
import { attachRace } from "./attach-race.fixture.ts";
import { clearPte, command, dmaWmb, doorbell, flush, invalidate, poll, reusePage, smpMb } from "./build.ts";
import { searchFixes } from "./fixes/search.ts";
import { judgeDriver } from "./judge.ts";
import { barrierRoles } from "./load-bearing.ts";
import type { Device, DriverProgram, Step } from "./steps.ts";
import { renderWitness, witnessOf, type Witness } from "./witness.ts";

function witness(program: DriverProgram): Witness {
  const made = witnessOf(program, judgeDriver(program));
  if (made === undefined) throw new Error("no witness");
  return made;
}

describe("the witness of the attach race", () => {
  it("has three columns, the device last, and fits a mail", () => {
    const made = witness(attachRace([], []));
    expect(made.columns.map(({ name }) => name)).toEqual(["Inv CPU", "Attach CPU", "IOMMU"]);
    const text = renderWitness(made);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(widthMax);
    expect(text).not.toContain("\t");
  });

  it("names the store buffer, and shows the store where it is made and where it is seen", () => {
    const made = witness(attachRace([], []));
    const pending = made.steps.find(({ text }) => text.includes("still in the store buffer"));
    expect(pending?.text).toContain("io_pte");
    expect(made.steps.some(({ text }) => text === `[${String(pending?.number)}] becomes visible`)).toBe(true);
    expect(made.why.join(" ")).toMatch(/store \[1\], which stands before it, is still in the store buffer/);
  });

  it("gives every step of a CPU its source", () => {
    const { steps, columns } = witness(attachRace([], []));
    for (const step of steps) if (columns[step.column]!.name !== "IOMMU") expect(step.source).toMatchObject({ file: "attach-race", line: expect.any(Number) as unknown });
  });

  it("ends with the access to the page that was given away", () => {
    const last = witness(attachRace([], [])).steps.at(-1);
    expect(last).toMatchObject({ hazard: true });
    expect(last?.text).toContain("reads page");
  });

  it("does not blame a store buffer that a full barrier has emptied", () => {
    const made = witness(attachRace([smpMb()], [dmaWmb()]));
    expect(made.why.join(" ")).not.toContain("store buffer");
    expect(made.why.join(" ")).toContain("PowerPC");
  });
});

describe("the witness of a flush", () => {
  const ring = [command("q", ["iotlb"]), doorbell("q"), poll("q")];
  const unmap = (device: Partial<Device>, ...steps: readonly Step[]): DriverProgram => ({
    name: "unmap", objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "pte", initial: "&page", seenBy: "device" }], caches: ["iotlb", "atc"], queues: ["q"],
    threads: [{ role: "CPU", title: "unmap", steps: [clearPte("pte"), ...steps, reusePage("page")] }],
    devices: [{ name: "dma", title: "DMA", path: [{ dst: "p", at: "pte", cache: "iotlb" }], access: "read", ...device }], hazard: { kind: "use-after-free", object: "page" },
  });
  const textsOf = (program: DriverProgram): readonly string[] => witness(program).steps.map(({ text }) => text);

  it("that was rung for too early shows the old command", () => {
    const texts = textsOf(unmap({}, ...ring));
    expect(texts).toContain("q: fetches the slot's OLD command");
    expect(texts).not.toContain("drops iotlb entries, waits for their users");
  });

  it("in the wrong order shows the device asking again in between", () => {
    const texts = textsOf(unmap({ ats: { cache: "atc" } }, invalidate("ATC_INV", ["atc"]), invalidate("TLBI", ["iotlb"])));
    const at = (text: string): number => texts.findIndex((one) => one.startsWith(text));
    expect([at("ATC_INV"), at("fills atc"), at("TLBI")].every((one, k, all) => one >= 0 && (k === 0 || one > all[k - 1]!))).toBe(true);
  });

  it("of a cache line that stays tells main memory from the CPU's, and shows no choice of the model", () => {
    const program = unmap({}, invalidate("TLBI", ["iotlb"]));
    const [page, pte] = program.objects;
    const texts = textsOf({ ...program, objects: [page!, { ...pte!, nonCoherent: true }] });
    expect(texts).toContain("reads pte in main memory: &page");
    expect(texts.join("\n")).not.toMatch(/evicted/);
  });
});

describe("fixes", () => {
  it("finds smp_mb() on both sides, and that one side or an early invalidation is not enough", () => {
    const { fixes, notEnough, limit } = searchFixes(attachRace([], []));
    const [best] = fixes;
    expect(limit).toBeNull();
    expect(best?.edits.map(({ title }) => title)).toEqual([expect.stringMatching(/^smp_mb\(\) in Inv CPU/), expect.stringMatching(/^smp_mb\(\) in Attach CPU/)]);
    expect(judgeDriver(best!.program).verdict).toBe("refuted");
    const left = notEnough.map(({ title }) => title).join("\n");
    expect(left).toMatch(/smp_mb\(\) in Inv CPU/);
    expect(left).toMatch(/smp_mb\(\) in Attach CPU/);
    expect(left).toMatch(/invalidate iotlb and wait in Attach CPU/);
  });

  it("needs one barrier only where the early invalidation stands in for the other", () => {
    const { fixes } = searchFixes(attachRace([], flush("attq", ["iotlb"])));
    expect(fixes[0]?.edits.map(({ title }) => title)).toEqual([expect.stringMatching(/^smp_mb\(\) in Inv CPU/)]);
  });

  it("says that it stopped early", () => {
    expect(searchFixes(attachRace([], []), { triesMax: 5 })).toMatchObject({ tried: 5, limit: { kind: "tries", value: 5 } });
  });
});

describe("the barriers of a refuted program", () => {
  it("carry it, or are redundant", () => {
    const roles = barrierRoles(attachRace([smpMb()], [smpMb(), smpMb()])).map(({ step, thread, role }) => `${thread} ${step.kind === "barrier" ? step.barrier : step.kind} ${role}`);
    expect(roles).toContain("Inv CPU smp_mb carries");
    expect(roles.filter((role) => role === "Attach CPU smp_mb redundant")).toHaveLength(2);
  });
});
