/** What of a function runs only where a test of a value went one way: told by the text alone, so that no path has to fork on it. */

import { partsOf, walkExprs, walkStmts } from "./ast-walk.ts";
import type { Expr, FunctionDef, Stmt } from "../syntax/c-syntax.ts";
import type { Span } from "./trace.ts";

/** Times that what is read is given on from one local variable to the next before it is tested. */
const hopsMax = 3;

type Around = { readonly stmt: Stmt; /** The end of the loop, or of the function, that it stands in. */ readonly end: number };

/** The conditions on what is read at `at`, directly or by way of local variables, that keep the function from going on while they hold. */
export function waitsFor(fn: FunctionDef, at: Span): readonly Expr[] {
  const all = statementsOf(fn);
  const names = namesFrom(all, at);
  return all.flatMap(({ stmt }) => {
    const condition = conditionOf(stmt);
    if (condition === undefined || !asks(condition, at, names)) return [];
    const goesOn = stmt.kind === "if" ? !leaves(stmt.then) : true;
    return stmt.kind !== "switch" && isNegated(condition, at, names) === goesOn ? [condition] : [];
  });
}

/** !(status & OWN), (status & OWN) == 0 */
function isNegated(condition: Expr, at: Span, names: ReadonlySet<string>): boolean {
  const isZero = (expr: Expr): boolean => expr.kind === "literal" && Number(expr.text) === 0;
  const isNot = (condition.kind === "unary" && condition.operator === "!") || (condition.kind === "binary" && (condition.operator === "!=" ? !isZero(condition.left) && !isZero(condition.right) : condition.operator === "==" && (isZero(condition.left) || isZero(condition.right))));
  const part = partsOf(condition).find((one) => contains(one, at) || mentions(one, names));
  return (part !== undefined && isNegated(part, at, names)) !== isNot;
}

/** The parts of the function that depend on a test of what is read at `at`: in a condition, or by way of local variables. */
export function controlledBy(fn: FunctionDef, at: Span): readonly Span[] {
  const all = statementsOf(fn);
  const names = namesFrom(all, at);
  return all.flatMap(({ stmt, end }) => { const condition = conditionOf(stmt); return condition !== undefined && asks(condition, at, names) ? dependentOn(stmt, end) : []; });
}

const asks = (condition: Expr, at: Span, names: ReadonlySet<string>): boolean => contains(condition, at) || (condition.start >= at.end && mentions(condition, names));

/** Where what is read at `at` is read on, by way of local variables; itself among them. */
export function usesOf(fn: FunctionDef, at: Span): readonly Span[] {
  const names = namesFrom(statementsOf(fn), at);
  const found: Span[] = [at];
  walkExprs(fn.body, (expr) => { if (expr.kind === "identifier" && expr.start >= at.end && names.has(expr.name)) found.push(expr); });
  return found;
}

/** What a `for` begins with is done once. */
export function isInLoop(fn: FunctionDef, at: Span): boolean {
  let found = false;
  walkStmts(fn.body, (stmt) => {
    const isOnce = stmt.kind === "for" && stmt.init !== undefined && contains(stmt.init, at);
    if (isLoop(stmt) && contains(stmt, at) && !isOnce) found = true;
  });
  return found;
}

/** Loops that go on, or are left, by a test of what is read at `at`. */
export function loopsEndedBy(fn: FunctionDef, at: Span): readonly Stmt[] {
  const all = statementsOf(fn);
  const names = namesFrom(all, at);
  const tests = all.flatMap(({ stmt }) => { const condition = conditionOf(stmt); return condition !== undefined && asks(condition, at, names) ? [{ stmt, condition }] : []; });
  return all.flatMap(({ stmt: loop }) => {
    // What a for loop counts up to may be read before it: that says how much is there, and is no end of it.
    const isEnd = ({ stmt, condition }: (typeof tests)[number]): boolean => (stmt === loop ? contains(condition, at) || loop.kind !== "for" : stmt.kind === "if" && contains(loop, at) && contains(loop, stmt) && [stmt.then, stmt.else].some((arm) => arm !== undefined && leaves(arm, isOut)));
    return isLoop(loop) && tests.some(isEnd) ? [loop] : [];
  });
}

