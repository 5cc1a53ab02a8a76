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

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/unjustified-protected-access", common + code);

describe("rcu/unjustified-protected-access", () => {
  it("a set-up function of a driver is alone", () => check(`
static int nic_probe(struct platform_device *pdev)
{
	struct nic *nic = platform_get_drvdata(pdev);

	return rcu_dereference_protected(nic->ops, 1) ? 0 : -EINVAL;
}

static struct platform_driver nic_driver = {
	.probe = nic_probe,
};
`));
});
