import type { DetailEffect, StoreKind } from "./detail-schema.ts";
import { partly } from "./partly.ts";
import type { ApiRow, HeaderRows } from "./schema.ts";

const adds = (names: readonly string[], store: StoreKind, element: number, container: number, rcu: boolean): ApiRow => partly(names, [{ kind: "insert", store, container, element, rcu }]);
const finds = (names: readonly string[], store: StoreKind, how: Pick<DetailEffect & { readonly kind: "lookup" }, "container" | "key" | "cursor" | "rcu">): ApiRow => partly(names, [{ kind: "lookup", store, ...how }]);

/** Their objects may be type-stable rather than RCU-freed, so they are not lists to the rules that look at lists. */
export const nulls: HeaderRows = {
  header: "include/linux/rculist_nulls.h",
  rows: [
    adds(["hlist_nulls_add_head_rcu", "hlist_nulls_add_tail_rcu"], "hlist-nulls", 0, 1, true),
    finds(["hlist_nulls_for_each_entry_rcu", "hlist_nulls_for_each_entry_safe"], "hlist-nulls", { container: 2, cursor: 0, rcu: true }),
  ],
};

export const bitLockList: HeaderRows = {
  header: "include/linux/rculist_bl.h",
  rows: [
    adds(["hlist_bl_add_head_rcu"], "hlist-bl", 0, 1, true),
    finds(["hlist_bl_for_each_entry_rcu"], "hlist-bl", { container: 2, cursor: 0, rcu: true }),
  ],
};

export const llist: HeaderRows = {
  header: "include/linux/llist.h",
  rows: [
    adds(["llist_add"], "llist", 0, 1, false),
    finds(["llist_del_all", "llist_del_first"], "llist", { container: 0, rcu: false }),
  ],
};

/** Buckets of hlists, of which the table is the head: hash_del() is hlist_del_init(). */
export const hashtable: HeaderRows = {
  header: "include/linux/hashtable.h",
  rows: [
    { names: ["hash_add"], effects: [{ kind: "list-add", element: 1, head: 0, isTable: true, rcu: false }] },
    { names: ["hash_add_rcu"], effects: [{ kind: "list-add", element: 1, head: 0, isTable: true, rcu: true }] },
    { names: ["hash_del"], effects: [{ kind: "list-delete", element: 0, rcu: false, reinit: true }] },
    { names: ["hash_del_rcu"], effects: [{ kind: "list-delete", element: 0, rcu: true, reinit: true }] },
    { names: ["hash_for_each"], effects: [{ kind: "list-walk", cursor: 2, head: 0, isTable: true, member: 3, rcu: false }] },
    { names: ["hash_for_each_rcu"], effects: [{ kind: "list-walk", cursor: 2, head: 0, isTable: true, member: 3, rcu: true }] },
    { names: ["hash_for_each_safe"], effects: [{ kind: "list-walk", cursor: 3, next: 2, head: 0, isTable: true, member: 4, rcu: false }] },
    { names: ["hash_for_each_possible"], effects: [{ kind: "list-walk", cursor: 1, head: 0, isTable: true, member: 2, key: 3, rcu: false }] },
    { names: ["hash_for_each_possible_rcu", "hash_for_each_possible_rcu_notrace"], effects: [{ kind: "list-walk", cursor: 1, head: 0, isTable: true, member: 2, key: 3, rcu: true }] },
    { names: ["hash_for_each_possible_safe"], effects: [{ kind: "list-walk", cursor: 1, next: 2, head: 0, isTable: true, member: 3, key: 4, rcu: false }] },
    { names: ["hash_init", "hash_empty", "hash_hashed"], effects: [] },
  ],
};

/** What looks up is an RCU reader; the element that comes in is its `struct rhash_head`. */
export const rhashtable: HeaderRows = {
  header: "include/linux/rhashtable.h",
  rows: [
    finds(["rhashtable_lookup", "rhashtable_lookup_fast", "rhltable_lookup"], "rhashtable", { container: 0, key: 1, rcu: true }),
    // lib/rhashtable.c: under the bucket's lock alone; a table that grows does so in a work item, and old ones go by call_rcu().
    { names: ["rhashtable_insert_fast", "rhashtable_lookup_insert_fast"], effects: [{ kind: "insert", store: "rhashtable", container: 0, element: 1, rcu: true }] },
    { names: ["rhashtable_lookup_insert_key"], effects: [{ kind: "insert", store: "rhashtable", container: 0, element: 2, rcu: true }] },
    adds(["rhashtable_replace_fast", "rhltable_insert_key"], "rhashtable", 2, 0, true),
    // What was there already, or NULL: then the new one went in.
    partly(["rhashtable_lookup_get_insert_fast"], [{ kind: "insert", store: "rhashtable", container: 0, element: 1, rcu: true }, { kind: "lookup", store: "rhashtable", container: 0, rcu: true }]),
    partly(["rhashtable_lookup_get_insert_key"], [{ kind: "insert", store: "rhashtable", container: 0, element: 2, key: 1, rcu: true }, { kind: "lookup", store: "rhashtable", container: 0, key: 1, rcu: true }]),
    { names: ["rhashtable_remove_fast"], effects: [{ kind: "remove", store: "rhashtable", container: 0, element: 1, rcu: true }] },
    finds(["rhashtable_walk_next"], "rhashtable", { container: 0, rcu: true }),
  ],
};
