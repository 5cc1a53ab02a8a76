/** The report on the parser: on a small tree of our own, and on the kernel's folders that must parse without a loss. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelVersion, shippedSnapshot, snapshotOf, snapshotVersion } from "../tasks/gen-macros.mjs";
import { findCtags, findKernel } from "../tasks/requirements.mjs";

const task = fileURLToPath(new URL("../tasks/parse-report.mjs", import.meta.url));
const kernel = findKernel();
const ctags = findCtags();

if (kernel === undefined) console.log("skipped: no kernel tree (linux-source-6.12 through ../shared/corpus/get-kernel)");
if (ctags === undefined) console.log("skipped: no Universal Ctags");

function report(...args: readonly string[]): { readonly out: string; readonly err: string; readonly status: number | null; readonly row: (folder: string) => readonly string[] } {
  const { stdout, stderr, status } = spawnSync("node", [task, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  const row = (folder: string): readonly string[] => stdout.split("\n").findLast((line) => line.startsWith(`${folder} `))?.split(/ {2,}/) ?? [];
  return { out: stdout, err: stderr, status, row };
}

describe("the report on a tree", () => {
  const tree = mkdtempSync(join(tmpdir(), "quiesce-parse-report-"));
  beforeAll(() => {
    mkdirSync(join(tree, "net"));
    mkdirSync(join(tree, "tools"));
    writeFileSync(join(tree, "net/good.c"), "int f(void)\n{\n\tlist_for_each_entry_rcu(p, &h, n)\n\t\tg(p);\n\treturn 0;\n}\n");
    writeFileSync(join(tree, "net/bad.c"), "int f(void)\n{\n\tx = = 3 +;\n}\n\nint g(void)\n{\n}\n");
    writeFileSync(join(tree, "tools/bad.c"), "= = =\n");
  });
  afterAll(() => rmSync(tree, { recursive: true }));

  it("counts files, bodies and RCU loops, and names what could not be read", () => {
    const { out, row, status } = report("--kernel", tree);
    expect(row("net").slice(0, 7)).toEqual(["net", "2", "0.0", "50.000 (1)", expect.stringMatching(/^\d/), "3", "33.333 (1)"]);
    expect(row("all").slice(-3)).toEqual(["1", "1", "0"]);
    expect(out).toContain("net/bad.c:3: x = = 3 +;");
    expect(out.trimEnd().split("\n").at(-1)).toMatch(/^files 2 with error 1 \(50\.000 %\), functions 3 bodies with error 1 \(33\.333 %\) lost \d+ \(\d+\.\d+ %\), bytes in error \d+ \(\d+\.\d+ %\), \d+\.\d MB\/s$/);
    expect(out).not.toContain("tools");
    expect(status).toBe(0);
  });

  it("exits with 1 above a target, with 0 at it, and with 2 when it was asked wrongly", () => {
    expect(report("--kernel", tree, "--max-files", "49.9").status).toBe(1);
    expect(report("--kernel", tree, "--max-files", "50").status).toBe(0);
    expect(report("--kernel", tree, "--files", "net/good.c", "--max-files", "0", "--max-bodies", "0", "--max-lost", "0").status).toBe(0);
    expect(report("--kernel", tree, "--files", "net/**", "--max-files", "0").status).toBe(1);
    expect(report("--kernel", tree, "--files", "nothing/**")).toMatchObject({ status: 2, err: expect.stringContaining("no .c file is named by nothing/**") as string });
    expect(report("--kernel", tree, "--max-files", "many")).toMatchObject({ status: 2, err: expect.stringContaining("--max-files many: not a number") as string });
  });

  it("shows what the rewriting is worth", () => {
    const { out } = report("--kernel", tree, "--files", "net/*.c", "--raw");
    expect(out).toMatch(/^raw\n[^]*\nall .* 1 +0 +0\n\n[^]*\nall .* 1 +1 +0\n/);
  });
});

describe("mutants", () => {
  it("of our drivers keep their layout; the run says its numbers", () => {
    const { out, status } = report("--kernel", tmpdir(), "--files", "nothing/*.c", "--fuzz", "1500", "--seed", "3");
    expect(out).toMatch(/^1500 mutants of \d+ drivers of ours and 0 kernel files, \d+ MB, 150 of them parsed: 0 failures; slowest [\d.]+ ms per KB\n$/);
    expect(status).toBe(0);
  });
});

describe.skipIf(kernel === undefined || ctags === undefined)("the kernel's IOMMU drivers, VFIO and RCU", () => {
  it("parse without an error, and no function is lost", () => {
    const { row, status } = report("--kernel", kernel ?? "", "--files", "drivers/iommu", "--files", "drivers/vfio", "--files", "kernel/rcu", "--max-files", "0", "--max-bytes", "0", "--max-bodies", "0", "--max-lost", "0");
    expect(status).toBe(0);
    expect(Number(row("all")[1])).toBeGreaterThan(100);
    expect(row("all")[10]).toBe(row("all")[11]);
  });
});

describe("the list of macros", () => {
  it("names its release", () => {
    expect(snapshotVersion()).toMatch(/^6\.\d+\.\d+$/);
  });

  it.skipIf(kernel === undefined || kernelVersion(kernel) !== snapshotVersion())("is what that release defines", async () => {
    expect(shippedSnapshot()).toBe(await snapshotOf(kernel ?? ""));
  });
});
