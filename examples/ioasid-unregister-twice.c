// SPDX-License-Identifier: MIT
/*
 * Two callers unregister the same allocator at once. With no lock both find it on
 * the list, both take it out and both free it.
 *
 * Thread: iommu: I/O address space ID allocator, September 2019.
 * rcu/update-without-lock: confirmed.
 */
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct iux_allocator {
	struct list_head list;
	void *pdata;
	struct rcu_head rcu;
};

static DEFINE_SPINLOCK(iux_lock);
static LIST_HEAD(iux_allocators);

bool iux_is_registered(void *pdata)
{
	struct iux_allocator *allocator;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(allocator, &iux_allocators, list) {
		if (allocator->pdata == pdata) {
			found = true;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

int iux_register(void *pdata)
{
	struct iux_allocator *allocator;

	allocator = kzalloc(sizeof(*allocator), GFP_KERNEL);
	if (!allocator)
		return -ENOMEM;
	allocator->pdata = pdata;

	spin_lock(&iux_lock);
	list_add_rcu(&allocator->list, &iux_allocators);
	spin_unlock(&iux_lock);
	return 0;
}

void iux_replace(struct iux_allocator *old, struct iux_allocator *allocator)
{
	spin_lock(&iux_lock);
	list_replace_rcu(&old->list, &allocator->list);
	spin_unlock(&iux_lock);
	kfree_rcu(old, rcu);
}

void iux_unregister(void *pdata)
{
	struct iux_allocator *allocator;

	list_for_each_entry(allocator, &iux_allocators, list) {
		if (allocator->pdata != pdata)
			continue;
		list_del_rcu(&allocator->list);
		kfree_rcu(allocator, rcu);
		break;
	}
}
