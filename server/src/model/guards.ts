/** guard(), scoped_guard() and kin (include/linux/cleanup.h): what entering and leaving them does. */

import type { Expr, Stmt } from "../syntax/c-syntax.ts";
import { dropLock, enterReader, heldLock, leaveReader, takeLock } from "./call-effects.ts";
import { emit, evaluate, textOf, type EvalContext } from "./evaluate.ts";
import type { LockClass } from "./kernel-api/schema.ts";
import type { PathState } from "./path-state.ts";

type Guard = Stmt & { readonly kind: "guard" };

export function enterGuard(stmt: Guard, state: PathState, ctx: EvalContext): void {
  const kind = guardKind(stmt.guardClass);
  const arg = stmt.args.at(-1);
  const at = asExpr(stmt);
  if (stmt.guardClass === "rtnl" || stmt.guardClass === "rtnl_lock") takeLock({ key: "global rtnl", base: -1, class: "mutex", at: stmt, text: "rtnl" }, at, state);
  else if (kind.kind === "reader") enterReader(kind.flavour, arg === undefined || kind.flavour === "rcu" ? "" : domainKey(arg, state, ctx), `${stmt.macro}(${stmt.guardClass})`, at, state);
  else if (kind.kind === "lock" && arg !== undefined) takeLock(heldLock(evaluate(arg, state, ctx), kind.class, stmt, textOf(arg, ctx)), at, state);
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

/** In the reverse order of entering, as the compiler runs cleanups. */
export function leaveGuards(guards: readonly Stmt[], state: PathState, ctx: EvalContext): void {
  for (const stmt of guards.toReversed()) {
    if (stmt.kind !== "guard") continue;
    const entered = stmt.start;
    const kind = guardKind(stmt.guardClass);
    const arg = stmt.args.at(-1);
    if (kind.kind === "reader") {
      if (state.readers.some((section) => section.at.start === entered)) leaveReader(kind.flavour, arg === undefined || kind.flavour === "rcu" ? "" : domainKey(arg, state, ctx), "guard", asExpr(stmt), state);
    } else if (kind.kind === "lock" || stmt.guardClass.startsWith("rtnl")) {
      const lock = state.locks.findLast((held) => held.at?.start === entered);
      if (lock !== undefined) dropLock(lock.key, lock.class, asExpr(stmt), state);
    }
  }
}

function asExpr(stmt: Stmt): Expr {
  return { kind: "unknown", text: "guard", start: stmt.start, end: stmt.end };
}

type GuardKind = { readonly kind: "reader"; readonly flavour: "rcu" | "srcu" } | { readonly kind: "lock"; readonly class: LockClass } | { readonly kind: "other" };

/** include/linux/cleanup.h users in 6.12: rcupdate.h, srcu.h, spinlock.h, mutex.h, rwsem.h, preempt.h, irqflags.h. */
function guardKind(guardClass: string): GuardKind {
  if (/^(rcu|preempt|irq|irqsave|migrate|bh)$/.test(guardClass)) return { kind: "reader", flavour: "rcu" };
  if (guardClass === "srcu") return { kind: "reader", flavour: "srcu" };
  if (/^(raw_)?spinlock/.test(guardClass)) return { kind: "lock", class: "spin" };
  if (/^mutex/.test(guardClass)) return { kind: "lock", class: "mutex" };
  if (/^(rwsem_read|read_lock)/.test(guardClass)) return { kind: "lock", class: "read" };
  if (/^(rwsem_write|write_lock)/.test(guardClass)) return { kind: "lock", class: "write" };
  return { kind: "other" };
}
