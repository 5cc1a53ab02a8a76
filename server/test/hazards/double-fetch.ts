/** Small drivers in kernel style for rcu/double-fetch: hazardous ones, and their nearest correct twins. */

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

export const rule = "rcu/double-fetch";

export const hazardous = [
  { name: "one fetch is tested, another one is followed", code: `${common}
static int nic_twice(struct nic *nic)
{
	int limit = 0;

	rcu_read_lock();
	if (rcu_dereference(nic->ops))
		limit = rcu_dereference(nic->ops)->limit;
	rcu_read_unlock();
	return limit;
}
` },
  { name: "rcu_access_pointer() says no, and the fetch after it is not tested", code: `${common}
static int nic_twice(struct nic *nic)
{
	struct rate_ops *ops;
	int limit;

	rcu_read_lock();
	if (!rcu_access_pointer(nic->ops)) {
		rcu_read_unlock();
		return 0;
	}
	ops = rcu_dereference(nic->ops);
	limit = ops->limit;
	rcu_read_unlock();
	return limit;
}
` },
  { name: "both fetches in one condition", code: `${common}
static int nic_is(struct nic *nic, int limit)
{
	int is;

	rcu_read_lock();
	is = rcu_dereference(nic->ops) && rcu_dereference(nic->ops)->limit == limit;
	rcu_read_unlock();
	return is;
}
` },
];

export const twins = [
  { name: "one fetch", code: `${common}
static int nic_twice(struct nic *nic)
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
` },
  { name: "a cheap test first, and the fetch is tested too", code: `${common}
static int nic_twice(struct nic *nic)
{
	struct rate_ops *ops;
	int limit = 0;

	if (!rcu_access_pointer(nic->ops))
		return 0;
	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (ops)
		limit = ops->limit;
	rcu_read_unlock();
	return limit;
}
` },
  { name: "the update lock is held over both", code: `${common}
static int nic_twice(struct nic *nic)
{
	int limit = 0;

	mutex_lock(&nic->lock);
	if (rcu_access_pointer(nic->ops))
		limit = rcu_dereference_check(nic->ops, lockdep_is_held(&nic->lock))->limit;
	mutex_unlock(&nic->lock);
	return limit;
}
` },
];
