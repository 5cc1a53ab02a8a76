// SPDX-License-Identifier: MIT
/*
 * The twin of riscv-bond.c as it should be: the bond is unlinked, then freed
 * by kfree_rcu(). rcu/free-before-grace-period: refuted.
 */
#include <linux/iommu.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct rvx_domain {
	struct iommu_domain domain;
	struct list_head bonds;
	spinlock_t lock;
	int pscid;
};

struct rvx_bond {
	struct list_head list;
	struct device *dev;
	struct rcu_head rcu;
};

struct rvx_info {
	struct rvx_domain *domain;
};

#define to_rvx_domain(d) container_of(d, struct rvx_domain, domain)

static void rvx_iotlb_inval(struct rvx_domain *domain, unsigned long start,
			    unsigned long end)
{
	struct rvx_bond *bond;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		rvx_send_inval(bond->dev, domain->pscid, start, end);
	rcu_read_unlock();
}

static int rvx_bond_link(struct rvx_domain *domain, struct device *dev)
{
	struct rvx_bond *bond;

	bond = kzalloc(sizeof(*bond), GFP_KERNEL);
	if (!bond)
		return -ENOMEM;
	bond->dev = dev;

	spin_lock(&domain->lock);
	list_add_rcu(&bond->list, &domain->bonds);
	spin_unlock(&domain->lock);
	return 0;
}

static void rvx_bond_unlink(struct rvx_domain *domain, struct device *dev)
{
	struct rvx_bond *bond, *found = NULL;

	if (!domain)
		return;

	spin_lock(&domain->lock);
	list_for_each_entry(bond, &domain->bonds, list) {
		if (bond->dev == dev) {
			list_del_rcu(&bond->list);
			found = bond;
			break;
		}
	}
	spin_unlock(&domain->lock);

	if (found)
		kfree_rcu(found, rcu);
}

static int rvx_attach_dev(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct rvx_domain *domain = to_rvx_domain(iommu_domain);
	struct rvx_info *info = dev_iommu_priv_get(dev);
	int ret;

	ret = rvx_bond_link(domain, dev);
	if (ret)
		return ret;

	rvx_bond_unlink(info->domain, dev);
	info->domain = domain;
	return 0;
}

static void rvx_iotlb_sync(struct iommu_domain *iommu_domain,
			   struct iommu_iotlb_gather *gather)
{
	rvx_iotlb_inval(to_rvx_domain(iommu_domain), gather->start, gather->end);
}

static const struct iommu_domain_ops rvx_domain_ops = {
	.attach_dev = rvx_attach_dev,
	.iotlb_sync = rvx_iotlb_sync,
};
