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
  if (used.length > 0) return used.every((field) => kind !== "mutex" && rcuFields.test(field)) ? "yes" : "unknown";
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

/** A lock that keeps writers away (spinlock, mutex, RTNL) at the place. */
export function holdsWriterLock(view: FunctionView, { placed }: Pick<CallSite, "placed">): Answer {
  if (placed.held.some((lock) => lock.kind !== "rcu")) return "yes";
  const answers = [callersHold(view, "mutex"), callersHold(view, "spin")];
  return answers.includes("yes") ? "yes" : answers.every((answer) => answer === "no") ? "no" : "unknown";
}

/** Fields (or "" for other uses) where the function stands as a value. */
function usesAsValue({ file, name }: FunctionView): readonly string[] {
  const fields: string[] = [];
  for (const found of file.code.matchAll(new RegExp(`(?:\\.(\\w+)\\s*=\\s*|[=,(]\\s*&?)${name}\\s*[,;)}]`, "g"))) fields.push(found[1] ?? "");
  return fields;
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

const publishes = /_rcu$|^rcu_assign_pointer$|^rcu_replace_pointer$|^RCU_INIT_POINTER$|list_add|hash_add|^rb_link|^idr_(?:alloc|replace)|^xa_|rhashtable_\w*insert|register|attach|^smp_store_release$/;

/** Made in this function and shown to nobody before the offset: what the variable was given last is a new object. */
export function isUnpublished(view: FunctionView, base: string, offset: number): boolean {
  const before = view.file.code.slice(view.def.body.start, offset);
  const given = [...before.matchAll(new RegExp(`\\b${base}\\s*=(?!=)[^;]*`, "g"))].at(-1);
  if (given === undefined || !/\b\w*(?:alloc|memdup|_new|_create)\w*\s*\(/.test(given[0])) return false;
  const start = view.def.body.start + given.index;
  const mentions = new RegExp(`\\b${base}\\b`);
  return !view.calls.some(({ callee, call, args }) => call.start > start && call.start < offset && publishes.test(callee) && args.some((arg) => mentions.test(arg)));
}
