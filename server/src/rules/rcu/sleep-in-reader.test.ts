import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const shelf = `struct shelf {
	struct mutex mutex;
	spinlock_t lock;
	struct shelf __rcu *next;
	int n;
};
`;

const check = (rule: string, code: string): Promise<unknown> => checkRule(rule, `${shelf}${code}`);

const nested = `
void shelve(struct shelf *s)
{
	rcu_read_lock();
	spin_lock(&s->lock);
	s->n = ida_alloc(&ids, GFP_KERNEL);
	spin_unlock(&s->lock);
	rcu_read_unlock();
}
`;

describe("rcu/sleep-in-reader", () => {
  it("is the one of two that says more", async () => {
    await check("rcu/sleep-in-reader", nested.replace("GFP_KERNEL);\n", "GFP_KERNEL);\n//                             ^^^^^^^^^^ confirmed: inside the read-side section\n"));
    await check("context/sleep-in-atomic", nested);
  });

  it("leaves a wait for the section itself to the rule about that", () => check("rcu/sleep-in-reader", `
void drop(struct shelf *s)
{
	rcu_read_lock();
	synchronize_rcu();
	rcu_read_unlock();
}
`));

  it("a section that a helper took and gave back is over", () => check("rcu/sleep-in-reader", `
static void enter(void)
{
	rcu_read_lock();
}

static void leave(void)
{
	rcu_read_unlock();
}

void look(struct shelf *s)
{
	enter();
	mutex_lock(&s->mutex);
//      ^^^^^^^^^^^^^^^^^^^^^ confirmed: inside the read-side section
	mutex_unlock(&s->mutex);
	leave();
	mutex_lock(&s->mutex);
	mutex_unlock(&s->mutex);
}
`));

  it("a label inside a block that the callee jumps to", () => check("rcu/sleep-in-reader", `
static struct shelf *look_up(struct shelf *s)
{
	struct shelf *found;

	rcu_read_lock();
	found = rcu_dereference(s->next);
	if (found) {
		if (found->n > 3)
			goto got;
	}
	if (s->n) {
got:
		s->n = 1;
	}
	rcu_read_unlock();
	return s;
}

void make(struct shelf *s)
{
	struct shelf *other = look_up(s);

	other->n = ida_alloc(&ids, GFP_KERNEL);
}
`));

  it("migrate_disable() makes no section", () => check("rcu/sleep-in-reader", `
void make(struct shelf *s)
{
	guard(migrate)();
	mutex_lock(&s->mutex);
	mutex_unlock(&s->mutex);
}
`));
});
