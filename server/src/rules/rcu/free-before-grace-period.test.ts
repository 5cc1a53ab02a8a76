import { describe, expect, it } from "vitest";
import { types, walker } from "../../test-support/bonds.ts";
import { checkRule } from "../../test-support/check-rule.ts";

const rule = "rcu/free-before-grace-period";

const check = (...parts: readonly string[]): ReturnType<typeof checkRule> => checkRule(rule, parts.join("\n"));

describe("lists", () => {
  it("a free right after list_del_rcu() is confirmed", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	kfree(b);
//      ^^^^^^^^ confirmed: b is freed while flush
}`));

  it("a grace period between unlink and free refutes it", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	synchronize_rcu();
	kfree(b);
//      ^^^^^^^^ refuted
}`));

  it("a grace period before the unlink does not count", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	synchronize_rcu();
	list_del_rcu(&b->list);
	kfree(b);
//      ^^^^^^^^ confirmed
}`));

  it("what other files call gives a reference up and forgets it: they may have stopped the readers", () => checkRule("rcu/free-before-grace-period", `struct line {
	int rate;
	refcount_t users;
	struct rcu_head rcu;
};

struct card {
	struct line __rcu *line;
};

static int card_rate(struct card *card)
{
	struct line *line;
	int rate = 0;

	rcu_read_lock();
	line = rcu_dereference(card->line);
	if (line)
		rate = line->rate;
	rcu_read_unlock();
	return rate;
}

static void line_put(struct line *line)
{
	if (refcount_dec_and_test(&line->users))
		kfree_rcu(line, rcu);
}

void card_down(struct card *card)
{
	struct line *line = rtnl_dereference(card->line);

	line_put(line);
//      ^^^^^^^^^^^^^^ undecided: the readers may be gone by then
	RCU_INIT_POINTER(card->line, NULL);
}
`));

  it("kfree_rcu() before the unlink is too early", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	kfree_rcu(b, rcu);
//      ^^^^^^^^^^^^^^^^^ confirmed: before it is taken out
	list_del_rcu(&b->list);
}`));

  it("call_rcu() with a callback in this file is followed", () => check(types, walker, `
static void free_bond(struct rcu_head *head)
{
	struct bond *b = container_of(head, struct bond, rcu);

	kfree(b);
}

void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	call_rcu(&b->rcu, free_bond);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ refuted
}`));

  it("a lock that both sides take keeps them apart", () => check(types, `
int flush(struct domain *d)
{
	struct bond *b;
	int sum = 0;

	spin_lock(&d->lock);
	rcu_read_lock();
	list_for_each_entry_rcu(b, &d->bonds, list)
		sum += b->id;
	rcu_read_unlock();
	spin_unlock(&d->lock);
	return sum;
}

void unlink(struct domain *d, struct bond *b)
{
	spin_lock(&d->lock);
	list_del_rcu(&b->list);
	kfree(b);
//      ^^^^^^^^ refuted
	spin_unlock(&d->lock);
}`));

  it("a lock that only the updater takes does not", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	mutex_lock(&d->mutex);
	list_del_rcu(&b->list);
	kfree(b);
//      ^^^^^^^^ confirmed
	mutex_unlock(&d->mutex);
}`));

  it("guard(rcu)() is a section up to the end of its block", () => check(types, `
int flush(struct domain *d)
{
	struct bond *b;
	int sum = 0;

	guard(rcu)();
	list_for_each_entry_rcu(b, &d->bonds, list)
		sum += b->id;
	return sum;
}

void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	kfree_rcu(b, rcu);
//      ^^^^^^^^^^^^^^^^^ refuted
}`));

  it("scoped_guard() of the common mutex keeps them apart", () => check(types, `
int flush(struct domain *d)
{
	struct bond *b;
	int sum = 0;

	scoped_guard(mutex, &d->mutex) {
		rcu_read_lock();
		list_for_each_entry_rcu(b, &d->bonds, list)
			sum += b->id;
		rcu_read_unlock();
	}
	return sum;
}

