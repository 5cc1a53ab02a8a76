import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const rule = "rcu/unregister-without-wait";

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
  const tap = (close: string): string => `struct tap {
	struct packet_type type;
	int seen;
};

static int receive(struct sk_buff *skb, struct net_device *dev, struct packet_type *type, struct net_device *orig)
{
	container_of(type, struct tap, type)->seen++;
	return 0;
}

void start(struct tap *t)
{
	t->type.func = receive;
	dev_add_pack(&t->type);
}

void stop(struct tap *t, struct tap *other)
{
${close}}
`;

  it("another owner is freed", async () => {
    expect(await found(tap("	__dev_remove_pack(&t->type);\n	kfree(other);\n"))).toEqual([]);
  });

  it("a wait that may not be made is none", async () => {
    expect((await found(tap("	__dev_remove_pack(&t->type);\n	if (other)\n		synchronize_net();\n	kfree(t);\n")))[0]).toMatch(/^confirmed/);
  });

  it("without the callback in this file it is not sure", async () => {
    expect(await found(`int stop(struct net *net, struct nf_hook_ops *ops)
{
	nf_unregister_net_hook(net, ops);
	kfree(ops);
	return 0;
}
`)).toEqual([expect.stringMatching(/^undecided/)]);
  });
});
