// SPDX-License-Identifier: MIT
/*
 * attach-race.c with a full barrier in the invalidation only. The device may be
 * made live before the bond is seen on the list: unlock and store are no barrier.
 *
 * Thread: iommu/riscv paging domain support, May 2024 (attach against invalidation).
 * iommu/missed-invalidation: confirmed.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/rculist.h>

struct atx_domain {
	struct iommu_domain domain;
	struct list_head bonds;
	spinlock_t lock;
	u64 *pgd;
};

struct atx_bond {
	struct list_head list;
	struct device *dev;
	u64 *context;
	dma_addr_t context_dma;
	struct rcu_head rcu;
};

#define ATX_CONTEXT_VALID BIT(0)

#define to_atx_domain(d) container_of(d, struct atx_domain, domain)

static size_t atx_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t size, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct atx_domain *domain = to_atx_domain(iommu_domain);
	struct atx_bond *bond;

	WRITE_ONCE(domain->pgd[iova >> 12], 0);
	smp_mb();

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		atx_send_inval(bond->dev, iova);
	rcu_read_unlock();
	return size * count;
}

static int atx_attach_dev(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct atx_domain *domain = to_atx_domain(iommu_domain);
	struct atx_bond *bond;

	bond = kzalloc(sizeof(*bond), GFP_KERNEL);
	if (!bond)
		return -ENOMEM;
	bond->dev = dev;
	bond->context = dma_alloc_coherent(dev, sizeof(*bond->context),
					   &bond->context_dma, GFP_KERNEL);
	if (!bond->context) {
		kfree(bond);
		return -ENOMEM;
	}

	spin_lock(&domain->lock);
	list_add_rcu(&bond->list, &domain->bonds);
	spin_unlock(&domain->lock);

	/* From here on the device translates through the table. */
	WRITE_ONCE(*bond->context, virt_to_phys(domain->pgd) | ATX_CONTEXT_VALID);
	return 0;
}

static const struct iommu_domain_ops atx_domain_ops = {
	.attach_dev = atx_attach_dev,
	.unmap_pages = atx_unmap_pages,
};
