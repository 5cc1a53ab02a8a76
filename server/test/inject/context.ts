/**
 * What the surroundings of a site say, by their words alone: whether callers hold something, whether anybody reads, whether an object
 * was published yet. It decides which injections are bugs and which change nothing; rules have no part in it.
 */

import type { HeldKind } from "./held.ts";
import type { CallSite, FunctionView } from "./view.ts";

export type Answer = "yes" | "no" | "unknown";

const callersDeep = 3;

/** Fields of ops tables that the core calls inside a read-side section. */
const rcuFields = /^(?:ndo_(?:start_xmit|select_queue|features_check|get_stats64)|get_stats64|hook|func|rcv|handler|err_handler|icmp_handler|gro_receive|gro_complete|gso_segment|encap_rcv|enqueue|dequeue|classify|act|rx_handler|match|target|eval|map_lookup_elem|data_ready|sk_data_ready|xmit|handle_frame|lookup|bpf_func)$/;

/** The same, where the field's name alone does not say it (drivers/input/input.c, input_pass_values()). */
const rcuTables: ReadonlyMap<string, RegExp> = new Map([["input_handler", /^(?:events?|filter)$/]]);

/** Functions that run once, alone, or when nobody is left. */
const teardown = /(?:^|_)(?:exit|cleanup|destroy|free|release|remove|fini|uninit|teardown|destructor|disconnect|shutdown|dellink|detach|purge|flush)(?:_|$)/;

export function isTeardown({ name, def }: FunctionView): boolean {
  return teardown.test(name) || def.attributes.some((attribute) => attribute.name === "__exit");
}

export function isInit({ name, def }: FunctionView): boolean {
  return def.attributes.some((attribute) => attribute.name === "__init") || /(?:^|_)(?:init|probe|alloc|create|new|setup)(?:_|$)/.test(name);
}

/** Something of the kind is held when the function is entered. */
export function callersHold(view: FunctionView, kind: HeldKind | "atomic", depth = 0): Answer {
  const said = `${view.text}\n${view.def.comment}\n${view.def.attributes.map(({ text }) => text).join(" ")}`;
  if (kind !== "mutex" && (/RCU_LOCKDEP_WARN|lockdep_assert_in_rcu|rcu_read_lock(?:_any|_bh)?_held\(\)/.test(said) || /(?:rcu_read_lock|RCU (?:read )?lock|under RCU|RCU.{0,20}(?:held|critical|section)|called with rcu)/i.test(view.def.comment))) return "yes";
  if (kind !== "rcu" && /lockdep_assert_held|ASSERT_RTNL|__must_hold|lockdep_sock_is_held|sock_owned_by_me|assert_spin_locked/.test(said)) return "yes";
  if (kind === "rcu" && /_rcu$/.test(view.name)) return "unknown";
  const used = usesAsValue(view);
  if (used.length > 0) return used.every((field) => (kind === "rcu" || kind === "atomic") && (rcuFields.test(field) || isInRcuTable(view, field))) ? "yes" : "unknown";
  if (!view.def.isStatic || depth >= callersDeep) return "unknown";
  const callers = (view.file.callersOf.get(view.name) ?? []).filter(({ caller }) => caller.name !== view.name);
  if (callers.length === 0) return "unknown";
  const answers = callers.map(({ caller, site }) => holdsAt(caller, site, kind, depth + 1));
  if (answers.every((answer) => answer === "yes")) return "yes";
  return answers.includes("no") ? "no" : "unknown";
}

/** At a place of the function: by the function itself or by its callers. */
export function holdsAt(view: FunctionView, { placed }: Pick<CallSite, "placed">, kind: HeldKind | "atomic", depth = 0): Answer {
  const counts = (one: HeldKind): boolean => (kind === "atomic" ? one !== "mutex" : one === kind);
  if (placed.held.some((lock) => counts(lock.kind) && !/^srcu|_srcu|&\w*srcu/.test(lock.key))) return "yes";
  return callersHold(view, kind, depth);
}

