/**
 * In which context the kernel calls a function: process context with no read-side section around it, and which locks its
 * caller holds. Data: an entry that is not here says nothing. Handlers that are readers already (softirq, timers, packet
 * handlers) are left out on purpose.
 */

import type { Span } from "../syntax/c-syntax.ts";
import { walkExprs } from "./ast-walk.ts";
import type { FileFacts } from "./file-facts.ts";

export type ProcessEntry = {
  /** Words for a maintainer: "work item", "file_operations.read". */
  readonly name: string;
  /** A lock that the caller holds, by a name of the kernel; undefined: none that keeps updaters out. */
  readonly holds: string | undefined;
};

type Row = { readonly tables: readonly string[]; readonly fields: readonly string[] | "all"; readonly holds?: string };

/** Ops tables of 6.12 whose functions run in process context, outside RCU. */
const rows: readonly Row[] = [
  { tables: ["file_operations"], fields: ["open", "read", "write", "unlocked_ioctl", "compat_ioctl", "release", "mmap", "flush", "fsync", "read_iter", "write_iter", "llseek", "fallocate", "splice_read", "show_fdinfo"] },
  // block/ioctl.c, block/bdev.c; scsi_id and kin ask for get_unique_id from an ioctl or a work item of nfsd.
  { tables: ["block_device_operations"], fields: ["ioctl", "compat_ioctl", "getgeo", "get_unique_id", "report_zones"] },
  { tables: ["block_device_operations"], fields: ["open", "release"], holds: "disk->open_mutex" },
  { tables: ["pr_ops"], fields: "all" },
  // kernel/params.c: from a file of sysfs and from the command line.
  { tables: ["kernel_param_ops"], fields: ["set", "get"], holds: "param_lock" },
  // drivers/base/power/main.c.
  { tables: ["dev_pm_ops"], fields: ["prepare", "complete", "suspend", "resume", "freeze", "thaw", "poweroff", "restore"], holds: "dev->mutex" },
  // drivers/scsi/scsi_error.c and scsi_scan.c: from the error handler's thread and from a scan.
  { tables: ["scsi_host_template"], fields: ["eh_abort_handler", "eh_device_reset_handler", "eh_target_reset_handler", "eh_bus_reset_handler", "eh_host_reset_handler", "slave_alloc", "slave_configure", "slave_destroy", "scan_finished", "scan_start", "show_info", "write_info"] },
  { tables: ["proc_ops"], fields: ["proc_open", "proc_read", "proc_write", "proc_ioctl", "proc_release"] },
  { tables: ["seq_operations"], fields: ["start"] },
  { tables: ["device_attribute", "kobj_attribute", "driver_attribute", "bus_attribute", "class_attribute", "sysfs_ops"], fields: ["show", "store"] },
  { tables: ["configfs_attribute"], fields: ["show", "store"] },
  { tables: ["bin_attribute"], fields: ["read", "write"] },
  // kernel/cgroup/cgroup.c: from kernfs files, with of->mutex of the one open file held.
  { tables: ["cftype"], fields: ["seq_show", "read_u64", "read_s64", "write_u64", "write_s64", "write", "open", "release"] },
  // fs/proc/proc_sysctl.c: from read() and write() of a file.
  { tables: ["ctl_table"], fields: ["proc_handler"] },
  // net/socket.c: from system calls; the socket's own lock is theirs to take.
  { tables: ["proto_ops"], fields: ["release", "bind", "connect", "socketpair", "accept", "getname", "ioctl", "listen", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg"] },
  { tables: ["proto"], fields: ["close", "ioctl", "setsockopt", "getsockopt", "sendmsg", "recvmsg"] },
  { tables: ["pci_driver", "platform_driver", "amba_driver", "auxiliary_driver", "virtio_driver", "i2c_driver", "spi_driver", "usb_driver", "device_driver", "mdio_driver"], fields: ["probe", "remove", "remove_new", "shutdown", "disconnect"] },
  { tables: ["iommu_ops"], fields: ["probe_device", "release_device", "probe_finalize", "domain_alloc", "domain_alloc_paging", "domain_alloc_user", "domain_free", "of_xlate", "get_resv_regions", "device_group"] },
  // drivers/iommu/iommu.c: one group's devices are attached and detached one at a time.
  { tables: ["iommu_ops"], fields: ["remove_dev_pasid", "set_dev_pasid", "dev_enable_feat", "dev_disable_feat"], holds: "group->mutex" },
  { tables: ["iommu_domain_ops"], fields: ["attach_dev", "detach_dev", "set_dev_pasid"], holds: "group->mutex" },
  { tables: ["iommu_domain_ops"], fields: ["free"] },
  { tables: ["vfio_device_ops"], fields: ["open_device", "close_device", "ioctl", "read", "write", "init", "release"] },
  { tables: ["vfio_iommu_driver_ops"], fields: ["open", "release", "ioctl", "attach_group", "detach_group"] },
  { tables: ["pernet_operations"], fields: ["init", "exit", "pre_exit", "exit_batch"], holds: "pernet_ops_rwsem" },
  { tables: ["net_device_ops"], fields: ["ndo_init", "ndo_uninit", "ndo_open", "ndo_stop", "ndo_set_mac_address", "ndo_change_mtu", "ndo_add_slave", "ndo_del_slave", "ndo_vlan_rx_add_vid", "ndo_vlan_rx_kill_vid", "ndo_set_features", "ndo_fix_features", "ndo_eth_ioctl", "ndo_siocdevprivate", "ndo_tunnel_ctl", "ndo_bridge_getlink", "ndo_bridge_setlink", "ndo_bridge_dellink", "ndo_fdb_add", "ndo_fdb_del", "ndo_fdb_dump", "ndo_get_vf_config"], holds: "rtnl" },
  { tables: ["rtnl_link_ops", "ethtool_ops", "dcbnl_rtnl_ops"], fields: "all", holds: "rtnl" },
  // net/sched/act_api.c: from netlink requests.
  { tables: ["tc_action_ops"], fields: ["init", "dump", "walk", "get_fill_size"], holds: "rtnl" },
  // net/wireless/nl80211.c and net/mac80211/driver-ops.h: what may sleep; both call it with one mutex of the hardware held.
  { tables: ["cfg80211_ops"], fields: "all", holds: "wiphy->mtx" },
  { tables: ["ieee80211_ops"], fields: ["start", "stop", "suspend", "resume", "add_interface", "change_interface", "remove_interface", "config", "start_ap", "stop_ap", "hw_scan", "cancel_hw_scan", "sched_scan_start", "sched_scan_stop", "sta_add", "sta_remove", "sta_state", "sta_pre_rcu_remove", "sta_statistics", "conf_tx", "get_survey", "set_key", "add_chanctx", "remove_chanctx", "change_chanctx", "assign_vif_chanctx", "unassign_vif_chanctx", "reconfig_complete", "ampdu_action", "flush", "flush_sta", "get_txpower", "set_coverage_class", "set_rts_threshold"], holds: "wiphy->mtx" },
  { tables: ["devlink_ops"], fields: "all", holds: "devlink->lock" },
  { tables: ["Qdisc_ops"], fields: ["init", "change", "destroy", "dump"], holds: "rtnl" },
  { tables: ["genl_ops", "genl_small_ops", "genl_split_ops"], fields: ["doit", "dumpit", "start", "done"], holds: "genl_mutex" },
  // net/netlink/af_netlink.c: from recvmsg() and from a work item, with a mutex of the one socket held.
  { tables: ["netlink_dump_control"], fields: ["dump", "done"] },
  { tables: ["super_operations"], fields: ["put_super", "remount_fs", "sync_fs"] },
  { tables: ["module"], fields: ["init", "exit"] },
];

/** Calls and macros that are given a function which then runs in process context: the index of that argument. */
const givers: ReadonlyMap<string, { readonly argument: number; readonly name: string }> = new Map([
  ...["INIT_WORK", "INIT_DELAYED_WORK", "INIT_DEFERRABLE_WORK", "DECLARE_WORK", "DECLARE_DELAYED_WORK", "INIT_RCU_WORK", "INIT_WORK_ONSTACK"].map((api) => [api, { argument: 1, name: "work item" }] as const),
  ...["kthread_run", "kthread_create"].map((api) => [api, { argument: 0, name: "kernel thread" }] as const),
  ["single_open", { argument: 1, name: "file show function" }],
  // fs/debugfs/file.c, fs/proc/generic.c, fs/proc/proc_net.c: by single_open().
  ...["debugfs_create_devm_seqfile", "proc_create_single", "proc_create_single_data", "proc_create_net_single"].map((api) => [api, { argument: 3, name: "file show function" }] as const),
  ["request_threaded_irq", { argument: 2, name: "threaded interrupt handler" }],
  ["devm_request_threaded_irq", { argument: 3, name: "threaded interrupt handler" }],
]);

/** DEVICE_ATTR(x, mode, show, store) of include/linux/device.h, DEFINE_SIMPLE_ATTRIBUTE(x, get, set, format) of include/linux/fs.h: where the two stand. */
const fileMacros: readonly (readonly [RegExp, number])[] = [[/^(?:DEVICE|DRIVER|BUS|CLASS)_ATTR$/, 2], [/^DEFINE_(?:SIMPLE|DEBUGFS)_ATTRIBUTE(?:_SIGNED)?$/, 1]];

/** DEVICE_ATTR_RO(x) makes a sysfs file of x_show(), CONFIGFS_ATTR_RO(p_, x) a configfs file of p_x_show(). */
const attributes = /^(?:DEVICE|DRIVER|BUS|CLASS)_ATTR(?:_ADMIN)?_(RO|WO|RW)$|^CONFIGFS_ATTR(?:_(RO|WO))?$/;

const known = new WeakMap<FileFacts, ReadonlyMap<string, readonly ProcessEntry[]>>();

/** Functions of the file that the kernel enters in process context, and how; those with an entry of another kind are not among them. */
export function processEntries(facts: FileFacts): ReadonlyMap<string, readonly ProcessEntry[]> {
  const before = known.get(facts);
  if (before !== undefined) return before;
  const found = new Map<string, ProcessEntry[]>();
  const others = new Set<string>();
  const add = (name: string, entry: ProcessEntry): void => { found.set(name, [...(found.get(name) ?? []), entry]); };
  const notified = netdeviceBlocks(facts);
  for (const { function: name, role, offset } of facts.entries) {
    if (role.table === "notifier_block" && notified.some(({ start, end }) => start <= offset && offset < end)) { add(name, { name: "netdevice notifier", holds: "rtnl" }); continue; }
    const row = rows.find(({ tables, fields }) => tables.includes(role.table) && (fields === "all" || fields.includes(role.field)));
    if (row === undefined) others.add(name);
    else add(name, { name: `${role.table}.${role.field}`, holds: row.holds });
  }
  const given = (api: string, args: readonly (string | undefined)[]): void => {
    const giver = givers.get(api);
    const name = giver === undefined ? undefined : args[giver.argument];
    if (giver !== undefined && name !== undefined && facts.functions.has(name)) add(name, { name: giver.name, holds: undefined });
    if (api === "DEFINE_SHOW_ATTRIBUTE" && facts.functions.has(`${args[0] ?? ""}_show`)) add(`${args[0] ?? ""}_show`, { name: "file show function", holds: undefined });
    for (const [macro, first] of fileMacros) {
      for (const method of macro.test(api) ? args.slice(first, first + 2) : []) if (method !== undefined && facts.functions.has(method)) add(method, { name: "attribute's file", holds: undefined });
    }
    const kind = attributes.exec(api);
    const stem = api.startsWith("CONFIGFS") ? `${args[0] ?? ""}${args[1] ?? ""}` : args[0];
    if (kind === null || stem === undefined) return;
    const which = kind[1] ?? kind[2] ?? "RW";
    for (const [letter, end] of [["R", "show"], ["W", "store"]] as const) {
      if (which.includes(letter) && facts.functions.has(`${stem}_${end}`)) add(`${stem}_${end}`, { name: `attribute ${end}`, holds: undefined });
    }
  };
  for (const { name, args } of facts.unit.topLevelCalls) given(name, args.map((arg) => arg.trim().replace(/^&/, "")));
  for (const { body } of facts.functions.values()) {
    walkExprs(body, (expr) => {
      if (expr.kind === "call" && expr.callee.kind === "identifier" && givers.has(expr.callee.name)) given(expr.callee.name, expr.args.map((arg) => (arg.kind === "identifier" ? arg.name : arg.kind === "unary" && arg.operand.kind === "identifier" ? arg.operand.name : undefined)));
    });
  }
  for (const name of others) found.delete(name);
  known.set(facts, found);
  return found;
}

/** Blocks of the file that register_netdevice_notifier() is given: net/core/dev.c calls them under the RTNL. */
function netdeviceBlocks({ functions, unit }: FileFacts): readonly Span[] {
  const names = new Set<string>();
  for (const { body } of functions.values()) {
    walkExprs(body, (expr) => {
      if (expr.kind !== "call" || expr.callee.kind !== "identifier" || !expr.callee.name.startsWith("register_netdevice_notifier")) return;
      for (const arg of expr.args) if (arg.kind === "unary" && arg.operator === "&" && arg.operand.kind === "identifier") names.add(arg.operand.name);
    });
  }
  return names.size === 0 ? [] : unit.globals.filter(({ declarator }) => names.has(declarator.name));
}

/** Calls that are given netlink handlers, the indices of doit and dumpit, and that of the flags by which they do without the RTNL (net/core/rtnetlink.c). */
const netlinkGivers: ReadonlyMap<string, { readonly handlers: readonly number[]; readonly flags: number }> = new Map([
  ["rtnl_register", { handlers: [2, 3], flags: 4 }],
  ["rtnl_register_module", { handlers: [3, 4], flags: 5 }],
]);

const knownLocks = new WeakMap<FileFacts, ReadonlyMap<string, ReadonlySet<string>>>();

/** Locks that some caller in the kernel holds around the function, by their names there. */
export function entryLocks(name: string, facts: FileFacts): ReadonlySet<string> {
  const before = knownLocks.get(facts) ?? locksByFunction(facts);
  knownLocks.set(facts, before);
  return before.get(name) ?? new Set();
}

function locksByFunction(facts: FileFacts): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const add = (name: string, lock: string): void => { found.set(name, (found.get(name) ?? new Set()).add(lock)); };
  for (const [name, entries] of processEntries(facts)) for (const { holds } of entries) if (holds !== undefined) add(name, holds);
  // An entry of a table whose flags are not looked at: taken for one that holds it.
  for (const { function: name, role } of facts.entries) if (role.table === "rtnl_msg_handler" && (role.field === "doit" || role.field === "dumpit")) add(name, "rtnl");
  // net/core/dev.c calls the notifiers of network devices under it; which block of the file is registered there is not looked at.
  if ([...facts.calledNames.values()].some((names) => [...names].some((called) => called.startsWith("register_netdevice_notifier")))) {
    for (const { function: name, role } of facts.entries) if (role.table === "notifier_block") add(name, "rtnl");
  }
  for (const { body } of facts.functions.values()) {
    walkExprs(body, (expr) => {
      const giver = expr.kind === "call" && expr.callee.kind === "identifier" ? netlinkGivers.get(expr.callee.name) : undefined;
      if (expr.kind !== "call" || giver === undefined) return;
      const flags = expr.args[giver.flags];
      const text = flags === undefined ? "" : facts.unit.text.slice(flags.start, flags.end);
      giver.handlers.forEach((index, which) => {
        const handler = expr.args[index];
        if (handler?.kind === "identifier" && !text.includes(which === 0 ? "DOIT_UNLOCKED" : "DUMP_UNLOCKED")) add(handler.name, "rtnl");
      });
    });
  }
  return found;
}
