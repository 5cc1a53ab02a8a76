import { rmw } from "./atomics.ts";
import { partly } from "./partly.ts";
import type { ApiRow, EffectSpec, HeaderRows } from "./schema.ts";

/** True for who gives up the last reference. */
const lastOf = (order: "release" | "full"): readonly EffectSpec[] => [{ kind: "touch", pointer: 0, write: true }, { kind: "ref-put", counter: 0 }, rmw(0, order, { returns: true })];

/** Orders: include/linux/refcount.h, "Memory ordering". Success of a conditional one is what the value says. */
export const refcount: HeaderRows = {
  header: "include/linux/refcount.h",
  rows: [
    { names: ["refcount_inc"], effects: [{ kind: "ref-get", counter: 0 }, rmw(0, "relaxed")] },
    { names: ["refcount_add"], effects: [{ kind: "ref-get", counter: 1 }, rmw(1, "relaxed")] },
    { names: ["refcount_inc_not_zero"], effects: [{ kind: "ref-get", counter: 0, conditional: true }, rmw(0, "relaxed", { conditional: true, returns: true })] },
    { names: ["refcount_add_not_zero"], effects: [{ kind: "ref-get", counter: 1, conditional: true }, rmw(1, "relaxed", { conditional: true, returns: true })] },
    { names: ["refcount_dec_and_test"], effects: lastOf("release") },
    { names: ["refcount_dec_and_lock"], effects: [...lastOf("release"), { kind: "lock", lock: 1, class: "spin", conditional: "nonzero" }] },
    { names: ["refcount_dec_and_lock_irqsave"], effects: [...lastOf("release"), { kind: "lock", lock: 1, class: "spin", conditional: "nonzero", off: "irq" }] },
    { names: ["refcount_dec_and_mutex_lock"], effects: [...lastOf("release"), { kind: "lock", lock: 1, class: "mutex", conditional: "nonzero" }], maySleep: true },
    { names: ["refcount_sub_and_test"], effects: [{ kind: "touch", pointer: 1, write: true }, { kind: "ref-put", counter: 1 }, rmw(1, "release", { returns: true })] },
    { names: ["refcount_dec"], effects: [rmw(0, "release")] },
    { names: ["refcount_dec_if_one", "refcount_dec_not_one"], effects: [rmw(0, "release", { conditional: true, returns: true })] },
    { names: ["refcount_set"], effects: [{ kind: "atomic", access: "write", pointer: 0, order: "relaxed" }] },
    { names: ["refcount_read"], effects: [{ kind: "touch", pointer: 0, write: false }, { kind: "atomic", access: "read", pointer: 0, order: "relaxed" }] },
  ],
};

export const kref: HeaderRows = {
  header: "include/linux/kref.h",
  rows: [
    { names: ["kref_get"], effects: [{ kind: "ref-get", counter: 0 }, rmw(0, "relaxed")] },
    { names: ["kref_get_unless_zero"], effects: [{ kind: "ref-get", counter: 0, conditional: true }, rmw(0, "relaxed", { conditional: true, returns: true })] },
    { names: ["kref_put"], effects: [{ kind: "ref-put", counter: 0, release: 1 }, rmw(0, "release", { returns: true })], maySleep: true },
    { names: ["kref_put_mutex"], effects: [{ kind: "ref-put", counter: 0, release: 1, lock: { at: 2, class: "mutex" } }, rmw(0, "release", { returns: true })], maySleep: true },
    { names: ["kref_put_lock"], effects: [{ kind: "ref-put", counter: 0, release: 1, lock: { at: 2, class: "spin" } }, rmw(0, "release", { returns: true })], maySleep: true },
    { names: ["kref_init"], effects: [{ kind: "atomic", access: "write", pointer: 0, order: "relaxed" }] },
    { names: ["kref_read"], effects: [{ kind: "touch", pointer: 0, write: false }, { kind: "atomic", access: "read", pointer: 0, order: "relaxed" }] },
  ],
};

const gets = (names: readonly string[]): ApiRow => ({ names, effects: [{ kind: "ref-get", counter: 0 }] });
/** Found under RCU, such an object may have no reference left: its last one is not kept for a grace period after it is taken out. */
const dying = (names: readonly string[], safely: string): ApiRow => ({ names, effects: [{ kind: "ref-get", counter: 0, safely }] });
const tries = (names: readonly string[]): ApiRow => ({ names, effects: [{ kind: "ref-get", counter: 0, conditional: true }] });
const puts = (names: readonly string[]): ApiRow => ({ names, effects: [{ kind: "ref-put", counter: 0 }] });
/** The last reference ends the object in a way that is not this table's, though at once or by a callback: what holds spinlocks calls these. */
const ends = (names: readonly string[]): ApiRow => partly(names, [{ kind: "put", counter: 0 }], { neverWaits: true });

