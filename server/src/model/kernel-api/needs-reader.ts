import { partly } from "./partly.ts";
import type { ApiRow, HeaderRows } from "./schema.ts";

/**
 * Helpers that follow RCU-protected pointers and leave the section to who calls them: by their kernel-doc, or by
 * rcu_dereference() without a condition in their definition. What else they do is not said.
 */
const inSection = (names: readonly string[], more: Pick<ApiRow, "source" | "since" | "until"> = {}): ApiRow => partly(names, [{ kind: "needs-reader" }], more);

/** A section or the RTNL, by rcu_dereference_rtnl(). */
const orRtnl = (names: readonly string[]): ApiRow => partly(names, [{ kind: "needs-reader", or: "rtnl" }]);

/** net/core/dev.c, net/core/rtnetlink.c. */
const netdevices: HeaderRows = {
  header: "include/linux/netdevice.h",
  rows: [
    inSection(["dev_get_by_index_rcu", "dev_get_by_name_rcu", "dev_get_by_napi_id"]),
    inSection(["netdev_master_upper_dev_get_rcu", "netdev_upper_get_next_dev_rcu", "netdev_next_lower_dev_rcu", "netdev_lower_get_next_private_rcu", "netdev_lower_get_first_private_rcu"]),
    inSection(["netdev_walk_all_upper_dev_rcu", "netdev_walk_all_lower_dev_rcu", "netdev_has_upper_dev_all_rcu", "first_net_device_rcu", "next_net_device_rcu"]),
    orRtnl(["dev_getbyhwaddr_rcu"]),
  ],
};

const masters: HeaderRows = {
  header: "include/net/l3mdev.h",
  rows: [inSection(["l3mdev_master_ifindex_rcu", "l3mdev_master_dev_rcu", "l3mdev_fib_table_rcu", "l3mdev_master_upper_ifindex_by_index_rcu"])],
};

const addresses: HeaderRows = {
  header: "include/linux/inetdevice.h",
  also: ["include/net/addrconf.h", "include/linux/igmp.h", "include/net/route.h", "include/linux/rtnetlink.h"],
  rows: [
    { names: ["__in_dev_get_rcu"], effects: [{ kind: "needs-reader" }, { kind: "rcu-read", pointer: 0, fields: [{ struct: "net_device", field: "ip_ptr" }], side: "reader" }] },
    inSection(["__in_dev_arp_parms_get_rcu", "inet_lookup_ifaddr_rcu", "ip_check_mc_rcu", "ip_route_output_key_hash_rcu", "dev_ingress_queue_rcu"]),
    { names: ["__in6_dev_get"], effects: [{ kind: "needs-reader", or: "rtnl" }, { kind: "rcu-read", pointer: 0, fields: [{ struct: "net_device", field: "ip6_ptr" }], side: "either" }] },
    orRtnl(["__in6_dev_get_safely", "__in6_dev_stats_get"]),
  ],
};

const uppers: HeaderRows = {
  header: "include/linux/if_vlan.h",
  also: ["include/linux/if_team.h", "include/linux/if_bridge.h", "include/net/bonding.h"],
  rows: [inSection(["__vlan_find_dev_deep_rcu", "team_get_port_by_index_rcu", "br_vlan_get_pvid_rcu", "br_vlan_get_info_rcu"]), inSection(["bond_option_active_slave_get_rcu"])],
};

/** net/mac80211/sta_info.c, net/mac80211/key.c, net/wireless: "must be called under RCU lock". */
const stations: HeaderRows = {
  header: "include/net/mac80211.h",
  also: ["include/net/cfg80211.h"],
  rows: [inSection(["ieee80211_find_sta", "ieee80211_find_sta_by_ifaddr", "ieee80211_find_sta_by_link_addrs", "ieee80211_iter_keys_rcu", "ieee80211_bss_get_elem", "ieee80211_bss_get_ie"])],
};

/** kernel/pid.c, kernel/cgroup/cgroup.c, mm/memcontrol.c. */
const tasks: HeaderRows = {
  header: "include/linux/sched.h",
  also: ["include/linux/cgroup.h", "include/linux/memcontrol.h"],
  rows: [inSection(["find_task_by_vpid", "find_task_by_pid_ns"]), inSection(["css_from_id"]), inSection(["mem_cgroup_from_id"])],
};

/** fs/inode.c, fs/posix_acl.c. */
const inodes: HeaderRows = {
  header: "include/linux/fs.h",
  also: ["include/linux/posix_acl.h"],
  rows: [inSection(["find_inode_rcu", "find_inode_by_ino_rcu"]), inSection(["get_cached_acl_rcu"])],
};

/** net/netfilter/nf_conntrack_helper.c, nf_conntrack_expect.c: they walk with hlist_for_each_entry_rcu(). */
const conntrack: HeaderRows = {
  header: "include/net/netfilter/nf_conntrack_helper.h",
  also: ["include/net/netfilter/nf_conntrack_expect.h"],
  rows: [inSection(["__nf_conntrack_helper_find", "__nf_ct_expect_find"])],
};

export const readersOnly: readonly HeaderRows[] = [netdevices, masters, addresses, uppers, stations, tasks, inodes, conntrack];
