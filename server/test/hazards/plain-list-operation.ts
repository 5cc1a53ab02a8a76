/** Small drivers in kernel style for rcu/plain-list-operation: hazardous ones, and their nearest correct twins. */

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

const table = `struct peer {
	struct hlist_node link;
	u32 key;
	int seen;
	struct rcu_head rcu;
};

struct net_peers {
	DECLARE_HASHTABLE(by_key, 4);
	spinlock_t lock;
};

static int peer_seen(struct net_peers *peers, u32 key)
{
	struct peer *peer;
	int seen = 0;

	rcu_read_lock();
	hash_for_each_possible_rcu(peers->by_key, peer, link, key)
		seen += peer->seen;
	rcu_read_unlock();
	return seen;
}

static void peer_age(struct net_peers *peers)
{
	struct peer *peer;
	int bucket;

	rcu_read_lock();
	hash_for_each_rcu(peers->by_key, bucket, peer, link)
		peer->seen--;
	rcu_read_unlock();
}
`;

export const rule = "rcu/plain-list-operation";

export const hazardous = [
  { name: "list_del() under the lock", code: `${common}
static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock_bh(&ap->lock);
	list_del(&sta->node);
	spin_unlock_bh(&ap->lock);
	kfree_rcu(sta, rcu);
}
` },
  { name: "hlist_del_init() in a helper", code: `${common}
static void sta_unhash(struct sta *sta)
{
	hlist_del_init(&sta->hash);
}

static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock_bh(&ap->lock);
	sta_unhash(sta);
	spin_unlock_bh(&ap->lock);
	kfree_rcu(sta, rcu);
}
` },
  { name: "hlist_add_head() of a new element", code: `${common}
static int ap_join(struct ap *ap, u32 addr)
{
	struct sta *sta = kzalloc(sizeof(*sta), GFP_KERNEL);

	if (!sta)
		return -ENOMEM;
	sta->addr = addr;
	sta->rate = 54;
	spin_lock_bh(&ap->lock);
	hlist_add_head(&sta->hash, &ap->table);
	spin_unlock_bh(&ap->lock);
	return 0;
}
` },
  { name: "list_move() into the list of the dead", code: `${common}
static LIST_HEAD(ap_dead);

static void ap_bury(struct ap *ap)
{
	struct sta *sta, *next;

	spin_lock_bh(&ap->lock);
	list_for_each_entry_safe(sta, next, &ap->stations, node) {
		if (!sta->rate)
			list_move(&sta->node, &ap_dead);
	}
	spin_unlock_bh(&ap->lock);
}
` },
  { name: "hash_add() to a table that readers look up in", code: `${table}
static void peer_add(struct net_peers *peers, struct peer *peer)
{
	peer->seen = 1;
	spin_lock_bh(&peers->lock);
	hash_add(peers->by_key, &peer->link, peer->key);
	spin_unlock_bh(&peers->lock);
}

static void peer_drop(struct net_peers *peers, struct peer *peer)
{
	spin_lock_bh(&peers->lock);
	hash_del_rcu(&peer->link);
	spin_unlock_bh(&peers->lock);
	kfree_rcu(peer, rcu);
}
` },
  { name: "hash_del() from it", code: `${table}
static void peer_add(struct net_peers *peers, struct peer *peer)
{
	peer->seen = 1;
	spin_lock_bh(&peers->lock);
	hash_add_rcu(peers->by_key, &peer->link, peer->key);
	spin_unlock_bh(&peers->lock);
}

static void peer_drop(struct net_peers *peers, struct peer *peer)
{
	spin_lock_bh(&peers->lock);
	hash_del(&peer->link);
	spin_unlock_bh(&peers->lock);
	kfree_rcu(peer, rcu);
}
` },
];

export const twins = [
  { name: "hash_add_rcu() and hash_del_rcu()", code: `${table}
static void peer_add(struct net_peers *peers, struct peer *peer)
{
	peer->seen = 1;
	spin_lock_bh(&peers->lock);
	hash_add_rcu(peers->by_key, &peer->link, peer->key);
	spin_unlock_bh(&peers->lock);
}

static void peer_drop(struct net_peers *peers, struct peer *peer)
{
	spin_lock_bh(&peers->lock);
	hash_del_rcu(&peer->link);
	spin_unlock_bh(&peers->lock);
	kfree_rcu(peer, rcu);
}
` },
  { name: "list_del_rcu() under the lock", code: `${common}
static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock_bh(&ap->lock);
	list_del_rcu(&sta->node);
	hlist_del_init_rcu(&sta->hash);
	spin_unlock_bh(&ap->lock);
	kfree_rcu(sta, rcu);
}
` },
  { name: "a list of its own, that only the lock protects", code: `${common}
struct req {
	struct list_head node;
	int id;
};

static LIST_HEAD(ap_requests);
static DEFINE_SPINLOCK(ap_request_lock);

static int ap_pending(void)
{
	struct req *req;
	int n = 0;

	spin_lock(&ap_request_lock);
	list_for_each_entry(req, &ap_requests, node)
		n += req->id;
	spin_unlock(&ap_request_lock);
	return n;
}

static void ap_cancel(struct req *req)
{
	spin_lock(&ap_request_lock);
	list_del(&req->node);
	spin_unlock(&ap_request_lock);
	kfree(req);
}
` },
  { name: "a private list, after the grace period", code: `${common}
static void ap_flush(struct ap *ap, struct sta *sta)
{
	LIST_HEAD(gone);

	spin_lock_bh(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock_bh(&ap->lock);
	synchronize_rcu();
	list_add(&sta->node, &gone);
	ap_report(&gone);
	list_del(&sta->node);
	kfree(sta);
}
` },
];
