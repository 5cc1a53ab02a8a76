// SPDX-License-Identifier: MIT
/*
 * The twin of queue-poll.c: dma_rmb() stands between the test and the record.
 * ordering/ready-without-rmb: silent.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>

struct cpx_fault {
	__le64 reason;
	__le64 iova;
	__le32 valid;
};

struct cpx_iommu {
	struct device *dev;
	struct cpx_fault *faults;
	dma_addr_t faults_dma;
	u32 head;
};

static int cpx_faults_alloc(struct cpx_iommu *iommu, u32 count)
{
	iommu->faults = dma_alloc_coherent(iommu->dev, count * sizeof(*iommu->faults),
					   &iommu->faults_dma, GFP_KERNEL);
	return iommu->faults ? 0 : -ENOMEM;
}

int cpx_next_fault(struct cpx_iommu *iommu, u64 *iova)
{
	struct cpx_fault *fault = &iommu->faults[iommu->head];

	if (!READ_ONCE(fault->valid))
		return -EAGAIN;
	dma_rmb();
	*iova = le64_to_cpu(fault->iova);
	iommu->head++;
	return 0;
}
