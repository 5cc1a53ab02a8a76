/** RCU-protected pointers followed with neither a section nor the update lock, and near twins that are right. */

const types = `struct hz_rule {
	struct list_head node;
	u32 mark;
	struct rcu_head rcu;
};

struct hz_set {
	struct list_head rules;
	struct hz_rule __rcu *fallback;
	struct mutex lock;
	struct delayed_work work;
	u32 marks;
};

static void hz_del(struct hz_set *set, struct hz_rule *rule)
{
	mutex_lock(&set->lock);
	list_del_rcu(&rule->node);
	mutex_unlock(&set->lock);
	kfree_rcu(rule, rcu);
}

static void hz_clear(struct hz_set *set)
{
	struct hz_rule *old;

	mutex_lock(&set->lock);
	old = rcu_replace_pointer(set->fallback, NULL, lockdep_is_held(&set->lock));
	mutex_unlock(&set->lock);
	synchronize_rcu();
	kfree(old);
}

`;
const work = (body: string): string => `${types}static void hz_scan(struct work_struct *work)
{
	struct hz_set *set = container_of(work, struct hz_set, work.work);
	struct hz_rule *rule;

${body}}

static void hz_setup(struct hz_set *set)
{
	INIT_DELAYED_WORK(&set->work, hz_scan);
}
`;

export const rule = "rcu/access-outside-reader";

export const hazardous = [
  {
    name: "a work item walks the list",
    code: work(`	list_for_each_entry_rcu(rule, &set->rules, node)
		set->marks |= rule->mark;
`),
  },
  {
    name: "a work item follows the pointer",
    code: work(`	rule = rcu_dereference(set->fallback);
	if (rule)
		set->marks |= rule->mark;
`),
  },
  {
    name: "a read of a file calls a helper that wants a section",
    code: `${types}static u32 hz_mark_rcu(struct hz_set *set)
{
	struct hz_rule *rule = rcu_dereference(set->fallback);

	return rule ? rule->mark : 0;
}

static ssize_t hz_read(struct file *file, char __user *buffer, size_t size, loff_t *at)
{
	return hz_mark_rcu(file->private_data);
}

static const struct file_operations hz_fops = {
	.read = hz_read,
};
`,
  },
  {
    name: "the end of a netlink dump reads raw what an updater waits for",
    code: `${types}static int hz_done(struct netlink_callback *cb)
{
	struct hz_set *set = (struct hz_set *)cb->args[0];
	struct hz_rule *rule = rcu_dereference_raw(set->fallback);

	return rule ? rule->mark : 0;
}

static int hz_dump(struct sock *sk, struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control control = {
		.done = hz_done,
	};

	return netlink_dump_start(sk, skb, nlh, &control);
}
`,
  },
];

export const twins = [
  {
    name: "the end of a netlink dump reads it in a section",
    code: `${types}static int hz_done(struct netlink_callback *cb)
{
	struct hz_set *set = (struct hz_set *)cb->args[0];
	struct hz_rule *rule;
	int mark;

	rcu_read_lock();
	rule = rcu_dereference_raw(set->fallback);
	mark = rule ? rule->mark : 0;
	rcu_read_unlock();
	return mark;
}

static int hz_dump(struct sock *sk, struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control control = {
		.done = hz_done,
	};

	return netlink_dump_start(sk, skb, nlh, &control);
}
`,
  },
  {
    name: "the walk stands in a section",
    code: work(`	rcu_read_lock();
	list_for_each_entry_rcu(rule, &set->rules, node)
		set->marks |= rule->mark;
	rcu_read_unlock();
`),
  },
  {
    name: "the update lock is held",
    code: work(`	mutex_lock(&set->lock);
	list_for_each_entry_rcu(rule, &set->rules, node)
		set->marks |= rule->mark;
	mutex_unlock(&set->lock);
`),
  },
  {
    name: "the helper is called in a section",
    code: `${types}static u32 hz_mark_rcu(struct hz_set *set)
{
	struct hz_rule *rule = rcu_dereference(set->fallback);

	return rule ? rule->mark : 0;
}

static ssize_t hz_read(struct file *file, char __user *buffer, size_t size, loff_t *at)
{
	u32 mark;

	rcu_read_lock();
	mark = hz_mark_rcu(file->private_data);
	rcu_read_unlock();
	return mark;
}

static const struct file_operations hz_fops = {
	.read = hz_read,
};
`,
  },
  {
    name: "nobody says who calls it",
    code: `${types}u32 hz_marks(struct hz_set *set)
{
	struct hz_rule *rule;
	u32 marks = 0;

	list_for_each_entry_rcu(rule, &set->rules, node)
		marks |= rule->mark;
	return marks;
}
`,
  },
  {
    name: "the condition names the lock that is held",
    code: work(`	mutex_lock(&set->lock);
	rule = rcu_dereference_check(set->fallback, lockdep_is_held(&set->lock));
	if (rule)
		set->marks |= rule->mark;
	mutex_unlock(&set->lock);
`),
  },
];
