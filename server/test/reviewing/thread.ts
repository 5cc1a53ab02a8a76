/** One review in a thread of a tool: through the same reviewer, headers included, that the command line's threads use. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { reviewerFor } from "../../src/cli/review-job.ts";
import { type KernelTree, kernelTreeAt } from "../../src/cli/paths.ts";
import type { Finding } from "../../src/protocol/index.ts";
import type { FileReview } from "../../src/session/reviewer-types.ts";

const trees = new Map<string, KernelTree>();

function treeAt(folder: string): KernelTree {
  const tree = trees.get(folder) ?? kernelTreeAt(folder);
  trees.set(folder, tree);
  return tree;
}

export function readKernelFile(kernel: string, file: string): string {
  return readFileSync(join(kernel, file), "utf8");
}

/** `file` is relative to the tree; `text` stands in for what is there. Fixes are not tried. Throws where the file was refused. */
export async function reviewInTree(kernel: string, file: string, text: string, rules: readonly string[] | "all" = "all"): Promise<FileReview> {
  return (await reviewTimed(kernel, file, text, rules)).review;
}

/** With the time that the evidence of each finding took. */
export async function reviewTimed(kernel: string, file: string, text: string, rules: readonly string[] | "all" = "all"): Promise<{ readonly review: FileReview; readonly evidenceMs: readonly number[] }> {
  const tree = treeAt(kernel);
  const reviewer = await reviewerFor(tree);
  const evidenceMs: number[] = [];
  let lastMs = 0;
  const step = (): void => {
    const nowMs = performance.now();
    if (lastMs > 0) evidenceMs.push(nowMs - lastMs);
    lastMs = nowMs;
  };
  const review = await reviewer.review({ file, text }, { rules, emulate: true, tryFixes: false, kernel: tree.release }, { onDetected: step, onFinding: step });
  if (review.refused !== undefined) throw new Error(review.refused);
  return { review, evidenceMs };
}

/** What counts as a report: neither a note nor refuted. */
export function isReported(finding: Finding): boolean {
  return finding.severity !== "note" && finding.evidence?.verdict !== "refuted";
}

export function isConfirmed(finding: Finding): boolean {
  return finding.severity !== "note" && finding.evidence?.verdict === "confirmed";
}
