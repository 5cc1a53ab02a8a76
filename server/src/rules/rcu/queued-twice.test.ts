import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/queued-twice";

const types = `struct item {
	struct list_head list;
	struct hlist_node hash;
	struct list_head other;
	int id;
	refcount_t users;
	struct rcu_head rcu;
};

struct table {
	struct list_head items;
	struct list_head spare;
	struct hlist_head buckets[8];
	struct item __rcu *first;
	struct mutex lock;
	spinlock_t slock;
	struct work_struct work;
	int sum;
};

`;

const found = async (code: string): Promise<readonly string[]> =>
  (await reviewText(`${types}${code}`)).filter((finding) => finding.rule === rule).map((finding) => `${String(finding.evidence?.verdict)}: ${finding.evidence?.reason ?? ""}`);

const free = `static void item_free(struct rcu_head *head)
{
	kfree(container_of(head, struct item, rcu));
}

`;

describe(rule, () => {
  it("sees both ways of queueing one object", async () => {
    expect(await found(`${free}void drop(struct item *i)
{
	kfree_rcu(i, rcu);
	call_rcu(&i->rcu, item_free);
}
`)).toEqual([expect.stringMatching(/^confirmed/)]);
  });

  it("does not take two drops of a reference for two last ones", async () => {
    expect(await found(`${free}static void put(struct item *i)
{
	if (refcount_dec_and_test(&i->users))
		call_rcu(&i->rcu, item_free);
}

void drop(struct item *i)
{
	put(i);
	put(i);
}
`)).toEqual([]);
  });

  it("does not take a loop for a second time", async () => {
    expect(await found(`${free}void clear(struct table *t)
{
	struct item *i, *n;

	list_for_each_entry_safe(i, n, &t->items, list)
		call_rcu(&i->rcu, item_free);
}
`)).toEqual([]);
  });

  it("sees that a flag tested on the way forbids the second", async () => {
    expect(await found(`${free}void drop(struct item *i, int now)
{
	if (now)
		call_rcu(&i->rcu, item_free);
	if (!now)
		call_rcu(&i->rcu, item_free);
}
`)).toEqual([]);
  });
});
