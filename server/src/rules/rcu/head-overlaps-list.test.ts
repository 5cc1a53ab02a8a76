import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/head-overlaps-list";

const types = `struct item {
	struct list_head list;
	struct hlist_node hash;
	struct list_head other;
	int id;
	refcount_t users;
	struct rcu_head rcu;
};

struct table {
	struct list_head items;
	struct list_head spare;
	struct hlist_head buckets[8];
	struct item __rcu *first;
	struct mutex lock;
	spinlock_t slock;
	struct work_struct work;
	int sum;
};

`;

const found = async (code: string): Promise<readonly string[]> =>
  (await reviewText(`${types}${code}`)).filter((finding) => finding.rule === rule).map((finding) => `${String(finding.evidence?.verdict)}: ${finding.evidence?.reason ?? ""}`);

describe(rule, () => {
  const shared = (fields: string): string => `struct node {
	union {
${fields}
	};
	int id;
};

static void node_free(struct rcu_head *head)
{
	kfree(container_of(head, struct node, rcu));
}

void drop(struct node *n)
{
	call_rcu(&n->rcu, node_free);
	list_del(&n->link);
}
`;

  it("in an anonymous struct of the union", async () => {
    expect(await found(shared("		struct {\n			struct list_head link;\n			int seen;\n		};\n		struct rcu_head rcu;"))).toEqual([expect.stringMatching(/^confirmed/)]);
  });

  it("beside it, behind what the head covers", async () => {
    expect(await found(shared("		struct {\n			u64 words[1];\n			u64 more;\n			struct list_head link;\n		};\n		struct rcu_head rcu;"))).toEqual([]);
  });

  it("a struct keeps them apart", async () => {
    expect(await found(shared("		struct {\n			struct list_head link;\n			struct rcu_head rcu;\n		};\n		int raw;"))).toEqual([]);
  });

  it("offers to queue it later, verified", async () => {
    const [finding] = (await reviewText(shared("		struct list_head link;\n		struct rcu_head rcu;"))).filter((one) => one.rule === rule);
    expect(finding?.fixes[0]?.verified).toBe(true);
  });
});
