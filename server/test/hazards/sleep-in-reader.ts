import type { Hazards } from "./hazards.ts";

export const rule = "rcu/sleep-in-reader";

export const hazardous: Hazards["hazardous"] = [
  { name: "a mutex inside the section", code: `struct flow {
	struct hlist_node node;
	refcount_t refs;
	struct mutex stats_lock;
	u64 bytes;
};

struct flow_table {
	struct hlist_head buckets;
	struct flow __rcu *cached;
	struct xarray index;
	struct srcu_struct srcu;
};

u64 flow_bytes(struct flow_table *t)
{
	struct flow *f;
	u64 sum = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(f, &t->buckets, node) {
		mutex_lock(&f->stats_lock);
		sum += f->bytes;
		mutex_unlock(&f->stats_lock);
	}
	rcu_read_unlock();
	return sum;
}
` },
  { name: "an index that allocates", code: `struct flow {
	struct hlist_node node;
	refcount_t refs;
	struct mutex stats_lock;
	u64 bytes;
};

struct flow_table {
	struct hlist_head buckets;
	struct flow __rcu *cached;
	struct xarray index;
	struct srcu_struct srcu;
};

int flow_index(struct flow_table *t)
{
	struct flow *f;
	int err = 0;

	rcu_read_lock();
	f = rcu_dereference(t->cached);
	if (f)
		err = xa_err(xa_store(&t->index, 1, f, GFP_KERNEL));
	rcu_read_unlock();
	return err;
}
` },
  { name: "a helper sleeps", code: `struct flow {
	struct hlist_node node;
	refcount_t refs;
	struct mutex stats_lock;
	u64 bytes;
};

struct flow_table {
	struct hlist_head buckets;
	struct flow __rcu *cached;
	struct xarray index;
	struct srcu_struct srcu;
};

static void flow_settle(struct flow *f)
{
	while (f->bytes)
		usleep_range(100, 200);
}

void flow_drain(struct flow_table *t)
{
	struct flow *f;

	guard(rcu)();
	f = rcu_dereference(t->cached);
	if (f)
		flow_settle(f);
}
` },
];

export const twins: Hazards["twins"] = [
  { name: "a reference, and the mutex outside", code: `struct flow {
	struct hlist_node node;
	refcount_t refs;
	struct mutex stats_lock;
	u64 bytes;
};

struct flow_table {
	struct hlist_head buckets;
	struct flow __rcu *cached;
	struct xarray index;
	struct srcu_struct srcu;
};

u64 flow_bytes(struct flow_table *t)
{
	struct flow *f;
	u64 bytes;

	rcu_read_lock();
	f = rcu_dereference(t->cached);
	if (!f || !refcount_inc_not_zero(&f->refs)) {
		rcu_read_unlock();
		return 0;
	}
	rcu_read_unlock();
	mutex_lock(&f->stats_lock);
	bytes = f->bytes;
	mutex_unlock(&f->stats_lock);
	return bytes;
}
` },
  { name: "atomic flags", code: `struct flow {
	struct hlist_node node;
	refcount_t refs;
	struct mutex stats_lock;
	u64 bytes;
};

struct flow_table {
	struct hlist_head buckets;
	struct flow __rcu *cached;
	struct xarray index;
	struct srcu_struct srcu;
};

int flow_index(struct flow_table *t)
{
	struct flow *f;
	int err = 0;

	rcu_read_lock();
	f = rcu_dereference(t->cached);
	if (f)
		err = xa_err(xa_store(&t->index, 1, f, GFP_ATOMIC));
	rcu_read_unlock();
	return err;
}
` },
  { name: "an SRCU section", code: `struct flow {
	struct hlist_node node;
	refcount_t refs;
	struct mutex stats_lock;
	u64 bytes;
};

struct flow_table {
	struct hlist_head buckets;
	struct flow __rcu *cached;
	struct xarray index;
	struct srcu_struct srcu;
};

u64 flow_bytes(struct flow_table *t)
{
	struct flow *f;
	u64 sum = 0;
	int idx;

	idx = srcu_read_lock(&t->srcu);
	f = srcu_dereference(t->cached, &t->srcu);
	if (f) {
		mutex_lock(&f->stats_lock);
		sum = f->bytes;
		mutex_unlock(&f->stats_lock);
	}
	srcu_read_unlock(&t->srcu, idx);
	return sum;
}
` },
  { name: "the section is left for the sleep and entered again", code: `struct flow {
	struct hlist_node node;
	refcount_t refs;
	struct mutex stats_lock;
	u64 bytes;
};

struct flow_table {
	struct hlist_head buckets;
	struct flow __rcu *cached;
	struct xarray index;
	struct srcu_struct srcu;
};

void flow_walk(struct flow_table *t)
{
	struct flow *f;

	rcu_read_lock();
	f = rcu_dereference(t->cached);
	if (f && need_resched()) {
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	rcu_read_unlock();
}
` },
];
