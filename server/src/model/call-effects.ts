/** What a call does on a path: the knowledge table's effects, applied to the symbols of its arguments. */

import { unreachable } from "../base/assert.ts";
import type { Expr } from "../syntax/c-syntax.ts";
import { applyDetail, functionNamed } from "./detail-effects.ts";
import { isDetailEffect } from "./detail-events.ts";
import { emit, evaluate, lvalueOf, objectOf, opaqueValue, placeBehind, pure, read, structOf, tell, textOf, write, type EvalContext, type Lvalue } from "./evaluate.ts";
import { isTracepoint } from "./kernel-api/inert.ts";
import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import type { ApiRow, Arg, EffectSpec, FieldPath, LockClass, OffKind } from "./kernel-api/schema.ts";
import type { PathState } from "./path-state.ts";
import { placeId } from "./places.ts";
import { outsideValue } from "./outside-calls.ts";
import { isAllocationFlag, type Relevance } from "./relevance.ts";
import type { HeldLock, Place, ReaderSection, Sym } from "./trace.ts";

export type Call = Expr & { readonly kind: "call" };

export type CallRelevance = Pick<Relevance, "opaque" | "values">;

type Applying = { readonly call: Call; readonly name: string; readonly state: PathState; readonly ctx: EvalContext; readonly arg: (index: Arg) => Sym; readonly result: () => Sym };

export function evaluateCall(call: Call, state: PathState, ctx: EvalContext, relevance: CallRelevance): Sym {
  const name = call.callee.kind === "identifier" ? call.callee.name : `${textOf(call.callee, ctx)}()`;
  // x->ops->read(x) reads x->ops, and read in what that is.
  if (call.callee.kind === "member") evaluate(call.callee, state, ctx);
  const row = call.callee.kind === "identifier" ? apiOf(name) : undefined;
  const part = row === undefined && call.callee.kind === "identifier" ? partlyKnown(name) : undefined;
  if (sleeps(row ?? part, call)) emit(state, call, { kind: "sleep", api: name });
  const asks = (row ?? part)?.asks;
  if (asks !== undefined) emit(state, call, { kind: "asked", about: asks, value: valueOfCall(call, name, state, ctx), api: name });
  if (row === undefined) return outsideValue(call, name, state, ctx, relevance.values) ?? evaluateUnknown(call, name, part, state, ctx, relevance);
  const cache = new Map<number, Sym>();
  const arg = (index: Arg): Sym => {
    const known = cache.get(index);
    if (known !== undefined) return known;
    const expr = call.args[index];
    const value = expr === undefined || expr.kind === "type" ? ctx.symbols.null() : evaluate(expr, state, ctx);
    cache.set(index, value);
    return value;
  };
  const result = (): Sym => valueOfCall(call, name, state, ctx);
  const applying: Applying = { call, name, state, ctx, arg, result };
  if (row.effects.every(isDetailEffect)) call.args.forEach((_, index) => arg(index));
  let value: Sym | undefined;
  for (const effect of row.effects) value = applyEffect(effect, applying) ?? value;
  if (!row.effects.some((effect) => effect.kind === "allocate")) noteFlags(call, name, state, ctx);
  return value ?? result();
}

const valueOfCall = (call: Call, name: string, state: PathState, ctx: EvalContext): Sym => opaqueValue(`call ${name} ${String(call.start)} ${state.site}`, "", ctx);

function sleeps(row: ApiRow | undefined, call: Call): boolean {
  const time = row?.unlessZero === undefined ? undefined : call.args[row.unlessZero];
  return row?.maySleep === true && !(time?.kind === "literal" && Number(time.text) === 0);
}

