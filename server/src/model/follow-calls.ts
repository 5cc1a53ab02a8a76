/** Calls on a path: which of an expression are followed, and into their bodies with the locals of their own. */

import type { Expr, FunctionDef } from "../syntax/c-syntax.ts";
import { partsOf } from "./ast-walk.ts";
import { assumeHeld, heldLock, takeLock } from "./call-effects.ts";
import { isInCallee } from "./callee-steps.ts";
import { declareLocal, emit, emitQuietly, evaluate, opaqueValue, tell, textOf } from "./evaluate.ts";
import { enter, isTooDeep } from "./outside-calls.ts";
import { type PathState, normal } from "./path-state.ts";
import { releaseOf } from "./statement-shape.ts";
import { bounds, type HeldLock, type Sym } from "./trace.ts";
import { apiOf } from "./kernel-api/index.ts";
import { limit, type PossibleCall, type Walk } from "./walk.ts";
import { isFollowed, outsideFn, writtenOut } from "./what-matters.ts";

/** Follows the in-file calls of an expression, then runs `use` on each resulting state. */
export function prepared(walk: Walk, expr: Expr, state: PathState, use: (ready: PathState) => void): PathState[] {
  const states = followCalls(walk, expr, state);
  for (const ready of states) {
    if (ready.status.kind !== "normal") continue;
    use(ready);
    ready.callResults.clear();
  }
  return states;
}

export function followCalls(walk: Walk, expr: Expr, state: PathState): PathState[] {
  const calls = callsIn(walk, expr);
  if (calls.length === 0) return [state];
  let states = [state];
  for (const { call, sure } of calls) {
    states = limit(walk, states.flatMap((one) => {
      if (sure) return inline(walk, call, one);
      const without = one.clone();
      without.callResults.set(call, opaqueValue(`not called ${String(call.start)} ${one.site}`, "", walk.ctx));
      const before = one.condition;
      one.condition = `${before === undefined ? "" : `${before} && `}${textOf(call, walk.ctx)} is called`;
      const made = inline(walk, call, one);
      for (const end of made) end.condition = before;
      return [...made, without];
    }));
  }
  return states;
}

function callsIn(walk: Walk, expr: Expr): readonly PossibleCall[] {
  let calls = walk.calls.get(expr);
  if (calls === undefined) {
    const found: PossibleCall[] = [];
    collectCalls(walk, expr, true, found);
    calls = found;
    walk.calls.set(expr, calls);
  }
  return calls;
}

/** The followed calls of an expression, inner ones first; one behind &&, || or ?: may not be made (`sure` false). */
function collectCalls(walk: Walk, expr: Expr, sure: boolean, calls: PossibleCall[]): void {
  if (expr.kind === "binary" && (expr.operator === "&&" || expr.operator === "||")) {
    collectCalls(walk, expr.left, sure, calls);
    collectCalls(walk, expr.right, false, calls);
  } else if (expr.kind === "conditional") {
    collectCalls(walk, expr.condition, sure, calls);
    if (expr.then !== undefined) collectCalls(walk, expr.then, false, calls);
    collectCalls(walk, expr.else, false, calls);
  } else {
    const written = writtenOut(walk, expr);
    if (written?.kind === "expression") { collectCalls(walk, written.expression, sure, calls); return; }
    for (const part of partsOf(expr)) collectCalls(walk, part, sure, calls);
    if (expr.kind === "call" && isFollowed(walk, expr)) calls.push({ call: expr, sure });
  }
}

export function inline(walk: Walk, call: Expr & { readonly kind: "call" }, state: PathState): PathState[] {
  const name = call.callee.kind === "identifier" ? call.callee.name : "";
  const release = releaseOf(call, walk.facts);
  const outside = release === undefined ? outsideFn(walk, name) : undefined;
  const fn = outside?.fn ?? walk.facts.functions.get(release ?? name);
  if (fn === undefined || state.status.kind !== "normal") return [state];
  if (!walk.calleeSteps.mayEnter(call, state)) {
    // It is told of as a call that was not followed.
    walk.cut.add(`there was too much to follow before ${fn.name}()`);
    return [state];
  }
  if (isTooDeep(state, fn.name) || state.chain.some((site) => site.callee === fn.name) || state.fn === fn.name) {
    // Of another file nothing was promised: it is a call that nothing is known of.
    if (outside === undefined) walk.cut.add(`calls deeper than ${String(bounds.inlineDepthMax)} are not followed (${fn.name}())`);
    emit(state, call, { kind: "opaque", name: `${fn.name}()`, args: [], isStatement: false });
    return [state];
  }
  // kref_put(): the release function runs only for the last reference.
  if (release !== undefined && call.args[0] !== undefined) emitQuietly(state, call, { kind: "put", counter: evaluate(call.args[0], unwatched(state), walk.ctx), release, api: name });
  const others = release === undefined ? [] : [state.clone()];
  const isNested = isInCallee(state);
  if (release !== undefined) takeLockOfLast(call, name, state, walk);
  const args = release === undefined ? call.args.map((arg) => evaluate(arg, state, walk.ctx)) : call.args.slice(0, 1).map((arg) => evaluate(arg, state, walk.ctx));
  const saved = { chain: state.chain, fn: state.fn, frame: state.frame, condition: state.condition, inside: state.inside, outsideAt: state.outsideAt };
  const pending = [...state.callResults];
  if (outside !== undefined) enter(call, fn.name, outside.file, state);
  else {
    tell(state, call, { kind: "call", name: fn.name, isFollowed: true });
    const { start, end } = state.placeOf(call);
    state.chain = [...state.chain, { function: state.fn, at: { start, end }, callee: fn.name, lastReference: release !== undefined }];
    state.fn = fn.name;
    state.frame = `${saved.frame}/${String(call.start)} ${fn.name}`;
  }
  noteUnread(walk, fn);
  const left = state.watcher === undefined || isNested ? undefined : state.clone();
  const through = (): PathState[] => walk.recordings.endsOf(state, args, (one) => callee(walk, fn, one, args));
  const { result: ends, isWhole } = left === undefined ? { result: through(), isWhole: true } : walk.calleeSteps.within(call, through);
  if (left !== undefined && !isWhole) {
    // The caller goes on as from a call that was not followed: how it ends on the paths that were given up is not known.
    walk.cut.add(`there was too much to follow in ${fn.name}()`);
    others.push(Object.assign(left, saved));
  }
  for (const end of ends) {
    const value = end.status.kind === "return" ? end.status.value : undefined;
    Object.assign(end, saved);
    end.status = normal;
    for (const [earlier, result] of pending) end.callResults.set(earlier, result);
    end.callResults.set(call, value ?? opaqueValue(`result ${String(call.start)} ${saved.frame}`, fn.returnType, walk.ctx));
  }
  return [...ends, ...others];
}