/** What else may end the loop before `at` is read in it. */
export function otherEnds(fn: FunctionDef, loop: Stmt, at: Span): readonly Expr[] {
  const all = statementsOf(fn);
  const names = namesFrom(all, at);
  return all.flatMap(({ stmt }) => {
    const condition = conditionOf(stmt);
    const isEnd = stmt === loop ? loop.kind !== "do" : stmt.kind === "if" && contains(loop, stmt) && stmt.start < at.start && [stmt.then, stmt.else].some((arm) => arm !== undefined && leaves(arm, isOut));
    return !isEnd || condition === undefined || contains(condition, at) || mentions(condition, names) ? [] : [condition];
  });
}

/** What a local variable is given anywhere in the function. */
export const valuesOf = (fn: FunctionDef, name: string): readonly Expr[] =>
  statementsOf(fn).flatMap(({ stmt }) => assignmentsIn(stmt).flatMap(([to, value]) => (to === name ? [value] : [])));

export const isWithin = (at: Span, spans: readonly Span[]): boolean => spans.some((span) => contains(span, at));

const contains = (outer: Span, inner: Span): boolean => outer.start <= inner.start && inner.end <= outer.end;

function mentions(expr: Expr, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false;
  let found = false;
  walkExprs(expr, (one) => { if (one.kind === "identifier" && names.has(one.name)) found = true; });
  return found;
}

function statementsOf(fn: FunctionDef): readonly Around[] {
  const loops: Span[] = [];
  walkStmts(fn.body, (stmt) => { if (isLoop(stmt)) loops.push(stmt.body); });
  const found: Around[] = [];
  walkStmts(fn.body, (stmt) => {
    const around = loops.filter((loop) => contains(loop, stmt)).map(({ end }) => end);
    found.push({ stmt, end: Math.min(fn.body.end, ...around) });
  });
  return found;
}

/** Local variables that get it, directly or from one that has it. */
function namesFrom(all: readonly Around[], at: Span): ReadonlySet<string> {
  const names = new Set<string>();
  for (let hop = 0; hop < hopsMax; hop++) {
    for (const { stmt } of all) {
      if (stmt.end < at.start) continue;
      for (const [name, value] of assignmentsIn(stmt)) if (contains(value, at) || (value.start >= at.end && mentions(value, names))) names.add(name);
    }
  }
  return names;
}

function assignmentsIn(stmt: Stmt): readonly (readonly [string, Expr])[] {
  if (stmt.kind === "declaration") return stmt.declarators.flatMap(({ name, init }) => (init === undefined ? [] : [[name, init] as const]));
  const top = stmt.kind === "expression" ? stmt.expression : conditionOf(stmt);
  const found: (readonly [string, Expr])[] = [];
  const look = (expr: Expr): void => {
    if (expr.kind === "assignment" && expr.target.kind === "identifier") found.push([expr.target.name, expr.value]);
    // get_value(pointer, &value)
    if (expr.kind === "call") for (const arg of expr.args) if (arg.kind === "unary" && arg.operator === "&" && arg.operand.kind === "identifier") found.push([arg.operand.name, expr]);
    partsOf(expr).forEach(look);
  };
  if (top !== undefined) look(top);
  return found;
}

function conditionOf(stmt: Stmt): Expr | undefined {
  switch (stmt.kind) {
    case "if": case "while": case "do": case "for": return stmt.condition;
    case "switch": return stmt.value;
    default: return undefined;
  }
}

function dependentOn(stmt: Stmt, end: number): readonly Span[] {
  switch (stmt.kind) {
    case "if": return [stmt.then, ...(stmt.else === undefined ? [] : [stmt.else]), ...(leaves(stmt.then) || (stmt.else !== undefined && leaves(stmt.else)) ? [{ start: stmt.end, end }] : [])];
    case "while": case "do": case "for": return [stmt.body];
    case "switch": return [{ start: stmt.value.end, end: stmt.end }];
    default: return [];
  }
}

const isLoop = (stmt: Stmt): stmt is Stmt & { readonly kind: "while" | "do" | "for" | "macro-loop" } => stmt.kind === "while" || stmt.kind === "do" || stmt.kind === "for" || stmt.kind === "macro-loop";

/** What comes behind it is not reached from it. */
function leaves(stmt: Stmt, isLeft: (stmt: Stmt) => boolean = isGone): boolean {
  if (stmt.kind === "block") { const last = stmt.body.at(-1); return last !== undefined && leaves(last, isLeft); }
  return isLeft(stmt);
}

const isOut = ({ kind }: Stmt): boolean => kind === "return" || kind === "break" || kind === "goto";

const isGone = (stmt: Stmt): boolean => isOut(stmt) || stmt.kind === "continue";
