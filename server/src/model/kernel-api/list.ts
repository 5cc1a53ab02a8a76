import type { HeaderRows } from "./schema.ts";

export const rculist: HeaderRows = {
  header: "include/linux/rculist.h",
  also: ["include/linux/rculist_nulls.h", "include/linux/rculist_bl.h", "include/linux/list.h"],
  rows: [
    { names: ["list_add_rcu", "list_add_tail_rcu", "hlist_add_head_rcu", "hlist_add_tail_rcu"], effects: [{ kind: "list-add", element: 0, head: 1, rcu: true }] },
    { names: ["hlist_add_before_rcu", "hlist_add_behind_rcu"], effects: [{ kind: "list-add", element: 0, head: 1, rcu: true }] },
    { names: ["list_del_rcu", "hlist_del_rcu", "hlist_nulls_del_rcu", "hlist_bl_del_rcu"], effects: [{ kind: "list-delete", element: 0, rcu: true }] },
    { names: ["list_bidir_del_rcu"], effects: [{ kind: "list-delete", element: 0, rcu: true }], since: "6.14" },
    { names: ["hlist_del_init_rcu", "hlist_nulls_del_init_rcu"], effects: [{ kind: "list-delete", element: 0, rcu: true, reinit: true }] },
    { names: ["list_replace_rcu", "hlist_replace_rcu"], effects: [{ kind: "list-replace", old: 0, element: 1, rcu: true }] },
    { names: ["list_for_each_entry_rcu", "hlist_for_each_entry_rcu", "hlist_for_each_entry_rcu_bh", "hlist_for_each_entry_rcu_notrace", "list_for_each_entry_lockless"], effects: [{ kind: "list-walk", cursor: 0, head: 1, member: 2, rcu: true }] },
    { names: ["list_for_each_entry_srcu", "hlist_for_each_entry_srcu"], effects: [{ kind: "list-walk", cursor: 0, head: 1, member: 2, rcu: true, flavour: "srcu" }] },
    { names: ["list_for_each_entry_continue_rcu", "list_for_each_entry_from_rcu"], effects: [{ kind: "list-walk", cursor: 0, head: 1, member: 2, rcu: true }] },
    { names: ["list_for_each_rcu"], effects: [{ kind: "list-walk", cursor: 0, head: 1, rcu: true }] },
    { names: ["list_first_or_null_rcu"], effects: [{ kind: "list-peek", head: 0, member: 2, rcu: true }] },
    { names: ["list_entry_rcu"], effects: [{ kind: "container", pointer: 0, type: 1, member: 2 }] },
    { names: ["INIT_LIST_HEAD_RCU"], effects: [] },
  ],
};

export const list: HeaderRows = {
  header: "include/linux/list.h",
  also: ["include/linux/rbtree.h", "include/linux/container_of.h"],
  rows: [
    { names: ["list_add", "list_add_tail", "hlist_add_head", "__list_add"], effects: [{ kind: "list-add", element: 0, head: 1, rcu: false }] },
    { names: ["list_del", "hlist_del", "__list_del_entry"], effects: [{ kind: "list-delete", element: 0, rcu: false }] },
    { names: ["list_del_init", "hlist_del_init", "list_del_init_careful"], effects: [{ kind: "list-delete", element: 0, rcu: false, reinit: true }] },
    { names: ["list_move", "list_move_tail"], effects: [{ kind: "list-move", element: 0, head: 1 }] },
    { names: ["list_replace", "list_replace_init"], effects: [{ kind: "list-replace", old: 0, element: 1, rcu: false }] },
    { names: ["list_for_each_entry", "list_for_each_entry_reverse", "hlist_for_each_entry", "list_for_each_entry_continue", "list_for_each_entry_from", "list_for_each_entry_from_reverse", "list_for_each_entry_continue_reverse"], effects: [{ kind: "list-walk", cursor: 0, head: 1, member: 2, rcu: false }] },
    { names: ["list_for_each_entry_safe", "list_for_each_entry_safe_reverse"], effects: [{ kind: "list-walk", cursor: 0, next: 1, head: 2, member: 3, rcu: false }] },
    { names: ["hlist_for_each_entry_safe"], effects: [{ kind: "list-walk", cursor: 0, next: 1, head: 2, member: 3, rcu: false }] },
    { names: ["list_first_entry", "list_last_entry", "list_first_entry_or_null"], effects: [{ kind: "list-peek", head: 0, member: 2, rcu: false }] },
    { names: ["list_entry", "rb_entry", "rb_entry_safe"], effects: [{ kind: "container", pointer: 0, type: 1, member: 2 }] },
    { names: ["hlist_entry", "hlist_entry_safe"], effects: [{ kind: "container", pointer: 0, type: 1, member: 2, first: "first" }] },
    { names: ["container_of", "container_of_const"], effects: [{ kind: "container", pointer: 0, type: 1, member: 2 }] },
    { names: ["INIT_LIST_HEAD", "INIT_HLIST_NODE"], effects: [{ kind: "touch", pointer: 0, write: true }] },
    { names: ["list_empty", "list_empty_careful", "list_is_singular", "list_is_last", "list_is_first", "hlist_empty", "hlist_unhashed", "list_count_nodes"], effects: [{ kind: "touch", pointer: 0, write: false }] },
    { names: ["INIT_HLIST_HEAD", "list_splice", "list_splice_init", "list_splice_tail", "list_splice_tail_init", "list_rotate_left"], effects: [] },
  ],
};
