import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/access-outside-reader";

const types = `struct item {
	struct list_head list;
	struct hlist_node hash;
	struct list_head other;
	int id;
	refcount_t users;
	struct rcu_head rcu;
};

struct table {
	struct list_head items;
	struct list_head spare;
	struct hlist_head buckets[8];
	struct item __rcu *first;
	struct mutex lock;
	spinlock_t slock;
	struct work_struct work;
	int sum;
};

`;

const found = async (code: string): Promise<readonly string[]> =>
  (await reviewText(`${types}${code}`)).filter((finding) => finding.rule === rule).map((finding) => `${String(finding.evidence?.verdict)}: ${finding.evidence?.reason ?? ""}`);

const removal = `static void drop(struct table *t, struct item *i)
{
	mutex_lock(&t->lock);
	list_del_rcu(&i->list);
	mutex_unlock(&t->lock);
	kfree_rcu(i, rcu);
}

`;
const sum = (name: string, comment = ""): string => `${comment}static int ${name}(struct table *t)
{
	struct item *i;
	int sum = 0;

	list_for_each_entry_rcu(i, &t->items, list)
		sum += i->id;
	return sum;
}

`;
const show = (name: string, before = "", after = ""): string => `static int show(struct seq_file *file, void *unused)
{
	struct table *t = file->private;
	int sum;

${before}	sum = ${name}(t);
${after}	return sum;
}

static int open(struct inode *inode, struct file *file)
{
	return single_open(file, show, inode->i_private);
}
`;

