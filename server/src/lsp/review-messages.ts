/** What the server and a reviewing thread say to each other: plain data both ways, everything needed in the question. */

import type { Position } from "vscode-languageserver";
import type { Finding, FunctionFacts, ReplayedRun } from "../protocol/index.ts";
import type { FileReview } from "../session/reviewer-types.ts";

/** `uri` has no trailing slash; `release` is "6.12", or "unknown". */
export type KernelTree = { readonly uri: string; readonly release: string };

export type OpenText = { readonly uri: string; readonly text: string };

export type Place = {
  readonly uri: string;
  readonly text: string;
  /** Printed paths are relative to the kernel tree when inside it, else to this folder. */
  readonly folder: string;
  readonly kernel: KernelTree | null;
  /** The texts that the editor has open: they win over what is on disk. */
  readonly open: readonly OpenText[];
};

/** A review answers `detected` at once, `verdict` for each finding as it comes, and `reviewed` in the end. */
export type Question =
  | (Place & { readonly kind: "review"; readonly rules: readonly string[] | "all"; readonly emulate: boolean })
  | (Place & { readonly kind: "replay" | "facts"; readonly function: string | undefined; readonly position: Position | undefined });

/** A file that the review looked at; its text only where a fix changes it. */
export type ReadFile = { readonly name: string; readonly uri: string; readonly text: string | undefined };

export type Detected = {
  readonly kind: "detected";
  readonly name: string;
  readonly review: FileReview;
  readonly reads: readonly ReadFile[];
  /** URIs that were looked for and could not be read: a client may know them. */
  readonly missing: readonly string[];
};

/** The finding of this index in `detected`, with its verdict. */
export type Verdict = { readonly kind: "verdict"; readonly index: number; readonly finding: Finding };

export type Replayed =
  | { readonly kind: "replayed"; readonly function: string; readonly about: string; readonly runs: readonly ReplayedRun[]; readonly sources: Readonly<Record<string, string>> }
  /** In words for the user. */
  | { readonly kind: "cannot"; readonly reason: string };

export type ShownFacts = { readonly kind: "facts"; readonly facts: FunctionFacts; readonly text: string };

/** The last answer to a question. */
export type FinalAnswer =
  | { readonly kind: "reviewed"; readonly review: FileReview }
  | Replayed
  | ShownFacts
  | { readonly kind: "failed"; readonly message: string; /** The thread cannot be used again. */ readonly isThreadSpent: boolean };

export type Answer = Detected | Verdict | FinalAnswer;
