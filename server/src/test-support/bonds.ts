/** A domain whose bonds are walked, and whose active bond is read, under RCU or SRCU: what tests of frees share. */

export const types = `struct bond {
	struct list_head list;
	int id;
	struct kref ref;
	struct rcu_head rcu;
};

struct domain {
	struct list_head bonds;
	struct bond __rcu *active;
	spinlock_t lock;
	struct mutex mutex;
	struct srcu_struct srcu;
};

static struct srcu_struct other_srcu;
`;

/** Walks the list in a section. */
export const walker = `
int flush(struct domain *d)
{
	struct bond *b;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(b, &d->bonds, list)
		sum += b->id;
	rcu_read_unlock();
	return sum;
}
`;

/** Reads the pointer in a section. */
export const reader = `
int current_id(struct domain *d)
{
	struct bond *b;
	int id = 0;

	rcu_read_lock();
	b = rcu_dereference(d->active);
	if (b)
		id = b->id;
	rcu_read_unlock();
	return id;
}
`;

/** Walks the list in a section of the domain's own SRCU. */
export const srcuReader = `
int flush(struct domain *d)
{
	struct bond *b;
	int idx, sum = 0;

	idx = srcu_read_lock(&d->srcu);
	list_for_each_entry_srcu(b, &d->bonds, list, srcu_read_lock_held(&d->srcu))
		sum += b->id;
	srcu_read_unlock(&d->srcu, idx);
	return sum;
}
`;
