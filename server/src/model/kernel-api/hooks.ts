import type { DetailEffect, HookKind } from "./detail-schema.ts";
import { partly } from "./partly.ts";
import type { ApiRow, HeaderRows } from "./schema.ts";

type Unregister = DetailEffect & { readonly kind: "unregister" };

const adds = (names: readonly string[], hook: HookKind, args: Partial<DetailEffect & { readonly kind: "register" }> = { subject: 0 }, source?: string): ApiRow =>
  partly(names, [{ kind: "register", hook, ...args }], source === undefined ? {} : { source });
/** `awaits` and `runs` as the tree of 6.12 shows them at `source`. */
const removes = (names: readonly string[], hook: HookKind, awaits: boolean, runs: Unregister["runs"], source: string, args: Pick<Unregister, "subject" | "chain" | "callbacks"> = { subject: 0 }): ApiRow =>
  partly(names, [{ kind: "unregister", hook, awaits, runs, ...args }], { source });

/** By ASSERT_RTNL() in it, or its kernel-doc (net/core/dev.c). */
const underRtnl = (row: ApiRow): ApiRow => ({ ...row, effects: [...row.effects, { kind: "needs-lock", name: "rtnl" }] });

const chains = "kernel/notifier.c";
const onChain = { chain: 0, subject: 1 };

/** A call of an atomic chain is an RCU reader, of a blocking chain holds the chain's rwsem, of a raw chain is up to its owner. */
export const notifierChains: HeaderRows = {
  header: "include/linux/notifier.h",
  rows: [
    adds(["atomic_notifier_chain_register"], "atomic-notifier", onChain),
    adds(["blocking_notifier_chain_register"], "blocking-notifier", onChain),
    adds(["srcu_notifier_chain_register"], "srcu-notifier", onChain),
    adds(["raw_notifier_chain_register"], "raw-notifier", onChain),
    removes(["atomic_notifier_chain_unregister"], "atomic-notifier", true, "rcu", chains, onChain),
    removes(["blocking_notifier_chain_unregister"], "blocking-notifier", true, "lock", chains, onChain),
    removes(["srcu_notifier_chain_unregister"], "srcu-notifier", true, "srcu", chains, onChain),
    removes(["raw_notifier_chain_unregister"], "raw-notifier", false, "caller", chains, onChain),
  ],
};

export const netdevice: HeaderRows = {
  header: "include/linux/netdevice.h",
  rows: [
    adds(["register_netdevice_notifier"], "netdevice-notifier"),
    removes(["unregister_netdevice_notifier"], "netdevice-notifier", true, "lock", "net/core/dev.c"),
    adds(["register_netdevice_notifier_net"], "netdevice-notifier", { chain: 0, subject: 1 }),
    removes(["unregister_netdevice_notifier_net"], "netdevice-notifier", true, "lock", "net/core/dev.c", { chain: 0, subject: 1 }),
    underRtnl(adds(["netdev_rx_handler_register"], "rx-handler", { chain: 0, callback: 1, subject: 2 })),
    underRtnl(removes(["netdev_rx_handler_unregister"], "rx-handler", true, "rcu", "net/core/dev.c", { chain: 0 })),
    underRtnl(partly(["netdev_upper_dev_link", "netdev_master_upper_dev_link", "netdev_upper_dev_unlink"], [], { source: "net/core/dev.c" })),
    adds(["dev_add_pack"], "packet-type"),
    removes(["dev_remove_pack"], "packet-type", true, "rcu", "net/core/dev.c"),
    removes(["__dev_remove_pack"], "packet-type", false, "rcu", "net/core/dev.c"),
    adds(["dev_add_offload"], "offload", { subject: 0 }, "net/core/gro.c"),
    removes(["dev_remove_offload"], "offload", true, "rcu", "net/core/gro.c"),
    underRtnl(adds(["register_netdevice"], "netdevice")),
    adds(["register_netdev"], "netdevice"),
    removes(["unregister_netdev"], "netdevice", true, "rcu", "net/core/dev.c"),
    // The rest of its work is done when the RTNL is dropped: netdev_run_todo().
    underRtnl(removes(["unregister_netdevice", "unregister_netdevice_queue"], "netdevice", false, "rcu", "net/core/dev.c")),
  ],
};

export const netHooks: HeaderRows = {
  header: "include/linux/netfilter.h",
  rows: [
    adds(["nf_register_net_hook", "nf_register_net_hooks"], "netfilter", { chain: 0, subject: 1 }),
    // The hook array is freed by call_rcu(): who runs a hook may go on.
    removes(["nf_unregister_net_hook", "nf_unregister_net_hooks"], "netfilter", false, "rcu", "net/netfilter/core.c", { chain: 0, subject: 1 }),
  ],
};

