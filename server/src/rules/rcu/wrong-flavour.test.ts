import { describe, expect, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/wrong-flavour";

const types = `struct item {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct table {
	struct list_head items;
	struct srcu_struct srcu;
	struct srcu_struct other;
	spinlock_t lock;
};

static void item_free(struct rcu_head *head)
{
	kfree(container_of(head, struct item, rcu));
}
`;

const srcuReader = `
int sum(struct table *t)
{
	struct item *i;
	int idx, n = 0;

	idx = srcu_read_lock(&t->srcu);
	list_for_each_entry_srcu(i, &t->items, list, srcu_read_lock_held(&t->srcu))
		n += i->id;
	srcu_read_unlock(&t->srcu, idx);
	return n;
}
`;

const rcuReader = `
int sum(struct table *t)
{
	struct item *i;
	int n = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(i, &t->items, list)
		n += i->id;
	rcu_read_unlock();
	return n;
}
`;

const check = (...parts: readonly string[]): Promise<unknown> => checkRule(rule, parts.join(""));
const removal = (end: string): string => `
void drop(struct table *t, struct item *i)
{
	spin_lock(&t->lock);
	list_del_rcu(&i->list);
	spin_unlock(&t->lock);
${end}
}
`;

describe(rule, () => {
  it("a wait for another domain of the same structure", () => check(types, srcuReader, removal(`	synchronize_srcu(&t->other);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: does not wait for sum
	kfree(i);`)));

  it("kfree_rcu() for SRCU readers", () => check(types, srcuReader, removal(`	kfree_rcu(i, rcu);
//      ^^^^^^^^^^^^^^^^^ confirmed`)));

  it("call_srcu() for RCU readers", () => check(types, rcuReader, removal(`	call_srcu(&t->srcu, &i->rcu, item_free);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed`)));

  it("synchronize_srcu() for RCU readers", () => check(types, rcuReader, removal(`	synchronize_srcu(&t->srcu);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed
	kfree(i);`)));

  it("the readers' own domain is right", () => check(types, srcuReader, removal("	synchronize_srcu(&t->srcu);\n	kfree(i);")));
  it("so is a callback of it", () => check(types, srcuReader, removal("	call_srcu(&t->srcu, &i->rcu, item_free);")));
  it("and both waits, one after the other", () => check(types, srcuReader, removal("	synchronize_srcu(&t->srcu);\n	synchronize_rcu();\n	kfree(i);")));
  it("RCU readers and an RCU wait", () => check(types, rcuReader, removal("	synchronize_rcu();\n	kfree(i);")));
  it("no wait at all is another rule's finding", () => check(types, srcuReader, removal("	kfree(i);")));

  it("what becomes of it after the wait is elsewhere", () => check(types, srcuReader, removal(`	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ undecided: does not wait for sum
	demo_item_put(i);`)));
  it("the wait before that is the readers'", () => check(types, srcuReader, removal("	synchronize_srcu(&t->srcu);\n	demo_item_put(i);")));
  it("the caller waits for the readers", () => check(types, srcuReader, removal("	synchronize_rcu();").replace("void drop", "static void drop"), `
void remove_and_wait(struct table *t, struct item *i)
{
	drop(t, i);
	synchronize_srcu(&t->srcu);
	demo_item_put(i);
}
`));
  it("a wait for others, and kfree_rcu() for the readers", () => check(types, rcuReader, removal("	synchronize_srcu(&t->srcu);\n	kfree_rcu(i, rcu);")));

  const misplaced = srcuReader.replace("idx = srcu_read_lock(&t->srcu)", "rcu_read_lock()").replace("srcu_read_unlock(&t->srcu, idx)", "rcu_read_unlock()");
  it("a walk that names its domain, in a section of something else", () => check(types, misplaced.replace("held(&t->srcu))", `held(&t->srcu))
//      ^^^^ undecided: is for readers of table.srcu, and stands under rcu_read_lock()`)));
  it("a domain of its own is another one", () => check(types, srcuReader.replace("srcu_read_lock(&t->srcu)", "srcu_read_lock(&t->other)").replace("unlock(&t->srcu", "unlock(&t->other").replace("held(&t->srcu))", `held(&t->srcu))
//      ^^^^ undecided: is for readers of table.srcu, and stands under srcu_read_lock(&t->other)`)));
  it("both sections are more than enough", () => check(types, misplaced.replace("rcu_read_lock();", "idx = srcu_read_lock(&t->srcu);\n\trcu_read_lock();").replace("rcu_read_unlock();", "rcu_read_unlock();\n\tsrcu_read_unlock(&t->srcu, idx);")));
  it("a lock may be the updaters'", () => check(types, misplaced.replace("rcu_read_lock();", "spin_lock(&t->lock);\n\trcu_read_lock();").replace("rcu_read_unlock();", "rcu_read_unlock();\n\tspin_unlock(&t->lock);")));
  it("the callers' section, as the comment has it", () => check(types, misplaced.replace("int sum", "/* Called with t->srcu held. */\nint sum")));
  it("who calls it is in the section", () => check(types, misplaced.replace("int sum", "static int sum"), `
int total(struct table *t)
{
	int idx, n;

	idx = srcu_read_lock(&t->srcu);
	n = sum(t);
	srcu_read_unlock(&t->srcu, idx);
	return n;
}
`));
  it("a condition that names a lock as well says less", () => check(types, misplaced.replace("srcu_read_lock_held(&t->srcu)", "srcu_read_lock_held(&t->srcu) || lockdep_is_held(&t->lock)")));

  const pointer = `struct conf { int mtu; };
struct port { struct conf __rcu *conf; struct srcu_struct srcu; struct mutex lock; };
`;
  const mtu = (enter: string, leave: string): string => `
int mtu(struct port *p)
{
	struct conf *c;
	int idx, n = 0;

	${enter};
	c = srcu_dereference(p->conf, &p->srcu);
	if (c)
		n = c->mtu;
	${leave};
	return n;
}
`;
  it("srcu_dereference() in another section", () => check(pointer, mtu("rcu_read_lock()", "rcu_read_unlock()").replace("	if (c)", `//          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: is for readers of port.srcu
	if (c)`)));
  it("behind conditions that seem to contradict each other", () => check(pointer, mtu("if (!p->id)\n\t\treturn 0;\n\tif (p->id > 8)\n\t\treturn 0;\n\tif (!p->id)\n\t\tn = 1;\n\tdemo_paint(p);\n\trcu_read_lock()", "rcu_read_unlock()").replace("	if (c)", `//          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: is for readers of port.srcu
	if (c)`)));
  it("a section of its own that is entered under a condition", () => check(pointer, mtu("if (n)\n\t\tidx = srcu_read_lock(&p->srcu);\n\trcu_read_lock()", "rcu_read_unlock();\n\tif (n)\n\t\tsrcu_read_unlock(&p->srcu, idx)").replace("*c;", "*c = NULL;").replace("c = srcu_dereference", "if (n)\n\t\tc = srcu_dereference").replace("n = 0;", "n = demo_deep(p);")));
  it("and in its own", () => check(pointer, mtu("idx = srcu_read_lock(&p->srcu)", "srcu_read_unlock(&p->srcu, idx)")));

  it.each([
    ["	struct list_head gone;\n", "	INIT_LIST_HEAD(&gone);\n"],
    ["	LIST_HEAD(gone);\n", ""],
  ])("who walks what it spliced onto a list of its own is no reader of the other one: %s", async (declared, made) => { await check(types, rcuReader, removal("	synchronize_rcu();\n	kfree(i);"), `
void empty(struct table *t)
{
	struct item *i, *next;
${declared}	int idx;

${made}	idx = srcu_read_lock(&t->srcu);
	spin_lock(&t->lock);
	list_splice_init_rcu(&t->items, &gone, synchronize_rcu);
	spin_unlock(&t->lock);
	list_for_each_entry_safe(i, next, &gone, list)
		kfree(i);
	srcu_read_unlock(&t->srcu, idx);
}
`); });

  // Both sides are entry points, so that nothing but the waits decides.
  const file = (wait: string): string => `${pointer}
static ssize_t mtu_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct port *p = file->private_data;
	struct conf *c;
	int n = 0;

	rcu_read_lock();
	c = srcu_dereference(p->conf, &p->srcu);
	if (c)
		n = c->mtu;
	rcu_read_unlock();
	return n;
}

static ssize_t mtu_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct port *p = file->private_data;
	struct conf *old;

	mutex_lock(&p->lock);
	old = rcu_dereference_protected(p->conf, lockdep_is_held(&p->lock));
	rcu_assign_pointer(p->conf, NULL);
	mutex_unlock(&p->lock);
	${wait};
	kfree(old);
	return len;
}

static const struct file_operations mtu_fops = { .read = mtu_read, .write = mtu_write };
`;
  it.each([
    ["synchronize_srcu(&p->srcu)", ["mtu_write confirmed"]],
    ["synchronize_rcu()", ["mtu_read refuted"]],
    ["synchronize_srcu(&p->srcu);\n\tsynchronize_rcu()", ["mtu_read refuted"]],
  ])("a read in another section than it names is a race only with who does not wait for that one: %s", async (wait, expected) => {
    const findings = (await reviewText(file(wait))).filter((finding) => finding.rule === rule);
    expect(findings.map((finding) => `${finding.function} ${String(finding.evidence?.verdict)}`)).toEqual(expected);
  });

  it("is one finding for one race", async () => {
    const findings = await reviewText([types, srcuReader, removal("	synchronize_rcu();\n	kfree(i);")].join(""));
    expect(findings.filter(({ severity }) => severity === "error").map((finding) => finding.rule)).toEqual([rule]);
    expect(findings[0]?.fixes[0]).toMatchObject({ title: "Wait with synchronize_srcu(&t->srcu)", verified: true });
  });

  const byCallee = (wait: string, mark = ""): string => `
static void item_out(struct item *i)
{
	list_del_rcu(&i->list);
}

void table_drop(struct table *t, struct item *i)
{
	spin_lock(&t->lock);
	item_out(i);
	spin_unlock(&t->lock);
	${wait};
${mark}}
`;

  it("a callee takes it out, and what becomes of it is the callers' matter", () => check(types, srcuReader, byCallee("synchronize_rcu()", "//      ^^^^^^^^^^^^^^^^^ undecided: does not wait for sum\n")));
  it("and the wait is for its readers", () => check(types, srcuReader, byCallee("synchronize_srcu(&t->srcu)")));

  const byHelper = (waits: string): string => `
struct map { struct item *active; struct srcu_struct srcu; };

int map_id(struct map *m)
{
	struct item *i;
	int idx, id = 0;

	idx = srcu_read_lock(&m->srcu);
	i = srcu_dereference(m->active, &m->srcu);
	if (i)
		id = i->id;
	srcu_read_unlock(&m->srcu, idx);
	return id;
}

static void map_sync(struct map *m)
{
${waits}
}

struct item *map_clear(struct map *m)
{
	struct item *old = m->active;

	RCU_INIT_POINTER(m->active, NULL);
	map_sync(m);
	return old;
}
`;

  it("a helper waits, for others alone: said once", () => check(types, byHelper(`	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ undecided: does not wait for map_id
	synchronize_rcu_expedited();`)));
  it("a helper waits for these, too", () => check(types, byHelper("	synchronize_srcu(&m->srcu);\n	synchronize_rcu_expedited();")));

  const cleared = (wait: string, mark = "", more = ""): string => `
struct user { int handle; };
struct chan { struct user *user; struct srcu_struct srcu; };
${more}
int chan_handle(struct chan *c)
{
	int idx, handle = 0;

	idx = srcu_read_lock(&c->srcu);
	if (c->user)
		handle = c->user->handle;
	srcu_read_unlock(&c->srcu, idx);
	return handle;
}

void chan_close(struct chan *c)
{
	c->user = NULL;
	${wait};
${mark}}
`;

  it("what is cleared plainly, and a wait that is for nobody in the file", () => check(types, cleared("synchronize_rcu()", "//      ^^^^^^^^^^^^^^^^^ undecided: does not wait for chan_handle\n")));
  it("a wait for the readers of what is cleared", () => check(types, cleared("synchronize_srcu(&c->srcu)")));
  it("a wait for others that there are", () => check(types, cleared("synchronize_rcu()", "", rcuReader)));
});
