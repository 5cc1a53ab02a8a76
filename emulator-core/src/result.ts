/*
 * What check() answers.
 */
import type { Execution } from "./execution.ts";
import type { FinalState } from "./explore/state-table.ts";

export type Limit = { readonly kind: "executions" | "time" | "events" | "loop"; readonly value: number };

export type Verdict = "Always" | "Never" | "Sometimes" | "Undecided";

export type CheckResult = {
  readonly observation: Verdict;
  /** Allowed executions that do and do not satisfy the condition. */
  readonly positive: number;
  readonly negative: number;
  /** As herd7 prints them, sorted by code unit. */
  readonly states: readonly string[];
  /** Executions that end in each state. */
  readonly stateCounts: readonly number[];
  readonly flags: readonly string[];
  /** herd7's Ok and No; meaningless when undecided. */
  readonly holds: boolean;
  /** Complete candidates and dead ends met. */
  readonly explored: number;
  /** `loop` does not stop the search: some execution wanted more rounds than are unrolled, as herd7's `Loop`. */
  readonly limit: Limit | null;
  readonly loopCut: boolean;
  /** An execution that satisfies the condition, one with few inversions if the first ones differ. */
  readonly witness: Execution | null;
};

/** What is made of a search when it is asked for. */
type Found = {
  readonly finalStates: () => readonly FinalState[];
  readonly bestWitness: () => Execution | null;
};

/**
 * Makes states and witness when they are asked for: lines cost more than the search where there are many, and few
 * callers look. A class, since an object literal with getters is a hidden class of its own that keeps all it can reach.
 */
export class Result implements CheckResult {
  readonly observation: Verdict;
  readonly positive: number;
  readonly negative: number;
  readonly flags: readonly string[];
  readonly holds: boolean;
  readonly explored: number;
  readonly limit: Limit | null;
  readonly loopCut: boolean;
  readonly #found: Found;
  #states: readonly FinalState[] | undefined;
  #witness: Execution | null | undefined;

  constructor(found: Found, counted: Omit<CheckResult, "states" | "stateCounts" | "witness">) {
    this.#found = found;
    this.observation = counted.observation;
    this.positive = counted.positive;
    this.negative = counted.negative;
    this.flags = counted.flags;
    this.holds = counted.holds;
    this.explored = counted.explored;
    this.limit = counted.limit;
    this.loopCut = counted.loopCut;
  }

  get states(): readonly string[] {
    return (this.#states ??= this.#found.finalStates()).map((s) => s.line);
  }

  get stateCounts(): readonly number[] {
    return (this.#states ??= this.#found.finalStates()).map((s) => s.count);
  }

  get witness(): Execution | null {
    return (this.#witness ??= this.#found.bestWitness());
  }
}
