/** Objects that are used after the section that found them, and near twins that are right. */

const types = `struct hz_peer {
	struct list_head node;
	u32 addr;
	u32 packets;
	refcount_t users;
	struct rcu_head rcu;
};

struct hz_net {
	struct list_head peers;
	struct hz_peer __rcu *gateway;
	struct mutex lock;
	struct work_struct work;
	u32 total;
};

static void hz_remove(struct hz_net *net, struct hz_peer *peer)
{
	mutex_lock(&net->lock);
	list_del_rcu(&peer->node);
	mutex_unlock(&net->lock);
	kfree_rcu(peer, rcu);
}

static void hz_set_gateway(struct hz_net *net, struct hz_peer *new)
{
	struct hz_peer *old;

	mutex_lock(&net->lock);
	old = rcu_replace_pointer(net->gateway, new, lockdep_is_held(&net->lock));
	mutex_unlock(&net->lock);
	synchronize_rcu();
	kfree(old);
}

`;
const work = (body: string): string => `${types}static void hz_work(struct work_struct *work)
{
	struct hz_net *net = container_of(work, struct hz_net, work);
	struct hz_peer *peer;

${body}}

static void hz_setup(struct hz_net *net)
{
	INIT_WORK(&net->work, hz_work);
}
`;

export const rule = "rcu/use-after-unlock";

export const hazardous = [
  {
    name: "the pointer is followed after the section",
    code: work(`	rcu_read_lock();
	peer = rcu_dereference(net->gateway);
	rcu_read_unlock();
	if (peer)
		net->total += peer->packets;
`),
  },
  {
    name: "a helper returns what it found",
    code: `${types}static struct hz_peer *hz_find(struct hz_net *net, u32 addr)
{
	struct hz_peer *peer, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(peer, &net->peers, node) {
		if (peer->addr == addr) {
			found = peer;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static void hz_work(struct work_struct *work)
{
	struct hz_net *net = container_of(work, struct hz_net, work);
	struct hz_peer *peer = hz_find(net, 1);

	if (peer)
		net->total += peer->packets;
}

static void hz_setup(struct hz_net *net)
{
	INIT_WORK(&net->work, hz_work);
}
`,
  },
  {
    name: "the reference is taken too late",
    code: work(`	rcu_read_lock();
	peer = rcu_dereference(net->gateway);
	rcu_read_unlock();
	if (!peer || !refcount_inc_not_zero(&peer->users))
		return;
	net->total += peer->packets;
	refcount_dec(&peer->users);
`),
  },
];

export const twins = [
  {
    name: "the value is copied inside",
    code: work(`	rcu_read_lock();
	peer = rcu_dereference(net->gateway);
	if (peer)
		net->total += peer->packets;
	rcu_read_unlock();
`),
  },
  {
    name: "a reference is taken inside",
    code: work(`	rcu_read_lock();
	peer = rcu_dereference(net->gateway);
	if (peer && !refcount_inc_not_zero(&peer->users))
		peer = NULL;
	rcu_read_unlock();
	if (!peer)
		return;
	net->total += peer->packets;
	refcount_dec(&peer->users);
`),
  },
  {
    name: "the update lock is held all along",
    code: work(`	mutex_lock(&net->lock);
	rcu_read_lock();
	peer = rcu_dereference(net->gateway);
	rcu_read_unlock();
	if (peer)
		net->total += peer->packets;
	mutex_unlock(&net->lock);
`),
  },
  {
    name: "the pointer is only compared",
    code: work(`	rcu_read_lock();
	peer = rcu_dereference(net->gateway);
	rcu_read_unlock();
	if (peer)
		net->total++;
`),
  },
  {
    name: "an outer section goes on",
    code: work(`	rcu_read_lock();
	rcu_read_lock();
	peer = rcu_dereference(net->gateway);
	rcu_read_unlock();
	if (peer)
		net->total += peer->packets;
	rcu_read_unlock();
`),
  },
];
