/** Where paths part: if, switch, and the arms of `#if` groups. */

import type { BuildArm, Expr, Stmt } from "../syntax/c-syntax.ts";
import { branchOn, branchOnBuild, splitEqual } from "./branches.ts";
import { emit, evaluate, havoc, textOf } from "./evaluate.ts";
import { followCalls } from "./follow-calls.ts";
import { type PathState, buildChoice, normal } from "./path-state.ts";
import { limit, type Walk } from "./walk.ts";
import { doesMatter, hasFollowedCall, writtenIn, writtenOut } from "./what-matters.ts";

export function followIf(walk: Walk, stmt: Stmt & { readonly kind: "if" }, state: PathState): PathState[] {
  const arms: readonly Stmt[] = stmt.else === undefined ? [stmt.then] : [stmt.then, stmt.else];
  const matters = arms.some((arm) => doesMatter(walk, arm)) || hasFollowedCall(walk, stmt.condition) || state.conditionalLocks.size > 0;
  const before = matters ? state : state.clone();
  const { yes, no } = splitAt(walk, stmt.condition, state);
  if (!matters && yes.length > 0 && no.length > 0) return bothArms(walk, stmt, before);
  for (const one of yes) emit(one, stmt.condition, { kind: "branch", text: textOf(stmt.condition, walk.ctx), taken: true });
  for (const one of no) emit(one, stmt.condition, { kind: "branch", text: textOf(stmt.condition, walk.ctx), taken: false });
  const { else: otherwise } = stmt;
  const after = yes.flatMap((one) => walk.statement(stmt.then, one));
  after.push(...(otherwise === undefined ? no : no.flatMap((one) => walk.statement(otherwise, one))));
  return limit(walk, after);
}

export function followSwitch(walk: Walk, stmt: Stmt & { readonly kind: "switch" }, state: PathState): PathState[] {
  return followCalls(walk, stmt.value, state).flatMap((ready) => {
    const value = evaluate(stmt.value, ready, walk.ctx);
    const after: PathState[] = [];
    let rest: PathState[] = [ready];
    stmt.cases.forEach((one, index) => {
      if (one.label === undefined) return;
      const label = one.label;
      const isRange = label.kind === "binary" && label.operator === "|";
      const splits = rest.map((left) => (isRange ? { yes: [left.clone()], no: [left] } : splitEqual(value, evaluate(label, left, walk.ctx), left, `${textOf(stmt.value, walk.ctx)} == ${textOf(label, walk.ctx)}`)));
      rest = splits.flatMap((split) => split.no);
      after.push(...runCases(walk, stmt, index, splits.flatMap((split) => split.yes)));
    });
    const fallback = stmt.cases.findIndex((one) => one.isDefault);
    after.push(...(fallback < 0 ? rest : runCases(walk, stmt, fallback, rest)));
    return limit(walk, after);
  });
}

/** From a label on, through the cases below it, up to a break. */
function runCases(walk: Walk, stmt: Stmt & { readonly kind: "switch" }, from: number, states: readonly PathState[]): PathState[] {
  const body = stmt.cases.slice(from).flatMap((one) => one.body);
  return walk.block(body, states).map((end) => { if (end.status.kind === "break") end.status = normal; return end; });
}

/** The arms of an `#if` group: each on the paths whose build has it. */
export function followArms(walk: Walk, { arms }: Stmt & { readonly kind: "arms" }, state: PathState): PathState[] {
  const forks = arms.some(({ body }) => body.some((one) => one.kind === "declaration" || doesMatter(walk, one)));
  if (!forks) return [armsInTurn(walk, arms, state)];
  const after: PathState[] = [];
  let rest = [state];
  for (const { condition, body } of arms) {
    const splits = rest.map((one) => (condition === undefined ? { yes: [one], no: [] } : branchOnBuild(condition, one)));
    const taken = splits.flatMap(({ yes }) => yes);
    rest = splits.flatMap(({ no }) => no);
    if (taken.length > 0) after.push(...walk.list(body, taken, 0, []));
  }
  return limit(walk, [...after, ...rest]);
}

/** No arm matters for control or object life: their accesses are noted under their condition. */
function armsInTurn(walk: Walk, arms: readonly BuildArm[], state: PathState): PathState {
  const before = state.condition;
  let after = state;
  for (const { condition, body } of arms) {
    const decided = condition === undefined ? undefined : state.choices.get(`${buildChoice}${condition.text}`);
    if (condition !== undefined && decided === condition.isNegated) continue;
    const text = condition === undefined ? "no other arm of #if is built" : `${condition.isNegated ? "!" : ""}defined(${condition.text})`;
    after.condition = before === undefined ? text : `${before} && ${text}`;
    [after = state] = walk.list(body, [after], 0, []);
    if (decided !== undefined) break;
  }
  after.condition = before;
  forgetWritten(walk, arms.flatMap(({ body }) => body), after);
  return after;
}

/** Splits at a condition, operand by operand, so that a call behind && or || runs only where it is reached. */
export function splitAt(walk: Walk, condition: Expr, state: PathState): { yes: PathState[]; no: PathState[] } {
  const written = writtenOut(walk, condition);
  if (written?.kind === "expression") return splitAt(walk, written.expression, state);
  if (condition.kind === "unary" && condition.operator === "!") {
    const { yes, no } = splitAt(walk, condition.operand, state);
    return { yes: no, no: yes };
  }
  if (condition.kind === "binary" && (condition.operator === "&&" || condition.operator === "||")) {
    const isAnd = condition.operator === "&&";
    const left = splitAt(walk, condition.left, state);
    const rights = (isAnd ? left.yes : left.no).map((one) => splitAt(walk, condition.right, one));
    const yes = [...(isAnd ? [] : left.yes), ...rights.flatMap((right) => right.yes)];
    const no = [...(isAnd ? left.no : []), ...rights.flatMap((right) => right.no)];
    return { yes: limit(walk, yes), no: limit(walk, no) };
  }
  const yes: PathState[] = [];
  const no: PathState[] = [];
  for (const ready of followCalls(walk, condition, state)) {
    if (ready.status.kind !== "normal") continue;
    const split = branchOn(condition, ready, walk.ctx);
    for (const one of [...split.yes, ...split.no]) one.callResults.clear();
    yes.push(...split.yes);
    no.push(...split.no);
  }
  return { yes, no };
}

/** Neither arm matters for control or object life: their accesses are noted under their condition. */
function bothArms(walk: Walk, stmt: Stmt & { readonly kind: "if" }, state: PathState): PathState[] {
  const text = textOf(stmt.condition, walk.ctx);
  const before = state.condition;
  evaluate(stmt.condition, state, walk.ctx);
  state.condition = before === undefined ? text : `${before} && ${text}`;
  const [first = state] = walk.statement(stmt.then, state);
  first.condition = before === undefined ? `!(${text})` : `${before} && !(${text})`;
  const [second = first] = stmt.else === undefined ? [first] : walk.statement(stmt.else, first);
  second.condition = before;
  forgetWritten(walk, stmt.else === undefined ? [stmt.then] : [stmt.then, stmt.else], second);
  return [second];
}

/** What these statements write has a value that nobody knows once they were not followed path by path. */
export function forgetWritten(walk: Walk, stmts: readonly Stmt[], state: PathState): void {
  for (const stmt of stmts) for (const target of writtenIn(walk, stmt)) havoc(target, state, walk.ctx);
}
