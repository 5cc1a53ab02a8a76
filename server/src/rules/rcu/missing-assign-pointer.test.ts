import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct rate_ops {
	int limit;
	struct rcu_head rcu;
};

struct nic {
	struct rate_ops __rcu *ops;
	struct rate_ops *first;
	struct mutex lock;
};

static int nic_limit(struct nic *nic)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(nic->ops);
	if (ops)
		limit = ops->limit;
	rcu_read_unlock();
	return limit;
}

static void nic_stop(struct nic *nic)
{
	struct rate_ops *old;

	mutex_lock(&nic->lock);
	old = rcu_dereference_protected(nic->ops, lockdep_is_held(&nic->lock));
	RCU_INIT_POINTER(nic->ops, NULL);
	mutex_unlock(&nic->lock);
	if (old)
		kfree_rcu(old, rcu);
}
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/missing-assign-pointer", common + code);

describe("rcu/missing-assign-pointer", () => {
  it("a barrier before the plain store is enough", () => check(`
static int nic_start(struct nic *nic, int limit)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	smp_wmb();
	WRITE_ONCE(nic->ops, ops);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^ refuted
	return 0;
}
`));

  it("what an allocation fills is initialised by it", () => check(`
static int nic_start(struct nic *nic, const struct rate_ops *from)
{
	struct rate_ops *ops = kmemdup(from, sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	mutex_lock(&nic->lock);
	nic->ops = ops;
//      ^^^^^^^^^^^^^^ confirmed
	mutex_unlock(&nic->lock);
	return 0;
}
`));

  it("an object that was published before", () => check(`
static void nic_back(struct nic *nic)
{
	mutex_lock(&nic->lock);
	RCU_INIT_POINTER(nic->ops, nic->first);
	mutex_unlock(&nic->lock);
}
`));

  it("a table that the caller made, stored plainly", () => check(`
void nic_swap(struct nic *nic, struct rate_ops *ops)
{
	mutex_lock(&nic->lock);
	nic->ops = ops;
//      ^^^^^^^^^^^^^^ undecided: is initialised is not visible here
	mutex_unlock(&nic->lock);
}

void nic_swap_all(struct nic **nics, int count, struct rate_ops *ops)
{
	int i;

	for (i = 0; i < count; i++)
		nics[i]->ops = ops;
//              ^^^^^^^^^^^^^^^^^^ undecided: is initialised is not visible here
}
`));

  it("where the pointer is that is published", () => check(`
struct slot {
	struct rate_ops __rcu **where;
};

void slot_init(struct slot *slot, struct rate_ops __rcu **where)
{
	slot->where = where;
}
`));

  it("a table that the caller made, for a field that no reader follows", () => check(`
void nic_remember(struct nic *nic, struct rate_ops *ops)
{
	nic->first = ops;
	rcu_assign_pointer(nic->ops, ops);
}
`));

  it("a table that is set up by another file", () => check(`
void nic_init(struct nic *nic)
{
	RCU_INIT_POINTER(nic->ops, kzalloc(sizeof(struct rate_ops), GFP_KERNEL));
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: may run before there are readers
}
`));

  const chain = `
struct entry {
	struct entry __rcu *next;
	int id;
	struct rcu_head rcu;
};

struct table {
	struct entry __rcu *first;
	struct mutex lock;
};

static bool table_has(struct table *table, int id)
{
	struct entry *entry;
	bool found = false;

	rcu_read_lock();
	for (entry = rcu_dereference(table->first); entry; entry = rcu_dereference(entry->next))
		if (entry->id == id)
			found = true;
	rcu_read_unlock();
	return found;
}
`;

  it("the first element of a chain taken out by a plain store", () => check(`${chain}
static void table_pop(struct table *table)
{
	struct entry *entry;

	mutex_lock(&table->lock);
	entry = rcu_dereference_protected(table->first, lockdep_is_held(&table->lock));
	if (entry) {
		table->first = entry->next;
//              ^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: takes an element out by a plain store
		kfree_rcu(entry, rcu);
	}
	mutex_unlock(&table->lock);
}
`));

  it("an element taken out through a pointer to the pointer that leads to it", () => check(`${chain}
static void table_del(struct table *table, int id)
{
	struct entry __rcu **slot;
	struct entry *entry;

	mutex_lock(&table->lock);
	for (slot = &table->first; (entry = rcu_dereference_protected(*slot, lockdep_is_held(&table->lock))); slot = &entry->next) {
		if (entry->id == id) {
			*slot = entry->next;
//                      ^^^^^^^^^^^^^^^^^^^ undecided: takes an element out by a plain store
			kfree_rcu(entry, rcu);
			break;
		}
	}
	mutex_unlock(&table->lock);
}
`));

  it("an element taken out by a marked store, and one put in before what holds it is published", () => check(`${chain}
static void table_pop(struct table *table)
{
	struct entry *entry;

	mutex_lock(&table->lock);
	entry = rcu_dereference_protected(table->first, lockdep_is_held(&table->lock));
	if (entry) {
		RCU_INIT_POINTER(table->first, entry->next);
		kfree_rcu(entry, rcu);
	}
	mutex_unlock(&table->lock);
}

static void table_push(struct table *table, struct entry *entry)
{
	mutex_lock(&table->lock);
	entry->next = table->first;
	rcu_assign_pointer(table->first, entry);
	mutex_unlock(&table->lock);
}
`));

  it("a chain that only its lock protects", () => check(`
struct entry {
	struct entry *next;
	int id;
};

struct table {
	struct entry *first;
	struct mutex lock;
};

static void table_pop(struct table *table)
{
	struct entry *entry;

	mutex_lock(&table->lock);
	entry = table->first;
	if (entry) {
		table->first = entry->next;
		kfree(entry);
	}
	mutex_unlock(&table->lock);
}
`));

  it("readers that take the updater's lock too", () => check(`
struct entry {
	struct entry __rcu *next;
	int id;
};

struct table {
	struct entry __rcu *first;
	struct mutex lock;
};

static bool table_has(struct table *table, int id)
{
	struct entry *entry;

	mutex_lock(&table->lock);
	entry = rcu_dereference_check(table->first, lockdep_is_held(&table->lock));
	mutex_unlock(&table->lock);
	return entry && entry->id == id;
}

static void table_pop(struct table *table)
{
	struct entry *entry;

	mutex_lock(&table->lock);
	entry = rcu_dereference_protected(table->first, lockdep_is_held(&table->lock));
	if (entry)
		table->first = entry->next;
	mutex_unlock(&table->lock);
}
`));

  it("an element of an array that is annotated, whoever made what is stored", () => check(`
static const struct rate_ops __rcu *rates[8];

int rate_register(const struct rate_ops *ops, unsigned int kind)
{
	if (kind >= 8)
		return -ENOBUFS;
	rates[kind] = ops;
//      ^^^^^^^^^^^^^^^^^ undecided
	return 0;
}
`));

  it("through a slot that its caller gives", () => check(`
static int rate_insert(struct rate_ops __rcu **slot, int limit)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	*slot = ops;
//      ^^^^^^^^^^^ undecided
	return 0;
}

int rate_insert_first(struct nic *nic, struct rate_ops **cache, struct rate_ops *made)
{
	*cache = made;
	return 0;
}
`));

  it("what a call came to", () => check(`
int nic_load(struct nic *nic, const char *name)
{
	struct rate_ops *ops = rate_find(name);

	if (IS_ERR(ops))
		return PTR_ERR(ops);
	nic->ops = ops;
//      ^^^^^^^^^^^^^^ undecided
	return 0;
}

void nic_forget(struct nic *nic)
{
	nic->ops = NULL;
	nic->first = rate_find("first");
}
`));

  it("an element of a table that a global points to", () => check(`
static struct rate_ops __rcu **by_number;
static DEFINE_SPINLOCK(numbers);

static int number_limit(unsigned int n)
{
	struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(by_number[n]);
	if (ops)
		limit = ops->limit;
	rcu_read_unlock();
	return limit;
}

static void number_give(struct rate_ops *ops, unsigned int n, int limit)
{
	spin_lock(&numbers);
	ops->limit = limit;
	by_number[n] = ops;
//      ^^^^^^^^^^^^^^^^^^ confirmed
	spin_unlock(&numbers);
}

static int numbers_make(unsigned int count)
{
	by_number = vzalloc(array_size(sizeof(void *), count));
	return by_number ? 0 : -ENOMEM;
}

static void number_give_well(struct rate_ops *ops, unsigned int n, int limit)
{
	spin_lock(&numbers);
	ops->limit = limit;
	rcu_assign_pointer(by_number[n], ops);
	spin_unlock(&numbers);
}
`));

  it("a registered object, where only the readers say that the pointer is RCU's", () => check(`
static struct {
	struct mutex mutex;
	const struct rate_ops *ops;
} kinds[8];

static int kind_limit(unsigned int kind)
{
	const struct rate_ops *ops;
	int limit = 0;

	rcu_read_lock();
	ops = rcu_dereference(kinds[kind].ops);
	if (ops)
		limit = ops->limit;
	rcu_read_unlock();
	return limit;
}

int kind_register(const struct rate_ops *ops, unsigned int kind)
{
	mutex_lock(&kinds[kind].mutex);
	kinds[kind].ops = ops;
//      ^^^^^^^^^^^^^^^^^^^^^^ undecided
	mutex_unlock(&kinds[kind].mutex);
	return 0;
}

void kind_unregister(unsigned int kind)
{
	mutex_lock(&kinds[kind].mutex);
	kinds[kind].ops = NULL;
	mutex_unlock(&kinds[kind].mutex);
	synchronize_rcu();
}
`));

  it("a pointer whose old value is left to readers that are not of this file", () => check(`
struct volume {
	void *private;
	struct mutex lock;
};

static int volume_grow(struct volume *volume, int limit)
{
	struct rate_ops *new, *old;

	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->limit = limit;
	old = rcu_dereference_protected(volume->private, lockdep_is_held(&volume->lock));
	volume->private = new;
//      ^^^^^^^^^^^^^^^^^^^^^ undecided
	kfree_rcu(old, rcu);
	return 0;
}

static int volume_start(struct volume *volume, int limit)
{
	struct rate_ops *new = kzalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		return -ENOMEM;
	new->limit = limit;
	volume->private = new;
	return 0;
}
`));

  it("published only on a condition", () => check(`
static int nic_start(struct nic *nic, int limit, int first)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	mutex_lock(&nic->lock);
	if (first)
		nic->ops = ops;
//              ^^^^^^^^^^^^^^ undecided: only if
	mutex_unlock(&nic->lock);
	return 0;
}

static int nic_start_well(struct nic *nic, int limit, int first)
{
	struct rate_ops *ops = kmalloc(sizeof(*ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	ops->limit = limit;
	mutex_lock(&nic->lock);
	if (first)
		rcu_assign_pointer(nic->ops, ops);
	mutex_unlock(&nic->lock);
	return 0;
}
`));

  it.each([["the_clock", "confirmed"], ["tower->clock", "undecided: clock_probe() runs at set-up"]])("one device comes, and its clock is known to %s", async (place, found) => {
    await checkRule("rcu/missing-assign-pointer", `struct clock {
	int rate;
};

struct tower {
	struct clock __rcu *clock;
	spinlock_t lock;
};

static struct clock __rcu *the_clock;
static DEFINE_SPINLOCK(clock_lock);

int clock_rate(struct tower *tower)
{
	struct clock *clock;
	int rate = 0;

	rcu_read_lock();
	clock = rcu_dereference(${place});
	if (clock)
		rate = clock->rate;
	rcu_read_unlock();
	return rate;
}

static int clock_probe(struct platform_device *pdev)
{
	struct tower *tower = platform_get_drvdata(pdev);
	struct clock *clock = kzalloc(sizeof(*clock), GFP_KERNEL);

	if (!clock)
		return -ENOMEM;
	clock->rate = 4;
	spin_lock(&clock_lock);
	${place} = clock;
//      ${"^".repeat(place.length)}^^^^^^^^ ${found}
	spin_unlock(&clock_lock);
	return 0;
}

static struct platform_driver clock_driver = { .probe = clock_probe };
`);
  });
});
