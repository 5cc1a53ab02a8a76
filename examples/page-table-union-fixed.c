// SPDX-License-Identifier: MIT
/*
 * The twin of page-table-union.c: link and rcu_head lie side by side.
 * rcu/head-overlaps-list: silent.
 */
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct pux_table {
	struct list_head link;
	struct rcu_head rcu;
	u64 *entries;
};

static void pux_free_table_rcu(struct rcu_head *head)
{
	struct pux_table *table = container_of(head, struct pux_table, rcu);

	free_page((unsigned long)table->entries);
	kfree(table);
}

/* What a flush queue has gathered, after the IOTLB was flushed. */
void pux_free_tables(struct list_head *freelist)
{
	struct pux_table *table;

	list_for_each_entry(table, freelist, link)
		call_rcu(&table->rcu, pux_free_table_rcu);
}
