/** What the report on noise counts, and how it ranks reasons. */

import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/protocol/index.ts";
import { drawOf, rankable, reportOf } from "./report.ts";
import type { Noise } from "./run.ts";

const finding = (rule: string, verdict: "confirmed" | "undecided", reason = ""): Finding => ({ rule, severity: "error", file: "x.c", line: 3, column: 1, endLine: 3, endColumn: 2, function: "f", message: "p is freed", evidence: { verdict, reason, limit: verdict === "undecided" ? { kind: "callees", value: 1 } : null, class: null, ladder: null, executions: 1, counterpart: null, assumptions: [] }, path: [], related: [], steps: [], fixes: [] });

const noise: Noise = {
  files: [{ file: "x.c", lines: 400, findings: [finding("rcu/free-before-grace-period", "confirmed"), finding("rcu/grace-period-in-loop", "confirmed"), finding("rcu/grace-period-in-reader", "confirmed"), finding("rcu/a", "undecided", "confirmed unless a_b() waits"), finding("rcu/a", "undecided", "confirmed unless c_d() waits")], evidenceMs: [1, 2, 9] }],
  failed: [{ file: "y.c", reason: "no answer after 5 ms" }],
  isWhole: true,
  lines: 500_000,
};

describe("the report on noise", () => {
  it("counts latency rules apart, over all lines of the folders", () => {
    expect(reportOf(noise).split("\n").slice(-2)).toEqual(["1 files with 400 lines reviewed, of 500000 lines in the folders", "confirmed 2 (1.00 per 250,000 lines), of latency rules 1 (0.50), undecided 2"]);
    expect(reportOf(noise)).toContain("not reviewed: y.c: no answer after 5 ms");
    expect(reportOf(noise)).toContain("median 2.0 ms, 99th percentile 9.0 ms");
    expect(reportOf({ ...noise, isWhole: false })).toContain("interrupted: 1 files");
  });

  it("ranks reasons without their names", () => {
    expect(reportOf(noise)).toContain("undecided rcu/a\n     2 confirmed unless f() waits");
    expect(rankable("f1() reads it under &hsr->list_lock alone, line 12")).toBe("f() reads it under x->y alone, N");
  });

  it("draws over the rules, the same for the same seed", () => {
    expect(drawOf(noise, 2, 1).match(/\[rcu\/[\w-]+\]/g)).toHaveLength(2);
    expect(drawOf(noise, 2, 1)).toBe(drawOf(noise, 2, 1));
  });
});
