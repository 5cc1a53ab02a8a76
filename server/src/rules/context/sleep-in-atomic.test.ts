import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const box = `struct box {
	spinlock_t lock;
	raw_spinlock_t raw;
	struct mutex mutex;
	struct rw_semaphore sem;
	int state;
	void *buf;
};
`;

const check = (code: string): Promise<unknown> => checkRule("context/sleep-in-atomic", `${box}${code}`);

describe("context/sleep-in-atomic", () => {
  it("sees the caller's lock in a helper of the file", () => check(`
static void fill(struct box *b)
{
	b->buf = kmalloc(64, GFP_KERNEL);
//                           ^^^^^^^^^^ confirmed: under the spinlock b->raw
}

void prepare(struct box *b)
{
	raw_spin_lock(&b->raw);
	fill(b);
	raw_spin_unlock(&b->raw);
}
`));

  it("takes the caller's flags, and not the helper's name for them", () => check(`
static void *get(struct box *b, gfp_t how)
{
	return kmalloc(64, how | __GFP_ZERO);
}

void early(struct box *b)
{
	spin_lock(&b->lock);
	b->buf = get(b, GFP_NOWAIT);
	spin_unlock(&b->lock);
}
`));

  it("says nothing about flags that a stranger gives", () => check(`
void *get(struct box *b, gfp_t how)
{
	void *buf;

	spin_lock(&b->lock);
	buf = kmalloc(64, how);
	spin_unlock(&b->lock);
	return buf;
}
`));

  it("a lock that the caller promises counts", () => check(`
void refill(struct box *b)
{
	lockdep_assert_held(&b->lock);
	msleep(1);
//      ^^^^^^^^^ confirmed: under the spinlock b->lock
}
`));

  it("a mutex that the caller promises does not", () => check(`
void refill(struct box *b)
{
	lockdep_assert_held(&b->mutex);
	lockdep_assert_held(&b->sem);
	msleep(1);
}
`));

  it("the caller's lock is dropped by the helper", () => check(`
static void settle(struct box *b)
	__must_hold(&b->lock)
{
	spin_unlock(&b->lock);
	msleep(1);
	spin_lock(&b->lock);
}

void stop(struct box *b)
{
	spin_lock(&b->lock);
	if (b->state)
		settle(b);
	spin_unlock(&b->lock);
}
`));

  it("the lock is dropped under another name", () => check(`
static void settle(struct box *other)
{
	spin_unlock(&other->lock);
	msleep(1);
	spin_lock(&other->lock);
}

void stop(void **slot)
{
	spinlock_t *l = slot[0];

	spin_lock(l);
	settle(slot[1]);
	spin_unlock(l);
}
`));

  it("a helper that holds the lock where it found something", () => check(`
static struct box *find(struct box **all, int n)
{
	struct box *found = NULL;
	int i;

	for (i = 0; i < n; i++) {
		found = all[i];
		spin_lock(&found->lock);
		if (found->state)
			return found;
		spin_unlock(&found->lock);
	}
	return NULL;
}

void use(struct box **all, int n)
{
	struct box *found = find(all, n);

	if (!found) {
		msleep(1);
		return;
	}
	spin_unlock(&found->lock);
}
`));

  it("who is given what leads to the lock may let it go", () => check(`
struct card { struct box *box; int n; };

void finish(struct card *c, int n)
{
	spin_lock(&c->box->lock);
	card_paint(c);
	msleep(1);
//      ^^^^^^^^^ undecided: card_paint() is given what leads to c->box->lock, and may let it go for a while
	spin_unlock(&c->box->lock);
	spin_lock(&c->box->lock);
	card_release(n);
	msleep(2);
//      ^^^^^^^^^ confirmed: under the spinlock c->box->lock
	spin_unlock(&c->box->lock);
}
`));

  it("who is given the lock itself may as well, whatever its name", () => check(`
void finish(struct box *b)
{
	spin_lock(&b->lock);
	box_rest(&b->lock);
	msleep(1);
	spin_unlock(&b->lock);
}
`));

  it("a macro of the file that lets it go", () => check(`
#define BOX_NAP(b) ({ spin_unlock(&(b)->lock); box_nap(); spin_lock(&(b)->lock); })

void finish(struct box *b)
{
	spin_lock(&b->lock);
	BOX_NAP(b);
	msleep(1);
	spin_unlock(&b->lock);
}
`));

  it("a semaphore is no spinlock", () => check(`
void change(struct box *b)
{
	down_write(&b->sem);
	mutex_lock(&b->mutex);
	b->state = 1;
	mutex_unlock(&b->mutex);
	up_write(&b->sem);
	if (down_read_trylock(&b->sem)) {
		msleep(1);
		up_read(&b->sem);
	}
}
`));

  it("a poll sleeps by its delay", () => check(`
void spin(struct box *b, void __iomem *reg)
{
	u32 val;

	spin_lock(&b->lock);
	readl_poll_timeout(reg, val, val & 1, 0, 100);
	readl_poll_timeout(reg, val, val & 1, 10, 100);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: may sleep
	spin_unlock(&b->lock);
}
`));

  it("two paths that join keep their locks apart", () => check(`
int change(struct box *b, bool slow)
{
	if (slow) {
		mutex_lock(&b->mutex);
		b->state = 2;
		mutex_unlock(&b->mutex);
	} else {
		spin_lock(&b->lock);
		b->state = 1;
		spin_unlock(&b->lock);
	}
	msleep(1);
	return 0;
}
`));

  it("a hard interrupt, and not its thread", () => check(`
static irqreturn_t quick(int irq, void *data)
{
	struct box *b = data;

	mutex_lock(&b->mutex);
//      ^^^^^^^^^^^^^^^^^^^^^ confirmed: in a hard interrupt
	mutex_unlock(&b->mutex);
	return IRQ_WAKE_THREAD;
}

static irqreturn_t slow(int irq, void *data)
{
	struct box *b = data;

	mutex_lock(&b->mutex);
	mutex_unlock(&b->mutex);
	return IRQ_HANDLED;
}

int start(struct box *b, int irq)
{
	return request_threaded_irq(irq, quick, slow, IRQF_ONESHOT, "box", b);
}
`));

  it("guards hold to the end of their scope", () => check(`
void change(struct box *b)
{
	scoped_guard(spinlock_irqsave, &b->lock) {
		b->state = 1;
		guard(mutex)(&b->mutex);
//              ^^^^^^^^^^^^^^^^^^^^^^^ confirmed: under the spinlock b->lock
	}
	msleep(1);
}
`));

  it("who asks for the context is left alone", () => check(`
void refill(struct box *b)
{
	unsigned long flags;

	local_irq_save(flags);
	if (!in_interrupt())
		msleep(1);
	local_irq_restore(flags);
}
`));

  it("what prints does not let it go, and a queue of the kernel knows no lock of the driver", () => check(`
void report(struct box *b, struct scatterlist **lists)
{
	spin_lock(&b->lock);
	box_dbg(b, "full\\n");
	msleep(1);
//      ^^^^^^^^^ confirmed: under the spinlock b->lock
	spin_unlock(&b->lock);
}
int post(struct box *b, struct scatterlist **lists)
{
	int err;

	spin_lock(&b->lock);
	err = virtqueue_add_sgs(b->buf, lists, 1, 1, b, GFP_KERNEL);
//                                                      ^^^^^^^^^^ confirmed
	spin_unlock(&b->lock);
	return err;
}
`));

  it("flags of a call that is given the structure with the lock", () => check(`
int push(struct box *b)
{
	int err;

	spin_lock(&b->lock);
	err = queue_add(b->buf, b, GFP_KERNEL);
//                                 ^^^^^^^^^^ undecided: may let it go for a while
	spin_unlock(&b->lock);
	return err;
}
`));

  it("flags of a call that is given the lock", () => check(`
int push(struct box *b)
{
	int err;

	spin_lock(&b->lock);
	err = queue_add(&b->lock, b->buf, GFP_KERNEL);
	spin_unlock(&b->lock);
	return err;
}
`));

  it("a name that only begins like the one with the lock", () => check(`
int push(struct box *b, void *buf)
{
	int err;

	spin_lock(&b->lock);
	err = queue_add(buf, GFP_KERNEL);
//                           ^^^^^^^^^^ confirmed: under the spinlock b->lock
	spin_unlock(&b->lock);
	return err;
}
`));

  it("flags of a function of the file that only hands them on", () => check(`
static int refill(void **place, gfp_t how)
{
	void *buf = pool_take(how);

	if (buf == NULL)
		return -ENOMEM;
	*place = buf;
	return 0;
}

int work(struct box *b, void **place)
{
	int err;

	spin_lock(&b->lock);
	err = refill(place, GFP_KERNEL);
//                          ^^^^^^^^^^ confirmed: under the spinlock b->lock
	spin_unlock(&b->lock);
	return err;
}

int idle(struct box *b, void **place)
{
	int err;

	spin_lock(&b->lock);
	err = refill(place, GFP_ATOMIC);
	spin_unlock(&b->lock);
	return err;
}
`));

  it("one finding for all sleeps under one lock", () => check(`
void rest(struct box *b)
{
	spin_lock(&b->lock);
	msleep(1);
//      ^^^^^^^^^ confirmed: under the spinlock b->lock
	msleep(2);
	msleep(3);
	spin_unlock(&b->lock);
	spin_lock(&b->lock);
	msleep(4);
//      ^^^^^^^^^ confirmed: under the spinlock b->lock
	spin_unlock(&b->lock);
}
`));

  it("a function that its callers are too deep to come to is followed alone", () => check(`
static void deep(struct box *b)
{
	spin_lock(&b->lock);
	msleep(1);
//      ^^^^^^^^^ undecided: the calls that come to deep() were too much to follow
	spin_unlock(&b->lock);
}

static void four(struct box *b)
{
	deep(b);
}

static void three(struct box *b)
{
	four(b);
}

static void two(struct box *b)
{
	three(b);
}

static void one(struct box *b)
{
	two(b);
}

void outer(struct box *b)
{
	one(b);
}
`));

  it("a function that the stack calls with softirqs off, and one that it calls under the RTNL", () => check(`
struct port {
	void *copy;
};

static netdev_tx_t port_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct port *port = netdev_priv(dev);

	port->copy = kmalloc(64, GFP_KERNEL);
//                               ^^^^^^^^^^ confirmed: net_device_ops.ndo_start_xmit
	return NETDEV_TX_OK;
}

static int port_open(struct net_device *dev)
{
	struct port *port = netdev_priv(dev);

	port->copy = kmalloc(64, GFP_KERNEL);
	return 0;
}

static const struct net_device_ops port_ops = {
	.ndo_open = port_open,
	.ndo_start_xmit = port_xmit,
};

static int port_poll(struct napi_struct *napi, int budget)
{
	return kmalloc(64, GFP_ATOMIC) ? budget : 0;
}

void port_make(struct net_device *dev, struct napi_struct *napi)
{
	netif_napi_add(dev, napi, port_poll);
}
`));

  it("an array's own lock, which the call lets go to allocate, and another lock, which it does not", () => check(`
struct ids {
	struct xarray all;
	spinlock_t lock;
};

int ids_add(struct ids *ids, unsigned long at, void *entry)
{
	int ret;

	spin_lock(&ids->all.xa_lock);
	ret = __xa_insert(&ids->all, at, entry, GFP_KERNEL);
	spin_unlock(&ids->all.xa_lock);
	return ret;
}

int ids_add_under_another(struct ids *ids, unsigned long at, void *entry)
{
	int ret;

	spin_lock(&ids->lock);
	spin_lock(&ids->all.xa_lock);
	ret = __xa_insert(&ids->all, at, entry, GFP_KERNEL);
//                                              ^^^^^^^^^^ confirmed: under the spinlock ids->lock
	spin_unlock(&ids->all.xa_lock);
	spin_unlock(&ids->lock);
	return ret;
}
`));

  it("flags given to what is not known, in a helper that does nothing else", () => check(`
static void *get(struct box *b, int n)
{
	void *buf = demo_alloc(n, GFP_KERNEL | __GFP_ZERO);
//                                ^^^^^^^^^^ confirmed: under the spinlock b->lock

	return buf ? buf : demo_alloc(1, GFP_ATOMIC);
}

void refill(struct box *b, int n)
{
	spin_lock(&b->lock);
	b->buf = get(b, n);
	spin_unlock(&b->lock);
}
`));

  it("flags of one case among others that are alike but for the flags", () => check(`
static void event(struct box *b, int what)
{
	switch (what) {
	case 1:
		b->state = 1;
		demo_notify(1, GFP_ATOMIC);
		break;
	case 2:
		b->state = 2;
		demo_notify(2, GFP_KERNEL);
//                             ^^^^^^^^^^ confirmed: under the spinlock b->lock
		break;
	case 3:
		b->state = 3;
		demo_notify(3, GFP_ATOMIC);
		break;
	}
}

void poll(struct box *b, int what)
{
	spin_lock(&b->lock);
	event(b, what);
	spin_unlock(&b->lock);
}
`));

  it("a table in the structure that the lock is in: what puts into it knows no lock but the table's", () => check(`
struct pool {
	spinlock_t lock;
	struct idr ids;
};

int pool_add(struct pool *pool, void *entry)
{
	int id;

	spin_lock(&pool->lock);
	id = idr_alloc_cyclic(&pool->ids, entry, 0, 64, GFP_KERNEL);
//                                                      ^^^^^^^^^^ confirmed: under the spinlock pool->lock
	spin_unlock(&pool->lock);
	return id;
}
`));

  it("a function of the kernel is given a part of the structure with the lock: it knows no lock of a driver", () => check(`
struct line {
	spinlock_t lock;
	struct sk_buff_head queue;
};

void line_send(struct line *line)
{
	struct sk_buff *skb;

	spin_lock(&line->lock);
	skb = skb_dequeue(&line->queue);
	if (skb)
		skb->data = kmalloc(64, GFP_KERNEL);
//                                      ^^^^^^^^^^ confirmed: under the spinlock line->lock
	spin_unlock(&line->lock);
}
`));
});
