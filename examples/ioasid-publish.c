// SPDX-License-Identifier: MIT
/*
 * A new allocator becomes the active one by a plain store. A reader may find it
 * before its fields are there.
 *
 * Thread: iommu: I/O address space ID allocator, September 2019.
 * rcu/missing-assign-pointer: confirmed.
 */
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct ipx_allocator {
	unsigned long flags;
	void *ids;
};

static DEFINE_SPINLOCK(ipx_lock);
static struct ipx_allocator __rcu *ipx_active;

void *ipx_find(unsigned int id)
{
	struct ipx_allocator *allocator;
	void *ids = NULL;

	rcu_read_lock();
	allocator = rcu_dereference(ipx_active);
	if (allocator)
		ids = allocator->ids;
	rcu_read_unlock();
	return ids;
}

int ipx_register(void *ids)
{
	struct ipx_allocator *allocator;

	allocator = kzalloc(sizeof(*allocator), GFP_KERNEL);
	if (!allocator)
		return -ENOMEM;
	allocator->ids = ids;
	allocator->flags = 1;

	spin_lock(&ipx_lock);
	ipx_active = allocator;
	spin_unlock(&ipx_lock);
	return 0;
}
