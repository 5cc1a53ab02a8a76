// SPDX-License-Identifier: MIT
/*
 * A domain is queued for an RCU callback while it is still on the list: who finds
 * it after that is no reader that the grace period waits for.
 *
 * Thread: iommu/s390 concurrent domain list iteration, October 2022 (call_rcu() for the domain).
 * rcu/free-before-grace-period: confirmed.
 */
#include <linux/iommu.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct zfx_domain {
	struct iommu_domain domain;
	struct list_head node;
	unsigned long *dma_table;
	u32 pending;
	struct rcu_head rcu;
};

static LIST_HEAD(zfx_domains);
static DEFINE_SPINLOCK(zfx_lock);

#define to_zfx_domain(d) container_of(d, struct zfx_domain, domain)

u32 zfx_pending(void)
{
	struct zfx_domain *zfx_domain;
	u32 pending = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(zfx_domain, &zfx_domains, node)
		pending += READ_ONCE(zfx_domain->pending);
	rcu_read_unlock();
	return pending;
}

static void zfx_domain_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct zfx_domain, rcu));
}

static void zfx_domain_free(struct iommu_domain *domain)
{
	struct zfx_domain *zfx_domain = to_zfx_domain(domain);

	call_rcu(&zfx_domain->rcu, zfx_domain_free_rcu);
	spin_lock(&zfx_lock);
	list_del_rcu(&zfx_domain->node);
	spin_unlock(&zfx_lock);
}

static const struct iommu_domain_ops zfx_domain_ops = {
	.free = zfx_domain_free,
};
