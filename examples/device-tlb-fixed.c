// SPDX-License-Identifier: MIT
/*
 * The twin of device-tlb-order.c and device-tlb-missing.c: first the IOTLB, then the
 * device's TLB. iommu/incomplete-invalidation: silent.
 */
#include <linux/iommu.h>
#include <linux/pci-ats.h>
#include "iommu.h"

struct dix_domain {
	struct iommu_domain domain;
	struct intel_iommu *iommu;
	u64 *pgd;
	u16 did;
};

struct dix_dev {
	u16 sid;
	u16 pfsid;
	u16 qdep;
};

#define to_dix_domain(d) container_of(d, struct dix_domain, domain)

static int dix_enable_ats(struct device *dev)
{
	return pci_enable_ats(to_pci_dev(dev), PAGE_SHIFT);
}

static size_t dix_unmap_page(struct dix_domain *domain, struct dix_dev *info,
			     unsigned long iova)
{
	u64 *entry = &domain->pgd[iova >> 12];
	u64 old = READ_ONCE(*entry);

	if (!old)
		return 0;
	WRITE_ONCE(*entry, 0);
	qi_flush_iotlb(domain->iommu, domain->did, iova, 0, DMA_TLB_PSI_FLUSH);
	qi_flush_dev_iotlb(domain->iommu, info->sid, info->pfsid, info->qdep, iova, 0);
	return PAGE_SIZE;
}

static size_t dix_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t size, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct dix_domain *domain = to_dix_domain(iommu_domain);

	return dix_unmap_page(domain, domain->iommu->dev, iova);
}

static const struct iommu_domain_ops dix_domain_ops = {
	.unmap_pages = dix_unmap_pages,
};