/** Preemption off counts as a reader since 4.20, and with a writer's lock nobody needs to be one. */
export function isSafeWithoutReader(view: FunctionView, site: Pick<CallSite, "placed">): Answer {
  const held = site.placed.held.filter((lock) => lock.kind !== "rcu");
  if (held.length > 0) return "yes";
  const answers = [callersHold(view, "atomic"), callersHold(view, "mutex")];
  return answers.includes("yes") ? "yes" : answers.includes("no") ? "no" : "unknown";
}

/**
 * Whether a lock is held at the place that keeps those away who change one of the fields (or lists): it has to be one that they hold too.
 * "unknown" where some lock is held and the file does not show who changes them, or with which locks.
 */
export function holdsWriterLock(view: FunctionView, site: Pick<CallSite, "placed">, fields: readonly string[]): Answer {
  const { held } = site.placed;
  if (held.every((lock) => lock.kind === "rcu")) {
    const answers = [callersHold(view, "mutex"), callersHold(view, "spin")];
    if (!answers.includes("yes")) return answers.every((answer) => answer === "no") ? "no" : "unknown";
  }
  const own = locksAt(view, site);
  const writers = view.file.functions.flatMap((fn) => fn.calls.filter(({ callee, args }) => updates.test(callee) && args.slice(0, 2).some((arg) => fields.includes(lastName(arg)))).map((call) => locksAt(fn, call)));
  if (writers.length === 0 || own.size === 0) return "unknown";
  if (writers.every((locks) => [...locks].some((lock) => own.has(lock)))) return "yes";
  return writers.some((locks) => locks.size > 0 && ![...locks].some((lock) => own.has(lock))) ? "no" : "unknown";
}

/** Changes of lists and pointers that readers may be looking at. */
export const updates = /^(?:h?list_(?:add|del|replace|move)\w*|rcu_assign_pointer|rcu_replace_pointer|RCU_INIT_POINTER)$/;

/** Names of the writers' locks that are held at a place for certain: taken here, asserted here, or held by all callers in the file. */
export function locksAt(view: FunctionView, { placed }: Pick<CallSite, "placed">, depth = 0): ReadonlySet<string> {
  const locks = new Set(placed.held.filter(({ kind }) => kind !== "rcu").map(({ key }) => lastName(key)));
  for (const [, lock = ""] of view.text.matchAll(/lockdep_assert_held(?:_write|_once)?\s*\(([^;]*)\)/g)) locks.add(lastName(lock));
  if (/\bASSERT_RTNL\b/.test(view.text)) locks.add("rtnl");
  if (!view.def.isStatic || depth >= callersDeep || usesAsValue(view).length > 0) return locks;
  const [first, ...others] = (view.file.callersOf.get(view.name) ?? []).filter(({ caller }) => caller !== view).map(({ caller, site }) => locksAt(caller, site, depth + 1));
  for (const lock of first ?? []) if (others.every((set) => set.has(lock))) locks.add(lock);
  return locks;
}

/** `lock` of `&table->bucket[i].lock`: one field is one lock, whichever object it is in. */
export function lastName(text: string): string {
  return /(\w+)(?:\s*\[[^\]]*\])*[\s)]*$/.exec(text)?.[1] ?? text;
}

/** Fields (or "" for other uses) where the function stands as a value. */
function usesAsValue({ file, name }: FunctionView): readonly string[] {
  const fields: string[] = [];
  for (const found of file.code.matchAll(new RegExp(`(?:\\.(\\w+)\\s*=\\s*|[=,(]\\s*&?)${name}\\s*[,;)}]`, "g"))) fields.push(found[1] ?? "");
  return fields;
}

/** Each table of the file that has the function in this field is of a kind whose field is called inside a section. */
function isInRcuTable({ file, name }: FunctionView, field: string): boolean {
  const tables = [...file.code.matchAll(/\bstruct\s+(\w+)\s+\w+(?:\[\w*\])?\s*=\s*\{([^]*?)\n\};/g)].filter(([, , body = ""]) => new RegExp(`\\.${field}\\s*=\\s*&?${name}\\b`).test(body));
  return field !== "" && tables.length > 0 && tables.every(([, struct = ""]) => rcuTables.get(struct)?.test(field) === true);
}

