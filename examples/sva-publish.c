// SPDX-License-Identifier: MIT
/*
 * The bond leads to the io_mm, and is on the list before the context of the io_mm is
 * set: an invalidation that finds the bond uses no context.
 *
 * Thread: mm/mmu_notifiers: pass private data down to alloc_notifier(), February 2020.
 * rcu/publish-before-init: confirmed.
 */
#include <linux/mmu_notifier.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct spx_mm {
	struct list_head devices;
	void *ctx;
};

struct spx_bond {
	struct list_head mm_head;
	struct spx_mm __rcu *mm;
	struct device *dev;
};

static DEFINE_SPINLOCK(spx_lock);

static void spx_invalidate(struct spx_mm *notified, unsigned long start, unsigned long end)
{
	struct spx_bond *bond;
	struct spx_mm *mm;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &notified->devices, mm_head) {
		mm = rcu_dereference(bond->mm);
		spx_send_inval(bond->dev, mm->ctx, start, end);
	}
	rcu_read_unlock();
}

static int spx_attach(struct spx_mm *mm, struct device *dev, void *ctx)
{
	struct spx_bond *bond;

	bond = kzalloc(sizeof(*bond), GFP_KERNEL);
	if (!bond)
		return -ENOMEM;
	bond->dev = dev;
	rcu_assign_pointer(bond->mm, mm);

	spin_lock(&spx_lock);
	list_add_rcu(&bond->mm_head, &mm->devices);
	spin_unlock(&spx_lock);
	mm->ctx = ctx;
	return 0;
}
