import { describe, expect, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";
import { reviewText } from "../../test-support/review.ts";

const common = `struct sta {
	struct list_head node;
	struct hlist_node hash;
	u32 addr;
	int rate;
	struct ap *ap;
	struct rcu_head rcu;
};

struct ap {
	struct cdev cdev;
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
		sum += sta->rate;
	hlist_for_each_entry_rcu(sta, &ap->table, hash)
		sum += sta->rate;
	rcu_read_unlock();
	return sum;
}
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/update-without-lock", common + code);

describe("rcu/update-without-lock", () => {
  it("rtnl is taken by the callers of exported functions", () => check(`
static void ap_a(struct ap *ap, struct sta *sta)
{
	rtnl_lock();
	list_add_rcu(&sta->node, &ap->stations);
	rtnl_unlock();
}

static void ap_b(struct ap *ap, struct sta *sta)
{
	rtnl_lock();
	list_del_rcu(&sta->node);
	rtnl_unlock();
}

void ap_c(struct ap *ap, struct sta *sta)
{
	list_add_rcu(&sta->node, &ap->stations);
}
`));

  it("lockdep_assert_held() says that the caller has it", () => check(`
static void ap_a(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	spin_unlock(&ap->lock);
}

static void ap_b(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
}

void ap_c(struct ap *ap, struct sta *sta)
{
	lockdep_assert_held(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
}
`));

  it("a pair for other files, of which one takes the lock that stands beside the list", () => check(`
void ap_add(struct ap *ap, struct sta *sta)
{
	list_add_rcu(&sta->node, &ap->stations);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: alone holds &ap->lock
}

void ap_del(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
}
`));

  it("a pair for other files, of which one says that its callers hold the lock", () => check(`
/* Called with ap->lock held. */
void ap_add(struct ap *ap, struct sta *sta)
{
	list_add_rcu(&sta->node, &ap->stations);
}

void ap_del(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
}
`));

  it("two ways to add, of which one leaves the lock to its callers", () => check(`
void ap_add_quick(struct ap *ap, struct sta *sta)
{
	list_add_rcu(&sta->node, &ap->stations);
}

void ap_add(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	spin_unlock(&ap->lock);
}
`));

  it("a caller that may sleep does not hold a spinning lock", () => check(`
int ap_make(struct ap *ap, u32 addr)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	sta->addr = addr;
	list_add_rcu(&sta->node, &ap->stations);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: alone holds &ap->lock
	return 0;
}

static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
}
`));

  it("the other lines of the function go without the lock too", () => check(`
static void ap_change(struct ap *ap, struct sta *sta, int on)
{
	if (on)
		list_add_rcu(&sta->node, &ap->stations);
//              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: changes do not hold &ap->lock
	else
		list_del_rcu(&sta->node);
//              ^^^^^^^^^^^^^^^^^^^^^^^^ undecided: changes do not hold &ap->lock
}

static void ap_a(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	spin_unlock(&ap->lock);
}

static void ap_b(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
}
`));

  it("a release function that is called with the lock and gives it up", () => checkRule("rcu/update-without-lock", `
struct realm {
	struct kref ref;
	struct hlist_node hash;
	int id;
};

static struct hlist_head realms[64];
static DEFINE_SPINLOCK(realm_lock);

static void realm_release(struct kref *kref)
{
	struct realm *realm = container_of(kref, struct realm, ref);

	hlist_del_rcu(&realm->hash);
	spin_unlock(&realm_lock);
}

void realm_put(struct realm *realm)
{
	kref_put_lock(&realm->ref, realm_release, &realm_lock);
}

void realm_add(struct realm *realm)
{
	spin_lock(&realm_lock);
	hlist_add_head_rcu(&realm->hash, &realms[realm->id % 64]);
	spin_unlock(&realm_lock);
}

int realm_there(int id)
{
	struct realm *realm;
	int found = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(realm, &realms[id % 64], hash)
		found |= realm->id == id;
	rcu_read_unlock();
	return found;
}
`));

  const two = `struct link {
	struct list_head node;
	u16 id;
};

struct mux {
	struct list_head up;
	struct list_head down;
	spinlock_t up_lock;
	spinlock_t down_lock;
};

static struct link *link_find(struct list_head *list, u16 id)
{
	struct link *link;

	list_for_each_entry_rcu(link, list, node) {
		if (link->id == id)
			return link;
	}
	return NULL;
}

static void mux_add_up(struct mux *mux, struct link *link)
{
	spin_lock(&mux->up_lock);
	list_add_rcu(&link->node, &mux->up);
	spin_unlock(&mux->up_lock);
}

