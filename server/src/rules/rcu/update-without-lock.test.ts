import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const file = (lock: string, key: string): string => `struct route { struct list_head node; unsigned metric; struct rcu_head rcu; };
struct table { struct list_head routes; spinlock_t lock; };
${lock}
unsigned best(struct table *table)
{
	struct route *route;
	unsigned best = ~0;

	rcu_read_lock();
	list_for_each_entry_rcu(route, &table->routes, node)
		best = min(best, route->metric);
	rcu_read_unlock();
	return best;
}
static void add(struct table *table, struct route *route)
{
	spin_lock(${key});
	list_add_rcu(&route->node, &table->routes);
	spin_unlock(${key});
}
`;
const drop = (storage: string): string => `${storage} void drop(struct route *route)
{
	list_del_rcu(&route->node);
	kfree_rcu(route, rcu);
}
`;

const verdicts = async (text: string): Promise<readonly string[]> =>
  (await reviewText(text)).filter(({ rule }) => rule === "rcu/update-without-lock").map(({ evidence }) => `${evidence?.verdict ?? ""}: ${evidence?.reason ?? ""}`);

describe("one update with a lock, one without", () => {
  it("is undecided: which of them is right is not visible", async () => {
    expect(await verdicts(file("", "&table->lock") + drop("static"))).toEqual(["undecided: add() alone holds &table->lock: whether the lock is there for this is not visible here"]);
    expect(await verdicts(file("static DEFINE_SPINLOCK(lock);", "&lock") + drop(""))).toEqual(["undecided: add() alone holds &lock: whether the lock is there for this is not visible here"]);
  });

  it("is nothing where unseen callers may hold the lock", async () => {
    expect(await verdicts(file("", "&table->lock") + drop(""))).toEqual([]);
    expect(await verdicts(file("DEFINE_SPINLOCK(lock);", "&lock") + drop(""))).toEqual([]);
    expect(await verdicts(`${file("static DEFINE_SPINLOCK(lock);", "&lock")}void begin(void) { spin_lock(&lock); }\n${drop("")}`)).toEqual([]);
  });
});