/** kref_put_mutex(): the release function is called with the lock held, and gives it back. */
function takeLockOfLast(call: Expr & { readonly kind: "call" }, name: string, state: PathState, walk: Walk): void {
  for (const effect of apiOf(name)?.effects ?? []) {
    if (effect.kind !== "ref-put" || effect.lock === undefined) continue;
    const lock = call.args[effect.lock.at];
    if (lock !== undefined) takeLock(heldLock(evaluate(lock, unwatched(state), walk.ctx), effect.lock.class, call, textOf(lock, walk.ctx)), call, state);
  }
}

/** The ways out of a callee that a path has entered, without its locals. */
function callee(walk: Walk, fn: FunctionDef, state: PathState, args: readonly Sym[]): PathState[] {
  declareParameters(walk, fn, state, args);
  const ends = walk.block(fn.body.body, [state]).filter((end) => end.status.kind !== "abort" && end.status.kind !== "round");
  noteLostGotos(walk, ends, fn.name);
  // A path whose goto was lost is no return: what it holds is not what the caller holds.
  const lost = ends.filter(({ status }) => status.kind === "goto");
  const isOneLeft = lost.length < ends.length;
  for (const end of lost) if (end.watcher !== undefined || isOneLeft) ends.splice(ends.indexOf(end), 1);
  for (const end of ends) end.dropFrame(end.frame);
  return ends;
}

export function declareParameters(walk: Walk, fn: FunctionDef, state: PathState, args: readonly Sym[]): void {
  fn.parameters.forEach(({ name, type: declared }, index) => {
    const type = tagged(walk, declared);
    const key = `${state.frame}:${name}`;
    declareLocal(key, type, false, walk.ctx);
    const given = args[index];
    const value = given !== undefined ? walk.ctx.symbols.within(given, type) : walk.ctx.symbols.intern(`parameter ${key}`, { kind: "parameter", function: fn.name, name }, type);
    walk.ctx.symbols.refine(value, type);
    state.setLocal(key, value);
    state.watcher?.onNamed(value, key);
  });
  for (const attribute of fn.attributes) {
    const lock = attribute.name === "__must_hold" ? /\(\s*&?(.+)\)\s*$/.exec(attribute.text)?.[1] : undefined;
    if (lock !== undefined) assumeHeld(promisedLock(walk, lock, state), state);
  }
}

/** __must_hold(&d->lock): the lock of the parameter d. */
function promisedLock(walk: Walk, text: string, state: PathState): HeldLock {
  const [, name, field] = /^(\w+)(?:->|\.)(\w+)$/.exec(text) ?? [];
  const base = name === undefined ? undefined : state.env.get(`${state.frame}:${name}`);
  if (base === undefined || field === undefined) return { key: `global ${text}`, base: -1, class: "held", at: undefined, text };
  return heldLock(walk.ctx.symbols.address(walk.ctx.symbols.place(base, [field])), "held", undefined, text);
}

/** What of the function's text is not in its body. */
export function noteUnread(walk: Walk, fn: FunctionDef): void {
  if (fn.hasError) walk.cut.add(`parts of ${fn.name}() could not be parsed`);
  const arm = walk.facts.unit.skippedArms?.find(({ start, acts }) => acts && fn.start <= start && start < fn.end);
  if (arm !== undefined) walk.cut.add(`an arm of ${arm.directive} in ${fn.name}() was not followed`);
}

export function noteLostGotos(walk: Walk, ends: readonly PathState[], name: string): void {
  const lost = ends.find((end) => end.status.kind === "goto");
  if (lost?.status.kind === "goto") walk.cut.add(`${name}() jumps into a block, to ${lost.status.label}`);
}

/** "foo_t *" is "struct foo *": matching goes by the tag. */
export function tagged(walk: Walk, type: string): string {
  const known = walk.tags.get(type);
  if (known !== undefined) return known;
  const tagged = /\b(?:struct|union|enum)\b/.test(type) ? type : type.replace(/\b[A-Za-z_]\w*\b/g, (word) => {
    const tag = walk.facts.typedefs.get(word) ?? walk.facts.outside.typedef(word);
    return tag === undefined ? word : `struct ${tag}`;
  });
  walk.tags.set(type, tagged);
  return tagged;
}

/** A copy to ask for the value of an expression that the path evaluates by itself. */
export function unwatched(state: PathState): PathState {
  const copy = state.clone();
  copy.watcher = undefined;
  return copy;
}
