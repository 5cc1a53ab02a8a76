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

  const keys = `
struct key {
	struct hlist_node node;
	u8 flags;
	int users;
	spinlock_t lock;
};

struct keyring {
	struct hlist_head keys;
	spinlock_t lock;
};

int keyring_flagged(struct keyring *ring)
{
	struct key *key;
	int count = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(key, &ring->keys, node) {
		if (key->flags & 1)
			count++;
	}
	rcu_read_unlock();
	return count;
}
`;

  it("what is tested is garbage where the memory was not zeroed", () => checkRule("rcu/publish-before-init", `${keys}
static int key_add(struct keyring *ring, u8 flags)
{
	struct key *key = kmalloc(sizeof(*key), GFP_KERNEL);

	if (!key)
		return -ENOMEM;
	spin_lock(&ring->lock);
	hlist_add_head_rcu(&key->node, &ring->keys);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: before flags is set
	key->flags = flags;
	spin_unlock(&ring->lock);
	return 0;
}

static int key_add_zeroed(struct keyring *ring, u8 flags)
{
	struct key *key = kzalloc(sizeof(*key), GFP_KERNEL);

	if (!key)
		return -ENOMEM;
	spin_lock(&ring->lock);
	hlist_add_head_rcu(&key->node, &ring->keys);
	key->flags = flags;
	spin_unlock(&ring->lock);
	return 0;
}

static int key_add_cleared(struct keyring *ring, u8 flags)
{
	struct key *key = kmalloc(sizeof(*key), GFP_KERNEL);

	if (!key)
		return -ENOMEM;
	memset(key, 0, sizeof(*key));
	spin_lock(&ring->lock);
	hlist_add_head_rcu(&key->node, &ring->keys);
	key->flags = flags;
	spin_unlock(&ring->lock);
	return 0;
}
`));

  it("a call that sets up a part of it does not publish it", () => checkRule("rcu/publish-before-init", `${keys}
int keyring_users(struct keyring *ring)
{
	struct key *key;
	int users = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(key, &ring->keys, node)
		users += key->users;
	rcu_read_unlock();
	return users;
}

static int key_add(struct keyring *ring, int users)
{
	struct key *key = kzalloc(sizeof(*key), GFP_KERNEL);

	if (!key)
		return -ENOMEM;
	key_lock_setup(&key->lock);
	spin_lock(&ring->lock);
	hlist_add_head_rcu(&key->node, &ring->keys);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: before users is set
	key->users = users;
	spin_unlock(&ring->lock);
	return 0;
}
`));

  it("found or made, and then updated by the caller like one that was found", () => checkRule("rcu/publish-before-init", `${keys}
int keyring_users(struct keyring *ring)
{
	struct key *key;
	int users = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(key, &ring->keys, node)
		users += key->users;
	rcu_read_unlock();
	return users;
}

static struct key *key_get(struct keyring *ring)
{
	struct key *key;

	spin_lock(&ring->lock);
	hlist_for_each_entry(key, &ring->keys, node)
		goto unlock;
	key = kzalloc(sizeof(*key), GFP_ATOMIC);
	if (!key)
		goto unlock;
	key_lock_setup(&key->lock);
	hlist_add_head_rcu(&key->node, &ring->keys);
unlock:
	spin_unlock(&ring->lock);
	return key;
}

void key_use(struct keyring *ring, int users)
{
	struct key *key = key_get(ring);

	if (key)
		key->users = users;
}
`));

  const shared = { "mux.h": "struct mux {\n\tstruct list_head node;\n\tstruct list_head waiting;\n\tstruct net *net;\n\tint state;\n\tspinlock_t lock;\n};\n\nstruct mux_net {\n\tstruct list_head muxes;\n\tstruct mutex lock;\n\tstruct mux __rcu *first;\n};\n" };

  it("structures of headers, and readers in other files alone", () => checkRule("rcu/publish-before-init", `#include "mux.h"

int mux_create(struct mux_net *all, struct net *net)
{
	struct mux *mux = kzalloc(sizeof(*mux), GFP_KERNEL);

	if (!mux)
		return -ENOMEM;
	mutex_lock(&all->lock);
	list_add_rcu(&mux->node, &all->muxes);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: before net is set
	mux->net = net;
	mutex_unlock(&all->lock);
	return 0;
}
`, shared));

  it("a pointer in a structure of a header, and readers in other files alone", () => checkRule("rcu/publish-before-init", `#include "mux.h"

int mux_create_first(struct mux_net *all, struct net *net)
{
	struct mux *mux = kzalloc(sizeof(*mux), GFP_KERNEL);

	if (!mux)
		return -ENOMEM;
	mutex_lock(&all->lock);
	mux->state = 1;
	rcu_assign_pointer(all->first, mux);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: before net is set
	mux->net = net;
	mutex_unlock(&all->lock);
	return 0;
}
`, shared));

  it("structures of headers, and nothing that readers would miss", () => checkRule("rcu/publish-before-init", `#include "mux.h"

int mux_create(struct mux_net *all, struct net *net)
{
	struct mux *mux = kzalloc(sizeof(*mux), GFP_KERNEL);

	if (!mux)
		return -ENOMEM;
	mux->net = net;
	mutex_lock(&all->lock);
	list_add_rcu(&mux->node, &all->muxes);
	mux->state = 0;
	mux->waiting.next = NULL;
	mutex_unlock(&all->lock);
	return 0;
}

int mux_create_locked(struct mux_net *all, struct net *net)
{
	struct mux *mux = kzalloc(sizeof(*mux), GFP_KERNEL);

	if (!mux)
		return -ENOMEM;
	mutex_lock(&all->lock);
	list_add(&mux->node, &all->muxes);
	mux->net = net;
	mutex_unlock(&all->lock);
	return 0;
}

int mux_create_last(struct mux_net *all, struct net *net)
{
	struct mux *mux = kzalloc(sizeof(*mux), GFP_KERNEL);

	if (!mux)
		return -ENOMEM;
	mutex_lock(&all->lock);
	list_add_rcu(&mux->node, &all->muxes);
	mux->net = net;
	rcu_assign_pointer(all->first, mux);
	mutex_unlock(&all->lock);
	return 0;
}
`, shared));

  it.each([["&jobs", "confirmed"], ["&shelf->jobs", "undecided: job_probe() runs at set-up"]])("one device comes while others are in use: %s", async (list, found) => {
    await check(`
struct job {
	struct list_head node;
	int rate;
};

struct shelf {
	struct list_head jobs;
	spinlock_t lock;
};

static LIST_HEAD(jobs);
static DEFINE_SPINLOCK(jobs_lock);

int job_sum(struct shelf *shelf)
{
	struct job *job;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(job, ${list}, node)
		sum += job->rate;
	rcu_read_unlock();
	return sum;
}

static int job_probe(struct platform_device *pdev)
{
	struct shelf *shelf = platform_get_drvdata(pdev);
	struct job *job = kzalloc(sizeof(*job), GFP_KERNEL);

	if (!job)
		return -ENOMEM;
	spin_lock(&jobs_lock);
	list_add_rcu(&job->node, ${list});
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^${"^".repeat(list.length)} ${found}
	spin_unlock(&jobs_lock);
	job->rate = 4;
	return 0;
}

static struct platform_driver job_driver = { .probe = job_probe };
`);
  });
});
