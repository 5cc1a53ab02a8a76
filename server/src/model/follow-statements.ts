/** Statement by statement, to the end of a list of them; what leaves one is caught where its label stands. */

import type { Stmt } from "../syntax/c-syntax.ts";
import { declareLocal, emit, evaluate, tell, textOf, write } from "./evaluate.ts";
import { followArms, followIf, followSwitch } from "./follow-branches.ts";
import { prepared, tagged } from "./follow-calls.ts";
import { endLoop, followDo, followLoop, followMacroLoop } from "./follow-loops.ts";
import { enterGuard, isUnwound, leaveGuards } from "./guards.ts";
import { type PathState, normal, type Status } from "./path-state.ts";
import { hasLabelAfter, labelsOf, withArms } from "./statement-shape.ts";
import { bounds } from "./trace.ts";
import { limit, type Walk } from "./walk.ts";
import { writtenOut } from "./what-matters.ts";

/** Runs a statement list; guards without a body end with it. A `goto` that its labels catch goes on from there. */
export function block(walk: Walk, stmts: readonly Stmt[], states: readonly PathState[], scopeEnd = stmts.at(-1)?.end ?? 0): PathState[] {
  return walk.list(stmts, states, scopeEnd, withArms(stmts).filter((stmt) => isUnwound(stmt, states[0])));
}

/** `guards` end with the list. */
export function list(walk: Walk, stmts: readonly Stmt[], states: readonly PathState[], scopeEnd: number, guards: readonly Stmt[]): PathState[] {
  let live = [...states];
  const done: PathState[] = [];
  for (let index = 0; index < stmts.length; index++) {
    const stmt = stmts[index];
    if (stmt === undefined) continue;
    const after = live.flatMap((state) => walk.statement(stmt, state));
    live = after.length > live.length ? limit(walk, after) : after;
    const leaving = live.filter((state) => state.status.kind !== "normal");
    done.push(...leaving);
    live = live.filter((state) => state.status.kind === "normal");
    if (live.length === 0 && !hasLabelAfter(stmts, index, done)) break;
    live.push(...catchGotos(walk, stmts, index + 1, done));
  }
  for (let again = caughtBackwards(walk, stmts, done); again.length > 0; again = caughtBackwards(walk, stmts, done)) {
    for (const { index, state } of again) done.push(...walk.list(stmts.slice(index), [state], scopeEnd, withArms(stmts.slice(index)).filter((stmt) => guards.includes(stmt))));
  }
  const ends = [...done, ...live];
  if (guards.length > 0) for (const end of ends) leaveGuards(guards, end, walk.ctx, scopeEnd);
  return limit(walk, ends);
}

export function statement(walk: Walk, stmt: Stmt, state: PathState): PathState[] {
  if (state.status.kind !== "normal") return [state];
  if (walk.ctx.steps > walk.limits.stepsMax) {
    walk.cut.add("the function is too large to follow");
    // Who watches must not take what comes next for the end of this path.
    if (state.watcher !== undefined) state.status = { kind: "abort" };
    return [state];
  }
  if (walk.calleeSteps.isUsedUp(state)) {
    state.status = { kind: "abort" };
    return [state];
  }
  state.watcher?.onStatement(stmt);
  switch (stmt.kind) {
    case "expression": {
      const written = writtenOut(walk, stmt.expression);
      if (written?.kind === "statements") return macroBlock(walk, written.body, state);
      return prepared(walk, stmt.expression, state, (ready) => {
        ready.statementCall = stmt.expression;
        evaluate(stmt.expression, ready, walk.ctx);
      });
    }
    case "declaration": return followDeclaration(walk, stmt, state);
    case "if": return followIf(walk, stmt, state);
    case "while": return followLoop(walk, stmt, state, stmt.condition, stmt.body, undefined);
    case "do": return followDo(walk, stmt, state);
    case "for": {
      const begun = stmt.init === undefined ? [state] : walk.statement(stmt.init, state);
      return begun.flatMap((one) => followLoop(walk, stmt, one, stmt.condition, stmt.body, stmt.update));
    }
    case "macro-loop": return followMacroLoop(walk, stmt, state);
    case "guard": return followGuard(walk, stmt, state);
    case "switch": return followSwitch(walk, stmt, state);
    case "return": {
      const { value } = stmt;
      if (value === undefined) return [leave(state, stmt, { kind: "return", value: undefined }, "")];
      return prepared(walk, value, state, (ready) => { leave(ready, stmt, { kind: "return", value: evaluate(value, ready, walk.ctx) }, textOf(value, walk.ctx)); });
    }
    case "break": return [leave(state, stmt, { kind: "break" })];
    case "continue": return [leave(state, stmt, { kind: "continue" })];
    case "goto": return [leave(state, stmt, { kind: "goto", label: stmt.label })];
    case "label": return stmt.body === undefined ? [state] : walk.statement(stmt.body, state);
    case "block": return walk.block(stmt.body, [state], stmt.end - 1);
    case "arms": return followArms(walk, stmt, state);
    case "empty": return [state];
    case "asm": case "unknown":
      emit(state, stmt, { kind: "opaque", name: stmt.kind === "asm" ? "inline assembly" : "code that could not be parsed", args: [], isStatement: true });
      return [state];
  }
}