/** `part`: what is true of it all the same. */
function evaluateUnknown(call: Call, name: string, part: ApiRow | undefined, state: PathState, ctx: EvalContext, { opaque }: CallRelevance): Sym {
  const macro = ctx.facts.macros.get(name);
  const container = macro === undefined ? null : /^\s*\(*\s*container_of\(\s*\(?(\w+)\)?\s*,\s*struct\s+(\w+)\s*,\s*([\w.]+)\s*\)/.exec(macro.body);
  if (macro?.parameters !== undefined && container !== null) {
    const index = macro.parameters.indexOf(container[1] ?? "");
    const pointer = call.args[index];
    if (pointer !== undefined) return containerOf(evaluate(pointer, state, ctx), container[2] ?? "", container[3] ?? "", ctx);
  }
  const args = call.args.map((expr) => evaluate(expr, state, ctx));
  const isStatement = state.statementCall === call;
  mayWrite(args, state, ctx);
  const fn = ctx.facts.functions.get(name) ?? ctx.facts.outside.fn(name)?.fn;
  if (fn === undefined && part === undefined && isStatement && call.args.some(isMessage)) {
    for (const arg of args) if (arg.type.includes("*")) emit(state, call, { kind: "touch", pointer: arg, write: false, debug: "its messages turned on", api: name });
    return valueOfCall(call, name, state, ctx);
  }
  if (fn !== undefined) {
    if (ctx.facts.functions.has(name)) tell(state, call, { kind: "call", name, isFollowed: false });
    const inside = opaque.get(name);
    if (inside !== undefined) emit(state, call, { kind: "opaque", name: `${name}() (through ${inside}())`, args, isStatement, ...(partlyKnown(inside)?.neverWaits === true ? { neverWaits: true } : {}) });
    noteFlags(call, name, state, ctx);
    return opaqueValue(`call ${name} ${String(call.start)} ${state.site}`, fn.returnType, ctx);
  }
  // endfor_nexthops(rt): closes a block that another macro opened, and calls nothing.
  const isBrace = /^[\s)}]*}[\s)}]*$/.test(macro?.body ?? ctx.facts.outside.macro(name)?.body ?? "");
  if (!isBrace && !isTracepoint(name)) emit(state, call, { kind: "opaque", name: name.endsWith(")") ? name : `${name}()`, args, isStatement, ...(part?.neverWaits === true ? { neverWaits: true } : {}) });
  noteFlags(call, name, state, ctx);
  const result = valueOfCall(call, name, state, ctx);
  for (const effect of part?.effects ?? []) if (isDetailEffect(effect)) applyDetail(effect, { call, name, state, ctx, arg: (index) => args[index] ?? ctx.symbols.null(), result: () => result });
  return result;
}

/** `foo_dbg(foo, "...\n")` prints, whatever it is called, where nothing else is known of it: it gives up no lock, ends no section and waits for nobody. */
const isMessage = (arg: Expr): boolean => arg.kind === "literal" && /\\n"$/.test(arg.text);

/** Allocation flags among the arguments, as constants or in a variable of their type. */
function noteFlags(call: Call, api: string, state: PathState, ctx: EvalContext): void {
  for (const expr of call.args) if (isFlags(expr, state, ctx)) emit(state, call, { kind: "given-flags", flags: evaluate(expr, state, ctx), api });
}

function isFlags(expr: Expr, state: PathState, ctx: EvalContext): boolean {
  if (expr.kind === "binary") return (expr.operator === "|" || expr.operator === "&") && isFlags(expr.left, state, ctx);
  if (expr.kind !== "identifier") return false;
  return isAllocationFlag(expr.name) || ctx.localTypes.get(`${state.frame}:${expr.name}`)?.type === "gfp_t";
}

/** A call writes what it gets the address of, and behind the pointers it gets. */
function mayWrite(args: readonly Sym[], state: PathState, ctx: EvalContext): void {
  const bases = new Set<number>();
  for (const arg of args) {
    if (arg.origin.kind !== "address") { bases.add(arg.id); continue; }
    const { base, path } = arg.origin.place;
    bases.add(base.id);
    if (base.origin.kind === "stack" && path.length === 0) state.setLocal(base.origin.name, opaqueValue(`written ${base.origin.name} ${String(state.epoch)} ${state.site}`, "", ctx));
  }
  state.forgetBehind(bases);
}

/** kfree(NULL) does nothing. */
function isNothing(object: Sym, state: PathState): boolean {
  const known = state.nullness.get(object.id);
  return object.origin.kind === "null" || known === "null" || known === "error";
}

