/** Objects that are touched after they were queued for freeing, and near twins that are right. */

const types = `struct hz_entry {
	struct list_head node;
	u32 key;
	u32 hits;
	struct rcu_head rcu;
};

struct hz_cache {
	struct list_head entries;
	struct mutex lock;
	spinlock_t slock;
	u32 evicted;
};

static void hz_entry_free(struct rcu_head *head)
{
	struct hz_entry *e = container_of(head, struct hz_entry, rcu);

	kfree(e);
}

`;

export const rule = "rcu/use-after-queued";

export const hazardous = [
  {
    name: "a field is read after kfree_rcu()",
    code: `${types}static void hz_evict(struct hz_cache *c, struct hz_entry *e)
{
	mutex_lock(&c->lock);
	list_del_rcu(&e->node);
	kfree_rcu(e, rcu);
	c->evicted += e->hits;
	mutex_unlock(&c->lock);
}
`,
  },
  {
    name: "a field is written after call_rcu() in a helper",
    code: `${types}static void hz_queue(struct hz_entry *e)
{
	call_rcu(&e->rcu, hz_entry_free);
}

static void hz_forget(struct hz_cache *c, struct hz_entry *e)
{
	mutex_lock(&c->lock);
	list_del_rcu(&e->node);
	mutex_unlock(&c->lock);
	hz_queue(e);
	e->hits = 0;
}
`,
  },
  {
    name: "only the unlink stands in a section",
    code: `${types}static u32 hz_drop(struct hz_cache *c, struct hz_entry *e)
{
	mutex_lock(&c->lock);
	rcu_read_lock();
	list_del_rcu(&e->node);
	kfree_rcu(e, rcu);
	rcu_read_unlock();
	mutex_unlock(&c->lock);
	return e->key;
}
`,
  },
];

export const twins = [
  {
    name: "it is read before",
    code: `${types}static void hz_evict(struct hz_cache *c, struct hz_entry *e)
{
	mutex_lock(&c->lock);
	list_del_rcu(&e->node);
	c->evicted += e->hits;
	kfree_rcu(e, rcu);
	mutex_unlock(&c->lock);
}
`,
  },
  {
    name: "the section began before it was queued and spans the use",
    code: `${types}static u32 hz_drop(struct hz_cache *c, struct hz_entry *e)
{
	u32 key;

	mutex_lock(&c->lock);
	rcu_read_lock();
	list_del_rcu(&e->node);
	kfree_rcu(e, rcu);
	key = e->key;
	rcu_read_unlock();
	mutex_unlock(&c->lock);
	return key;
}
`,
  },
  {
    name: "so does a spinlock",
    code: `${types}static void hz_forget(struct hz_cache *c, struct hz_entry *e)
{
	spin_lock(&c->slock);
	list_del_rcu(&e->node);
	call_rcu(&e->rcu, hz_entry_free);
	e->hits = 0;
	spin_unlock(&c->slock);
}
`,
  },
  {
    name: "another object is used",
    code: `${types}static void hz_swap(struct hz_cache *c, struct hz_entry *old, struct hz_entry *new)
{
	mutex_lock(&c->lock);
	list_replace_rcu(&old->node, &new->node);
	kfree_rcu(old, rcu);
	new->hits = 0;
	mutex_unlock(&c->lock);
}
`,
  },
];
