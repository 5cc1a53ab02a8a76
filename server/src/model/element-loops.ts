/** Whether something is done once for each element of a loop. */

import { walkExprs, walkStmts } from "./ast-walk.ts";
import type { FileFacts } from "./file-facts.ts";
import { apiOf } from "./kernel-api/index.ts";
import type { Span } from "./trace.ts";
import type { Stmt } from "../syntax/c-syntax.ts";

/** The innermost loop over elements around a place, where the loop goes on after it: it does not end with a break, goto or return there. */
export function elementLoopAround(facts: FileFacts, functionName: string, at: Span): Span | undefined {
  const fn = facts.functions.get(functionName);
  if (fn === undefined) return undefined;
  const holds = (one: Span): boolean => one.start <= at.start && at.end <= one.end;
  const around: Stmt[] = [];
  walkStmts(fn.body, (stmt) => { if (holds(stmt)) around.push(stmt); });
  const loop = around.findLast((stmt) => (stmt.kind === "macro-loop" && holds(stmt.body) && isOverElements(stmt.macro, facts.outside.loop(stmt))) || (stmt.kind === "for" && stmt.update !== undefined && stmt.condition !== undefined && holds(stmt.body)) || (stmt.kind === "while" && holds(stmt.body) && isOverList(stmt.condition)));
  if (loop === undefined) return undefined;
  const inside = around.slice(around.indexOf(loop) + 1);
  if (loop.kind === "for" && !isOncePerElement(loop, inside, holds)) return undefined;
  if (inside.some((stmt) => stmt.kind === "if" && holds(stmt.condition) && [stmt.then, stmt.else].some((arm) => arm !== undefined && leaves(arm)))) return undefined;
  const isLast = inside.some((stmt, depth) => stmt.kind === "return" || (stmt.kind === "block" && followsLeave(stmt.body, inside[depth + 1])));
  if (isLast) return undefined;
  const head = loop.kind === "macro-loop" ? loop.headSpan : { start: loop.start, end: loop.kind === "for" || loop.kind === "while" ? loop.body.start : loop.end };
  return { start: head.start, end: head.end };
}

/** Not with_runtime_pm(), a for loop whose step ends it, so that something is done after its body. Of a macro that was not found, the name has to say what it does. */
function isOverElements(macro: string, loop: Stmt): boolean {
  if (loop.kind === "macro-loop") return /each|iter|walk|loop/i.test(macro);
  if (loop.kind !== "for" || loop.update === undefined || loop.condition === undefined) return true;
  const asked = new Set<string>();
  walkExprs(loop.condition, (expr) => { if (expr.kind === "identifier") asked.add(expr.name); });
  let isEnded = false;
  walkExprs(loop.update, (expr) => {
    if (expr.kind === "assignment" && expr.operator === "=" && expr.target.kind === "identifier" && asked.has(expr.target.name) && isConstant(expr.value)) isEnded = true;
  });
  return !isEnded;
}

const isConstant = (expr: Parameters<typeof walkExprs>[0]): boolean =>
  expr.kind === "literal" || (expr.kind === "identifier" && /^(?:NULL|false|true)$/.test(expr.name)) || (expr.kind === "cast" && isConstant(expr.operand));

/** In a loop that goes on until something has happened: how often it waits is not the number of elements. */
export function isInWaitingLoop(facts: FileFacts, functionName: string, at: Span): boolean {
  const fn = facts.functions.get(functionName);
  let found = false;
  if (fn !== undefined) walkStmts(fn.body, (stmt) => {
    const isWaiting = stmt.kind === "do" || (stmt.kind === "for" && (stmt.update === undefined || stmt.condition === undefined)) || (stmt.kind === "while" && !isOverList(stmt.condition));
    if (isWaiting && stmt.start <= at.start && at.end <= stmt.end) found = true;
  });
  return found;
}

/** A few rounds of a number that is written down, or a round that is picked out by its counter, are no elements. */
function isOncePerElement(loop: Stmt & { readonly kind: "for" }, inside: readonly Stmt[], holds: (one: Span) => boolean): boolean {
  const { condition, update } = loop;
  if (condition?.kind === "binary" && condition.right.kind === "literal") return false;
  const counters = new Set<string>();
  if (update !== undefined) walkExprs(update, (expr) => { if (expr.kind === "identifier") counters.add(expr.name); });
  let isPicked = false;
  for (const stmt of inside) {
    const asked = stmt.kind === "if" && !holds(stmt.condition) ? stmt.condition : stmt.kind === "switch" ? stmt.value : undefined;
    if (asked?.kind === "binary" || asked?.kind === "identifier" || (asked?.kind === "unary" && asked.operand.kind === "identifier")) walkExprs(asked, (expr) => { if (expr.kind === "identifier" && counters.has(expr.name)) isPicked = true; });
  }
  return !isPicked;
}

/** while (!list_empty(&x)), while ((x = pop())), while ((x = rtnl_dereference(head)) != NULL). */
function isOverList(condition: Parameters<typeof walkExprs>[0]): boolean {
  let found = false;
  walkExprs(condition, (expr) => {
    if (expr.kind === "call" && expr.callee.kind === "identifier" && /^(h?list_empty|list_first_entry_or_null|llist_del_first)/.test(expr.callee.name)) found = true;
    else if (expr.kind === "assignment" && expr.operator === "=" && expr.value.kind === "call" && expr.value.callee.kind === "identifier" && apiOf(expr.value.callee.name)?.effects.some(({ kind }) => kind === "rcu-read" || kind === "list-peek") === true) found = true;
  });
  return found;
}

function followsLeave(body: readonly Stmt[], from: Stmt | undefined): boolean {
  const index = from === undefined ? -1 : body.indexOf(from);
  return index >= 0 && body.slice(index + 1).some((stmt) => leaves(stmt));
}

/** Ends the round by leaving the loop, whatever happens. */
function leaves(stmt: Stmt): boolean {
  switch (stmt.kind) {
    case "break": case "return": case "goto": return true;
    case "block": return stmt.body.some(leaves);
    case "if": return stmt.else !== undefined && leaves(stmt.then) && leaves(stmt.else);
    default: return false;
  }
}
