import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const desk = `struct desk {
	struct list_head node;
	struct desk __rcu *next;
	int n;
};
`;

const check = (code: string): Promise<unknown> => checkRule("rcu/unbalanced-reader", `${desk}${code}`);

describe("rcu/unbalanced-reader", () => {
  it("0 that says held, where an error says not", () => check(`
int desk_begin(struct desk *d)
{
	rcu_read_lock();
	if (!rcu_dereference(d->next)) {
		rcu_read_unlock();
		return -ENOENT;
	}
	return 0;
}
`));

  it("an error that leaves it open, where 0 does not", () => check(`
int desk_begin(struct desk *d)
{
	rcu_read_lock();
	if (!rcu_dereference(d->next))
		return -ENOENT;
//              ^^^^^^^^^^^^^^^ confirmed: open
	rcu_read_unlock();
	return 0;
}
`));

  it("an unlock for the caller, taken again", () => check(`
int desk_pause(struct desk *d)
{
	rcu_read_unlock();
	d->n++;
	rcu_read_lock();
	return d->n;
}
`));

  it("another flavour left in another order", () => check(`
int desk_sum(struct desk *d)
{
	int n;

	rcu_read_lock();
	local_bh_disable();
	n = d->n;
	rcu_read_unlock();
	local_bh_enable();
	return n;
}
`));

  it("an unknown call that may be the other half", () => check(`
int desk_sum(struct desk *d)
{
	rcu_read_lock();
	if (d->n) {
		desk_read_unlock(d);
		return 1;
	}
	rcu_read_unlock();
	return 1;
}
`));

  it("a loop that enters and leaves in every round", () => check(`
int desk_wait(struct desk *d)
{
	for (;;) {
		rcu_read_lock();
		if (rcu_dereference(d->next)) {
			rcu_read_unlock();
			return 0;
		}
		rcu_read_unlock();
		cond_resched();
	}
}
`));

  it("__acquires() says that it is meant", () => check(`
static void desk_start(struct desk *d)
	__acquires(RCU)
{
	rcu_read_lock();
	if (d->n)
		return;
	rcu_read_unlock();
}
`));
});
