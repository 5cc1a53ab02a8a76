// SPDX-License-Identifier: MIT
/*
 * A table that unmap takes out of its parent is freed by call_rcu(). That waits for
 * CPUs that scan the table; the IOMMU, which still has the entry in its walk cache,
 * is no RCU reader.
 *
 * Thread: iommu: RCU-protected page free, June 2022.
 * iommu/free-before-invalidation: confirmed.
 */
#include <linux/gfp.h>
#include <linux/io-pgtable.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>

struct phx_domain {
	struct iommu_domain domain;
	struct io_pgtable iop;
	u64 *pgd;
	spinlock_t lock;
};

#define PHX_ADDR 0xffffffffff000ULL
#define PHX_BLOCK (1UL << 21)

#define to_phx_domain(d) container_of(d, struct phx_domain, domain)

static void phx_free_table_rcu(struct rcu_head *head)
{
	__free_page(container_of(head, struct page, rcu_head));
}

static size_t phx_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t size, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct phx_domain *domain = to_phx_domain(iommu_domain);
	u64 *entry = &domain->pgd[iova >> 21];
	struct page *table;
	u64 old;

	spin_lock(&domain->lock);
	old = READ_ONCE(*entry);
	WRITE_ONCE(*entry, 0);
	spin_unlock(&domain->lock);
	if (!old)
		return 0;

	table = pfn_to_page((old & PHX_ADDR) >> PAGE_SHIFT);
	call_rcu(&table->rcu_head, phx_free_table_rcu);
	return size * count;
}

static const struct iommu_domain_ops phx_domain_ops = {
	.unmap_pages = phx_unmap_pages,
};
