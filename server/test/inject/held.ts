/** Which locks and sections are held where, statement by statement: ends of branches that leave are not joined. */

import { walkExprs } from "../../src/model/ast-walk.ts";
import type { Expr, Stmt } from "../../src/syntax/c-syntax.ts";
import type { Placed } from "./view.ts";

export type HeldKind = "rcu" | "spin" | "mutex";

export type Held = readonly { readonly kind: HeldKind; readonly key: string }[];

const acquires: readonly (readonly [RegExp, HeldKind])[] = [
  [/^(?:rcu_read_lock(?:_bh|_sched|_trace)?|srcu_read_lock\w*)$/, "rcu"],
  [/^(?:(?:raw_)?(?:spin|read|write)_lock(?:_bh|_irq|_irqsave|_nested|_irqsave_nested)?|local_bh_disable|preempt_disable|local_irq_disable|local_irq_save|bh_lock_sock(?:_nested)?|netif_tx_lock(?:_bh)?|netif_addr_lock(?:_bh)?|bit_spin_lock|get_cpu|seqlock_\w*lock)$/, "spin"],
  [/^(?:mutex_lock(?:_nested|_interruptible|_killable)?|down_write|down_read|down|rtnl_lock|lock_sock(?:_nested)?|device_lock|genl_lock|\w*_mutex_lock|\w+_lock)$/, "mutex"],
];

const releases = /^(?:r?w?\w*unlock\w*|up|up_read|up_write|release_sock|local_bh_enable|preempt_enable|local_irq_enable|local_irq_restore|put_cpu)$/;

/** Every statement, in the order of the text. */
export function heldIn(body: Stmt & { readonly kind: "block" }, text: string): readonly Placed[] {
  const placed: Placed[] = [];
  const atLabel = new Map<string, Held>();
  type State = Held | null;

  const effects = (expr: Expr | undefined, state: State): State => {
    let held = state;
    if (expr === undefined || held === null) return held;
    walkExprs(expr, (part) => {
      if (part.kind === "call" && part.callee.kind === "identifier" && held !== null) held = afterCall(part.callee.name, part.args[0] === undefined ? part.callee.name.replace(/_?(?:un)?lock$/, "") : text.slice(part.args[0].start, part.args[0].end), held);
    });
    return held;
  };

  const block = (stmts: readonly Stmt[], state: State, loops: number): State => {
    let held = state;
    let scoped: Held = [];
    for (const [index, stmt] of stmts.entries()) {
      held = one(stmt, stmts, index, held, loops);
      if (stmt.kind === "guard" && stmt.body === undefined && held !== null) scoped = [...scoped, guardLock(stmt.guardClass, stmt.args[0] === undefined ? "" : text.slice(stmt.args[0].start, stmt.args[0].end))];
      if (held === null && stmts[index + 1]?.kind !== "label") held = null;
    }
    return held === null ? null : held.filter((lock) => !scoped.includes(lock));
  };

  const one = (stmt: Stmt, within: readonly Stmt[], index: number, state: State, loops: number): State => {
    placed.push({ stmt, block: within, index, held: state ?? [], loops });
    const inner = (child: Stmt, held: State, deeper = 0): State => (child.kind === "block" ? block(child.body, held, loops + deeper) : one(child, [child], 0, held, loops + deeper));
    switch (stmt.kind) {
      case "expression": return effects(stmt.expression, state);
      case "declaration": return stmt.declarators.reduce<State>((held, { init }) => effects(init, held), state);
      case "if": {
        const held = effects(stmt.condition, state);
        return joined(inner(stmt.then, held), stmt.else === undefined ? held : inner(stmt.else, held));
      }
      case "while": case "for": case "macro-loop": {
        const held = stmt.kind === "macro-loop" ? state : effects(stmt.condition, state);
        inner(stmt.body, held, 1);
        return held;
      }
      case "do": return inner(stmt.body, state, 1);
      case "guard": {
        if (state === null) return null;
        const held: Held = [...state, guardLock(stmt.guardClass, stmt.args[0] === undefined ? "" : text.slice(stmt.args[0].start, stmt.args[0].end))];
        if (stmt.body === undefined) return held;
        return inner(stmt.body, held) === null ? null : state;
      }
      case "switch": {
        for (const arm of stmt.cases) block(arm.body, state, loops);
        return state;
      }
      case "block": return block(stmt.body, state, loops);
      case "label": {
        const held = state ?? atLabel.get(stmt.name) ?? [];
        return stmt.body === undefined ? held : inner(stmt.body, held);
      }
      case "goto":
        if (state !== null && !atLabel.has(stmt.label)) atLabel.set(stmt.label, state);
        return null;
      case "return": case "break": case "continue": return null;
      default: return state;
    }
  };

  block(body.body, [], 0);
  return placed;
}

const guards = new Map<string, Held[number]>();

/** The same object for the same class and lock, so that the end of the block takes it out again. */
function guardLock(guardClass: string, what: string): Held[number] {
  const guard = `${guardClass} ${what}`;
  const kind = /rcu/.test(guardClass) ? "rcu" : /spin|irq|preempt/.test(guardClass) ? "spin" : "mutex";
  const lock = guards.get(guard) ?? { kind, key: what === "" ? guardClass : what };
  guards.set(guard, lock);
  return lock;
}

function afterCall(callee: string, key: string, held: Held): Held {
  if (releases.test(callee)) {
    const kind = acquires.find(([, one]) => one === (/^s?rcu/.test(callee) ? "rcu" : /spin|read_unlock|write_unlock|bh|irq|preempt|cpu|netif/.test(callee) ? "spin" : "mutex"))![1];
    const at = held.findLastIndex((lock) => lock.kind === kind && (lock.key === key || kind === "rcu" || held.every((other) => other.key !== key)));
    return at < 0 ? held : held.filter((_, index) => index !== at);
  }
  const found = acquires.find(([pattern]) => pattern.test(callee));
  return found === undefined ? held : [...held, { kind: found[1], key }];
}

function joined(a: Held | null, b: Held | null): Held | null {
  if (a === null) return b;
  if (b === null) return a;
  return a.filter((lock) => b.some((other) => other.kind === lock.kind && other.key === lock.key));
}
