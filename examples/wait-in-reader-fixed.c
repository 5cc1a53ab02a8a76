// SPDX-License-Identifier: MIT
/*
 * The twin of wait-in-reader.c: release is the only one that drops bonds, and it
 * looks for one under the lock, without a read-side section.
 * rcu/grace-period-in-reader: silent.
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

static void wrx_release_device(struct wrx_domain *domain, struct device *dev)
{
	struct wrx_bond *bond, *found = NULL;

	spin_lock(&domain->lock);
	list_for_each_entry(bond, &domain->bonds, list) {
		if (bond->dev == dev) {
			list_del_rcu(&bond->list);
			found = bond;
			break;
		}
	}
	spin_unlock(&domain->lock);
	if (!found)
		return;
	synchronize_rcu();
	kfree(found);
}
