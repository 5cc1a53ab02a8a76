import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct peer {
	struct list_head node;
	struct kref ref;
	int id;
	struct rcu_head rcu;
};

struct net_ctx {
	struct list_head peers;
	struct peer __rcu *current_peer;
	spinlock_t lock;
};
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/get-ref-from-zero", common + code);

describe("rcu/get-ref-from-zero", () => {
  it("a grace period between removal and the last put", () => check(`
static void peer_free(struct kref *ref)
{
	kfree(container_of(ref, struct peer, ref));
}

static void peer_remove(struct net_ctx *ctx, struct peer *peer)
{
	spin_lock(&ctx->lock);
	list_del_rcu(&peer->node);
	spin_unlock(&ctx->lock);
	synchronize_rcu();
	kref_put(&peer->ref, peer_free);
}

static struct peer *peer_find(struct net_ctx *ctx, int id)
{
	struct peer *peer;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, &ctx->peers, node) {
		if (peer->id == id) {
			kref_get(&peer->ref);
//                      ^^^^^^^^^^^^^^^^^^^^ refuted
			rcu_read_unlock();
			return peer;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`));

  const late = `
static void peer_release(struct kref *ref)
{
	struct peer *peer = container_of(ref, struct peer, ref);

	kfree_rcu(peer, rcu);
}

void peer_put(struct peer *peer)
{
	kref_put(&peer->ref, peer_release);
}
`;

  it("the last put leaves the object to a grace period, and who takes it out is in another file", () => check(`${late}
struct peer *peer_find(struct net_ctx *ctx, int id)
{
	struct peer *peer;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, &ctx->peers, node) {
		if (peer->id == id) {
			kref_get(&peer->ref);
//                      ^^^^^^^^^^^^^^^^^^^^ undecided: after the last put readers still find it
			rcu_read_unlock();
			return peer;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`));

  it("the same of an object that the caller found, and says that it did so as a reader", () => check(`${late}
struct peer *peer_get(struct peer *peer)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_bh_held(), "no section");
	if (!peer)
		return NULL;
	kref_get(&peer->ref);
//      ^^^^^^^^^^^^^^^^^^^^ undecided: after the last put readers still find it
	return peer;
}
`));

  it("the caller may hold a lock instead of a section, or a reference", () => check(`${late}
struct peer *peer_get_locked(struct net_ctx *ctx, struct peer *peer)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held() && !lockdep_is_held(&ctx->lock), "neither section nor lock");
	kref_get(&peer->ref);
	return peer;
}

struct peer *peer_get(struct peer *peer)
{
	kref_get(&peer->ref);
	return peer;
}
`));

  it("the last put frees at once, after a wait for readers in another file", () => check(`
static void peer_release(struct kref *ref)
{
	kfree(container_of(ref, struct peer, ref));
}

void peer_put(struct peer *peer)
{
	kref_put(&peer->ref, peer_release);
}

struct peer *peer_find(struct net_ctx *ctx, int id)
{
	struct peer *peer;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, &ctx->peers, node) {
		if (peer->id == id) {
			kref_get(&peer->ref);
			rcu_read_unlock();
			return peer;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`));

  it("the put takes the lock of the list with the last reference", () => check(`
struct table {
	struct hlist_node node;
	refcount_t use;
	int id;
};

static HLIST_HEAD(tables);
static DEFINE_MUTEX(tables_lock);

static struct table *table_get(int id)
{
	struct table *table;

	mutex_lock(&tables_lock);
	hlist_for_each_entry(table, &tables, node) {
		if (table->id == id) {
			refcount_inc(&table->use);
			mutex_unlock(&tables_lock);
			return table;
		}
	}
	mutex_unlock(&tables_lock);
	return NULL;
}

static void table_put(struct table *table)
{
	if (refcount_dec_and_mutex_lock(&table->use, &tables_lock)) {
		hlist_del(&table->node);
		mutex_unlock(&tables_lock);
		kfree(table);
	}
}
`));

  const route = `
struct hop {
	struct rtable __rcu *route;
	spinlock_t lock;
};
`;

  it("a kind of object that the kernel knows to be found without a reference", () => check(`${route}
static struct rtable *hop_route(struct hop *hop)
{
	struct rtable *route;

	rcu_read_lock();
	route = rcu_dereference(hop->route);
	if (route)
		dst_hold(&route->dst);
//              ^^^^^^^^^^^^^^^^^^^^^ undecided: dst_hold_safe() would say so
	rcu_read_unlock();
	return route;
}
`));

  it("the same taken with care, under the lock, or of an object that the caller has", () => check(`${route}
static struct rtable *hop_route(struct hop *hop)
{
	struct rtable *route;

	rcu_read_lock();
	route = rcu_dereference(hop->route);
	if (route && !dst_hold_safe(&route->dst))
		route = NULL;
	rcu_read_unlock();
	return route;
}

static struct rtable *hop_route_locked(struct hop *hop)
{
	struct rtable *route;

	spin_lock_bh(&hop->lock);
	route = rcu_dereference_check(hop->route, lockdep_is_held(&hop->lock));
	if (route)
		dst_hold(&route->dst);
	spin_unlock_bh(&hop->lock);
	return route;
}

static void hop_copy(struct rtable *route)
{
	dst_hold(&route->dst);
}
`));

  const inet6 = `
struct box {
	struct inet6_dev __rcu *idev;
};
`;

  it("a section that only a comment tells of", () => check(`${inet6}
/* called with rcu_read_lock() held */
void box_event(struct box *box)
{
	struct inet6_dev *idev = rcu_dereference(box->idev);

	if (idev)
		in6_dev_hold(idev);
//              ^^^^^^^^^^^^^^^^^^ undecided: in6_dev_hold_safe() would say so
}
`));

  it("under rtnl the object cannot go", () => check(`${inet6}
/* called with rcu_read_lock() or RTNL held */
void box_event(struct box *box)
{
	struct inet6_dev *idev;

	rtnl_lock();
	idev = rcu_dereference_rtnl(box->idev);
	if (idev)
		in6_dev_hold(idev);
	rtnl_unlock();
}
`));

  const job = `
struct job {
	struct kref ref;
	int number;
};

static DEFINE_XARRAY(jobs);

static void job_free(struct kref *ref)
{
	kfree(container_of(ref, struct job, ref));
}

void job_put(struct job *job)
{
	kref_put(&job->ref, job_free);
}
`;

  it("a counter that the file takes with care elsewhere", () => check(`${job}
struct job *job_try(unsigned long number)
{
	struct job *job;

	rcu_read_lock();
	job = xa_load(&jobs, number);
	if (job && !kref_get_unless_zero(&job->ref))
		job = NULL;
	rcu_read_unlock();
	return job;
}

struct job *job_find(unsigned long number)
{
	struct job *job;

	job = xa_load(&jobs, number);
	if (job)
		kref_get(&job->ref);
//              ^^^^^^^^^^^^^^^^^^^ undecided: kref_get_unless_zero() would say so
	return job;
}
`));

  it("an object that was found by somebody else, and a counter that nobody doubts", () => check(`${job}
struct job *job_find(unsigned long number)
{
	struct job *job;

	rcu_read_lock();
	job = xa_load(&jobs, number);
	if (job)
		kref_get(&job->ref);
	rcu_read_unlock();
	return job;
}

void job_use(struct job *job)
{
	kref_get(&job->ref);
	schedule();
}
`));

  const box = `
struct box {
	struct list_head node;
	struct kref ref;
	struct dst_entry *dst;
	int id;
	struct rcu_head rcu;
};

static LIST_HEAD(boxes);
static DEFINE_SPINLOCK(boxes_lock);
`;
  const drop = `
static void box_remove(struct box *box)
{
	spin_lock_bh(&boxes_lock);
	list_del_rcu(&box->node);
	spin_unlock_bh(&boxes_lock);
	dst_release(box->dst);
	kfree_rcu(box, rcu);
}
`;
  const find = `
static struct dst_entry *box_dst(int id)
{
	struct dst_entry *dst = NULL;
	struct box *box;

	rcu_read_lock();
	list_for_each_entry_rcu(box, &boxes, node) {
		if (box->id == id) {
			dst = box->dst;
			dst_hold(dst);
			break;
		}
	}
	rcu_read_unlock();
	return dst;
}
`;

  it("what a field of the found object leads to, and whose reference goes before readers do", () => check(box + drop + find.replace("			break;", "//                      ^^^^^^^^^^^^^ undecided: dst_hold_safe() would say so\n			break;")));

  it("what a field of the found object leads to, and nobody says when it goes", () => check(box + find));

  it("a reference of the object that leads there, taken in the section", () => check(`${box}${drop}
static struct dst_entry *box_dst(int id)
{
	struct dst_entry *dst = NULL;
	struct box *box;

	rcu_read_lock();
	list_for_each_entry_rcu(box, &boxes, node) {
		if (box->id == id && kref_get_unless_zero(&box->ref)) {
			dst = box->dst;
			dst_hold(dst);
			break;
		}
	}
	rcu_read_unlock();
	return dst;
}
`));

  it("an object with an rcu_head beside its count, whose last put is elsewhere", () => check(`
struct peer {
	struct list_head node;
	struct kref ref;
	atomic_t drops;
	int id;
	struct rcu_head rcu;
};

struct lane {
	struct list_head node;
	struct kref ref;
	int id;
};

struct peer *peer_find(struct list_head *peers, int id)
{
	struct peer *peer, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, peers, node) {
		if (peer->id == id) {
			kref_get(&peer->ref);
//                      ^^^^^^^^^^^^^^^^^^^^ undecided: kref_get_unless_zero() would say so
			found = peer;
			break;
		}
		atomic_inc(&peer->drops);
	}
	rcu_read_unlock();
	return found;
}

struct lane *lane_find(struct list_head *lanes, int id)
{
	struct lane *lane, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(lane, lanes, node) {
		if (lane->id == id) {
			kref_get(&lane->ref);
			found = lane;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}
`));
});
