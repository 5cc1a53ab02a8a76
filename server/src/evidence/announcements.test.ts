/** A flag by which a reader says that it is there, and an updater that frees at once where it does not see it. */

import { describe, expect, it } from "vitest";
import { reviewText } from "../test-support/review.ts";

type Shape = { readonly announce?: string; readonly barrier?: string; readonly ask?: string; readonly test?: string; readonly more?: string };

const mb = "	smp_mb();\n";

const driver = ({ announce = "	WRITE_ONCE(pool->scanned, 1);\n", barrier = mb, ask = mb, test = "READ_ONCE(pool->scanned)", more = "" }: Shape): string => `struct t_item {
	int id;
	struct rcu_head rcu;
};

struct t_pool {
	struct t_item __rcu *item;
	int scanned;
	spinlock_t lock;
};

static int t_scan(struct t_pool *pool)
{
	struct t_item *item;
	int id = 0;

${announce}${barrier}	rcu_read_lock();
	item = rcu_dereference(pool->item);
	if (item)
		id = item->id;
	rcu_read_unlock();
	return id;
}

static void t_drop(struct t_pool *pool)
{
	struct t_item *item;
	int seen;

	spin_lock(&pool->lock);
	item = rcu_dereference_protected(pool->item, lockdep_is_held(&pool->lock));
	RCU_INIT_POINTER(pool->item, NULL);
	spin_unlock(&pool->lock);
${ask}	if (${test})
		kfree_rcu(item, rcu);
	else
		kfree(item);
}
${more}`;

/** What is said of the immediate free. */
async function verdictOn(shape: Shape): Promise<string> {
  const text = driver(shape);
  const line = text.slice(0, text.indexOf("kfree(item)")).split("\n").length;
  const found = (await reviewText(text)).find((one) => one.rule === "rcu/free-before-grace-period" && one.line === line);
  return `${found?.evidence?.verdict ?? "silent"} ${found?.evidence?.class ?? ""}`;
}

describe("an announced reader", () => {
  it("is seen where both sides have a full barrier", async () => { expect(await verdictOn({})).toBe("refuted "); });
  it("is seen after an atomic operation that orders fully", async () => { expect(await verdictOn({ barrier: "	atomic_inc_return(&t_count);\n" })).toBe("refuted "); });
  it("may be missed without any", async () => { expect(await verdictOn({ barrier: "", ask: "" })).toBe("confirmed tso"); });
  it("may be missed with one on its own side", async () => { expect(await verdictOn({ ask: "" })).toBe("confirmed tso"); });
  it("may be missed with one on the other side", async () => { expect(await verdictOn({ barrier: "" })).toBe("confirmed tso"); });
  it("is not ordered by smp_wmb() and smp_rmb()", async () => { expect(await verdictOn({ barrier: "	smp_wmb();\n", ask: "	smp_rmb();\n" })).toBe("confirmed tso"); });
  it("is freed under where the test is the wrong way round", async () => { expect(await verdictOn({ test: "!READ_ONCE(pool->scanned)" })).toBe("confirmed interleaving"); });
  it("is left open where a call may order", async () => { expect(await verdictOn({ barrier: "	t_begin(pool);\n" })).toContain("undecided"); });
  it("is left open where the word is asked for in another way", async () => { expect(await verdictOn({ test: "READ_ONCE(pool->scanned) > 0" })).toContain("undecided"); });
  it("is left open where somebody takes the word back", async () => { expect(await verdictOn({ more: "\nstatic void t_done(struct t_pool *pool)\n{\n	WRITE_ONCE(pool->scanned, 0);\n	rcu_assign_pointer(pool->item, NULL);\n}\n" })).toContain("undecided"); });
  it("does not speak for one that says nothing", async () => {
    const silent = "\nstatic int t_peek(struct t_pool *pool)\n{\n	struct t_item *item;\n	int id = 0;\n\n	rcu_read_lock();\n	item = rcu_dereference(pool->item);\n	if (item)\n		id = item->id;\n	rcu_read_unlock();\n	return id;\n}\n";
    expect(await verdictOn({ more: silent })).toBe("confirmed interleaving");
  });
  it("is left open where both answers lead to the free", async () => { expect(await verdictOn({ test: "false", ask: "	smp_mb();\n	if (READ_ONCE(pool->scanned))\n		t_note(item->id);\n" })).toContain("undecided"); });
  it("does not speak for its path that says nothing", async () => { expect(await verdictOn({ announce: "	if (pool->item)\n		WRITE_ONCE(pool->scanned, 1);\n" })).toContain("undecided"); });
});
