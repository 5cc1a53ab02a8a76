/** Objects that end too early, or are used after they were handed over. */

import { baseOf, type FunctionView } from "../view.ts";
import { callersHold, holdsAt, isRightBehindBarrier, isUnpublished, isUnreadTeardown } from "../context.ts";
import { atCalls, follows, type Injection, mentions, moved, type Operator, renamed, replaced, without } from "../operator.ts";

const freed = ["rcu/free-before-grace-period", "rcu/wrong-flavour", "rcu/delete-in-unsafe-walk"];

/** A free of something by its name; what follows the offset in the function. */
const frees = /\b\w*(?:free|destroy|release|put|unregister|kill)\w*\s*\(/;

function why(view: FunctionView, base: string | undefined, at: number): string {
  const isNew = base === undefined ? "no" : isUnpublished(view, base, at);
  if (isNew !== "no") return isNew === "yes" ? "not published yet" : "?";
  return isUnreadTeardown(view) ? "?" : "";
}

/** Readers were waited for after whatever was taken out of their reach. */
function waitsBefore(view: FunctionView, at: number): boolean {
  const before = view.file.code.slice(view.def.body.start, at);
  const wait = [...before.matchAll(/\bsynchronize_(?:rcu|net|srcu)\w*\s*\(/g)].at(-1);
  return wait !== undefined && !/_(?:del|remove|erase|replace)\w*\s*\(|\b(?:RCU_INIT_POINTER|rcu_assign_pointer)\s*\(/.test(before.slice(wait.index));
}

export const operators: readonly Operator[] = [
  {
    name: "kfree_rcu-to-kfree",
    rules: freed,
    sites: atCalls(/^kv?free_rcu(?:_mightsleep)?$/, (site, view) => {
      const neutral = waitsBefore(view, site.call.start) ? "a grace period before it" : why(view, baseOf(site.call.args[0]), site.call.start);
      return site.args[0] === undefined ? undefined : { edits: [replaced(site, `${site.callee.startsWith("kv") ? "kvfree" : "kfree"}(${site.args[0]})`)], neutral };
    }),
  },
  {
    name: "call_rcu-to-direct-call",
    rules: freed,
    sites: atCalls(/^call_rcu(?:_hurry)?$/, (site, view) => {
      const [head, callback] = site.args;
      if (head === undefined || callback === undefined || !/^\w+$/.test(callback)) return undefined;
      return { edits: [replaced(site, `${callback}(${head})`)], neutral: waitsBefore(view, site.call.start) ? "a grace period before it" : why(view, baseOf(site.call.args[0]), site.call.start) };
    }),
  },
  {
    name: "drop-synchronize_rcu",
    rules: [...freed, "rcu/unregister-without-wait", "rcu/node-reused-before-grace-period"],
    sites: atCalls(/^synchronize_(?:rcu|net|rcu_expedited)$/, (site, view) => {
      const after = view.file.code.slice(site.call.end, view.def.body.end);
      if (!site.isWhole || !frees.test(after)) return undefined;
      const neutral = /\b(?:kfree_rcu|call_rcu|synchronize_\w+|rcu_barrier)\s*\(/.test(after) ? "another grace period follows" : why(view, undefined, site.call.start);
      return { edits: [without(view.file, site.placed.stmt)], neutral: neutral === "" && !/\bk[vz]?free(?:_sensitive)?\s*\(|_free\s*\(/.test(after) ? "?" : neutral };
    }),
  },
  {
    name: "use-after-kfree_rcu",
    rules: ["rcu/use-after-queued"],
    sites: atCalls(/^kv?free_rcu$/, (site, view) => {
      const base = baseOf(site.call.args[0]);
      const { block, index, held } = site.placed;
      const before = block[index - 1];
      if (!site.isWhole || base === undefined || site.args[0] !== base || before?.kind !== "expression") return undefined;
      const text = view.file.text.slice(before.start, before.end);
      if (!follows(text, base) || /unlock|_del|rcu/.test(text)) return undefined;
      const covered = held.some((lock) => lock.kind !== "mutex") || callersHold(view, "atomic") === "yes";
      return { edits: moved(view.file, before, site.placed.stmt.end), neutral: covered ? "a section or a spinlock is a reader" : "" };
    }),
  },
  {
    name: "drop-rcu_barrier",
    rules: ["rcu/missing-barrier-on-exit"],
    sites: atCalls(/^rcu_barrier$/, (site, view) => {
      const isExit = view.def.attributes.some(({ name }) => name === "__exit") || view.file.unit.topLevelCalls.some(({ name, args }) => name === "module_exit" && args[0]?.trim() === view.name);
      if (!isExit || !site.isWhole) return undefined;
      const waited = isRightBehindBarrier(view, site);
      const neutral = waited === "yes" ? "what stands before it waits for callbacks" : waited === "unknown" || !/\bcall_rcu\w*\s*\(/.test(view.file.code) ? "?" : "";
      return { edits: [without(view.file, site.placed.stmt)], neutral };
    }),
  },
  {
    name: "wrong-flavour-of-wait",
    rules: ["rcu/wrong-flavour", "rcu/free-before-grace-period", "rcu/unregister-without-wait"],
    sites: atCalls(/^synchronize_srcu(?:_expedited)?$/, (site, view) => {
      const reads = /\bsrcu_read_lock\w*\s*\(/.test(view.file.code);
      return site.isWhole ? { edits: [replaced(site, "synchronize_rcu()")], neutral: reads ? "" : "?" } : undefined;
    }),
  },
  {
    name: "wrong-flavour-of-reader",
    rules: ["rcu/wrong-flavour", "rcu/access-outside-reader", "rcu/free-before-grace-period", "rcu/sleep-in-reader", "rcu/grace-period-in-reader"],
    sites(view: FunctionView): readonly Injection[] {
      const locks = view.calls.filter(({ callee, placed }) => callee === "srcu_read_lock" && placed.stmt.kind === "expression" && placed.stmt.expression.kind === "assignment");
      const unlocks = view.calls.filter(({ callee, isWhole }) => callee === "srcu_read_unlock" && isWhole);
      if (locks.length !== 1 || unlocks.length === 0 || !/srcu_dereference|_rcu|->/.test(view.text)) return [];
      const expression = locks[0]!.placed.stmt;
      const edits = [{ start: expression.start, end: expression.end, newText: "rcu_read_lock();" }, ...unlocks.map((site) => replaced(site, "rcu_read_unlock()"))];
      return [{ at: locks[0]!.call.start, edits, neutral: /\b(?:synchronize_srcu|call_srcu)\w*\s*\(/.test(view.file.code) ? "" : "?" }];
    },
  },
  {
    name: "kref_get-from-zero",
    rules: ["rcu/get-ref-from-zero", "rcu/typesafe-without-recheck"],
    sites: atCalls(/^(?:kref_get_unless_zero|refcount_inc_not_zero|atomic_inc_not_zero)$/, (site, view) => {
      const get = site.callee === "kref_get_unless_zero" ? "kref_get" : site.callee === "refcount_inc_not_zero" ? "refcount_inc" : "atomic_inc";
      const inReader = holdsAt(view, site, "rcu");
      const locked = site.placed.held.some((lock) => lock.kind !== "rcu");
      return { edits: [replaced(site, `(${get}(${site.args.join(", ")}), 1)`)], neutral: inReader === "yes" && !locked ? "" : "?" };
    }),
  },
  {
    name: "use-after-unlock",
    rules: ["rcu/use-after-unlock", "rcu/access-outside-reader"],
    sites: atCalls(/^rcu_read_unlock$/, (site, view) => {
      const { block, index, held } = site.placed;
      const last = block[index - 1];
      if (!site.isWhole || last?.kind !== "expression") return undefined;
      const before = view.file.code.slice(view.def.body.start, last.start);
      const text = view.file.code.slice(last.start, last.end);
      const pointer = [...before.matchAll(/\b(\w+)\s*=\s*(?:rcu_dereference\w*|\w+_rcu)\s*\(|for_each_entry_rcu\s*\(\s*(\w+)/g)].map((match) => (match[1] ?? match[2])!).find((name) => follows(text, name));
      if (pointer === undefined) return undefined;
      const referenced = new RegExp(`\\b\\w*(?:hold|get|inc|grab|ref)\\w*\\s*\\([^;]*\\b${pointer}\\b`).test(before);
      const covered = held.filter((lock) => lock.kind === "rcu").length > 1 || held.some((lock) => lock.kind !== "rcu") || callersHold(view, "atomic") === "yes";
      return { edits: moved(view.file, site.placed.stmt, last.start), neutral: referenced ? "?" : covered ? "another section or lock covers it" : mentions(text, "rcu_dereference") ? "?" : "" };
    }),
  },
  {
    name: "list_del_rcu-to-list_del",
    rules: ["rcu/plain-list-operation", "rcu/delete-in-unsafe-walk"],
    sites: atCalls(/^(?:list_del_rcu|hlist_del_rcu|hlist_del_init_rcu)$/, (site, view) => {
      const base = baseOf(site.call.args[0]);
      const neutral = base === undefined ? "?" : why(view, base, site.call.start);
      return { edits: [renamed(site, site.callee.replace(/_rcu$/, ""))], neutral };
    }),
  },
];
