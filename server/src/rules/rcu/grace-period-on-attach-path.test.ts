import { describe, expect, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const rule = "rcu/grace-period-on-attach-path";

const check = (...parts: readonly string[]): ReturnType<typeof checkRule> => checkRule(rule, parts.join("\n"));

const types = `struct link {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct dom {
	struct iommu_domain domain;
	struct list_head links;
};
`;

describe("entries", () => {
  it("a wait in attach is a warning, with the entry in the path", async () => {
    const [finding] = await check(types, `
static int x_attach(struct iommu_domain *domain, struct device *dev)
{
	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ confirmed: iommu_domain_ops.attach_dev
	return 0;
}

static const struct iommu_domain_ops x_ops = { .attach_dev = x_attach };`);
    expect(finding?.severity).toBe("warning");
    expect(finding?.path[0]).toMatchObject({ function: "x_attach", role: "iommu_domain_ops.attach_dev" });
  });

  it("a wait in a callee is found there, with the chain", async () => {
    const [finding] = await check(types, `
static void x_drop(struct dom *dom)
{
	synchronize_srcu(&dom_srcu);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: through x_free()
}

static void x_free(struct iommu_domain *domain)
{
	x_drop(container_of(domain, struct dom, domain));
}

static const struct iommu_ops x_iommu_ops = {
	.default_domain_ops = &(const struct iommu_domain_ops) {
		.free = x_free,
	},
};`);
    expect(finding?.function).toBe("x_drop");
    expect(finding?.path.map((step) => step.function)).toEqual(["x_free", "x_drop"]);
  });

  it("on release_device it is a note", async () => {
    const [finding] = await check(types, `
static void x_release(struct device *dev)
{
	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ confirmed: where that is acceptable
}

static const struct iommu_ops x_ops = { .release_device = x_release };`);
    expect(finding?.severity).toBe("note");
  });

  it("rcu_barrier() at module exit is required there: silent", () => check(types, `
static void __exit x_exit(void)
{
	rcu_barrier();
}
module_exit(x_exit);`));

  it("synchronize_irq() is no grace period", () => check(types, `
static int x_attach(struct iommu_domain *domain, struct device *dev)
{
	synchronize_irq(3);
	return 0;
}

static const struct iommu_domain_ops x_ops = { .attach_dev = x_attach };`));

  it("a function that is no entry is silent", () => check(types, `
static int x_reconfigure(struct dom *dom)
{
	synchronize_rcu();
	return 0;
}

static const struct file_operations x_fops = { .unlocked_ioctl = x_reconfigure };`));

  it("a wait that no path reaches is silent", () => check(types, `
static int x_attach(struct iommu_domain *domain, struct device *dev)
{
	return 0;
	synchronize_rcu();
}

static const struct iommu_domain_ops x_ops = { .attach_dev = x_attach };`));

  it("kfree_rcu_mightsleep() is a note", async () => {
    const [finding] = await check(types, `
static int x_attach(struct iommu_domain *domain, struct device *dev)
{
	kfree_rcu_mightsleep(dev_old(dev));
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: when memory is short
	return 0;
}

static const struct iommu_domain_ops x_ops = { .attach_dev = x_attach };`);
    expect(finding?.severity).toBe("note");
  });
});

describe("evidence", () => {
  it("counts the waits of one operation and those in a loop", async () => {
    const [first] = await check(types, `
static int x_attach(struct iommu_domain *domain, struct device *dev)
{
	int i;

	for (i = 0; i < 4; i++)
		synchronize_rcu();
//              ^^^^^^^^^^^^^^^^^ confirmed: each round of a loop
	return 0;
}

static const struct iommu_domain_ops x_ops = { .attach_dev = x_attach };`);
    expect(first?.evidence?.class).toBeNull();
  });

  it("says that the wait can be avoided, and the fix is verified", async () => {
    const [finding] = await check(types, `
static int x_flush(struct dom *dom)
{
	struct link *l;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(l, &dom->links, list)
		sum += l->id;
	rcu_read_unlock();
	return sum;
}

static int x_block(struct dom *dom, struct link *l)
{
	list_del_rcu(&l->list);
	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ confirmed: the wait can be avoided
	kfree(l);
	return 0;
}

static const struct iommu_domain_ops x_ops = { .attach_dev = x_block };`);
    expect(finding?.fixes.map((fix) => fix.verified)).toEqual([true]);
  });

  it("offers no fix when something unknown runs after the wait", async () => {
    const [finding] = await check(types, `
static int x_flush(struct dom *dom)
{
	struct link *l;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(l, &dom->links, list)
		sum += l->id;
	rcu_read_unlock();
	return sum;
}

static int x_block(struct dom *dom, struct link *l)
{
	list_del_rcu(&l->list);
	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ confirmed
	kfree(l);
	power_off(dom);
	return 0;
}

static const struct iommu_domain_ops x_ops = { .attach_dev = x_block };`);
    expect(finding?.fixes).toEqual([]);
  });
});
