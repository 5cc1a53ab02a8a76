/**
 * Functions that the kernel calls inside `rcu_read_lock()`: whoever reads there is a reader although no line of the file
 * says so. Data: an entry that is not here says nothing. Softirqs and timers alone are no sections here: what only runs
 * with softirqs off is not meant as a reader by its author. What is called with a lock held that updaters take as well
 * (Qdisc_ops.enqueue, under the lock of the qdisc) is left out: the section is not what keeps it safe.
 */

import type { Span } from "../syntax/c-syntax.ts";
import { atomicEntries } from "./blocking.ts";
import type { FileFacts } from "./file-facts.ts";
import { apiOf } from "./kernel-api/index.ts";

/** `name`: as a maintainer says it, "packet_type.func". */
export type ReaderEntry = { readonly name: string; readonly at: Span };

type Row = { readonly table: string; readonly fields: readonly string[] };

/** Ops tables of 6.1 to 6.12; each with where the section is entered. */
const rows: readonly Row[] = [
  // net/core/dev.c: __netif_receive_skb(), dev_queue_xmit_nit().
  { table: "packet_type", fields: ["func"] },
  // net/core/dev.c: __dev_queue_xmit() and netpoll_send_skb(), rcu_read_lock_bh() and rcu_read_lock().
  { table: "net_device_ops", fields: ["ndo_start_xmit"] },
  // net/core/gro.c, net/core/gso.c.
  { table: "packet_offload", fields: ["gso_segment", "gro_receive", "gro_complete"] },
  { table: "net_offload", fields: ["gso_segment", "gro_receive", "gro_complete"] },
  { table: "offload_callbacks", fields: ["gso_segment", "gro_receive", "gro_complete"] },
  // net/ipv4/ip_input.c, net/ipv6/ip6_input.c, net/ipv4/icmp.c, net/ipv6/icmp.c.
  { table: "net_protocol", fields: ["handler", "err_handler"] },
  { table: "inet6_protocol", fields: ["handler", "err_handler"] },
  // net/ipv4/udp.c: udp_queue_rcv_one_skb(), and udp_gro_receive(); net/ipv4/xfrm4_protocol.c, net/ipv4/tunnel4.c: from the same.
  { table: "udp_tunnel_sock_cfg", fields: ["encap_rcv", "encap_err_lookup", "gro_receive", "gro_complete"] },
  { table: "xfrm4_protocol", fields: ["handler", "err_handler"] },
  { table: "xfrm6_protocol", fields: ["handler", "err_handler"] },
  { table: "xfrm_tunnel", fields: ["handler", "err_handler"] },
  { table: "xfrm6_tunnel", fields: ["handler", "err_handler"] },
  // net/core/lwtunnel.c, include/net/ip_tunnels.h: ip_tunnel_encap().
  { table: "lwtunnel_encap_ops", fields: ["output", "input", "xmit", "fill_encap", "get_encap_size", "cmp_encap"] },
  { table: "ip_tunnel_encap_ops", fields: ["encap_hlen", "build_header"] },
  // net/dsa/tag.c, net/dsa/user.c; drivers/net/team/team_core.c: an rx_handler, and ndo_start_xmit.
  { table: "dsa_device_ops", fields: ["rcv", "xmit"] },
  { table: "team_mode_ops", fields: ["receive", "transmit"] },
  // net/sched/cls_api.c, net/sched/act_api.c, net/sched/ematch.c: from the same two.
  { table: "tcf_proto_ops", fields: ["classify"] },
  { table: "tc_action_ops", fields: ["act"] },
  { table: "tcf_ematch_ops", fields: ["match"] },
  // include/linux/netfilter.h: nf_hook(); x_tables and nf_tables run in one.
  { table: "nf_hook_ops", fields: ["hook"] },
  { table: "xt_match", fields: ["match"] },
  { table: "xt_target", fields: ["target"] },
  { table: "nft_expr_ops", fields: ["eval"] },
  { table: "nft_set_ops", fields: ["lookup"] },
  { table: "nft_object_ops", fields: ["eval"] },
  { table: "nf_conntrack_helper", fields: ["help"] },
  { table: "ip_vs_scheduler", fields: ["schedule"] },
  // net/netfilter/nf_queue.c, net/netfilter/nf_log.c.
  { table: "nf_queue_handler", fields: ["outfn", "nf_hook_drop"] },
  { table: "nf_logger", fields: ["logfn"] },
  // net/mac80211/tx.c.
  { table: "ieee80211_ops", fields: ["tx", "wake_tx_queue"] },
  // drivers/input/input.c: input_pass_values().
  { table: "input_handler", fields: ["event", "events", "filter"] },
  // fs/namei.c: link_path_walk(), and fs/dcache.c: __d_lookup_rcu(), for a dentry whose super block nobody holds.
  { table: "dentry_operations", fields: ["d_hash", "d_compare"] },
];

