/** Which statements and calls make a difference to what a walk is about: the others are not followed path by path. */

import type { Expr, Stmt } from "../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "./ast-walk.ts";
import { isDetail } from "./detail-events.ts";
import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import type { Expansion, OutsideFunction } from "./outside.ts";
import { changesControl, releaseOf, takesLockOnCondition } from "./statement-shape.ts";
import type { Walk } from "./walk.ts";

export function isFollowed(walk: Walk, call: Expr & { readonly kind: "call" }): boolean {
  if (call.callee.kind !== "identifier") return false;
  const { name } = call.callee;
  if (walk.facts.functions.has(name) || outsideFn(walk, name) !== undefined) return walk.relevance.follow.has(name);
  return releaseOf(call, walk.facts) !== undefined;
}

/** A function of a header that the path follows. */
export function outsideFn(walk: Walk, name: string): OutsideFunction | undefined {
  return walk.relevance.follow.has(name) && !walk.facts.functions.has(name) ? walk.facts.outside.fn(name) : undefined;
}

/** A statement matters when leaving it out would change control, object life or a tracked pointer. */
export function doesMatter(walk: Walk, stmt: Stmt): boolean {
  const known = walk.matters.get(stmt);
  if (known !== undefined) return known;
  const found = { matters: false };
  walkStmts(stmt, (one) => { if (changesControl(one, walk.facts.outside)) found.matters = true; });
  eachExpr(walk, stmt, (expr) => { if (exprMatters(walk, expr)) found.matters = true; });
  walk.matters.set(stmt, found.matters);
  return found.matters;
}

export function hasFollowedCall(walk: Walk, expr: Expr): boolean {
  const known = walk.callsFollowed.get(expr);
  if (known !== undefined) return known;
  const found = { call: false };
  eachExpr(walk, expr, (one) => { if (one.kind === "call" && (isFollowed(walk, one) || takesLockOnCondition(one))) found.call = true; });
  walk.callsFollowed.set(expr, found.call);
  return found.call;
}

/** Every expression, those that macros stand for in their place. */
function eachExpr(walk: Walk, root: Stmt | Expr, visit: (expr: Expr) => void): void {
  walkExprs(root, (expr) => {
    const written = writtenOut(walk, expr);
    if (written === undefined) visit(expr);
    else if (written.kind === "expression") eachExpr(walk, written.expression, visit);
    else for (const stmt of written.body) if (doesMatter(walk, stmt)) visit(expr); else eachExpr(walk, stmt, visit);
  });
}

function exprMatters(walk: Walk, expr: Expr): boolean {
  if (expr.kind === "assignment") return expr.operator === "=" && expr.target.kind === "identifier" && expr.value.kind !== "literal" && expr.value.kind !== "binary";
  if (expr.kind !== "call") return false;
  if (isFollowed(walk, expr) || writtenOut(walk, expr)?.kind === "statements") return true;
  const effects = expr.callee.kind === "identifier" ? ((apiOf(expr.callee.name) ?? partlyKnown(expr.callee.name))?.effects ?? []) : [];
  return effects.some((effect) => !["touch", "value-of", "derive", "container", "is-error", "load", "ref-get", "ref-put", "assert-held"].includes(effect.kind) && (!isDetail(effect) || walk.apart.has(effect.kind)));
}

/** What a call of a macro stands for. */
export function writtenOut(walk: Walk, expr: Expr): Expansion | undefined {
  return expr.kind === "call" && expr.callee.kind === "identifier" && !walk.facts.functions.has(expr.callee.name) ? walk.facts.outside.expansion(expr) : undefined;
}

export function writtenIn(walk: Walk, stmt: Stmt): readonly Expr[] {
  const known = walk.written.get(stmt);
  if (known !== undefined) return known;
  const found: Expr[] = [];
  walkExprs(stmt, (expr) => {
    if (expr.kind === "assignment") found.push(expr.target);
    else if (expr.kind === "update") found.push(expr.operand);
  });
  walk.written.set(stmt, found);
  return found;
}
