import type { HeaderRows } from "./schema.ts";

export const barrier: HeaderRows = {
  header: "include/asm-generic/barrier.h",
  rows: [
    { names: ["smp_mb", "mb", "dma_mb"], effects: [{ kind: "fence", fence: "mb" }] },
    { names: ["smp_rmb", "rmb", "dma_rmb", "smp_acquire__after_ctrl_dep"], effects: [{ kind: "fence", fence: "rmb" }] },
    { names: ["smp_wmb", "wmb", "dma_wmb"], effects: [{ kind: "fence", fence: "wmb" }] },
    { names: ["barrier"], effects: [{ kind: "fence", fence: "barrier" }] },
    { names: ["smp_mb__before_atomic"], effects: [{ kind: "fence", fence: "before-atomic" }] },
    { names: ["smp_mb__after_atomic"], effects: [{ kind: "fence", fence: "after-atomic" }] },
    { names: ["smp_mb__after_spinlock"], effects: [{ kind: "fence", fence: "after-spinlock" }] },
    { names: ["READ_ONCE", "__READ_ONCE"], effects: [{ kind: "load", pointer: 0, access: "once" }] },
    { names: ["WRITE_ONCE", "__WRITE_ONCE"], effects: [{ kind: "store", pointer: 0, value: 1, access: "once" }] },
    { names: ["smp_load_acquire"], effects: [{ kind: "load", pointer: 0, access: "acquire", byAddress: true }] },
    { names: ["smp_store_release"], effects: [{ kind: "store", pointer: 0, value: 1, access: "release", byAddress: true }] },
    { names: ["xchg", "xchg_relaxed", "xchg_acquire", "xchg_release", "try_cmpxchg", "xchg_tail"], effects: [{ kind: "exchange", pointer: 0, value: 1, byAddress: true }] },
    { names: ["cmpxchg", "cmpxchg_relaxed", "cmpxchg_acquire", "cmpxchg_release", "cmpxchg64", "cmpxchg64_relaxed"], effects: [{ kind: "exchange", pointer: 0, value: 2, byAddress: true }] },
  ],
};

export const refcount: HeaderRows = {
  header: "include/linux/refcount.h",
  rows: [
    { names: ["refcount_inc", "kref_get", "atomic_inc", "refcount_add", "get_device", "kobject_get", "dev_hold", "of_node_get", "mmget", "mmgrab", "eventfd_ctx_get"], effects: [{ kind: "ref-get", counter: 0 }] },
    { names: ["refcount_inc_not_zero", "kref_get_unless_zero", "atomic_inc_not_zero", "atomic_add_unless", "kobject_get_unless_zero", "mmget_not_zero", "percpu_ref_tryget_live", "percpu_ref_tryget", "get_file_rcu", "folio_try_get", "get_page_unless_zero"], effects: [{ kind: "ref-get", counter: 0, conditional: true }] },
    { names: ["kref_put", "kref_put_mutex", "kref_put_lock"], effects: [{ kind: "ref-put", counter: 0, release: 1 }], maySleep: true },
    { names: ["put_device", "pci_dev_put", "of_node_put", "eventfd_ctx_put", "fput", "kobject_put", "dev_put", "mmput", "mmdrop", "iommu_group_put"], effects: [{ kind: "ref-put", counter: 0 }] },
    { names: ["refcount_dec_and_test", "atomic_dec_and_test", "refcount_sub_and_test", "refcount_dec_and_lock", "refcount_dec_and_mutex_lock"], effects: [{ kind: "touch", pointer: 0, write: true }, { kind: "ref-put", counter: 0 }] },
    { names: ["refcount_dec", "atomic_dec", "atomic_add", "atomic_sub", "refcount_set", "kref_init", "atomic_set", "atomic_long_set", "atomic64_set", "atomic64_inc", "atomic_long_inc", "atomic_inc_return", "atomic_dec_return", "atomic_fetch_add", "atomic_xchg", "atomic_cmpxchg", "set_bit", "clear_bit", "test_and_set_bit", "test_and_clear_bit", "__set_bit", "__clear_bit", "change_bit", "assign_bit"], effects: [] },
    { names: ["atomic_read", "atomic64_read", "atomic_long_read", "refcount_read", "kref_read"], effects: [{ kind: "touch", pointer: 0, write: false }] },
    { names: ["test_bit", "test_bit_acquire"], effects: [{ kind: "touch", pointer: 1, write: false }] },
  ],
};
