/** Questions about statements that need no path: what ends a loop, what a round leaves behind, where labels stand. */

import type { Expr, Stmt } from "../syntax/c-syntax.ts";
import { partsOf, walkExprs, walkStmts } from "./ast-walk.ts";
import type { FileFacts } from "./file-facts.ts";
import { apiOf } from "./kernel-api/index.ts";
import type { Outside } from "./outside.ts";
import type { PathState } from "./path-state.ts";

type Call = Expr & { readonly kind: "call" };

export function takesLockOnCondition(call: Call): boolean {
  const effects = call.callee.kind === "identifier" ? (apiOf(call.callee.name)?.effects ?? []) : [];
  return effects.some((effect) => (effect.kind === "lock" || effect.kind === "global-lock") && effect.conditional !== undefined);
}

export function isAlwaysTrue(condition: Expr): boolean {
  return (condition.kind === "literal" && condition.text !== "0") || (condition.kind === "identifier" && condition.name === "true");
}

/** A local that a condition or a free of the body reads before the body writes it, or that the loop's update writes. */
export function carriedNames(body: Stmt, update: Expr | undefined): string | undefined {
  const writes = new Map<string, number>();
  const note = (expr: Expr, at: number): void => { if (expr.kind === "identifier" && !writes.has(expr.name)) writes.set(expr.name, at); };
  walkExprs(body, (expr) => {
    if (expr.kind === "assignment") note(expr.target, expr.start);
    if (expr.kind === "update") note(expr.operand, expr.start);
  });
  if (update !== undefined) {
    walkExprs(update, (expr) => {
      if (expr.kind === "assignment" && expr.target.kind === "identifier") writes.set(expr.target.name, Infinity);
      if (expr.kind === "update" && expr.operand.kind === "identifier") writes.set(expr.operand.name, Infinity);
    });
  }
  const reads: { name: string; at: number }[] = [];
  const readsOf = (expr: Expr): void => {
    if (expr.kind === "identifier") reads.push({ name: expr.name, at: expr.start });
    else if (expr.kind === "unary" || expr.kind === "binary") for (const part of partsOf(expr)) readsOf(part);
  };
  walkStmts(body, (stmt) => {
    if (stmt.kind === "if" || stmt.kind === "while" || stmt.kind === "do") readsOf(stmt.condition);
    if (stmt.kind === "switch") readsOf(stmt.value);
  });
  walkExprs(body, (expr) => {
    const effects = expr.kind === "call" && expr.callee.kind === "identifier" ? (apiOf(expr.callee.name)?.effects ?? []) : [];
    if (expr.kind === "call") for (const effect of effects) if (effect.kind === "free" || effect.kind === "defer-free") { const arg = expr.args[effect.object]; if (arg !== undefined) readsOf(arg); }
  });
  return reads.find(({ name, at }) => (writes.get(name) ?? -1) > at)?.name;
}

/** An empty body, or one that only lets time pass: the loop waits for another CPU. */
export function isSpin(body: Stmt): boolean {
  const found = { other: false };
  walkStmts(body, (one) => { if (one.kind !== "block" && one.kind !== "empty" && one.kind !== "expression") found.other = true; });
  walkExprs(body, (expr) => { if (expr.kind === "call" ? !(expr.callee.kind === "identifier" && /^(cpu_relax|udelay|ndelay|msleep|usleep_range|schedule|schedule_timeout\w*|cond_resched|yield)$/.test(expr.callee.name)) : expr.kind === "assignment" || expr.kind === "update") found.other = true; });
  return !found.other;
}

export function changesControl(stmt: Stmt, outside: Outside): boolean {
  if (stmt.kind === "macro-loop") {
    const written = apiOf(stmt.macro) === undefined ? outside.loop(stmt) : stmt;
    return written.kind === "macro-loop" && apiOf(written.macro)?.effects.some((effect) => effect.kind === "list-walk") === true;
  }
  return stmt.kind === "return" || stmt.kind === "break" || stmt.kind === "continue" || stmt.kind === "goto" || stmt.kind === "label" || stmt.kind === "guard";
}

/** The statements with those in the arms of `#if` groups among them: an arm has no scope of its own. */
export function withArms(stmts: readonly Stmt[]): readonly Stmt[] {
  if (!stmts.some((stmt) => stmt.kind === "arms")) return stmts;
  return stmts.flatMap((stmt) => (stmt.kind === "arms" ? stmt.arms.flatMap(({ body }) => withArms(body)) : [stmt]));
}

export function labelsOf(stmt: Stmt): readonly string[] {
  return stmt.kind === "label" ? [stmt.name, ...(stmt.body === undefined ? [] : labelsOf(stmt.body))] : [];
}

export function hasLabelAfter(stmts: readonly Stmt[], index: number, done: readonly PathState[]): boolean {
  const wanted = new Set(done.flatMap((state) => (state.status.kind === "goto" ? [state.status.label] : [])));
  return stmts.slice(index + 1).some((stmt) => labelsOf(stmt).some((label) => wanted.has(label)));
}

/** The in-file release function of a kref_put()-like call. */
export function releaseOf(call: Expr & { readonly kind: "call" }, facts: FileFacts): string | undefined {
  if (call.callee.kind !== "identifier") return undefined;
  const put = apiOf(call.callee.name)?.effects.find((effect) => effect.kind === "ref-put");
  const arg = put?.release === undefined ? undefined : call.args[put.release];
  return arg?.kind === "identifier" && facts.functions.has(arg.name) ? arg.name : undefined;
}
