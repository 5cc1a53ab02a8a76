/** Walks that go on from an element that is gone, and near twins that are right. */

const types = `struct hz_lease {
	struct list_head node;
	struct hlist_node hash;
	u32 until;
	struct rcu_head rcu;
};

struct hz_pool {
	struct list_head leases;
	struct hlist_head buckets[8];
	struct list_head spare;
	spinlock_t lock;
};

static u32 hz_last(struct hz_pool *pool)
{
	struct hz_lease *lease;
	u32 until = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(lease, &pool->leases, node)
		until = max(until, lease->until);
	rcu_read_unlock();
	return until;
}

`;
const expire = (body: string): string => `${types}static void hz_expire(struct hz_pool *pool, u32 now)
{
	struct hz_lease *lease, *next;

	spin_lock(&pool->lock);
${body}	spin_unlock(&pool->lock);
}
`;

export const rule = "rcu/delete-in-unsafe-walk";

export const hazardous = [
  {
    name: "freed in the walk",
    code: expire(`	list_for_each_entry(lease, &pool->leases, node) {
		if (lease->until < now) {
			list_del(&lease->node);
			kfree(lease);
		}
	}
`),
  },
  {
    name: "freed by a helper",
    code: `${types}static void hz_drop(struct hz_lease *lease)
{
	hlist_del(&lease->hash);
	kfree(lease);
}

static void hz_clear(struct hz_pool *pool)
{
	struct hz_lease *lease;

	hlist_for_each_entry(lease, &pool->buckets[0], hash)
		hz_drop(lease);
}
`,
  },
  {
    name: "queued for freeing outside a section, under a mutex",
    code: `${types.replace("spinlock_t lock;", "struct mutex lock;")}static void hz_clear(struct hz_pool *pool)
{
	struct hz_lease *lease;

	mutex_lock(&pool->lock);
	list_for_each_entry(lease, &pool->leases, node) {
		list_del_rcu(&lease->node);
		kfree_rcu(lease, rcu);
	}
	mutex_unlock(&pool->lock);
}
`,
  },
];

export const twins = [
  {
    name: "the safe form",
    code: expire(`	list_for_each_entry_safe(lease, next, &pool->leases, node) {
		if (lease->until < now) {
			list_del_rcu(&lease->node);
			kfree_rcu(lease, rcu);
		}
	}
`),
  },
  {
    name: "the walk ends there",
    code: expire(`	list_for_each_entry(lease, &pool->leases, node) {
		if (lease->until < now) {
			list_del_rcu(&lease->node);
			kfree_rcu(lease, rcu);
			break;
		}
	}
`),
  },
  {
    name: "a spinlock is a section, and list_del_rcu() keeps next",
    code: expire(`	list_for_each_entry(lease, &pool->leases, node) {
		if (lease->until < now) {
			list_del_rcu(&lease->node);
			kfree_rcu(lease, rcu);
		}
	}
`),
  },
  {
    name: "an outer loop walks anew",
    code: `${types}static void hz_clear(struct hz_pool *pool, int rounds)
{
	struct hz_lease *lease, *next;

	while (rounds--) {
		list_for_each_entry_safe(lease, next, &pool->spare, node) {
			list_del(&lease->node);
			kfree(lease);
		}
	}
}
`,
  },
];
