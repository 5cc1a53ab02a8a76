/** How the review of a document stands, in one line. */

import type { ReviewStatus, VerdictWord } from "../protocol/index.ts";
import type { Reviewed } from "./document-review.ts";

export function statusOf(uri: string, reviewed: Reviewed, emulate: boolean): ReviewStatus {
  const { failure, refused, notAnalysed, isSettled, ms } = reviewed;
  if (!isSettled) return { uri, state: "analysing", message: countsOf(reviewed, emulate), ms: null };
  if (failure !== undefined) return { uri, state: "failed", message: failure, ms };
  if (refused !== undefined) return { uri, state: "not-analysed", message: refused, ms };
  const [region] = notAnalysed;
  if (region === undefined) return { uri, state: "ready", message: countsOf(reviewed, emulate), ms };
  const others = notAnalysed.length === 1 ? "" : ` and ${String(notAnalysed.length - 1)} more`;
  return { uri, state: "not-analysed", message: `lines ${String(region.line)} to ${String(region.endLine)}${others} could not be followed: ${region.reason}`, ms };
}

function countsOf({ findings }: Reviewed, emulate: boolean): string {
  if (findings.length === 0) return "no findings";
  if (!emulate) return `${String(findings.length)} found, not replayed (quiesce.emulate is off)`;
  const words: readonly (VerdictWord | undefined)[] = ["confirmed", "undecided", "refuted", undefined];
  return words
    .map((word) => ({ word, count: findings.filter(({ evidence }) => evidence?.verdict === word).length }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${String(count)} ${word ?? "not yet tried"}`)
    .join(", ");
}
