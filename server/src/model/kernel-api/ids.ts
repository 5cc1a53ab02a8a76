import type { DetailEffect, StoreKind } from "./detail-schema.ts";
import { partly } from "./partly.ts";
import type { ApiRow, HeaderRows } from "./schema.ts";

const finds = (store: StoreKind, key?: number): DetailEffect => ({ kind: "lookup", store, container: 0, ...(key === undefined ? {} : { key }), rcu: true });
const puts = (store: StoreKind, element: number, key?: number): DetailEffect => ({ kind: "insert", store, container: 0, element, ...(key === undefined ? {} : { key }), rcu: true });
const takes = (store: StoreKind, key: number): DetailEffect => ({ kind: "remove", store, container: 0, key, rcu: true });
const known = (names: readonly string[], ...effects: DetailEffect[]): ApiRow => ({ names, effects });
const gives = (out?: number): DetailEffect => ({ kind: "tag-alloc", space: 0, ...(out === undefined ? {} : { out }) });
const back: DetailEffect = { kind: "tag-release", space: 0, tag: 1 };

export const idr: HeaderRows = {
  header: "include/linux/idr.h",
  rows: [
    known(["ida_alloc", "ida_alloc_range", "ida_alloc_max", "ida_alloc_min"], gives()),
    known(["ida_free"], back),
    known(["ida_destroy", "ida_init", "idr_destroy"]),
    known(["idr_find"], finds("idr", 1)),
    known(["idr_alloc"], puts("idr", 1), gives()),
    known(["idr_remove"], takes("idr", 1), back),
    partly(["idr_alloc_cyclic"], [puts("idr", 1), gives()]),
    partly(["idr_alloc_u32"], [puts("idr", 1), gives(2)]),
    partly(["idr_replace"], [puts("idr", 1, 2)]),
    partly(["idr_get_next", "idr_get_next_ul"], [finds("idr")]),
  ],
};

export const xarray: HeaderRows = {
  header: "include/linux/xarray.h",
  rows: [
    known(["xa_load", "xa_find"], finds("xarray", 1)),
    known(["xa_store", "xa_insert"], puts("xarray", 2, 1)),
    known(["xa_alloc"], puts("xarray", 2), gives(1)),
    known(["xa_erase"], takes("xarray", 1), back),
    known(["xa_empty", "xa_init", "xa_init_flags", "xa_destroy"]),
    partly(["xa_store_irq", "xa_store_bh", "xa_insert_irq", "xa_insert_bh"], [puts("xarray", 2, 1)]),
    partly(["xa_alloc_irq", "xa_alloc_bh", "xa_alloc_cyclic"], [puts("xarray", 2), gives(1)]),
    partly(["xa_erase_irq", "xa_erase_bh", "__xa_erase"], [takes("xarray", 1), back]),
    partly(["xa_cmpxchg"], [puts("xarray", 3, 1)]),
    partly(["xa_for_each", "xa_for_each_range"], [{ kind: "lookup", store: "xarray", container: 0, cursor: 2, rcu: true }]),
  ],
};

export const radixTree: HeaderRows = {
  header: "include/linux/radix-tree.h",
  rows: [
    partly(["radix_tree_lookup"], [finds("radix-tree", 1)]),
    partly(["radix_tree_insert"], [puts("radix-tree", 2, 1)]),
    partly(["radix_tree_delete"], [takes("radix-tree", 1)]),
  ],
};
