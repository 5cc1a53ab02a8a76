// SPDX-License-Identifier: MIT
/*
 * The twin of module-exit.c: rcu_barrier() waits for callbacks that are queued.
 * rcu/missing-barrier-on-exit: silent.
 */
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct mex_bond {
	struct list_head list;
	struct device *dev;
	struct rcu_head rcu;
};

static LIST_HEAD(mex_bonds);
static DEFINE_SPINLOCK(mex_lock);
static struct kmem_cache *mex_cache;

static void mex_bond_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(mex_cache, container_of(head, struct mex_bond, rcu));
}

void mex_bond_unlink(struct mex_bond *bond)
{
	spin_lock(&mex_lock);
	list_del_rcu(&bond->list);
	spin_unlock(&mex_lock);
	call_rcu(&bond->rcu, mex_bond_free_rcu);
}

static int __init mex_init(void)
{
	mex_cache = kmem_cache_create("mex_bond", sizeof(struct mex_bond), 0, 0, NULL);
	return mex_cache ? 0 : -ENOMEM;
}

static void __exit mex_exit(void)
{
	struct mex_bond *bond, *next;

	list_for_each_entry_safe(bond, next, &mex_bonds, list)
		mex_bond_unlink(bond);
	rcu_barrier();
	kmem_cache_destroy(mex_cache);
}

module_init(mex_init);
module_exit(mex_exit);
MODULE_LICENSE("GPL");
