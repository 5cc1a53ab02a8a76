/** Loops: rounds that are followed, walks of lists, and loops that nothing depends on. */

import type { Expr, Stmt } from "../syntax/c-syntax.ts";
import { domainKey, headPlace, tablePlace } from "./call-effects.ts";
import { emit, evaluate, opaqueValue, textOf } from "./evaluate.ts";
import { forgetWritten, splitAt } from "./follow-branches.ts";
import { prepared, unwatched } from "./follow-calls.ts";
import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import type { EffectSpec } from "./kernel-api/schema.ts";
import { type PathState, normal } from "./path-state.ts";
import { placeId } from "./places.ts";
import { carriedNames, isAlwaysTrue, isSpin } from "./statement-shape.ts";
import { bounds, moreRounds, type Sym } from "./trace.ts";
import { limit, type Walk } from "./walk.ts";
import { doesMatter } from "./what-matters.ts";

/** A loop without a condition ends at a break, goto or return only. */
export function followLoop(walk: Walk, stmt: Stmt, state: PathState, condition: Expr | undefined, body: Stmt, update: Expr | undefined): PathState[] {
  const matters = doesMatter(walk, stmt);
  const entry = matters ? undefined : state.clone();
  const starts = condition === undefined ? { yes: [state], no: [] as PathState[] } : splitAt(walk, condition, state);
  const isEndless = condition === undefined || (starts.no.length === 0 && isAlwaysTrue(condition));
  if (entry !== undefined && !isEndless) return starts.yes.length === 0 ? starts.no : [looped(walk, stmt, entry, condition, body, update)];
  if (matters) noteRounds(walk, body, update);
  const left: PathState[] = [];
  let going = starts.yes;
  for (let round = 1; going.length > 0; round++) {
    const ends = going.flatMap((one) => walk.block([body], [one]));
    const through = ends.filter((one) => one.status.kind === "normal" || one.status.kind === "continue").map(endLoop);
    left.push(...ends.filter((one) => !through.includes(one)).map(endLoop));
    // An endless loop is left by a break, goto or return only.
    if (isEndless) {
      if (walk.relevance.topic === "data") left.push(...through.map(roundOf));
      break;
    }
    const updated = update === undefined ? through : through.flatMap((one) => prepared(walk, update, one, (ready) => { evaluate(update, ready, walk.ctx); }));
    const again = updated.map((one) => splitAt(walk, condition, one));
    left.push(...again.flatMap((split) => split.no));
    // Only a condition that is known to hold makes another round certain; other rounds are not followed.
    going = limit(walk, again.flatMap((split) => (split.no.length === 0 ? split.yes : [])));
    if (round < bounds.knownRounds) continue;
    for (const one of going) one.contradicts(`${moreRounds}${textOf(condition, walk.ctx)}`);
    // Rounds that only wait repeat one read: all that another one may bring is another value, and the loop's end takes that.
    if (going.length > 0 && !isSpin(body)) walk.cut.add(`only ${String(bounds.knownRounds)} rounds of a loop were followed`);
    left.push(...going);
    break;
  }
  return limit(walk, [...left, ...starts.no]);
}

export function followDo(walk: Walk, stmt: Stmt & { readonly kind: "do" }, state: PathState): PathState[] {
  if (doesMatter(walk, stmt.body)) noteRounds(walk, stmt.body, undefined);
  return limit(walk, walk.block([stmt.body], [state]).flatMap((one) => {
    const goesOn = one.status.kind === "normal" || one.status.kind === "continue";
    const ended = endLoop(one);
    if (!goesOn) return [ended];
    if (isSpin(stmt.body)) emit(ended, stmt, { kind: "opaque", name: "a loop that waits for memory to change", args: [], isStatement: true });
    return splitAt(walk, stmt.condition, ended).no;
  }));
}

export function followMacroLoop(walk: Walk, stmt: Stmt & { readonly kind: "macro-loop" }, state: PathState): PathState[] {
  const written = apiOf(stmt.macro) === undefined ? walk.facts.outside.loop(stmt) : stmt;
  if (written !== stmt) return walk.statement(written, state);
  const list = apiOf(stmt.macro)?.effects.find((effect) => effect.kind === "list-walk");
  const empty = doesMatter(walk, stmt.body) || list !== undefined ? [state.clone()] : [];
  if (list === undefined) {
    for (const arg of stmt.args) assignOpaque(walk, arg, state);
    noteLookup(walk, stmt, state);
    return limit(walk, [...empty, ...walk.block([stmt.body], [state]).map(endLoop)]);
  }
  if (doesMatter(walk, stmt.body)) noteRounds(walk, stmt.body, undefined);
  const enter = enterWalk(walk, stmt, list, state);
  const after = walk.block([stmt.body], [state]).map((one) => {
    const wentOn = one.status.kind === "normal" || one.status.kind === "continue";
    const ended = endLoop(one);
    if (wentOn && list.next === undefined) emit(ended, stmt.headSpan, { kind: "advance", element: enter.element, member: enter.member, rcu: list.rcu });
    return ended;
  });
  return limit(walk, [...after, ...empty]);
}

