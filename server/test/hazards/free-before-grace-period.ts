/** Objects that are freed while readers may hold them, and near twins that are right. */

const types = `struct hz_route {
	struct list_head node;
	u32 metric;
	struct rcu_head rcu;
};

struct hz_fib {
	struct list_head routes;
	struct hz_route __rcu *fallback;
	spinlock_t lock;
};

`;
const walker = `static u32 hz_metric(struct hz_fib *fib)
{
	struct hz_route *route;
	u32 metric = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(route, &fib->routes, node)
		metric += route->metric;
	rcu_read_unlock();
	return metric;
}

`;
const follower = `static u32 hz_fallback(struct hz_fib *fib)
{
	struct hz_route *route;
	u32 metric = 0;

	rcu_read_lock();
	route = rcu_dereference(fib->fallback);
	if (route)
		metric = route->metric;
	rcu_read_unlock();
	return metric;
}

`;
const drop = (body: string): string => `${types}${walker}static void hz_drop(struct hz_fib *fib, struct hz_route *route)
{
	spin_lock(&fib->lock);
	list_del_rcu(&route->node);
	spin_unlock(&fib->lock);
${body}}
`;
const swap = (body: string): string => `${types}${follower}static void hz_swap(struct hz_fib *fib, struct hz_route *route)
{
	struct hz_route *old;

	spin_lock(&fib->lock);
	old = rcu_replace_pointer(fib->fallback, route, lockdep_is_held(&fib->lock));
	spin_unlock(&fib->lock);
${body}}
`;

export const rule = "rcu/free-before-grace-period";

export const hazardous = [
  { name: "freed at once", code: drop("	kfree(route);\n") },
  { name: "the old one of a swap", code: swap("	kfree(old);\n") },
  { name: "the wait comes after", code: drop("	kfree(route);\n	synchronize_rcu();\n") },
  {
    name: "queued before it is unlinked",
    code: `${types}${walker}static void hz_drop(struct hz_fib *fib, struct hz_route *route)
{
	kfree_rcu(route, rcu);
	spin_lock(&fib->lock);
	list_del_rcu(&route->node);
	spin_unlock(&fib->lock);
}
`,
  },
];

export const twins = [
  { name: "kfree_rcu()", code: drop("	kfree_rcu(route, rcu);\n") },
  { name: "a wait before", code: drop("	synchronize_rcu();\n	kfree(route);\n") },
  { name: "the old one, after a wait", code: swap("	synchronize_rcu();\n	kfree(old);\n") },
  {
    name: "a new one that nobody has seen",
    code: `${types}${walker}static int hz_add(struct hz_fib *fib, u32 metric)
{
	struct hz_route *route = kzalloc(sizeof(*route), GFP_KERNEL);

	if (!route)
		return -ENOMEM;
	if (!metric) {
		kfree(route);
		return -EINVAL;
	}
	route->metric = metric;
	spin_lock(&fib->lock);
	list_add_rcu(&route->node, &fib->routes);
	spin_unlock(&fib->lock);
	return 0;
}
`,
  },
];
