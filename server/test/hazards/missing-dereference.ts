/** Small drivers in kernel style for rcu/missing-dereference: hazardous ones, and their nearest correct twins. */

const common = `struct rate_ops {
	int limit;
	struct rcu_head rcu;
};

struct nic {
	struct rate_ops *ops;
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
`;

export const rule = "rcu/missing-dereference";

export const hazardous = [
  { name: "a plain load of a pointer that others fetch with rcu_dereference()", code: `${common}
static int nic_twice(struct nic *nic)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = nic->ops;
	if (ops)
		limit = 2 * ops->limit;
	rcu_read_unlock();
	return limit;
}
` },
  { name: "a plain load in a helper of the reader", code: `${common}
static int nic_get(struct nic *nic)
{
	return nic->ops->limit;
}

static int nic_half(struct nic *nic)
{
	int limit;

	rcu_read_lock();
	limit = nic_get(nic) / 2;
	rcu_read_unlock();
	return limit;
}
` },
  { name: "rcu_access_pointer() is followed without a section", code: `${common}
static int nic_peek(struct nic *nic)
{
	struct rate_ops *ops = rcu_access_pointer(nic->ops);

	if (!ops)
		return 0;
	return ops->limit;
}
` },
];

export const twins = [
  { name: "rcu_dereference()", code: `${common}
static int nic_twice(struct nic *nic)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (ops)
		limit = 2 * ops->limit;
	rcu_read_unlock();
	return limit;
}
` },
  { name: "the update lock is held", code: `${common}
static int nic_locked(struct nic *nic)
{
	int limit = 0;

	mutex_lock(&nic->lock);
	if (nic->ops)
		limit = nic->ops->limit;
	mutex_unlock(&nic->lock);
	return limit;
}
` },
  { name: "rcu_access_pointer() is only compared", code: `${common}
static bool nic_has(struct nic *nic)
{
	return rcu_access_pointer(nic->ops) != NULL;
}
` },
];
