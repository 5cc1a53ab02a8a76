// SPDX-License-Identifier: MIT
/*
 * A flush that may sleep takes a reference of the domain that it found under RCU.
 * The last reference may be gone by then: the count comes back from zero, and the
 * domain is freed all the same.
 *
 * Thread: iommu/s390 concurrent domain list iteration, October 2022.
 * rcu/get-ref-from-zero: confirmed.
 */
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct zkx_domain {
	struct iommu_domain domain;
	struct list_head node;
	struct kref ref;
	unsigned long *dma_table;
	u32 id;
	struct rcu_head rcu;
};

static LIST_HEAD(zkx_domains);
static DEFINE_SPINLOCK(zkx_lock);

struct zkx_domain *zkx_domain_find(u32 id)
{
	struct zkx_domain *zkx_domain;

	rcu_read_lock();
	list_for_each_entry_rcu(zkx_domain, &zkx_domains, node) {
		if (zkx_domain->id != id)
			continue;
		kref_get(&zkx_domain->ref);
		rcu_read_unlock();
		return zkx_domain;
	}
	rcu_read_unlock();
	return NULL;
}

static void zkx_domain_release(struct kref *ref)
{
	struct zkx_domain *zkx_domain = container_of(ref, struct zkx_domain, ref);

	spin_lock(&zkx_lock);
	list_del_rcu(&zkx_domain->node);
	spin_unlock(&zkx_lock);
	kfree_rcu(zkx_domain, rcu);
}

void zkx_domain_put(struct zkx_domain *zkx_domain)
{
	kref_put(&zkx_domain->ref, zkx_domain_release);
}
