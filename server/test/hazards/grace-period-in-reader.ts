import type { Hazards } from "./hazards.ts";

export const rule = "rcu/grace-period-in-reader";

export const hazardous: Hazards["hazardous"] = [
  { name: "a wait before the unlock", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

void lease_end(struct pool *pool)
{
	struct lease *l;

	rcu_read_lock();
	l = rcu_dereference(pool->head);
	if (l)
		WRITE_ONCE(l->state, 0);
	synchronize_rcu();
	rcu_read_unlock();
}
` },
  { name: "a helper waits", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

static void lease_settle(struct lease *l)
{
	WRITE_ONCE(l->state, 0);
	synchronize_rcu_expedited();
}

void lease_end(struct pool *pool)
{
	struct lease *l;

	rcu_read_lock();
	l = rcu_dereference(pool->head);
	if (l)
		lease_settle(l);
	rcu_read_unlock();
}
` },
  { name: "the same SRCU domain", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

void lease_end(struct pool *pool)
{
	struct lease *l;
	int idx;

	idx = srcu_read_lock(&pool->srcu);
	l = srcu_dereference(pool->head, &pool->srcu);
	if (l)
		WRITE_ONCE(l->state, 0);
	synchronize_srcu(&pool->srcu);
	srcu_read_unlock(&pool->srcu, idx);
}
` },
];

export const twins: Hazards["twins"] = [
  { name: "the wait comes after the unlock", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

void lease_end(struct pool *pool)
{
	struct lease *l;

	rcu_read_lock();
	l = rcu_dereference(pool->head);
	if (l)
		WRITE_ONCE(l->state, 0);
	rcu_read_unlock();
	synchronize_rcu();
}
` },
  { name: "RCU is waited for in an SRCU section", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

void lease_end(struct pool *pool)
{
	struct lease *l;
	int idx;

	idx = srcu_read_lock(&pool->srcu);
	l = srcu_dereference(pool->head, &pool->srcu);
	if (l)
		WRITE_ONCE(l->state, 0);
	synchronize_rcu();
	srcu_read_unlock(&pool->srcu, idx);
}
` },
  { name: "it is left to a callback", code: `struct lease {
	struct list_head node;
	int owner;
	int state;
};

struct pool {
	struct list_head leases;
	struct lease __rcu *head;
	struct srcu_struct srcu;
};

struct lease_end {
	struct rcu_head rcu;
	struct pool *pool;
};

static void lease_ended(struct rcu_head *head)
{
	kfree(container_of(head, struct lease_end, rcu));
}

void lease_end(struct pool *pool, struct lease_end *end)
{
	rcu_read_lock();
	if (rcu_dereference(pool->head))
		call_rcu(&end->rcu, lease_ended);
	rcu_read_unlock();
}
` },
];