function applyEffect(effect: EffectSpec, applying: Applying): Sym | undefined {
  const { call, name, state, ctx, arg } = applying;
  if (isDetailEffect(effect)) {
    applyDetail(effect, applying);
    return undefined;
  }
  switch (effect.kind) {
    case "reader-enter": enterReader(effect.flavour, domainOf(effect.domain, applying), name, call, state, domainBaseOf(effect.domain, applying), effect.off, effect.implicit === true); return undefined;
    case "reader-leave": leaveReader(effect.flavour, domainOf(effect.domain, applying), name, call, state); return undefined;
    case "wait":
      emit(state, call, {
        kind: "wait", flavour: effect.flavour, domain: domainOf(effect.domain, applying), api: name,
        callbacks: effect.callbacks === true, maybe: effect.maybe === true, expedited: effect.expedited === true, domainBase: domainBaseOf(effect.domain, applying),
      });
      state.forgetMemory();
      return undefined;
    case "defer-free":
      if (isNothing(objectOf(arg(effect.object)).object, state)) return undefined;
      emit(state, call, { kind: "defer-free", object: objectOf(arg(effect.object)).object, api: name, mayWait: effect.mayWait === true });
      return undefined;
    case "defer-call": {
      const callback = arg(effect.callback);
      emit(state, call, {
        kind: "defer-call", head: arg(effect.head), callback: callback.origin.kind === "function" ? callback.origin.name : undefined,
        flavour: effect.domain === undefined ? "rcu" : "srcu", domain: domainOf(effect.domain, applying), api: name,
      });
      return undefined;
    }
    case "free":
      if (isNothing(objectOf(arg(effect.object)).object, state)) return undefined;
      emit(state, call, { kind: "free", object: objectOf(arg(effect.object)).object, memory: effect.memory, api: name });
      return undefined;
    case "free-list": emit(state, call, { kind: "opaque", name: `${name}()`, args: [arg(effect.list)], isStatement: false }); return undefined;
    case "allocate": {
      call.args.forEach((_, index) => arg(index));
      const object = ctx.symbols.intern(`allocation ${String(call.start)} ${state.site}`, { kind: "allocation", at: { start: call.start, end: call.end }, memory: effect.memory, zeroed: effect.zeroed }, "");
      const flags = effect.gfp === undefined ? undefined : call.args[effect.gfp];
      emit(state, call, {
        kind: "allocation", object, memory: effect.memory, filled: effect.zeroed || effect.copied === true, device: effect.memory === "dma" || effect.device === true, gfp: flags === undefined ? undefined : textOf(flags, ctx), flags: effect.gfp === undefined ? undefined : arg(effect.gfp), from: effect.cache === undefined ? undefined : arg(effect.cache), api: name,
      });
      return object;
    }
    case "rcu-read": return effect.fields === undefined ? rcuRead(effect.pointer, effect.side, effect.domain === undefined ? undefined : domainOf(effect.domain, applying), applying) : read(fieldBehind(effect.pointer, effect.fields, applying), call, state, ctx, "once", effect.side);
    case "rcu-publish": return publish(effect, applying);
    case "list-add": case "list-move": return link(effect, applying);
    case "list-delete": {
      const { object, member } = objectOf(arg(effect.element));
      emit(state, call, { kind: "unlink", element: object, member, rcu: effect.rcu, reinit: effect.reinit === true });
      return undefined;
    }
    case "list-replace": {
      const old = objectOf(arg(effect.old));
      emit(state, call, { kind: "unlink", element: old.object, member: old.member, rcu: effect.rcu, reinit: false });
      const next = objectOf(arg(effect.element));
      emit(state, call, { kind: "link", element: next.object, member: next.member, head: undefined, rcu: effect.rcu });
      return undefined;
    }
    case "list-walk": return undefined;
    case "list-peek": return peek(effect, applying);
    case "lock": case "unlock": case "assert-held": return lockEffect(effect, applying);
    case "global-lock":
      takeLock({ key: `global ${effect.name}`, base: -1, class: effect.class, at: call, text: effect.name }, call, state);
      return effect.conditional === undefined ? undefined : conditionalLock(`global ${effect.name}`, effect.conditional, applying);
    case "global-unlock": dropLock({ key: `global ${effect.name}`, class: effect.class, text: effect.name }, call, state); return undefined;
    case "assert-global-held": assumeHeld({ key: `global ${effect.name}`, base: -1, class: "mutex", at: undefined, text: effect.name }, state); return undefined;
    case "fence": emit(state, call, { kind: "fence", fence: effect.fence, scope: effect.scope ?? "cpu", api: name }); return undefined;
    case "load": return read(targetOf(effect.pointer, effect.byAddress, applying), call, state, ctx, effect.access, undefined);
    case "store": {
      const value = arg(effect.value);
      write(targetOf(effect.pointer, effect.byAddress, applying), value, call, state, ctx, effect.access, false);
      return value;
    }
    case "exchange": {
      const target = targetOf(effect.pointer, true, applying);
      const value = arg(effect.value);
      const old = read(target, call, state, ctx, "once", undefined);
      write(target, value, call, state, ctx, "release", true);
      return old;
    }
    case "ref-get":
      emit(state, call, { kind: "reference", counter: arg(effect.counter), conditional: effect.conditional === true, safely: effect.safely, api: name });
      return undefined;
    case "ref-put": emit(state, call, { kind: "put", counter: arg(effect.counter), release: effect.release === undefined ? undefined : functionNamed(arg(effect.release)), api: name }); return undefined;
    case "mmio": return mmio(effect, applying);
    case "derive": return arg(effect.from);
    case "container": {
      const type = call.args[effect.type];
      const member = call.args[effect.member];
      const struct = type === undefined ? "" : structIn(textOf(type, ctx), state, ctx);
      const element = containerOf(arg(effect.pointer), struct, member === undefined ? "" : textOf(member, ctx), ctx);
      if (effect.first !== undefined) peekByHand(arg(effect.pointer), element, effect.first, applying);
      return element;
    }
    case "touch":
      emit(state, call, { kind: "touch", pointer: arg(effect.pointer), write: effect.write, ...(effect.debug === undefined ? {} : { debug: effect.debug }), api: name });
      // Asked again with nothing written in between, it answers the same.
      return effect.write ? undefined : pure(`${name}@${String(state.epoch)}`, call.args.map((_, index) => arg(index)), ctx);
    case "pure": return pure(name, call.args.map((_, index) => arg(index)), ctx);
    case "swap": {
      const [a, b] = [call.args[effect.a], call.args[effect.b]];
      if (a === undefined || b === undefined) return undefined;
      const [left, right] = [lvalueOf(a, state, ctx), lvalueOf(b, state, ctx)];
      const [was, is] = [read(left, a, state, ctx, "plain", undefined), read(right, b, state, ctx, "plain", undefined)];
      write(left, is, a, state, ctx, "plain", false);
      write(right, was, b, state, ctx, "plain", false);
      return undefined;
    }
    case "value-of": {
      const value = arg(effect.arg);
      call.args.forEach((_, index) => arg(index));
      return value;
    }
    case "is-error": return pure(effect.orNull === true ? "error-or-null" : "error", [arg(effect.arg)], ctx);
    case "never-returns": state.status = { kind: "abort" }; return undefined;
    default: return unreachable(effect);
  }
}

