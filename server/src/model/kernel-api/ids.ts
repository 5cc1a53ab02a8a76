import type { DetailEffect, StoreKind } from "./detail-schema.ts";
import { partly } from "./partly.ts";
import type { ApiRow, EffectSpec, HeaderRows } from "./schema.ts";

const finds = (store: StoreKind, key?: number): DetailEffect => ({ kind: "lookup", store, container: 0, ...(key === undefined ? {} : { key }), rcu: true });
/** A loop over all entries, whose element is the variable `cursor`. */
const walks = (store: StoreKind, cursor: number): DetailEffect => ({ kind: "lookup", store, container: 0, cursor, rcu: true });
const puts = (store: StoreKind, element: number, key?: number): DetailEffect => ({ kind: "insert", store, container: 0, element, ...(key === undefined ? {} : { key }), rcu: true });
const takes = (store: StoreKind, key: number): DetailEffect => ({ kind: "remove", store, container: 0, key, rcu: true });
const known = (names: readonly string[], ...effects: EffectSpec[]): ApiRow => ({ names, effects });
/** Frees what the container itself has allocated. */
const looksAtAll: EffectSpec = { kind: "touch", pointer: 0, write: true };
const gives = (out?: number): DetailEffect => ({ kind: "tag-alloc", space: 0, ...(out === undefined ? {} : { out }) });
/** Called under the array's lock, which they let go while they allocate with flags that may sleep. */
const underXaLock: DetailEffect = { kind: "needs-lock", name: "xa_lock" };
const back: DetailEffect = { kind: "tag-release", space: 0, tag: 1 };

export const idr: HeaderRows = {
  header: "include/linux/idr.h",
  rows: [
    known(["ida_alloc", "ida_alloc_range", "ida_alloc_max", "ida_alloc_min"], gives()),
    known(["ida_free"], back),
    known(["ida_init"]),
    known(["ida_destroy", "idr_destroy"], looksAtAll),
    known(["idr_find"], finds("idr", 1)),
    known(["idr_alloc"], puts("idr", 1), gives()),
    known(["idr_remove"], takes("idr", 1), back),
    partly(["idr_alloc_cyclic"], [puts("idr", 1), gives()]),
    partly(["idr_alloc_u32"], [puts("idr", 1), gives(2)]),
    partly(["idr_replace"], [puts("idr", 1, 2)]),
    partly(["idr_get_next", "idr_get_next_ul"], [finds("idr")]),
    partly(["idr_for_each_entry", "idr_for_each_entry_continue"], [walks("idr", 1)]),
    partly(["idr_for_each_entry_ul", "idr_for_each_entry_continue_ul"], [walks("idr", 1)]),
  ],
};

export const xarray: HeaderRows = {
  header: "include/linux/xarray.h",
  rows: [
    known(["xa_load", "xa_find", "xa_find_after"], finds("xarray", 1)),
    known(["xa_store", "xa_insert"], puts("xarray", 2, 1)),
    known(["xa_alloc"], puts("xarray", 2), gives(1)),
    known(["xa_erase"], takes("xarray", 1), back),
    known(["xa_init", "xa_init_flags"]),
    known(["xa_empty"], { kind: "touch", pointer: 0, write: false }),
    known(["xa_destroy"], looksAtAll),
    partly(["xa_store_irq", "xa_store_bh", "xa_insert_irq", "xa_insert_bh"], [puts("xarray", 2, 1)]),
    partly(["__xa_store", "__xa_insert"], [puts("xarray", 2, 1), underXaLock]),
    partly(["xa_alloc_irq", "xa_alloc_bh", "xa_alloc_cyclic", "xa_alloc_cyclic_irq", "xa_alloc_cyclic_bh"], [puts("xarray", 2), gives(1)]),
    partly(["__xa_alloc", "__xa_alloc_cyclic"], [puts("xarray", 2), gives(1), underXaLock]),
    partly(["xa_erase_irq", "xa_erase_bh", "__xa_erase"], [takes("xarray", 1), back]),
    partly(["xa_cmpxchg", "xa_cmpxchg_irq", "xa_cmpxchg_bh"], [puts("xarray", 3, 1)]),
    partly(["__xa_cmpxchg"], [puts("xarray", 3, 1), underXaLock]),
    partly(["xa_for_each", "xa_for_each_range", "xa_for_each_start", "xa_for_each_marked"], [walks("xarray", 2)]),
  ],
};

export const radixTree: HeaderRows = {
  header: "include/linux/radix-tree.h",
  rows: [
    partly(["radix_tree_lookup"], [finds("radix-tree", 1)]),
    partly(["radix_tree_insert"], [puts("radix-tree", 2, 1)]),
    partly(["radix_tree_delete", "radix_tree_delete_item"], [takes("radix-tree", 1)]),
  ],
};

/** A maple tree frees its own nodes after a grace period; what was stored is its owner's. */
export const mapleTree: HeaderRows = {
  header: "include/linux/maple_tree.h",
  rows: [
    partly(["mtree_load"], [finds("maple-tree", 1)]),
    partly(["mtree_store", "mtree_insert"], [puts("maple-tree", 2, 1)]),
    partly(["mtree_erase"], [takes("maple-tree", 1)]),
  ],
};

/** RDMA resources by type and number. A reference of the entry itself comes with it, none of what the entry is part of. */
export const restrack: HeaderRows = {
  header: "include/rdma/restrack.h",
  rows: [partly(["rdma_restrack_get_byid"], [{ kind: "lookup", store: "xarray", container: 0, key: 2, rcu: true }], { source: "drivers/infiniband/core/restrack.c" })],
};
