import { afterAll, expect, it } from "vitest";
import type { Report } from "../src/protocol/index.ts";
import { reader, updater } from "../src/test-support/two-files.ts";
import { workspace } from "./cli-harness.ts";

const header = "struct bond { struct list_head list; struct rcu_head rcu; int id; };\nstruct dom { struct list_head bonds; spinlock_t lock; };\n";

const folder = workspace({ "demo/dom.h": header, "demo/update.c": updater, "demo/read.c": reader, "demo/plain.c": "int plain;\n" });
afterAll(() => folder.remove());

it("confirms against a reader in another file of the folder, whether one file is named or the folder", () => {
  for (const path of ["demo/update.c", "demo"]) {
    const { status, out } = folder.run("check", path, "--format", "json");
    const { findings } = JSON.parse(out) as Report;
    expect(findings.map(({ file, line, rule }) => [file, line, rule])).toEqual([["demo/update.c", 9, "rcu/free-before-grace-period"]]);
    expect(findings[0]?.evidence).toMatchObject({ verdict: "confirmed", counterpart: { file: "demo/read.c", function: "dom_sum", line: 4, synthetic: false } });
    expect(findings[0]?.fixes.some(({ verified }) => verified === true)).toBe(true);
    expect(status).toBe(1);
  }
});

it("shows the other file in the replay", () => {
  const { out } = folder.run("emulate", "demo/update.c:dom_remove");
  expect(out).toContain("read.c:10");
  expect(out).toContain("update.c:9");
});
