/** Small drivers in kernel style for rcu/missing-assign-pointer: hazardous ones, and their nearest correct twins. */

const common = `struct rate_ops {
	int limit;
	struct rcu_head rcu;
};

struct nic {
	struct rate_ops __rcu *ops;
	struct rate_ops *first;
	struct mutex lock;
};

static int nic_limit(struct nic *nic)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (ops)
		limit = ops->limit;
	rcu_read_unlock();
	return limit;
}

static void nic_stop(struct nic *nic)
{
	struct rate_ops *old;

	mutex_lock(&nic->lock);
	old = rcu_dereference_protected(nic->ops, lockdep_is_held(&nic->lock));
	RCU_INIT_POINTER(nic->ops, NULL);
	mutex_unlock(&nic->lock);
	if (old)
		kfree_rcu(old, rcu);
}
`;

export const rule = "rcu/missing-assign-pointer";

export const hazardous = [
  { name: "a plain store", code: `${common}
static int nic_start(struct nic *nic, int limit)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	mutex_lock(&nic->lock);
	nic->ops = ops;
	mutex_unlock(&nic->lock);
	return 0;
}
` },
  { name: "RCU_INIT_POINTER() of a new object", code: `${common}
static int nic_start(struct nic *nic, int limit)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	mutex_lock(&nic->lock);
	RCU_INIT_POINTER(nic->ops, ops);
	mutex_unlock(&nic->lock);
	return 0;
}
` },
  { name: "WRITE_ONCE() in a helper", code: `${common}
static void nic_use(struct nic *nic, struct rate_ops *ops)
{
	WRITE_ONCE(nic->ops, ops);
}

static void nic_start(struct nic *nic, struct rate_ops *ops, int limit)
{
	ops->limit = limit;
	mutex_lock(&nic->lock);
	nic_use(nic, ops);
	mutex_unlock(&nic->lock);
}
` },
];

export const twins = [
  { name: "rcu_assign_pointer()", code: `${common}
static int nic_start(struct nic *nic, int limit)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	mutex_lock(&nic->lock);
	rcu_assign_pointer(nic->ops, ops);
	mutex_unlock(&nic->lock);
	return 0;
}
` },
  { name: "the holder is not reachable yet", code: `${common}
static struct nic *nic_new(int limit)
{
	struct nic *nic = kzalloc(sizeof(*nic), GFP_KERNEL);
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!nic || !ops)
		return NULL;
	ops->limit = limit;
	RCU_INIT_POINTER(nic->ops, ops);
	return nic;
}
` },
  { name: "a field that no reader fetches", code: `${common}
static int nic_start(struct nic *nic, int limit)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	nic->first = ops;
	return 0;
}
` },
];
