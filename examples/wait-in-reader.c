// SPDX-License-Identifier: MIT
/*
 * The bond of a device is looked up in a read-side section, and dropped before
 * the section ends: the wait in it is for a section that waits for it.
 *
 * Thread: iommu/riscv paging domain support, May 2024 (synchronize_rcu() on release).
 * rcu/grace-period-in-reader: confirmed.
 */
#include <linux/iommu.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct wrx_domain {
	struct iommu_domain domain;
	struct list_head bonds;
	spinlock_t lock;
};

struct wrx_bond {
	struct list_head list;
	struct device *dev;
};

static void wrx_inval(struct wrx_domain *domain)
{
	struct wrx_bond *bond;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		wrx_send_inval(bond->dev);
	rcu_read_unlock();
}

static void wrx_bond_drop(struct wrx_domain *domain, struct wrx_bond *bond)
{
	spin_lock(&domain->lock);
	list_del_rcu(&bond->list);
	spin_unlock(&domain->lock);
	synchronize_rcu();
	kfree(bond);
}

static void wrx_release_device(struct wrx_domain *domain, struct device *dev)
{
	struct wrx_bond *bond, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list) {
		if (bond->dev == dev) {
			found = bond;
			break;
		}
	}
	if (found)
		wrx_bond_drop(domain, found);
	rcu_read_unlock();
}
