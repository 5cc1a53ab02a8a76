import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const base = `struct node {
	struct rcu_head rcu;
	spinlock_t lock;
	int n;
};

static DEFINE_SPINLOCK(all);
static int dead;
`;

const check = (code: string): Promise<unknown> => checkRule("context/callback-lock-inversion", `${base}${code}`);

describe("context/callback-lock-inversion", () => {
  it("nobody else holds the lock of the object that goes", () => check(`
static void node_free(struct rcu_head *head)
{
	struct node *node = container_of(head, struct node, rcu);

	spin_lock(&node->lock);
	node->n = 0;
	spin_unlock(&node->lock);
	kfree(node);
}

int node_use(struct node *node)
{
	void *p = kmalloc(8, GFP_KERNEL);

	spin_lock(&node->lock);
	node->n++;
	spin_unlock(&node->lock);
	kfree(p);
	return 0;
}

void node_drop(struct node *node)
{
	call_rcu(&node->rcu, node_free);
}
`));

  it("who takes it may run with softirqs off", () => check(`
static void node_free(struct rcu_head *head)
{
	spin_lock(&all);
	dead++;
	spin_unlock(&all);
	kfree(container_of(head, struct node, rcu));
}

int node_count(void)
{
	int n;

	spin_lock(&all);
	n = dead;
	spin_unlock(&all);
	return n;
}

void node_drop(struct node *node)
{
	call_rcu(&node->rcu, node_free);
}
`));

  it("a timer that takes it is a softirq too", () => check(`
static void node_free(struct rcu_head *head)
{
	spin_lock(&all);
	dead++;
	spin_unlock(&all);
	kfree(container_of(head, struct node, rcu));
}

static void tick(struct timer_list *t)
{
	spin_lock(&all);
	dead = 0;
	spin_unlock(&all);
}

void node_drop(struct node *node, struct timer_list *t)
{
	timer_setup(t, tick, 0);
	call_rcu(&node->rcu, node_free);
}
`));
});