/** A device register is no memory that another CPU's code writes: no load or store, and the value is unknown. */
function mmio(effect: EffectSpec & { readonly kind: "mmio" }, { call, name, state, ctx, arg }: Applying): undefined {
  call.args.forEach((_, index) => arg(index));
  const address = call.args[effect.address];
  emit(state, call, {
    kind: "mmio", access: effect.access, address: address === undefined ? "" : textOf(address, ctx), order: effect.order, value: effect.value === undefined ? undefined : arg(effect.value), api: name,
  });
  const result = effect.result === undefined ? undefined : call.args[effect.result];
  if (result !== undefined) write(lvalueOf(result, state, ctx), opaqueValue(`polled ${String(call.start)} ${state.site}`, "", ctx), result, state, ctx, "plain", false);
  return undefined;
}

function domainOf(index: Arg | undefined, { arg }: Applying): string {
  if (index === undefined) return "";
  return domainKey(arg(index));
}

/** What an SRCU domain is known by, whoever names it. */
export function domainKey(domain: Sym): string {
  return domain.origin.kind === "address" ? domain.origin.place.key : domain.origin.kind === "load" ? domain.origin.place.key : `value ${String(domain.id)}`;
}

function domainBaseOf(index: Arg | undefined, { arg }: Applying): number | undefined {
  if (index === undefined) return undefined;
  const domain = arg(index);
  if (domain.origin.kind !== "address" && domain.origin.kind !== "load") return undefined;
  return domain.origin.place.base.origin.kind === "global" ? undefined : domain.origin.place.base.id;
}

