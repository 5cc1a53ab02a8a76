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
  it("a plain load that is dereferenced is confirmed, as a compiler-class note", async () => {
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
    expect(finding?.evidence?.counterpart?.function).toBe("set_ops");
  });

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
