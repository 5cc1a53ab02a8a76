import type { Hazards } from "./hazards.ts";

export const rule = "rcu/missing-barrier-on-exit";

export const hazardous: Hazards["hazardous"] = [
  { name: "the exit queues and returns", code: `struct probe {
	struct list_head node;
	struct rcu_head rcu;
	int id;
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

static void probe_reclaim(struct rcu_head *head)
{
	struct probe *p = container_of(head, struct probe, rcu);

	pr_debug("probe %d\\n", p->id);
	kfree(p);
}

static void __exit probe_exit(void)
{
	struct probe *p, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(p, next, &probes, node) {
		list_del_rcu(&p->node);
		call_rcu(&p->rcu, probe_reclaim);
	}
	mutex_unlock(&probes_lock);
}
module_exit(probe_exit);
` },
  { name: "synchronize_rcu() waits for no callback", code: `struct probe {
	struct list_head node;
	struct rcu_head rcu;
	int id;
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

static void probe_reclaim(struct rcu_head *head)
{
	struct probe *p = container_of(head, struct probe, rcu);

	pr_debug("probe %d\\n", p->id);
	kfree(p);
}

static void probe_clear(void)
{
	struct probe *p, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(p, next, &probes, node) {
		list_del_rcu(&p->node);
		call_rcu(&p->rcu, probe_reclaim);
	}
	mutex_unlock(&probes_lock);
}

static void __exit probe_exit(void)
{
	probe_clear();
	synchronize_rcu();
}
module_exit(probe_exit);
` },
  { name: "the cache goes first", code: `struct probe {
	struct list_head node;
	struct rcu_head rcu;
	int id;
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

static struct kmem_cache *probe_cache;

static void probe_reclaim(struct rcu_head *head)
{
	kmem_cache_free(probe_cache, container_of(head, struct probe, rcu));
}

static void __exit probe_exit(void)
{
	struct probe *p, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(p, next, &probes, node) {
		list_del_rcu(&p->node);
		call_rcu(&p->rcu, probe_reclaim);
	}
	mutex_unlock(&probes_lock);
	kmem_cache_destroy(probe_cache);
	rcu_barrier();
}
module_exit(probe_exit);
` },
  { name: "callbacks of an SRCU domain", code: `struct probe {
	struct list_head node;
	struct rcu_head rcu;
	int id;
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

DEFINE_STATIC_SRCU(probe_srcu);

static void probe_reclaim(struct rcu_head *head)
{
	struct probe *p = container_of(head, struct probe, rcu);

	pr_debug("probe %d\\n", p->id);
	kfree(p);
}

static void __exit probe_exit(void)
{
	struct probe *p, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(p, next, &probes, node) {
		list_del_rcu(&p->node);
		call_srcu(&probe_srcu, &p->rcu, probe_reclaim);
	}
	mutex_unlock(&probes_lock);
}
module_exit(probe_exit);
` },
];

export const twins: Hazards["twins"] = [
  { name: "the exit waits for callbacks", code: `struct probe {
	struct list_head node;
	struct rcu_head rcu;
	int id;
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

static void probe_reclaim(struct rcu_head *head)
{
	struct probe *p = container_of(head, struct probe, rcu);

	pr_debug("probe %d\\n", p->id);
	kfree(p);
}

static void __exit probe_exit(void)
{
	struct probe *p, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(p, next, &probes, node) {
		list_del_rcu(&p->node);
		call_rcu(&p->rcu, probe_reclaim);
	}
	mutex_unlock(&probes_lock);
	rcu_barrier();
}
module_exit(probe_exit);
` },
  { name: "kfree_rcu() runs no code of the module", code: `struct probe {
	struct list_head node;
	struct rcu_head rcu;
	int id;
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

static void __exit probe_exit(void)
{
	struct probe *p, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(p, next, &probes, node) {
		list_del_rcu(&p->node);
		kfree_rcu(p, rcu);
	}
	mutex_unlock(&probes_lock);
}
module_exit(probe_exit);
` },
  { name: "code that is never unloaded", code: `struct probe {
	struct list_head node;
	struct rcu_head rcu;
	int id;
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

static void probe_reclaim(struct rcu_head *head)
{
	struct probe *p = container_of(head, struct probe, rcu);

	pr_debug("probe %d\\n", p->id);
	kfree(p);
}

static int __init probe_init(void)
{
	return 0;
}
subsys_initcall(probe_init);

void probe_clear(void)
{
	struct probe *p, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(p, next, &probes, node) {
		list_del_rcu(&p->node);
		call_rcu(&p->rcu, probe_reclaim);
	}
	mutex_unlock(&probes_lock);
}
` },
  { name: "the barrier comes before the cache goes", code: `struct probe {
	struct list_head node;
	struct rcu_head rcu;
	int id;
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

static struct kmem_cache *probe_cache;

static void probe_reclaim(struct rcu_head *head)
{
	kmem_cache_free(probe_cache, container_of(head, struct probe, rcu));
}

static void __exit probe_exit(void)
{
	struct probe *p, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(p, next, &probes, node) {
		list_del_rcu(&p->node);
		call_rcu(&p->rcu, probe_reclaim);
	}
	mutex_unlock(&probes_lock);
	rcu_barrier();
	kmem_cache_destroy(probe_cache);
}
module_exit(probe_exit);
` },
];
