/** The detail effects of a call, as events: what rules see beyond memory, locks, sections and object life. */

import { unreachable } from "../base/assert.ts";
import type { Expr } from "../syntax/c-syntax.ts";
import { emit, placeBehind, textOf, type EvalContext } from "./evaluate.ts";
import type { DetailEffect, IommuCache } from "./kernel-api/detail-schema.ts";
import type { Arg } from "./kernel-api/schema.ts";
import type { PathState } from "./path-state.ts";
import type { Sym } from "./trace.ts";

/** `result`: the symbol of the call's value, asked for only where an event names it. */
export type DetailContext = {
  readonly call: Expr & { readonly kind: "call" };
  readonly name: string;
  readonly state: PathState;
  readonly ctx: EvalContext;
  readonly arg: (index: Arg) => Sym;
  readonly result: () => Sym;
};

export function applyDetail(effect: DetailEffect, { call, name: api, state, ctx, arg, result }: DetailContext): void {
  const sym = (index: Arg | undefined): Sym | undefined => (index === undefined || call.args[index] === undefined ? undefined : arg(index));
  const text = (index: Arg | undefined): string | undefined => {
    const expr = index === undefined ? undefined : call.args[index];
    return expr === undefined ? undefined : textOf(expr, ctx);
  };
  const functionAt = (index: Arg | undefined): string | undefined => functionNamed(sym(index));
  switch (effect.kind) {
    case "needs-lock": emit(state, call, { kind: "needs-lock", name: effect.name, api }); return;
    case "needs-reader": emit(state, call, { kind: "needs-reader", or: effect.or, value: result(), api }); return;
    case "atomic": emit(state, call, { kind: "atomic", access: effect.access, place: placeBehind(arg(effect.pointer), ctx), order: effect.order, bit: sym(effect.bit), api }); return;
    case "rmw":
      emit(state, call, { kind: "rmw", place: placeBehind(arg(effect.pointer), ctx), order: effect.order, conditional: effect.conditional === true, returns: effect.returns, bit: sym(effect.bit), result: result(), api });
      return;
    case "handler":
      emit(state, call, { kind: "handler", via: effect.via, subject: sym(effect.subject) ?? result(), callback: functionAt(effect.callback), thread: functionAt(effect.thread), data: sym(effect.data), api });
      return;
    case "start": case "cancel": emit(state, call, { kind: effect.kind, via: effect.via, subject: arg(effect.subject), api }); return;
    case "wait-handler": emit(state, call, { kind: "wait-handler", via: effect.via, subject: sym(effect.subject), cancels: effect.cancels === true, final: effect.final === true, api }); return;
    case "register": emit(state, call, { kind: "register", hook: effect.hook, subject: sym(effect.subject), chain: sym(effect.chain), callback: functionAt(effect.callback), api }); return;
    case "unregister": emit(state, call, { kind: "unregister", hook: effect.hook, subject: sym(effect.subject), chain: sym(effect.chain), awaits: effect.awaits, runs: effect.runs, api }); return;
    case "cache": {
      const flags = text(effect.flags);
      emit(state, call, { kind: "cache", does: effect.does, cache: sym(effect.cache) ?? result(), flags, typesafe: /\bSLAB_(TYPESAFE_BY|DESTROY_BY)_RCU\b/.test(flags ?? ""), api });
      return;
    }
    case "dma":
      emit(state, call, { kind: "dma", does: effect.does, address: arg(effect.address), size: text(effect.size), direction: text(effect.direction), handle: effect.does === "map" ? result() : undefined, api });
      return;
    case "iommu-flush": emit(state, call, { kind: "iommu-flush", step: effect.step, caches: cachesOf(effect, arg), reach: effect.reach, subject: arg(effect.subject), api }); return;
    case "tag-alloc": emit(state, call, { kind: "tag-alloc", space: sym(effect.space), tag: sym(effect.out) ?? result(), api }); return;
    case "tag-release": emit(state, call, { kind: "tag-release", space: sym(effect.space), tag: arg(effect.tag), api }); return;
    case "translation": emit(state, call, { kind: "translation", does: effect.does, subject: arg(effect.subject), api }); return;
    case "iopf": emit(state, call, { kind: "iopf", does: effect.does, subject: arg(effect.subject), api }); return;
    case "complete": case "wake": emit(state, call, { kind: effect.kind, subject: arg(effect.subject), api }); return;
    case "wait-completion": emit(state, call, { kind: "wait-completion", subject: arg(effect.subject), maybe: effect.maybe === true, api }); return;
    case "wait-event": emit(state, call, { kind: "wait-event", subject: sym(effect.subject), condition: text(effect.condition), maybe: effect.maybe === true, api }); return;
    case "seq": emit(state, call, { kind: "seq", does: effect.does, subject: arg(effect.subject), api }); return;
    case "put": emit(state, call, { kind: "put", counter: arg(effect.counter), release: undefined, api }); return;
    case "kill-reference": emit(state, call, { kind: "kill-reference", counter: arg(effect.counter), api }); return;
    case "lookup": emit(state, call, { kind: "lookup", store: effect.store, container: arg(effect.container), key: sym(effect.key), element: sym(effect.cursor) ?? result(), rcu: effect.rcu, api }); return;
    case "insert": emit(state, call, { kind: "insert", store: effect.store, container: arg(effect.container), element: arg(effect.element), key: sym(effect.key), rcu: effect.rcu, api }); return;
    case "remove": emit(state, call, { kind: "remove", store: effect.store, container: arg(effect.container), element: sym(effect.element), key: sym(effect.key), rcu: effect.rcu, api }); return;
    default: unreachable(effect);
  }
}

/** undefined: a function of another file, or a pointer. */
export function functionNamed(value: Sym | undefined): string | undefined {
  return value?.origin.kind === "function" ? value.origin.name : undefined;
}

/** A leaf argument that nobody knows is taken for 0. */
function cachesOf({ caches, leaf }: DetailEffect & { readonly kind: "iommu-flush" }, arg: (index: Arg) => Sym): readonly IommuCache[] {
  const origin = leaf === undefined ? undefined : arg(leaf).origin;
  return origin === undefined || (origin.kind === "constant" && origin.value !== 0) ? caches : [...caches, "walk"];
}
