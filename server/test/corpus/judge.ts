/** What a review says about a case. */

import type { Finding } from "../../src/protocol/index.ts";
import type { FunctionPlace } from "../../src/session/reviewer-types.ts";
import { isConfirmed, isReported } from "../reviewing/thread.ts";
import type { Case, Place } from "./cases.ts";

/** A file as it was reviewed; `failed` says why it was not. */
export type Reviewed = { readonly findings: readonly Finding[]; readonly outline: readonly FunctionPlace[]; readonly failed?: string };

export type BugResult = {
  readonly case: Case;
  readonly status: "confirmed" | "undecided" | "missed";
  /** The findings that hit; where there is none, those of the function, notes and refuted ones included. */
  readonly findings: readonly Finding[];
  readonly problem: string;
};

/** `findings`: those of the case's rules in a function that is correct. */
export type SilenceResult = { readonly id: string; readonly findings: readonly Finding[]; readonly problem: string };

export function judgeBug(bug: Case, review: Reviewed): BugResult {
  const inFunction = review.findings.filter((finding) => standsIn(finding, bug.function, review.outline));
  const hits = (bug.match === "line" ? review.findings.filter(({ line, endLine }) => line <= bug.line && bug.line <= endLine) : inFunction).filter((finding) => bug.rules.includes(finding.rule) && isReported(finding));
  const status = hits.some(isConfirmed) ? "confirmed" : hits.length > 0 ? "undecided" : "missed";
  return { case: bug, status, findings: hits.length > 0 ? hits : inFunction, problem: problemOf(bug, review) };
}

export function judgeSilence(id: string, rules: readonly string[], place: Place, review: Reviewed): SilenceResult {
  const findings = review.findings.filter((finding) => rules.includes(finding.rule) && isReported(finding) && standsIn(finding, place.function, review.outline));
  return { id, findings, problem: problemOf(place, review) };
}

/** By its name, or by its line: what a macro heads can have another name. */
function standsIn(finding: Finding, name: string, outline: readonly FunctionPlace[]): boolean {
  return finding.function === name || outline.some((place) => place.name === name && place.line <= finding.line && finding.line <= place.endLine);
}

function problemOf(place: Place, { failed, outline }: Reviewed): string {
  if (failed !== undefined) return `not reviewed: ${failed}`;
  return outline.some(({ name }) => name === place.function) ? "" : `no function ${place.function} was seen in ${place.file}`;
}
