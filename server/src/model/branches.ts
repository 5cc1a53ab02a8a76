/** Splits a path at a condition, learning what each side implies; a side that contradicts the path is not there. */

import type { BuildCondition, Expr } from "../syntax/c-syntax.ts";
import { dropLock } from "./call-effects.ts";
import { evaluate, questionOf, textOf, type EvalContext } from "./evaluate.ts";
import { apiOf } from "./kernel-api/index.ts";
import { buildChoice, type PathState } from "./path-state.ts";
import { isSignedType, type Comparison, type Term } from "./number-facts.ts";
import type { Sym } from "./trace.ts";
import { isPointer } from "./types.ts";

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
    const text = textOf(expr, ctx);
    const split = right.origin.kind === "null" ? askedZero(splitNull(left, state, expr), left, text) : left.origin.kind === "null" ? askedZero(splitNull(right, state, expr), right, text) : splitEqual(left, right, state, text);
    return expr.operator === "==" ? split : { yes: split.no, no: split.yes };
  }
  const relation = expr.kind === "binary" ? relations[expr.operator] : undefined;
  if (expr.kind === "binary" && relation !== undefined) {
    const left = evaluate(expr.left, state, ctx);
    const right = evaluate(expr.right, state, ctx);
    const decided = compared(expr.operator, left, right, state, ctx);
    if (decided !== undefined) return decided ? { yes: [state], no: [] } : { yes: [], no: [state] };
    const text = textOf(expr, ctx);
    const split = asked(splitKnown(`${relation.operator} ${String(left.id)},${String(right.id)}`, state), `${relation.operator}(${questionOf(left)},${questionOf(right)})`, text);
    const [low, high] = relation.operator === "<" ? [left, right] : [right, left];
    for (const one of split.yes) noteComparison(low, "<", high, text, one);
    for (const one of split.no) noteComparison(high, "<=", low, text, one);
    return relation.negated ? { yes: split.no, no: split.yes } : split;
  }
  return branchOnValue(evaluate(expr, state, ctx), expr, state, ctx);
}

/** Pointers are equal or not, and that is asked elsewhere. */
function noteComparison(left: Sym, operator: Comparison["operator"], right: Sym | 0, text: string, state: PathState): void {
  if (isPointer(left.type) || (right !== 0 && isPointer(right.type))) return;
  const term = (sym: Sym): Term => ({ name: questionOf(sym), number: sym.origin.kind === "null" ? 0 : sym.origin.kind === "constant" ? sym.origin.value : undefined, isSigned: isSignedType(sym.type) });
  state.compares({ left: term(left), operator, right: right === 0 ? { name: "", number: 0, isSigned: true } : term(right) }, text);
}

/** A stored condition is asked like the condition itself. */
function branchOnValue(value: Sym, expr: Expr, state: PathState, ctx: EvalContext): Split {
  const [, operator, ids] = /^(!|&&|\|\||==|!=)\(([\d,]+)\)$/.exec(value.origin.kind === "expression" ? value.origin.text : "") ?? [];
  const [left, right] = (ids ?? "").split(",").map((id) => ctx.symbols.byId(Number(id)));
  if (operator === "!" && left !== undefined) {
    const { yes, no } = branchOnValue(left, expr, state, ctx);
    return { yes: no, no: yes };
  }
  if ((operator === "&&" || operator === "||") && left !== undefined && right !== undefined) {
    const first = branchOnValue(left, expr, state, ctx);
    const seconds = (operator === "&&" ? first.yes : first.no).map((one) => branchOnValue(right, expr, one, ctx));
    return operator === "&&"
      ? { yes: seconds.flatMap((one) => one.yes), no: [...first.no, ...seconds.flatMap((one) => one.no)] }
      : { yes: [...first.yes, ...seconds.flatMap((one) => one.yes)], no: seconds.flatMap((one) => one.no) };
  }
  if ((operator === "==" || operator === "!=") && left !== undefined && right !== undefined) {
    const text = textOf(expr, ctx);
    const split = right.origin.kind === "null" ? askedZero(splitNull(left, state, expr), left, text) : splitEqual(left, right, state, text);
    return operator === "==" ? split : { yes: split.no, no: split.yes };
  }
  const error = /^error(-or-null)?\((\d+)\)$/.exec(value.origin.kind === "expression" ? value.origin.text : "");
  if (error?.[2] !== undefined) return splitError(Number(error[2]), error[1] !== undefined, state);
  const { yes, no } = askedZero(splitNull(value, state, expr), value, textOf(expr, ctx));
  return { yes: no, no: yes };
}

/** a <= b is !(a > b): the two sides of one question. */
const relations: Readonly<Record<string, { readonly operator: string; readonly negated: boolean } | undefined>> = {
  "<": { operator: "<", negated: false }, ">=": { operator: "<", negated: true }, ">": { operator: ">", negated: false }, "<=": { operator: ">", negated: true },
};

