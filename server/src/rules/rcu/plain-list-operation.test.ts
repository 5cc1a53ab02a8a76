import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct sta {
	struct list_head node;
	struct hlist_node hash;
	u32 addr;
	int rate;
	struct rcu_head rcu;
};

struct ap {
	struct list_head stations;
	struct hlist_head table;
	spinlock_t lock;
};

static int ap_rates(struct ap *ap)
{
	struct sta *sta;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(sta, &ap->stations, node)
		sum += sta->rate;
	hlist_for_each_entry_rcu(sta, &ap->table, hash)
		sum += sta->rate;
	rcu_read_unlock();
	return sum;
}
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/plain-list-operation", common + code);

describe("rcu/plain-list-operation", () => {
  it("the element was taken out with list_del_rcu() before", () => check(`
static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
	synchronize_rcu();
	list_del_init(&sta->node);
	kfree(sta);
}
`));

  it("a function that other files call at set-up may add plainly", () => check(`
void ap_first(struct ap *ap, struct sta *sta)
{
	sta->rate = 1;
	list_add(&sta->node, &ap->stations);
//      ^^^^^^^^^ undecided: it may run before there are readers
}
`));

  it("what an allocation fills is initialised by it", () => check(`
static int ap_new(struct ap *ap)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	spin_lock(&ap->lock);
	list_add(&sta->node, &ap->stations);
//      ^^^^^^^^ confirmed
	spin_unlock(&ap->lock);
	return 0;
}
`));

  it("list_del_init() leads a reader to itself", () => check(`
static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_init(&sta->node);
//      ^^^^^^^^^^^^^^ confirmed: resets its next pointer
	spin_unlock(&ap->lock);
	kfree_rcu(sta, rcu);
}
`));

  it("a plain walk in a section, of a list whose elements go by call_rcu()", () => checkRule("rcu/plain-list-operation", `
struct op {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};
struct port {
	struct list_head ops;
	spinlock_t lock;
};
static int port_show(struct port *port)
{
	struct op *op;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry(op, &port->ops, node)
//      ^^^^^^^^^^^^^^^^^^^ undecided: is walked plainly by this reader
		sum += op->id;
	rcu_read_unlock();
	return sum;
}
static int port_count(struct port *port)
{
	struct op *op;
	int sum = 0;

	rcu_read_lock();
	spin_lock(&port->lock);
	list_for_each_entry(op, &port->ops, node)
		sum += op->id;
	spin_unlock(&port->lock);
	rcu_read_unlock();
	return sum;
}
static void port_drop(struct port *port, int id)
{
	struct op *op;

	spin_lock(&port->lock);
	list_for_each_entry(op, &port->ops, node) {
		if (op->id == id) {
			list_del_rcu(&op->node);
			kfree_rcu(op, rcu);
			break;
		}
	}
	spin_unlock(&port->lock);
}
`));

  const table = `struct entry {
	struct hlist_node node;
	u32 key;
	struct rcu_head rcu;
};
struct table {
	struct hlist_head heads[16];
	spinlock_t lock;
};
struct entry *table_find(struct table *t, u32 key)
{
	struct entry *e;

	hlist_for_each_entry_rcu(e, &t->heads[key & 15], node, lockdep_is_held(&t->lock))
		if (e->key == key)
			return e;
	return NULL;
}
void table_add(struct table *t, struct entry *e)
{
	spin_lock(&t->lock);
	hlist_add_head_rcu(&e->node, &t->heads[e->key & 15]);
	spin_unlock(&t->lock);
}
void table_drop(struct table *t, struct entry *e)
{
	spin_lock(&t->lock);
	hlist_del_rcu(&e->node);
	spin_unlock(&t->lock);
	kfree_rcu(e, rcu);
}
`;

  it("a plain walk that holds nothing, where only this file can take the lock of the updates", () => checkRule("rcu/plain-list-operation", `${table}
int table_sum(struct table *t)
{
	struct hlist_node *next;
	struct entry *e;
	int sum = 0;

	hlist_for_each_entry_safe(e, next, &t->heads[0], node)
//      ^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: holds neither &t->lock nor a read-side section
		sum += e->key;
	return sum;
}
`));

  it("callers from other files hold a lock that they know", () => checkRule("rcu/plain-list-operation", `${table.replace(/spin_lock\(&t->lock\)/g, "spin_lock(&table_lock)").replace(/spin_unlock\(&t->lock\)/g, "spin_unlock(&table_lock)").replace("lockdep_is_held(&t->lock)", "lockdep_is_held(&table_lock)")}
int table_sum(struct table *t)
{
	struct entry *e;
	int sum = 0;

	hlist_for_each_entry(e, &t->heads[0], node)
		sum += e->key;
	return sum;
}
`));

  it("one that takes elements out is an updater", () => checkRule("rcu/plain-list-operation", `${table}
void table_flush(struct table *t)
{
	struct hlist_node *next;
	struct entry *e;

	hlist_for_each_entry_safe(e, next, &t->heads[0], node) {
		hlist_del_rcu(&e->node);
		kfree_rcu(e, rcu);
	}
}
`));

  const pins = (add: string, read: string): string => `
struct pin {
	struct hlist_node node;
	int done;
};
struct super {
	struct hlist_head pins;
};
static DEFINE_SPINLOCK(pin_lock);

void pin_insert(struct pin *pin, struct super *super)
{
	spin_lock(&pin_lock);
	${add}(&pin->node, &super->pins);
//      ^^^^^^^^^^^^^^ undecided: where pin is initialised is not visible here
	spin_unlock(&pin_lock);
}
void pin_end(struct super *super)
{
	while (1) {
		struct hlist_node *first;

		rcu_read_lock();
		first = ${read};
		if (!first) {
			rcu_read_unlock();
			break;
		}
		WRITE_ONCE(hlist_entry(first, struct pin, node)->done, 1);
		rcu_read_unlock();
	}
}
`;
  const silent = (code: string): string => code.replace(/^\/\/ .*\n/m, "");

  it("a section reads the head by itself, in a loop without end", () => checkRule("rcu/plain-list-operation", pins("hlist_add_head", "READ_ONCE(super->pins.first)")));
  it("the same, published in order", () => checkRule("rcu/plain-list-operation", silent(pins("hlist_add_head_rcu", "READ_ONCE(super->pins.first)"))));

  const openly = (walk: string): string => `
struct item {
	struct list_head node;
	int id;
};
struct box {
	struct list_head items;
	spinlock_t lock;
};
struct item *box_find(struct box *box, int id)
{
	struct item *item;

${walk}
		if (item->id == id)
			return item;
	return NULL;
}
void box_add(struct box *box, struct item *item)
{
	spin_lock(&box->lock);
	list_add(&item->node, &box->items);
//      ^^^^^^^^^ undecided: no function of this file is on the other side
	spin_unlock(&box->lock);
}
`;
  it("whoever calls a walk by an _rcu iterator is the reader", () => checkRule("rcu/plain-list-operation", openly("	list_for_each_entry_rcu(item, &box->items, node)")));
  it("a plain walk says nothing of the kind", () => checkRule("rcu/plain-list-operation", silent(openly("	list_for_each_entry(item, &box->items, node)"))));

  const left = `void box_del(struct box *box, struct item *item)
{
	spin_lock(&box->lock);
	list_del_rcu(&item->node);
	spin_unlock(&box->lock);
	kfree_rcu(item, rcu);
}
`;
  it("the same, of elements that are left to readers", () => checkRule("rcu/plain-list-operation", openly("	list_for_each_entry_rcu(item, &box->items, node)").replace("	int id;", "	int id;\n	struct rcu_head rcu;") + left));
  it("the callers of both may hold the lock", () => checkRule("rcu/plain-list-operation", openly("	list_for_each_entry_rcu(item, &box->items, node)").replace(/\tspin_\w+\(&box->lock\);\n/g, "").replace("	int id;", "	int id;\n	struct rcu_head rcu;") + left));

  it("a function of the file gives the list, after a look at the key", () => checkRule("rcu/plain-list-operation", `
struct item {
	struct hlist_node node;
	struct rhash_head hashed;
	int id;
};
struct box {
	struct rhashtable table;
	struct hlist_head items[8];
	spinlock_t lock;
};
static struct hlist_head *bucket(struct box *box, const struct item *key)
{
	unsigned int hash;
	int id = key->id;

	if (key->id < 0)
		id = 0;
	hash = id & 7;
	return &box->items[hash];
}
static int box_sum(struct box *box, struct item *key)
{
	struct hlist_head *head = bucket(box, key);
	struct item *item;
	int sum = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(item, head, node)
		sum += item->id;
	rcu_read_unlock();
	return sum;
}
void box_add(struct box *box, struct item *item)
{
	item->id = 1;
	spin_lock(&box->lock);
	rhashtable_insert_fast(&box->table, &item->hashed, params);
	hlist_add_head(&item->node, bucket(box, item));
//      ^^^^^^^^^^^^^^ confirmed
	spin_unlock(&box->lock);
}
`));

  const hashed = (walk: string): string => `
struct item {
	struct hlist_node node;
	int id;
};
struct box {
	struct hlist_head items;
	spinlock_t lock;
};
static struct box the_box;
void box_add(struct item *item)
{
	spin_lock(&the_box.lock);
	hlist_add_head(&item->node, &the_box.items);
//      ^^^^^^^^^^^^^^ undecided: no function of this file is on the other side
	spin_unlock(&the_box.lock);
}
int box_walk(int id)
{
	struct hlist_node *next;
	struct item *item;
	int sum = 0;

	spin_lock(&the_box.lock);
${walk}	spin_unlock(&the_box.lock);
	return sum;
}
void box_del(struct item *item)
{
	spin_lock(&the_box.lock);
	hlist_del_init_rcu(&item->node);
	spin_unlock(&the_box.lock);
}
`;
  it("elements that hlist_del_init_rcu() takes out are left to readers", () => checkRule("rcu/plain-list-operation", hashed("	hlist_for_each_entry_safe(item, next, &the_box.items, node)\n		hlist_del_init_rcu(&item->node);\n")));
  it("the same, where they are looked for plainly", () => checkRule("rcu/plain-list-operation", silent(hashed("	hlist_for_each_entry(item, &the_box.items, node)\n		if (item->id == id)\n			sum++;\n"))));

  const dumped = (verdict: string): string => `
static struct ap *the_ap;

static int ap_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sta *sta;
	int sum = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(sta, &the_ap->table, hash)
		sum += sta->addr;
	rcu_read_unlock();
	return sum;
}

static void ap_gone(struct sta *sta)
{
	ASSERT_RTNL();
	hlist_del(&sta->hash);
//      ^^^^^^^^^ ${verdict}
	kfree_rcu(sta, rcu);
}

static int ap_register(void)
{
	return rtnl_register_module(THIS_MODULE, PF_AP, RTM_GETROUTE, NULL, ap_dump, 0);
}
`;
  it("a netlink dump runs under the RTNL, as does who asserts that", () => checkRule("rcu/plain-list-operation", common.slice(0, common.indexOf("static int ap_rates")) + dumped("undecided: both sides are entered with rtnl held")));
  it("another reader does not", () => check(dumped("confirmed: ap_rates")));
  it("nor does a dump that does without it", () => checkRule("rcu/plain-list-operation", common.slice(0, common.indexOf("static int ap_rates")) + dumped("confirmed: ap_dump").replace("ap_dump, 0)", "ap_dump, RTNL_FLAG_DUMP_UNLOCKED)")));

  it("a notifier of network devices runs under it too", () => checkRule("rcu/plain-list-operation", `${common.slice(0, common.indexOf("static int ap_rates"))}
static struct ap *the_ap;

static int ap_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct sta *sta;

	rcu_read_lock();
	hlist_for_each_entry_rcu(sta, &the_ap->table, hash)
		sta->rate++;
	rcu_read_unlock();
	return 0;
}

static struct notifier_block ap_block = { .notifier_call = ap_event };

static int ap_stop(struct net_device *dev)
{
	struct sta *sta = netdev_priv(dev);

	hlist_del(&sta->hash);
//      ^^^^^^^^^ undecided: both sides are entered with rtnl held
	kfree_rcu(sta, rcu);
	return 0;
}

static const struct net_device_ops ap_ops = { .ndo_stop = ap_stop };

static int ap_init(void)
{
	return register_netdevice_notifier(&ap_block);
}
`));

  it("a list whose readers stand in other files, told from how elements are taken out of it", () => checkRule("rcu/plain-list-operation", `
struct nic_port {
	struct list_head list;
	int id;
};

struct nic {
	struct list_head ports;
	struct list_head idle;
	struct mutex lock;
};

void nic_port_add(struct nic *nic, int id)
{
	struct nic_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return;
	port->id = id;
	mutex_lock(&nic->lock);
	list_add_tail(&port->list, &nic->ports);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided
	mutex_unlock(&nic->lock);
}

void nic_port_del(struct nic *nic, struct nic_port *port)
{
	mutex_lock(&nic->lock);
	list_del_rcu(&port->list);
	mutex_unlock(&nic->lock);
	synchronize_rcu();
	kfree(port);
}
`));

  it("an element that waits on another list once readers have left", () => checkRule("rcu/plain-list-operation", `
struct nic_port {
	struct list_head list;
	int id;
};

struct nic {
	struct list_head ports;
	struct list_head idle;
	struct mutex lock;
};

void nic_port_add(struct nic *nic, struct nic_port *port)
{
	mutex_lock(&nic->lock);
	list_add_tail_rcu(&port->list, &nic->ports);
	mutex_unlock(&nic->lock);
}

void nic_port_rest(struct nic *nic, struct nic_port *port)
{
	mutex_lock(&nic->lock);
	list_del_rcu(&port->list);
	mutex_unlock(&nic->lock);
	synchronize_rcu();
	list_add(&port->list, &nic->idle);
}
`));

  it.each(["unsigned char", "u8", "long"])("an object in the bytes (%s) that another structure keeps for it", async (type) => {
    await checkRule("rcu/plain-list-operation", `#include <linux/rculist.h>

struct station {
	int aid;
	${type} drv_priv[];
};

struct seat {
	struct list_head node;
	int rate;
	struct rcu_head rcu;
};

struct radio {
	struct list_head seats;
	spinlock_t lock;
};

int radio_rate(struct radio *radio)
{
	struct seat *seat;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(seat, &radio->seats, node)
		sum += seat->rate;
	rcu_read_unlock();
	return sum;
}

void radio_join(struct radio *radio, struct station *station)
{
	struct seat *seat = (void *)station->drv_priv;

	seat->rate = 11;
	spin_lock(&radio->lock);
	list_add(&seat->node, &radio->seats);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: may see it before its initialisation
	spin_unlock(&radio->lock);
}

void radio_leave(struct radio *radio, struct station *station)
{
	struct seat *seat = (struct seat *)station->drv_priv;

	spin_lock(&radio->lock);
	list_del_rcu(&seat->node);
	spin_unlock(&radio->lock);
	synchronize_rcu();
}
`);
  });

  it("readers are waited for elsewhere, though nobody in the file is one", () => checkRule("rcu/plain-list-operation", `struct port {
	struct list_head node;
	int n;
};

static LIST_HEAD(ports);
static DEFINE_MUTEX(ports_lock);

void port_add(struct port *p)
{
	mutex_lock(&ports_lock);
	list_add_tail_rcu(&p->node, &ports);
	mutex_unlock(&ports_lock);
}

void port_remove(struct port *p)
{
	mutex_lock(&ports_lock);
	list_del_rcu(&p->node);
	mutex_unlock(&ports_lock);
	synchronize_rcu();
	kfree(p);
}

void ports_flush(int n)
{
	struct port *p, *next;

	mutex_lock(&ports_lock);
	list_for_each_entry_safe(p, next, &ports, node) {
		if (p->n == n)
			list_del(&p->node);
//                      ^^^^^^^^^^^^^^^^^^ undecided: poisons
	}
	mutex_unlock(&ports_lock);
}
`));
});
