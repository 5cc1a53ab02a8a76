// SPDX-License-Identifier: MIT
/*
 * An invalidation command is written into the queue in memory, and the tail
 * register tells the IOMMU about it. The register write is relaxed and nothing
 * orders it behind the command: an old slot is fetched, and nothing invalidated.
 *
 * Thread: iommu/riscv paging domain support, May 2024 (dma_wmb(), doorbell).
 * ordering/doorbell-without-wmb: confirmed.
 */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/spinlock.h>

struct cqx_command {
	__le64 dword0;
	__le64 dword1;
};

struct cqx_iommu {
	struct device *dev;
	void __iomem *regs;
	struct cqx_command *queue;
	dma_addr_t queue_dma;
	spinlock_t lock;
	u32 mask;
	u32 tail;
};

#define CQX_INVAL_VMA 0x1
#define CQX_QUEUE_HEAD 0x20
#define CQX_QUEUE_TAIL 0x24

static int cqx_queue_alloc(struct cqx_iommu *iommu, u32 count)
{
	iommu->queue = dma_alloc_coherent(iommu->dev, count * sizeof(*iommu->queue),
					  &iommu->queue_dma, GFP_KERNEL);
	if (!iommu->queue)
		return -ENOMEM;
	iommu->mask = count - 1;
	return 0;
}

static u32 cqx_queue_send(struct cqx_iommu *iommu, u64 dword0, u64 dword1)
{
	struct cqx_command *command;
	unsigned long flags;
	u32 tail;

	spin_lock_irqsave(&iommu->lock, flags);
	command = &iommu->queue[iommu->tail & iommu->mask];
	command->dword0 = cpu_to_le64(dword0);
	command->dword1 = cpu_to_le64(dword1);
	tail = ++iommu->tail;
	writel_relaxed(tail & iommu->mask, iommu->regs + CQX_QUEUE_TAIL);
	spin_unlock_irqrestore(&iommu->lock, flags);
	return tail;
}

void cqx_inval_page(struct cqx_iommu *iommu, u32 pscid, unsigned long iova)
{
	u32 tail = cqx_queue_send(iommu, CQX_INVAL_VMA | (u64)pscid << 12, iova >> 2);
	u32 head;

	readl_poll_timeout(iommu->regs + CQX_QUEUE_HEAD, head,
			   head == (tail & iommu->mask), 1, 1000);
}
