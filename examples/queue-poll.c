// SPDX-License-Identifier: MIT
/*
 * The IOMMU writes a record and then the word that says it is there. The test of that
 * word orders later stores of the CPU, not its later loads: the record may be read from
 * before the device wrote it.
 *
 * Thread: iommu/riscv paging domain support, May 2024 (command and fault queues).
 * ordering/ready-without-rmb: confirmed.
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
	*iova = le64_to_cpu(fault->iova);
	iommu->head++;
	return 0;
}
