/** Small drivers in kernel style for rcu/unjustified-protected-access: hazardous ones, and their nearest correct twins. */

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

export const rule = "rcu/unjustified-protected-access";

export const hazardous = [
  { name: "a getter", code: `${common}
static int nic_raw(struct nic *nic)
{
	return rcu_dereference_protected(nic->ops, 1)->limit;
}
` },
  { name: "true is no condition either", code: `${common}
static int nic_raw(struct nic *nic)
{
	struct rate_ops *ops = rcu_dereference_protected(nic->ops, true);

	return ops ? ops->limit : 0;
}
` },
  { name: "in a reader", code: `${common}
static int nic_raw(struct nic *nic)
{
	int limit;

	rcu_read_lock();
	limit = rcu_dereference_protected(nic->ops, 1)->limit;
	rcu_read_unlock();
	return limit;
}
` },
];

export const twins = [
  { name: "the condition names the lock", code: `${common}
static int nic_locked(struct nic *nic)
{
	int limit;

	mutex_lock(&nic->lock);
	limit = rcu_dereference_protected(nic->ops, lockdep_is_held(&nic->lock))->limit;
	mutex_unlock(&nic->lock);
	return limit;
}
` },
  { name: "the last user", code: `${common}
static void nic_free(struct nic *nic)
{
	kfree(rcu_dereference_protected(nic->ops, 1));
	kfree(nic);
}
` },
  { name: "before it is published", code: `${common}
static struct nic *nic_new(void)
{
	struct nic *nic = kzalloc(sizeof(*nic), GFP_KERNEL);

	if (!nic)
		return NULL;
	if (rcu_dereference_protected(nic->ops, 1))
		nic->first = NULL;
	return nic;
}
` },
];
