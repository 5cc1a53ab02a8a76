import type { Hazards } from "./hazards.ts";

export const rule = "rcu/sleep-in-callback";

export const hazardous: Hazards["hazardous"] = [
  { name: "an allocation in the callback", code: `struct hub {
	struct mutex lock;
	spinlock_t slock;
	struct list_head peers;
	int dead;
};

struct peer {
	struct hub *hub;
	struct list_head node;
	struct rcu_head rcu;
	struct work_struct work;
	struct rcu_work rwork;
	struct mmu_notifier mn;
};

static void peer_gone(struct rcu_head *head)
{
	struct peer *p = container_of(head, struct peer, rcu);
	char *note = kasprintf(GFP_KERNEL, "%d", p->hub->dead);

	kfree(note);
	kfree(p);
}

void peer_drop(struct peer *p)
{
	list_del_rcu(&p->node);
	call_rcu(&p->rcu, peer_gone);
}
` },
  { name: "a helper of the callback takes a mutex", code: `struct hub {
	struct mutex lock;
	spinlock_t slock;
	struct list_head peers;
	int dead;
};

struct peer {
	struct hub *hub;
	struct list_head node;
	struct rcu_head rcu;
	struct work_struct work;
	struct rcu_work rwork;
	struct mmu_notifier mn;
};

static void hub_count(struct hub *hub)
{
	mutex_lock(&hub->lock);
	hub->dead++;
	mutex_unlock(&hub->lock);
}

static void peer_gone(struct rcu_head *head)
{
	struct peer *p = container_of(head, struct peer, rcu);

	hub_count(p->hub);
	kfree(p);
}

void peer_drop(struct peer *p)
{
	list_del_rcu(&p->node);
	call_rcu(&p->rcu, peer_gone);
}
` },
  { name: "free_notifier waits for work", code: `struct hub {
	struct mutex lock;
	spinlock_t slock;
	struct list_head peers;
	int dead;
};

struct peer {
	struct hub *hub;
	struct list_head node;
	struct rcu_head rcu;
	struct work_struct work;
	struct rcu_work rwork;
	struct mmu_notifier mn;
};

static void peer_free_notifier(struct mmu_notifier *mn)
{
	struct peer *p = container_of(mn, struct peer, mn);

	cancel_work_sync(&p->work);
	kfree(p);
}

static const struct mmu_notifier_ops peer_mn_ops = {
	.free_notifier = peer_free_notifier,
};
` },
  { name: "an invalidation that may not block takes a mutex", code: `struct hub {
	struct mutex lock;
	spinlock_t slock;
	struct list_head peers;
	int dead;
};

struct peer {
	struct hub *hub;
	struct list_head node;
	struct rcu_head rcu;
	struct work_struct work;
	struct rcu_work rwork;
	struct mmu_notifier mn;
};

static int peer_invalidate(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct peer *p = container_of(mn, struct peer, mn);

	if (!mmu_notifier_range_blockable(range))
		p->hub->dead = 1;
	mutex_lock(&p->hub->lock);
	p->hub->dead++;
	mutex_unlock(&p->hub->lock);
	return 0;
}

static const struct mmu_notifier_ops peer_mn_ops = {
	.invalidate_range_start = peer_invalidate,
};
` },
];

export const twins: Hazards["twins"] = [
  { name: "the callback starts work", code: `struct hub {
	struct mutex lock;
	spinlock_t slock;
	struct list_head peers;
	int dead;
};

struct peer {
	struct hub *hub;
	struct list_head node;
	struct rcu_head rcu;
	struct work_struct work;
	struct rcu_work rwork;
	struct mmu_notifier mn;
};

static void peer_work(struct work_struct *work)
{
	struct peer *p = container_of(work, struct peer, work);

	mutex_lock(&p->hub->lock);
	p->hub->dead++;
	mutex_unlock(&p->hub->lock);
	kfree(p);
}

static void peer_gone(struct rcu_head *head)
{
	struct peer *p = container_of(head, struct peer, rcu);

	INIT_WORK(&p->work, peer_work);
	schedule_work(&p->work);
}

void peer_drop(struct peer *p)
{
	list_del_rcu(&p->node);
	call_rcu(&p->rcu, peer_gone);
}
` },
  { name: "work that runs after a grace period", code: `struct hub {
	struct mutex lock;
	spinlock_t slock;
	struct list_head peers;
	int dead;
};

struct peer {
	struct hub *hub;
	struct list_head node;
	struct rcu_head rcu;
	struct work_struct work;
	struct rcu_work rwork;
	struct mmu_notifier mn;
};

static void peer_work(struct work_struct *work)
{
	struct peer *p = container_of(to_rcu_work(work), struct peer, rwork);

	mutex_lock(&p->hub->lock);
	p->hub->dead++;
	mutex_unlock(&p->hub->lock);
	kfree(p);
}

void peer_drop(struct peer *p)
{
	list_del_rcu(&p->node);
	INIT_RCU_WORK(&p->rwork, peer_work);
	queue_rcu_work(system_wq, &p->rwork);
}
` },
  { name: "the callback takes a spinlock and does not wait", code: `struct hub {
	struct mutex lock;
	spinlock_t slock;
	struct list_head peers;
	int dead;
};

struct peer {
	struct hub *hub;
	struct list_head node;
	struct rcu_head rcu;
	struct work_struct work;
	struct rcu_work rwork;
	struct mmu_notifier mn;
};

static void peer_gone(struct rcu_head *head)
{
	struct peer *p = container_of(head, struct peer, rcu);

	spin_lock(&p->hub->slock);
	p->hub->dead++;
	spin_unlock(&p->hub->slock);
	kfree(p);
}

void peer_drop(struct peer *p)
{
	list_del_rcu(&p->node);
	call_rcu(&p->rcu, peer_gone);
}
` },
  { name: "an invalidation that asks", code: `struct hub {
	struct mutex lock;
	spinlock_t slock;
	struct list_head peers;
	int dead;
};

struct peer {
	struct hub *hub;
	struct list_head node;
	struct rcu_head rcu;
	struct work_struct work;
	struct rcu_work rwork;
	struct mmu_notifier mn;
};

static int peer_invalidate(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct peer *p = container_of(mn, struct peer, mn);

	if (mmu_notifier_range_blockable(range))
		mutex_lock(&p->hub->lock);
	else if (!mutex_trylock(&p->hub->lock))
		return -EAGAIN;
	p->hub->dead++;
	mutex_unlock(&p->hub->lock);
	return 0;
}

static const struct mmu_notifier_ops peer_mn_ops = {
	.invalidate_range_start = peer_invalidate,
};
` },
];
