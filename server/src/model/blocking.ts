/** Where code must not sleep, and what may: held locks that spin, allocation flags, functions that run in interrupts. */

import type { Expr } from "../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "./ast-walk.ts";
import type { EntryRole } from "./entry-roles.ts";
import type { FileFacts } from "./file-facts.ts";
import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import type { HandlerKind } from "./kernel-api/detail-schema.ts";
import type { Asked, EffectSpec } from "./kernel-api/schema.ts";
import type { SymbolTable } from "./places.ts";
import type { HeldLock, Sym, Trace } from "./trace.ts";

/** Whether the lock's holder must not sleep: by its type, by how it was taken, undefined where neither says. */
export function isSpinning(lock: HeldLock, trace: Trace, facts: FileFacts): boolean | undefined {
  const declared = typeOfLock(lock, facts);
  if (/\b(raw_)?spinlock_t\b|\brwlock_t\b|\bseqlock_t\b/.test(declared)) return true;
  if (/\bstruct\s+(mutex|rw_semaphore|semaphore|percpu_rw_semaphore)\b/.test(declared)) return false;
  if (lock.class === "spin" || lock.off !== undefined) return true;
  const { at } = lock;
  if (lock.class === "mutex") return at === undefined ? false : !isSleepAt(trace, at.start) && !isConditional(facts, at.start) ? undefined : false;
  if (lock.class === "held" || at === undefined) return undefined;
  if (isSleepAt(trace, at.start)) return false;
  return isConditional(facts, at.start) ? undefined : true;
}

const isSleepAt = (trace: Trace, start: number): boolean => trace.events.some(({ what, at }) => what.kind === "sleep" && at.start === start);

export function isConditional(facts: FileFacts, start: number): boolean {
  const name = /^\w+/.exec(facts.unit.text.slice(start, start + 60))?.[0] ?? "";
  return apiOf(name)?.effects.some((effect) => (effect.kind === "lock" || effect.kind === "global-lock") && effect.conditional !== undefined) === true;
}

function typeOfLock({ pointer, key }: HeldLock, facts: FileFacts): string {
  if (pointer?.origin.kind === "address") {
    const { place } = pointer.origin;
    if (place.type !== "") return place.type;
  }
  const global = /^global (\w+)$/.exec(key)?.[1];
  const definer = global === undefined ? undefined : facts.unit.topLevelCalls.find(({ name, args }) => args[0]?.trim() === global && /^DEFINE_(STATIC_)?(RAW_)?(SPINLOCK|RWLOCK|SEQLOCK|MUTEX|SEMAPHORE|PERCPU_RWSEM)/.test(name));
  if (definer !== undefined) return /SPINLOCK|RWLOCK|SEQLOCK/.test(definer.name) ? "spinlock_t" : "struct mutex";
  return "";
}

/** Whether an allocation with these flags may sleep (include/linux/gfp_types.h); undefined where the flags are not known. */
export function flagsMaySleep(flags: Sym, symbols: SymbolTable): boolean | undefined {
  const { origin } = flags;
  if (origin.kind === "null") return false;
  if (origin.kind !== "expression") return undefined;
  if (/^GFP_(KERNEL|KERNEL_ACCOUNT|NOIO|NOFS|USER|HIGHUSER|HIGHUSER_MOVABLE|TRANSHUGE)$|^__GFP_(DIRECT_)?RECLAIM$/.test(origin.text)) return true;
  if (/^GFP_(ATOMIC|NOWAIT|DMA|DMA32)$|^__GFP_[A-Z0-9_]+$/.test(origin.text)) return false;
  const [, operator, left, right] = /^([|&])\((\d+),(\d+)\)$/.exec(origin.text) ?? [];
  const a = left === undefined ? undefined : symbols.byId(Number(left));
  const b = right === undefined ? undefined : symbols.byId(Number(right));
  if (a === undefined || b === undefined) return undefined;
  const [one, other] = [flagsMaySleep(a, symbols), flagsMaySleep(b, symbols)];
  if (operator === "|") return one === true || other === true ? true : one === false && other === false ? false : undefined;
  return one === false || other === false ? false : undefined;
}

/** The condition names something that asks whether it may sleep (`asks` in the knowledge table). */
export function isAsking(condition: string, about: Asked): boolean {
  return condition.match(/[A-Za-z_]\w*/g)?.some((name) => (apiOf(name) ?? partlyKnown(name))?.asks === about) === true;
}

/** Names of functions that let a lock go, in the table's words. */
export const unlocks = (name: string): boolean => hasEffect(name, ["unlock", "global-unlock"]);

/** Names of functions that leave a read-side section. */
export const leavesSection = (name: string): boolean => hasEffect(name, ["reader-leave"]);

