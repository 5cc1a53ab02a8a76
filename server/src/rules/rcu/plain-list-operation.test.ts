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

const check = (code: string): ReturnType<typeof checkRule> => checkRule("rcu/plain-list-operation", common + code);

describe("rcu/plain-list-operation", () => {
  it("the element was taken out with list_del_rcu() before", () => check(`
static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_rcu(&sta->node);
	spin_unlock(&ap->lock);
	synchronize_rcu();
	list_del_init(&sta->node);
	kfree(sta);
}
`));

  it("a function that other files call at set-up may add plainly", () => check(`
void ap_first(struct ap *ap, struct sta *sta)
{
	sta->rate = 1;
	list_add(&sta->node, &ap->stations);
//      ^^^^^^^^^ undecided: it may run before there are readers
}
`));

  it("list_del_init() leads a reader to itself", () => check(`
static void ap_drop(struct ap *ap, struct sta *sta)
{
	spin_lock(&ap->lock);
	list_del_init(&sta->node);
//      ^^^^^^^^^^^^^^ confirmed: resets its next pointer
	spin_unlock(&ap->lock);
	kfree_rcu(sta, rcu);
}
`));
});
