import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/use-after-unlock";

const types = `struct item {
	struct list_head list;
	struct hlist_node hash;
	struct list_head other;
	int id;
	char name[8];
	void (*hook)(struct table *t);
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
	char name[8];
	int sum;
};

`;

const found = async (code: string): Promise<readonly string[]> =>
  (await reviewText(`${types}${code}`)).filter((finding) => finding.rule === rule).map((finding) => `${String(finding.evidence?.verdict)}: ${finding.evidence?.reason ?? ""}`);

const removal = `static void drop(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	list_del_rcu(&i->list);
	mutex_unlock(&t->lock);
	kfree_rcu(i, rcu);
}

`;
const asWork = (body: string): string => `${removal}static void run(struct work_struct *work)
{
	struct table *t = container_of(work, struct table, work);
	struct item *i;

${body}}

static void set_up(struct table *t)
{
	INIT_WORK(&t->work, run);
}
`;
const walk = (inside: string): string => `	rcu_read_lock();
	list_for_each_entry_rcu(i, &t->items, list) {
		if (i->id == 1)
			goto found;
	}
	rcu_read_unlock();
	return;
found:
${inside}`;

describe(rule, () => {
  it("an item that a jump takes out of the section", async () => {
    expect(await found(asWork(walk("	rcu_read_unlock();\n	t->sum += i->id;\n")))).toEqual([expect.stringMatching(/^confirmed/)]);
  });

  it("the same, used before the section ends", async () => {
    expect(await found(asWork(walk("	t->sum += i->id;\n	rcu_read_unlock();\n")))).toEqual([]);
  });

  it("a conditional reference taken in the section", async () => {
    expect(await found(asWork(walk("	if (!refcount_inc_not_zero(&i->users)) {\n		rcu_read_unlock();\n		return;\n	}\n	rcu_read_unlock();\n	t->sum += i->id;\n")))).toEqual([]);
  });

  it("a call of another file may have taken one", async () => {
    expect(await found(asWork(walk("	item_hold(i);\n	rcu_read_unlock();\n	t->sum += i->id;\n")))).toEqual([]);
  });

  it("a lock of the item that is held on", async () => {
    expect(await found(asWork(walk("	spin_lock(&i->slock);\n	rcu_read_unlock();\n	t->sum += i->id;\n	spin_unlock(&i->slock);\n")).replace("list_head other;", "list_head other;\n	spinlock_t slock;"))).toEqual([]);
  });

  it("is not sure where callers may hold a section", async () => {
    expect(await found(`${removal}void show(struct table *t)
{
	struct item *i;

${walk("	rcu_read_unlock();\n	t->sum += i->id;\n")}}
`)).toEqual([expect.stringMatching(/^undecided: callers of show\(\) may hold/)]);
  });

  it("a look-up of another file, by its name for callers in a section", async () => {
    expect(await found(`int check(struct net *net, int index)
{
	struct net_device *dev;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, index);
	rcu_read_unlock();
	return check_address(net, dev);
}
`)).toEqual([expect.stringMatching(/^undecided/)]);
  });

  describe("of a function whose callers and updaters are elsewhere", () => {
    const first = (body: string, comment = ""): Promise<readonly string[]> => found(`${comment}int first_id(struct table *t)
{
	struct item *i;
	int id = 0;

	rcu_read_lock();
	i = rcu_dereference(t->first);
${body}	return id;
}
`);

    it("what its own section found, read after it", async () => {
      const [verdict] = await first("\trcu_read_unlock();\n\tid = i->id;\n");
      expect(verdict).toMatch(/^undecided: .*synthetic/);
    });

    it("what a walk of its own found", async () => {
      const last = (inside: string, after: string): Promise<readonly string[]> => found(`int last_id(struct table *t)
{
	struct item *i;
	int id = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(i, &t->items, list) {
		if (i->id == 1) {
${inside}			goto out;
		}
	}
	rcu_read_unlock();
	return 0;
out:
${after}	return id;
}
`);
      expect(await last("", "\trcu_read_unlock();\n\tid = i->id;\n")).toEqual([expect.stringMatching(/^undecided: .*synthetic/)]);
      expect(await last("\t\t\tid = i->id;\n", "\trcu_read_unlock();\n")).toEqual([]);
      expect(await last("\t\t\trefcount_inc(&i->users);\n", "\trcu_read_unlock();\n\tid = i->id;\n")).toEqual([]);
    });

    it("read in the section", async () => {
      expect(await first("\tid = i->id;\n\trcu_read_unlock();\n")).toEqual([]);
    });

    it("a part of it was given to a call that may keep it", async () => {
      expect(await first("\tif (!hold_list(&i->other))\n\t\treturn 0;\n\trcu_read_unlock();\n\tid = i->id;\n")).toEqual([]);
    });

    it("its comment says what callers hold", async () => {
      expect(await first("\trcu_read_unlock();\n\tid = i->id;\n", "/* The caller holds a reference to the first item. */\n")).toEqual([]);
    });
  });

  it("an atomic field that is written late, and a field behind a test of the pointer", async () => {
    const code = (inside: string, after: string): string => `void mark(struct table *t)
{
	struct item *i;

	rcu_read_lock();
	i = rcu_dereference(t->first);
${inside}	rcu_read_unlock();
${after}}
`;
    for (const use of ["	atomic_set(&i->users.refs, 1);\n", "	t->sum = i ? i->id : 0;\n", "	strscpy(t->name, i->name, 8);\n", "	i->hook(t);\n"]) {
      expect(await found(code("", use))).toEqual([expect.stringMatching(/^undecided/)]);
      expect(await found(code(use, ""))).toEqual([]);
    }
  });
});
