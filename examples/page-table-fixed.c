// SPDX-License-Identifier: MIT
/*
 * The twin of page-table.c as it should be: the page is freed from an RCU
 * callback, through the rcu_head of its struct page.
 * rcu/free-before-grace-period: refuted.
 */
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>

#define PTX_ENTRIES 512
#define PTX_DIRTY BIT(6)

struct ptx_level {
	u64 entry[PTX_ENTRIES];
};

struct ptx_domain {
	struct iommu_domain domain;
	struct ptx_level __rcu *level[PTX_ENTRIES];
	spinlock_t lock;
};

#define to_ptx_domain(d) container_of(d, struct ptx_domain, domain)

static unsigned int ptx_count_dirty(struct ptx_domain *domain, unsigned int top)
{
	struct ptx_level *level;
	unsigned int i, dirty = 0;

	rcu_read_lock();
	level = rcu_dereference(domain->level[top]);
	if (level) {
		for (i = 0; i < PTX_ENTRIES; i++) {
			if (READ_ONCE(level->entry[i]) & PTX_DIRTY)
				dirty++;
		}
	}
	rcu_read_unlock();
	return dirty;
}

static void ptx_free_level_rcu(struct rcu_head *head)
{
	struct page *page = container_of(head, struct page, rcu_head);

	__free_pages(page, 0);
}

static size_t ptx_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t size, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct ptx_domain *domain = to_ptx_domain(iommu_domain);
	unsigned int top = iova >> 21;
	struct ptx_level *level;

	spin_lock(&domain->lock);
	level = rcu_dereference_protected(domain->level[top],
					  lockdep_is_held(&domain->lock));
	RCU_INIT_POINTER(domain->level[top], NULL);
	spin_unlock(&domain->lock);

	if (level)
		call_rcu(&virt_to_page(level)->rcu_head, ptx_free_level_rcu);
	return size * count;
}

static int ptx_read_and_clear_dirty(struct iommu_domain *iommu_domain,
				    unsigned long iova, size_t size,
				    unsigned long flags,
				    struct iommu_dirty_bitmap *dirty)
{
	return ptx_count_dirty(to_ptx_domain(iommu_domain), iova >> 21);
}

static const struct iommu_domain_ops ptx_domain_ops = {
	.unmap_pages = ptx_unmap_pages,
};

static const struct iommu_dirty_ops ptx_dirty_ops = {
	.read_and_clear_dirty = ptx_read_and_clear_dirty,
};
