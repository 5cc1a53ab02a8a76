/** What one file cannot see of the locks of those who call it: each shape once gave a wrong "confirmed" about the kernel. */

import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

describe("callers of exported functions may hold what keeps two sides apart", () => {
  it("a list that no _rcu operation changes is walked by an _rcu iterator for its READ_ONCE()", () => checkRule("rcu/plain-list-operation", `struct rec {
	struct list_head list;
	u32 end;
};

struct flow {
	spinlock_t lock;
	struct list_head records;
};

struct rec *flow_find(struct flow *flow, u32 seq)
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
});
