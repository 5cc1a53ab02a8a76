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

static void tx_drop(struct tx_domain *dom, struct tx_link *link)
{
${drop}}
`;

const unlink = "	spin_lock(&dom->lock);\n	list_del_rcu(&link->node);\n	spin_unlock(&dom->lock);\n";

export const rule = "rcu/free-before-grace-period";

export const hazardous: Hazards["hazardous"] = [
  { name: "freed at once", code: driver(`${unlink}	kfree(link);\n`) },
  { name: "freed under the lock", code: driver("	spin_lock(&dom->lock);\n	list_del_rcu(&link->node);\n	kfree(link);\n	spin_unlock(&dom->lock);\n") },
  { name: "the wait comes after the free", code: driver(`${unlink}	kfree(link);\n	synchronize_rcu();\n`) },
];

export const twins: Hazards["twins"] = [
  { name: "kfree_rcu()", code: driver(`${unlink}	kfree_rcu(link, rcu);\n`) },
  { name: "call_rcu()", code: driver(`${unlink}	call_rcu(&link->rcu, tx_free_rcu);\n`) },
  { name: "synchronize_rcu() between", code: driver(`${unlink}	synchronize_rcu();\n	kfree(link);\n`) },
];
