import { describe, expect, test } from "vitest";
import { check } from "../check.ts";
import { parseLitmus } from "../litmus/parser.ts";
import * as on from "./build.ts";
import { exportLitmus } from "./export.ts";
import { judgeDriver } from "./judge.ts";
import type { DriverProgram, Step } from "./steps.ts";

const bond = (free: Step, more: Partial<DriverProgram> = {}): DriverProgram => ({
  name: "bond",
  objects: [{ name: "bonds", initial: "&bond" }, { name: "bond", initial: 1 }],
  locks: ["lock"],
  threads: [
    { role: "Reader", title: "walk", steps: on.underRcu(on.from(on.rcuDereference("found", "bonds"), "driver.c", 12, "bond = rcu_dereference(*bonds) /* first */"), on.ifSet("found", [on.from(on.readOnce("dev", "*found"), "driver.c", 14, "bond->dev")])) },
    { role: "Updater", title: "unlink", steps: [...on.locked("lock", on.rcuAssignPointer("bonds", 0)), free] },
  ],
  hazard: { kind: "use-after-free", object: "bond" },
  ...more,
});

function readBack(text: string): { readonly expected: string | undefined; readonly observation: string } {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return { expected: parsed.program.expected, observation: check(parsed.program).observation };
}

describe("an exported test", () => {
  test("says what it is about, who is who, and how it differs from the code", () => {
    const driver = bond(on.kfreeRcu("bond"), { about: "A bond is freed while it is read.", assumptions: ["one bond"] });
    const [header] = exportLitmus(driver, judgeDriver(driver)).split(" *)\n");
    expect(header).toBe(`C bond

(*
 * Result: Never
 *
 * A bond is freed while it is read.
 *
 * Hazard: use-after-free of bond
 * Verdict: refuted
 *
 * P0: Reader, walk (bond:1-5, driver.c:12-14)
 * P1: Updater, unlink (bond:6-9)
 * P2: RCU callback, kfree_rcu(bond)
 *
 * Assumption: one bond
 * Note: spin-locked sections hold up a grace period: rcu_read_lock() stands behind spin_lock()
 * Note: rcu_assign_pointer() of NULL is WRITE_ONCE(), as in the kernel
 *
 * In tools/memory-model:
 * herd7 -conf linux-kernel.cfg bond.litmus
 * On multi-copy-atomic machines, and by interleaving alone:
 * herd7 -conf linux-kernel.cfg -model lkmm-mca.cat bond.litmus
 * herd7 -conf linux-kernel.cfg -model lkmm-sc.cat bond.litmus
`);
  });

  test.each([
    ["Sometimes", on.kfree("bond")],
    ["Sometimes DATARACE", on.plainly(on.kfree("bond"))],
    ["Never", on.kfreeRcu("bond")],
  ])("expects %s", (expected, free) => {
    expect(readBack(exportLitmus(bond(free)))).toEqual({ expected, observation: expected.split(" ")[0] });
  });

  test("of a deadlock says so", () => {
    const text = exportLitmus({ ...bond(on.kfree("bond")), threads: [{ role: "Updater", title: "unlink", steps: [...on.underRcu(on.synchronizeRcu()), on.writeOnce("bonds", 0)] }], hazard: { kind: "outcome", what: "it is through", when: [{ at: "bonds", is: 0 }] } });
    expect(text).toContain(" * Hazard: it is through: bonds is 0\n * Deadlock: no execution runs to its end.\n");
  });

  test("names a barrier that was left out", () => {
    const device = { name: "dma", title: "dma", path: [{ dst: "root", at: "dc" }, { dst: "pte" }], access: "none" } as const;
    const text = exportLitmus({
      name: "context", architecture: "arm64",
      objects: [{ name: "table", initial: "uninitialised", seenBy: "device" }, { name: "dc", initial: 0, seenBy: "device" }],
      threads: [{ role: "Attach CPU", title: "attach", steps: [on.writeOnce("table", 1), on.smpWmb(), on.writeOnce("dc", "&table")] }],
      devices: [device],
      hazard: { kind: "uninitialised-read", object: "table" },
    });
    expect(text).toContain(" * Result: Sometimes\n");
    expect(text).toContain(" * Note: smp_wmb() (context:2) is left out: it does not order what the device sees\n");
  });

  test("that would have another name is not handed out", () => {
    expect(() => exportLitmus(bond(on.kfree("bond"), { name: "bond\n{}}" }))).toThrow('"bond\\n{}}" is no name for a litmus test: one word');
    expect(() => exportLitmus(bond(on.kfree("bond"), { name: "two words" }))).toThrow('"two words" is no name for a litmus test: one word');
  });
});
