// SPDX-License-Identifier: MIT
/*
 * The twin of pscid-reuse.c: what is cached under the number is invalidated, and
 * waited for, before it is given back. iommu/tag-reuse-without-flush: silent.
 */
#include <linux/idr.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/iopoll.h>
#include <linux/slab.h>

struct psx_domain {
	struct iommu_domain domain;
	void __iomem *regs;
	u64 *pgd;
	int pscid;
};

#define PSX_INVAL_PSCID 0x30
#define PSX_INVAL_BUSY 0x34

static DEFINE_IDA(psx_pscids);

#define to_psx_domain(d) container_of(d, struct psx_domain, domain)

static void psx_inval_pscid(struct psx_domain *domain)
{
	u32 busy;

	writel(domain->pscid, domain->regs + PSX_INVAL_PSCID);
	readl_poll_timeout(domain->regs + PSX_INVAL_BUSY, busy, !busy, 1, 1000);
}

static void psx_flush_iotlb_all(struct iommu_domain *iommu_domain)
{
	psx_inval_pscid(to_psx_domain(iommu_domain));
}

static void psx_domain_free(struct iommu_domain *iommu_domain)
{
	struct psx_domain *domain = to_psx_domain(iommu_domain);

	psx_inval_pscid(domain);
	ida_free(&psx_pscids, domain->pscid);
	free_page((unsigned long)domain->pgd);
	kfree(domain);
}

static const struct iommu_domain_ops psx_domain_ops = {
	.flush_iotlb_all = psx_flush_iotlb_all,
	.free = psx_domain_free,
};
