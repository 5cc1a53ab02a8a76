import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

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

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/typesafe-without-recheck", common + code);

describe("rcu/typesafe-without-recheck", () => {
  it("a walk that only reads needs no reference", () => check(`
static u32 flow_sum(struct flow_table *table)
{
	struct flow *flow;
	u32 sum = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(flow, &table->flows, node)
		sum += flow->tag;
	rcu_read_unlock();
	return sum;
}
`));
});
