import { describe, expect, it } from "vitest";
import { checkRule } from "../test-support/check-rule.ts";
import { factsOfText } from "../test-support/review.ts";
import { readerEntries } from "./reader-entries.ts";

const entriesOf = async (text: string): Promise<readonly string[]> => [...readerEntries(await factsOfText(text))].map(([name, { name: by }]) => `${name}: ${by}`);

describe("functions that the kernel calls in a read-side section", () => {
  it("knows ops tables and registrations", async () => {
    expect(await entriesOf(`
static int tap_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt, struct net_device *orig) { return 0; }
static rx_handler_result_t tap_handle(struct sk_buff **pskb) { return RX_HANDLER_PASS; }
static struct packet_type tap_type = { .func = tap_rcv };
static int tap_join(struct net_device *dev) { return netdev_rx_handler_register(dev, tap_handle, dev); }
`)).toEqual(["tap_rcv: packet_type.func", "tap_handle: an rx_handler"]);
  });

  it("knows what a structure is filled with before a call gets it", async () => {
    expect(await entriesOf(`
static int tap_rcv(struct sock *sk, struct sk_buff *skb) { return 0; }
static int tap_count(int n) { return n; }
static int tap_open(struct net *net, struct socket *sock)
{
	struct udp_tunnel_sock_cfg cfg;
	struct tap_ops ops;

	memset(&cfg, 0, sizeof(cfg));
	cfg.encap_rcv = tap_rcv;
	ops.count = tap_count;
	setup_udp_tunnel_sock(net, sock, &cfg);
	return ops.count(1);
}
`)).toEqual(["tap_rcv: udp_tunnel_sock_cfg.encap_rcv"]);
  });

  it("leaves out what is called by others, and what is entered in another way as well", async () => {
    expect(await entriesOf(`
int tap_rcv(struct sk_buff *skb) { return 0; }
int tap_other_rcv(struct sk_buff *skb) { return tap_rcv(skb); }
static int tap_both(struct sk_buff *skb) { return 0; }
static struct packet_type tap_type = { .func = tap_rcv };
static struct packet_type tap_other = { .func = tap_both };
static const struct net_device_ops tap_ops = { .ndo_open = tap_both };
`)).toEqual([]);
  });

  it("goes by the type of a netlink callback, and by the chain of a notifier", async () => {
    expect(await entriesOf(`
static int tap_get(struct sk_buff *skb, const struct nfnl_info *info, const struct nlattr * const tb[]) { return 0; }
static int tap_new(struct sk_buff *skb, const struct nfnl_info *info, const struct nlattr * const tb[]) { return 0; }
static int tap_event(struct notifier_block *nb, unsigned long event, void *ptr) { return NOTIFY_DONE; }
static int tap_change(struct notifier_block *nb, unsigned long event, void *ptr) { return NOTIFY_DONE; }
static const struct nfnl_callback tap_callbacks[2] = {
	[0] = { .call = tap_get, .type = NFNL_CB_RCU, .attr_count = 1 },
	[1] = { .call = tap_new, .type = NFNL_CB_MUTEX, .attr_count = 1 },
};
static struct notifier_block tap_switch = { .notifier_call = tap_event };
static struct notifier_block tap_devices = { .notifier_call = tap_change };
static int tap_init(void) { register_switchdev_notifier(&tap_switch); return register_netdevice_notifier(&tap_devices); }
`)).toEqual(["tap_get: nfnl_callback.call, NFNL_CB_RCU", "tap_event: an atomic notifier chain"]);
  });

  const sequence = (start: string): string => `
static void *tap_start(struct seq_file *seq, loff_t *pos) { ${start} return pos; }
static void *tap_next(struct seq_file *seq, void *v, loff_t *pos) { return NULL; }
static void tap_stop(struct seq_file *seq, void *v) { rcu_read_unlock(); }
static int tap_show(struct seq_file *seq, void *v) { return 0; }
static const struct seq_operations tap_seq = { .start = tap_start, .next = tap_next, .stop = tap_stop, .show = tap_show };
`;

  it("goes on in the section that start() enters and stop() leaves", async () => {
    expect((await entriesOf(sequence("rcu_read_lock();"))).map((one) => one.split(":")[0])).toEqual(["tap_next", "tap_show"]);
    expect(await entriesOf(sequence("mutex_lock(&tap_lock);"))).toEqual([]);
  });
});

const station = `
struct tap_entry {
	struct hlist_node node;
	int id;
	struct rcu_head rcu;
};

struct tap_port {
	struct hlist_head table[16];
	spinlock_t lock;
};
`;

const handler = `
static rx_handler_result_t tap_handle(struct sk_buff **pskb)
{
	struct tap_port *port = tap_port_of(*pskb);
	struct tap_entry *entry;
	struct hlist_head *h = &port->table[3];

	hlist_for_each_entry_rcu(entry, h, node) {
		if (entry->id)
			return RX_HANDLER_CONSUMED;
	}
	return RX_HANDLER_PASS;
}

static int tap_join(struct net_device *dev, struct tap_port *port)
{
	return netdev_rx_handler_register(dev, tap_handle, port);
}
`;

const drop = (end: string): string => `
static void tap_drop(struct tap_port *port, int id)
{
	struct tap_entry *entry;
	struct hlist_node *next;

	spin_lock(&port->lock);
	hlist_for_each_entry_safe(entry, next, &port->table[3], node) {
		if (entry->id != id)
			continue;
		${end}
	}
	spin_unlock(&port->lock);
}
`;

describe("a reader whose section the kernel enters", () => {
  it("confirms a free that does not wait for it", () => checkRule("rcu/free-before-grace-period", station + handler + drop(`hlist_del_rcu(&entry->node);
		kfree(entry);
//              ^^^^^ confirmed`)));

  it("is waited for by kfree_rcu()", () => checkRule("rcu/free-before-grace-period", station + handler + drop(`hlist_del_rcu(&entry->node);
		kfree_rcu(entry, rcu);
//              ^^^^^^^^^ refuted`)));

  it("stands on the element whose links are poisoned", () => checkRule("rcu/plain-list-operation", station + handler + drop(`hlist_del(&entry->node);
//              ^^^^^^^^^ confirmed
		kfree_rcu(entry, rcu);`)));

  it("that leaves a section too often is not balanced by the kernel's", () => checkRule("rcu/unbalanced-reader", `
static rx_handler_result_t tap_handle(struct sk_buff **pskb)
{
	rcu_read_lock();
	if ((*pskb)->len)
		rcu_read_unlock();
	rcu_read_unlock();
//      ^^^^^^^^^^^^^^^^^ confirmed
	return RX_HANDLER_PASS;
}

static int tap_join(struct net_device *dev, void *port)
{
	return netdev_rx_handler_register(dev, tap_handle, port);
}
`));
});
