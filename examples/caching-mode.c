// SPDX-License-Identifier: MIT
/*
 * The hardware, or a hypervisor that shadows the table, may cache that an entry is not
 * present. A mapping then needs a flush as well, and there is none.
 *
 * Thread: iommu/s390 concurrent domain list iteration, October 2022 (refresh on map).
 * iommu/incomplete-invalidation: confirmed.
 */
#include <linux/io-pgtable.h>
#include <linux/iommu.h>
#include "iommu.h"

struct cmx_domain {
	struct iommu_domain domain;
	struct intel_iommu *iommu;
	u64 *pgd;
	u16 did;
};

#define to_cmx_domain(d) container_of(d, struct cmx_domain, domain)

/* What the context cache may hold although nothing was there. */
static void cmx_context_set(struct cmx_domain *domain, u64 *context, u16 sid)
{
	WRITE_ONCE(*context, virt_to_phys(domain->pgd) | 1);
	if (cap_caching_mode(domain->iommu->cap))
		domain->iommu->flush.flush_context(domain->iommu, 0, sid, 0,
						   DMA_CCMD_DEVICE_INVL);
}

static int cmx_map_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			 phys_addr_t paddr, size_t size, size_t count, int prot,
			 gfp_t gfp, size_t *mapped)
{
	struct cmx_domain *domain = to_cmx_domain(iommu_domain);

	WRITE_ONCE(domain->pgd[iova >> 12], paddr | prot);
	*mapped = size;
	return 0;
}

static const struct iommu_domain_ops cmx_domain_ops = {
	.map_pages = cmx_map_pages,
};
