import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const item = `struct item {
	struct rcu_head rcu;
};

static struct item *only;
static DECLARE_COMPLETION(gone);
`;
const callback = `
static void item_free(struct rcu_head *head)
{
	kfree(container_of(head, struct item, rcu));
}
`;

const check = (code: string): Promise<unknown> => checkRule("rcu/missing-barrier-on-exit", `${item}${code}`);

describe("rcu/missing-barrier-on-exit", () => {
  it("what an unknown call does may be enough", () => check(`${callback}
static void __exit leave(void)
//                 ^^^^^ undecided: unless
{
	call_rcu(&only->rcu, item_free);
	bus_leave(only);
}
module_exit(leave);
`));

  it("whether something is queued that late is not known", () => check(`${callback}
void drop(struct item *i)
{
	call_rcu(&i->rcu, item_free);
}

static void __exit leave(void)
//                 ^^^^^ undecided: within a grace period
{
	only = NULL;
}
module_exit(leave);
`));

  it("what is unregistered waits for callbacks", () => check(`${callback}
static void __exit leave(void)
{
	call_rcu(&only->rcu, item_free);
	unregister_pernet_subsys(&item_net_ops);
}
module_exit(leave);
`));

  it("what is unregistered waits for calls alone", () => check(`${callback}
static void __exit leave(void)
//                 ^^^^^ confirmed: may still be queued
{
	call_rcu(&only->rcu, item_free);
	unregister_netdevice_notifier(&item_notifier);
}
module_exit(leave);
`));

  it("the callback says that it ran", () => check(`
static void item_free(struct rcu_head *head)
{
	kfree(container_of(head, struct item, rcu));
	complete(&gone);
}

static void __exit leave(void)
{
	call_rcu(&only->rcu, item_free);
	wait_for_completion(&gone);
}
module_exit(leave);
`));

  it("a callback of another file is another module's matter", () => check(`
static void __exit leave(void)
{
	call_rcu(&only->rcu, item_free_elsewhere);
}
module_exit(leave);
`));
});
