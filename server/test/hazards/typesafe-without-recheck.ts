/** Small drivers in kernel style for rcu/typesafe-without-recheck: hazardous ones, and their nearest correct twins. */

const common = `struct flow {
	struct hlist_node node;
	refcount_t ref;
	u32 tag;
};

struct flow_table {
	struct hlist_head flows;
	spinlock_t lock;
};

static struct kmem_cache *flow_cache;
static struct kmem_cache *plain_cache;

static int flow_setup(void)
{
	flow_cache = kmem_cache_create("flow", sizeof(struct flow), 0, SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU, NULL);
	plain_cache = kmem_cache_create("plain", sizeof(struct flow), 0, 0, NULL);
	return flow_cache && plain_cache ? 0 : -ENOMEM;
}

static void flow_free(struct flow_table *table, struct flow *flow)
{
	spin_lock_bh(&table->lock);
	hlist_del_rcu(&flow->node);
	spin_unlock_bh(&table->lock);
	kmem_cache_free(flow_cache, flow);
}
`;

export const rule = "rcu/typesafe-without-recheck";

export const hazardous = [
  { name: "the key is compared before the reference only", code: `${common}
static void flow_new(struct flow_table *table, u32 tag)
{
	struct flow *flow = kmem_cache_alloc(flow_cache, GFP_ATOMIC);

	if (!flow)
		return;
	flow->tag = tag;
	refcount_set(&flow->ref, 1);
	spin_lock_bh(&table->lock);
	hlist_add_head_rcu(&flow->node, &table->flows);
	spin_unlock_bh(&table->lock);
}

static struct flow *flow_find(struct flow_table *table, u32 tag)
{
	struct flow *flow;

	rcu_read_lock();
	hlist_for_each_entry_rcu(flow, &table->flows, node) {
		if (flow->tag != tag)
			continue;
		if (!refcount_inc_not_zero(&flow->ref))
			continue;
		rcu_read_unlock();
		return flow;
	}
	rcu_read_unlock();
	return NULL;
}
` },
  { name: "in one condition", code: `${common}
static void flow_new(struct flow_table *table, u32 tag)
{
	struct flow *flow = kmem_cache_alloc(flow_cache, GFP_ATOMIC);

	if (!flow)
		return;
	flow->tag = tag;
	refcount_set(&flow->ref, 1);
	spin_lock_bh(&table->lock);
	hlist_add_head_rcu(&flow->node, &table->flows);
	spin_unlock_bh(&table->lock);
}

static struct flow *flow_find(struct flow_table *table, u32 tag)
{
	struct flow *flow;

	rcu_read_lock();
	hlist_for_each_entry_rcu(flow, &table->flows, node) {
		if (flow->tag == tag && refcount_inc_not_zero(&flow->ref)) {
			rcu_read_unlock();
			return flow;
		}
	}
	rcu_read_unlock();
	return NULL;
}
` },
  { name: "through a helper that takes the reference", code: `${common}
static void flow_new(struct flow_table *table, u32 tag)
{
	struct flow *flow = kmem_cache_alloc(flow_cache, GFP_ATOMIC);

	if (!flow)
		return;
	flow->tag = tag;
	refcount_set(&flow->ref, 1);
	spin_lock_bh(&table->lock);
	hlist_add_head_rcu(&flow->node, &table->flows);
	spin_unlock_bh(&table->lock);
}

static bool flow_get(struct flow *flow)
{
	return refcount_inc_not_zero(&flow->ref);
}

static struct flow *flow_find(struct flow_table *table, u32 tag)
{
	struct flow *flow;

	rcu_read_lock();
	hlist_for_each_entry_rcu(flow, &table->flows, node) {
		if (flow->tag == tag) {
			if (flow_get(flow)) {
				rcu_read_unlock();
				return flow;
			}
		}
	}
	rcu_read_unlock();
	return NULL;
}
` },
];

export const twins = [
  { name: "the key is compared again", code: `${common}
static void flow_new(struct flow_table *table, u32 tag)
{
	struct flow *flow = kmem_cache_alloc(flow_cache, GFP_ATOMIC);

	if (!flow)
		return;
	flow->tag = tag;
	refcount_set(&flow->ref, 1);
	spin_lock_bh(&table->lock);
	hlist_add_head_rcu(&flow->node, &table->flows);
	spin_unlock_bh(&table->lock);
}

static struct flow *flow_find(struct flow_table *table, u32 tag)
{
	struct flow *flow;

	rcu_read_lock();
	hlist_for_each_entry_rcu(flow, &table->flows, node) {
		if (flow->tag != tag)
			continue;
		if (!refcount_inc_not_zero(&flow->ref))
			continue;
		if (flow->tag != tag) {
			flow_put(flow);
			break;
		}
		rcu_read_unlock();
		return flow;
	}
	rcu_read_unlock();
	return NULL;
}
` },
  { name: "a cache that is not type-safe", code: `${common}
static void flow_new(struct flow_table *table, u32 tag)
{
	struct flow *flow = kmem_cache_alloc(plain_cache, GFP_ATOMIC);

	if (!flow)
		return;
	flow->tag = tag;
	refcount_set(&flow->ref, 1);
	spin_lock_bh(&table->lock);
	hlist_add_head_rcu(&flow->node, &table->flows);
	spin_unlock_bh(&table->lock);
}

static struct flow *flow_find(struct flow_table *table, u32 tag)
{
	struct flow *flow;

	rcu_read_lock();
	hlist_for_each_entry_rcu(flow, &table->flows, node) {
		if (flow->tag == tag && refcount_inc_not_zero(&flow->ref)) {
			rcu_read_unlock();
			return flow;
		}
	}
	rcu_read_unlock();
	return NULL;
}
` },
  { name: "the lock keeps them where they are", code: `${common}
static void flow_new(struct flow_table *table, u32 tag)
{
	struct flow *flow = kmem_cache_alloc(flow_cache, GFP_ATOMIC);

	if (!flow)
		return;
	flow->tag = tag;
	refcount_set(&flow->ref, 1);
	spin_lock_bh(&table->lock);
	hlist_add_head_rcu(&flow->node, &table->flows);
	spin_unlock_bh(&table->lock);
}

static struct flow *flow_find(struct flow_table *table, u32 tag)
{
	struct flow *flow;

	spin_lock_bh(&table->lock);
	hlist_for_each_entry(flow, &table->flows, node) {
		if (flow->tag == tag && refcount_inc_not_zero(&flow->ref)) {
			spin_unlock_bh(&table->lock);
			return flow;
		}
	}
	spin_unlock_bh(&table->lock);
	return NULL;
}
` },
];
