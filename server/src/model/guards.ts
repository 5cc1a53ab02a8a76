/** guard(), scoped_guard() and kin (include/linux/cleanup.h): what entering and leaving them does. */

import type { Declarator, Expr, Stmt } from "../syntax/c-syntax.ts";
import { dropLock, enterReader, heldLock, leaveReader, takeLock } from "./call-effects.ts";
import { emit, evaluate, tell, textOf, type EvalContext } from "./evaluate.ts";
import { apiOf } from "./kernel-api/index.ts";
import type { LockClass, OffKind } from "./kernel-api/schema.ts";
import type { PathState } from "./path-state.ts";

type Guard = Stmt & { readonly kind: "guard" };

export function enterGuard(stmt: Guard, state: PathState, ctx: EvalContext): void {
  const kind = guardKind(stmt.guardClass);
  const arg = stmt.args.at(-1);
  const at = asExpr(stmt);
  if (kind.kind === "lock" && kind.off === undefined) emit(state, at, { kind: "sleep", api: `${stmt.macro}(${stmt.guardClass})` });
  if (stmt.guardClass === "rtnl" || stmt.guardClass === "rtnl_lock") takeLock({ key: "global rtnl", base: -1, class: "mutex", at: stmt, text: "rtnl" }, at, state);
  else if (kind.kind === "reader") enterReader(kind.flavour, arg === undefined || kind.flavour === "rcu" ? "" : domainKey(arg, state, ctx), `${stmt.macro}(${stmt.guardClass})`, at, state, undefined, kind.off, kind.off !== undefined);
  else if (kind.kind === "lock" && arg !== undefined) takeLock(heldLock(evaluate(arg, state, ctx), kind.class, stmt, textOf(arg, ctx), kind.off), at, state);
  else {
    // A guard of a class that is not known may be a lock.
    const value = arg === undefined ? [] : [evaluate(arg, state, ctx)];
    emit(state, at, { kind: "opaque", name: `${stmt.macro}(${stmt.guardClass})`, args: value, isStatement: true });
  }
}

function domainKey(arg: Expr, state: PathState, ctx: EvalContext): string {
  const domain = evaluate(arg, state, ctx);
  return domain.origin.kind === "address" || domain.origin.kind === "load" ? domain.origin.place.key : `value ${String(domain.id)}`;
}

/** In the reverse order of entering, as the compiler runs cleanups. `scopeEnd`: where the scope ends if nothing leaves it before. */
export function leaveGuards(guards: readonly Stmt[], state: PathState, ctx: EvalContext, scopeEnd: number): void {
  state.unwindingAt = state.status.kind === "normal" ? { start: scopeEnd, end: scopeEnd + 1 } : state.leftAt;
  for (const stmt of guards.toReversed()) {
    if (stmt.kind === "declaration") for (const declarator of stmt.declarators.toReversed()) cleanUp(declarator, state);
    if (stmt.kind !== "guard") continue;
    const entered = stmt.start;
    const kind = guardKind(stmt.guardClass);
    const arg = stmt.args.at(-1);
    if (kind.kind === "reader") {
      if (state.readers.some((section) => section.at.start === entered)) leaveReader(kind.flavour, arg === undefined || kind.flavour === "rcu" ? "" : domainKey(arg, state, ctx), "guard", asExpr(stmt), state);
    } else if (kind.kind === "lock" || stmt.guardClass.startsWith("rtnl")) {
      const lock = state.locks.findLast((held) => held.at?.start === entered);
      if (lock !== undefined) dropLock(lock, asExpr(stmt), state);
    }
  }
  state.unwindingAt = undefined;
}

/** What has to be undone at the end of a scope. Variables with __free() only for who watches: rules do not know of them yet. */
export function isUnwound(stmt: Stmt, state: PathState | undefined): boolean {
  if (stmt.kind === "guard") return stmt.body === undefined;
  return state?.watcher !== undefined && stmt.kind === "declaration" && stmt.declarators.some((one) => cleanupClass(one) !== undefined);
}

function cleanupClass({ attributes }: Declarator): string | undefined {
  const text = attributes.find(({ name }) => name === "__free")?.text;
  return text === undefined ? undefined : /\(\s*(\w+)\s*\)/.exec(text)?.[1];
}

/** __free(kfree): DEFINE_FREE() leaves NULL and error pointers alone. */
function cleanUp(declarator: Declarator, state: PathState): void {
  const name = cleanupClass(declarator);
  const value = state.env.get(`${state.frame}:${declarator.name}`);
  if (name === undefined || value === undefined || !state.declared.has(`${state.frame}:${declarator.name}@${String(declarator.start)}`)) return;
  const known = state.nullness.get(value.id);
  if (value.origin.kind === "null" || known === "null" || known === "error") return;
  tell(state, declarator, { kind: "cleanup", class: name, object: value, frees: apiOf(name)?.effects.some((effect) => effect.kind === "free") === true });
}

function asExpr(stmt: Stmt): Expr {
  return { kind: "unknown", text: "guard", start: stmt.start, end: stmt.end };
}

type GuardKind = { readonly kind: "reader"; readonly flavour: "rcu" | "srcu"; readonly off?: OffKind } | { readonly kind: "lock"; readonly class: LockClass; readonly off?: OffKind } | { readonly kind: "other" };

/** include/linux/cleanup.h users in 6.12: rcupdate.h, srcu.h, spinlock.h, mutex.h, rwsem.h, preempt.h, irqflags.h. */
function guardKind(guardClass: string): GuardKind {
  if (guardClass === "rcu") return { kind: "reader", flavour: "rcu" };
  const off = /^(preempt|irq|bh)/.exec(guardClass)?.[1];
  if (off !== undefined && /^(preempt(_notrace)?|irq|irqsave|bh)$/.test(guardClass)) return { kind: "reader", flavour: "rcu", off: off as OffKind };
  if (guardClass === "srcu") return { kind: "reader", flavour: "srcu" };
  const spins = guardClass.includes("irq") ? "irq" : guardClass.endsWith("_bh") ? "bh" : "preempt";
  if (/^(raw_)?spinlock/.test(guardClass)) return { kind: "lock", class: "spin", off: spins };
  if (/^mutex/.test(guardClass)) return { kind: "lock", class: "mutex" };
  if (/^(read|write)_lock/.test(guardClass)) return { kind: "lock", class: guardClass.startsWith("read") ? "read" : "write", off: spins };
  if (/^rwsem_read/.test(guardClass)) return { kind: "lock", class: "read" };
  if (/^rwsem_write/.test(guardClass)) return { kind: "lock", class: "write" };
  return { kind: "other" };
}