const reads = /\b(?:rcu_read_lock\w*|s?rcu_dereference(?:_bh|_sched|_raw|_check)?|\w*for_each\w*_rcu\w*|hlist_nulls_for_each\w*|rhashtable_lookup\w*|srcu_read_lock)\b/;

/** Whether somebody in this file reads under RCU, outside of the function. */
export function hasReader({ file, def }: FunctionView): boolean {
  return reads.test(file.code.slice(0, def.start)) || reads.test(file.code.slice(def.end));
}

/** Readers may stand in another file of the same driver: that nobody is to be seen here is no proof either way. */
export function isUnreadTeardown(view: FunctionView): boolean {
  return isTeardown(view) && !hasReader(view);
}

/** Leaving the network namespaces ends with a barrier: net/core/net_namespace.c, unregister_pernet_operations(). */
const endsWithBarrier = /^unregister_pernet_(?:subsys|device)$/;

/** What a callback can call that queues no other one. */
const queuesNothing = /^(?:k[vz]?free(?:_sensitive)?|vfree|kmem_cache_free|free_percpu|container_of|rcu_access_pointer|rcu_dereference_protected|module_put|kfree_skb|skb_queue_purge|WARN_ON(?:_ONCE)?|BUG_ON|pr_\w+)$/;

/** Ends what may have queued one up to here. */
const endsQueueing = /^(?:cancel_(?:delayed_)?work|flush_(?:delayed_)?work|drain_workqueue|destroy_workqueue|timer_(?:delete|shutdown)|del_timer|hrtimer_cancel)/;

/**
 * Whether callbacks of the file were waited for right before the statement, by something else. A callback that may queue another one
 * needs a barrier for each; and what stands between the two may have queued one: work and ops of the file for certain.
 */
