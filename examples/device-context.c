// SPDX-License-Identifier: MIT
/*
 * The context of a device has a valid bit in one word and the root of the page
 * table in another. Nothing orders the root before the bit, so that the IOMMU
 * may see a valid context with the root of the domain before.
 *
 * Thread: iommu/riscv paging domain support, May 2024 (device descriptor, dma_wmb()).
 * iommu/valid-before-contents: confirmed.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>

struct dcx_context {
	u64 tc;
	u64 ta;
	u64 fsc;
};

struct dcx_domain {
	struct iommu_domain domain;
	u64 *pgd;
	u32 pscid;
};

struct dcx_dev {
	struct device *dev;
	struct dcx_context *context;
	dma_addr_t context_dma;
};

#define DCX_VALID BIT(0)

#define to_dcx_domain(d) container_of(d, struct dcx_domain, domain)

static int dcx_probe(struct dcx_dev *info)
{
	info->context = dma_alloc_coherent(info->dev, sizeof(*info->context),
					   &info->context_dma, GFP_KERNEL);
	return info->context ? 0 : -ENOMEM;
}

static int dcx_attach_dev(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct dcx_domain *domain = to_dcx_domain(iommu_domain);
	struct dcx_dev *info = dev_iommu_priv_get(dev);
	struct dcx_context *context = info->context;

	WRITE_ONCE(context->fsc, virt_to_phys(domain->pgd) >> 12);
	WRITE_ONCE(context->ta, domain->pscid);
	WRITE_ONCE(context->tc, DCX_VALID);
	return 0;
}

static int dcx_attach_blocked(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct dcx_dev *info = dev_iommu_priv_get(dev);

	WRITE_ONCE(info->context->tc, 0);
	return 0;
}

static const struct iommu_domain_ops dcx_blocked_ops = {
	.attach_dev = dcx_attach_blocked,
};

static const struct iommu_domain_ops dcx_domain_ops = {
	.attach_dev = dcx_attach_dev,
};
