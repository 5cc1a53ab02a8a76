/*
 * Values of an execution as plain numbers, so that the search compares and stores them in typed
 * arrays. As herd7 computes: 32-bit signed integers whatever the declared type, and addresses (a
 * global and a byte offset). Expressions over reads not yet decided stay symbolic.
 */
import type { BinaryOperator } from "../program.ts";

/** Addresses start above every integer: one stride a global, offsets around the middle of it. */
const addressStride = 2 ** 33;

/** A value that nothing determines: a cycle of copies. herd7 prints it as S<n>. */
const unconstrainedBase = -(2 ** 40);

export function addressValue(global: number, offset: number): number {
  return (global + 1) * addressStride + offset;
}

export function isAddress(value: number): boolean {
  return value >= addressStride / 2;
}

export function isUnconstrained(value: number): boolean {
  return value <= unconstrainedBase;
}

export function unconstrainedValue(index: number): number {
  return unconstrainedBase - index;
}

export function unconstrainedIndex(value: number): number {
  return unconstrainedBase - value;
}

export function addressParts(value: number): { readonly global: number; readonly offset: number } {
  const global = Math.round(value / addressStride) - 1;
  return { global, offset: value - (global + 1) * addressStride };
}

/** A value along one path: known, the value a read of the same thread returns, or an operation. */
export type SymbolicValue =
  | { readonly kind: "known"; readonly value: number }
  | { readonly kind: "read"; readonly event: number }
  | { readonly kind: "operation"; readonly operator: BinaryOperator | "andnot"; readonly left: SymbolicValue; readonly right: SymbolicValue };

export function known(value: number): SymbolicValue {
  return { kind: "known", value };
}

/** Folds what can be folded: herd7 takes one branch only where the condition is a constant. */
export function operation(operator: BinaryOperator | "andnot", left: SymbolicValue, right: SymbolicValue): SymbolicValue {
  if (left.kind === "known" && right.kind === "known") {
    const value = compute(operator, left.value, right.value);
    if (value !== undefined) return known(value);
  }
  // `+ 0` is a copy to herd7's solver, in both directions.
  if (operator === "+" && right.kind === "known" && right.value === 0) return left;
  if (operator === "+" && left.kind === "known" && left.value === 0) return right;
  return { kind: "operation", operator, left, right };
}

/** undefined: the operation has no value (arithmetic on addresses, division by zero), the execution is dropped. */
export function compute(operator: BinaryOperator | "andnot", a: number, b: number): number | undefined {
  if (isUnconstrained(a) || isUnconstrained(b)) return undefined;
  switch (operator) {
    case "==":
      return a === b ? 1 : 0;
    case "!=":
      return a !== b ? 1 : 0;
    case "+":
      if (isAddress(a) !== isAddress(b)) return a + b;
      break;
    case "-":
      if (isAddress(a) && !isAddress(b)) return a - b;
      if (isAddress(a) && isAddress(b) && addressParts(a).global === addressParts(b).global) return a - b;
      break;
    default:
      break;
  }
  if (isAddress(a) || isAddress(b)) return undefined;
  return computeIntegers(operator, a, b);
}

function computeIntegers(operator: BinaryOperator | "andnot", a: number, b: number): number | undefined {
  switch (operator) {
    case "+":
      return (a + b) | 0;
    case "-":
      return (a - b) | 0;
    case "*":
      return Math.imul(a, b);
    case "/":
      return b === 0 ? undefined : (a / b) | 0;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    case "andnot":
      return a & ~b;
    case "<":
      return a < b ? 1 : 0;
    case ">":
      return a > b ? 1 : 0;
    case "<=":
      return a <= b ? 1 : 0;
    case ">=":
      return a >= b ? 1 : 0;
    case "==":
      return a === b ? 1 : 0;
    case "!=":
      return a !== b ? 1 : 0;
  }
}

/** `evaluate` answers this where a read it needs is undecided. */
export const unknown = Number.NaN;

/** `evaluate` answers this where the value cannot exist. */
export const impossible = Number.POSITIVE_INFINITY;

/** `values[base + event]` is what each read of the thread returned, NaN while undecided. */
export function evaluate(e: SymbolicValue, values: Float64Array, base: number): number {
  switch (e.kind) {
    case "known":
      return e.value;
    case "read":
      return values[base + e.event]!;
    case "operation": {
      const a = evaluate(e.left, values, base);
      if (a === impossible) return impossible;
      const b = evaluate(e.right, values, base);
      if (b === impossible) return impossible;
      if (a !== a || b !== b) return unknown;
      return compute(e.operator, a, b) ?? impossible;
    }
  }
}

/** Calls `visit` with each read the value depends on. */
export function visitReads(e: SymbolicValue, visit: (event: number) => void): void {
  if (e.kind === "read") visit(e.event);
  else if (e.kind === "operation") {
    visitReads(e.left, visit);
    visitReads(e.right, visit);
  }
}
