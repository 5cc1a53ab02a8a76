import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

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

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/missing-assign-pointer", common + code);

describe("rcu/missing-assign-pointer", () => {
  it("a barrier before the plain store is enough", () => check(`
static int nic_start(struct nic *nic, int limit)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	smp_wmb();
	WRITE_ONCE(nic->ops, ops);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^ refuted
	return 0;
}
`));

  it("an object that was published before", () => check(`
static void nic_back(struct nic *nic)
{
	mutex_lock(&nic->lock);
	RCU_INIT_POINTER(nic->ops, nic->first);
	mutex_unlock(&nic->lock);
}
`));

  it("a table that is set up by another file", () => check(`
void nic_init(struct nic *nic)
{
	RCU_INIT_POINTER(nic->ops, kzalloc(sizeof(struct rate_ops), GFP_KERNEL));
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: may run before there are readers
}
`));
});
