// SPDX-License-Identifier: MIT
/*
 * The twin of s390-relink.c: each domain has an entry of its own for the device, so that
 * no links are used again. The old entry goes by kfree_rcu(), and attach waits for nothing.
 * rcu/node-reused-before-grace-period: silent. rcu/free-before-grace-period: refuted.
 */
#include <linux/iommu.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct zlx_entry {
	struct list_head list;
	u32 handle;
	struct rcu_head rcu;
};

struct zlx_dev {
	struct zlx_entry *entry;
	struct zlx_domain *domain;
	u32 handle;
};

struct zlx_domain {
	struct iommu_domain domain;
	struct list_head devices;
	spinlock_t list_lock;
	unsigned long *dma_table;
};

#define to_zlx_domain(d) container_of(d, struct zlx_domain, domain)

static void zlx_flush_iotlb_all(struct iommu_domain *domain)
{
	struct zlx_domain *zlx_domain = to_zlx_domain(domain);
	struct zlx_entry *entry;

	rcu_read_lock();
	list_for_each_entry_rcu(entry, &zlx_domain->devices, list)
		zpci_refresh_trans((u64)entry->handle << 32, 0, -1UL);
	rcu_read_unlock();
}

static int zlx_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct zlx_dev *zdev = dev_iommu_priv_get(dev);
	struct zlx_domain *to = to_zlx_domain(domain);
	struct zlx_domain *from = zdev->domain;
	struct zlx_entry *entry, *old = zdev->entry;
	unsigned long flags;

	entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return -ENOMEM;
	entry->handle = zdev->handle;

	spin_lock_irqsave(&to->list_lock, flags);
	list_add_rcu(&entry->list, &to->devices);
	spin_unlock_irqrestore(&to->list_lock, flags);
	zdev->entry = entry;
	zdev->domain = to;

	spin_lock_irqsave(&from->list_lock, flags);
	list_del_rcu(&old->list);
	spin_unlock_irqrestore(&from->list_lock, flags);
	kfree_rcu(old, rcu);
	return 0;
}

static const struct iommu_domain_ops zlx_domain_ops = {
	.attach_dev = zlx_attach_dev,
	.flush_iotlb_all = zlx_flush_iotlb_all,
};
