// SPDX-License-Identifier: MIT
/*
 * The twin of s390-register-first.c: the device is on the list, with a full barrier
 * on both sides, before the table is given to the hardware.
 * iommu/missed-invalidation: refuted.
 */
#include <asm/pci.h>
#include <linux/iommu.h>
#include <linux/rculist.h>

struct zrx_dev {
	struct list_head iommu_list;
	u32 handle;
};

struct zrx_domain {
	struct iommu_domain domain;
	struct list_head devices;
	spinlock_t list_lock;
	unsigned long *dma_table;
};

#define ZRX_INVALID 0x400
#define to_zrx_domain(d) container_of(d, struct zrx_domain, domain)

static size_t zrx_unmap_pages(struct iommu_domain *domain, unsigned long iova,
			      size_t size, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct zrx_domain *zrx_domain = to_zrx_domain(domain);

	WRITE_ONCE(zrx_domain->dma_table[iova >> 12], ZRX_INVALID);
	iommu_iotlb_gather_add_range(gather, iova, size * count);
	return size * count;
}

static void zrx_iotlb_sync(struct iommu_domain *domain,
			   struct iommu_iotlb_gather *gather)
{
	struct zrx_domain *zrx_domain = to_zrx_domain(domain);
	struct zrx_dev *zdev;

	smp_mb();
	rcu_read_lock();
	list_for_each_entry_rcu(zdev, &zrx_domain->devices, iommu_list)
		zpci_refresh_trans((u64)zdev->handle << 32, gather->start,
				   gather->end - gather->start + 1);
	rcu_read_unlock();
}

static int zrx_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct zrx_domain *zrx_domain = to_zrx_domain(domain);
	struct zrx_dev *zdev = dev_iommu_priv_get(dev);
	unsigned long flags;
	u8 status;

	spin_lock_irqsave(&zrx_domain->list_lock, flags);
	list_add_rcu(&zdev->iommu_list, &zrx_domain->devices);
	spin_unlock_irqrestore(&zrx_domain->list_lock, flags);
	smp_mb();
	if (zpci_register_ioat(zdev, 0, 0, -1UL, virt_to_phys(zrx_domain->dma_table), &status))
		return -EIO;
	return 0;
}

static const struct iommu_domain_ops zrx_domain_ops = {
	.attach_dev = zrx_attach_dev,
	.unmap_pages = zrx_unmap_pages,
	.iotlb_sync = zrx_iotlb_sync,
};
