/** Small drivers in kernel style for rcu/publish-before-init: hazardous ones, and their nearest correct twins. */

const common = `struct sta {
	struct list_head node;
	struct hlist_node hash;
	u32 addr;
	int rate;
	struct tid *tid;
	struct rcu_head rcu;
};

struct tid {
	int queue;
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
		sum += sta->tid->queue;
	hlist_for_each_entry_rcu(sta, &ap->table, hash)
		sum += sta->tid->queue;
	rcu_read_unlock();
	return sum;
}
`;

const table = `struct queue {
	refcount_t use;
	struct buffer *buffer;
	u32 number;
};

struct buffer {
	int size;
};

struct slot {
	struct queue *queue;
};

struct nic {
	struct xarray queues;
	spinlock_t lock;
};
`;

export const rule = "rcu/publish-before-init";

export const hazardous = [
  { name: "the field is set after list_add_rcu()", code: `${common}
static int ap_join(struct ap *ap, struct tid *tid)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	spin_lock_bh(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	spin_unlock_bh(&ap->lock);
	sta->tid = tid;
	return 0;
}
` },
  { name: "the field is set in a helper after hlist_add_head_rcu()", code: `${common}
static void sta_prepare(struct sta *sta, struct tid *tid)
{
	sta->rate = 1;
	sta->tid = tid;
}

static int ap_join(struct ap *ap, struct tid *tid)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	spin_lock_bh(&ap->lock);
	hlist_add_head_rcu(&sta->hash, &ap->table);
	sta_prepare(sta, tid);
	spin_unlock_bh(&ap->lock);
	return 0;
}
` },
  { name: "the field is set after rcu_assign_pointer()", code: `${common}
struct radio {
	struct sta __rcu *best;
	struct mutex lock;
};

static int radio_queue(struct radio *radio)
{
	struct sta *sta;
	int queue = 0;

	rcu_read_lock();
	sta = rcu_dereference(radio->best);
	if (sta)
		queue = sta->tid->queue;
	rcu_read_unlock();
	return queue;
}

static int radio_start(struct radio *radio, struct tid *tid)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	mutex_lock(&radio->lock);
	rcu_assign_pointer(radio->best, sta);
	sta->tid = tid;
	mutex_unlock(&radio->lock);
	return 0;
}
` },
  { name: "the count is set after the object went into a table", code: `${table}
static void nic_event(struct nic *nic, u32 number)
{
	struct queue *queue;

	rcu_read_lock();
	queue = xa_load(&nic->queues, number);
	if (queue)
		refcount_inc(&queue->use);
	rcu_read_unlock();
}

int nic_add_queue(struct nic *nic, struct queue *queue)
{
	int err;

	spin_lock_irq(&nic->lock);
	err = xa_insert(&nic->queues, queue->number, queue, GFP_ATOMIC);
	spin_unlock_irq(&nic->lock);
	if (err)
		return err;
	refcount_set(&queue->use, 1);
	return 0;
}
` },
  { name: "a field of what the published object leads to", code: `${table}
static int nic_size(struct nic *nic, u32 number)
{
	struct slot *slot;
	int size = 0;

	rcu_read_lock();
	slot = xa_load(&nic->queues, number);
	if (slot)
		size = slot->queue->buffer->size;
	rcu_read_unlock();
	return size;
}

static int nic_open(struct nic *nic, u32 number, struct buffer *buffer)
{
	struct queue *queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	struct slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL);

	if (!queue || !slot)
		return -ENOMEM;
	slot->queue = queue;
	xa_store(&nic->queues, number, slot, GFP_KERNEL);
	queue->buffer = buffer;
	return 0;
}
` },
];

export const twins = [
  { name: "a count that those who look up take only when it is set", code: `${table}
static bool nic_event(struct nic *nic, u32 number)
{
	struct queue *queue;
	bool is_live = false;

	rcu_read_lock();
	queue = xa_load(&nic->queues, number);
	if (queue && refcount_inc_not_zero(&queue->use))
		is_live = true;
	rcu_read_unlock();
	return is_live;
}

int nic_add_queue(struct nic *nic, struct queue *queue)
{
	int err;

	spin_lock_irq(&nic->lock);
	err = xa_insert(&nic->queues, queue->number, queue, GFP_ATOMIC);
	spin_unlock_irq(&nic->lock);
	if (err)
		return err;
	refcount_set(&queue->use, 1);
	return 0;
}
` },
  { name: "what the published object leads to is complete before", code: `${table}
static int nic_size(struct nic *nic, u32 number)
{
	struct slot *slot;
	int size = 0;

	rcu_read_lock();
	slot = xa_load(&nic->queues, number);
	if (slot)
		size = slot->queue->buffer->size;
	rcu_read_unlock();
	return size;
}

static int nic_open(struct nic *nic, u32 number, struct buffer *buffer)
{
	struct queue *queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	struct slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL);

	if (!queue || !slot)
		return -ENOMEM;
	queue->buffer = buffer;
	slot->queue = queue;
	xa_store(&nic->queues, number, slot, GFP_KERNEL);
	return 0;
}
` },
  { name: "all is set before list_add_rcu()", code: `${common}
static int ap_join(struct ap *ap, struct tid *tid)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	sta->tid = tid;
	spin_lock_bh(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	spin_unlock_bh(&ap->lock);
	return 0;
}
` },
  { name: "a field that no reader of the list uses", code: `${common}
static int ap_join(struct ap *ap, struct tid *tid)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	sta->tid = tid;
	spin_lock_bh(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	sta->addr = 1;
	spin_unlock_bh(&ap->lock);
	return 0;
}
` },
  { name: "a field that changes while the element is in use", code: `${common}
static int ap_join(struct ap *ap, struct tid *tid)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	sta->tid = tid;
	spin_lock_bh(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	sta->tid = tid + 1;
	spin_unlock_bh(&ap->lock);
	return 0;
}
` },
];
