/**
 * The real tree. Needs ../shared (for get-kernel and the oracle) and Debian's linux-source-6.12; skipped with a
 * printed reason without them, failing on CI.
 */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { Report } from "../src/protocol/index.ts";
import { findKernel, findShared } from "../tasks/requirements.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const kernel = findKernel();
const shared = findShared();

function quiesce(...args: readonly string[]): { readonly out: string; readonly err: string; readonly status: number | null } {
  const result = spawnSync("node", [`${root}dist/cli.cjs`, ...args], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  return { out: result.stdout, err: result.stderr, status: result.status };
}

if (kernel === undefined) console.log("skipped: no kernel tree (linux-source-6.12 through ../shared/corpus/get-kernel)");
if (shared === undefined) console.log("skipped: ../shared is not there");

describe.skipIf(kernel === undefined)("the kernel's own files", () => {
  it("drivers/iommu is reviewed without a skipped file, and every finding has a verdict", () => {
    const { out, status } = quiesce("check", `${kernel ?? ""}/drivers/iommu`, "--kernel", kernel ?? "", "--format", "json", "--evidence", "all");
    const report = JSON.parse(out) as Report;
    expect(report.skipped).toEqual([]);
    expect(report.stats.files).toBeGreaterThan(60);
    expect(report.findings.length).toBeGreaterThan(0);
    for (const finding of report.findings) expect(finding.evidence?.verdict, `${finding.file}:${String(finding.line)}`).toMatch(/^(confirmed|refuted|undecided)$/);
    for (const finding of report.findings) if (finding.evidence?.verdict === "undecided") expect(finding.evidence.reason).not.toBe("");
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(`${root}docs/findings.schema.json`, "utf8")) as object);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect([0, 1]).toContain(status);
  });

  it("correct RCU code in drivers/iommu and drivers/vfio is not confirmed", () => {
    const { out } = quiesce("check", `${kernel ?? ""}/drivers/iommu`, `${kernel ?? ""}/drivers/vfio`, "--kernel", kernel ?? "", "--format", "json", "--rule", "rcu/free-before-grace-period,rcu/missing-dereference");
    const confirmed = (JSON.parse(out) as Report).findings.filter((finding) => finding.evidence?.verdict === "confirmed");
    expect(confirmed.map((finding) => `${finding.file}:${String(finding.line)} ${finding.message}`)).toEqual([]);
  });

  it("the 35 tests of tools/memory-model agree with their Result", () => {
    const { err, status } = quiesce("litmus", "--format", "tsv", `${kernel ?? ""}/tools/memory-model/litmus-tests`);
    expect(err).toContain("35 tests: 35 agree with their Result, 0 differ, 0 undecided, 0 refused");
    expect(status).toBe(0);
  });
});

describe.skipIf(shared === undefined)("the seed threads", () => {
  it("69 of 69 tests agree with herd7", () => {
    const { out } = quiesce("litmus", "--format", "tsv", `${shared ?? ""}/oracle/seeds`);
    const ours = new Map(rowsOf(out).map((row) => [row[0]?.split("/").at(-1)?.replace(/\.litmus$/, ""), [row[1], row[2], row[3], row[5]]]));
    const wanted = rowsOf(readFileSync(`${shared ?? ""}/oracle/seeds/verdicts.tsv`, "utf8")).map((row) => [row[0], [row[4], row[5], row[6], row[7]?.replace(/^-$/, "")]] as const);
    expect(wanted.length).toBe(69);
    for (const [name, columns] of wanted) expect(ours.get(name), name).toEqual(columns);
  });
});

const rowsOf = (tsv: string): readonly (readonly string[])[] => tsv.trimEnd().split("\n").slice(1).map((line) => line.split("\t"));

it("ran against the kernel and ../shared, or said why not", () => {
  if (process.env["CI"] === "true") expect({ kernel: kernel !== undefined, shared: shared !== undefined }).toEqual({ kernel: true, shared: true });
});
