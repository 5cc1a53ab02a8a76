import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const seat = `struct seat {
	struct list_head node;
	int n;
};

static LIST_HEAD(seats);
`;

const check = (code: string): Promise<unknown> => checkRule("rcu/grace-period-in-loop", `${seat}${code}`);

describe("rcu/grace-period-in-loop", () => {
  it("a helper's answer ends the caller's loop", () => check(`
static int drop(struct seat *s, int n)
{
	if (s->n != n)
		return 0;
	list_del_rcu(&s->node);
	synchronize_rcu();
	kfree(s);
	return 1;
}

void leave(int n)
{
	struct seat *s, *next;

	list_for_each_entry_safe(s, next, &seats, node) {
		if (drop(s, n))
			break;
	}
}
`));

  it("a list is emptied pointer by pointer", () => check(`
struct row {
	struct row __rcu *first;
	struct row __rcu *next;
};

static DEFINE_MUTEX(rows_lock);

void clear(struct row *r)
{
	struct row *one;

	mutex_lock(&rows_lock);
	while ((one = rcu_dereference_protected(r->first, lockdep_is_held(&rows_lock))) != NULL) {
		rcu_assign_pointer(r->first, rcu_dereference_protected(one->next, 1));
		synchronize_rcu();
//              ^^^^^^^^^^^^^^^^^ confirmed: once for each round
		kfree(one);
	}
	mutex_unlock(&rows_lock);
}
`));

  it("a loop that waits for readers to go is no loop over elements", () => check(`
void settle(struct seat *s)
{
	do {
		synchronize_rcu();
	} while (READ_ONCE(s->n));
	while (READ_ONCE(s->n))
		synchronize_rcu();
}
`));

  it("a helper that waits until a count is gone", () => check(`
static void settle(struct seat *s)
{
	while (true) {
		rcu_barrier();
		if (!READ_ONCE(s->n))
			break;
	}
}

void clear(void)
{
	while (!list_empty(&seats))
		settle(list_first_entry(&seats, struct seat, node));
}
`));

  it("a wait that may not be one", () => check(`
void settle(unsigned long cookie)
{
	struct seat *s;

	list_for_each_entry(s, &seats, node)
		cond_synchronize_rcu(cookie);
}
`));

  const port = (body: string): string => `struct port { struct list_head node; struct net_device *dev; struct rcu_head rcu; };

void port_leave(struct port *p, struct net_device *upper)
{
${body}
}
`;

  it("one object, with the RTNL held by what a call wants", () => check(port(`	list_del_rcu(&p->node);
	netdev_upper_dev_unlink(p->dev, upper);
	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ confirmed: waits with the RTNL held (netdev_upper_dev_unlink() wants it)
	kfree(p);`)));

  it("one object, with the RTNL held by the path", () => check(port(`	rtnl_lock();
	list_del_rcu(&p->node);
	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ confirmed: waits with the RTNL held (the path holds it)
	kfree(p);
	rtnl_unlock();`)));

  it("a wait with the RTNL held for what unknown calls do before the free", () => check(port(`	list_del_rcu(&p->node);
	netdev_upper_dev_unlink(p->dev, upper);
	synchronize_rcu();
	port_close(p);
	kfree(p);`)));

  it("one object, left to RCU", () => check(port(`	list_del_rcu(&p->node);
	netdev_upper_dev_unlink(p->dev, upper);
	kfree_rcu(p, rcu);`)));

  it("one object, when the RTNL has been dropped", () => check(port(`	rtnl_lock();
	netdev_upper_dev_unlink(p->dev, upper);
	list_del_rcu(&p->node);
	rtnl_unlock();
	synchronize_rcu();
	kfree(p);`)));

  it("the short wait for those who hold the RTNL", () => check(port(`	list_del_rcu(&p->node);
	netdev_upper_dev_unlink(p->dev, upper);
	synchronize_net();
	kfree(p);`)));

  it("a wait with the RTNL held for what is not freed here", () => check(port(`	list_del_rcu(&p->node);
	netdev_upper_dev_unlink(p->dev, upper);
	synchronize_rcu();
	port_done(p);`)));

  it.each(["", "#define with_power(dev, ref) for ((ref) = power_get(dev); (ref); power_put((dev), (ref)), (ref) = 0)\n\n"])("a macro whose loop does what follows its body, and ends %#", async (macro) => { await check(`${macro}static void demo_stop(struct device *dev)
{
	unsigned long ref;

	with_power(dev, ref) {
		dev_quiet(dev);
		synchronize_rcu();
	}
}
`); });

  it("the release of an object of which each round took a reference itself", () => check(`struct item {
	struct list_head list;
	struct kref ref;
	int id;
};

static LIST_HEAD(items);

static void item_release(struct kref *ref)
{
	struct item *item = container_of(ref, struct item, ref);

	list_del_rcu(&item->list);
	synchronize_rcu();
	kfree(item);
}

static void items_ask(int id)
{
	struct item *item, *next;

	list_for_each_entry_safe(item, next, &items, list) {
		if (!kref_get_unless_zero(&item->ref))
			continue;
		if (item->id == id)
			item_answer(item);
		kref_put(&item->ref, item_release);
	}
}

int items_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	items_ask(3);
	return 0;
}
static struct device_attribute items_attr = { .show = items_show };
`));
});
