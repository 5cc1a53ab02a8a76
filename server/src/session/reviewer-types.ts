/** What the doors (cli, lsp) and the reviewer say to each other. */

import type { Finding, FunctionFacts, NotAnalysedRegion, NotSeen, Run } from "../protocol/index.ts";

import type { MacroLists } from "../syntax/macro-lists.ts";

/** `file` is the path as findings print it: relative, with `/`. */
export type SourceFile = { readonly file: string; readonly text: string };

/** A file that is there and is not read; `refused`: why. */
export type RefusedFile = { readonly refused: string };

/** A `.c` file in the folder of another one. `read` must not throw. */
export type Sibling = { readonly file: string; readonly read: () => SourceFile | RefusedFile | undefined };

/** How the reviewer reaches other files; the CLI and the LSP server supply it, tests use a map. */
export type ReviewHost = {
  /** The text behind an `#include`, or undefined when it is not there. Must not throw. */
  readonly readInclude: (fromFile: string, include: { readonly path: string; readonly system: boolean }) => SourceFile | RefusedFile | undefined;
  /** The macros of the kernel tree; without, those that ship are all. */
  readonly macros?: () => MacroLists;
  /**
   * A file of the kernel tree by its path from the root: its Makefiles and Kconfig files say what a source is built for.
   * Absent without a tree. Must not throw.
   */
  readonly readText?: (path: string) => string | undefined;
  /** The other `.c` files in the folder of a file, sorted by name; absent where folders cannot be listed. Must not throw. */
  readonly siblings?: (ofFile: string) => readonly Sibling[];
  /** The `quiesce.toml` of the nearest folder at or above a file's own, with its printed name; absent or undefined: there is none. Must not throw. */
  readonly readProject?: (ofFile: string) => SourceFile | undefined;
};

export type ReviewOptions = {
  /** Rule ids to run, or all. */
  readonly rules: readonly string[] | "all";
  /** The rules were asked for by name: they run though the project switched them off. Default false. */
  readonly rulesAreAsked?: boolean;
  /** false: findings come with `evidence: null`. */
  readonly emulate: boolean;
  /** false: fixes are named and not tried, which is most of the time where many findings are confirmed. Default true. */
  readonly tryFixes?: boolean;
  /** Named in the profile of the report: "6.12", "unknown", … */
  readonly kernel: string;
};

/** Where a function stands: its name (line and column from 1) and its last line. */
export type FunctionPlace = { readonly name: string; readonly line: number; readonly column: number; readonly endLine: number };

/** What a review tells while it runs. `signal` cancels it. */
export type ReviewListener = {
  readonly signal?: AbortSignal;
  /** Findings without verdicts; those that follow come under the same index. */
  readonly onDetected?: (review: FileReview) => void;
  readonly onFinding?: (index: number, finding: Finding) => void;
};

export type FileReview = {
  /** Sorted by line, column, rule. */
  readonly findings: readonly Finding[];
  readonly outline: readonly FunctionPlace[];
  readonly notAnalysed: readonly NotAnalysedRegion[];
  /** Headers that were looked for in vain, as `#include` names them; sorted. */
  readonly missingHeaders: readonly string[];
  readonly functions: number;
  readonly bytes: number;
  /** Why the file could not be reviewed at all; then everything else is empty. */
  readonly refused?: string;
};

export type EmulateOutcome =
  /** `about`: what was replayed, in words; `isOfCallee` where that is not the function itself but one that it calls. */
  | { readonly kind: "replayed"; readonly function: string; readonly about: string; readonly isOfCallee: boolean; readonly runs: readonly Run[] }
  /** `similar`: names in the file that look like the one asked for. */
  | { readonly kind: "no-function"; readonly function: string; readonly similar: readonly string[] }
  /** The function holds nothing concurrent that could be replayed; the message says what was looked for. */
  | { readonly kind: "nothing"; readonly function: string; readonly message: string }
  | { readonly kind: "refused"; readonly reason: string };

export type FactsOutcome =
  /** Of the function asked for, or of all in the order of the file; regions that could not be followed belong to the file. */
  | { readonly kind: "facts"; readonly functions: readonly FunctionFacts[]; readonly notAnalysed: readonly NotAnalysedRegion[]; readonly notSeen: readonly NotSeen[] }
  | { readonly kind: "no-function"; readonly function: string; readonly similar: readonly string[] }
  | { readonly kind: "refused"; readonly reason: string };
