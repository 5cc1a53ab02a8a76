import type { Hazards } from "./hazards.ts";

export const rule = "rcu/unbalanced-reader";

export const hazardous: Hazards["hazardous"] = [
  { name: "an error path returns inside", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

int lease_state(struct pool *pool, int owner)
{
	struct lease *l;
	int state = 0;

	rcu_read_lock();
	l = rcu_dereference(pool->head);
	if (!l)
		return -ENODEV;
	if (l->owner == owner)
		state = l->state;
	rcu_read_unlock();
	return state;
}
` },
  { name: "a return inside the walk of a void function", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

void lease_mark(struct pool *pool, int owner)
{
	struct lease *l;

	rcu_read_lock();
	list_for_each_entry_rcu(l, &pool->leases, node) {
		if (l->owner == owner) {
			WRITE_ONCE(l->state, 1);
			return;
		}
	}
	rcu_read_unlock();
}
` },
  { name: "left before the label that leaves it", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

int lease_check(struct pool *pool)
{
	struct lease *l;
	int ret = 0;

	rcu_read_lock();
	l = rcu_dereference(pool->head);
	if (!l) {
		rcu_read_unlock();
		ret = -ENOENT;
		goto out;
	}
	ret = l->state;
out:
	rcu_read_unlock();
	return ret;
}
` },
  { name: "an SRCU section", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

int lease_poll(struct pool *pool)
{
	struct lease *l;
	int idx;

	idx = srcu_read_lock(&pool->srcu);
	l = srcu_dereference(pool->head, &pool->srcu);
	if (!l)
		return -EAGAIN;
	if (READ_ONCE(l->state) < 0) {
		srcu_read_unlock(&pool->srcu, idx);
		return -EIO;
	}
	srcu_read_unlock(&pool->srcu, idx);
	return 0;
}
` },
];

export const twins: Hazards["twins"] = [
  { name: "every path goes through the label", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

int lease_state(struct pool *pool, int owner)
{
	struct lease *l;
	int state = -ENODEV;

	rcu_read_lock();
	l = rcu_dereference(pool->head);
	if (!l)
		goto out;
	state = l->owner == owner ? l->state : 0;
out:
	rcu_read_unlock();
	return state;
}
` },
  { name: "the element comes with the section", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

struct lease *lease_find(struct pool *pool, int owner)
{
	struct lease *l;

	rcu_read_lock();
	list_for_each_entry_rcu(l, &pool->leases, node)
		if (l->owner == owner)
			return l;
	rcu_read_unlock();
	return NULL;
}
` },
  { name: "a start and stop pair", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

static void *lease_seq_start(struct seq_file *seq, loff_t *pos)
{
	struct pool *pool = seq->private;

	rcu_read_lock();
	return rcu_dereference(pool->head);
}

static void lease_seq_stop(struct seq_file *seq, void *v)
{
	rcu_read_unlock();
}

static const struct seq_operations lease_seq_ops = {
	.start = lease_seq_start,
	.stop = lease_seq_stop,
};
` },
  { name: "a guard", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

int lease_state(struct pool *pool)
{
	struct lease *l;

	guard(rcu)();
	l = rcu_dereference(pool->head);
	if (!l)
		return -ENODEV;
	return l->state;
}
` },
  { name: "entered and left on one condition", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

int lease_peek(struct pool *pool, bool locked)
{
	struct lease *l;
	int state = 0;

	if (!locked)
		rcu_read_lock();
	l = rcu_dereference_raw(pool->head);
	if (l)
		state = l->state;
	if (!locked)
		rcu_read_unlock();
	return state;
}
` },
];
