// SPDX-License-Identifier: MIT
/*
 * A device goes from the list of one domain to that of another, with the links in
 * the device itself. A flush of the first domain that stands on it then goes on
 * along the second list, and never meets the head that it waits for.
 *
 * Thread: iommu/s390 concurrent domain list iteration, October 2022.
 * rcu/node-reused-before-grace-period: confirmed.
 */
#include <linux/iommu.h>
#include <linux/rculist.h>

struct zlx_dev {
	struct list_head iommu_list;
	struct iommu_domain *domain;
	spinlock_t dom_lock;
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
	struct zlx_dev *zdev;

	rcu_read_lock();
	list_for_each_entry_rcu(zdev, &zlx_domain->devices, iommu_list)
		zpci_refresh_trans((u64)zdev->handle << 32, 0, -1UL);
	rcu_read_unlock();
}

static int zlx_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct zlx_dev *zdev = dev_iommu_priv_get(dev);
	struct zlx_domain *to = to_zlx_domain(domain);
	struct zlx_domain *from = to_zlx_domain(zdev->domain);
	unsigned long flags;

	spin_lock_irqsave(&from->list_lock, flags);
	list_del_rcu(&zdev->iommu_list);
	spin_unlock_irqrestore(&from->list_lock, flags);

	spin_lock_irqsave(&to->list_lock, flags);
	list_add_rcu(&zdev->iommu_list, &to->devices);
	spin_unlock_irqrestore(&to->list_lock, flags);
	zdev->domain = domain;
	return 0;
}

static const struct iommu_domain_ops zlx_domain_ops = {
	.attach_dev = zlx_attach_dev,
	.flush_iotlb_all = zlx_flush_iotlb_all,
};
