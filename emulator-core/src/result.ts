/*
 * What check() answers.
 */
import type { Execution } from "./execution.ts";
import { stateLines, type StateList } from "./explore/state-list.ts";
import type { StateTable } from "./explore/state-table.ts";

export type Limit = { readonly kind: "executions" | "time" | "events" | "loop"; readonly value: number };

export type Verdict = "Always" | "Never" | "Sometimes" | "Undecided";

export type CheckResult = {
  readonly observation: Verdict;
  /** Allowed executions that do and do not satisfy the condition. */
  readonly positive: number;
  readonly negative: number;
  /** Sorted by code unit: numbers and what to print for their digits, which takes far less memory than `states`. */
  readonly stateList: StateList;
  /** As herd7 prints them. */
  readonly states: readonly string[];
  /** Executions that end in each state. */
  readonly stateCounts: readonly number[];
  readonly flags: readonly string[];
  /** herd7's Ok and No; meaningless when undecided. */
  readonly holds: boolean;
  /** Complete candidates and dead ends met; executions counted together are one. */
  readonly explored: number;
  /** `loop` does not stop the search: some execution wanted more rounds than are unrolled, as herd7's `Loop`. */
  readonly limit: Limit | null;
  readonly loopCut: boolean;
  /** An execution that satisfies the condition, one with few inversions if the first ones differ. */
  readonly witness: Execution | null;
};

/** What is made of a search when it is asked for. */
type Found = {
  /** With the states that were counted and not visited. */
  readonly finalStates: () => StateTable;
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
  #table: StateTable | undefined;
  #list: StateList | undefined;
  #lines: readonly string[] | undefined;
  #counts: readonly number[] | undefined;
  #witness: Execution | null | undefined;

  constructor(found: Found, counted: Omit<CheckResult, "stateList" | "states" | "stateCounts" | "witness">) {
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

  get stateList(): StateList {
    return (this.#list ??= this.#finalStates().list());
  }

  get states(): readonly string[] {
    return (this.#lines ??= stateLines(this.stateList));
  }

  get stateCounts(): readonly number[] {
    return (this.#counts ??= this.#finalStates().listCounts());
  }

  get witness(): Execution | null {
    return (this.#witness ??= this.#found.bestWitness());
  }

  #finalStates(): StateTable {
    return (this.#table ??= this.#found.finalStates());
  }
}
