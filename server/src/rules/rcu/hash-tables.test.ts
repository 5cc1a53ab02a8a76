import { expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

it("the table that a macro of hashtable.h walks is the one whose lists are walked by hand", async () => {
  const found = await reviewText(`struct peer { u8 id; int weight; struct hlist_node node; };
struct group { struct hlist_head peers[256]; };
static struct peer *peer_of(struct group *group, u8 id)
{
	struct peer *peer;

	hlist_for_each_entry_rcu(peer, &group->peers[id], node)
		if (peer->id == id)
			return peer;
	return NULL;
}
int weight_of(struct group *group, u8 id)
{
	struct peer *peer;
	int weight = 0;

	rcu_read_lock();
	peer = peer_of(group, id);
	if (peer)
		weight = peer->weight;
	rcu_read_unlock();
	return weight;
}
static void forget_all(struct group *group)
{
	struct hlist_node *next;
	struct peer *peer;
	int bucket;

	hash_for_each_safe(group->peers, bucket, next, peer, node) {
		hash_del_rcu(&peer->node);
		kfree(peer);
	}
}
`);
  expect(found.filter(({ rule }) => rule === "rcu/free-before-grace-period").map(({ function: fn, evidence }) => `${fn} ${evidence?.verdict ?? ""}`)).toEqual(["forget_all confirmed"]);
});
