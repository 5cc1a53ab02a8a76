/**
 * Expressions on one path: values are symbols, memory accesses become events. Calls go to `call-effects.ts`;
 * calls of in-file functions were followed before (their values wait in `state.callResults`).
 */

import type { Expr, Span } from "../syntax/c-syntax.ts";
import { apiOf } from "./kernel-api/index.ts";
import type { AccessKind } from "./kernel-api/schema.ts";
import type { FileFacts } from "./file-facts.ts";
import type { PathState } from "./path-state.ts";
import { placeId, type SymbolTable } from "./places.ts";
import type { EventKind, Place, Sym } from "./trace.ts";
import { isPointer, pointee, structNameOf } from "./types.ts";
import type { Note } from "./watching.ts";

type LoadEvent = Extract<EventKind, { kind: "load" }>;

export type Lvalue = { readonly kind: "local"; readonly key: string; readonly type: string } | { readonly kind: "place"; readonly place: Place };

/** What an evaluation needs besides the state: shared by all paths of one root. */
export type EvalContext = {
  readonly facts: FileFacts;
  readonly symbols: SymbolTable;
  /** Declared types of locals, by frame and name. */
  readonly localTypes: Map<string, { readonly type: string; readonly isArray: boolean }>;
  readonly call: (expr: Expr & { readonly kind: "call" }, state: PathState, ctx: EvalContext) => Sym;
  /** Keys of locals, by frame and by name: the same string each time, which is found faster. */
  readonly localKeys: Map<string, Map<string, string>>;
  steps: number;
  /** Locals whose type was learned, in the order of time. */
  readonly localsLearned: string[];
};

export function declareLocal(key: string, type: string, isArray: boolean, ctx: EvalContext): void {
  const known = ctx.localTypes.get(key);
  if (known?.type === type && known.isArray === isArray) return;
  ctx.localTypes.set(key, { type, isArray });
  ctx.localsLearned.push(key);
}

function localKey(name: string, { frame }: PathState, { localKeys }: EvalContext): string {
  let ofFrame = localKeys.get(frame);
  if (ofFrame === undefined) {
    ofFrame = new Map();
    localKeys.set(frame, ofFrame);
  }
  let key = ofFrame.get(name);
  if (key === undefined) {
    key = `${frame}:${name}`;
    ofFrame.set(name, key);
  }
  return key;
}

export function emit(state: PathState, at: Span, what: EventKind): void {
  emitQuietly(state, at, what);
  tell(state, at, what);
}

/** An event of the path that who watches hears of in another way. */
export function emitQuietly(state: PathState, at: Span, what: EventKind): void {
  const within = state.withinAt(at);
  state.push({ function: state.fn, at: state.placeOf(at), chain: state.chain, ...(within === undefined ? {} : { within }), locks: state.locks, readers: state.readers, condition: state.condition, what });
}

/** For who watches the walk only: no event of the path. */
export function tell(state: PathState, at: Span, what: EventKind | Note): void {
  if (state.watcher === undefined) return;
  const place = state.unwindingAt ?? at;
  const within = state.withinAt(place);
  state.watcher.onEffect({ function: state.fn, at: state.placeOf(place), chain: state.chain, ...(within === undefined ? {} : { within }), locks: state.locks, readers: state.readers }, what);
}

