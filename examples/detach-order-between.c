// SPDX-License-Identifier: MIT
/*
 * The context is cleared, the bond unlinked, and the context's invalidation comes
 * last: until then the hardware uses its copy, and no unmap tells this device.
 *
 * Thread: iommu/riscv paging domain support, May 2024 (detach against invalidation).
 * iommu/missed-invalidation: confirmed.
 */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct dtx_domain {
	struct iommu_domain domain;
	struct list_head bonds;
	spinlock_t lock;
	u64 *pgd;
};

struct dtx_bond {
	struct list_head list;
	struct device *dev;
	void __iomem *regs;
	u64 *context;
	dma_addr_t context_dma;
	struct rcu_head rcu;
};

#define DTX_INVAL_IOTLB 0x08
#define DTX_INVAL_CONTEXT 0x10
#define DTX_BUSY 0x18

#define to_dtx_domain(d) container_of(d, struct dtx_domain, domain)

static void dtx_command(struct dtx_bond *bond, unsigned int reg, u32 what)
{
	writel(what, bond->regs + reg);
	while (readl(bond->regs + DTX_BUSY))
		cpu_relax();
}

static size_t dtx_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t size, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct dtx_domain *domain = to_dtx_domain(iommu_domain);
	struct dtx_bond *bond;

	WRITE_ONCE(domain->pgd[iova >> 12], 0);
	smp_mb();

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		dtx_command(bond, DTX_INVAL_IOTLB, iova >> 12);
	rcu_read_unlock();
	return size * count;
}

static int dtx_context_alloc(struct dtx_bond *bond)
{
	bond->context = dma_alloc_coherent(bond->dev, sizeof(*bond->context),
					   &bond->context_dma, GFP_KERNEL);
	return bond->context ? 0 : -ENOMEM;
}

static void dtx_detach_dev(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct dtx_domain *domain = to_dtx_domain(iommu_domain);
	struct dtx_bond *bond = dev_iommu_priv_get(dev);

	WRITE_ONCE(*bond->context, 0);

	spin_lock(&domain->lock);
	list_del_rcu(&bond->list);
	spin_unlock(&domain->lock);

	dtx_command(bond, DTX_INVAL_CONTEXT, 1);
	kfree_rcu(bond, rcu);
}

static const struct iommu_domain_ops dtx_domain_ops = {
	.detach_dev = dtx_detach_dev,
	.unmap_pages = dtx_unmap_pages,
};