describe(rule, () => {
  it("a debugfs show, through a helper", async () => {
    expect(await found(`${removal}${sum("total")}${show("total")}`)).toEqual([expect.stringMatching(/^confirmed/)]);
  });

  it.each([["static DEVICE_ATTR(total, 0444, get_total, NULL);", "struct device *dev"], ["DEFINE_DEBUGFS_ATTRIBUTE(total_fops, get_total, NULL, \"%d\");", "void *dev"]])("%s", async (macro, parameter) => {
    expect(await found(`${removal}${sum("total")}static int get_total(${parameter})
{
	return total(the_table);
}

${macro}
`)).toEqual([expect.stringMatching(/^confirmed/)]);
  });

  it("the section is in the caller", async () => {
    expect(await found(`${removal}${sum("total")}${show("total", "	rcu_read_lock();\n", "	rcu_read_unlock();\n")}`)).toEqual([]);
  });

  it("a caller that does not keep what the comment asks for", async () => {
    expect(await found(`${removal}${sum("total", "/* Context: the caller holds rcu_read_lock(). */\n")}${show("total")}`)).toEqual([expect.stringMatching(/^confirmed/)]);
  });

  it("interrupts that are off are a section", async () => {
    expect(await found(`${removal}${sum("total")}${show("total", "	local_bh_disable();\n", "	local_bh_enable();\n")}`)).toEqual([]);
  });

  it("calls of another file that may be one", async () => {
    expect(await found(`${removal}${sum("total")}${show("total", "	table_lock(t);\n", "	table_unlock(t);\n")}`)).toEqual([]);
  });

  it("an ethtool operation is entered with the RTNL held", async () => {
    expect(await found(`${removal}${sum("total")}static int get_count(struct net_device *dev, int set)
{
	return total(netdev_priv(dev));
}

static const struct ethtool_ops ops = {
	.get_sset_count = get_count,
};
`)).toEqual([]);
  });

  it("a packet handler is a reader already", async () => {
    expect(await found(`${removal}${sum("total")}static int receive(struct sk_buff *skb, struct net_device *dev, struct packet_type *type, struct net_device *orig)
{
	return total(type->af_packet_priv);
}

static struct packet_type handler = {
	.func = receive,
};
`)).toEqual([]);
  });

  const other = `static void note(struct table *t)
{
	rcu_read_lock();
	t->count = 1;
	rcu_read_unlock();
}
`;
  const vif = (before: string, body: string): string => `${removal}${other}${before}int table_vif(struct table *t, struct net_device *dev)
{
	int vif;

${body}
	t->count++;
	return vif;
}
EXPORT_SYMBOL(table_vif);
`;

  it("a helper that wants a section, in a function for other files", async () => {
    expect(await found(vif("", "	vif = l3mdev_master_ifindex_rcu(dev);"))).toEqual([expect.stringMatching(/^undecided.*callers of table_vif\(\) in other files may be in a section/)]);
  });

  it("a helper that wants a section, in a function of which nobody says that others may call it", async () => {
    expect(await found(vif("", "	vif = l3mdev_master_ifindex_rcu(dev);").replace("EXPORT_SYMBOL(table_vif);\n", ""))).toEqual([]);
  });

  it("a helper that wants a section, in one", async () => {
    expect(await found(vif("", "	rcu_read_lock();\n	vif = l3mdev_master_ifindex_rcu(dev);\n	rcu_read_unlock();"))).toEqual([]);
  });

  it("a helper that wants a section, where the function says that its callers have one", async () => {
    expect(await found(vif("/* Called under rcu_read_lock(). */\n", "	vif = l3mdev_master_ifindex_rcu(dev);"))).toEqual([]);
    expect(await found(vif("", "	WARN_ON_ONCE(!rcu_read_lock_held());\n	vif = l3mdev_master_ifindex_rcu(dev);"))).toEqual([]);
  });

  it("a helper that wants a section, under the lock that keeps devices", async () => {
    expect(await found(vif("", "	rtnl_lock();\n	vif = l3mdev_master_ifindex_rcu(dev);\n	rtnl_unlock();"))).toEqual([]);
    expect(await found(vif("", "	ASSERT_RTNL();\n	vif = l3mdev_master_ifindex_rcu(dev);"))).toEqual([]);
  });

  it("a helper that wants a section, in a work item", async () => {
    expect(await found(`${removal}static void scan(struct work_struct *work)
{
	struct table *t = container_of(work, struct table, work);

	t->count = l3mdev_master_ifindex_rcu(t->dev);
}

void setup(struct table *t)
{
	INIT_WORK(&t->work, scan);
}
`)).toEqual([expect.stringMatching(/^undecided/)]);
  });

  it("a helper that wants a section, in a hook that the stack calls", async () => {
    expect(await found(`${removal}${other}static unsigned int hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return l3mdev_master_ifindex_rcu(skb->dev) ? NF_DROP : NF_ACCEPT;
}

static const struct nf_hook_ops ops = {
	.hook = hook,
};
`)).toEqual([]);
  });

  const dump = (access: string, table = "netlink_dump_control"): string => `${types}#define first_of(t) rcu_dereference_raw((t)->first)
static void replace(struct table *t, struct item *next)
{
	struct item *old;

	mutex_lock(&t->lock);
	old = rcu_replace_pointer(t->first, next, lockdep_is_held(&t->lock));
	mutex_unlock(&t->lock);
	synchronize_net();
	kfree(old);
}

static int done(struct netlink_callback *cb)
{
	struct table *t = (struct table *)cb->args[0];
	int id;

${access}
	return id;
}

static int start(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct ${table} c = {
		.done = done,
	};
	return netlink_dump_start(skb->sk, skb, nlh, &c);
}
`;

  it("a raw read of what an updater waits for readers of, in a netlink dump", async () => {
    expect(await found(dump("	id = first_of(t)->id;"))).toEqual([expect.stringMatching(/^confirmed/)]);
  });

  it("a raw read of it, in a section", async () => {
    expect(await found(dump("	rcu_read_lock();\n	id = first_of(t)->id;\n	rcu_read_unlock();"))).toEqual([]);
  });

  it("a raw read of it, under the update lock", async () => {
    expect(await found(dump("	mutex_lock(&t->lock);\n	id = first_of(t)->id;\n	mutex_unlock(&t->lock);"))).toEqual([]);
  });

  it("a raw read of it, in a function of a table that nothing is known of", async () => {
    expect(await found(dump("	id = first_of(t)->id;", "other_control"))).toEqual([]);
  });

  it("a raw read of what nobody waits for", async () => {
    expect(await found(dump("	id = first_of(t)->id;").replace("	synchronize_net();\n", ""))).toEqual([]);
  });

  it("a file of a control group, read outside a section", async () => {
    const show = (before: string, after: string): string => `static int first_show(struct seq_file *file, void *v)
{
	struct table *t = seq_css(file);
	struct item *i;

${before}	i = rcu_dereference(t->first);
	if (i)
		seq_printf(file, "%d", i->id);
${after}	return 0;
}

static struct cftype files[] = {
	{ .name = "first", .seq_show = first_show },
};
`;
    expect(await found(show("", ""))).toEqual([expect.stringMatching(/^undecided/)]);
    expect(await found(show("\trcu_read_lock();\n", "\trcu_read_unlock();\n"))).toEqual([]);
  });

  it("a configfs attribute that only tests what it reads", async () => {
    const show = (read: string): string => `static ssize_t table_first_show(struct config_item *item, char *page)
{
	struct table *t = to_table(item);

	return sysfs_emit(page, "%d", ${read} ? 1 : 0);
}
CONFIGFS_ATTR_RO(table_, first);
`;
    expect(await found(show("rcu_dereference(t->first)"))).toEqual([expect.stringMatching(/^undecided: .*rcu_access_pointer/)]);
    expect(await found(show("rcu_access_pointer(t->first)"))).toEqual([]);
  });

  it("rcu_dereference() where the caller holds a lock that may be the update lock", async () => {
    const open = (read: string): string => `static int port_open(struct net_device *dev)
{
	struct table *t = netdev_priv(dev);

	return ${read}->id;
}

static const struct net_device_ops port_ops = {
	.ndo_open = port_open,
};
`;
    expect(await found(open("rcu_dereference(t->first)"))).toEqual([expect.stringMatching(/^undecided/)]);
    expect(await found(open("rtnl_dereference(t->first)"))).toEqual([]);
  });

  it.each([["DEFINE_SHOW_ATTRIBUTE(items);", ""], ["", "debugfs_create_devm_seqfile(dev, \"items\", dir, items_show);"], ["", "proc_create_net_single(\"items\", 0444, dir, items_show, NULL);"]])("shown by a file: %s%s", async (top, call) => {
    const shown = (before: string, after: string): string => `${removal}static int items_show(struct seq_file *file, void *unused)\n{\n	struct table *t = file->private;\n	struct item *i;\n\n${before}	list_for_each_entry_rcu(i, &t->items, list)\n		t->sum += i->id;\n${after}	return 0;\n}\n${top}\nvoid set_up(void)\n{\n	${call}\n}\n`;
    expect(await found(shown("", ""))).toEqual([expect.stringMatching(/^confirmed/)]);
    expect(await found(shown("	rcu_read_lock();\n", "	rcu_read_unlock();\n"))).toEqual([]);
  });

  describe("where nothing is known of the callers", () => {
    const drop = (lock: string): string => `static void drop(struct table *t, struct item *i)
{
	${lock}_lock(&t->slock);
	list_del_rcu(&i->list);
	${lock}_unlock(&t->slock);
	kfree_rcu(i, rcu);
}

`;
    const total = (body: string, name = "total", comment = ""): string => `${comment}int ${name}(struct table *t)
{
	struct item *i;
	int sum = 0;

${body}
	return sum;
}

`;
    const bare = "	list_for_each_entry_rcu(i, &t->items, list)\n		sum += i->id;";
    const section = `	rcu_read_lock();\n${bare}\n	rcu_read_unlock();`;

    it("others that read the same in sections of their own tell", async () => {
      expect(await found(`${drop("spin")}${total(section, "most")}${total(bare)}`)).toEqual([expect.stringMatching(/^undecided: callers of total\(\) may be in a section, or hold the update lock/)]);
      expect(await found(`${drop("spin")}${total(section, "most")}${total(section)}`)).toEqual([]);
      expect(await found(`${drop("spin")}${total(bare)}`)).toEqual([]);
    });

    it("but not against what it says of them, nor against what it is", async () => {
      expect(await found(`${drop("spin")}${total(section, "most")}${total(bare, "total", "/* Called under RCU. */\n")}`)).toEqual([]);
      expect(await found(`${drop("spin")}${total(section, "most")}${total(bare)}static const struct table_ops ops = { .total = total };\n`)).toEqual([]);
      expect(await found(`${drop("spin")}${total(section, "most")}${total(`	kfree(kmalloc(8, GFP_KERNEL));\n${bare}`)}`)).toEqual([]);
    });

    const find = (taken: string): string => `struct item *find(struct table *t, int id)
{
	struct item *i;

	list_for_each_entry_rcu(i, &t->items, list) {
		if (i->id != id${taken})
			continue;
		return i;
	}
	return NULL;
}
`;

    it("what is given back without a reference is the callers' to protect", async () => {
      expect(await found(`${drop("spin")}${total(section, "most")}${find("")}`)).toEqual([]);
      expect(await found(`${drop("spin")}${total(section, "most")}${find(" || !refcount_inc_not_zero(&i->users)")}`)).toEqual([expect.stringMatching(/^undecided/)]);
    });

    it("so is what is read out of something that readers obtain", async () => {
      const outer = "static int outer(struct item *i);\nstruct group { struct table __rcu *table; };\nint group_total(struct group *g)\n{\n	struct table *t;\n	int sum = 0;\n\n	rcu_read_lock();\n	t = rcu_dereference(g->table);\n	if (t)\n		sum = t->sum;\n	rcu_read_unlock();\n	return sum;\n}\n";
      expect(await found(`${drop("spin")}${outer}${total(section, "most")}${total(bare)}`)).toEqual([]);
      const asked = "int most(int port)\n{\n	struct table *t;\n	struct item *i;\n	int sum = 0;\n\n	rcu_read_lock();\n	t = table_of(port);\n	list_for_each_entry_rcu(i, &t->items, list)\n		sum += i->id;\n	rcu_read_unlock();\n	return sum;\n}\n";
      expect(await found(`${drop("spin")}${asked}${total(bare)}`)).toEqual([]);
    });
  });

  it("a message that is written around the read is no section", async () => {
    const dump = "static int dump(struct sk_buff *skb, struct genl_info *info)\n{\n	struct item *i;\n	void *hdr = genlmsg_put(skb, 0, 0, &family, 0, 1);\n\n	i = rcu_dereference(shared.first);\n	if (i)\n		nla_put_u32(skb, 1, i->id);\n	genlmsg_end(skb, hdr);\n	return 0;\n}\nstatic const struct genl_ops ops[] = { { .doit = dump } };\n";
    expect(await found(`static struct table shared;\nstatic void set(struct item *n)\n{\n	struct item *old;\n\n	mutex_lock(&shared.lock);\n	old = rcu_replace_pointer(shared.first, n, 1);\n	mutex_unlock(&shared.lock);\n	kfree_rcu(old, rcu);\n}\n${dump}`)).toHaveLength(1);
    expect(await found(`static struct table shared;\n${dump.replace("	i = rcu", "	rcu_read_lock();\n	i = rcu").replace("	genlmsg_end", "	rcu_read_unlock();\n	genlmsg_end")}`)).toEqual([]);
  });
});
