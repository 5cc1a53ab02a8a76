// SPDX-License-Identifier: MIT
/*
 * Unregister switches to the default allocator and frees the old one right after
 * that, while a reader that loaded the pointer before still uses it.
 *
 * Thread: iommu: I/O address space ID allocator, September 2019.
 * rcu/free-before-grace-period: confirmed.
 */
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct isx_allocator {
	unsigned long flags;
	void *ids;
	struct rcu_head rcu;
};

static struct isx_allocator isx_default;
static DEFINE_SPINLOCK(isx_lock);
static struct isx_allocator __rcu *isx_active;

void *isx_find(unsigned int id)
{
	struct isx_allocator *allocator;
	void *ids = NULL;

	rcu_read_lock();
	allocator = rcu_dereference(isx_active);
	if (allocator)
		ids = allocator->ids;
	rcu_read_unlock();
	return ids;
}

void isx_unregister(void)
{
	struct isx_allocator *old;

	spin_lock(&isx_lock);
	old = rcu_dereference_protected(isx_active, lockdep_is_held(&isx_lock));
	rcu_assign_pointer(isx_active, &isx_default);
	kfree(old);
	spin_unlock(&isx_lock);
}
