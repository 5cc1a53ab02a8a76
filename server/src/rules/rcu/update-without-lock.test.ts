import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct sta {
	struct list_head node;
	struct hlist_node hash;
	u32 addr;
	int rate;
	struct rcu_head rcu;
};

struct ap {
	struct list_head stations;
	struct hlist_head table;
	spinlock_t lock;
};

static int ap_rates(struct ap *ap)
{
	struct sta *sta;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(sta, &ap->stations, node)
		sum += sta->rate;
	hlist_for_each_entry_rcu(sta, &ap->table, hash)
		sum += sta->rate;
	rcu_read_unlock();
	return sum;
}
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/update-without-lock", common + code);

describe("rcu/update-without-lock", () => {
  it("rtnl is taken by the callers of exported functions", () => check(`
static void ap_a(struct ap *ap, struct sta *sta)
{
	rtnl_lock();
	list_add_rcu(&sta->node, &ap->stations);
	rtnl_unlock();
}

static void ap_b(struct ap *ap, struct sta *sta)
{
	rtnl_lock();
	list_del_rcu(&sta->node);
	rtnl_unlock();
}

void ap_c(struct ap *ap, struct sta *sta)
{
	list_add_rcu(&sta->node, &ap->stations);
}
`));

  it("lockdep_assert_held() says that the caller has it", () => check(`
static void ap_a(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
	spin_unlock(&ap->lock);
}

static void ap_b(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
}

void ap_c(struct ap *ap, struct sta *sta)
{
	lockdep_assert_held(&ap->lock);
	list_add_rcu(&sta->node, &ap->stations);
}
`));
});
