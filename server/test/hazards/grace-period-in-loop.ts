import type { Hazards } from "./hazards.ts";

export const rule = "rcu/grace-period-in-loop";

export const hazardous: Hazards["hazardous"] = [
  { name: "one wait for each port", code: `struct port {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct board {
	struct list_head ports;
	struct mutex lock;
	int count;
};

void board_clear(struct board *b)
{
	struct port *p, *next;

	mutex_lock(&b->lock);
	list_for_each_entry_safe(p, next, &b->ports, node) {
		list_del_rcu(&p->node);
		synchronize_rcu();
		kfree(p);
	}
	mutex_unlock(&b->lock);
}
` },
  { name: "a helper waits, and its caller loops", code: `struct port {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct board {
	struct list_head ports;
	struct mutex lock;
	int count;
};

static void port_drop(struct port *p)
{
	list_del_rcu(&p->node);
	synchronize_net();
	kfree(p);
}

void board_clear(struct board *b)
{
	while (!list_empty(&b->ports))
		port_drop(list_first_entry(&b->ports, struct port, node));
}
` },
  { name: "a counted loop", code: `struct port {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct board {
	struct list_head ports;
	struct mutex lock;
	int count;
};

void board_reset(struct board *b, struct port __rcu **slots)
{
	int i;

	for (i = 0; i < b->count; i++) {
		struct port *p = rcu_dereference_protected(slots[i], 1);

		RCU_INIT_POINTER(slots[i], NULL);
		synchronize_rcu();
		kfree(p);
	}
}
` },
  { name: "a wait under the mutex that attach takes", code: `struct port {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct board {
	struct list_head ports;
	struct mutex lock;
	int count;
};

static DEFINE_MUTEX(board_mutex);

static int board_attach(struct iommu_domain *domain, struct device *dev)
{
	mutex_lock(&board_mutex);
	mutex_unlock(&board_mutex);
	return 0;
}

static const struct iommu_domain_ops board_domain_ops = {
	.attach_dev = board_attach,
};

void board_reload(struct port *p)
{
	mutex_lock(&board_mutex);
	list_del_rcu(&p->node);
	synchronize_rcu();
	mutex_unlock(&board_mutex);
	kfree(p);
}
` },
  { name: "a port leaves with the RTNL held, and is freed after a wait", code: `struct port {
	struct list_head node;
	struct net_device *dev;
	struct rcu_head rcu;
};

void port_leave(struct port *p, struct net_device *upper)
{
	list_del_rcu(&p->node);
	netdev_upper_dev_unlink(p->dev, upper);
	synchronize_rcu();
	kfree(p);
}
` },
];

export const twins: Hazards["twins"] = [
  { name: "all are taken out, then one wait", code: `struct port {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct board {
	struct list_head ports;
	struct mutex lock;
	int count;
};

void board_clear(struct board *b)
{
	struct port *p, *next;
	LIST_HEAD(gone);

	mutex_lock(&b->lock);
	list_splice_init_rcu(&b->ports, &gone, synchronize_rcu);
	mutex_unlock(&b->lock);
	list_for_each_entry_safe(p, next, &gone, node)
		kfree(p);
}
` },
  { name: "each is left to RCU", code: `struct port {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct board {
	struct list_head ports;
	struct mutex lock;
	int count;
};

void board_clear(struct board *b)
{
	struct port *p, *next;

	mutex_lock(&b->lock);
	list_for_each_entry_safe(p, next, &b->ports, node) {
		list_del_rcu(&p->node);
		kfree_rcu(p, rcu);
	}
	mutex_unlock(&b->lock);
}
` },
  { name: "the loop looks for one", code: `struct port {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct board {
	struct list_head ports;
	struct mutex lock;
	int count;
};

int board_remove(struct board *b, int id)
{
	struct port *p;

	mutex_lock(&b->lock);
	list_for_each_entry(p, &b->ports, node) {
		if (p->id != id)
			continue;
		list_del_rcu(&p->node);
		synchronize_rcu();
		kfree(p);
		mutex_unlock(&b->lock);
		return 0;
	}
	mutex_unlock(&b->lock);
	return -ENOENT;
}
` },
  { name: "the wait comes after the mutex that attach takes", code: `struct port {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct board {
	struct list_head ports;
	struct mutex lock;
	int count;
};

static DEFINE_MUTEX(board_mutex);

static int board_attach(struct iommu_domain *domain, struct device *dev)
{
	mutex_lock(&board_mutex);
	mutex_unlock(&board_mutex);
	return 0;
}

static const struct iommu_domain_ops board_domain_ops = {
	.attach_dev = board_attach,
};

void board_reload(struct port *p)
{
	mutex_lock(&board_mutex);
	list_del_rcu(&p->node);
	mutex_unlock(&board_mutex);
	synchronize_rcu();
	kfree(p);
}
` },
  { name: "a port leaves with the RTNL held, and is left to RCU", code: `struct port {
	struct list_head node;
	struct net_device *dev;
	struct rcu_head rcu;
};

void port_leave(struct port *p, struct net_device *upper)
{
	list_del_rcu(&p->node);
	netdev_upper_dev_unlink(p->dev, upper);
	kfree_rcu(p, rcu);
}
` },
];
