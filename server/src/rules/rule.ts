/**
 * What a rule is. A rule looks at effects on paths (never at nodes, never at API names) and returns candidates:
 * a place, words, and a hypothesis as data. It never runs the emulator; evidence comes later, or not at all.
 */

import type { FileFacts } from "../model/file-facts.ts";
import type { PathWalker } from "../model/paths.ts";
import type { Topic } from "../model/relevance.ts";
import type { Span } from "../model/trace.ts";
import type { Hypothesis } from "./hypothesis.ts";

export type * from "./hypothesis.ts";

export type RuleSeverity = "error" | "warning" | "note";

/** Code with the claim it must bear out: `bad` gives the finding, `good` gives none that is confirmed. */
export type Example = { readonly title: string; readonly code: string; /** false: no local edit can help, so none is offered. */ readonly fixable?: boolean };

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
  /** Rules that say more about the same race: where one of them finds it too, this one stands in its `related`. */
  readonly yieldsTo?: readonly string[];
};

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
  /** What race this is, in words that another rule would find too ("freed bond.list in riscv_unlink"): see `RuleMeta.yieldsTo`. */
  readonly about?: string;
  /** Says nothing as long as nobody is found on the other side. */
  readonly needsCounterpart?: true;
};

export type RuleContext = {
  readonly facts: FileFacts;
  readonly walker: PathWalker;
  /** Functions whose paths are followed: see `rcuRoots`. */
  readonly roots: readonly string[];
  /** Paths that follow what another topic is about; each topic is walked once, when it is first asked for. */
  readonly about: (topic: Topic) => TopicPaths;
};

export type TopicPaths = { readonly walker: PathWalker; readonly roots: readonly string[] };

export type Rule = { readonly meta: RuleMeta; readonly check: (context: RuleContext) => readonly Candidate[] };
