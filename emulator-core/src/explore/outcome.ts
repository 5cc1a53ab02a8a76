/*
 * An expression evaluated along one path: its value and the reads that flowed into it.
 */
import type { Expression } from "../program.ts";
import { noEvents, type EventList } from "./path.ts";
import { known, operation, type SymbolicValue } from "./values.ts";

/** `made` are the events of the expression, `control` what an `if` on it hands to its arms. */
export type Outcome = {
  readonly value: SymbolicValue;
  readonly taint: EventList;
  readonly control: EventList;
  readonly made: EventList;
};

/** A value that no read flowed into. */
export function pure(value: SymbolicValue): Outcome {
  return { value, taint: noEvents, control: noEvents, made: noEvents };
}

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
