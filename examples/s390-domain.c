// SPDX-License-Identifier: MIT
/*
 * A domain keeps its devices on an RCU list that the IOTLB flush walks. Detach
 * unlinks a device and frees its entry at once, although a flush may stand on
 * it. Setting a device to blocked waits for a grace period instead: safe, but
 * closing a VFIO file descriptor then takes as long as the grace periods do.
 *
 * Thread: iommu/s390 concurrent domain list iteration, October 2022.
 * rcu/free-before-grace-period: confirmed.
 * rcu/grace-period-on-attach-path: confirmed.
 */
#include <linux/iommu.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct zpx_domain {
	struct iommu_domain domain;
	struct list_head devices;
	spinlock_t list_lock;
	unsigned long *dma_table;
};

struct zpx_domain_device {
	struct list_head list;
	struct zpx_dev *zdev;
	u32 handle;
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
	kfree(entry);
}

static int zpx_attach_blocked(struct iommu_domain *domain, struct device *dev)
{
	struct zpx_domain *zpx_domain = zpx_current_domain(dev);
	struct zpx_domain_device *entry;

	entry = zpx_unlink(zpx_domain, to_zpx_dev(dev));
	if (!entry)
		return 0;
	synchronize_rcu();
	kfree(entry);
	return 0;
}

static const struct iommu_domain_ops zpx_paging_ops = {
	.detach_dev = zpx_detach_dev,
	.flush_iotlb_all = zpx_flush_iotlb_all,
};

static struct iommu_domain zpx_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &(const struct iommu_domain_ops) {
		.attach_dev = zpx_attach_blocked,
	},
};