export function isRightBehindBarrier(view: FunctionView, { placed: { block, index } }: Pick<CallSite, "placed">): Answer {
  const before = view.calls.find(({ placed, isWhole, callee }) => isWhole && placed.stmt === block[index - 1] && endsWithBarrier.test(callee));
  const { functions, code } = view.file;
  if (before === undefined) {
    const earlier = view.calls.findLast(({ callee, placed: { stmt } }) => endsWithBarrier.test(callee) && stmt.start < (block[index]?.start ?? 0));
    const isOwnTable = (arg: string): boolean => /^&\w+$/.test(arg) && new RegExp(`\\bstruct\\s+\\w+\\s+${arg.slice(1)}\\b[^;]*=\\s*\\{`).test(code);
    const between = earlier === undefined ? [] : view.calls.filter(({ call }) => call.start > earlier.call.end && call.end < (block[index]?.start ?? 0));
    if (between.some(({ callee, args }) => endsQueueing.test(callee) || (/unregister/.test(callee) && args.some(isOwnTable)))) return "no";
    return view.calls.some(({ callee }) => endsWithBarrier.test(callee)) ? "unknown" : "no";
  }
  const seen = new Set([...code.matchAll(/\bcall_rcu\w*\s*\([^;]*,\s*&?(\w+)\s*\)\s*;/g)].map(([, name = ""]) => name));
  for (const name of seen) {
    const own = functions.filter((fn) => fn.name === name);
    if (own.length !== 1) return "unknown";
    for (const { callee } of own[0]!.calls) {
      if (functions.some((fn) => fn.name === callee)) seen.add(callee);
      else if (!queuesNothing.test(callee)) return "unknown";
    }
    if (/(?:->|\.)\s*\w+\s*\(|\(\s*\*/.test(own[0]!.text)) return "unknown";
  }
  return seen.size > 0 ? "yes" : "unknown";
}

const publishes = /_rcu$|^rcu_assign_pointer$|^rcu_replace_pointer$|^RCU_INIT_POINTER$|list_(?:add|move|replace)|hash_add|^rb_link|^idr_(?:alloc|replace)|^xa_|rhashtable_\w*insert|register|attach|^smp_store_release$/;

/** The head is a variable of the function: nobody else walks that list. */
export function isOwnList(view: FunctionView, head: string): boolean {
  const name = /^&(\w+)$/.exec(head.trim())?.[1];
  return name !== undefined && new RegExp(`\\bLIST_HEAD\\s*\\(\\s*${name}\\s*\\)|\\bstruct\\s+h?list_head\\s+${name}\\b`).test(view.text);
}

/** Functions of the kernel that return memory which nobody else knows. */
const allocators = /^(?:devm_)?(?:k[vmz]*[mzc]?alloc\w*|k\w*dup\w*|v[mz]?alloc\w*|kmem_cache_\w*alloc\w*|mempool_alloc\w*|\w*memdup\w*|alloc_\w+|sock_k[mz]alloc)$/;

const maker = /\b(\w*(?:alloc|dup|_new|_create)\w*)\s*\(/;

const makersDeep = 3;

/**
 * Made in this function and shown to nobody before the offset: whatever the variable was given on a way there is a new object. A function
 * named like a maker of objects may look for one first: where the file has it, what it returns decides, else that is not known.
 */
export function isUnpublished(view: FunctionView, base: string, offset: number, depth = 0): Answer {
  const before = view.file.code.slice(view.def.body.start, offset);
  const given = [...before.matchAll(new RegExp(`\\b${base}\\s*=(?!=)[^;]*`, "g"))].at(-1);
  if (given === undefined) return "no";
  const start = view.def.body.start + given.index;
  const mentions = new RegExp(`\\b${base}\\b`);
  const isShown = view.calls.some(({ callee, call, args }) => call.start > start && call.start < offset && publishes.test(callee) && args.some((arg) => mentions.test(arg)));
  if (isShown) return "no";
  return bothOf([isNew(view, given[0], depth), ...otherWays(view, base, start, offset).map((text) => isNew(view, text, depth))]);
}

/** What else the variable holds at the offset: by a `goto` that stands before it was given its value, or behind, to a label between. */
function otherWays(view: FunctionView, base: string, start: number, offset: number): readonly string[] {
  const code = view.file.code.slice(view.def.body.start, view.def.body.end);
  const [from, to] = [start - view.def.body.start, offset - view.def.body.start];
  return [...code.slice(from, to).matchAll(/(?:^|[;{}:])\s*(\w+)\s*:(?!:)/g)].flatMap(([, label = ""]) =>
    [...code.matchAll(new RegExp(`\\bgoto\\s+${label}\\s*;`, "g"))].flatMap(({ index }) => {
      if (index >= from && index < to) return [];
      const given = [...code.slice(0, index).matchAll(new RegExp(`\\b${base}\\s*=(?!=)[^;]*|_for_each\\w*\\s*\\(\\s*${base}\\b`, "g"))].at(-1)?.[0];
      return given === undefined || /=\s*NULL$/.test(given) ? [] : [given];
    }),
  );
}

/** Whether the value that is assigned is a new object. */
function isNew(view: FunctionView, assignment: string, depth: number): Answer {
  const made = maker.exec(assignment)?.[1];
  if (made === undefined) return "no";
  if (allocators.test(made)) return "yes";
  const own = view.file.functions.find(({ name }) => name === made);
  if (own === undefined || depth >= makersDeep) return "unknown";
  const returned = [...own.text.matchAll(/\breturn\s+([^;]*);/g)].flatMap(({ index, 1: value = "" }): readonly Answer[] => {
    if (/^(?:NULL|ERR_\w+\s*\(.*\))$/.test(value.trim())) return [];
    return [/^\w+$/.test(value) ? isUnpublished(own, value, own.def.body.start + index, depth + 1) : isNew(own, value, depth + 1)];
  });
  return returned.length === 0 ? "unknown" : bothOf(returned);
}

const bothOf = (answers: readonly Answer[]): Answer => (answers.includes("no") ? "no" : answers.includes("unknown") ? "unknown" : "yes");
