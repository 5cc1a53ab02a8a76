// SPDX-License-Identifier: MIT
/*
 * Readers use the active allocator under rcu_read_lock(); unregister frees it
 * and only then switches to another, and no access to the pointer is marked.
 *
 * Thread: iommu: I/O address space ID allocator, September 2019.
 * rcu/free-before-grace-period: undecided, since no access says that the pointer is
 * RCU-protected; ioasid-switch.c and ioasid-publish.c are the same with marked accesses.
 */
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct idx_allocator {
	struct list_head list;
	unsigned long flags;
	void *ids;
};

static DEFINE_SPINLOCK(idx_lock);
static LIST_HEAD(idx_allocators);
static struct idx_allocator idx_default;
static struct idx_allocator *idx_active = &idx_default;

void *idx_find(unsigned int id)
{
	struct idx_allocator *allocator;
	void *ids;

	rcu_read_lock();
	allocator = idx_active;
	ids = allocator->ids;
	rcu_read_unlock();
	return ids;
}

void idx_unregister(void)
{
	struct idx_allocator *old;

	spin_lock(&idx_lock);
	old = idx_active;
	list_del(&old->list);
	kfree(old);
	idx_active = &idx_default;
	spin_unlock(&idx_lock);
}
