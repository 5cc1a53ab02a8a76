import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { check, parseLitmus, widthMax, wrap } from "../../../emulator-core/src/index.ts";
import type { Run } from "../protocol/index.ts";
import { testReviewer } from "../test-support/review.ts";
import { renderRun } from "./render-run.ts";

const example = (name: string): { file: string; text: string } => ({ file: `examples/${name}`, text: readFileSync(fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url)), "utf8") });

async function replay(name: string, fn: string): Promise<readonly Run[]> {
  const outcome = await (await testReviewer()).emulate(example(name), fn, { model: "lkmm" });
  if (outcome.kind !== "replayed") throw new Error(outcome.kind);
  return outcome.runs;
}

const cases: readonly (readonly [string, string])[] = [
  ["riscv-bond.c", "rvx_bond_unlink"], ["riscv-bond-fixed.c", "rvx_bond_unlink"], ["riscv-bond-posted.c", "rvx_bond_unlink"], ["s390-domain.c", "zpx_attach_blocked"],
  ["page-table.c", "ptx_unmap_pages"], ["page-table-fixed.c", "ptx_unmap_pages"], ["sva-bind.c", "svx_invalidate"], ["ioasid-allocator.c", "idx_unregister"],
];

describe("the table", () => {
  for (const [name, fn] of cases) {
    it(`${name}: ${fn}() fits a mail`, async () => {
      for (const run of await replay(name, fn)) {
        const text = renderRun(run);
        expect(text).not.toContain("\t");
        expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(widthMax);
      }
    });

    it(`${name}: the litmus test of ${fn}() re-read gives the same counts`, async () => {
      for (const run of await replay(name, fn)) {
        if (run.litmus === "") continue;
        const parsed = parseLitmus(run.litmus);
        if (!parsed.ok) throw new Error(parsed.errors[0]?.message);
        const { observation, positive, negative } = check(parsed.program);
        expect({ observation, positive, negative }).toEqual(run.counts);
      }
    });
  }

  it("tells the race of the bond step by step", async () => {
    const [run] = await replay("riscv-bond.c", "rvx_bond_unlink");
    expect(run?.roles.map((role) => role.name)).toEqual(["Reader", "Updater"]);
    const texts = run?.steps.map((step) => `${String(step.role)} ${step.text}`) ?? [];
    const position = (part: string): number => texts.findIndex((text) => text.includes(part));
    expect(position("1 list_del_rcu")).toBeGreaterThan(-1);
    expect(position("1 kfree(found)")).toBeGreaterThan(position("1 list_del_rcu"));
    expect(run?.steps.filter((step) => step.hazard).length).toBeGreaterThan(0);
    expect(run?.fix[0]).toContain("kfree_rcu()");
    expect(run?.need).toContain("Plain interleaving");
  });

  it("tells where each step of the plain load stands, and which one is the hazard", async () => {
    const [run] = await replay("sva-bind.c", "svx_invalidate");
    expect(run?.steps.filter((step) => step.hazard).map((step) => step.text)).toEqual([expect.stringMatching(/^mm->ctx {2}<- not initialised yet/)]);
    expect(run?.steps.filter((step) => step.line === 0).map((step) => step.text)).toEqual(["the object is initialised"]);
    expect(run?.steps.map((step) => step.text)).toContain("rcu_read_lock()");
  });

  it("is called confirmed in the heading only when it is", async () => {
    const [run] = await replay("sva-bind.c", "svx_invalidate");
    expect(renderRun(run!)).toMatch(/^CONFIRMED \(compiler only\): /);
    expect(renderRun({ ...run!, evidence: { ...run!.evidence, verdict: "undecided" } })).toMatch(/^UNDECIDED: /);
  });

  it("a function that is not there is answered with names that look like it", async () => {
    const outcome = await (await testReviewer()).emulate(example("riscv-bond.c"), "rvx_bond_unlnk", { model: "lkmm" });
    expect(outcome).toEqual({ kind: "no-function", function: "rvx_bond_unlnk", similar: expect.arrayContaining(["rvx_bond_unlink"]) as unknown });
  });

  it("a function with nothing to replay says what was looked for", async () => {
    const outcome = await (await testReviewer()).emulate(example("riscv-bond.c"), "rvx_bond_link", { model: "lkmm" });
    expect(outcome.kind).toBe("nothing");
  });

  it("the reader finds its updater too", async () => {
    const runs = await replay("riscv-bond.c", "rvx_iotlb_inval");
    expect(runs[0]?.evidence.verdict).toBe("confirmed");
  });
});

describe("wrap", () => {
  it("breaks long words and keeps every character", () => {
    const text = "a_very_long_identifier_that_does_not_fit(x)";
    expect(wrap(text, 10, "").join("")).toBe(text);
    expect(wrap("", 10, "")).toEqual([""]);
  });
});