export function evaluate(expr: Expr, state: PathState, ctx: EvalContext): Sym {
  ctx.steps++;
  switch (expr.kind) {
    case "identifier": return evaluateIdentifier(expr.name, expr, state, ctx);
    case "literal": return literal(expr.text, ctx);
    case "call": return state.callResults.get(expr) ?? ctx.call(expr, state, ctx);
    case "member": case "index": return read(lvalueOf(expr, state, ctx), expr, state, ctx, "plain", undefined);
    case "unary": return evaluateUnary(expr, state, ctx);
    case "update": {
      const target = lvalueOf(expr.operand, state, ctx);
      const before = read(target, expr, state, ctx, "plain", undefined);
      const value = before.origin.kind === "constant" || before.origin.kind === "null"
        ? ctx.symbols.constant((before.origin.kind === "null" ? 0 : before.origin.value) + (expr.operator === "++" ? 1 : -1))
        : opaqueValue(`update ${String(expr.start)} ${state.site}`, "", ctx);
      write(target, value, expr, state, ctx, "plain", false);
      return value;
    }
    case "binary": return evaluateBinary(expr, state, ctx);
    case "assignment": return evaluateAssignment(expr, state, ctx);
    case "conditional": return evaluateConditional(expr, state, ctx);
    case "cast": {
      const value = ctx.symbols.within(evaluate(expr.operand, state, ctx), expr.type);
      ctx.symbols.refine(value, expr.type);
      return value;
    }
    case "comma": return expr.parts.map((part) => evaluate(part, state, ctx)).at(-1) ?? ctx.symbols.null();
    case "initializer":
      for (const entry of expr.entries) evaluate(entry.value, state, ctx);
      return opaqueValue(`initializer ${String(expr.start)}`, expr.type ?? "", ctx);
    case "statement-expression":
      emit(state, expr, { kind: "opaque", name: "a statement expression", args: [], isStatement: false });
      return opaqueValue(`statement-expression ${String(expr.start)} ${state.site}`, "", ctx);
    case "sizeof": case "type": case "unknown": return opaqueValue(expr.text, "", ctx);
  }
}

function evaluateIdentifier(name: string, at: Span, state: PathState, ctx: EvalContext): Sym {
  if (name === "NULL" || name === "false") return ctx.symbols.null();
  if (name === "true") return ctx.symbols.constant(1);
  const macro = ctx.facts.macros.get(name);
  if (macro !== undefined && macro.parameters === undefined && !state.env.has(localKey(name, state, ctx))) return objectMacro(name, macro.body, at, state, ctx);
  const enumerator = ctx.facts.enumerators.get(name) ?? (state.env.has(localKey(name, state, ctx)) ? undefined : ctx.facts.globals.get(name)?.constant);
  const constant = enumerator ?? outsideConstant(name, state, ctx);
  if (constant !== undefined) return ctx.symbols.constant(constant);
  return read(lvalueOf({ kind: "identifier", name, start: at.start, end: at.end }, state, ctx), at, state, ctx, "plain", undefined);
}

/** A name that nothing here declares may be a header's number. */
function outsideConstant(name: string, state: PathState, ctx: EvalContext): number | undefined {
  const key = `${state.frame}:${name}`;
  if (state.env.has(key) || ctx.localTypes.has(key) || ctx.facts.globals.has(name)) return undefined;
  return ctx.facts.outside.constant(name);
}

/** #define WAIT 1 is a number; #define STEP do_it() does what nobody followed. */
function objectMacro(name: string, body: string, at: Span, state: PathState, ctx: EvalContext): Sym {
  const value = Number(body.replace(/^\s*\(?\s*/, "").replace(/\s*\)?\s*$/, "").replace(/[uUlL]+$/, ""));
  if (body.trim() !== "" && Number.isInteger(value)) return ctx.symbols.constant(value);
  if (callsOf(body).some((called) => !isPure(called))) emit(state, at, { kind: "opaque", name: `the macro ${name}`, args: [], isStatement: true });
  return opaqueValue(name, "", ctx);
}

