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
});
