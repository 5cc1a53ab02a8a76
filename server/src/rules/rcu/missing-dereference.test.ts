import { describe, expect, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const rule = "rcu/missing-dereference";

const types = `struct ops {
	int limit;
	struct rcu_head rcu;
};

struct port {
	struct ops __rcu *ops;
	struct ops *spare;
	struct mutex lock;
	struct srcu_struct srcu;
};

void set_ops(struct port *port, struct ops *ops)
{
	mutex_lock(&port->lock);
	ops->limit = 3;
	rcu_assign_pointer(port->ops, ops);
	mutex_unlock(&port->lock);
}
`;

const check = (...parts: readonly string[]): ReturnType<typeof checkRule> => checkRule(rule, parts.join("\n"));

describe("plain loads in a reader", () => {
  it("a plain load that is dereferenced is confirmed: by a compiler, and by alpha without one", async () => {
    const [finding] = await check(types, `
int limit(struct port *port)
{
	int limit;

	rcu_read_lock();
	limit = port->ops->limit;
//              ^^^^^^^^^ confirmed: published in set_ops
	rcu_read_unlock();
	return limit;
}`);
    expect(finding?.severity).toBe("note");
    expect(finding?.evidence?.class).toBe("compiler");
    expect(finding?.evidence?.reason).toContain("on alpha by the machine itself");
    expect(finding?.evidence?.counterpart?.function).toBe("set_ops");
  });

  it("of a table of RCU pointers its elements are RCU pointers, and the table is none", () => checkRule(rule, `
struct slot { int id; };
struct map {
	struct slot __rcu **slots;
	struct slot __rcu *only;
};
int first(struct map *map)
{
	int id;

	rcu_read_lock();
	id = map->slots[0]->id;
//           ^^^^^^^^^^^^^ undecided: map->slots[0] is RCU-protected
	id += map->only->id;
//            ^^^^^^^^^ undecided: map->only is RCU-protected
	rcu_read_unlock();
	return id;
}`));

  const pins = (add: string): string => `
struct pin {
	struct hlist_node node;
	int done;
};
struct super {
	struct hlist_head pins;
};
void pin_insert(struct pin *pin, struct super *super)
{
	pin->done = 0;
	${add}(&pin->node, &super->pins);
}
int pin_state(struct super *super)
{
	struct hlist_node *first;
	int done = 0;

	rcu_read_lock();
	first = READ_ONCE(super->pins.first);
//              ^^^^^^^^^ undecided: what loses the order is pin_insert
	if (first)
		done = hlist_entry(first, struct pin, node)->done;
	rcu_read_unlock();
	return done;
}`;

  it("READ_ONCE() of a list's head, to which elements are added without order", () => checkRule(rule, pins("hlist_add_head")));
  it("against an ordered addition it is as good as rcu_dereference()", () => checkRule(rule, pins("hlist_add_head_rcu").replace(/^\/\/ .*\n/m, "")));

  it("rcu_dereference() is what is wanted", () => check(types, `
int limit(struct port *port)
{
	struct ops *ops;
	int limit;

	rcu_read_lock();
	ops = rcu_dereference(port->ops);
	limit = ops->limit;
	rcu_read_unlock();
	return limit;
}`));

  it("a comparison without a dereference needs none", () => check(types, `
bool has_ops(struct port *port)
{
	bool has;

	rcu_read_lock();
	has = port->ops != NULL;
	rcu_read_unlock();
	return has;
}`));

  it("the update side reads plainly under its lock", () => check(types, `
int limit_locked(struct port *port)
{
	int limit;

	mutex_lock(&port->lock);
	rcu_read_lock();
	limit = port->ops->limit;
	rcu_read_unlock();
	mutex_unlock(&port->lock);
	return limit;
}`));

  it("a field that nothing marks is no RCU pointer", () => check(types, `
int spare(struct port *port)
{
	int limit;

	rcu_read_lock();
	limit = port->spare->limit;
	rcu_read_unlock();
	return limit;
}`));

  it("an annotated field without a publisher in the file stays undecided", () => check(`
struct ops { int limit; };
struct port { struct ops __rcu *ops; };

int limit(struct port *port)
{
	int limit;

	rcu_read_lock();
	limit = port->ops->limit;
//              ^^^^^^^^^ undecided: no function of this file
	rcu_read_unlock();
	return limit;
}`));

  it("a field is known as RCU-protected by its writers alone", () => check(`
struct ops { int limit; };
struct port { struct ops *ops; };

void set_ops(struct port *port, struct ops *ops)
{
	ops->limit = 3;
	rcu_assign_pointer(port->ops, ops);
}

int limit(struct port *port)
{
	int limit;

	rcu_read_lock();
	limit = port->ops->limit;
//              ^^^^^^^^^ confirmed
	rcu_read_unlock();
	return limit;
}`));

  it("in an SRCU section the fix names the domain", async () => {
    const [finding] = await check(types, `
int limit(struct port *port)
{
	int limit, idx;

	idx = srcu_read_lock(&port->srcu);
	limit = port->ops->limit;
//              ^^^^^^^^^ confirmed
	srcu_read_unlock(&port->srcu, idx);
	return limit;
}`);
    expect(finding?.fixes[0]?.edits[0]?.newText).toBe("srcu_dereference(port->ops, &port->srcu)");
    expect(finding?.fixes[0]?.verified).toBe(true);
  });
});

describe("rcu_access_pointer()", () => {
  const drop = `
void drop_ops(struct port *port)
{
	struct ops *ops;

	mutex_lock(&port->lock);
	ops = rcu_dereference_protected(port->ops, lockdep_is_held(&port->lock));
	rcu_assign_pointer(port->ops, NULL);
	mutex_unlock(&port->lock);
	kfree_rcu(ops, rcu);
}
`;

  it("what it gives is followed", () => check(types, drop, `
void raise_limit(struct port *port)
{
	struct ops *ops = rcu_access_pointer(port->ops);
//                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: may free what it points to

	if (ops)
		ops->limit++;
}
`));

  it("it is only tested, and what is followed was loaded again under the lock", () => check(types, drop, `
void raise_limit(struct port *port)
{
	struct ops *ops;

	if (!rcu_access_pointer(port->ops))
		return;
	mutex_lock(&port->lock);
	ops = rcu_dereference_protected(port->ops, lockdep_is_held(&port->lock));
	if (ops)
		ops->limit++;
	mutex_unlock(&port->lock);
}
`));
});
