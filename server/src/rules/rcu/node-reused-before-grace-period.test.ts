import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/node-reused-before-grace-period";

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

const readers = `int count(struct table *t)
{
	struct item *i;
	int n = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(i, &t->items, list)
		n += i->id;
	hlist_for_each_entry_rcu(i, &t->buckets[0], hash)
		n += i->id;
	rcu_read_unlock();
	return n;
}

`;
const park = (body: string): string => `${readers}void park(struct table *t, struct item *i)
{
	spin_lock(&t->slock);
${body}	spin_unlock(&t->slock);
}
`;

describe(rule, () => {
  it("list_del_init(), with a fix that is verified", async () => {
    const [finding] = (await reviewText(`${types}${park("	list_del_init(&i->list);\n")}`)).filter((one) => one.rule === rule);
    expect(finding?.evidence?.verdict).toBe("confirmed");
    expect(finding?.fixes[0]).toMatchObject({ title: "Unlink with list_del_rcu()", verified: true });
  });

  it("back on the list that readers walk", async () => {
    expect(await found(park("	list_del_rcu(&i->list);\n	list_add_rcu(&i->list, &t->items);\n"))).toEqual([]);
  });

  it("a chain that goes on elsewhere may be meant", async () => {
    expect(await found(park("	hlist_del_init_rcu(&i->hash);\n	INIT_HLIST_NODE(&i->hash);\n"))).toEqual([expect.stringMatching(/^undecided: readers of a chain/)]);
  });

  it("which bucket of an array it goes to is not asked", async () => {
    expect(await found(park("	hlist_del_init_rcu(&i->hash);\n	hlist_add_head_rcu(&i->hash, &t->buckets[1]);\n"))).toEqual([]);
  });

  it("readers under the same lock are not on the node", async () => {
    expect((await found(`${readers.replace("rcu_read_lock();", "rcu_read_lock();\n	spin_lock(&t->slock);").replace("rcu_read_unlock();", "spin_unlock(&t->slock);\n	rcu_read_unlock();")}void park(struct table *t, struct item *i)
{
	spin_lock(&t->slock);
	list_move(&i->list, &t->spare);
	spin_unlock(&t->slock);
}
`)).filter((text) => !text.startsWith("refuted"))).toEqual([]);
  });

  it("a plain list_del() is another rule's finding", async () => {
    expect(await found(park("	list_del(&i->list);\n"))).toEqual([]);
  });
});
