import type { Hazards } from "./hazards.ts";

const driver = (drop: string): string => `struct tx_link {
	struct list_head node;
	int id;
	struct rcu_head rcu;
};

struct tx_domain {
	struct list_head links;
	spinlock_t lock;
};

static int tx_sum(struct tx_domain *dom)
{
	struct tx_link *link;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(link, &dom->links, node)
		sum += link->id;
	rcu_read_unlock();
	return sum;
}

static void tx_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct tx_link, rcu));
}

static void tx_drop(struct tx_domain *dom, int id)
{
	struct tx_link *link, *next;

	spin_lock(&dom->lock);
${drop}	spin_unlock(&dom->lock);
}
`;

const walk = (body: string, head = "list_for_each_entry(link, &dom->links, node)"): string => `	${head} {\n		if (link->id == id) {\n${body}		}\n	}\n`;

export const rule = "rcu/delete-in-unsafe-walk";

export const hazardous: Hazards["hazardous"] = [
  { name: "unlinked, freed, and the walk goes on", code: driver(walk("			list_del(&link->node);\n			kfree(link);\n")) },
  { name: "list_del_rcu() keeps next, and kfree() does not", code: driver(walk("			list_del_rcu(&link->node);\n			kfree(link);\n")) },
  { name: "list_del() alone leaves no way on", code: driver(walk("			list_del(&link->node);\n")) },
];

export const twins: Hazards["twins"] = [
  { name: "the walk ends there", code: driver(walk("			list_del_rcu(&link->node);\n			kfree_rcu(link, rcu);\n			break;\n")) },
  { name: "a safe walk", code: driver(walk("			list_del_rcu(&link->node);\n			kfree_rcu(link, rcu);\n", "list_for_each_entry_safe(link, next, &dom->links, node)")) },
  { name: "list_del_rcu() keeps next, and kfree_rcu() waits for the lock", code: driver(walk("			list_del_rcu(&link->node);\n			kfree_rcu(link, rcu);\n")) },
];
