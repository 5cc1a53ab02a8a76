/** Where an event stands among the statements of its function. A path does not tell: paths that no rule can tell apart are joined. */

import type { Span, Stmt } from "../syntax/c-syntax.ts";
import { walkStmts } from "./ast-walk.ts";
import type { FileFacts } from "./file-facts.ts";
import type { TraceEvent } from "./trace.ts";
import { sourceText } from "./words.ts";

/** Which answer of the `if` that asks for a word leads to `end`: told by the arm in which it stands, or by the one arm that returns. */
export function answerLeadingTo(asked: TraceEvent, end: TraceEvent, facts: FileFacts): boolean | undefined {
  const at = end.function === asked.function ? end.at : end.chain.find((site) => site.function === asked.function)?.at;
  const branch = at === undefined ? undefined : ifStatementAt(asked, facts);
  if (at === undefined || branch === undefined) return undefined;
  const text = sourceText(facts, asked.at);
  const condition = sourceText(facts, branch.condition);
  const thenIsSet = condition === text ? true : condition === `!${text}` ? false : undefined;
  if (thenIsSet === undefined) return undefined;
  if (holds(branch.then, at)) return thenIsSet;
  const isOther = (branch.else !== undefined && holds(branch.else, at)) || (branch.end <= at.start && returns(branch.then));
  return isOther ? !thenIsSet : undefined;
}

type If = Stmt & { readonly kind: "if" };

function ifStatementAt(asked: TraceEvent, facts: FileFacts): If | undefined {
  const found: If[] = [];
  const body = facts.functions.get(asked.function)?.body;
  if (body !== undefined) walkStmts(body, (stmt) => { if (stmt.kind === "if" && holds(stmt.condition, asked.at)) found.push(stmt); });
  return found[0];
}

const holds = (outer: Span, inner: Span): boolean => outer.start <= inner.start && inner.end <= outer.end;

function returns(stmt: Stmt): boolean {
  return stmt.kind === "return" || (stmt.kind === "block" && stmt.body.some((one) => one.kind === "return"));
}

/** On every way through its function: no branch, loop or label decides about it. */
export function isUnconditional(event: TraceEvent, facts: FileFacts): boolean {
  const body = facts.functions.get(event.function)?.body;
  if (body === undefined) return false;
  const jumps: Stmt[] = [];
  walkStmts(body, (stmt) => { if (stmt.kind === "goto" || stmt.kind === "label" || stmt.kind === "asm" || stmt.kind === "unknown") jumps.push(stmt); });
  const stands = (stmts: readonly Stmt[]): boolean => stmts.some((stmt) => holds(stmt, event.at) && (stmt.kind === "expression" || (stmt.kind === "block" && stands(stmt.body))));
  return jumps.length === 0 && stands(body.body);
}
