// SPDX-License-Identifier: MIT
/*
 * The twin of s390-domain.c as it should be. The entry goes by kfree_rcu();
 * the domain with its translation table goes from an RCU callback, with the
 * rcu_head in the domain itself, so that freeing a domain waits for nothing.
 * rcu/free-before-grace-period: refuted. rcu/grace-period-on-attach-path: silent.
 */
#include <linux/iommu.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct zpx_domain {
	struct iommu_domain domain;
	struct list_head devices;
	spinlock_t list_lock;
	unsigned long *dma_table;
	struct rcu_head rcu;
};

struct zpx_domain_device {
	struct list_head list;
	struct zpx_dev *zdev;
	u32 handle;
	struct rcu_head rcu;
};

#define to_zpx_domain(d) container_of(d, struct zpx_domain, domain)

static void zpx_flush_iotlb_all(struct iommu_domain *domain)
{
	struct zpx_domain *zpx_domain = to_zpx_domain(domain);
	struct zpx_domain_device *entry;

	rcu_read_lock();
	list_for_each_entry_rcu(entry, &zpx_domain->devices, list)
		zpx_refresh_trans(entry->handle, entry->zdev);
	rcu_read_unlock();
}

static struct zpx_domain_device *zpx_unlink(struct zpx_domain *zpx_domain,
					    struct zpx_dev *zdev)
{
	struct zpx_domain_device *entry, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&zpx_domain->list_lock, flags);
	list_for_each_entry(entry, &zpx_domain->devices, list) {
		if (entry->zdev == zdev) {
			found = entry;
			list_del_rcu(&entry->list);
			break;
		}
	}
	spin_unlock_irqrestore(&zpx_domain->list_lock, flags);
	return found;
}

static void zpx_detach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct zpx_domain *zpx_domain = to_zpx_domain(domain);
	struct zpx_domain_device *entry;

	entry = zpx_unlink(zpx_domain, to_zpx_dev(dev));
	if (!entry)
		return;
	kfree_rcu(entry, rcu);
}

static void zpx_domain_free_rcu(struct rcu_head *head)
{
	struct zpx_domain *zpx_domain = container_of(head, struct zpx_domain, rcu);

	zpx_cleanup_tables(zpx_domain->dma_table);
	kfree(zpx_domain);
}

static void zpx_domain_free(struct iommu_domain *domain)
{
	struct zpx_domain *zpx_domain = to_zpx_domain(domain);

	call_rcu(&zpx_domain->rcu, zpx_domain_free_rcu);
}

static const struct iommu_domain_ops zpx_paging_ops = {
	.detach_dev = zpx_detach_dev,
	.flush_iotlb_all = zpx_flush_iotlb_all,
	.free = zpx_domain_free,
};