/** What one round leaves for the next: followed rounds are one, so a refutation would not cover it. */
function noteRounds(walk: Walk, body: Stmt, update: Expr | undefined): void {
  const carried = carriedNames(body, update);
  if (carried !== undefined) walk.cut.add(`one round of a loop was followed, and ${carried} goes from round to round`);
}

/** A loop that changes nothing a rule asks about: its accesses are noted once, what it writes is unknown after. */
function looped(walk: Walk, stmt: Stmt, state: PathState, condition: Expr | undefined, body: Stmt, update: Expr | undefined): PathState {
  const before = state.condition;
  if (condition !== undefined) evaluate(condition, state, walk.ctx);
  if (isSpin(body)) emit(state, stmt, { kind: "opaque", name: "a loop that waits for memory to change", args: [], isStatement: true });
  const [after = state] = walk.block([body], [state]);
  if (after.status.kind === "normal" && update !== undefined) evaluate(update, after, walk.ctx);
  after.status = normal;
  after.condition = before;
  forgetWritten(walk, [stmt], after);
  return after;
}

/** Of `srcu_read_lock_held(&domain)`, where nothing else is as good. */
function domainNamedBy(condition: Expr | undefined, state: PathState, ctx: Walk["ctx"]): string | undefined {
  if (condition?.kind !== "call" || condition.callee.kind !== "identifier") return undefined;
  const of = apiOf(condition.callee.name)?.ofDomain;
  const named = of === undefined ? undefined : condition.args[of];
  return named === undefined ? undefined : domainKey(evaluate(named, unwatched(state), ctx));
}

function enterWalk(walk: Walk, stmt: Stmt & { readonly kind: "macro-loop" }, list: EffectSpec & { readonly kind: "list-walk" }, state: PathState): { element: Sym; member: string } {
  const ctx = walk.ctx;
  const cursor = stmt.args[list.cursor];
  const headExpr = stmt.args[list.head];
  const memberExpr = list.member === undefined ? undefined : stmt.args[list.member];
  const member = memberExpr === undefined ? "" : textOf(memberExpr, ctx);
  const head = headExpr === undefined ? undefined : list.isTable === true ? tablePlace(headExpr, state, ctx) : headPlace(evaluate(headExpr, state, ctx), ctx);
  const key = cursor?.kind === "identifier" ? `${state.frame}:${cursor.name}` : undefined;
  const type = key === undefined ? "" : (ctx.localTypes.get(key)?.type ?? "");
  const element = ctx.symbols.intern(`element ${head === undefined ? "?" : placeId(head)} ${state.site}@${String(stmt.start)}`, { kind: "element", head, member }, type);
  if (key !== undefined) {
    state.setLocal(key, element);
    state.watcher?.onNamed(element, key);
  }
  state.nullness.set(element.id, "set");
  const condition = (list.key ?? list.member ?? list.head) + 1;
  const domain = domainNamedBy(stmt.args[condition], state, ctx);
  emit(state, stmt.headSpan, { kind: "walk", head, element, member, rcu: list.rcu, flavour: list.flavour ?? "rcu", conditional: stmt.args.length > condition, ...(domain === undefined ? {} : { domain }) });
  if (list.next !== undefined) emit(state, stmt.headSpan, { kind: "advance", element, member, rcu: list.rcu });
  return { element, member };
}

/** A loop over a container that is no list: its cursor is an element of it. */
function noteLookup(walk: Walk, stmt: Stmt & { readonly kind: "macro-loop" }, state: PathState): void {
  const effect = partlyKnown(stmt.macro)?.effects.find((one) => one.kind === "lookup");
  const [container, cursor] = effect === undefined ? [] : [stmt.args[effect.container], effect.cursor === undefined ? undefined : stmt.args[effect.cursor]];
  if (effect === undefined || container === undefined || cursor === undefined) return;
  const quiet = unwatched(state);
  emit(state, stmt.headSpan, { kind: "lookup", store: effect.store, container: evaluate(container, quiet, walk.ctx), key: undefined, element: evaluate(cursor, quiet, walk.ctx), rcu: effect.rcu, api: stmt.macro });
}

function assignOpaque(walk: Walk, arg: Expr, state: PathState): void {
  if (arg.kind !== "identifier") { if (arg.kind !== "type") evaluate(arg, state, walk.ctx); return; }
  const key = `${state.frame}:${arg.name}`;
  const type = walk.ctx.localTypes.get(key)?.type;
  if (type === undefined || state.env.has(key)) return;
  const value = opaqueValue(`cursor ${key}@${String(arg.start)}`, type, walk.ctx);
  state.setLocal(key, value);
  state.watcher?.onNamed(value, key);
}

/** The path of one round, for who asks how fields are used: no rule may take it for a way out. */
function roundOf(state: PathState): PathState {
  state.status = { kind: "round" };
  state.contradicts(`${moreRounds}a loop without end`);
  return state;
}

export function endLoop(state: PathState): PathState {
  if (state.status.kind === "break" || state.status.kind === "continue") state.status = normal;
  return state;
}
