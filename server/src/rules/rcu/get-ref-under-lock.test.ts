/** A reference that is taken under the lock with which the last one is given up. */

import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const file = (put: string): string => `struct state {
	refcount_t count;
	struct kref ref;
	int id;
	struct list_head node;
	struct rcu_head rcu;
};

struct client {
	struct list_head states;
	spinlock_t lock;
	struct mutex mutex;
};

struct state *state_find(struct client *c, int id)
{
	struct state *s, *found = NULL;

	spin_lock(&c->lock);
	list_for_each_entry_rcu(s, &c->states, node) {
		if (s->id == id) {
			refcount_inc(&s->count);
			found = s;
			break;
		}
	}
	spin_unlock(&c->lock);
	return found;
}

void state_put(struct client *c, struct state *s)
{
${put}
	kfree_rcu(s, rcu);
}
`;

const found = async (put: string): Promise<readonly string[]> => (await reviewText(file(put))).filter(({ rule }) => rule === "rcu/get-ref-from-zero").map(({ function: name, evidence }) => `${name} ${evidence?.verdict ?? ""}`);

const removed = "	list_del_rcu(&s->node);\n	spin_unlock(&c->lock);";

describe("the last reference of what is looked up under a lock", () => {
  it("is given up with the lock, which the call takes", async () => {
    expect(await found(`	if (!refcount_dec_and_lock(&s->count, &c->lock))\n		return;\n${removed}`)).toEqual([]);
    expect(await found(`	unsigned long flags;\n\n	if (!refcount_dec_and_lock_irqsave(&s->count, &c->lock, &flags))\n		return;\n	list_del_rcu(&s->node);\n	spin_unlock_irqrestore(&c->lock, flags);`)).toEqual([]);
  });

  it("is given up with the lock, of a structure that the look-up knows by a typedef of its pointer", async () => {
    const text = file(`	if (!refcount_dec_and_lock(&s->count, &c->lock))\n		return;\n${removed}`).replace("struct state *state_find(struct client *c, int id)\n{\n", "typedef struct client *client_p;\n\nstruct state *state_find(client_p *cp, int id)\n{\n	struct client *c = READ_ONCE(*cp);\n");
    expect(text).toContain("READ_ONCE(*cp)");
    expect((await reviewText(text)).filter(({ rule }) => rule === "rcu/get-ref-from-zero")).toEqual([]);
  });

  it("is given up inside of the lock", async () => {
    expect(await found(`	spin_lock(&c->lock);\n	if (!refcount_dec_and_test(&s->count)) {\n		spin_unlock(&c->lock);\n		return;\n	}\n${removed}`)).toEqual([]);
  });

  it("is given up before the lock is taken", async () => {
    expect(await found(`	if (!refcount_dec_and_test(&s->count))\n		return;\n	spin_lock(&c->lock);\n${removed}`)).toEqual(["state_find confirmed"]);
  });

  it("is given up with another lock", async () => {
    expect(await found(`	if (!refcount_dec_and_mutex_lock(&s->count, &c->mutex))\n		return;\n	list_del_rcu(&s->node);\n	mutex_unlock(&c->mutex);`)).toEqual(["state_find confirmed"]);
  });
});
