// SPDX-License-Identifier: MIT
/*
 * A table is freed after an invalidation that covers leaf entries only: the walk
 * cache keeps the entry that leads to the table.
 *
 * Thread: iommu: RCU-protected page free, June 2022.
 * iommu/incomplete-invalidation: confirmed.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/iommu.h>

struct plx_domain {
	struct iommu_domain domain;
	u64 *pgd;
	u16 asid;
	struct arm_smmu_domain *smmu;
	spinlock_t lock;
};

#define PLX_ADDR 0xffffffffff000ULL
#define PLX_BLOCK (1UL << 21)

#define to_plx_domain(d) container_of(d, struct plx_domain, domain)

static size_t plx_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t size, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct plx_domain *domain = to_plx_domain(iommu_domain);
	u64 *entry = &domain->pgd[iova >> 21];
	u64 old;

	spin_lock(&domain->lock);
	old = READ_ONCE(*entry);
	WRITE_ONCE(*entry, 0);
	spin_unlock(&domain->lock);
	if (!old)
		return 0;

	arm_smmu_tlb_inv_range_asid(iova, PLX_BLOCK, domain->asid, PAGE_SIZE, true,
				    domain->smmu);
	free_page((unsigned long)phys_to_virt(old & PLX_ADDR));
	return size * count;
}

static const struct iommu_domain_ops plx_domain_ops = {
	.unmap_pages = plx_unmap_pages,
};
