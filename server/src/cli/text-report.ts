/** The shape of sparse and gcc, which `make C=1`, editors and build logs parse: one finding a line. */

import type { Finding, Report } from "../protocol/index.ts";
import { oneLine, plural } from "./terminal.ts";
import type { ReportWithHidden } from "./report.ts";

export function renderReport(report: Report): string {
  return report.findings.map((finding) => `${renderFinding(finding)}\n`).join("");
}

/** `FILE:LINE:COL: error|warning|note: MESSAGE [RULE, VERDICT]` */
export function renderFinding(finding: Finding): string {
  const place = `${finding.file}:${String(finding.line)}:${String(finding.column)}`;
  const verdict = finding.evidence ? `, ${finding.evidence.verdict}` : "";
  return `${place}: ${finding.severity}: ${oneLine(finding.message)} [${finding.rule}${verdict}]`;
}

/** For stderr: what was done, and what the chosen tier hides. */
export function renderSummary({ report, hidden }: ReportWithHidden): readonly string[] {
  const { stats, skipped } = report;
  const verdicts = `${String(stats.confirmed)} confirmed, ${String(stats.undecided)} undecided, ${String(stats.refuted)} refuted`;
  const seconds = `${(stats.wallMs / 1000).toFixed(1)} s`;
  const skippedPart = skipped.length > 0 ? `, ${String(skipped.length)} skipped` : "";
  const lines = [`${plural(stats.files, "file")}, ${plural(stats.functions, "function")}${skippedPart}: ${verdicts}; ${seconds}`];
  const hiddenLine = renderHidden(hidden);
  return hiddenLine === undefined ? lines : [...lines, hiddenLine];
}

/** Refuted ones are not worth a line of their own: they were shown to be harmless. */
function renderHidden(hidden: ReportWithHidden["hidden"]): string | undefined {
  if (hidden.undecided === 0) return undefined;
  return `${plural(hidden.undecided, "undecided finding")} not shown (--evidence undecided shows ${hidden.undecided === 1 ? "it" : "them"})`;
}
