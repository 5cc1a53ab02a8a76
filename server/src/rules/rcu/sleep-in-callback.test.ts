import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const base = `struct thing {
	struct mutex mutex;
	struct rcu_head rcu;
	struct notifier_block nb;
};
`;

const check = (code: string): Promise<unknown> => checkRule("rcu/sleep-in-callback", `${base}${code}`);

describe("rcu/sleep-in-callback", () => {
  it("a helper hands the callback on", () => check(`
static void thing_gone(struct rcu_head *head)
{
	struct thing *t = container_of(head, struct thing, rcu);

	mutex_destroy(&t->mutex);
	flush_work(NULL);
//      ^^^^^^^^^^^^^^^^ confirmed: in an RCU callback
	kfree(t);
}

static void later(struct thing *t, rcu_callback_t func)
{
	call_rcu(&t->rcu, func);
}

void thing_drop(struct thing *t)
{
	later(t, thing_gone);
}
`));

  it("an atomic chain, and not a blocking one", () => check(`
static int on_panic(struct notifier_block *nb, unsigned long event, void *data)
{
	msleep(1);
//      ^^^^^^^^^ confirmed: atomic notifier chain
	return NOTIFY_DONE;
}

static int on_reboot(struct notifier_block *nb, unsigned long event, void *data)
{
	msleep(1);
	return NOTIFY_DONE;
}

static struct notifier_block panic_nb = { .notifier_call = on_panic };
static struct notifier_block reboot_nb = { .notifier_call = on_reboot };

int thing_init(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &panic_nb);
	return blocking_notifier_chain_register(&reboot_list, &reboot_nb);
}
`));

  it("a stored answer may be what decides", () => check(`
static int thing_invalidate(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	bool may = mmu_notifier_range_blockable(range);

	if (!may)
		return -EAGAIN;
	msleep(1);
	return 0;
}

static const struct mmu_notifier_ops ops = { .invalidate_range_start = thing_invalidate };
`));
});
