/*
 * An expression evaluated along one path: its value, the reads that flowed into it, and the path so far.
 */
import type { Expression } from "../program.ts";
import type { Path, PathEvent } from "./path.ts";
import { known, operation, type SymbolicValue } from "./values.ts";

export type State = Path & { readonly ctrl: bigint };

/** An evaluated expression: `made` are its events, `control` what an `if` on it hands to its arms. */
export type Outcome = {
  readonly state: State;
  readonly value: SymbolicValue;
  readonly taint: bigint;
  readonly control: bigint;
  readonly made: bigint;
};

export function bit(event: number): bigint {
  return 1n << BigInt(event);
}

export function allOf(state: State): bigint {
  return bit(state.events.length) - 1n;
}

export type NewEvent = Omit<PathEvent, "ctrl" | "instruction">;

/** What a read-modify-write evaluates to. */
export function resultOf(e: Extract<Expression, { readonly kind: "rmw" }>, old: SymbolicValue, stored: SymbolicValue): SymbolicValue {
  switch (e.result) {
    case "new":
      return stored;
    case "is-zero":
      return operation("==", stored, known(0));
    case "is-negative":
      return operation("<", stored, known(0));
    case "none":
      return known(0);
    default:
      return old;
  }
}

/** The path on which the value is (not) zero; undefined when a constant says otherwise. */
export function assume(o: Outcome, truth: boolean): State | undefined {
  if (o.value.kind === "known") return (o.value.value !== 0) === truth ? o.state : undefined;
  return { ...o.state, constraints: [...o.state.constraints, { value: o.value, truth }] };
}
