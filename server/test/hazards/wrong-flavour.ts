/** Waits for other readers than those there are, and near twins that are right. */

const types = `struct hz_map {
	struct list_head node;
	int weight;
	struct rcu_head rcu;
};

struct hz_dev {
	struct list_head maps;
	struct hz_map __rcu *current_map;
	struct srcu_struct srcu;
	struct srcu_struct events;
	spinlock_t lock;
};

static void hz_map_free(struct rcu_head *head)
{
	kfree(container_of(head, struct hz_map, rcu));
}

static int hz_srcu_weight(struct hz_dev *dev)
{
	struct hz_map *map;
	int idx, sum = 0;

	idx = srcu_read_lock(&dev->srcu);
	list_for_each_entry_srcu(map, &dev->maps, node, srcu_read_lock_held(&dev->srcu))
		sum += map->weight;
	srcu_read_unlock(&dev->srcu, idx);
	return sum;
}

static int hz_rcu_weight(struct hz_dev *dev)
{
	struct hz_map *map;
	int weight = 0;

	rcu_read_lock();
	map = rcu_dereference(dev->current_map);
	if (map)
		weight = map->weight;
	rcu_read_unlock();
	return weight;
}

`;
const drop = (body: string): string => `${types}static void hz_drop(struct hz_dev *dev, struct hz_map *map)
{
	spin_lock(&dev->lock);
	list_del_rcu(&map->node);
	spin_unlock(&dev->lock);
${body}}
`;
const swap = (body: string): string => `${types}static void hz_swap(struct hz_dev *dev, struct hz_map *map)
{
	struct hz_map *old;

	spin_lock(&dev->lock);
	old = rcu_replace_pointer(dev->current_map, map, lockdep_is_held(&dev->lock));
	spin_unlock(&dev->lock);
${body}}
`;

export const rule = "rcu/wrong-flavour";

export const hazardous = [
  { name: "synchronize_rcu() for SRCU readers", code: drop("	synchronize_rcu();\n	kfree(map);\n") },
  { name: "another domain", code: drop("	synchronize_srcu(&dev->events);\n	kfree(map);\n") },
  { name: "call_rcu() for SRCU readers", code: drop("	call_rcu(&map->rcu, hz_map_free);\n") },
  { name: "synchronize_srcu() for RCU readers", code: swap("	synchronize_srcu(&dev->srcu);\n	kfree(old);\n") },
];

export const twins = [
  { name: "the readers' domain", code: drop("	synchronize_srcu(&dev->srcu);\n	kfree(map);\n") },
  { name: "a callback of the readers' domain", code: drop("	call_srcu(&dev->srcu, &map->rcu, hz_map_free);\n") },
  { name: "kfree_rcu() for RCU readers", code: swap("	if (old)\n		kfree_rcu(old, rcu);\n") },
  { name: "both waits", code: swap("	synchronize_srcu(&dev->srcu);\n	synchronize_rcu();\n	kfree(old);\n") },
];
