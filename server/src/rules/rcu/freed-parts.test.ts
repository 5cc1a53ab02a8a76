/** What an object leads to, where the object waits for readers and that does not. */

import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const types = `struct route {
	struct list_head list;
	struct rate *rate;
	int metric;
	struct kref ref;
	struct rcu_head rcu;
};

struct rate {
	int limit;
};

struct table {
	struct list_head routes;
	spinlock_t lock;
};
`;

const lookup = (use: string, enter = "rcu_read_lock()", leave = "rcu_read_unlock()"): string => `
int table_limit(struct table *t, int metric)
{
	struct route *r;
	struct rate *rate;
	int limit = 0;

	${enter};
	list_for_each_entry_rcu(r, &t->routes, list) {
		if (r->metric != metric)
			continue;
${use}
	}
	${leave};
	return limit;
}
`;

const used = "		rate = r->rate;\n		limit = rate->limit;";

const drop = (body: string): string => `
void table_drop(struct table *t, struct route *r)
{
	spin_lock(&t->lock);
	list_del_rcu(&r->list);
	spin_unlock(&t->lock);
${body}
}
`;

/** What is said of parts, at the lines that end in the verdict: `//= confirmed: words`; of the objects themselves other tests say. */
async function check(...parts: readonly string[]): Promise<void> {
  const text = [types, ...parts].join("\n");
  const lines = text.split("\n");
  const found = (await reviewText(text)).filter(({ rule, message }) => rule === "rcu/free-before-grace-period" && message.includes("may still follow"));
  const wanted = lines.flatMap((line, index) => { const words = /\/\/= (.*)$/.exec(line)?.[1]; return words === undefined ? [] : [`${String(index + 1)} ${words}`]; });
  expect(found.map(({ line, evidence }) => `${String(line)} ${evidence?.verdict ?? ""}${evidence?.verdict === "undecided" ? `: ${evidence.reason}` : ""}`)).toEqual(wanted);
}

describe("what an object leads to", () => {
  it("is freed at once, and the object after readers have left", () => check(lookup(used), drop(`	kfree(r->rate); //= confirmed
	kfree_rcu(r, rcu);`)));
  it("and the object by a callback", () => check(lookup(used), `
static void route_free(struct rcu_head *head)
{
	kfree(container_of(head, struct route, rcu));
}
`, drop(`	kfree(r->rate); //= confirmed
	call_rcu(&r->rcu, route_free);`)));
  it("waits with it, in the callback", () => check(lookup(used), `
static void route_free(struct rcu_head *head)
{
	struct route *r = container_of(head, struct route, rcu);

	kfree(r->rate);
	kfree(r);
}
`, drop("	call_rcu(&r->rcu, route_free);")));
  it("is freed behind a wait", () => check(lookup(used), drop("	synchronize_rcu();\n	kfree(r->rate);\n	kfree_rcu(r, rcu);")));
  it("is not used in sections", () => check(lookup("		limit = r->metric;"), drop("	kfree(r->rate);\n	kfree_rcu(r, rcu);")));
  it("is looked at, and not followed", () => check(lookup("		limit = r->rate ? 1 : 0;"), drop("	kfree(r->rate);\n	kfree_rcu(r, rcu);")));
  it("is used by who took a reference on the object", () => check(lookup("		if (!kref_get_unless_zero(&r->ref))\n			continue;\n		rate = r->rate;\n		limit = rate->limit;\n		kref_put(&r->ref, route_release);"), drop("	kfree(r->rate);\n	kfree_rcu(r, rcu);")));
  it("is used under the updaters' lock", () => check(lookup(used, "spin_lock(&t->lock)", "spin_unlock(&t->lock)"), drop("	kfree(r->rate);\n	kfree_rcu(r, rcu);")));
  it("is freed by who only gives the object up: who took it out may have waited", () => check(lookup(used), `
void route_put(struct route *r)
{
	kfree(r->rate); //= undecided: where r is taken out of the reach of readers is not visible on this path
	kfree_rcu(r, rcu);
}
`));
  it("is of an object that nobody has seen", () => check(lookup(used), `
int table_make(struct table *t)
{
	struct route *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	r->rate = kzalloc(sizeof(*r->rate), GFP_KERNEL);
	if (table_full(t)) {
		kfree(r->rate);
		kfree_rcu(r, rcu);
		return -ENOSPC;
	}
	spin_lock(&t->lock);
	list_add_rcu(&r->list, &t->routes);
	spin_unlock(&t->lock);
	return 0;
}
`));
});