/** The value says whether the lock was had; until it is looked at, it was. */
function conditionalLock(key: string, success: "zero" | "nonzero", { call, name, state, ctx }: Applying): Sym {
  const value = opaqueValue(`call ${name} ${String(call.start)} ${state.site}`, "", ctx);
  state.conditionalLocks.set(value.id, { key, success });
  return value;
}

/** rcu_dereference(p) names the pointer, smp_load_acquire(&p) its address. */
function targetOf(index: Arg, byAddress: boolean | undefined, { call, state, ctx, arg }: Applying): Lvalue {
  const expr = call.args[index];
  if (byAddress === true || expr === undefined) return { kind: "place", place: placeBehind(arg(index), ctx) };
  return lvalueOf(expr, state, ctx);
}

function rcuRead(index: Arg, side: "reader" | "update" | "either" | "value" | "raw", domain: string | undefined, applying: Applying): Sym | undefined {
  const { call, state, ctx } = applying;
  if (side === "update" || side === "either") noteLockdepCondition(call.args[index + 1], side, state, ctx);
  const condition = call.args[index + 1];
  // rcu_dereference_protected(p, 1): nobody else can reach the pointer, says the author.
  const isAlone = side === "update" && condition !== undefined && ((condition.kind === "literal" && condition.text === "1") || (condition.kind === "identifier" && condition.name === "true"));
  return read(targetOf(index, false, applying), call, state, ctx, side === "update" ? "plain" : "once", isAlone ? "alone" : side, domain);
}

/** rcu_dereference_protected(p, lockdep_is_held(&l)) says that the caller holds l. */
function noteLockdepCondition(condition: Expr | undefined, side: "update" | "either", state: PathState, ctx: EvalContext): void {
  if (side !== "update" || condition?.kind !== "call" || condition.callee.kind !== "identifier") return;
  if (/^lockdep_is_held/.test(condition.callee.name) && condition.args[0] !== undefined) {
    assumeHeld(heldLock(evaluate(condition.args[0], state, ctx), "held", undefined, textOf(condition.args[0], ctx)), state);
  }
  if (condition.callee.name === "lockdep_rtnl_is_held") assumeHeld({ key: "global rtnl", base: -1, class: "mutex", at: undefined, text: "rtnl" }, state);
}

function publish(effect: EffectSpec & { readonly kind: "rcu-publish" }, applying: Applying): Sym | undefined {
  const { call, state, ctx } = applying;
  const value = publishedBy(effect, applying);
  const target = effect.fields === undefined ? targetOf(effect.pointer, effect.byAddress, applying) : fieldBehind(effect.pointer, effect.fields, applying);
  const known = target.kind === "place" ? state.lastSeen.get(placeId(target.place)) : undefined;
  const old = effect.returnsOld === true ? read(target, call, state, ctx, "plain", "update") : known;
  write(target, value, call, state, ctx, effect.release ? "release" : "once", true);
  return effect.returnsOld === true ? old : undefined;
}

function publishedBy({ value, valueField }: EffectSpec & { readonly kind: "rcu-publish" }, { call, state, ctx, arg }: Applying): Sym {
  if (value === "null") return ctx.symbols.null();
  if (valueField === undefined) return arg(value);
  return read({ kind: "place", place: ctx.symbols.place(arg(value), [valueField]) }, call, state, ctx, "plain", undefined);
}

/** The pointers on the way are those last seen there: a call that is given the one structure stands for the other. */
function fieldBehind(index: Arg, fields: FieldPath, { call, state, ctx, arg }: Applying): Lvalue {
  const place = fields.slice(1).reduce((before, { struct, field }) => {
    const pointer = state.lastSeen.get(placeId(before)) ?? read({ kind: "place", place: before }, call, state, ctx, "plain", undefined);
    ctx.symbols.refine(pointer, `struct ${struct} *`);
    return ctx.symbols.place(pointer, [field]);
  }, firstField(arg(index), fields, ctx));
  return { kind: "place", place };
}

function firstField(pointer: Sym, fields: FieldPath, ctx: EvalContext): Place {
  ctx.symbols.refine(pointer, `struct ${fields[0]?.struct ?? ""} *`);
  return ctx.symbols.place(pointer, fields[0] === undefined ? ["*"] : [fields[0].field]);
}

