/** Functions whose read-side section plainly begins and ends in one block. */

import type { Stmt } from "../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "./ast-walk.ts";
import { apiOf } from "./kernel-api/index.ts";

/** One section that begins and ends in one block, with nothing in between that leaves the block: no path need be followed. */
export function isPlainlyBalanced(body: Stmt & { readonly kind: "block" }): boolean {
  const marks: { readonly start: number; readonly enters: boolean }[] = [];
  walkExprs(body, (expr) => {
    if (expr.kind !== "call" || expr.callee.kind !== "identifier") return;
    for (const effect of apiOf(expr.callee.name)?.effects ?? []) if (effect.kind === "reader-enter" || effect.kind === "reader-leave") marks.push({ start: expr.start, enters: effect.kind === "reader-enter" });
  });
  const [first, last] = marks;
  if (marks.length !== 2 || first?.enters !== true || last?.enters !== false) return false;
  const found = { together: false, leaves: false };
  walkStmts(body, (stmt) => {
    const holds = (at: number): boolean => stmt.kind === "block" && stmt.body.some((one) => (one.kind === "expression" || one.kind === "declaration") && one.start <= at && at < one.end);
    if (holds(first.start) && holds(last.start)) found.together = true;
    if (["return", "goto", "label", "break", "continue"].includes(stmt.kind) && first.start < stmt.start && stmt.start < last.start) found.leaves = true;
  });
  return found.together && !found.leaves;
}
