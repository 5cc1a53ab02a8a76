/** Owners that are freed while somebody may be in their callback, and near twins that are right. */

const tap = `struct hz_tap {
	struct packet_type type;
	u32 seen;
	struct rcu_head rcu;
};

static int hz_receive(struct sk_buff *skb, struct net_device *dev, struct packet_type *type, struct net_device *orig)
{
	struct hz_tap *tap = container_of(type, struct hz_tap, type);

	tap->seen++;
	kfree_skb(skb);
	return 0;
}

static void hz_open(struct hz_tap *tap)
{
	tap->type.func = hz_receive;
	dev_add_pack(&tap->type);
}

`;
const close = (body: string): string => `${tap}static void hz_close(struct hz_tap *tap)
{
${body}}
`;

export const rule = "rcu/unregister-without-wait";

export const hazardous = [
  { name: "freed at once", code: close("	__dev_remove_pack(&tap->type);\n	kfree(tap);\n") },
  { name: "removed in a helper", code: `${tap}static void hz_stop(struct hz_tap *tap)
{
	__dev_remove_pack(&tap->type);
}

static void hz_close(struct hz_tap *tap)
{
	hz_stop(tap);
	kfree(tap);
}
` },
  { name: "the wait comes after the free", code: close("	__dev_remove_pack(&tap->type);\n	kfree(tap);\n	synchronize_net();\n") },
];

export const twins = [
  { name: "readers are waited for", code: close("	__dev_remove_pack(&tap->type);\n	synchronize_net();\n	kfree(tap);\n") },
  { name: "the form that waits", code: close("	dev_remove_pack(&tap->type);\n	kfree(tap);\n") },
  { name: "freed after a grace period", code: close("	__dev_remove_pack(&tap->type);\n	kfree_rcu(tap, rcu);\n") },
];