export const protocols: HeaderRows = {
  header: "include/net/protocol.h",
  rows: [
    adds(["inet_add_protocol", "inet6_add_protocol"], "inet-protocol"),
    removes(["inet_del_protocol"], "inet-protocol", true, "rcu", "net/ipv4/protocol.c"),
    removes(["inet6_del_protocol"], "inet-protocol", true, "rcu", "net/ipv6/protocol.c"),
    adds(["inet_add_offload", "inet6_add_offload"], "offload"),
    removes(["inet_del_offload"], "offload", true, "rcu", "net/ipv4/protocol.c"),
    removes(["inet6_del_offload"], "offload", true, "rcu", "net/ipv6/protocol.c"),
  ],
};

export const addressNotifiers: HeaderRows = {
  header: "include/linux/inetdevice.h",
  rows: [
    adds(["register_inetaddr_notifier", "register_inetaddr_validator_notifier"], "inetaddr-notifier"),
    removes(["unregister_inetaddr_notifier", "unregister_inetaddr_validator_notifier"], "inetaddr-notifier", true, "lock", "net/ipv4/devinet.c"),
  ],
};

/** Atomic chains behind functions of their own. */
export const atomicChains: readonly HeaderRows[] = [
  ["include/net/switchdev.h", "switchdev_notifier", "net/switchdev/switchdev.c"],
  ["include/net/netevent.h", "netevent_notifier", "net/core/netevent.c"],
  ["include/net/addrconf.h", "inet6addr_notifier", "net/ipv6/addrconf_core.c"],
].map(([header = "", name = "", source = ""]): HeaderRows => ({
  header,
  rows: [adds([`register_${name}`], "atomic-notifier", { subject: 0 }, source), removes([`unregister_${name}`], "atomic-notifier", true, "rcu", source)],
}));

export const fib: HeaderRows = {
  header: "include/net/fib_notifier.h",
  rows: [
    adds(["register_fib_notifier"], "fib-notifier", { chain: 0, subject: 1 }),
    removes(["unregister_fib_notifier"], "fib-notifier", true, "rcu", "net/core/fib_notifier.c", { chain: 0, subject: 1 }),
  ],
};

export const namespaces: HeaderRows = {
  header: "include/net/net_namespace.h",
  rows: [
    adds(["register_pernet_subsys", "register_pernet_device"], "pernet"),
    removes(["unregister_pernet_subsys", "unregister_pernet_device"], "pernet", true, "lock", "net/core/net_namespace.c", { subject: 0, callbacks: "rcu" }),
  ],
};

/** Actions of traffic control bring the operations of their namespaces with them. */
export const actions: HeaderRows = {
  header: "include/net/act_api.h",
  rows: [
    adds(["tcf_register_action"], "pernet", { subject: 1 }, "net/sched/act_api.c"),
    removes(["tcf_unregister_action"], "pernet", true, "lock", "net/sched/act_api.c", { subject: 1, callbacks: "rcu" }),
  ],
};

export const rtnlLink: HeaderRows = {
  header: "include/net/rtnetlink.h",
  rows: [adds(["rtnl_link_register"], "rtnl-link"), removes(["rtnl_link_unregister"], "rtnl-link", true, "lock", "net/core/rtnetlink.c")],
};

export const tracepoints: HeaderRows = {
  header: "include/linux/tracepoint.h",
  rows: [
    adds(["tracepoint_probe_register", "tracepoint_probe_register_prio"], "tracepoint", { chain: 0, callback: 1, subject: 2 }),
    // "must be called before module exit": tracepoint_synchronize_unregister() waits.
    removes(["tracepoint_probe_unregister"], "tracepoint", false, "rcu", "kernel/tracepoint.c", { chain: 0, subject: 2 }),
  ],
};

export const kprobes: HeaderRows = {
  header: "include/linux/kprobes.h",
  rows: [
    adds(["register_kprobe", "register_kretprobe"], "kprobe"),
    removes(["unregister_kprobe", "unregister_kretprobe"], "kprobe", true, "rcu", "kernel/kprobes.c"),
  ],
};

export const reboot: HeaderRows = {
  header: "include/linux/reboot.h",
  rows: [adds(["register_reboot_notifier"], "reboot-notifier"), removes(["unregister_reboot_notifier"], "reboot-notifier", true, "lock", "kernel/reboot.c")],
};

export const buses: HeaderRows = {
  header: "include/linux/device/bus.h",
  rows: [adds(["bus_register_notifier"], "bus-notifier", { chain: 0, subject: 1 }), removes(["bus_unregister_notifier"], "bus-notifier", true, "lock", "drivers/base/bus.c", { chain: 0, subject: 1 })],
};
