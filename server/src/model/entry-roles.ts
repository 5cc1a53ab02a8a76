/**
 * What the kernel calls a function *as*: roles by ops table field. Data, so that a new subsystem is a few rows.
 * `pace`: `fast` entries must not wait for a grace period (attach, detach, domain free), `slow` ones may
 * (hot-unplug, module exit), `other` says nothing about latency.
 * `life`: `teardown` entries run when users of the object are expected to be gone.
 */
export type EntryRole = { readonly table: string; readonly field: string; readonly pace: "fast" | "slow" | "other"; readonly life: "running" | "teardown" | "setup" };

const fast = (table: string, fields: readonly string[], life: EntryRole["life"] = "running"): EntryRole[] =>
  fields.map((field) => ({ table, field, pace: "fast", life }));
const slow = (table: string, fields: readonly string[], life: EntryRole["life"] = "teardown"): EntryRole[] =>
  fields.map((field) => ({ table, field, pace: "slow", life }));

/** include/linux/iommu.h (6.1 to 6.12), include/linux/vfio.h, and the driver models' remove callbacks. */
const roles: readonly EntryRole[] = [
  ...fast("iommu_domain_ops", ["attach_dev", "detach_dev", "set_dev_pasid", "remove_dev_pasid", "block_dev_pasid"]),
  ...fast("iommu_domain_ops", ["free"], "teardown"),
  ...fast("iommu_ops", ["attach_dev", "detach_dev", "remove_dev_pasid", "set_dev_pasid"]),
  ...fast("iommu_ops", ["domain_free"], "teardown"),
  ...slow("iommu_ops", ["release_device"]),
  ...fast("vfio_device_ops", ["attach_ioas", "detach_ioas", "bind_iommufd", "unbind_iommufd", "pasid_attach_ioas", "pasid_detach_ioas"]),
  ...fast("vfio_iommu_driver_ops", ["attach_group", "detach_group"]),
  ...slow("pci_driver", ["remove", "shutdown"]),
  ...slow("platform_driver", ["remove", "remove_new", "shutdown"]),
  ...slow("amba_driver", ["remove"]),
  ...slow("auxiliary_driver", ["remove"]),
  ...slow("virtio_driver", ["remove"]),
  ...slow("i2c_driver", ["remove"]),
  ...slow("usb_driver", ["disconnect"]),
  ...slow("device_driver", ["remove"]),
  // net/sched/act_api.c, tcf_action_init_1(): makes an action, or changes one that is in use.
  { table: "tc_action_ops", field: "init", pace: "other", life: "running" },
];

const setupFields = new Set(["probe", "init", "probe_device", "probe_finalize", "domain_alloc", "domain_alloc_paging", "domain_alloc_user", "newlink", "ndo_init"]);
const teardownFields = new Set(["remove", "remove_new", "shutdown", "release", "disconnect", "destroy", "exit", "uninit", "free", "domain_free", "release_device", "kill_sb", "put_super", "priv_destructor", "ndo_uninit", "exit_batch", "exit_batch_rtnl", "pre_exit", "free_inode"]);

/** The role of `.field = f` in an initialiser of `struct table`. Unknown tables give a role that promises nothing. */
export function entryRoleOf(table: string, field: string): EntryRole {
  const known = roles.find((role) => role.table === table && role.field === field);
  if (known !== undefined) return known;
  const life = setupFields.has(field) ? "setup" : teardownFields.has(field) ? "teardown" : "running";
  return { table, field, pace: "other", life };
}

/** Macros at file scope that name a function which modules may call (include/linux/export.h). */
export const exportMacros: ReadonlySet<string> = new Set(["EXPORT_SYMBOL", "EXPORT_SYMBOL_GPL", "EXPORT_SYMBOL_NS", "EXPORT_SYMBOL_NS_GPL"]);

/** Macros at file scope that name an entry function. */
export const moduleHooks: ReadonlyMap<string, EntryRole> = new Map([
  ["module_exit", { table: "module", field: "exit", pace: "slow", life: "teardown" }],
  ["module_init", { table: "module", field: "init", pace: "other", life: "setup" }],
  ...["core_initcall", "subsys_initcall", "arch_initcall", "device_initcall", "fs_initcall", "late_initcall", "rootfs_initcall", "postcore_initcall", "early_initcall"].map(
    (name) => [name, { table: "module", field: "init", pace: "other", life: "setup" }] as const,
  ),
] as const);
