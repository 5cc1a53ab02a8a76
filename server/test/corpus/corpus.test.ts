/** What counts as found and as reported; and, where ../shared and its trees are there, floors that hold for its first cases. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Finding, Severity, VerdictWord } from "../../src/protocol/index.ts";
import { findKernel, findShared } from "../../tasks/requirements.mjs";
import type { Case } from "./cases.ts";
import { judgeBug, judgeSilence } from "./judge.ts";
import { reportOf } from "./report.ts";

const task = fileURLToPath(new URL("../../tasks/corpus.mjs", import.meta.url));
const shared = findShared();
const older = ["6.1.170-3", "6.1.192-2"].map((version) => join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "linux-source", version));
const missing = shared === undefined ? "../shared is not there" : findKernel() === undefined || !older.every((folder) => existsSync(folder)) ? "the kernel trees are not there (../shared/corpus/get-kernel unpacks them)" : "";

if (missing !== "") console.log(`skipped: ${missing}`);

const outline = [{ name: "detach", line: 10, column: 1, endLine: 20 }];
const bug: Case = { id: "b", kind: "bug", rules: ["rcu/a", "rcu/b"], source: { pkg: "p", version: "1" }, file: "x.c", function: "detach", line: 15, lineText: "", match: "line", crossFile: false, confidence: "high" };

function finding(rule: string, line: number, verdict: VerdictWord, severity: Severity = "error", name = "detach"): Finding {
  const evidence = { verdict, reason: "f() might wait", limit: null, class: null, ladder: null, executions: 1, counterpart: null, assumptions: [] };
  return { rule, severity, file: "x.c", line, column: 1, endLine: line, endColumn: 9, function: name, message: "", evidence, path: [], related: [], steps: [], fixes: [] };
}

describe("a case", () => {
  const bugWith = (...findings: readonly Finding[]): string => judgeBug(bug, { findings, outline }).status;

  it("is found by one of its rules on its line, neither refuted nor a note", () => {
    expect(bugWith(finding("rcu/b", 15, "confirmed"))).toBe("confirmed");
    expect(bugWith(finding("rcu/b", 15, "undecided"))).toBe("undecided");
    expect(bugWith(finding("rcu/b", 16, "confirmed"), finding("rcu/c", 15, "confirmed"), finding("rcu/a", 15, "refuted"), finding("rcu/a", 15, "confirmed", "note"))).toBe("missed");
  });

  it("is found anywhere in the function where that is what it asks for", () => {
    const anywhere = { ...bug, match: "function" } as const;
    expect(judgeBug(anywhere, { findings: [finding("rcu/a", 12, "undecided", "error", "macro_name")], outline }).status).toBe("undecided");
    expect(judgeBug(anywhere, { findings: [finding("rcu/a", 30, "undecided", "error", "attach")], outline }).status).toBe("missed");
  });

  it("of correct code wants silence of its rules in its function alone", () => {
    const review = { findings: [finding("rcu/a", 12, "undecided"), finding("rcu/c", 12, "confirmed"), finding("rcu/a", 30, "confirmed", "error", "attach")], outline };
    expect(judgeSilence("ok", bug.rules, bug, review).findings.map(({ line }) => line)).toEqual([12]);
  });

  it("says what was not there", () => {
    expect(judgeBug(bug, { findings: [], outline: [] }).problem).toContain("no function detach");
    expect(judgeBug(bug, { findings: [], outline: [], failed: "too large" }).problem).toContain("too large");
  });

  it("is printed with the line that scripts read at the end", () => {
    const out = reportOf({ bugs: [judgeBug(bug, { findings: [finding("rcu/a", 15, "undecided")], outline })], fixed: [{ id: "b", findings: [finding("rcu/a", 15, "confirmed")], problem: "" }], correct: [{ id: "c", findings: [], problem: "" }] });
    expect(out.split("\n").slice(-3)).toEqual(["single-file bugs found 1/1 (100.0 %), cross-file 0/0 (0.0 %)", "confirmed alone: bugs 0/1, on fixed 1/1, on correct 0/1", "bugs found 1/1 (0 confirmed), reported on fixed 1/1, on correct 0/1"]);
  });
});

describe("the tool", () => {
  it("exits with 2 where there are no cases", () => {
    const { status, stderr } = spawnSync("node", [task, "--cases", "nothing.jsonl"], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toContain("no cases at nothing.jsonl");
  });

  it.skipIf(missing !== "")("finds what it found, and is silent where it was, in the first cases of ../shared", () => {
    const { status, stdout } = spawnSync("node", [task, "--only", "free-without-grace-period-0"], { encoding: "utf8", maxBuffer: 1 << 28 });
    expect(status).toBe(0);
    const figures = /^bugs found (\d+)\/(\d+) \((\d+) confirmed\), reported on fixed (\d+)\/(\d+), on correct (\d+)\/(\d+)$/.exec(stdout.trimEnd().split("\n").at(-1) ?? "")?.slice(1).map(Number) ?? [];
    const [found, bugs, confirmed, onFixed, , onCorrect, correct] = figures;
    expect([bugs, correct], stdout).toEqual([4, 4]);
    expect(found, stdout).toBeGreaterThanOrEqual(2);
    expect(confirmed, stdout).toBeGreaterThanOrEqual(1);
    expect(onFixed, stdout).toBeLessThanOrEqual(1);
    expect(onCorrect, stdout).toBe(0);
  });
});

it("ran against ../shared, or said why not", () => {
  if (process.env["CI"] === "true") expect(missing).toBe("");
});