function asked(split: Split, question: string, text: string): Split {
  for (const one of split.yes) one.answer(question, "yes", text);
  for (const one of split.no) one.answer(question, "no", text);
  return split;
}

/** A value that is 0 is no other constant. */
function askedZero(split: Split, value: Sym, text: string): Split {
  for (const one of split.yes) one.answer(`value ${questionOf(value)}`, "zero", text);
  for (const one of split.yes) noteComparison(value, "==", 0, text, one);
  for (const one of split.no) noteComparison(value, "!=", 0, text, one);
  return asked(split, `zero ${questionOf(value)}`, text);
}

/** Known numbers decide; an errno is negative, whatever it is. */
function compared(operator: string, left: Sym, right: Sym, state: PathState, ctx: EvalContext): boolean | undefined {
  const a = numberOf(left, state, ctx);
  const b = numberOf(right, state, ctx);
  if (a === undefined || b === undefined) return undefined;
  return operator === "<" ? a < b : operator === ">" ? a > b : operator === "<=" ? a <= b : a >= b;
}

function numberOf(sym: Sym, state: PathState, ctx: EvalContext): number | undefined {
  if (sym.origin.kind === "null" || state.nullness.get(sym.id) === "null") return 0;
  if (sym.origin.kind === "constant") return sym.origin.value;
  const equal = state.equals.get(sym.id);
  const known = equal === undefined ? undefined : ctx.symbols.byId(equal);
  return known?.origin.kind === "constant" ? known.origin.value : undefined;
}

/** A condition of the preprocessor: the same throughout a build, so it is decided once per path. */
export function branchOnBuild({ text, isNegated }: BuildCondition, state: PathState): Split {
  const { yes, no } = splitKnown(`${buildChoice}${text}`, state);
  return isNegated ? { yes: no, no: yes } : { yes, no };
}

function splitKnown(key: string, state: PathState): Split {
  const decided = state.choices.get(key);
  if (decided !== undefined) return decided ? { yes: [state], no: [] } : { yes: [], no: [state] };
  const other = state.clone();
  other.choices.set(key, true);
  state.choices.set(key, false);
  return { yes: [other], no: [state] };
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
function splitNull(value: Sym, state: PathState, at: Expr): Split {
  const { kind } = value.origin;
  if (kind === "null") return { yes: [state], no: [] };
  if (kind === "address" || kind === "function" || (value.origin.kind === "constant" && value.origin.value !== 0)) return { yes: [], no: [state] };
  const known = state.nullness.get(value.id);
  if (known === "null") return { yes: [state], no: [] };
  if (known !== undefined) return { yes: [], no: [state] };
  const isNull = state.clone();
  isNull.nullness.set(value.id, "null");
  state.nullness.set(value.id, "set");
  settleLock(value, isNull, "zero", at);
  settleLock(value, state, "nonzero", at);
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

/** On the side where the lock was not had, it is not held. */
function settleLock(value: Sym, state: PathState, side: "zero" | "nonzero", at: Expr): void {
  const pending = state.conditionalLocks.get(value.id);
  if (pending === undefined) return;
  state.conditionalLocks.delete(value.id);
  if (pending.success === side) return;
  const lock = state.locks.findLast((held) => held.key === pending.key);
  if (lock !== undefined) dropLock(lock, at, state, true);
}

/** The same two values compare the same way all along a path (contract: one choice per condition). */
export function splitEqual(left: Sym, right: Sym, state: PathState, text: string): Split {
  if (left.id === right.id) return { yes: [state], no: [] };
  if (isNamedConstant(left) && isNamedConstant(right)) return { yes: [], no: [state] };
  if (state.nullness.get(left.id) === "null" && state.nullness.get(right.id) === "set") return { yes: [], no: [state] };
  const known = isNamedConstant(right) ? state.equals.get(left.id) : undefined;
  if (known !== undefined) return known === right.id ? { yes: [state], no: [] } : { yes: [], no: [state] };
  const split = splitKnown(`== ${String(Math.min(left.id, right.id))},${String(Math.max(left.id, right.id))}`, state);
  for (const one of split.yes) noteComparison(left, "==", right, text, one);
  for (const one of split.no) noteComparison(left, "!=", right, text, one);
  if (!isNamedConstant(right)) return asked(split, `==(${questionOf(left)},${questionOf(right)})`, text);
  for (const one of split.yes) {
    one.equals.set(left.id, right.id);
    one.answer(`value ${questionOf(left)}`, String(right.id), text);
  }
  for (const one of split.no) if (one.answers.get(`value ${questionOf(left)}`) === String(right.id)) one.contradicts(text);
  return split;
}

/** Numbers differ from one another, and so do an enum's names. */
function isNamedConstant(sym: Sym): boolean {
  if (sym.origin.kind === "expression") return /^[A-Z][A-Z0-9_]+$/.test(sym.origin.text);
  return sym.origin.kind === "null" || (sym.origin.kind === "constant" && sym.origin.value >= 0);
}
