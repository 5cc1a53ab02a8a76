// SPDX-License-Identifier: MIT
/*
 * The link of the freelist and the rcu_head share their storage, as lru and
 * rcu_head of struct page do. Queueing a table overwrites the link by which the
 * walk goes on.
 *
 * Thread: iommu: RCU-protected page free, June 2022.
 * rcu/head-overlaps-list: confirmed.
 */
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct pux_table {
	union {
		struct list_head link;
		struct rcu_head rcu;
	};
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