const callsOf = (body: string): readonly string[] => [...body.matchAll(/(\w+)\s*\(/g)].map(([, called = ""]) => called);

/** BIT(0), GENMASK(51, 12): a number, whatever it is. */
const isPure = (name: string): boolean => name === "sizeof" || apiOf(name)?.effects.every(({ kind }) => kind === "pure" || kind === "value-of") === true;

function literal(text: string, ctx: EvalContext): Sym {
  const value = Number(text.replace(/[uUlL]+$/, ""));
  return Number.isInteger(value) ? ctx.symbols.constant(value) : opaqueValue(text, "", ctx);
}

function evaluateUnary(expr: Expr & { readonly kind: "unary" }, state: PathState, ctx: EvalContext): Sym {
  if (expr.operator === "&") {
    if (expr.operand.kind === "identifier" && ctx.facts.functions.has(expr.operand.name)) return evaluate(expr.operand, state, ctx);
    const target = lvalueOf(expr.operand, state, ctx);
    return ctx.symbols.address(target.kind === "place" ? target.place : stackPlace(target.key, target.type, ctx));
  }
  if (expr.operator === "*") return read(lvalueOf(expr, state, ctx), expr, state, ctx, "plain", undefined);
  if (expr.operator === "-" && expr.operand.kind === "identifier" && /^E[A-Z0-9]+$/.test(expr.operand.name)) {
    // -ENOMEM: an errno (include/uapi/asm-generic/errno-base.h) is never 0.
    return ctx.symbols.intern(`errno ${expr.operand.name}`, { kind: "constant", value: -1 }, "int");
  }
  const operand = evaluate(expr.operand, state, ctx);
  if (expr.operator === "-" && operand.origin.kind === "constant") return ctx.symbols.constant(-operand.origin.value);
  return pure(expr.operator, [operand], ctx);
}

function evaluateBinary(expr: Expr & { readonly kind: "binary" }, state: PathState, ctx: EvalContext): Sym {
  const left = evaluate(expr.left, state, ctx);
  if (expr.operator === "&&" || expr.operator === "||") {
    const right = underCondition(state, textOf(expr.left, ctx), () => evaluate(expr.right, state, ctx));
    return pure(expr.operator, [left, right], ctx);
  }
  const right = evaluate(expr.right, state, ctx);
  // Pointer arithmetic and masking stay in the object.
  if ((expr.operator === "+" || expr.operator === "-" || expr.operator === "&" || expr.operator === "|") && isPointer(left.type)) return left;
  const value = folded(expr.operator, left, right);
  return value === undefined ? pure(expr.operator, [left, right], ctx) : ctx.symbols.constant(value);
}

function evaluateAssignment(expr: Expr & { readonly kind: "assignment" }, state: PathState, ctx: EvalContext): Sym {
  const target = lvalueOf(expr.target, state, ctx);
  const before = expr.operator === "=" ? undefined : read(target, expr.target, state, ctx, "plain", undefined);
  const right = evaluate(expr.value, state, ctx);
  // x |= 1 is not 0, whatever x was.
  const value = before === undefined ? right : expr.operator === "|=" && right.origin.kind === "constant" && right.origin.value > 0 ? right : opaqueValue(`compound ${String(expr.start)} ${state.site}`, "", ctx);
  write(target, value, expr, state, ctx, "plain", false);
  return value;
}

function evaluateConditional(expr: Expr & { readonly kind: "conditional" }, state: PathState, ctx: EvalContext): Sym {
  const condition = evaluate(expr.condition, state, ctx);
  const text = textOf(expr.condition, ctx);
  const then = expr.then === undefined ? condition : underCondition(state, text, () => evaluate(expr.then ?? expr.condition, state, ctx));
  const otherwise = underCondition(state, `!(${text})`, () => evaluate(expr.else, state, ctx));
  // pd ? container_of(pd, struct group, pd) : NULL, which is one object where it is any.
  if (then.id === otherwise.id || (otherwise.origin.kind === "null" && then.origin.kind === "container" && then.origin.of.id === condition.id)) return then;
  return pure("?:", [condition, then, otherwise], ctx, then.type);
}

function underCondition<T>(state: PathState, text: string, run: () => T): T {
  const before = state.condition;
  state.condition = before === undefined ? text : `${before} && ${text}`;
  const value = run();
  state.condition = before;
  return value;
}

/** What is asked about when a value is tested: a place, not what it held at the time. */
export function questionOf(sym: Sym): string {
  if (sym.origin.kind === "load") return `load ${placeId(sym.origin.place)}`;
  return sym.origin.kind === "expression" && sym.origin.question !== undefined ? sym.origin.question : `#${String(sym.id)}`;
}

/** Arithmetic on known numbers; undefined where C's rules would matter. */
function folded(operator: string, left: Sym, right: Sym): number | undefined {
  const a = numberOf(left);
  const b = numberOf(right);
  if (a === undefined || b === undefined) return undefined;
  switch (operator) {
    case "&": return a & b;
    case "|": return a | b;
    case "^": return a ^ b;
    case "+": return a + b;
    case "-": return a - b;
    case "*": return a * b;
    case "<<": return b < 31 ? a << b : undefined;
    case ">>": return b < 31 ? a >> b : undefined;
    default: return undefined;
  }
}

/** An errno is a number that is not known, so it is none here. */
function numberOf({ origin }: Sym): number | undefined {
  return origin.kind === "null" ? 0 : origin.kind === "constant" && origin.value >= 0 ? origin.value : undefined;
}

/** The same operator on the same values is the same value. */
export function pure(operator: string, operands: readonly Sym[], ctx: EvalContext, type = ""): Sym {
  const text = `${operator}(${operands.map((operand) => String(operand.id)).join(",")})`;
  const question = `${operator.replace(/@\d+$/, "")}(${operands.map(questionOf).join(",")})`;
  return ctx.symbols.intern(`pure ${text}`, { kind: "expression", text, question }, type);
}

export function opaqueValue(text: string, type: string, ctx: EvalContext): Sym {
  return ctx.symbols.intern(`opaque ${text}`, { kind: "expression", text }, type);
}

export function textOf(expr: Span, ctx: EvalContext): string {
  return ctx.facts.outside.textOf(expr).replace(/\s+/g, " ");
}

function stackPlace(key: string, type: string, ctx: EvalContext): Place {
  const base = ctx.symbols.intern(`stack ${key}`, { kind: "stack", frame: 0, name: key }, type);
  return ctx.symbols.place(base, []);
}

export function lvalueOf(expr: Expr, state: PathState, ctx: EvalContext): Lvalue {
  switch (expr.kind) {
    case "identifier": return lvalueOfName(expr.name, state, ctx);
    case "member": {
      if (expr.arrow) return { kind: "place", place: ctx.symbols.place(evaluate(expr.object, state, ctx), [expr.field]) };
      const object = lvalueOf(expr.object, state, ctx);
      const place = object.kind === "place" ? object.place : stackPlace(object.key, object.type, ctx);
      return { kind: "place", place: ctx.symbols.place(place.base, [...place.path, expr.field]) };
    }
    case "index": {
      const step = `[${String(evaluate(expr.index, state, ctx).id)}]`;
      const object = lvalueOf(expr.object, state, ctx);
      if (object.kind === "place" && isArrayPlace(object.place, ctx)) return { kind: "place", place: ctx.symbols.place(object.place.base, [...object.place.path, step]) };
      if (object.kind === "local" && ctx.localTypes.get(object.key)?.isArray === true) {
        return { kind: "place", place: ctx.symbols.place(stackPlace(object.key, object.type, ctx).base, [step]) };
      }
      const array = read(object, expr.object, state, ctx, "plain", undefined);
      if (expr.object.kind === "cast") ctx.symbols.refine(array, expr.object.type);
      return { kind: "place", place: ctx.symbols.place(array, [step]) };
    }
    case "unary":
      if (expr.operator === "*") return { kind: "place", place: ctx.symbols.place(evaluate(expr.operand, state, ctx), ["*"]) };
      break;
    case "cast": return lvalueOf(expr.operand, state, ctx);
    case "call": {
      const expansion = state.callResults.has(expr) ? undefined : ctx.facts.outside.expansion(expr);
      if (expansion?.kind === "expression") return lvalueOf(expansion.expression, state, ctx);
      break;
    }
    default: break;
  }
  return { kind: "place", place: ctx.symbols.place(evaluate(expr, state, ctx), ["*"]) };
}

function lvalueOfName(name: string, state: PathState, ctx: EvalContext): Lvalue {
  const key = localKey(name, state, ctx);
  const local = ctx.localTypes.get(key);
  if (local !== undefined || state.env.has(key)) return { kind: "local", key, type: local?.type ?? "" };
  const global = ctx.facts.globals.get(name);
  return { kind: "place", place: ctx.symbols.place(ctx.symbols.global(name, global?.type ?? ""), []) };
}

function isArrayPlace(place: Place, ctx: EvalContext): boolean {
  if (place.base.origin.kind === "global" && place.path.length === 0) return ctx.facts.globals.get(place.base.origin.name)?.isArray === true;
  return ctx.symbols.isArrayField(place);
}

export function read(target: Lvalue, at: Span, state: PathState, ctx: EvalContext, access: AccessKind, rcu: LoadEvent["rcu"], domain?: string): Sym {
  if (target.kind === "local") {
    const known = state.env.get(target.key);
    if (known !== undefined) return known;
    if (state.untold.has(target.key)) state.watcher?.onUntold(target.key);
    const local = ctx.localTypes.get(target.key);
    if (local?.isArray === true) return ctx.symbols.address(stackPlace(target.key, target.type, ctx));
    return ctx.symbols.intern(`local ${target.key}`, { kind: "expression", text: target.key }, target.type);
  }
  return readPlace(target.place, at, state, ctx, access, rcu, domain);
}

function readPlace(place: Place, at: Span, state: PathState, ctx: EvalContext, access: AccessKind, rcu: LoadEvent["rcu"], domain?: string): Sym {
  if (place.base.origin.kind === "stack" && place.path.length === 0) {
    const name = place.base.origin.name;
    return state.env.get(name) ?? ctx.symbols.intern(`local ${name}`, { kind: "expression", text: name }, place.type);
  }
  const global = place.base.origin.kind === "global" && place.path.length === 0 ? place.base.origin.name : undefined;
  if (global !== undefined && !ctx.facts.globals.has(global)) {
    // A function, an enumerator, a macro constant, or a variable of another file.
    return ctx.facts.functions.has(global) ? ctx.symbols.intern(`function ${global}`, { kind: "function", name: global }, "") : opaqueValue(global, "", ctx);
  }
  if (isArrayPlace(place, ctx)) return ctx.symbols.address(place);
  const id = placeId(place);
  // A marked read fetches anew; any other is taken for the value that the path knows.
  const known = rcu === "reader" || rcu === "either" ? undefined : state.memory.get(id);
  const value = known ?? ctx.symbols.intern(`load ${id} ${state.site}@${String(at.start)}`, { kind: "load", place }, place.type);
  state.memory.set(id, value);
  state.lastSeen.set(id, value);
  if (place.base.origin.kind !== "stack") emit(state, at, { kind: "load", place, value, access, rcu, ...(domain === undefined ? {} : { domain }) });
  return value;
}

export function write(target: Lvalue, given: Sym, at: Span, state: PathState, ctx: EvalContext, access: AccessKind, rcu: boolean): Sym | undefined {
  const value = ctx.symbols.within(given, target.kind === "local" ? target.type : target.place.type);
  if (target.kind === "local") {
    ctx.symbols.refine(value, target.type);
    state.setLocal(target.key, value);
    // A local of a macro gives nothing a name in the function.
    if (state.outside?.isOwn(at) !== false) state.watcher?.onNamed(value, target.key);
    return undefined;
  }
  const { place } = target;
  if (place.base.origin.kind === "stack" && place.path.length === 0) {
    state.setLocal(place.base.origin.name, value);
    return undefined;
  }
  const id = placeId(place);
  state.forgetAliases(id);
  const old = state.lastSeen.get(id);
  ctx.symbols.refine(value, place.type);
  state.memory.set(id, value);
  state.lastSeen.set(id, value);
  if (place.base.origin.kind !== "stack") emit(state, at, { kind: "store", place, value, old, access, rcu });
  return old;
}

/** Names the object a pointer leads into, and the member it points at: &bond->list is member "list" of bond. */
export function objectOf(pointer: Sym): { readonly object: Sym; readonly member: string } {
  if (pointer.origin.kind === "address") return { object: pointer.origin.place.base, member: pointer.origin.place.path.join(".") };
  return { object: pointer, member: "" };
}

export function placeBehind(pointer: Sym, ctx: EvalContext): Place {
  return ctx.symbols.place(pointer, pointer.origin.kind === "address" ? [] : ["*"]);
}

/** Gives a place a value that nobody knows: a loop or an arm that was not followed path by path may have written it. */
export function havoc(target: Expr, state: PathState, ctx: EvalContext): void {
  const before = state.condition;
  const lvalue = lvalueOf(target, state.clone(), ctx);
  state.condition = before;
  const value = opaqueValue(`unknown after ${String(target.start)} ${state.site}`, "", ctx);
  if (lvalue.kind === "local") state.setLocal(lvalue.key, value);
  else if (lvalue.place.base.origin.kind === "stack" && lvalue.place.path.length === 0) state.setLocal(lvalue.place.base.origin.name, value);
  else state.memory.delete(placeId(lvalue.place));
}

export function structOf(sym: Sym): string | undefined {
  return structNameOf(isPointer(sym.type) ? pointee(sym.type) : sym.type);
}