function link(effect: EffectSpec & { readonly kind: "list-add" | "list-move" }, { call, state, ctx, arg }: Applying): undefined {
  const { object, member } = objectOf(arg(effect.element));
  const expr = call.args[effect.head];
  const place = expr !== undefined && effect.kind === "list-add" && effect.isTable === true ? tablePlace(expr, state, ctx) : headPlace(arg(effect.head), ctx);
  if (effect.kind === "list-move") emit(state, call, { kind: "unlink", element: object, member, rcu: false, reinit: false });
  emit(state, call, { kind: "link", element: object, member, head: place, rcu: effect.kind === "list-add" && effect.rcu });
  return undefined;
}

export const headPlace = (head: Sym, ctx: EvalContext): Place => (head.origin.kind === "address" ? head.origin.place : placeBehind(head, ctx));

/** A table is given by its name: DECLARE_HASHTABLE() makes an array of it, which its struct may not show. */
export function tablePlace(expr: Expr, state: PathState, ctx: EvalContext): Place {
  const target = lvalueOf(expr, state, ctx);
  const table = target.kind === "place" ? target.place : headPlace(evaluate(expr, state, ctx), ctx);
  // One of its lists, as `&table[i]` names it.
  const bucket = ctx.symbols.intern(`bucket of ${placeId(table)}`, { kind: "expression", text: "bucket" }, "");
  return ctx.symbols.place(table.base, [...table.path.filter((step) => step !== "*"), `[${String(bucket.id)}]`]);
}

function peek(effect: EffectSpec & { readonly kind: "list-peek" }, { call, state, ctx, arg }: Applying): Sym {
  const place = headPlace(arg(effect.head), ctx);
  const type = call.args[effect.member - 1];
  const memberArg = call.args[effect.member];
  const member = memberArg === undefined ? "" : textOf(memberArg, ctx);
  const text = type === undefined ? "" : textOf(type, ctx);
  const struct = /^_*typeof/.test(text) ? structIn(text, state, ctx) : text;
  const element = ctx.symbols.intern(`element ${placeId(place)} ${state.site}@${String(call.start)}`, { kind: "element", head: place, member }, struct === text ? `${text} *` : `struct ${struct} *`);
  emit(state, call, { kind: "walk", head: place, element, member, rcu: effect.rcu, flavour: "rcu", conditional: false });
  return element;
}

