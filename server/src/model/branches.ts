/** Splits a path at a condition, learning what each side implies; a side that contradicts the path is not there. */

import type { Expr } from "../syntax/c-syntax.ts";
import { evaluate, type EvalContext } from "./evaluate.ts";
import { apiOf } from "./kernel-api/index.ts";
import type { PathState } from "./path-state.ts";
import type { Sym } from "./trace.ts";

export type Split = { readonly yes: PathState[]; readonly no: PathState[] };

export function branchOn(condition: Expr, state: PathState, ctx: EvalContext): Split {
  const expr = unwrap(condition);
  if (expr.kind === "unary" && expr.operator === "!") {
    const { yes, no } = branchOn(expr.operand, state, ctx);
    return { yes: no, no: yes };
  }
  if (expr.kind === "binary" && expr.operator === "&&") {
    const left = branchOn(expr.left, state, ctx);
    const rights = left.yes.map((one) => branchOn(expr.right, one, ctx));
    return { yes: rights.flatMap((right) => right.yes), no: [...left.no, ...rights.flatMap((right) => right.no)] };
  }
  if (expr.kind === "binary" && expr.operator === "||") {
    const left = branchOn(expr.left, state, ctx);
    const rights = left.no.map((one) => branchOn(expr.right, one, ctx));
    return { yes: [...left.yes, ...rights.flatMap((right) => right.yes)], no: rights.flatMap((right) => right.no) };
  }
  if (expr.kind === "binary" && (expr.operator === "==" || expr.operator === "!=")) {
    const left = evaluate(expr.left, state, ctx);
    const right = evaluate(expr.right, state, ctx);
    const split = right.origin.kind === "null" ? splitNull(left, state) : left.origin.kind === "null" ? splitNull(right, state) : splitEqual(left, right, state);
    return expr.operator === "==" ? split : { yes: split.no, no: split.yes };
  }
  const value = evaluate(expr, state, ctx);
  const error = /^error(-or-null)?\((\d+)\)$/.exec(value.origin.kind === "expression" ? value.origin.text : "");
  if (error?.[2] !== undefined) return splitError(Number(error[2]), error[1] !== undefined, state);
  const { yes, no } = splitNull(value, state);
  return { yes: no, no: yes };
}

/** likely(x), WARN_ON(x), (x): the condition is x. */
function unwrap(expr: Expr): Expr {
  if (expr.kind === "call" && expr.callee.kind === "identifier" && expr.args[0] !== undefined) {
    const effects = apiOf(expr.callee.name)?.effects;
    if (effects?.length === 1 && effects[0]?.kind === "value-of") return unwrap(expr.args[0]);
  }
  if (expr.kind === "binary" && expr.operator === "!=" && expr.right.kind === "literal" && expr.right.text === "0") return unwrap(expr.left);
  return expr;
}

/** `yes`: the value is NULL or 0. */
function splitNull(value: Sym, state: PathState): Split {
  const { kind } = value.origin;
  if (kind === "null") return { yes: [state], no: [] };
  if (kind === "address" || kind === "function" || (value.origin.kind === "constant" && value.origin.value !== 0)) return { yes: [], no: [state] };
  const known = state.nullness.get(value.id);
  if (known === "null") return { yes: [state], no: [] };
  if (known !== undefined) return { yes: [], no: [state] };
  const isNull = state.clone();
  isNull.nullness.set(value.id, "null");
  state.nullness.set(value.id, "set");
  return { yes: [isNull], no: [state] };
}

function splitError(id: number, orNull: boolean, state: PathState): Split {
  const known = state.nullness.get(id);
  if (known === "error" || (known === "null" && orNull)) return { yes: [state], no: [] };
  if (known === "set") return { yes: [], no: [state] };
  const isError = state.clone();
  isError.nullness.set(id, "error");
  if (orNull) state.nullness.set(id, "set");
  return { yes: [isError], no: [state] };
}

/** The same two values compare the same way all along a path (contract: one choice per condition). */
function splitEqual(left: Sym, right: Sym, state: PathState): Split {
  if (left.id === right.id) return { yes: [state], no: [] };
  if (isNumber(left) && isNumber(right)) return { yes: [], no: [state] };
  if (state.nullness.get(left.id) === "null" && state.nullness.get(right.id) === "set") return { yes: [], no: [state] };
  const key = `==${String(Math.min(left.id, right.id))},${String(Math.max(left.id, right.id))}`;
  const decided = state.choices.get(key);
  if (decided !== undefined) return decided ? { yes: [state], no: [] } : { yes: [], no: [state] };
  const equal = state.clone();
  equal.choices.set(key, true);
  state.choices.set(key, false);
  return { yes: [equal], no: [state] };
}

/** A literal; an errno's value is not known, only that it is not 0. */
function isNumber(sym: Sym): boolean {
  return sym.origin.kind === "constant" && sym.origin.value >= 0;
}
