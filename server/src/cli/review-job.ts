/** One file's review, as a worker thread does it: plain data in, plain data out, never a throw. */

import { dirname, isAbsolute, join, resolve } from "node:path";
import { includeFolders } from "../session/include-folders.ts";
import type { Reviewer } from "../session/reviewer.ts";
import type { FileReview, ReviewHost, SourceFile } from "../session/reviewer-types.ts";
import { unbalancedBrace } from "./brace-balance.ts";
import { isParserDamaged, openReviewer } from "./engine.ts";
import { type KernelTree, printedPath } from "./paths.ts";
import { readSource } from "./read-source.ts";
import { messageOf } from "./terminal.ts";

export type ReviewJob = {
  /** Absolute. */
  readonly path: string;
  /** As findings print it. */
  readonly file: string;
  readonly kernel: KernelTree | null;
  readonly rules: readonly string[] | "all";
  readonly emulate: boolean;
};

export type ReviewAnswer = {
  readonly file: string;
  /** null when the file could not be read or the review broke down; then `refused` says why. */
  readonly review: FileReview | null;
  /** With a review: what of the file was beyond us, though the rest was reviewed. */
  readonly refused: string | null;
  /** This thread cannot parse any more and must be replaced. */
  readonly isThreadSpent: boolean;
};

export async function reviewJob(job: ReviewJob): Promise<ReviewAnswer> {
  const source = readSource(job.path);
  if (!source.ok) return { file: job.file, review: null, refused: source.reason, isThreadSpent: false };
  try {
    const reviewer = await reviewerFor(job.kernel);
    const review = await reviewer.review(
      { file: job.file, text: source.text },
      { rules: job.rules, emulate: job.emulate, kernel: job.kernel?.release ?? "unknown" },
    );
    const isThreadSpent = await isParserDamaged();
    if (review.refused !== undefined) return { file: job.file, review: null, refused: review.refused, isThreadSpent };
    return { file: job.file, review, refused: lostToBraces(source.text, review), isThreadSpent };
  } catch (error) {
    return { file: job.file, review: null, refused: brokeDown(messageOf(error)), isThreadSpent: true };
  }
}

/** A reviewer keeps the headers it has read, so one serves all files of a tree. */
const reviewerByTree = new Map<string, Promise<Reviewer>>();

export function reviewerFor(kernel: KernelTree | null): Promise<Reviewer> {
  const key = kernel?.directory ?? "";
  const known = reviewerByTree.get(key) ?? openReviewer(diskHost(kernel));
  reviewerByTree.set(key, known);
  return known;
}

export function brokeDown(message: string): string {
  return `quiesce broke down on this file (please report it): ${message}`;
}

/** Only where the parser was lost as well: preprocessor branches can unbalance a file that parses well. */
function lostToBraces(text: string, review: FileReview): string | null {
  if (review.notAnalysed.length === 0) return null;
  const brace = unbalancedBrace(text);
  return brace ? `line ${String(brace.line)}: ${brace.reason}; what follows may have been missed` : null;
}

/** Includes: beside the file, then in the kernel tree. */
export function diskHost(kernel: KernelTree | null): ReviewHost {
  return {
    readInclude(fromFile, include) {
      for (const path of includeCandidates(fromFile, include, kernel)) {
        const source = readSource(path);
        if (source.ok) return { file: printedPath(path, kernel ?? undefined), text: source.text } satisfies SourceFile;
      }
      return undefined;
    },
  };
}

function includeCandidates(fromFile: string, include: { readonly path: string; readonly system: boolean }, kernel: KernelTree | null): string[] {
  if (isAbsolute(include.path)) return [];
  const candidates: string[] = [];
  if (!include.system) {
    // `fromFile` is as printed: inside the tree it is relative to the tree, elsewhere to the working directory.
    if (kernel) candidates.push(join(dirname(resolve(kernel.directory, fromFile)), include.path));
    candidates.push(join(dirname(resolve(fromFile)), include.path));
  }
  if (kernel) for (const folder of includeFolders) candidates.push(join(kernel.directory, folder, include.path));
  return candidates;
}
