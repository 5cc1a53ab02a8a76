/** From the reviews of single files to the report of section 2 of the contract. */

import type { Finding, NotAnalysedRegion, Profile, Report, Skipped } from "../protocol/index.ts";
import type { FileReview } from "../session/reviewer-types.ts";
import { compareText } from "./terminal.ts";

/** The least verdict that is shown. */
export type EvidenceTier = "confirmed" | "undecided" | "all";

export type ReportInput = {
  readonly reviews: readonly FileReview[];
  readonly skipped: readonly Skipped[];
  readonly tier: EvidenceTier;
  readonly wallMs: number;
  readonly profile: Profile;
};

export type ReportWithHidden = {
  readonly report: Report;
  /** Findings that the tier hides. */
  readonly hidden: { readonly undecided: number; readonly refuted: number };
};

/** `stats` counts verdicts over all findings, `stats.findings` those in the report. */
export function reportOf(input: ReportInput): ReportWithHidden {
  const all = input.reviews.flatMap((review) => review.findings).sort(compareFindings);
  const shown = all.filter((finding) => isShown(finding, input.tier));
  const count = (tier: Tier): number => all.filter((finding) => tierOf(finding) === tier).length;
  const hiddenCount = (tier: Tier): number => count(tier) - shown.filter((finding) => tierOf(finding) === tier).length;
  const report: Report = {
    version: 1,
    findings: shown,
    skipped: [...input.skipped].sort((a, b) => compareText(a.file, b.file)),
    notAnalysed: input.reviews.flatMap((review) => review.notAnalysed).sort(compareRegions),
    stats: {
      files: input.reviews.length,
      functions: sum(input.reviews.map((review) => review.functions)),
      bytes: sum(input.reviews.map((review) => review.bytes)),
      findings: shown.length,
      confirmed: count("confirmed"),
      refuted: count("refuted"),
      undecided: count("undecided"),
      wallMs: Math.round(input.wallMs),
      profile: { ...input.profile, headersNotFound: missingHeadersOf(input.reviews).length },
    },
  };
  return { report, hidden: { undecided: hiddenCount("undecided"), refuted: hiddenCount("refuted") } };
}

/** Headers that no file of the run could read; sorted. */
export function missingHeadersOf(reviews: readonly FileReview[]): readonly string[] {
  return [...new Set(reviews.flatMap((review) => review.missingHeaders))].sort(compareText);
}

type Tier = "confirmed" | "undecided" | "refuted" | "not-tried";

/**
 * A hazard that exists only because an access is plain stands with the undecided ones, and so does one
 * that no architecture of its file reaches: of what was replayed, that alone makes a note of the other classes.
 */
export function tierOf(finding: Finding): Tier {
  if (finding.evidence === null) return "not-tried";
  const { verdict, class: need } = finding.evidence;
  const isForWeaker = finding.severity === "note" && (need === "mca" || need === "non-mca");
  return verdict === "confirmed" && (need === "compiler" || isForWeaker) ? "undecided" : verdict;
}

function isShown(finding: Finding, least: EvidenceTier): boolean {
  switch (tierOf(finding)) {
    // Without evidence there is no verdict to filter by.
    case "not-tried":
    case "confirmed":
      return true;
    case "undecided":
      return least !== "confirmed";
    case "refuted":
      return least === "all";
  }
}

/** Whether the exit status says "findings": notes do not, nor does what was shown to be harmless. */
export function hasReportableFinding(report: Report): boolean {
  return report.findings.some((finding) => finding.severity !== "note" && finding.evidence?.verdict !== "refuted");
}

export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.rule, b.rule) || compareText(a.message, b.message)
  );
}

function compareRegions(a: NotAnalysedRegion, b: NotAnalysedRegion): number {
  return compareText(a.file, b.file) || a.line - b.line;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
