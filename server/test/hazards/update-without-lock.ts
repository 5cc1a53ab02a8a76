/** Small drivers in kernel style for rcu/update-without-lock: hazardous ones, and their nearest correct twins. */

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

static void ap_link(struct ap *ap, struct sta *sta)
{
	spin_lock_bh(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	spin_unlock_bh(&ap->lock);
}

static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock_bh(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock_bh(&ap->lock);
	kfree_rcu(sta, rcu);
}
`;

export const rule = "rcu/update-without-lock";

export const hazardous = [
  { name: "an addition without the lock", code: `${common}
static void ap_link_quick(struct ap *ap, struct sta *sta)
{
	list_add_tail_rcu(&sta->node, &ap->stations);
}
` },
  { name: "a removal after the unlock", code: `${common}
static void ap_kick(struct ap *ap, struct sta *sta)
{
	spin_lock_bh(&ap->lock);
	sta->rate = 0;
	spin_unlock_bh(&ap->lock);
	list_del_rcu(&sta->node);
	kfree_rcu(sta, rcu);
}
` },
  { name: "an update inside of a read-side section only", code: `${common}
static void ap_kick(struct ap *ap, u32 addr)
{
	struct sta *sta;

	rcu_read_lock();
	list_for_each_entry_rcu(sta, &ap->stations, node) {
		if (sta->addr == addr) {
			list_del_rcu(&sta->node);
			kfree_rcu(sta, rcu);
			break;
		}
	}
	rcu_read_unlock();
}
` },
  { name: "a removal beside updates that hold a lock of the file, whoever calls it", code: `struct route {
	struct list_head node;
	u32 metric;
	struct rcu_head rcu;
};

static LIST_HEAD(routes);
static DEFINE_SPINLOCK(routes_lock);

u32 best_metric(void)
{
	struct route *route;
	u32 best = ~0;

	rcu_read_lock();
	list_for_each_entry_rcu(route, &routes, node)
		best = min(best, route->metric);
	rcu_read_unlock();
	return best;
}

void add_route(struct route *route)
{
	spin_lock(&routes_lock);
	list_add_rcu(&route->node, &routes);
	spin_unlock(&routes_lock);
}

void move_route(struct route *route)
{
	spin_lock(&routes_lock);
	list_del_rcu(&route->node);
	list_add_tail_rcu(&route->node, &routes);
	spin_unlock(&routes_lock);
}

void drop_route(struct route *route)
{
	list_del_rcu(&route->node);
	kfree_rcu(route, rcu);
}
` },
];

export const twins = [
  { name: "a lock of the file that callers are given", code: `struct route {
	struct list_head node;
	u32 metric;
	struct rcu_head rcu;
};

static LIST_HEAD(routes);
static DEFINE_SPINLOCK(routes_lock);

u32 best_metric(void)
{
	struct route *route;
	u32 best = ~0;

	rcu_read_lock();
	list_for_each_entry_rcu(route, &routes, node)
		best = min(best, route->metric);
	rcu_read_unlock();
	return best;
}

void begin_routes(void)
{
	spin_lock(&routes_lock);
}

void end_routes(void)
{
	spin_unlock(&routes_lock);
}

void add_route(struct route *route)
{
	begin_routes();
	list_add_rcu(&route->node, &routes);
	end_routes();
}

void drop_route(struct route *route)
{
	list_del_rcu(&route->node);
	kfree_rcu(route, rcu);
}
` },
  { name: "the lock is taken", code: `${common}
static void ap_link_quick(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_add_tail_rcu(&sta->node, &ap->stations);
	spin_unlock(&ap->lock);
}
` },
  { name: "the caller holds the lock", code: `${common}
static void __ap_link(struct ap *ap, struct sta *sta)
{
	list_add_tail_rcu(&sta->node, &ap->stations);
}

static void ap_link_two(struct ap *ap, struct sta *a, struct sta *b)
{
	spin_lock_bh(&ap->lock);
	__ap_link(ap, a);
	__ap_link(ap, b);
	spin_unlock_bh(&ap->lock);
}
` },
  { name: "the list is not reachable yet", code: `${common}
static struct ap *ap_new(struct sta *sta)
{
	struct ap *ap = kzalloc(sizeof(*ap), GFP_KERNEL);

	if (!ap)
		return NULL;
	INIT_LIST_HEAD(&ap->stations);
	list_add_tail_rcu(&sta->node, &ap->stations);
	return ap;
}
` },
];
