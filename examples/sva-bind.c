// SPDX-License-Identifier: MIT
/*
 * The bond is put on the RCU list before the io_mm it leads to is initialised,
 * and the invalidation reads the io_mm pointer plainly.
 *
 * Thread: mm/mmu_notifiers: pass private data down to alloc_notifier(), February 2020.
 * rcu/missing-dereference notes the plain load (only the compiler can break it).
 * rcu/publish-before-init: confirmed.
 */
#include <linux/mmu_notifier.h>
#include <linux/rculist.h>

struct svx_mm {
	struct list_head devices;
	void *ctx;
};

struct svx_bond {
	struct list_head mm_head;
	struct svx_mm __rcu *mm;
	struct device *dev;
};

static void svx_invalidate(struct svx_mm *notified, unsigned long start, unsigned long end)
{
	struct svx_bond *bond;
	struct svx_mm *mm;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &notified->devices, mm_head) {
		mm = bond->mm;
		svx_send_inval(bond->dev, mm->ctx, start, end);
	}
	rcu_read_unlock();
}

static void svx_attach(struct svx_mm *mm, struct svx_bond *bond, void *ctx)
{
	rcu_assign_pointer(bond->mm, mm);
	list_add_rcu(&bond->mm_head, &mm->devices);
	mm->ctx = ctx;
}
