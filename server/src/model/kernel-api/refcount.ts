import { rmw } from "./atomics.ts";
import type { HeaderRows } from "./schema.ts";

/** Orders: include/linux/refcount.h, "Memory ordering". Success of a conditional one is what the value says. */
export const refcount: HeaderRows = {
  header: "include/linux/refcount.h",
  rows: [
    { names: ["refcount_inc"], effects: [{ kind: "ref-get", counter: 0 }, rmw(0, "relaxed")] },
    { names: ["refcount_add"], effects: [{ kind: "ref-get", counter: 1 }, rmw(1, "relaxed")] },
    { names: ["refcount_inc_not_zero"], effects: [{ kind: "ref-get", counter: 0, conditional: true }, rmw(0, "relaxed", { conditional: true, returns: true })] },
    { names: ["refcount_add_not_zero"], effects: [{ kind: "ref-get", counter: 1, conditional: true }, rmw(1, "relaxed", { conditional: true, returns: true })] },
    { names: ["refcount_dec_and_test", "refcount_dec_and_lock", "refcount_dec_and_lock_irqsave", "refcount_dec_and_mutex_lock"], effects: [{ kind: "touch", pointer: 0, write: true }, { kind: "ref-put", counter: 0 }, rmw(0, "release", { returns: true })] },
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
    { names: ["kref_put", "kref_put_mutex", "kref_put_lock"], effects: [{ kind: "ref-put", counter: 0, release: 1 }, rmw(0, "release", { returns: true })], maySleep: true },
    { names: ["kref_init"], effects: [{ kind: "atomic", access: "write", pointer: 0, order: "relaxed" }] },
    { names: ["kref_read"], effects: [{ kind: "touch", pointer: 0, write: false }, { kind: "atomic", access: "read", pointer: 0, order: "relaxed" }] },
  ],
};

/** References of objects of the core kernel. A put may end the object: the release function is one that others gave. */
export const objects: HeaderRows = {
  header: "include/linux/kobject.h",
  rows: [
    { names: ["get_device", "kobject_get", "dev_hold", "of_node_get", "mmget", "mmgrab", "eventfd_ctx_get"], effects: [{ kind: "ref-get", counter: 0 }] },
    { names: ["kobject_get_unless_zero", "mmget_not_zero", "percpu_ref_tryget_live", "percpu_ref_tryget", "get_file_rcu", "folio_try_get", "get_page_unless_zero"], effects: [{ kind: "ref-get", counter: 0, conditional: true }] },
    { names: ["put_device", "pci_dev_put", "of_node_put", "eventfd_ctx_put", "fput", "kobject_put", "dev_put", "mmput", "mmdrop", "iommu_group_put"], effects: [{ kind: "ref-put", counter: 0 }] },
  ],
};
