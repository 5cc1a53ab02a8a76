// SPDX-License-Identifier: MIT
/*
 * The twin of non-coherent-walk.c: the table is cleaned before its entry is valid.
 * iommu/missing-cache-clean: silent.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/iommu.h>

struct ncx_domain {
	struct iommu_domain domain;
	struct device *dev;
	u64 *pgd;
};

#define NCX_VALID BIT(0)

#define to_ncx_domain(d) container_of(d, struct ncx_domain, domain)

static void ncx_clean(struct ncx_domain *domain, u64 *words, size_t count)
{
	dma_sync_single_for_device(domain->dev, virt_to_phys(words),
				   count * sizeof(*words), DMA_TO_DEVICE);
}

static void ncx_set(struct ncx_domain *domain, u64 *entry, u64 value)
{
	WRITE_ONCE(*entry, value);
	ncx_clean(domain, entry, 1);
}

static int ncx_map_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			 phys_addr_t paddr, size_t size, size_t count, int prot,
			 gfp_t gfp, size_t *mapped)
{
	struct ncx_domain *domain = to_ncx_domain(iommu_domain);
	u64 *table;

	table = (u64 *)get_zeroed_page(gfp);
	if (!table)
		return -ENOMEM;
	table[(iova >> 12) & 511] = paddr | prot;
	ncx_clean(domain, table, 512);
	dma_wmb();
	ncx_set(domain, &domain->pgd[iova >> 21], virt_to_phys(table) | NCX_VALID);
	*mapped = size;
	return 0;
}

static const struct iommu_domain_ops ncx_domain_ops = {
	.map_pages = ncx_map_pages,
};
