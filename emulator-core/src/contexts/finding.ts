/** What the automaton of contexts answers. */
import type { Step } from "../driver/steps.ts";
import type { Source } from "../program.ts";

export type ContextFindingKind =
  | "sleep-in-atomic" | "grace-period-in-reader" | "barrier-in-callback" | "callback-lock-inversion"
  | "lock-order-cycle" | "irq-unsafe-lock" | "queued-twice" | "missing-barrier-on-exit" | "unbalanced-section";

/** One step of a path; of a condition `taken` says which way. */
export type PathStep = { readonly step: Step; readonly taken: boolean | null; readonly source: Source };

export type ContextFinding = {
  readonly kind: ContextFindingKind;
  /** `undecided`: only on a path that something unknown could change; `doubts` says what. */
  readonly verdict: "confirmed" | "undecided";
  readonly doubts: readonly string[];
  /** Role of a thread or name of a handler. */
  readonly thread: string;
  readonly step: Step;
  /** From the entry to the step, both included. */
  readonly path: readonly PathStep[];
  /** The other sides: who takes the lock that is waited for, who takes the locks in another order. */
  readonly against: readonly { readonly thread: string; readonly step: Step; readonly path: readonly PathStep[] }[];
  /** One sentence. */
  readonly words: string;
};

/** `paths`: of one thread or handler. `comparisons`: of a step on one path with a step on another. */
export type ContextLimit = { readonly kind: "paths" | "comparisons"; readonly value: number; readonly thread: string | null };

export type Contexts = {
  /** Those that are confirmed first, then in the order of the program. */
  readonly findings: readonly ContextFinding[];
  /** The first limit that was met: what lies behind it was not looked at. */
  readonly limit: ContextLimit | null;
  readonly checkedPaths: number;
  /** Calls nothing is known of: nothing is refuted with any. */
  readonly unmodelled: readonly string[];
};
