import type { Hazards } from "./hazards.ts";

export const rule = "context/callback-lock-inversion";

export const hazardous: Hazards["hazardous"] = [
  { name: "a task adds with softirqs on", code: `struct route {
	struct list_head node;
	struct rcu_head rcu;
	struct rcu_work rwork;
};

static DEFINE_SPINLOCK(route_lock);
static LIST_HEAD(routes);
static int route_dead;

static void route_reclaim(struct rcu_head *head)
{
	struct route *r = container_of(head, struct route, rcu);

	spin_lock(&route_lock);
	route_dead++;
	spin_unlock(&route_lock);
	kfree(r);
}

void route_drop(struct route *r)
{
	call_rcu(&r->rcu, route_reclaim);
}

int route_add(void)
{
	struct route *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	spin_lock(&route_lock);
	list_add_rcu(&r->node, &routes);
	spin_unlock(&route_lock);
	return 0;
}
` },
  { name: "a helper of the callback takes it", code: `struct route {
	struct list_head node;
	struct rcu_head rcu;
	struct rcu_work rwork;
};

static DEFINE_SPINLOCK(route_lock);
static LIST_HEAD(routes);
static int route_dead;

static void route_count(void)
{
	spin_lock(&route_lock);
	route_dead++;
	spin_unlock(&route_lock);
}

static void route_reclaim(struct rcu_head *head)
{
	route_count();
	kfree(container_of(head, struct route, rcu));
}

void route_drop(struct route *r)
{
	call_rcu(&r->rcu, route_reclaim);
}

int route_add(void)
{
	struct route *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	spin_lock(&route_lock);
	list_add_rcu(&r->node, &routes);
	spin_unlock(&route_lock);
	return 0;
}
` },
  { name: "the module exit holds it", code: `struct route {
	struct list_head node;
	struct rcu_head rcu;
	struct rcu_work rwork;
};

static DEFINE_SPINLOCK(route_lock);
static LIST_HEAD(routes);
static int route_dead;

static void route_reclaim(struct rcu_head *head)
{
	struct route *r = container_of(head, struct route, rcu);

	spin_lock(&route_lock);
	route_dead++;
	spin_unlock(&route_lock);
	kfree(r);
}

void route_drop(struct route *r)
{
	call_rcu(&r->rcu, route_reclaim);
}

static void __exit route_exit(void)
{
	struct route *r, *next;

	spin_lock(&route_lock);
	list_for_each_entry_safe(r, next, &routes, node)
		list_del_rcu(&r->node);
	spin_unlock(&route_lock);
	rcu_barrier();
}
module_exit(route_exit);
` },
];

export const twins: Hazards["twins"] = [
  { name: "softirqs are off", code: `struct route {
	struct list_head node;
	struct rcu_head rcu;
	struct rcu_work rwork;
};

static DEFINE_SPINLOCK(route_lock);
static LIST_HEAD(routes);
static int route_dead;

static void route_reclaim(struct rcu_head *head)
{
	struct route *r = container_of(head, struct route, rcu);

	spin_lock(&route_lock);
	route_dead++;
	spin_unlock(&route_lock);
	kfree(r);
}

void route_drop(struct route *r)
{
	call_rcu(&r->rcu, route_reclaim);
}

int route_add(void)
{
	struct route *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	spin_lock_bh(&route_lock);
	list_add_rcu(&r->node, &routes);
	spin_unlock_bh(&route_lock);
	return 0;
}
` },
  { name: "softirqs were turned off before", code: `struct route {
	struct list_head node;
	struct rcu_head rcu;
	struct rcu_work rwork;
};

static DEFINE_SPINLOCK(route_lock);
static LIST_HEAD(routes);
static int route_dead;

static void route_reclaim(struct rcu_head *head)
{
	struct route *r = container_of(head, struct route, rcu);

	spin_lock(&route_lock);
	route_dead++;
	spin_unlock(&route_lock);
	kfree(r);
}

void route_drop(struct route *r)
{
	call_rcu(&r->rcu, route_reclaim);
}

int route_add(void)
{
	struct route *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	local_bh_disable();
	spin_lock(&route_lock);
	list_add_rcu(&r->node, &routes);
	spin_unlock(&route_lock);
	local_bh_enable();
	return 0;
}
` },
  { name: "the work runs in a task", code: `struct route {
	struct list_head node;
	struct rcu_head rcu;
	struct rcu_work rwork;
};

static DEFINE_SPINLOCK(route_lock);
static LIST_HEAD(routes);
static int route_dead;

static void route_work(struct work_struct *work)
{
	struct route *r = container_of(to_rcu_work(work), struct route, rwork);

	spin_lock(&route_lock);
	route_dead++;
	spin_unlock(&route_lock);
	kfree(r);
}

void route_drop(struct route *r)
{
	INIT_RCU_WORK(&r->rwork, route_work);
	queue_rcu_work(system_wq, &r->rwork);
}

int route_add(void)
{
	struct route *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	spin_lock(&route_lock);
	list_add_rcu(&r->node, &routes);
	spin_unlock(&route_lock);
	return 0;
}
` },
  { name: "the callback only tries", code: `struct route {
	struct list_head node;
	struct rcu_head rcu;
	struct rcu_work rwork;
};

static DEFINE_SPINLOCK(route_lock);
static LIST_HEAD(routes);
static int route_dead;

static void route_reclaim(struct rcu_head *head)
{
	if (spin_trylock(&route_lock)) {
		route_dead++;
		spin_unlock(&route_lock);
	}
	kfree(container_of(head, struct route, rcu));
}

void route_drop(struct route *r)
{
	call_rcu(&r->rcu, route_reclaim);
}

int route_add(void)
{
	struct route *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	spin_lock(&route_lock);
	list_add_rcu(&r->node, &routes);
	spin_unlock(&route_lock);
	return 0;
}
` },
];
