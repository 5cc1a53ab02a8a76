import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const seat = `struct seat {
	struct list_head node;
	int n;
};

static LIST_HEAD(seats);
`;

const check = (code: string): Promise<unknown> => checkRule("rcu/grace-period-in-loop", `${seat}${code}`);

describe("rcu/grace-period-in-loop", () => {
  it("a helper's answer ends the caller's loop", () => check(`
static int drop(struct seat *s, int n)
{
	if (s->n != n)
		return 0;
	list_del_rcu(&s->node);
	synchronize_rcu();
	kfree(s);
	return 1;
}

void leave(int n)
{
	struct seat *s, *next;

	list_for_each_entry_safe(s, next, &seats, node) {
		if (drop(s, n))
			break;
	}
}
`));

  it("a loop that waits for readers to go is no loop over elements", () => check(`
void settle(struct seat *s)
{
	do {
		synchronize_rcu();
	} while (READ_ONCE(s->n));
	while (READ_ONCE(s->n))
		synchronize_rcu();
}
`));

  it("a helper that waits until a count is gone", () => check(`
static void settle(struct seat *s)
{
	while (true) {
		rcu_barrier();
		if (!READ_ONCE(s->n))
			break;
	}
}

void clear(void)
{
	while (!list_empty(&seats))
		settle(list_first_entry(&seats, struct seat, node));
}
`));

  it("a wait that may not be one", () => check(`
void settle(unsigned long cookie)
{
	struct seat *s;

	list_for_each_entry(s, &seats, node)
		cond_synchronize_rcu(cookie);
}
`));
});
