/** Calls of macros that are expressions, and of header functions that only return one: their value, on the path at hand. */

import type { Expr } from "../syntax/c-syntax.ts";
import { declareLocal, evaluate, type EvalContext } from "./evaluate.ts";
import type { PathState } from "./path-state.ts";
import { bounds, type Sym } from "./trace.ts";

type Call = Expr & { readonly kind: "call" };

/** undefined: neither, or too deep. `values`: the functions that only return an expression. */
export function outsideValue(call: Call, name: string, state: PathState, ctx: EvalContext, values: ReadonlySet<string>): Sym | undefined {
  const expansion = ctx.facts.functions.has(name) ? undefined : ctx.facts.outside.expansion(call);
  if (expansion?.kind === "expression") {
    if (state.statementCall === call) state.statementCall = expansion.expression;
    return evaluate(expansion.expression, state, ctx);
  }
  const found = values.has(name) ? ctx.facts.outside.fn(name) : undefined;
  const [statement] = found?.fn.body.body ?? [];
  if (found === undefined || statement?.kind !== "return" || statement.value === undefined || isTooDeep(state, name)) return undefined;
  const args = call.args.map((arg) => evaluate(arg, state, ctx));
  const saved = enter(call, name, found.file, state);
  bind(found.fn.parameters, args, state, ctx);
  const value = evaluate(statement.value, state, ctx);
  ctx.symbols.refine(value, found.fn.returnType);
  leaveTo(saved, state);
  return value;
}

export function isTooDeep(state: PathState, name: string): boolean {
  return state.chain.length + state.inside.length >= bounds.inlineDepthMax || state.inside.some((one) => one.startsWith(`${name}() `));
}

type Saved = Pick<PathState, "frame" | "inside" | "outsideAt">;

/** The path goes into a function of a header: what happens there happens at the call. */
export function enter(call: Call, name: string, file: string, state: PathState): Saved {
  const saved = { frame: state.frame, inside: state.inside, outsideAt: state.outsideAt };
  state.outsideAt = state.placeOf(call);
  state.inside = [...state.inside, `${name}() of ${file}`];
  state.frame = `${saved.frame}/${String(call.start)} ${name}`;
  return saved;
}

function leaveTo(saved: Saved, state: PathState): void {
  state.dropFrame(state.frame);
  Object.assign(state, saved);
}

function bind(parameters: readonly { readonly name: string; readonly type: string }[], args: readonly Sym[], state: PathState, ctx: EvalContext): void {
  parameters.forEach(({ name, type }, index) => {
    const value = args[index];
    if (value === undefined) return;
    const key = `${state.frame}:${name}`;
    declareLocal(key, type, false, ctx);
    ctx.symbols.refine(value, type);
    state.setLocal(key, value);
  });
}
