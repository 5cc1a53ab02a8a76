/**
 * What a rule is. A rule looks at effects on paths (never at nodes, never at API names) and returns candidates:
 * a place, words, and a hypothesis as data. It never runs the emulator; evidence comes later, or not at all.
 */

import type { Span, Trace } from "../model/trace.ts";
import type { FileFacts } from "../model/file-facts.ts";
import type { ReaderUse, Retirement } from "../model/lifetimes.ts";
import type { PathWalker } from "../model/paths.ts";


export type RuleSeverity = "error" | "warning" | "note";

/** Code with the claim it must bear out: `bad` gives the finding, `good` gives none that is confirmed. */
export type Example = { readonly title: string; readonly code: string };

export type RuleMeta = {
  readonly id: string;
  /** A command: what the reader should do. */
  readonly title: string;
  /** One paragraph a maintainer would accept. */
  readonly why: string;
  readonly fix: string;
  /** How the rule earns `confirmed`. */
  readonly earns: "replay" | "path" | "text";
  readonly severity: RuleSeverity;
  /** Mail threads the rule comes from. */
  readonly seeds: readonly string[];
  /** Documents in the kernel tree (6.12). */
  readonly sources: readonly string[];
  readonly bad: readonly Example[];
  readonly good: readonly Example[];
};

/** What the evidence stage must try. */
export type Hypothesis =
  /** A reader of the container can still touch the object after its end. */
  | { readonly kind: "use-after-free"; readonly sides: readonly Side[]; readonly doubts: readonly string[] }
  /** A plainly loaded pointer gives no order to what is read through it. */
  | { readonly kind: "lost-dependency"; readonly reader: ReaderUse; readonly publishers: readonly Publication[]; readonly doubts: readonly string[] }
  /** One thread reaches a wait from an entry point; `protects`: what the wait lets go. */
  | { readonly kind: "reaches-wait"; readonly trace: Trace; readonly wait: number; readonly perOperation: number; readonly inLoop: boolean; readonly protects: readonly Retirement[]; /** Deferred frees on the path before the wait, as written. */ readonly alreadyDeferred: readonly string[]; readonly readers: readonly ReaderUse[]; readonly doubts: readonly string[] };

/** The ways an object leaves one container, and the readers of that container. */
export type Side = { readonly variants: readonly Retirement[]; readonly readers: readonly ReaderUse[]; /** Why not every path of the updater is among the variants. */ readonly cut: readonly string[] };

/** A store that makes an object visible to readers, with the stores that initialise it before. */
export type Publication = { readonly trace: Trace; readonly store: number; readonly initialisations: readonly number[] };

/** An edit to the file at hand, or to the header that defines a struct. */
export type Edit = { readonly file: string; readonly start: number; readonly end: number; readonly newText: string };

export type FixProposal = { readonly title: string; readonly edits: readonly Edit[] };

export type RelatedPlace = { readonly at: Span; readonly message: string };

export type Candidate = {
  readonly rule: string;
  readonly severity: RuleSeverity;
  readonly at: Span;
  readonly function: string;
  readonly message: string;
  /** What to say when it is refuted; the message itself where absent. */
  readonly refutedMessage?: string;
  readonly path: readonly { readonly at: Span; readonly function: string; readonly role: string }[];
  readonly related: readonly RelatedPlace[];
  readonly hypothesis: Hypothesis;
  readonly fixes: readonly FixProposal[];
};

export type RuleContext = {
  readonly facts: FileFacts;
  readonly walker: PathWalker;
  /** Functions whose paths are followed: see `rcuRoots`. */
  readonly roots: readonly string[];
};

export type Rule = { readonly meta: RuleMeta; readonly check: (context: RuleContext) => readonly Candidate[] };