/** States that jump to a label at or before the next statement index are resumed there. */
function catchGotos(walk: Walk, stmts: readonly Stmt[], next: number, done: PathState[]): PathState[] {
  const stmt = stmts[next];
  const label = stmt?.kind === "label" ? stmt.name : undefined;
  if (label === undefined) return [];
  const caught = done.filter((state) => state.status.kind === "goto" && state.status.label === label);
  for (const state of caught) {
    done.splice(done.indexOf(state), 1);
    state.status = normal;
  }
  return caught;
}

/** Backward jumps (retry:) are followed once. */
function caughtBackwards(walk: Walk, stmts: readonly Stmt[], done: PathState[]): { index: number; state: PathState }[] {
  const caught: { index: number; state: PathState }[] = [];
  for (const state of [...done]) {
    if (state.status.kind !== "goto") continue;
    const label = state.status.label;
    const index = stmts.findIndex((stmt) => labelsOf(stmt).includes(label));
    if (index < 0) continue;
    done.splice(done.indexOf(state), 1);
    const visits = state.visitedLabels.get(label) ?? 0;
    if (visits >= bounds.loopRounds) continue;
    state.visitedLabels.set(label, visits + 1);
    state.round++;
    state.status = normal;
    caught.push({ index, state });
  }
  return caught;
}

/** The statements of a macro: its locals end with it, and may have the names of another one's. */
function macroBlock(walk: Walk, body: readonly Stmt[], state: PathState): PathState[] {
  const names = body.flatMap((stmt) => (stmt.kind === "declaration" ? stmt.declarators.map(({ name }) => `${state.frame}:${name}`) : []));
  const hidden = names.flatMap((key) => { const value = state.env.get(key); return value === undefined ? [] : [[key, value] as const]; });
  for (const [key] of hidden) state.forgetLocal(key);
  const ends = walk.block(body, [state]);
  for (const end of ends) {
    for (const key of names) end.forgetLocal(key);
    for (const [key, value] of hidden) end.setLocal(key, value);
  }
  return ends;
}

function followDeclaration(walk: Walk, stmt: Stmt & { readonly kind: "declaration" }, state: PathState): PathState[] {
  let states = [state];
  for (const declarator of stmt.declarators) {
    for (const one of states) if (!one.declared.has(`${one.frame}:${declarator.name}@${String(declarator.start)}`) && walk.ctx.localTypes.has(`${one.frame}:${declarator.name}`) && one.env.has(`${one.frame}:${declarator.name}`)) shadowed(walk, declarator.name, one);
    for (const one of states) one.declared.set(`${one.frame}:${declarator.name}@${String(declarator.start)}`, true);
    for (const one of states) declareLocal(`${one.frame}:${declarator.name}`, tagged(walk, declarator.type), declarator.isArray, walk.ctx);
    const { init } = declarator;
    if (init === undefined) continue;
    states = states.flatMap((one) =>
      prepared(walk, init, one, (ready) => {
        const value = evaluate(init, ready, walk.ctx);
        write({ kind: "local", key: `${ready.frame}:${declarator.name}`, type: tagged(walk, declarator.type) }, value, init, ready, walk.ctx, "plain", false);
      }),
    );
  }
  return states;
}

/** An inner block declares a name again: the two are not kept apart, so nothing is claimed. */
function shadowed(walk: Walk, name: string, state: PathState): void {
  state.contradicts(`the inner ${name}`);
  walk.cut.add(`${name} is declared again in an inner block`);
}

function followGuard(walk: Walk, stmt: Stmt & { readonly kind: "guard" }, state: PathState): PathState[] {
  enterGuard(stmt, state, walk.ctx);
  const { body } = stmt;
  if (body === undefined) return [state];
  const after = walk.block([body], [state]).map(endLoop);
  for (const one of after) leaveGuards([stmt], one, walk.ctx, body.end - 1);
  return after;
}

/** The statement ends the path here, or takes it out of its block. */
function leave(state: PathState, at: Stmt, status: Status, text?: string): PathState {
  state.status = status;
  state.leftAt = { start: at.start, end: at.end };
  if (status.kind === "return" && state.chain.length === 0 && state.inside.length === 0) tell(state, at, { kind: "exit", value: status.value, text: text ?? "" });
  return state;
}
