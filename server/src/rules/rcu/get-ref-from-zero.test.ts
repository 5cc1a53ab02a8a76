import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct peer {
	struct list_head node;
	struct kref ref;
	int id;
	struct rcu_head rcu;
};

struct net_ctx {
	struct list_head peers;
	struct peer __rcu *current_peer;
	spinlock_t lock;
};
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/get-ref-from-zero", common + code);

describe("rcu/get-ref-from-zero", () => {
  it("a grace period between removal and the last put", () => check(`
static void peer_free(struct kref *ref)
{
	kfree(container_of(ref, struct peer, ref));
}

static void peer_remove(struct net_ctx *ctx, struct peer *peer)
{
	spin_lock(&ctx->lock);
	list_del_rcu(&peer->node);
	spin_unlock(&ctx->lock);
	synchronize_rcu();
	kref_put(&peer->ref, peer_free);
}

static struct peer *peer_find(struct net_ctx *ctx, int id)
{
	struct peer *peer;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, &ctx->peers, node) {
		if (peer->id == id) {
			kref_get(&peer->ref);
//                      ^^^^^^^^^^^^^^^^^^^^ refuted
			rcu_read_unlock();
			return peer;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`));

  it("the put takes the lock of the list with the last reference", () => check(`
struct table {
	struct hlist_node node;
	refcount_t use;
	int id;
};

static HLIST_HEAD(tables);
static DEFINE_MUTEX(tables_lock);

static struct table *table_get(int id)
{
	struct table *table;

	mutex_lock(&tables_lock);
	hlist_for_each_entry(table, &tables, node) {
		if (table->id == id) {
			refcount_inc(&table->use);
			mutex_unlock(&tables_lock);
			return table;
		}
	}
	mutex_unlock(&tables_lock);
	return NULL;
}

static void table_put(struct table *table)
{
	if (refcount_dec_and_mutex_lock(&table->use, &tables_lock)) {
		hlist_del(&table->node);
		mutex_unlock(&tables_lock);
		kfree(table);
	}
}
`));
});