/** References of objects of the core kernel, header by header. */
export const objects: readonly HeaderRows[] = [
  { header: "include/linux/module.h", rows: [tries(["try_module_get"])] },
  { header: "include/linux/kobject.h", rows: [gets(["kobject_get"]), tries(["kobject_get_unless_zero"]), puts(["kobject_put"])] },
  { header: "include/linux/device.h", rows: [gets(["get_device"]), puts(["put_device"])] },
  { header: "include/linux/pci.h", rows: [gets(["pci_dev_get"]), puts(["pci_dev_put"])] },
  { header: "include/linux/of.h", rows: [gets(["of_node_get"]), puts(["of_node_put"])] },
  { header: "include/linux/iommu.h", rows: [puts(["iommu_group_put"])] },
  { header: "include/linux/eventfd.h", rows: [puts(["eventfd_ctx_put"])] },
  { header: "include/linux/file.h", rows: [puts(["fput"])] },
  { header: "include/linux/fs.h", rows: [dying(["get_file"], "get_file_rcu"), tries(["get_file_rcu"])] },
  { header: "include/linux/sched/mm.h", rows: [gets(["mmgrab"]), dying(["mmget"], "mmget_not_zero"), tries(["mmget_not_zero"]), puts(["mmput", "mmdrop"])] },
  { header: "include/linux/sched/task.h", rows: [gets(["get_task_struct"]), ends(["put_task_struct"])] },
  { header: "include/linux/pid.h", rows: [gets(["get_pid"]), ends(["put_pid"])] },
  { header: "include/linux/cred.h", rows: [dying(["get_cred"], "get_cred_rcu"), tries(["get_cred_rcu"]), ends(["put_cred"])] },
  { header: "include/linux/mm.h", rows: [gets(["get_page", "folio_get"]), tries(["get_page_unless_zero"]), ends(["folio_put"])] },
  { header: "include/linux/page_ref.h", rows: [tries(["folio_try_get"])] },
  { header: "include/linux/netdevice.h", rows: [gets(["dev_hold", "netdev_hold"]), puts(["dev_put", "netdev_put"])] },
  { header: "include/linux/inetdevice.h", rows: [gets(["in_dev_hold"]), ends(["in_dev_put"])] },
  { header: "include/net/addrconf.h", rows: [dying(["in6_dev_hold"], "in6_dev_hold_safe"), tries(["in6_dev_hold_safe"]), ends(["in6_dev_put"]), dying(["in6_ifa_hold"], "in6_ifa_hold_safe"), tries(["in6_ifa_hold_safe"]), ends(["in6_ifa_put"])] },
  { header: "include/net/net_namespace.h", rows: [dying(["get_net"], "maybe_get_net"), tries(["maybe_get_net"]), ends(["put_net"])] },
  { header: "include/net/sock.h", rows: [gets(["sock_hold"]), ends(["sock_put"])] },
  { header: "include/net/dst.h", rows: [dying(["dst_hold", "dst_clone"], "dst_hold_safe"), tries(["dst_hold_safe"]), ends(["dst_release", "dst_release_immediate"])] },
  { header: "include/net/dst_metadata.h", rows: [ends(["metadata_dst_free"])] },
  { header: "include/net/neighbour.h", rows: [dying(["neigh_hold"], "refcount_inc_not_zero"), ends(["neigh_release"])] },
  { header: "include/net/ip6_fib.h", rows: [dying(["fib6_info_hold"], "fib6_info_hold_safe"), tries(["fib6_info_hold_safe"]), ends(["fib6_info_release"])] },
  { header: "include/linux/bpf.h", rows: [dying(["bpf_prog_inc"], "bpf_prog_inc_not_zero"), tries(["bpf_prog_inc_not_zero"]), dying(["bpf_map_inc"], "bpf_map_inc_not_zero"), tries(["bpf_map_inc_not_zero"])] },
  { header: "include/linux/skbuff.h", rows: [gets(["skb_get"]), ends(["kfree_skb", "consume_skb"])] },
  {
    header: "include/linux/percpu-refcount.h",
    rows: [
      gets(["percpu_ref_get"]), tries(["percpu_ref_tryget_live", "percpu_ref_tryget"]), ends(["percpu_ref_put"]),
      partly(["percpu_ref_kill", "percpu_ref_kill_and_confirm"], [{ kind: "kill-reference", counter: 0 }]),
    ],
  },
];
