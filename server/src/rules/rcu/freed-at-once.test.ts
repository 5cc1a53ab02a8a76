import { describe, expect, it } from "vitest";
import { types, walker } from "../../test-support/bonds.ts";
import { checkRule } from "../../test-support/check-rule.ts";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/free-before-grace-period";

describe("a callback for RCU that is called at once", () => {
  const release = (end: string, more = ""): string => `${types}
static void bond_free_rcu(struct rcu_head *head)
{
	struct bond *b = container_of(head, struct bond, rcu);

	kfree(b);
}
${more}
static void bond_release(struct kref *ref)
{
	struct bond *b = container_of(ref, struct bond, ref);

	b->id = -1;
${end}
}

void bond_put(struct bond *b)
{
	kref_put(&b->ref, bond_release);
}
${walker}`;
  it("frees what was to wait for readers", () => checkRule(rule, release(`	bond_free_rcu(&b->rcu);
//      ^^^^^^^^^^^^^^^^^^^^^^ undecided: frees b at once`)));
  it("is given to call_rcu()", () => checkRule(rule, release("	call_rcu(&b->rcu, bond_free_rcu);")));
  it("is called when readers were waited for", () => checkRule(rule, release("	synchronize_rcu();\n	bond_free_rcu(&b->rcu);")));
  it("is called for what nobody has seen, and given to call_rcu() for the rest", () => checkRule(rule, release("	call_rcu(&b->rcu, bond_free_rcu);", `
void bond_make(struct domain *d, int id)
{
	struct bond *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return;
	if (id < 0) {
		bond_free_rcu(&b->rcu);
		return;
	}
	spin_lock(&d->lock);
	list_add_rcu(&b->list, &d->bonds);
	spin_unlock(&d->lock);
}`)));
  it("is called by another callback", () => checkRule(rule, release("	call_rcu(&b->rcu, bond_late);", `
static void bond_late(struct rcu_head *head)
{
	bond_free_rcu(head);
}`)));
});

describe("an RCU callback that empties a list", () => {
  const callback = (body: string): readonly string[] => [types, walker, `
struct holder {
	struct domain own;
	struct domain *other;
	struct rcu_head rcu;
};

static void release_all(struct list_head *bonds)
{
	struct bond *b, *next;

	list_for_each_entry_safe(b, next, bonds, list) {
		list_del(&b->list);
${body}
}

void holder_drop(struct holder *h)
{
	call_rcu(&h->rcu, holder_free);
}
`];

  it("in the object that it was queued with: its readers have left", () => checkRule(rule, callback(`		kfree(b);
	}
}

static void holder_free(struct rcu_head *head)
{
	struct holder *h = container_of(head, struct holder, rcu);

	release_all(&h->own.bonds);
	kfree(h);`).join("")));

  it("in another object, that this one leads to", () => checkRule(rule, callback(`		kfree(b);
//              ^^^^^^^^ undecided: is itself an RCU callback
	}
}

static void holder_free(struct rcu_head *head)
{
	struct holder *h = container_of(head, struct holder, rcu);

	release_all(&h->other->bonds);
	kfree(h);`).join("")));
});

describe("what the kernel ends without a grace period", () => {
  const policy = (body: string): string => `struct blkg_policy_data { struct blkcg_gq *blkg; struct rcu_head rcu_head; };
struct demo_group { struct blkg_policy_data pd; void *stats; };
static struct demo_group *pd_to_group(struct blkg_policy_data *pd)
{
	return pd ? container_of(pd, struct demo_group, pd) : NULL;
}
static void demo_release(struct rcu_head *rcu)
{
	kfree(pd_to_group(container_of(rcu, struct blkg_policy_data, rcu_head)));
}
static void demo_pd_free(struct blkg_policy_data *pd)
{
	struct demo_group *group = pd_to_group(pd);

	kfree(group->stats);
	${body}
}
static struct blkcg_policy demo_policy = { .pd_free_fn = demo_pd_free };
`;

  it("is left to RCU by its release", async () => {
    const found = async (text: string): Promise<readonly string[]> => (await reviewText(text)).filter((one) => one.rule === rule).map(({ line, evidence }) => `${String(line)} ${evidence?.verdict ?? ""}`);
    expect(await found(policy("kfree(group);"))).toEqual(["16 undecided"]);
    expect(await found(policy("call_rcu(&pd->rcu_head, demo_release);"))).toEqual([]);
    expect(await found(policy("synchronize_rcu();\n\tkfree(group);"))).toEqual([]);
    expect(await found(policy("kfree(group);").replace("blkcg_policy demo", "demo_policy_ops demo"))).toEqual([]);
  });
});

describe("the last reference, given up by who queued a callback that gives up another one", () => {
  const entry = (unlink: string): string => `struct entry { struct list_head list; refcount_t users; int v; struct rcu_head rcu; };
struct table { struct list_head entries; spinlock_t lock; };

static int table_sum(struct table *t)
{
	struct entry *e;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(e, &t->entries, list)
		sum += e->v;
	rcu_read_unlock();
	return sum;
}
static void entry_put(struct entry *e)
{
	if (refcount_dec_and_test(&e->users))
		kfree(e);
}
static void entry_reclaim(struct rcu_head *head)
{
	entry_put(container_of(head, struct entry, rcu));
}
void table_fail(struct table *t, struct entry *e)
{
	refcount_inc(&e->users);
	spin_lock(&t->lock);
	${unlink}
	spin_unlock(&t->lock);
	entry_put(e);
}
`;

  const found = async (unlink: string): Promise<readonly string[]> => (await reviewText(entry(unlink))).filter((one) => one.rule === rule && one.evidence?.verdict !== "refuted").map(({ function: name, evidence }) => `${name} ${evidence?.verdict ?? ""}`);

  it("comes after the callback, when readers have left", async () => {
    expect(await found("list_del_rcu(&e->list);\n\tcall_rcu(&e->rcu, entry_reclaim);")).toEqual([]);
  });

  it("may come at once where nothing is queued", async () => {
    expect(await found("list_del_rcu(&e->list);")).toEqual(["table_fail confirmed"]);
  });
});
