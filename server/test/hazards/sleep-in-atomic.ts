import type { Hazards } from "./hazards.ts";

export const rule = "context/sleep-in-atomic";

export const hazardous: Hazards["hazardous"] = [
  { name: "flags handed down by the caller that holds the lock", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

static struct ring_slot *slot_new(struct ring *r, gfp_t gfp)
{
	struct ring_slot *slot = kzalloc(sizeof(*slot), gfp);

	if (slot)
		slot->tag = r->next++;
	return slot;
}

int ring_grow(struct ring *r)
{
	struct ring_slot *slot;
	unsigned long flags;
	int ret = -ENOMEM;

	spin_lock_irqsave(&r->guard, flags);
	slot = slot_new(r, GFP_KERNEL);
	if (slot) {
		list_add_tail(&slot->link, &r->slots);
		ret = 0;
	}
	spin_unlock_irqrestore(&r->guard, flags);
	return ret;
}
` },
  { name: "a mutex under a rwlock", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

u32 ring_peek(struct ring *r)
{
	u32 tag;

	read_lock(&r->map_lock);
	mutex_lock(&r->config);
	tag = r->next;
	mutex_unlock(&r->config);
	read_unlock(&r->map_lock);
	return tag;
}
` },
  { name: "a delay with interrupts off", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

void ring_settle(struct ring *r)
{
	unsigned long flags;

	local_irq_save(flags);
	r->next = 0;
	msleep(2);
	local_irq_restore(flags);
}
` },
  { name: "a grace period under a spinlock of a helper", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

static void ring_enter(struct ring *r)
{
	spin_lock_bh(&r->guard);
}

static void ring_leave(struct ring *r)
{
	spin_unlock_bh(&r->guard);
}

void ring_drop(struct ring *r, struct ring_slot *slot)
{
	ring_enter(r);
	list_del_rcu(&slot->link);
	synchronize_rcu();
	ring_leave(r);
	kfree(slot);
}
` },
  { name: "an allocation in a timer", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

struct ring_watch {
	struct timer_list timer;
	struct ring ring;
};

static void watch_fire(struct timer_list *t)
{
	struct ring_watch *w = container_of(t, struct ring_watch, timer);
	struct ring_slot *slot = kmalloc(sizeof(*slot), GFP_KERNEL);

	if (slot)
		list_add(&slot->link, &w->ring.slots);
}

void watch_begin(struct ring_watch *w)
{
	timer_setup(&w->timer, watch_fire, 0);
	mod_timer(&w->timer, jiffies + HZ);
}
` },
];

export const twins: Hazards["twins"] = [
  { name: "flags handed down by a caller that knows", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

static struct ring_slot *slot_new(struct ring *r, gfp_t gfp)
{
	struct ring_slot *slot = kzalloc(sizeof(*slot), gfp);

	if (slot)
		slot->tag = r->next++;
	return slot;
}

int ring_grow(struct ring *r)
{
	struct ring_slot *slot;
	unsigned long flags;
	int ret = -ENOMEM;

	spin_lock_irqsave(&r->guard, flags);
	slot = slot_new(r, GFP_ATOMIC | __GFP_NOWARN);
	if (slot) {
		list_add_tail(&slot->link, &r->slots);
		ret = 0;
	}
	spin_unlock_irqrestore(&r->guard, flags);
	return ret;
}

struct ring_slot *ring_spare(struct ring *r)
{
	return slot_new(r, GFP_KERNEL);
}
` },
  { name: "the lock is dropped for the allocation and taken again", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

int ring_grow(struct ring *r)
{
	struct ring_slot *slot;

	spin_lock(&r->guard);
	if (r->next > 16) {
		spin_unlock(&r->guard);
		return -ENOSPC;
	}
	spin_unlock(&r->guard);
	slot = kzalloc(sizeof(*slot), GFP_KERNEL);
	if (!slot)
		return -ENOMEM;
	spin_lock(&r->guard);
	list_add(&slot->link, &r->slots);
	spin_unlock(&r->guard);
	return 0;
}
` },
  { name: "sleeps only where the trylock failed", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

void ring_kick(struct ring *r)
{
	if (!spin_trylock(&r->guard)) {
		msleep(1);
		return;
	}
	r->next++;
	spin_unlock(&r->guard);
}
` },
  { name: "asks whether it may sleep", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

struct ring_slot *slot_get(struct ring *r)
{
	struct ring_slot *slot;

	spin_lock(&r->guard);
	slot = kzalloc(sizeof(*slot), in_atomic() ? GFP_ATOMIC : GFP_KERNEL);
	spin_unlock(&r->guard);
	return slot;
}
` },
  { name: "a wait that drops the lock by itself", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

void ring_idle(struct ring *r, wait_queue_head_t *wq)
{
	spin_lock_irq(&r->guard);
	wait_event_lock_irq(*wq, list_empty(&r->slots), r->guard);
	r->next = 0;
	spin_unlock_irq(&r->guard);
}
` },
  { name: "the work that a timer starts", code: `struct ring_slot {
	struct list_head link;
	u32 tag;
};

struct ring {
	spinlock_t guard;
	rwlock_t map_lock;
	struct list_head slots;
	struct mutex config;
	u32 next;
};

struct ring_watch {
	struct timer_list timer;
	struct work_struct work;
	struct ring ring;
};

static void watch_work(struct work_struct *work)
{
	struct ring_watch *w = container_of(work, struct ring_watch, work);
	struct ring_slot *slot = kmalloc(sizeof(*slot), GFP_KERNEL);

	if (slot)
		list_add(&slot->link, &w->ring.slots);
}

static void watch_fire(struct timer_list *t)
{
	struct ring_watch *w = container_of(t, struct ring_watch, timer);

	schedule_work(&w->work);
}

void watch_begin(struct ring_watch *w)
{
	INIT_WORK(&w->work, watch_work);
	timer_setup(&w->timer, watch_fire, 0);
}
` },
];
