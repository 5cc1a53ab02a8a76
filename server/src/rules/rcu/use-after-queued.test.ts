import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/use-after-queued";

const types = `struct item {
	struct list_head list;
	struct hlist_node hash;
	struct list_head other;
	struct rhash_head node;
	struct idr names;
	struct xarray slots;
	int id;
	refcount_t users;
	struct rcu_head rcu;
};

struct table {
	struct list_head items;
	struct list_head spare;
	struct hlist_head buckets[8];
	struct rhashtable by_name;
	struct idr ids;
	struct item __rcu *first;
	struct item *last;
	struct mutex lock;
	spinlock_t slock;
	struct work_struct work;
	int sum;
};

`;

const found = async (code: string): Promise<readonly string[]> =>
  (await reviewText(`${types}${code}`)).filter((finding) => finding.rule === rule).map((finding) => `${String(finding.evidence?.verdict)}: ${finding.evidence?.reason ?? ""}`);

describe(rule, () => {
  it("is not sure where callers may hold a section", async () => {
    expect(await found(`void drop(struct table *t, struct item *i)
{
	spin_lock(&t->slock);
	list_del_rcu(&i->list);
	spin_unlock(&t->slock);
	kfree_rcu(i, rcu);
	t->sum -= i->id;
}
`)).toEqual([expect.stringMatching(/^undecided: callers of drop\(\) may hold a read-side section/)]);
  });

  it("is sure where the path sleeps", async () => {
    expect(await found(`void drop(struct table *t, struct item *i)
{
	char *text = kmalloc(8, GFP_KERNEL);

	list_del_rcu(&i->list);
	kfree_rcu(i, rcu);
	t->sum -= i->id;
	kfree(text);
}
`)).toEqual([expect.stringMatching(/^confirmed/)]);
  });

  it("asks nothing of a callback that does not free", async () => {
    expect(await found(`static void done(struct rcu_head *head)
{
	container_of(head, struct item, rcu)->id = 0;
}

void retire(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	list_del_rcu(&i->list);
	call_rcu(&i->rcu, done);
	t->sum -= i->id;
	mutex_unlock(&t->lock);
}
`)).toEqual([]);
  });

  it("sees the use behind the last put in the same function", async () => {
    expect((await found(`void drop(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	if (!refcount_dec_and_test(&i->users)) {
		mutex_unlock(&t->lock);
		return;
	}
	list_del_rcu(&i->list);
	kfree_rcu(i, rcu);
	t->sum -= i->id;
	mutex_unlock(&t->lock);
}
`)).length).toBe(1);
  });

  it("leaves open what an unknown call does with it", async () => {
    const [one] = await found(`void drop(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	list_del_rcu(&i->list);
	kfree_rcu(i, rcu);
	demo_report(t, i);
	mutex_unlock(&t->lock);
}
`);
    expect(one).toMatch(/undecided.*demo_report\(\)/);
  });

  it("says that a mutex is looked at by some builds only when it is destroyed", async () => {
    const [one] = await found(`void drop(struct item *i)
{
	msleep(1);
	kfree_rcu(i, rcu);
	mutex_destroy(&i->lock);
}
`);
    expect(one).toMatch(/undecided.*CONFIG_DEBUG_MUTEXES/);
  });

  it("takes what looks at a list or a table in the object for a use", async () => {
    for (const use of ["WARN_ON(!list_empty(&i->other));", "idr_destroy(&i->names);", "xa_erase(&i->slots, 3);"]) {
      expect(await found(`static void drop(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	list_del_rcu(&i->list);
	mutex_unlock(&t->lock);
	kfree_rcu(i, rcu);
	${use}
}

void clear(struct table *t)
{
	mutex_lock(&t->lock);
	mutex_unlock(&t->lock);
	drop(t, t->last);
}
`), use).toEqual([expect.stringMatching(/confirmed|undecided/)]);
    }
  });

  it("takes a call that got only a field's value for harmless", async () => {
    expect(await found(`void drop(struct table *t, struct item *i)
{
	int id = i->id;

	mutex_lock(&t->lock);
	list_del_rcu(&i->list);
	kfree_rcu(i, rcu);
	demo_report(t, id);
	mutex_unlock(&t->lock);
}
`)).toEqual([]);
  });

  it("leaves a reference that somebody else may hold alone", async () => {
    expect(await found(`static void put(struct item *i)
{
	if (refcount_dec_and_test(&i->users))
		kfree_rcu(i, rcu);
}

void forget(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	put(i);
	put(i);
	mutex_unlock(&t->lock);
}
`)).toEqual([]);
  });

  it("leaves the same call once more to the rule about queueing twice", async () => {
    expect(await found(`static void drop(struct table *t, struct item *i)
{
	t->sum -= i->id;
	list_del_rcu(&i->list);
	kfree_rcu(i, rcu);
}

void forget(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	drop(t, i);
	drop(t, i);
	mutex_unlock(&t->lock);
}
`)).toEqual([]);
  });

  it("takes another round of a loop for another object", async () => {
    expect(await found(`void clear(struct table *t)
{
	struct item *i, *n;

	mutex_lock(&t->lock);
	list_for_each_entry_safe(i, n, &t->items, list) {
		t->sum -= i->id;
		list_del_rcu(&i->list);
		kfree_rcu(i, rcu);
	}
	mutex_unlock(&t->lock);
}
`)).toEqual([]);
  });

  it.each([
    ["its link", "list_del(&i->list);"],
    ["a count in it", "refcount_dec(&i->users);"],
    ["its entry in a table", "rhashtable_remove_fast(&t->by_name, &i->node, params);"],
    ["the key of its entry", "idr_remove(&t->ids, i->id);"],
  ])("sees %s used", async (_what, use) => {
    expect(await found(`void drop(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	kfree_rcu(i, rcu);
	${use}
	mutex_unlock(&t->lock);
}
`)).toEqual(["confirmed: an allowed execution reaches the hazard"]);
  });

  it("takes what a loop over a table finds for one object in each round", async () => {
    expect(await found(`static void drop(struct table *t, struct item *i)
{
	kfree_rcu(i, rcu);
	idr_remove(&t->ids, i->id);
}

void clear(struct table *t)
{
	struct item *i;
	int id;

	mutex_lock(&t->lock);
	idr_for_each_entry(&t->ids, i, id)
		drop(t, i);
	mutex_unlock(&t->lock);
}
`)).toEqual(["confirmed: an allowed execution reaches the hazard"]);
  });

  it("is decided by the caller that cannot be in a section, where there are others", async () => {
    expect(await found(`static void drop(struct table *t, struct item *i)
{
	kfree_rcu(i, rcu);
	t->sum -= i->id;
}

void one(struct table *t, struct item *i)
{
	drop(t, i);
}

void other(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	drop(t, i);
	mutex_unlock(&t->lock);
}
`)).toEqual(["confirmed: an allowed execution reaches the hazard"]);
  });

  it("says it once: with the reader that is seen, it is freed before it is taken out; with none, it is used too late", async () => {
    const late = `void drop(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	kfree_rcu(i, rcu);
	list_del_rcu(&i->list);
	mutex_unlock(&t->lock);
}
`;
    const reader = `int sum(struct table *t)
{
	struct item *i;
	int n = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(i, &t->items, list)
		n += i->id;
	rcu_read_unlock();
	return n;
}
`;
    const rules = async (code: string): Promise<readonly string[]> => (await reviewText(`${types}${code}`)).map((finding) => `${finding.rule} ${finding.evidence?.verdict ?? ""}`);
    expect(await rules(late)).toEqual([`${rule} confirmed`]);
    expect(await rules(reader + late)).toEqual(["rcu/free-before-grace-period confirmed"]);
  });
});
