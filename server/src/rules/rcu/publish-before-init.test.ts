import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct sta {
	struct list_head node;
	struct hlist_node hash;
	u32 addr;
	int rate;
	struct rcu_head rcu;
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
		sum += sta->rate;
	hlist_for_each_entry_rcu(sta, &ap->table, hash)
		sum += sta->rate;
	rcu_read_unlock();
	return sum;
}
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/publish-before-init", common + code);

describe("rcu/publish-before-init", () => {
  it("the reader asks for a flag that is set last", () => check(`
struct job {
	struct list_head node;
	int ready;
	int *data;
};

static LIST_HEAD(jobs);

static int job_sum(void)
{
	struct job *job;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(job, &jobs, node) {
		if (!smp_load_acquire(&job->ready))
			continue;
		sum += *job->data;
	}
	rcu_read_unlock();
	return sum;
}

static int job_add(int *data)
{
	struct job *job = kzalloc(sizeof(*job), GFP_KERNEL);

	if (!job)
		return -ENOMEM;
	list_add_rcu(&job->node, &jobs);
	job->data = data;
	smp_store_release(&job->ready, 1);
	return 0;
}
`));

  it("a table whose slots are published one by one", () => check(`
struct slots {
	struct sta __rcu *of[16];
};

static struct slots __rcu *slots;

static int slot_rate(int n)
{
	struct slots *all;
	struct sta *sta;
	int rate = 0;

	rcu_read_lock();
	all = rcu_dereference(slots);
	if (all) {
		sta = rcu_dereference(all->of[n]);
		if (sta)
			rate = sta->rate;
	}
	rcu_read_unlock();
	return rate;
}

static int slot_set(int n, struct sta *sta)
{
	struct slots *all = kzalloc(sizeof(*all), GFP_KERNEL);

	if (!all)
		return -ENOMEM;
	rcu_assign_pointer(slots, all);
	rcu_assign_pointer(all->of[n], sta);
	return 0;
}
`));

  const header = { "conf.h": "struct peer {\n\tstruct hlist_node node;\n\tu8 mac[6];\n\tint state;\n};\n\nstruct group {\n\tstruct hlist_head peers;\n\tspinlock_t lock;\n};\n" };
  const walk = `#include "conf.h"

static int group_count(struct group *group)
{
	struct peer *peer;
	int count = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(peer, &group->peers, node)
		count++;
	rcu_read_unlock();
	return count;
}
`;

  it("a field of a header's structure, which other files may read", () => checkRule("rcu/publish-before-init", `${walk}
static int group_join(struct group *group, const u8 *mac)
{
	struct peer *peer = kzalloc(sizeof(*peer), GFP_ATOMIC);

	if (!peer)
		return -ENOMEM;
	spin_lock_bh(&group->lock);
	hlist_add_head_rcu(&peer->node, &group->peers);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: before mac is set
	if (mac)
		memcpy(peer->mac, mac, 6);
	spin_unlock_bh(&group->lock);
	return 0;
}
`, header));

  it("a field of a header's structure that is set before as well", () => checkRule("rcu/publish-before-init", `${walk}
static int group_join(struct group *group)
{
	struct peer *peer = kzalloc(sizeof(*peer), GFP_ATOMIC);

	if (!peer)
		return -ENOMEM;
	peer->state = 1;
	spin_lock_bh(&group->lock);
	hlist_add_head_rcu(&peer->node, &group->peers);
	peer->state = 2;
	spin_unlock_bh(&group->lock);
	return 0;
}
`, header));

  it("a field that both sides mark, and that the reader expects to change", () => checkRule("rcu/publish-before-init", `${walk}
static int group_states(struct group *group)
{
	struct peer *peer;
	int sum = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(peer, &group->peers, node) {
		int state = READ_ONCE(peer->state);

		if (state)
			sum += state;
	}
	rcu_read_unlock();
	return sum;
}

void group_add(struct group *group, struct peer *peer)
{
	spin_lock_bh(&group->lock);
	hlist_add_head_rcu(&peer->node, &group->peers);
	WRITE_ONCE(peer->state, 1);
	spin_unlock_bh(&group->lock);
}
`, header));

  it("the key that readers compare, and a word that switches an object on", () => checkRule("rcu/publish-before-init", `
struct entry {
	struct hlist_node node;
	unsigned int id;
	int on;
};

struct table {
	struct hlist_head entries;
	spinlock_t lock;
};

int table_has(struct table *table, unsigned int id)
{
	struct entry *entry;
	int found = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(entry, &table->entries, node) {
		if (entry->id != id)
			continue;
		if (entry->on)
			found = 1;
		break;
	}
	rcu_read_unlock();
	return found;
}

static int table_add(struct table *table, unsigned int id)
{
	struct entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return -ENOMEM;
	spin_lock(&table->lock);
	hlist_add_head_rcu(&entry->node, &table->entries);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: before id is set
	entry->id = id;
	spin_unlock(&table->lock);
	return 0;
}

static int table_add_on(struct table *table, unsigned int id)
{
	struct entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return -ENOMEM;
	entry->id = id;
	spin_lock(&table->lock);
	hlist_add_head_rcu(&entry->node, &table->entries);
	entry->on = 1;
	spin_unlock(&table->lock);
	return 0;
}
`));
});
