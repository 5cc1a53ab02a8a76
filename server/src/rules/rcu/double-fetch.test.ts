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

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/double-fetch", common + code);

describe("rcu/double-fetch", () => {
  it("another structure is asked", () => check(`
static int nic_other(struct nic *a, struct nic *b)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	if (rcu_access_pointer(a->ops)) {
		ops = rcu_dereference(b->ops);
		limit = ops->limit;
	}
	rcu_read_unlock();
	return limit;
}
`));

  it("the test is the other way round", () => check(`
static int nic_odd(struct nic *nic)
{
	int limit = 0;

	rcu_read_lock();
	if (!rcu_dereference(nic->ops))
		limit = -1;
	else
		limit = rcu_dereference(nic->ops)->limit;
//                      ^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: may store NULL in between
	rcu_read_unlock();
	return limit;
}
`));

  it("the fetched value is tested in its variable, and another one is used", () => check(`
static int nic_again(struct nic *nic)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (!ops || nic->first)
		goto out;
	limit = rcu_dereference(nic->ops)->limit;
//              ^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: may store NULL in between
out:
	rcu_read_unlock();
	return limit;
}
`));

  it("both in one condition, by the variable", () => check(`
static bool nic_has(struct nic *nic)
{
	struct rate_ops *ops;
	bool has = false;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (ops && rcu_dereference(nic->ops)->limit)
//                 ^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: may store NULL in between
		has = true;
	rcu_read_unlock();
	return has;
}
`));

  it("the variable got another value before it was tested", () => check(`
static int nic_either(struct nic *nic)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	ops = nic->first;
	if (ops) {
		ops = rcu_dereference(nic->ops);
		limit = ops ? ops->limit : 0;
	}
	rcu_read_unlock();
	return limit;
}
`));

  it("the updater is in another file", () => checkRule("rcu/double-fetch", `struct rate_ops { int limit; };
struct port { struct rate_ops __rcu *ops; };

static int port_limit(struct port *port)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(port->ops);
	if (ops)
		limit = rcu_dereference(port->ops)->limit;
//                      ^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: is fetched again after it was tested
	rcu_read_unlock();
	return limit;
}
`));

  it("the lock that keeps it may be an updater's in another file", () => checkRule("rcu/double-fetch", `struct rate_ops { int limit; };
struct port { struct rate_ops __rcu *ops; struct mutex lock; };

static int port_limit(struct port *port)
{
	struct rate_ops *ops;
	int limit = 0;

	mutex_lock(&port->lock);
	rcu_read_lock();
	ops = rcu_dereference(port->ops);
	if (ops)
		limit = rcu_dereference(port->ops)->limit;
	rcu_read_unlock();
	mutex_unlock(&port->lock);
	return limit;
}
`));

  it("the second fetch is for a call through it", () => checkRule("rcu/double-fetch", `struct ops { void (*run)(int id); };
struct port { struct ops __rcu *ops; int id; };

static void port_run(struct port *port)
{
	struct ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(port->ops);
	if (ops && port->id)
		rcu_dereference(port->ops)->run(port->id);
//              ^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: is fetched again after it was tested
	rcu_read_unlock();
}
`));

  it("a comment says that callers hold a lock, which the updaters may hold too", () => check(`
/* The caller holds the lock of the port. */
static int nic_locked(struct nic *nic)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (ops)
		limit = rcu_dereference(nic->ops)->limit;
//                      ^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: may store NULL in between
	rcu_read_unlock();
	return limit;
}
`));

  it("one expression gives up on NULL and fetches again", () => check(`
static bool nic_is_slow(struct nic *nic)
{
	struct rate_ops *ops;
	bool slow = false;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (unlikely(!ops) || rcu_dereference(nic->ops)->limit < 10 || ops->limit > 1000)
//                            ^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: fetched again
		slow = true;
	rcu_read_unlock();
	return slow;
}
`));

  it("one expression goes on to a fetch of its own with NULL", () => check(`
static bool nic_is_odd(struct nic *nic)
{
	struct rate_ops *ops, *again;
	bool odd = false;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (!ops || !(again = rcu_dereference(nic->ops)) || again->limit)
		odd = true;
	rcu_read_unlock();
	return odd;
}
`));
});
