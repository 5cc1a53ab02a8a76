/** Small drivers in kernel style for rcu/get-ref-from-zero: hazardous ones, and their nearest correct twins. */

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

export const rule = "rcu/get-ref-from-zero";

export const hazardous = [
  { name: "the release function takes it off the list", code: `${common}
static LIST_HEAD(peers);
static DEFINE_SPINLOCK(peers_lock);

static void peer_release(struct kref *ref)
{
	struct peer *peer = container_of(ref, struct peer, ref);

	spin_lock_bh(&peers_lock);
	list_del_rcu(&peer->node);
	spin_unlock_bh(&peers_lock);
	kfree_rcu(peer, rcu);
}

static void peer_put(struct peer *peer)
{
	kref_put(&peer->ref, peer_release);
}

static struct peer *peer_find(int id)
{
	struct peer *peer, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, &peers, node) {
		if (peer->id == id) {
			kref_get(&peer->ref);
			found = peer;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}
` },
  { name: "the lock of the list does not cover the last put", code: `${common}
static LIST_HEAD(peers);
static DEFINE_SPINLOCK(peers_lock);

static void peer_release(struct kref *ref)
{
	struct peer *peer = container_of(ref, struct peer, ref);

	spin_lock_bh(&peers_lock);
	list_del_rcu(&peer->node);
	spin_unlock_bh(&peers_lock);
	kfree_rcu(peer, rcu);
}

static void peer_put(struct peer *peer)
{
	kref_put(&peer->ref, peer_release);
}

static struct peer *peer_find(int id)
{
	struct peer *peer, *found = NULL;

	spin_lock_bh(&peers_lock);
	list_for_each_entry(peer, &peers, node) {
		if (peer->id == id) {
			kref_get(&peer->ref);
			found = peer;
			break;
		}
	}
	spin_unlock_bh(&peers_lock);
	return found;
}
` },
  { name: "taken out first, and put without a grace period", code: `${common}
static void peer_free(struct kref *ref)
{
	struct peer *peer = container_of(ref, struct peer, ref);

	kfree_rcu(peer, rcu);
}

static void peer_remove(struct net_ctx *ctx, struct peer *peer)
{
	spin_lock_bh(&ctx->lock);
	list_del_rcu(&peer->node);
	spin_unlock_bh(&ctx->lock);
	kref_put(&peer->ref, peer_free);
}

static struct peer *peer_find(struct net_ctx *ctx, int id)
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
` },
  { name: "the last put is tested, and takes it off the list", code: `${common}
static LIST_HEAD(peers);
static DEFINE_SPINLOCK(peers_lock);

struct user {
	struct list_head node;
	refcount_t use;
	int id;
	struct rcu_head rcu;
};

static void user_put(struct user *user)
{
	if (refcount_dec_and_test(&user->use)) {
		spin_lock_bh(&peers_lock);
		list_del_rcu(&user->node);
		spin_unlock_bh(&peers_lock);
		kfree_rcu(user, rcu);
	}
}

static bool user_find(int id)
{
	struct user *user;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(user, &peers, node) {
		if (user->id == id) {
			refcount_inc(&user->use);
			found = true;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}
` },
];

export const twins = [
  { name: "a put that is not the last, before the owner takes it off the list", code: `${common}
struct user {
	struct list_head node;
	refcount_t use;
	struct completion unused;
	int id;
};

static LIST_HEAD(users);
static DEFINE_MUTEX(users_lock);

static void user_put(struct user *user)
{
	if (refcount_dec_and_test(&user->use))
		complete(&user->unused);
}

static void user_destroy(struct user *user)
{
	mutex_lock(&users_lock);
	list_del(&user->node);
	mutex_unlock(&users_lock);
	user_put(user);
	wait_for_completion(&user->unused);
	kfree(user);
}

static void user_work(struct user *user, int (*handle)(struct user *))
{
	user_put(user);
	if (handle(user))
		user_destroy(user);
}

static bool user_find(int id)
{
	struct user *user;
	bool found = false;

	mutex_lock(&users_lock);
	list_for_each_entry(user, &users, node) {
		if (user->id == id) {
			refcount_inc(&user->use);
			found = true;
		}
	}
	mutex_unlock(&users_lock);
	return found;
}
` },
  { name: "kref_get_unless_zero()", code: `${common}
static LIST_HEAD(peers);
static DEFINE_SPINLOCK(peers_lock);

static void peer_release(struct kref *ref)
{
	struct peer *peer = container_of(ref, struct peer, ref);

	spin_lock_bh(&peers_lock);
	list_del_rcu(&peer->node);
	spin_unlock_bh(&peers_lock);
	kfree_rcu(peer, rcu);
}

static void peer_put(struct peer *peer)
{
	kref_put(&peer->ref, peer_release);
}

static struct peer *peer_find(int id)
{
	struct peer *peer, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, &peers, node) {
		if (peer->id == id && kref_get_unless_zero(&peer->ref)) {
			found = peer;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}
` },
  { name: "the list has a reference, and the lock covers look-up and removal", code: `${common}
static void peer_free(struct kref *ref)
{
	struct peer *peer = container_of(ref, struct peer, ref);

	kfree_rcu(peer, rcu);
}

static void peer_remove(struct net_ctx *ctx, struct peer *peer)
{
	spin_lock_bh(&ctx->lock);
	list_del_rcu(&peer->node);
	spin_unlock_bh(&ctx->lock);
	kref_put(&peer->ref, peer_free);
}

static struct peer *peer_find(struct net_ctx *ctx, int id)
{
	struct peer *peer, *found = NULL;

	spin_lock_bh(&ctx->lock);
	list_for_each_entry(peer, &ctx->peers, node) {
		if (peer->id == id) {
			kref_get(&peer->ref);
			found = peer;
			break;
		}
	}
	spin_unlock_bh(&ctx->lock);
	return found;
}
` },
  { name: "the caller has a reference", code: `${common}
static LIST_HEAD(peers);
static DEFINE_SPINLOCK(peers_lock);

static void peer_release(struct kref *ref)
{
	struct peer *peer = container_of(ref, struct peer, ref);

	spin_lock_bh(&peers_lock);
	list_del_rcu(&peer->node);
	spin_unlock_bh(&peers_lock);
	kfree_rcu(peer, rcu);
}

static void peer_put(struct peer *peer)
{
	kref_put(&peer->ref, peer_release);
}

static struct peer *peer_share(struct peer *peer)
{
	kref_get(&peer->ref);
	return peer;
}

static int peer_sum(void)
{
	struct peer *peer;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, &peers, node)
		sum += peer->id;
	rcu_read_unlock();
	return sum;
}
` },
];
