import type { Hazards } from "./hazards.ts";

export const rule = "rcu/grace-period-on-attach-path";

export const hazardous: Hazards["hazardous"] = [
  { name: "detach through the blocked domain waits", code: `struct link {
	struct list_head node;
	struct rcu_head rcu;
	struct device *dev;
};

struct pagedom {
	struct iommu_domain core;
	struct list_head links;
	spinlock_t lock;
	struct mmu_notifier mn;
};

static void link_drop(struct pagedom *dom, struct link *l)
{
	spin_lock(&dom->lock);
	list_del_rcu(&l->node);
	spin_unlock(&dom->lock);
	synchronize_rcu();
	kfree(l);
}

static int blocked_attach(struct iommu_domain *domain, struct device *dev)
{
	struct pagedom *dom = container_of(domain, struct pagedom, core);
	struct link *l = dev_iommu_priv_get(dev);

	link_drop(dom, l);
	return 0;
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = blocked_attach,
};
` },
  { name: "freeing a domain waits for callbacks", code: `struct link {
	struct list_head node;
	struct rcu_head rcu;
	struct device *dev;
};

struct pagedom {
	struct iommu_domain core;
	struct list_head links;
	spinlock_t lock;
	struct mmu_notifier mn;
};

static void pagedom_free(struct iommu_domain *domain)
{
	struct pagedom *dom = container_of(domain, struct pagedom, core);

	rcu_barrier();
	kfree(dom);
}

static const struct iommu_domain_ops pagedom_ops = {
	.free = pagedom_free,
};
` },
  { name: "set_dev_pasid unregisters a notifier", code: `struct link {
	struct list_head node;
	struct rcu_head rcu;
	struct device *dev;
};

struct pagedom {
	struct iommu_domain core;
	struct list_head links;
	spinlock_t lock;
	struct mmu_notifier mn;
};

static int pagedom_set_pasid(struct iommu_domain *domain, struct device *dev, ioasid_t pasid)
{
	struct pagedom *dom = container_of(domain, struct pagedom, core);

	mmu_notifier_unregister(&dom->mn, NULL);
	return 0;
}

static const struct iommu_domain_ops pagedom_ops = {
	.set_dev_pasid = pagedom_set_pasid,
};
` },
];

export const twins: Hazards["twins"] = [
  { name: "the free is left to RCU", code: `struct link {
	struct list_head node;
	struct rcu_head rcu;
	struct device *dev;
};

struct pagedom {
	struct iommu_domain core;
	struct list_head links;
	spinlock_t lock;
	struct mmu_notifier mn;
};

static int blocked_attach(struct iommu_domain *domain, struct device *dev)
{
	struct pagedom *dom = container_of(domain, struct pagedom, core);
	struct link *l = dev_iommu_priv_get(dev);

	spin_lock(&dom->lock);
	list_del_rcu(&l->node);
	spin_unlock(&dom->lock);
	kfree_rcu(l, rcu);
	return 0;
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = blocked_attach,
};
` },
  { name: "waiting for an interrupt handler", code: `struct link {
	struct list_head node;
	struct rcu_head rcu;
	struct device *dev;
};

struct pagedom {
	struct iommu_domain core;
	struct list_head links;
	spinlock_t lock;
	struct mmu_notifier mn;
};

static int blocked_attach(struct iommu_domain *domain, struct device *dev)
{
	struct pagedom *dom = container_of(domain, struct pagedom, core);

	synchronize_irq(dom->core.type);
	return 0;
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = blocked_attach,
};
` },
  { name: "the wait is on no fast path", code: `struct link {
	struct list_head node;
	struct rcu_head rcu;
	struct device *dev;
};

struct pagedom {
	struct iommu_domain core;
	struct list_head links;
	spinlock_t lock;
	struct mmu_notifier mn;
};

void link_drop(struct pagedom *dom, struct link *l)
{
	spin_lock(&dom->lock);
	list_del_rcu(&l->node);
	spin_unlock(&dom->lock);
	synchronize_rcu();
	kfree(l);
}

static int paging_attach(struct iommu_domain *domain, struct device *dev)
{
	struct pagedom *dom = container_of(domain, struct pagedom, core);
	struct link *l = dev_iommu_priv_get(dev);

	spin_lock(&dom->lock);
	list_add_rcu(&l->node, &dom->links);
	spin_unlock(&dom->lock);
	return 0;
}

static const struct iommu_domain_ops paging_ops = {
	.attach_dev = paging_attach,
};
` },
];
