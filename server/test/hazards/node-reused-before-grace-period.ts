/** Unlinked nodes whose links are written while readers may stand on them, and near twins that are right. */

const types = `struct hz_flow {
	struct list_head node;
	struct hlist_node hash;
	struct list_head idle;
	u32 bytes;
};

struct hz_switch {
	struct list_head flows;
	struct hlist_head buckets[16];
	struct list_head parked;
	spinlock_t lock;
};

static u32 hz_count(struct hz_switch *sw)
{
	struct hz_flow *flow;
	u32 bytes = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(flow, &sw->flows, node)
		bytes += flow->bytes;
	rcu_read_unlock();
	return bytes;
}

static u32 hz_bucket(struct hz_switch *sw, int n)
{
	struct hz_flow *flow;
	u32 bytes = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(flow, &sw->buckets[n], hash)
		bytes += flow->bytes;
	rcu_read_unlock();
	return bytes;
}

`;
const park = (body: string): string => `${types}static void hz_park(struct hz_switch *sw, struct hz_flow *flow)
{
	spin_lock(&sw->lock);
${body}	spin_unlock(&sw->lock);
}
`;

/** From one switch to another: `wait` between the two lists, `to` is locked and linked into. */
const migrate = (wait: string, to = "to"): string => `${types}static void hz_migrate(struct hz_switch *from, struct hz_switch *to, struct hz_flow *flow)
{
	spin_lock(&from->lock);
	list_del_rcu(&flow->node);
	spin_unlock(&from->lock);
${wait}	spin_lock(&${to}->lock);
	list_add_rcu(&flow->node, &${to}->flows);
	spin_unlock(&${to}->lock);
}
`;

export const rule = "rcu/node-reused-before-grace-period";

export const hazardous = [
  { name: "list_del_init() of a node that readers walk", code: park("	list_del_init(&flow->node);\n") },
  { name: "list_move() to another list", code: park("	list_move(&flow->node, &sw->parked);\n") },
  { name: "list_del_rcu(), and linked elsewhere at once", code: park("	list_del_rcu(&flow->node);\n	list_add(&flow->node, &sw->parked);\n") },
  { name: "INIT_LIST_HEAD() after list_del_rcu()", code: park("	list_del_rcu(&flow->node);\n	INIT_LIST_HEAD(&flow->node);\n") },
  { name: "hlist_del_init() of a node that readers walk", code: park("	hlist_del_init(&flow->hash);\n") },
  { name: "put on the same kind of list of another structure", code: migrate("") },
];

export const twins = [
  { name: "put on the list of another structure after a grace period", code: migrate("	synchronize_rcu();\n") },
  { name: "put back on the list of the same structure", code: migrate("", "from") },
  { name: "another list_head for the other list", code: park("	list_del_rcu(&flow->node);\n	list_add(&flow->idle, &sw->parked);\n") },
  { name: "hlist_del_init_rcu() keeps next", code: park("	hlist_del_init_rcu(&flow->hash);\n") },
  { name: "a grace period in between", code: `${types}static void hz_park(struct hz_switch *sw, struct hz_flow *flow)
{
	spin_lock(&sw->lock);
	list_del_rcu(&flow->node);
	spin_unlock(&sw->lock);
	synchronize_rcu();
	INIT_LIST_HEAD(&flow->node);
	list_add(&flow->node, &sw->parked);
}
` },
  { name: "a list that nobody walks under RCU", code: park("	list_del_init(&flow->idle);\n") },
  { name: "a new node", code: `${types}static int hz_add(struct hz_switch *sw)
{
	struct hz_flow *flow = kzalloc(sizeof(*flow), GFP_KERNEL);

	if (!flow)
		return -ENOMEM;
	INIT_LIST_HEAD(&flow->node);
	spin_lock(&sw->lock);
	list_add_rcu(&flow->node, &sw->flows);
	spin_unlock(&sw->lock);
	return 0;
}
` },
];