void unlink(struct domain *d, struct bond *b)
{
	guard(mutex)(&d->mutex);
	list_del_rcu(&b->list);
	kfree(b);
//      ^^^^^^^^ refuted
}`));

  it("an unknown call between unlink and free may wait: undecided, and it is named", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	hw_quiesce(d);
	kfree(b);
//      ^^^^^^^^ undecided: unless hw_quiesce() waits for a grace period
}`));

  it("an unknown call before a grace period may free the object: undecided", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	hw_forget(b);
	kfree_rcu(b, rcu);
//      ^^^^^^^^^^^^^^^^^ undecided: unless hw_forget()
}`));

  it("without a reader in the file nothing is confirmed", () => check(types, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	kfree(b);
//      ^^^^^^^^ undecided: no function of this file
}`));

  it("an object that was never linked may be freed at once", () => check(types, walker, `
int link(struct domain *d, int id)
{
	struct bond *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return -ENOMEM;
	if (id < 0) {
		kfree(b);
		return -EINVAL;
	}
	b->id = id;
	list_add_rcu(&b->list, &d->bonds);
	return 0;
}`));

  it("a goto ladder is followed to the free", () => check(types, walker, `
int replace(struct domain *d, struct bond *b, int ret)
{
	list_del_rcu(&b->list);
	if (ret)
		goto err;
	synchronize_rcu();
	kfree(b);
//      ^^^^^^^^ refuted
	return 0;
err:
	kfree(b);
//      ^^^^^^^^ confirmed
	return ret;
}`));

  it("the free in a helper is reported where it is called", async () => {
    const [finding] = await check(types, walker, `
static void put_bond(struct bond *b)
{
	kfree(b);
}

void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	put_bond(b);
//      ^^^^^^^^^^^ confirmed
}`);
    expect(finding?.function).toBe("unlink");
    expect(finding?.path.map((step) => step.function)).toEqual(["unlink", "put_bond"]);
  });

  it("a lock taken by the only caller counts", () => check(types, `
int flush(struct domain *d)
{
	struct bond *b;
	int sum = 0;

	mutex_lock(&d->mutex);
	rcu_read_lock();
	list_for_each_entry_rcu(b, &d->bonds, list)
		sum += b->id;
	rcu_read_unlock();
	mutex_unlock(&d->mutex);
	return sum;
}

static void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	kfree(b);
//      ^^^^^^^^ refuted
}

void detach(struct domain *d, struct bond *b)
{
	mutex_lock(&d->mutex);
	unlink(d, b);
	mutex_unlock(&d->mutex);
}`));

  it("a macro of the file that declares what it walks", () => check(types, `
#define for_each_bond(domain, b) \\
	struct domain *_d = domain; \\
	list_for_each_entry_rcu(b, &_d->bonds, list)

int flush(struct domain *d)
{
	struct bond *b;
	int sum = 0;

	rcu_read_lock();
	for_each_bond(d, b) {
		if (b->id)
			sum++;
	}
	rcu_read_unlock();
	return sum;
}

void unlink(struct domain *d, struct bond *b)
{
	spin_lock(&d->lock);
	list_del_rcu(&b->list);
	spin_unlock(&d->lock);
	kfree(b);
//      ^^^^^^^^ confirmed: flush
}
`));

  it("a walk by an _rcu iterator in no section, that a lock of the kernel is held for, is no reader", () => check(types, `
static int bonds_fill(struct sk_buff *skb, const struct net_device *dev)
{
	struct domain *d = netdev_priv(dev);
	struct bond *b;
	int n = 0;

	list_for_each_entry_rcu(b, &d->bonds, list)
		n += b->id;
	return n;
}

static void bonds_dellink(struct net_device *dev, struct list_head *head)
{
	struct domain *d = netdev_priv(dev);
	struct bond *b = bond_of(d);

	list_del_rcu(&b->list);
	kfree(b);
//      ^^^^^^^^ undecided: no function of this file is on the other side
}

static struct rtnl_link_ops bonds_ops = { .fill_info = bonds_fill, .changelink = bonds_dellink };
`));

  it("what is taken out plainly, under a lock that the callers of an exported reader may hold", () => checkRule(rule, `${types}${walker}
void unlink(struct domain *d, struct bond *b)
{
	spin_lock(&d->lock);
	list_del(&b->list);
	kfree(b);
//      ^^^^^^^^ undecided: callers of flush() in other files may hold &d->lock
	spin_unlock(&d->lock);
}
`));

  it("lists of another head do not matter", () => check(types, `
struct other { struct list_head bonds; };

int flush(struct other *o)
{
	struct bond *b;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(b, &o->bonds, list)
		sum += b->id;
	rcu_read_unlock();
	return sum;
}

void unlink(struct domain *d, int id)
{
	struct bond *b, *next;

	list_for_each_entry_safe(b, next, &d->bonds, list) {
		if (b->id == id) {
			list_del(&b->list);
			kfree(b);
		}
	}
}`));

  it("a reader that returns inside its section still has one", () => check(types, `
int start(struct domain *d)
{
	struct bond *b;

	rcu_read_lock();
	list_for_each_entry_rcu(b, &d->bonds, list)
		return b->id;
	return 0;
}

void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	kfree_rcu(b, rcu);
//      ^^^^^^^^^^^^^^^^^ refuted
}`));

  it("a kmem_cache of unknown flags leaves it open", () => check(types, walker, `
static struct kmem_cache *cache;

void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	kmem_cache_free(cache, b);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: SLAB_TYPESAFE_BY_RCU
}`));

  const made = (flags: string, verdict: string): string => `
static struct kmem_cache *cache;

struct bond *make(struct domain *d)
{
	struct bond *b = kmem_cache_alloc(cache, GFP_KERNEL);

	return b;
}

void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	kmem_cache_free(cache, b);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^ ${verdict}
}

static int __init bond_init(void)
{
	cache = kmem_cache_create("bond", sizeof(struct bond), 0, ${flags}, NULL);
	return cache ? 0 : -ENOMEM;
}`;
  it("one that the file makes without SLAB_TYPESAFE_BY_RCU is freed early like any memory", () => check(types, walker, made("SLAB_HWCACHE_ALIGN", "confirmed: b is freed while")));
  it("one whose flags a variable holds may be type-safe", () => check(types, walker, made("bond_flags", "undecided: SLAB_TYPESAFE_BY_RCU")));
});
