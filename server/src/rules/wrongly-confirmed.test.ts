/** Shapes of real drivers that were once confirmed, wrongly: what one file does not show of callers, of locks and of life cycles. */

import { describe, it } from "vitest";
import { checkRule } from "../test-support/check-rule.ts";

const flow = `struct rec {
	struct list_head list;
	u32 end;
};

struct flow {
	spinlock_t lock;
	struct list_head records;
};

`;

describe("what keeps two sides apart, out of sight or in it", () => {
  it("a list that no _rcu operation changes is walked by an _rcu iterator for its READ_ONCE()", () => checkRule("rcu/plain-list-operation", `${flow}struct rec *flow_find(struct flow *flow, u32 seq)
{
	struct rec *rec;

	rcu_read_lock();
	list_for_each_entry_rcu(rec, &flow->records, list) {
		if (seq < rec->end) {
			rcu_read_unlock();
			return rec;
		}
	}
	rcu_read_unlock();
	return NULL;
}

static void flow_acked(struct flow *flow, u32 seq)
{
	struct rec *rec, *tmp;

	spin_lock(&flow->lock);
	list_for_each_entry_safe(rec, tmp, &flow->records, list) {
		if (seq < rec->end)
			break;
		list_del(&rec->list);
//              ^^^^^^^^^^^^^^^^^^^^ undecided: callers of flow_find() may hold &flow->lock
	}
	spin_unlock(&flow->lock);
}
`));

  it("the lock of an element does not keep the list it is on", () => checkRule("rcu/update-without-lock", `struct service {
	struct hlist_node node;
	spinlock_t lock;
	u32 type;
	int users;
	struct rcu_head rcu;
};

struct table {
	struct hlist_head services;
};

static struct service *table_find(struct table *table, u32 type)
{
	struct service *service;

	hlist_for_each_entry_rcu(service, &table->services, node)
		if (service->type == type)
			return service;
	return NULL;
}

static void table_create(struct table *table, struct service *service)
{
	hlist_add_head_rcu(&service->node, &table->services);
}

int table_insert(struct table *table, struct service *service)
{
	table_create(table, service);
	return 0;
}

void table_remove(struct table *table, u32 type)
{
	struct service *service = table_find(table, type);

	if (!service)
		return;
	spin_lock_bh(&service->lock);
	if (!service->users) {
		hlist_del_init_rcu(&service->node);
		kfree_rcu(service, rcu);
	}
	spin_unlock_bh(&service->lock);
}

void table_leave(struct table *table, u32 type)
{
	struct service *service = table_find(table, type);

	if (!service)
		return;
	spin_lock_bh(&service->lock);
	service->users--;
	if (!service->users) {
		hlist_del_init_rcu(&service->node);
		kfree_rcu(service, rcu);
	}
	spin_unlock_bh(&service->lock);
}
`));

  it("a reader that needs a reference first finds an object that has none yet, and leaves it", () => checkRule("rcu/publish-before-init", `struct req {
	refcount_t refcount;
	int tag;
};

struct client {
	spinlock_t lock;
	struct idr reqs;
};

struct req *req_alloc(struct client *client)
{
	struct req *req = kmem_cache_alloc(req_cache, GFP_NOFS);
	int tag;

	if (!req)
		return NULL;
	refcount_set(&req->refcount, 0);
	spin_lock_irq(&client->lock);
	tag = idr_alloc(&client->reqs, req, 0, 16, GFP_NOWAIT);
	req->tag = tag;
	spin_unlock_irq(&client->lock);
	if (tag < 0) {
		kmem_cache_free(req_cache, req);
		return NULL;
	}
	refcount_set(&req->refcount, 2);
	return req;
}

struct req *req_lookup(struct client *client, u16 tag)
{
	struct req *req;

	rcu_read_lock();
again:
	req = idr_find(&client->reqs, tag);
	if (req) {
		if (!refcount_inc_not_zero(&req->refcount))
			goto again;
		if (req->tag != tag) {
			req_put(client, req);
			goto again;
		}
	}
	rcu_read_unlock();
	return req;
}
`));

  it("a table that is searched in no section is kept by somebody", () => checkRule("rcu/publish-before-init", `struct monitor {
	int handle;
	int state;
};

struct hdev {
	struct idr monitors;
	struct mutex lock;
};

int hdev_add(struct hdev *hdev, struct monitor *monitor)
{
	int handle;

	mutex_lock(&hdev->lock);
	handle = idr_alloc(&hdev->monitors, monitor, 1, 16, GFP_KERNEL);
//               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: callers of hdev_remove() may hold what keeps the two apart
	mutex_unlock(&hdev->lock);
	if (handle < 0)
		return handle;
	monitor->handle = handle;
	return 0;
}

int hdev_remove(struct hdev *hdev, int handle)
{
	struct monitor *monitor = idr_find(&hdev->monitors, handle);

	if (!monitor)
		return -EINVAL;
	hdev_forget(hdev, monitor->handle);
	return 0;
}
`));

  it("who walks by an _rcu iterator in no section may hold the update lock", () => checkRule("rcu/free-before-grace-period", `struct vid {
	struct list_head list;
	u16 id;
};

struct port {
	struct list_head vids;
};

int port_add(struct port *port, u16 id)
{
	struct vid *vid;

	list_for_each_entry_rcu(vid, &port->vids, list)
		if (vid->id == id)
			return -EEXIST;
	vid = kzalloc(sizeof(*vid), GFP_KERNEL);
	if (!vid)
		return -ENOMEM;
	vid->id = id;
	list_add_rcu(&vid->list, &port->vids);
	return 0;
}

void port_kill(struct port *port, u16 id)
{
	struct vid *vid, *tmp;

	list_for_each_entry_safe(vid, tmp, &port->vids, list) {
		if (vid->id == id) {
			list_del_rcu(&vid->list);
			kfree(vid);
//                      ^^^^^^^^^^ undecided: port_add() enters no section
		}
	}
}
`));

  it("who looks at the list outside of its section as well counts on something else", () => checkRule("rcu/plain-list-operation", `${flow}struct rec *flow_find(struct flow *flow, u32 seq)
{
	struct rec *rec = list_first_entry_or_null(&flow->records, struct rec, list);
//                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: is walked plainly

	if (!rec || rec->end > seq)
		return NULL;
	rcu_read_lock();
	list_for_each_entry_rcu(rec, &flow->records, list) {
		if (seq < rec->end) {
			rcu_read_unlock();
			return rec;
		}
	}
	rcu_read_unlock();
	return NULL;
}

void flow_push(struct flow *flow, struct rec *rec)
{
	spin_lock(&flow->lock);
	list_add_tail_rcu(&rec->list, &flow->records);
	spin_unlock(&flow->lock);
}

static void flow_acked(struct flow *flow, u32 seq)
{
	struct rec *rec, *tmp;

	spin_lock(&flow->lock);
	list_for_each_entry_safe(rec, tmp, &flow->records, list) {
		if (seq < rec->end)
			break;
		list_del(&rec->list);
//              ^^^^^^^^^^^^^^^^^^^^ undecided: flow_find() looks at the list outside of its section as well
	}
	spin_unlock(&flow->lock);
}
`));

  it("a list whose holder is given up", () => checkRule("rcu/plain-list-operation", `struct conn {
	struct list_head node;
	int id;
};

struct resource {
	struct list_head node;
	struct list_head conns;
	struct kref kref;
};

static LIST_HEAD(resources);

static int conn_sum(void)
{
	struct resource *resource;
	struct conn *conn;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(resource, &resources, node)
		list_for_each_entry_rcu(conn, &resource->conns, node)
			sum += conn->id;
	rcu_read_unlock();
	return sum;
}

static void conn_link(struct resource *resource, struct conn *conn)
{
	list_add_tail_rcu(&conn->node, &resource->conns);
}

static void resource_free(struct resource *resource)
{
	struct conn *conn, *tmp;

	list_for_each_entry_safe(conn, tmp, &resource->conns, node) {
		list_del(&conn->node);
//              ^^^^^^^^^^^^^^^^^^^^^ undecided: what holds the list is given up on this path
		conn_put(conn);
	}
	kref_put(&resource->kref, resource_destroy);
}
`));

  it("a function of a module's other file that takes no lock may be its end", () => checkRule("rcu/update-without-lock", `struct sub {
	struct list_head node;
	int event;
	struct rcu_head rcu;
};

static struct list_head subs;
static DEFINE_MUTEX(subs_mutex);

static void subs_fire(int event)
{
	struct sub *sub;

	rcu_read_lock();
	list_for_each_entry_rcu(sub, &subs, node)
		sub_call(sub, event);
	rcu_read_unlock();
}

void subs_exit(void)
{
	struct sub *sub, *tmp;

	list_for_each_entry_safe(sub, tmp, &subs, node) {
		list_del_rcu(&sub->node);
//              ^^^^^^^^^^^^^^^^^^^^^^^^ undecided: subs_exit() is called from other files, and may run at set-up or teardown alone
		kfree_rcu(sub, rcu);
	}
}

int subs_add(struct sub *sub)
{
	mutex_lock(&subs_mutex);
	list_add_rcu(&sub->node, &subs);
	mutex_unlock(&subs_mutex);
	return 0;
}

void subs_remove(struct sub *sub)
{
	mutex_lock(&subs_mutex);
	list_del_rcu(&sub->node);
	mutex_unlock(&subs_mutex);
	kfree_rcu(sub, rcu);
}
`));

  it("what the path has set, and a call would have to change", () => checkRule("context/sleep-in-atomic", `struct req {
	bool waiting;
	struct completion done;
	struct info info;
};

struct dev {
	struct req req;
	struct timer_list timer;
};

static void dev_send(struct dev *dev, bool wait)
{
	struct req *req = kzalloc(sizeof(*req), GFP_ATOMIC);

	if (!req)
		return;
	req->waiting = wait;
	dev_post(dev, &req->info);
	if (!req->waiting)
		return;
	wait_for_completion(&req->done);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: req.waiting is set to 0 before the path asks for it
}

static void dev_poll(struct timer_list *t)
{
	struct dev *dev = from_timer(dev, t, timer);

	dev_send(dev, false);
}

void dev_start(struct dev *dev)
{
	timer_setup(&dev->timer, dev_poll, 0);
	mod_timer(&dev->timer, jiffies + HZ);
}
`));

  it("a barrier behind which a word is read again is for what was done in between", () => checkRule("ordering/store-buffering", `#include <linux/netdevice.h>

struct txq {
	u32 prod;
	u32 cons;
	u32 size;
	struct netdev_queue *ndq;
	void __iomem *db;
};

static u32 txq_avail(struct txq *txq)
{
	return txq->size - txq->prod + txq->cons;
}

static void txq_xmit(struct txq *txq, u32 count)
{
	txq->prod += count;
	if (txq_avail(txq) >= 8)
		return;
	netif_tx_stop_queue(txq->ndq);
	smp_mb();
	if (txq_avail(txq) >= 8)
		netif_tx_start_queue(txq->ndq);
}

static bool txq_reclaim(struct txq *txq, u32 count)
{
	txq->cons += count;
	if (txq_avail(txq) >= 8)
		return true;
	writel(txq->size, txq->db);
	return false;
}
`, { "linux/netdevice.h": `static __always_inline void netif_tx_stop_queue(struct netdev_queue *q) { set_bit(0, &q->state); }\nstatic inline void netif_tx_start_queue(struct netdev_queue *q) { clear_bit(0, &q->state); }\n` }));

  it("a reference that the path took itself is the last one only if all others can go meanwhile", () => checkRule("rcu/sleep-in-reader", `struct assoc {
	struct list_head list;
	struct kref ref;
	struct workqueue_struct *wq;
	struct work_struct del;
};

struct port {
	struct list_head assocs;
};

static void assoc_free(struct kref *ref)
{
	struct assoc *assoc = container_of(ref, struct assoc, ref);

	flush_workqueue(assoc->wq);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: the path took the reference itself that assoc_free() is the end of: whether all others can be gone by then is not visible here
	kfree(assoc);
}

static void assoc_drop_all(struct port *port)
{
	struct assoc *assoc;

	rcu_read_lock();
	list_for_each_entry_rcu(assoc, &port->assocs, list) {
		if (!kref_get_unless_zero(&assoc->ref))
			continue;
		schedule_work(&assoc->del);
		kref_put(&assoc->ref, assoc_free);
	}
	rcu_read_unlock();
}
`));

  it("two branches of a callback that is told by a key which object is meant", () => checkRule("rcu/publish-before-init", `struct conn {
	struct rhash_head node;
	unsigned long cookie;
	struct counter *cnt;
};

struct zone {
	struct rhashtable conns;
};

static int conn_replace(struct zone *zone, unsigned long cookie)
{
	struct conn *conn, *old;

	conn = kzalloc(sizeof(*conn), GFP_KERNEL);
	if (!conn)
		return -ENOMEM;
	conn->cookie = cookie;
	old = rhashtable_lookup_get_insert_fast(&zone->conns, &conn->node, conn_params);
//            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: zone_cb() is told which object is meant: whether it is called for one that it is still adding or removing is not visible here
	if (old)
		return -EEXIST;
	conn->cnt = counter_alloc(zone);
	return 0;
}

static int conn_stats(struct zone *zone, unsigned long cookie)
{
	struct conn *conn;
	int hits;

	rcu_read_lock();
	conn = rhashtable_lookup_fast(&zone->conns, &cookie, conn_params);
	if (!conn) {
		rcu_read_unlock();
		return -ENOENT;
	}
	hits = conn->cnt->hits;
	rcu_read_unlock();
	return hits;
}

static int zone_cb(int cmd, unsigned long cookie, void *priv)
{
	struct zone *zone = priv;

	switch (cmd) {
	case 0:
		return conn_replace(zone, cookie);
	default:
		return conn_stats(zone, cookie);
	}
}

int zone_start(struct zone *zone, struct table *table)
{
	return table_add_cb(table, zone_cb, zone);
}
`));

  it("a pointer in a new object that a call makes which is not seen", () => checkRule("rcu/missing-assign-pointer", `struct link {
	int window;
};

struct endpoint {
	struct link __rcu *link;
	spinlock_t lock;
};

static int endpoint_window(struct endpoint *end)
{
	struct link *link;
	int window = 0;

	rcu_read_lock();
	link = rcu_dereference(end->link);
	if (link)
		window = link->window;
	rcu_read_unlock();
	return window;
}

static struct endpoint *endpoint_accept(struct endpoint *listening)
{
	struct endpoint *end;
	struct link *link;

	end = endpoint_create_child(listening);
	if (!end)
		return NULL;
	link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return NULL;
	link->window = 16;
	end->link = link;
//      ^^^^^^^^^^^^^^^^ undecided: what endpoint_create_child() gives may be new, and known to nobody else yet
	return end;
}
`));
});