/** The same of fs/namei.c, which a walk outside RCU calls as well: the word, or the parameter, by which they tell. */
const asking: readonly { readonly table: string; readonly field: string; readonly by: string | number }[] = [
  { table: "inode_operations", field: "permission", by: "MAY_NOT_BLOCK" },
  { table: "inode_operations", field: "get_link", by: 0 },
  { table: "inode_operations", field: "get_inode_acl", by: 2 },
  { table: "dentry_operations", field: "d_revalidate", by: "LOOKUP_RCU" },
  { table: "dentry_operations", field: "d_manage", by: 1 },
];

/** An initialiser of one that walks paths, and the function it is. */
export const pathWalkers = /\.(?:d_hash|d_compare|d_revalidate|d_manage|permission|get_link|get_inode_acl)\s*=\s*(\w+)/g;

/** `asks`: in what it tests; `isNull`: under RCU that is zero. undefined: always under RCU. */
export type PathWalk = { readonly function: string; readonly asks: RegExp | undefined; readonly isNull: boolean };

/** Functions of the file that a path walk under RCU calls; those that keep the answer to how they are called are left out. */
export function pathWalks(facts: FileFacts): readonly PathWalk[] {
  return facts.entries.flatMap(({ function: name, role }): readonly PathWalk[] => {
    if (role.table === "dentry_operations" && (role.field === "d_hash" || role.field === "d_compare")) return [{ function: name, asks: undefined, isNull: false }];
    const by = asking.find(({ table, field }) => table === role.table && field === role.field)?.by;
    const fn = facts.functions.get(name);
    const word = typeof by === "number" ? fn?.parameters[by]?.name : by;
    if (fn === undefined || word === undefined || new RegExp(`[^=!<>]=[^=\n]*\\b${word}\\b`).test(facts.unit.text.slice(fn.body.start, fn.body.end))) return [];
    return [{ function: name, asks: new RegExp(`\\b${word}\\b`), isNull: by === 0 }];
  });
}

/** Calls that are given a function for such a context, and the index of that argument: net/core/dev.c calls it from __netif_receive_skb(). */
const givers: ReadonlySet<string> = new Set(["netdev_rx_handler_register"]);

const known = new WeakMap<FileFacts, ReadonlyMap<string, ReaderEntry>>();

/** By function; those that are entered in no other way, and are called by nobody in sight. */
export function readerEntries(facts: FileFacts): ReadonlyMap<string, ReaderEntry> {
  const before = known.get(facts);
  if (before !== undefined) return before;
  const found = new Map<string, string>();
  const others = new Set<string>();
  for (const { function: name, role } of facts.entries) {
    if (rows.some(({ table, fields }) => table === role.table && fields.includes(role.field))) found.set(name, `${role.table}.${role.field}`);
    else if (role.table !== "notifier_block" && role.table !== "nfnl_callback" && !isAfterStart(role.table, role.field)) others.add(name);
  }
  // kernel/notifier.c: atomic_notifier_call_chain().
  for (const { function: name, via, by } of atomicEntries(facts)) if (via === "atomic-notifier" || via === "reader" || givers.has(by)) found.set(name, givers.has(by) ? "an rx_handler" : by);
  for (const { function: name } of sequenceEntries(facts)) found.set(name, "seq_operations, in the section that start() enters");
  const entries = new Map<string, ReaderEntry>();
  for (const [name, by] of found) {
    const fn = facts.functions.get(name);
    if (fn !== undefined && !others.has(name) && (fn.isStatic || (facts.callers.get(name)?.size ?? 0) === 0)) entries.set(name, { name: by, at: fn.nameSpan });
  }
  known.set(facts, entries);
  return entries;
}

const isAfterStart = (table: string, field: string): boolean => table === "seq_operations" && (field === "next" || field === "show");

/** fs/seq_file.c: next() and show() run between start() and stop(), in what start() enters and leaves to stop(). */
function sequenceEntries(facts: FileFacts): readonly { readonly function: string }[] {
  const bySequence = facts.unit.globals.map(({ start, end }) => facts.entries.filter(({ role, offset }) => role.table === "seq_operations" && start <= offset && offset < end));
  return bySequence.flatMap((entries) => {
    const of = (field: string): ReadonlySet<string> => facts.calledNames.get(entries.find(({ role }) => role.field === field)?.function ?? "") ?? new Set();
    const [start, stop] = [of("start"), of("stop")];
    const begins = hasSection(start, "reader-enter") && !hasSection(start, "reader-leave");
    const ends = hasSection(stop, "reader-leave") && !hasSection(stop, "reader-enter");
    return begins && ends ? entries.filter(({ role }) => isAfterStart(role.table, role.field)) : [];
  });
}

const hasSection = (called: ReadonlySet<string>, kind: "reader-enter" | "reader-leave"): boolean =>
  [...called].some((name) => apiOf(name)?.effects.some((effect) => effect.kind === kind && effect.flavour === "rcu") === true);