function hasEffect(name: string, kinds: readonly EffectSpec["kind"][]): boolean {
  return apiOf(name)?.effects.some(({ kind }) => kinds.includes(kind)) === true;
}

/** Whether the call, a function of the file that was not followed or a macro, comes to a call of such a function. `text`: the call as written. */
export function comesTo(name: string, text: string, facts: FileFacts, wanted: (callee: string) => boolean): boolean {
  const seen = new Set([name, ...wordsBefore(text)]);
  for (const one of seen) {
    if (wanted(one)) return true;
    for (const callee of facts.functions.has(one) ? facts.calledNames.get(one) ?? [] : wordsBefore(facts.macros.get(one)?.body ?? "")) seen.add(callee);
  }
  return false;
}

/** The names that stand before an opening parenthesis. */
const wordsBefore = (text: string): readonly string[] => [...text.matchAll(/([A-Za-z_]\w*)\s*\(/g)].map(([, name = ""]) => name);

/** What a function runs in, where who calls it says that it must not sleep. */
export type AtomicEntry = { readonly function: string; readonly via: HandlerKind | "rcu" | "srcu" | "atomic-notifier" | "mmu-free" | "softirq" | "reader"; /** The registration. */ readonly at: { readonly start: number; readonly end: number }; readonly by: string };

const atomicHandlers: ReadonlySet<HandlerKind> = new Set(["timer", "hrtimer", "tasklet", "irq", "irq-work"]);

/** May run its handler in a thread, so that nothing is said (include/linux/interrupt.h). */
const eitherContext: ReadonlySet<string> = new Set(["request_any_context_irq", "devm_request_any_context_irq"]);

/**
 * Functions of ops tables that the kernel calls with softirqs off, or from one (Documentation/networking/netdevices.rst;
 * net/core/dev.c, net/sched/sch_generic.c, net/sched/act_api.c, net/ipv4/ip_input.c), with the port's lock held
 * (Documentation/driver-api/serial/driver.rst) or in a read-side section (net/mac80211/tx.c, net/netfilter/ipvs/ip_vs_core.c, net/netfilter/core.c).
 */
const atomicFields: ReadonlyMap<string, readonly string[]> = new Map([
  ["net_device_ops", ["ndo_start_xmit", "ndo_select_queue", "ndo_features_check", "ndo_set_rx_mode", "ndo_tx_timeout", "ndo_xdp_xmit"]],
  ["Qdisc_ops", ["enqueue", "dequeue", "peek"]],
  ["tcf_proto_ops", ["classify"]],
  ["tc_action_ops", ["act"]],
  ["packet_type", ["func"]],
  ["net_protocol", ["handler"]],
  ["inet6_protocol", ["handler"]],
  ["nf_hook_ops", ["hook"]],
  ["ip_vs_scheduler", ["schedule"]],
  ["ieee80211_ops", ["tx", "wake_tx_queue"]],
  ["uart_ops", ["start_tx", "stop_tx", "stop_rx"]],
]);

/** Calls that are given a function for such a context, and the index of that argument (include/linux/netdevice.h, include/linux/usb.h). */
const atomicGivers: ReadonlyMap<string, number> = new Map([
  ["netif_napi_add", 2], ["netif_napi_add_weight", 2], ["netif_napi_add_tx", 2], ["netif_napi_add_tx_weight", 2], ["netdev_rx_handler_register", 1],
  ["usb_fill_bulk_urb", 5], ["usb_fill_int_urb", 5], ["usb_fill_control_urb", 6],
]);

/** net/netfilter/nfnetlink.c: nfnetlink_rcv_msg() goes by the type that stands beside the function. */
function isCalledByReader({ table, field }: Pick<EntryRole, "table" | "field">, offset: number, { unit: { text } }: FileFacts): boolean {
  if (table !== "nfnl_callback" || field !== "call") return false;
  return text.slice(text.lastIndexOf("{", offset), text.indexOf("}", offset)).includes("NFNL_CB_RCU");
}

/** Functions of the file that are registered as timers, interrupt handlers, RCU callbacks and the like. */
export function atomicEntries(facts: FileFacts): readonly AtomicEntry[] {
  const found = new Map<string, AtomicEntry>();
  const note = (arg: Expr | undefined, via: AtomicEntry["via"], at: AtomicEntry["at"], by: string): void => {
    const name = arg?.kind === "identifier" ? arg.name : arg?.kind === "unary" && arg.operand.kind === "identifier" ? arg.operand.name : undefined;
    if (name !== undefined && facts.functions.has(name) && !found.has(name)) found.set(name, { function: name, via, at: { start: at.start, end: at.end }, by });
  };
  const chained = new Set<string>();
  for (const fn of facts.functions.values()) {
    walkExprs(fn.body, (expr) => {
      if (expr.kind !== "call" || expr.callee.kind !== "identifier") return;
      const { name } = expr.callee;
      const given = atomicGivers.get(name);
      if (given !== undefined) note(expr.args[given], "softirq", expr, name);
      const effects: readonly EffectSpec[] = (apiOf(name) ?? partlyKnown(name))?.effects ?? [];
      for (const effect of effects) {
        if (effect.kind === "handler" && atomicHandlers.has(effect.via) && !eitherContext.has(name)) note(expr.args[effect.callback], effect.via, expr, name);
        if (effect.kind === "defer-call") note(expr.args[effect.callback], effect.domain === undefined ? "rcu" : "srcu", expr, name);
        if (effect.kind === "register" && (effect.hook === "atomic-notifier" || effect.hook === "fib-notifier")) {
          const subject = effect.subject === undefined ? undefined : expr.args[effect.subject];
          if (subject?.kind === "unary" && subject.operand.kind === "identifier") chained.add(subject.operand.name);
        }
      }
    });
  }
  for (const { name, args, start, end } of facts.unit.topLevelCalls) {
    const via = name === "DEFINE_TIMER" ? "timer" : name === "DECLARE_TASKLET" || name === "DECLARE_TASKLET_OLD" ? "tasklet" : undefined;
    const callback = args[1]?.trim();
    if (via !== undefined && callback !== undefined) note({ kind: "identifier", name: callback, start, end }, via, { start, end }, name);
  }
  for (const { function: name, role, offset } of facts.entries) {
    if (atomicFields.get(role.table)?.includes(role.field) === true && !found.has(name)) found.set(name, { function: name, via: "softirq", at: { start: offset, end: offset + name.length }, by: `${role.table}.${role.field}` });
    if (isCalledByReader(role, offset, facts) && !found.has(name)) found.set(name, { function: name, via: "reader", at: { start: offset, end: offset + name.length }, by: "nfnl_callback.call, NFNL_CB_RCU" });
    // Called by mmu_notifier_put() from an SRCU callback (mm/mmu_notifier.c).
    if (role.table === "mmu_notifier_ops" && role.field === "free_notifier" && !found.has(name)) found.set(name, { function: name, via: "mmu-free", at: { start: offset, end: offset + name.length }, by: "mmu_notifier_ops.free_notifier" });
    if (role.table !== "notifier_block" || role.field !== "notifier_call") continue;
    const block = facts.unit.globals.find(({ start, end, declarator }) => start <= offset && offset < end && chained.has(declarator.name));
    if (block !== undefined && !found.has(name)) found.set(name, { function: name, via: "atomic-notifier", at: { start: offset, end: offset + name.length }, by: "an atomic notifier chain" });
  }
  return [...found.values()];
}

/** Functions that, callees included, may sleep somewhere, and those that somewhere take what forbids it. */
export type AtomicReach = { readonly sleepers: ReadonlySet<string>; readonly holders: ReadonlySet<string>; /** Those that somewhere wait for a grace period. */ readonly waiters: ReadonlySet<string> };

export function atomicReach(facts: FileFacts): AtomicReach {
  const sleepers = new Set<string>();
  const holders = new Set<string>();
  const waiters = new Set<string>();
  const see = (name: string, fn: string): void => {
    const row = apiOf(name) ?? partlyKnown(name);
    if (row?.effects.some((effect) => effect.kind === "wait") === true) waiters.add(fn);
    if (row?.maySleep === true || row?.effects.some((effect) => effect.kind === "allocate") === true) sleepers.add(fn);
    if (row?.effects.some((effect) => effect.kind === "reader-enter" || effect.kind === "lock" || effect.kind === "assert-held") === true) holders.add(fn);
  };
  for (const fn of facts.functions.values()) {
    for (const name of facts.calledNames.get(fn.name) ?? []) see(name, fn.name);
    if (fn.attributes.some(({ name }) => name === "__must_hold")) holders.add(fn.name);
    walkStmts(fn.body, (stmt) => {
      if (stmt.kind === "macro-loop") see(stmt.macro, fn.name);
      if (stmt.kind === "guard") { holders.add(fn.name); sleepers.add(fn.name); }
    });
    walkExprs(fn.body, (expr) => { if (expr.kind === "identifier" && /^(__)?GFP_[A-Z]/.test(expr.name)) sleepers.add(fn.name); });
  }
  for (const set of [sleepers, holders, waiters]) {
    const queue = [...set];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      for (const caller of facts.callers.get(name) ?? []) if (!set.has(caller)) { set.add(caller); queue.push(caller); }
    }
  }
  return { sleepers, holders, waiters };
}