static void mux_add_down(struct mux *mux, struct link *link)
{
	spin_lock(&mux->down_lock);
	list_add_rcu(&link->node, &mux->down);
	spin_unlock(&mux->down_lock);
}
`;

  it("two lists of one member with a lock each", () => checkRule("rcu/update-without-lock", `${two}
static void mux_remove_up(struct mux *mux, u16 id)
{
	struct link *link = link_find(&mux->up, id);

	if (link)
		list_del_rcu(&link->node);
//              ^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: mux_add_up() alone holds
}

static void mux_remove_down(struct mux *mux, u16 id)
{
	struct link *link;

	spin_lock(&mux->down_lock);
	link = link_find(&mux->down, id);
	if (link)
		list_del_rcu(&link->node);
	spin_unlock(&mux->down_lock);
}
`));

  it("a lock that is a field of a static structure", () => checkRule("rcu/update-without-lock", `
struct link {
	struct hlist_node node;
	u16 id;
};

static struct {
	spinlock_t lock;
	struct hlist_head links[16];
} links;

static int link_there(u16 id)
{
	struct link *link;
	int found = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(link, &links.links[id % 16], node)
		found |= link->id == id;
	rcu_read_unlock();
	return found;
}

int link_add(struct link *link)
{
	if (link_there(link->id))
		return -EEXIST;
	hlist_add_head_rcu(&link->node, &links.links[link->id % 16]);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: which link_remove (line
	return 0;
}

void link_remove(struct link *link)
{
	spin_lock(&links.lock);
	hlist_del_init_rcu(&link->node);
	spin_unlock(&links.lock);
	synchronize_rcu();
}
`));
});

const file = (lock: string, key: string): string => `struct route { struct list_head node; unsigned metric; struct rcu_head rcu; };
struct table { struct list_head routes; spinlock_t lock; };
${lock}
unsigned best(struct table *table)
{
	struct route *route;
	unsigned best = ~0;

	rcu_read_lock();
	list_for_each_entry_rcu(route, &table->routes, node)
		best = min(best, route->metric);
	rcu_read_unlock();
	return best;
}
static void add(struct table *table, struct route *route)
{
	spin_lock(${key});
	list_add_rcu(&route->node, &table->routes);
	spin_unlock(${key});
}
`;
const drop = (storage: string): string => `${storage} void drop(struct route *route)
{
	list_del_rcu(&route->node);
	kfree_rcu(route, rcu);
}
`;

const verdicts = async (text: string): Promise<readonly string[]> =>
  (await reviewText(text)).filter(({ rule }) => rule === "rcu/update-without-lock").map(({ evidence }) => `${evidence?.verdict ?? ""}: ${evidence?.reason ?? ""}`);

describe("one update with a lock, one without", () => {
  it("is undecided: which of them is right is not visible", async () => {
    expect(await verdicts(file("", "&table->lock") + drop("static"))).toEqual(["undecided: add() alone holds &table->lock: whether the lock is there for this is not visible here"]);
    const counted = `${file("static DEFINE_SPINLOCK(lock);\nstatic int added;", "&lock").replace("\tspin_unlock(&lock)", "\tadded++;\n\tspin_unlock(&lock)")}${drop("")}`;
    expect(await verdicts(counted)).toEqual(["undecided: add() alone holds &lock: whether the lock is there for this is not visible here"]);
  });

  it("is confirmed where only this file can take the lock, and takes it for nothing else", async () => {
    expect(await verdicts(file("static DEFINE_SPINLOCK(lock);", "&lock") + drop(""))).toEqual(["confirmed: an allowed execution reaches the hazard"]);
  });

  it("is nothing where unseen callers may hold the lock", async () => {
    expect(await verdicts(file("", "&table->lock") + drop(""))).toEqual([]);
    expect(await verdicts(file("DEFINE_SPINLOCK(lock);", "&lock") + drop(""))).toEqual([]);
    expect(await verdicts(`${file("static DEFINE_SPINLOCK(lock);", "&lock")}void begin(void) { spin_lock(&lock); }\n${drop("")}`)).toEqual([]);
  });

  const irq = (locked: boolean): string => `struct queue {
	struct list_head entry;
	int id;
};

struct line {
	spinlock_t lock;
	struct list_head queues;
};

struct chip {
	struct line *lines;
};

irqreturn_t line_intr(int irq, void *arg)
{
	struct line *line = arg;
	struct queue *queue;

	rcu_read_lock();
	list_for_each_entry_rcu(queue, &line->queues, entry)
		queue_wake(queue->id);
	rcu_read_unlock();
	return IRQ_HANDLED;
}

static void line_add(struct chip *chip, struct queue *queue, int n)
{
	struct line *line = &chip->lines[n];

	${locked ? "lockdep_assert_held(&line->lock);" : ";"}
	list_add_rcu(&queue->entry, &line->queues);
${locked ? "" : "//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: changed without &line->lock"}
}

void chip_open(struct chip *chip, struct queue *queue)
{
	line_add(chip, queue, queue->id);
}

void chip_close(struct chip *chip, struct queue *queue)
{
	struct line *line = &chip->lines[queue->id];

	spin_lock(&line->lock);
	list_del_rcu(&queue->entry);
	spin_unlock(&line->lock);
	synchronize_rcu();
}
`;

  it("a lock beside the head of the list, in an element of an array, that one of two updates takes", () => checkRule("rcu/update-without-lock", irq(false)));

  it("the same with the lock said to be held", () => checkRule("rcu/update-without-lock", irq(true)));

  const release = (locked: boolean): string => `
static int ap_open(struct inode *inode, struct file *file)
{
	struct ap *ap = container_of(inode->i_cdev, struct ap, cdev);
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	sta->ap = ap;
	${locked ? "spin_lock(&ap->lock);" : ";"}
	list_add_tail_rcu(&sta->node, &ap->stations);
${locked ? "	spin_unlock(&ap->lock);" : "//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: changed without &ap->lock"}
	file->private_data = sta;
	return 0;
}

static int ap_release(struct inode *inode, struct file *file)
{
	struct sta *sta = file->private_data;
	struct ap *ap = sta->ap;

	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
	kfree_rcu(sta, rcu);
	return 0;
}

static const struct file_operations ap_fops = { .open = ap_open, .release = ap_release };
`;

  it("who takes the lock at the end of one file shows what it is for, too", () => check(release(false)));

  it("and both take it", () => check(release(true)));

  const counted = (put: string): string => `struct seat {
	struct list_head list;
	struct kref ref;
	refcount_t users;
	int id;
	struct rcu_head rcu;
};

static LIST_HEAD(seats);
static DEFINE_MUTEX(seats_mutex);

void seat_add(struct seat *seat)
{
	mutex_lock(&seats_mutex);
	list_add_tail_rcu(&seat->list, &seats);
	mutex_unlock(&seats_mutex);
}

int seat_find(int id)
{
	struct seat *seat;
	int found = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(seat, &seats, list)
		found += seat->id == id;
	rcu_read_unlock();
	return found;
}

${put}`;

  it("a release function is entered by who drops the last reference, with the lock that is held there", () => check(counted(`static void seat_release(struct kref *ref)
{
	struct seat *seat = container_of(ref, struct seat, ref);

	list_del_rcu(&seat->list);
	kfree_rcu(seat, rcu);
}

static void seat_put(struct seat *seat)
{
	lockdep_assert_held(&seats_mutex);
	kref_put(&seat->ref, seat_release);
}

void seat_leave(struct seat *seat)
{
	mutex_lock(&seats_mutex);
	seat_put(seat);
	mutex_unlock(&seats_mutex);
}
`)));

  it("kref_put_mutex() calls it with the mutex held", () => check(counted(`static void seat_release(struct kref *ref)
{
	struct seat *seat = container_of(ref, struct seat, ref);

	list_del_rcu(&seat->list);
	mutex_unlock(&seats_mutex);
	kfree_rcu(seat, rcu);
}

void seat_leave(struct seat *seat)
{
	kref_put_mutex(&seat->ref, seat_release, &seats_mutex);
}
`)));

  it.each([["refcount_dec_and_mutex_lock", "&seats_mutex", true], ["refcount_dec_and_test", "", false]])("%s() for the last reference", async (api, lock, isHeld) => { await check(counted(`void seat_leave(struct seat *seat)
{
	if (!${api}(&seat->users${lock === "" ? "" : `, ${lock}`}))
		return;
	list_del_rcu(&seat->list);
${isHeld ? "	mutex_unlock(&seats_mutex);" : "//      ^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: which seat_add (line"}
	kfree_rcu(seat, rcu);
}
`)); });

  const pair = (remove: string): string => `
static struct hlist_head *ap_bucket(struct ap *ap, u32 addr)
{
	return addr ? &ap->table : &ap_spare;
}

void ap_join(struct net *net, struct ap *ap, struct sta *sta)
{
	spin_lock(&net->can.lock);
	hlist_add_head_rcu(&sta->hash, ap_bucket(ap, sta->addr));
	spin_unlock(&net->can.lock);
}

void ${remove}(struct net *net, struct sta *sta)
{
	hlist_del_rcu(&sta->hash);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: ap_join() alone holds
}
`;

  it("one of two that other files call takes a lock that lies elsewhere", () => check(pair("ap_leave")));
  it("the other one says by its name who takes it", () => check(pair("__ap_leave").replace(/^\/\/.*\n/m, "")));
});
