// SPDX-License-Identifier: MIT
/*
 * The scan announces itself by a flag, and unmap frees through RCU only where it
 * sees the flag. The scan stores the flag and loads the table, unmap clears the
 * table and loads the flag: with no full barrier each may miss the other.
 *
 * Thread: iommu: RCU-protected page free, June 2022 (an opt-in flag for concurrent traversal).
 * ordering/store-buffering: confirmed.
 */
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>

#define PFX_ENTRIES 512

struct pfx_level {
	u64 entry[PFX_ENTRIES];
};

struct pfx_domain {
	struct iommu_domain domain;
	struct pfx_level __rcu *level;
	bool concurrent_traversal;
	spinlock_t lock;
};

#define to_pfx_domain(d) container_of(d, struct pfx_domain, domain)

static void pfx_free_level_rcu(struct rcu_head *head)
{
	__free_page(container_of(head, struct page, rcu_head));
}

static int pfx_read_and_clear_dirty(struct iommu_domain *iommu_domain,
				    unsigned long iova, size_t size,
				    unsigned long flags,
				    struct iommu_dirty_bitmap *dirty)
{
	struct pfx_domain *domain = to_pfx_domain(iommu_domain);
	struct pfx_level *level;
	int found = 0;

	WRITE_ONCE(domain->concurrent_traversal, true);
	rcu_read_lock();
	level = rcu_dereference(domain->level);
	if (level)
		found = READ_ONCE(level->entry[(iova >> 12) % PFX_ENTRIES]) != 0;
	rcu_read_unlock();
	return found;
}

static size_t pfx_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			      size_t size, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct pfx_domain *domain = to_pfx_domain(iommu_domain);
	struct pfx_level *level;

	spin_lock(&domain->lock);
	level = rcu_dereference_protected(domain->level, lockdep_is_held(&domain->lock));
	RCU_INIT_POINTER(domain->level, NULL);
	spin_unlock(&domain->lock);
	if (!level)
		return 0;

	if (READ_ONCE(domain->concurrent_traversal))
		call_rcu(&virt_to_page(level)->rcu_head, pfx_free_level_rcu);
	else
		free_page((unsigned long)level);
	return size * count;
}

static const struct iommu_domain_ops pfx_domain_ops = {
	.unmap_pages = pfx_unmap_pages,
};

static const struct iommu_dirty_ops pfx_dirty_ops = {
	.read_and_clear_dirty = pfx_read_and_clear_dirty,
};
