import { describe, expect, it } from "vitest";
import type { EvidenceReport, Finding } from "../protocol/index.ts";
import { type EvidenceTier, hasReportableFinding, reportOf } from "./report.ts";

const evidence = (verdict: EvidenceReport["verdict"], hazardClass: EvidenceReport["class"] = null): EvidenceReport => ({
  verdict, reason: "because", limit: null, class: hazardClass, ladder: null, executions: 1, counterpart: null, assumptions: [],
});
const finding = (file: string, line: number, proof: EvidenceReport | null, severity: Finding["severity"] = "error"): Finding => ({
  rule: "rcu/x", severity, file, line, column: 1, endLine: line, endColumn: 2, function: "f", message: "m", evidence: proof, path: [], related: [], steps: [], fixes: [],
});
const all = [
  finding("b.c", 1, evidence("confirmed", "interleaving")),
  finding("a.c", 10, evidence("undecided"), "warning"),
  finding("a.c", 9, evidence("refuted")),
  finding("a.c", 2, evidence("confirmed", "compiler"), "note"),
];
const report = (tier: EvidenceTier, findings: readonly Finding[] = all): ReturnType<typeof reportOf> =>
  reportOf({ reviews: [{ findings, outline: [], notAnalysed: [], missingHeaders: [], functions: 1, bytes: 1 }], skipped: [], tier, wallMs: 0, profile: { model: "lkmm", kernel: "unknown", bounds: {} } });
const places = (tier: EvidenceTier): readonly string[] => report(tier).report.findings.map(({ file, line }) => `${file}:${line}`);

describe("the least verdict shown", () => {
  it("confirmed hides what is only undecided, refuted, or of class compiler", () => {
    expect(places("confirmed")).toEqual(["b.c:1"]);
    expect(report("confirmed").hidden).toEqual({ undecided: 2, refuted: 1 });
  });

  it("undecided adds the undecided ones and the notes of class compiler, in the order of the files", () => {
    expect(places("undecided")).toEqual(["a.c:2", "a.c:10", "b.c:1"]);
  });

  it("all adds the refuted ones", () => {
    expect(places("all")).toEqual(["a.c:2", "a.c:9", "a.c:10", "b.c:1"]);
    expect(report("all").hidden).toEqual({ undecided: 0, refuted: 0 });
  });

  it("never hides what was not tried", () => {
    expect(report("confirmed", [finding("a.c", 1, null)]).report.findings).toHaveLength(1);
  });

  it("confirmed hides the note that no architecture of the file reaches, and counts it as undecided", () => {
    const { report: shown, hidden } = report("confirmed", [finding("a.c", 1, evidence("confirmed", "mca"), "note"), finding("a.c", 2, evidence("confirmed", "mca"))]);
    expect(shown.findings.map(({ line }) => line)).toEqual([2]);
    expect([shown.stats.confirmed, shown.stats.undecided, hidden.undecided]).toEqual([1, 1, 1]);
  });

  it("a note about a path is confirmed like any other", () => {
    expect(report("confirmed", [finding("a.c", 1, evidence("confirmed"), "note")]).report.stats.confirmed).toBe(1);
  });

  it("changes no count of verdicts", () => {
    const expected = { confirmed: 1, undecided: 2, refuted: 1 };
    expect(report("confirmed").report.stats).toMatchObject({ ...expected, findings: 1 });
    expect(report("all").report.stats).toMatchObject({ ...expected, findings: 4 });
  });
});

describe("the exit status", () => {
  it("is about what is shown", () => {
    expect(hasReportableFinding(report("confirmed", [finding("a.c", 1, evidence("undecided"))]).report)).toBe(false);
    expect(hasReportableFinding(report("undecided", [finding("a.c", 1, evidence("undecided"))]).report)).toBe(true);
  });

  it("is 0 for notes alone and for what was refuted", () => {
    expect(hasReportableFinding(report("all", [finding("a.c", 1, evidence("confirmed", "compiler"), "note"), finding("a.c", 2, evidence("refuted"))]).report)).toBe(false);
  });
});
