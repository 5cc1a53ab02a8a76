/** One file's review, as a worker thread does it: plain data in, plain data out, never a throw. */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { defaultCacheDir } from "../session/cache-folder.ts";
import { includeFolders } from "../session/include-folders.ts";
import { isUnreadConfig } from "../session/project-config.ts";
import { projectFileName } from "../session/project-file-name.ts";
import type { Reviewer } from "../session/reviewer.ts";
import type { FileReview, RefusedFile, ReviewHost, Sibling, SourceFile } from "../session/reviewer-types.ts";
import { sourceNamesIn } from "../session/source-folder.ts";
import { isUnreadHeader } from "../session/source-limits.ts";
import { macrosOfTree } from "../session/tree-macros.ts";
import type { MacroLists } from "../syntax/macro-lists.ts";
import { unbalancedBrace } from "./brace-balance.ts";
import { isThreadSpent, openReviewer, type ParserName } from "./engine.ts";
import { type KernelTree, nearestFile, printedPath } from "./paths.ts";
import { readSource } from "./read-source.ts";
import { messageOf } from "./terminal.ts";

export type ReviewJob = {
  /** Absolute. */
  readonly path: string;
  /** As findings print it. */
  readonly file: string;
  readonly kernel: KernelTree | null;
  /** null: nothing is kept between runs. */
  readonly cacheDir: string | null;
  readonly rules: readonly string[] | "all";
  readonly emulate: boolean;
  readonly parser: ParserName;
};

export type ReviewAnswer = {
  readonly file: string;
  /** null when the file could not be read or the review broke down; then `refused` says why. */
  readonly review: FileReview | null;
  /** With a review: what of the file was beyond us, though the rest was reviewed. */
  readonly refused: string | null;
  /** This thread cannot parse any more, or holds too much memory, and must be replaced. */
  readonly isThreadSpent: boolean;
};

export async function reviewJob(job: ReviewJob): Promise<ReviewAnswer> {
  const source = readSource(job.path);
  if (!source.ok) return { file: job.file, review: null, refused: source.reason, isThreadSpent: false };
  try {
    const reviewer = await reviewerFor(job);
    const review = await reviewer.review(
      { file: job.file, text: source.text },
      { rules: job.rules, rulesAreAsked: job.rules !== "all", emulate: job.emulate, kernel: job.kernel?.release ?? "unknown" },
    );
    const isSpent = await isThreadSpent();
    if (review.refused !== undefined) return { file: job.file, review: null, refused: review.refused, isThreadSpent: isSpent };
    return { file: job.file, review: { ...review, notAnalysed: review.notAnalysed.filter(({ reason }) => !isUnreadConfig(reason)) }, refused: lostToBraces(source.text, review), isThreadSpent: isSpent };
  } catch (error) {
    return { file: job.file, review: null, refused: brokeDown(messageOf(error)), isThreadSpent: true };
  }
}

/** A reviewer keeps the headers it has read, so one serves all files of a tree; a run has one parser. */
const reviewerByTree = new Map<string, Promise<Reviewer>>();

export function reviewerFor({ kernel, cacheDir, parser }: Pick<ReviewJob, "kernel" | "cacheDir" | "parser">): Promise<Reviewer> {
  const key = kernel?.directory ?? "";
  const known = reviewerByTree.get(key) ?? openReviewer(diskHost(kernel, cacheDir), parser);
  reviewerByTree.set(key, known);
  return known;
}

export function brokeDown(message: string): string {
  return `quiesce broke down on this file (please report it): ${message}`;
}

/** Only where the parser was lost as well: preprocessor branches can unbalance a file that parses well. */
function lostToBraces(text: string, review: FileReview): string | null {
  if (review.notAnalysed.every(({ reason }) => isUnreadHeader(reason))) return null;
  const brace = unbalancedBrace(text);
  return brace ? `line ${String(brace.line)}: ${brace.reason}; what follows may have been missed` : null;
}

/** Includes: beside the file, then in the kernel tree. What a file is built for: from the tree. Each header is read once: a run looks at a tree that stands still. */
export function diskHost(kernel: KernelTree | null, cacheDir: string | null = defaultCacheDir()): ReviewHost {
  let macros: MacroLists | undefined;
  const byPath = new Map<string, SourceFile | RefusedFile | undefined>();
  const byName = new Map<string, SourceFile | RefusedFile | undefined>();
  const read = (path: string): SourceFile | RefusedFile | undefined => {
    if (!byPath.has(path)) {
      const source = readSource(path);
      byPath.set(path, source.ok ? { file: printedPath(path, kernel ?? undefined), text: source.text } : source.isUnfit ? { refused: source.reason } : undefined);
    }
    return byPath.get(path);
  };
  const siblingsByFolder = new Map<string, readonly Sibling[]>();
  const projectByFolder = new Map<string, SourceFile | undefined>();
  return {
    readProject(ofFile) {
      const folder = dirname(pathOfPrinted(ofFile, kernel));
      if (!projectByFolder.has(folder)) {
        const path = nearestFile(folder, projectFileName);
        const project = path === undefined ? undefined : read(path);
        projectByFolder.set(folder, project === undefined || "refused" in project ? undefined : project);
      }
      return projectByFolder.get(folder);
    },
    ...(kernel === null ? {} : { readText: treeReader(kernel), macros: () => (macros ??= macrosOfTree(kernel.directory, cacheDir ?? undefined)) }),
    siblings(ofFile) {
      const folder = dirname(pathOfPrinted(ofFile, kernel));
      const known = siblingsByFolder.get(folder) ?? siblingsIn(folder, kernel);
      // Those of one folder follow one another: its texts are kept, and no other's.
      siblingsByFolder.clear();
      siblingsByFolder.set(folder, known);
      return known.filter(({ file }) => file !== ofFile);
    },
    readInclude(fromFile, include) {
      const name = `${include.system ? "" : dirname(fromFile)}\u0000${include.path}`;
      if (!byName.has(name)) {
        const found = includeCandidates(fromFile, include, kernel).find((path) => read(path) !== undefined);
        byName.set(name, found === undefined ? undefined : read(found));
      }
      return byName.get(name);
    },
  };
}

function siblingsIn(folder: string, kernel: KernelTree | null): readonly Sibling[] {
  return sourceNamesIn(folder).map((name): Sibling => {
    const path = join(folder, name);
    const file = printedPath(path, kernel ?? undefined);
    let source: { readonly found: SourceFile | RefusedFile | undefined } | undefined;
    return {
      file,
      read: () => {
        if (source === undefined) {
          const read = readSource(path);
          source = { found: read.ok ? { file, text: read.text } : read.isUnfit ? { refused: read.reason } : undefined };
        }
        return source.found;
      },
    };
  });
}

/** A printed name is relative to the tree inside of it, else to the working directory. */
function pathOfPrinted(file: string, kernel: KernelTree | null): string {
  const inTree = kernel === null ? undefined : resolve(kernel.directory, file);
  return inTree !== undefined && existsSync(inTree) ? inTree : resolve(file);
}

function treeReader({ directory }: KernelTree): (path: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (path) => {
    if (!known.has(path)) {
      const source = readSource(join(directory, path));
      known.set(path, source.ok ? source.text : undefined);
    }
    return known.get(path);
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
