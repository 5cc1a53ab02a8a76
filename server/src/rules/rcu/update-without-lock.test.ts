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
    expect(await verdicts(file("static DEFINE_SPINLOCK(lock);", "&lock") + drop(""))).toEqual(["undecided: add() alone holds &lock: whether the lock is there for this is not visible here"]);
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
});