/** `struct foo`, or `typeof(*p)` as from_timer() of include/linux/timer.h says it: the name of the struct. */
function structIn(type: string, state: PathState, ctx: EvalContext): string {
  const pointer = /^_*typeof_*\s*\(\s*\*\s*\(?\s*(\w+)[\s)]*$/.exec(type)?.[1];
  const named = pointer === undefined ? type : (ctx.localTypes.get(`${state.frame}:${pointer}`)?.type ?? type);
  return named.replace(/^(const\s+)?struct\s+/, "").replace(/\s*\*.*$/, "");
}

/** hlist_entry(head->first, …): the first element, of which only how the head was read says whether RCU is meant. */
function peekByHand({ id, origin }: Sym, element: Sym, first: string, { call, state, ctx }: Applying): void {
  if (origin.kind !== "load" || origin.place.path.at(-1) !== first || element.origin.kind !== "container") return;
  const load = state.events().findLast(({ what }) => what.kind === "load" && what.value.id === id)?.what;
  if (load?.kind !== "load") return;
  const { base, path } = origin.place;
  const head = ctx.symbols.place(base, path.length === 1 ? ["*"] : path.slice(0, -1));
  emit(state, call, { kind: "walk", head, element, member: element.origin.member, rcu: load.rcu !== undefined && load.rcu !== "value", flavour: "rcu", conditional: load.rcu === "either", access: load.access });
}

/** container_of() of an address inside a known object is that object again. */
function containerOf(pointer: Sym, struct: string, member: string, ctx: EvalContext): Sym {
  if (pointer.origin.kind === "address") {
    const { base, path } = pointer.origin.place;
    const fields = member.split(".");
    if (path.slice(-fields.length).join(".") === member) {
      const outer = path.slice(0, -fields.length);
      if (outer.length === 0) {
        ctx.symbols.refine(base, `struct ${struct} *`);
        return base;
      }
      return ctx.symbols.address(ctx.symbols.place(base, outer));
    }
  }
  return ctx.symbols.intern(`container ${String(pointer.id)} ${struct}.${member}`, { kind: "container", of: pointer, struct, member }, `struct ${struct} *`);
}

export function heldLock(pointer: Sym, lockClass: LockClass, at: HeldLock["at"], text: string, offKind?: OffKind): HeldLock {
  const off = offKind === undefined ? {} : { off: offKind };
  const place = pointer.origin.kind === "address" || pointer.origin.kind === "load" ? pointer.origin.place : undefined;
  // inode_lock(inode): the lock of the structure itself.
  const struct = place === undefined ? structOf(pointer) : undefined;
  // q->lock, a pointer to a lock: which lock it is, the name does not say.
  if (pointer.origin.kind === "load") return { key: `*(${pointer.origin.place.key})`, base: pointer.id, class: lockClass, at, text, pointer, ...off };
  return { key: place?.key ?? (struct === undefined ? `value ${String(pointer.id)}` : `${struct}.*`), base: place?.base.id ?? pointer.id, class: lockClass, at, text, pointer, ...off };
}

function lockEffect(effect: EffectSpec & { readonly kind: "lock" | "unlock" | "assert-held" }, applying: Applying): Sym | undefined {
  const { call, state, ctx, arg } = applying;
  const expr = call.args[effect.lock];
  const text = expr === undefined ? "" : textOf(expr, ctx);
  const pointer = arg(effect.lock);
  if (effect.kind === "lock") {
    const lock = heldLock(pointer, effect.class, call, text, effect.off);
    takeLock(lock, call, state);
    if (effect.conditional !== undefined) return conditionalLock(lock.key, effect.conditional, applying);
  } else if (effect.kind === "unlock") dropLock(heldLock(pointer, effect.class, call, text), call, state);
  else assumeHeld(heldLock(pointer, effect.class, undefined, text), state);
  return undefined;
}

export function takeLock(lock: HeldLock, at: Call | Expr, state: PathState): void {
  emit(state, at, { kind: "lock", lock });
  const isGivenBack = state.watcher !== undefined && state.givenUp.includes(lock.key);
  state.locks = [...state.locks, isGivenBack ? { ...lock, at: undefined } : lock];
  if (isGivenBack) state.givenUp = state.givenUp.filter((key) => key !== lock.key);
}

/** `given`: the lock as it is written here, which is all that is known of one that was not taken here. */
export function dropLock(given: Pick<HeldLock, "key" | "class" | "text" | "pointer">, at: Expr, state: PathState, wasNotHad?: true): void {
  const { key, class: lockClass, text, pointer } = given;
  const index = state.locks.map((lock) => lock.key).lastIndexOf(key);
  const lock = state.locks[index] ?? { key, base: -1, class: lockClass, at: undefined, text, ...(pointer === undefined ? {} : { pointer }) };
  emit(state, at, { kind: "unlock", lock, ...(wasNotHad === undefined ? {} : { wasNotHad }) });
  state.forgetMemory();
  if (lock.at === undefined && state.watcher !== undefined) state.givenUp = [...state.givenUp, key];
  if (index >= 0) state.locks = state.locks.filter((_, i) => i !== index);
}

export function assumeHeld(lock: HeldLock, state: PathState): void {
  if (!state.locks.some((held) => held.key === lock.key)) state.locks = [...state.locks, lock];
}

export function enterReader(flavour: ReaderSection["flavour"], domain: string, api: string, at: Expr, state: PathState, domainBase?: number, off?: OffKind, isImplicit = false): void {
  const section: ReaderSection = { flavour, domain, domainBase, at: { start: at.start, end: at.end }, serial: ++state.sectionCount, ...(off === undefined ? {} : { off }), ...(isImplicit ? { isImplicit } : {}) };
  emit(state, at, { kind: "reader-enter", section, api });
  state.readers = [...state.readers, section];
}

/** Where the path has none of its own open, it leaves what the kernel entered before it called the root: that is one too many, and its end. */
export function leaveReader(flavour: ReaderSection["flavour"], domain: string, api: string, at: Expr, state: PathState): void {
  const index = state.readers.findLastIndex((section) => section.flavour === flavour && section.domain === domain && section.entry === undefined);
  const section = state.readers[index];
  emit(state, at, { kind: "reader-leave", section, api });
  state.readers = state.readers.filter((one, i) => i !== index && (section !== undefined || one.entry === undefined || flavour !== "rcu"));
}
