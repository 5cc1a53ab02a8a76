/** Calls between the unlink and the free, and around the reader, of which nothing is known: which of them may keep the two apart. */

import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const types = `struct bond {
	struct list_head list;
	int id;
	struct dst_entry *dst;
	struct rcu_head rcu;
};

struct domain {
	struct list_head bonds;
	spinlock_t lock;
	struct net_device *dev;
};

`;

const walk = (before: string, after: string): string => `
int flush(struct domain *d, struct sk_buff *skb)
{
	struct bond *b;
	int sum = 0;

${before}	rcu_read_lock();
	list_for_each_entry_rcu(b, &d->bonds, list)
		sum += b->id;
	rcu_read_unlock();
${after}	return sum;
}
`;

const drop = (locked: string, unlocked: string, found: string): string => `
void drop(struct domain *d, struct bond *b)
{
	spin_lock(&d->lock);
	list_del_rcu(&b->list);
${locked}	spin_unlock(&d->lock);
${unlocked}	kfree(b);
//      ^^^^^^^^ ${found}
}
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/free-before-grace-period", `#include <linux/rculist.h>\n${types}${code}`);

describe("what may wait for a grace period", () => {
  it("a call that nothing is known of", () => check(walk("", "") + drop("", "	tell(b->id);\n", "undecided: unless tell() waits for a grace period")));

  it("not inside of a spinlock, which it would have to hold across the wait", () => check(walk("", "") + drop("	tell(b->id);\n", "", "confirmed")));

  it("inside of one that it is given, it may", () => check(walk("", "") + drop("	tell(d);\n", "", "undecided: unless tell() waits for a grace period")));

  it("not what drops a reference and is called by who holds spinlocks", () => check(walk("", "") + drop("", "	dst_release(b->dst);\n", "confirmed")));

  it("not a tracepoint", () => check(walk("", "") + drop("", "	trace_bond_gone(b);\n", "confirmed")));

  it("not what prints a message, whatever it is called", () => check(walk("", "") + drop("", `	tell(d, "%d is gone\\n", b->id);\n`, "confirmed")));

  it("a function of the file does what it does, whatever it is given", () => check(`static void report(struct domain *d, const char *text)
{
	d->stop(text);
}
${walk("", "")}${drop("", "	report(d, \"gone\\n\");\n", "undecided: waits for a grace period")}`));

  it("what is given a name may do anything", () => check(walk("", "") + drop("", `	tell(d, "gone");\n`, "undecided: unless tell() waits for a grace period")));

  it("not a helper of which only what never waits is not known", () => {
    const helper = (call: string): string => `static void sync(struct domain *d, struct bond *b)
{
	${call}(d->dev, b->id, 64, DMA_TO_DEVICE);
}
`;
    return Promise.all([
      check(helper("dma_unmap_single") + walk("", "") + drop("", "	sync(d, b);\n", "confirmed")),
      check(helper("dma_hand_back") + walk("", "") + drop("", "	sync(d, b);\n", "undecided: waits for a grace period")),
    ]);
  });

  it("not a macro that closes a block which another one opened", () => check(`#define each_word(b) { int word; for (word = 0; word < 4; word++) {
#define end_words(b) }}
${walk("", "")}${drop("", "	each_word(b) {\n		b->id = 0;\n	} end_words(b);\n", "confirmed")}`));
});

describe("a pair of calls around the reader", () => {
  it("may be a lock, by what both are given", () => check(walk("	calm(d->dev);\n", "	wake(d->dev);\n") + drop("", "", "undecided: calm() may be the lock that the other side takes")));

  it("is none where they are given a packet", () => check(walk("	if (!room_in(skb))\n		return 0;\n", "	strip(skb);\n") + drop("", "", "confirmed")));

  it("is none where it is one call, made twice", () => check(walk("	calm(d->dev);\n", "	calm(d->dev);\n") + drop("", "", "confirmed")));

  it("may be one where one function is told what to do", () => check(walk("	hold(d->dev, 1);\n", "	hold(d->dev, 0);\n") + drop("", "", "undecided: hold() may be the lock that the other side takes")));

  it("may be one by its number", () => check(walk("	take_bank(3);\n", "	drop_bank(3);\n") + drop("", "", "undecided: take_bank() may be the lock that the other side takes")));
});

describe("entries that change what is in use", () => {
  const action = (table: string): string => `${types}struct params {
	int mode;
	struct rcu_head rcu;
};

struct act {
	struct params __rcu *params;
	spinlock_t lock;
};

static int act_run(struct act *act)
{
	struct params *params;
	int mode = 0;

	rcu_read_lock();
	params = rcu_dereference(act->params);
	if (params)
		mode = params->mode;
	rcu_read_unlock();
	return mode;
}

static void params_end(struct rcu_head *head)
{
	struct params *params = container_of(head, struct params, rcu);

	kfree(params);
}

static void params_release(struct params *params)
{
	if (params)
		params_end(&params->rcu);
}

static int act_set(struct act *act, struct params *params)
{
	spin_lock_bh(&act->lock);
	params = rcu_replace_pointer(act->params, params, 1);
	spin_unlock_bh(&act->lock);
	params_release(params);
//      ^^^^^^^^^^^^^^^^^^^^^^ ${table === "tc_action_ops" ? "confirmed" : "undecided: runs at set-up"}
	return 0;
}

static struct ${table} ops = { .init = act_set, .act = act_run };
`;

  it("tc_action_ops.init changes an action too; a callback that is called at once is told of once", () => check(action("tc_action_ops")));

  it("another table's init is for set-up", () => check(action("demo_ops")));
});

describe("the order of an insertion elsewhere", () => {
  const twice = (insert: string, found: string): string => `
int add(struct domain *d, struct bond *b, u32 id)
{
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->id = 3;
	${insert};
	spin_lock(&d->lock);
	list_add(&b->list, &d->bonds);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ ${found}
	spin_unlock(&d->lock);
	return 0;
}

void leave(struct domain *d, struct bond *b)
{
	spin_lock(&d->lock);
	list_del_rcu(&b->list);
	spin_unlock(&d->lock);
	kfree_rcu(b, rcu);
}
`;
  const add = (insert: string, found: string): ReturnType<typeof checkRule> => checkRule("rcu/plain-list-operation", `#include <linux/rculist.h>\n${types}${walk("", "")}${twice(insert, found)}`);

  it("xa_store() takes and drops a lock", () => add("xa_store(&all_bonds, id, b, GFP_KERNEL)", "undecided: unless xa_store() orders the two"));

  it("a hash table's insertion is a release, which orders what stands before it alone", () => add("rhashtable_insert_fast(&hashed, &b->list, params)", "confirmed"));
});
