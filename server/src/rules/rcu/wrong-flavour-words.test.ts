/** Words that are no pointers: a flag that readers ask in their sections, and that is set before they are waited for. */

import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const check = (...parts: readonly string[]): ReturnType<typeof checkRule> => checkRule("rcu/wrong-flavour", parts.join("\n"));

const types = `#define PORT_CLOSED 3

struct port {
	struct list_head list;
	struct list_head users;
	struct srcu_struct srcu;
	struct mutex lock;
	unsigned long flags;
	bool closed;
	int mtu;
};
`;

const send = (asks: string, enter = "idx = srcu_read_lock(&p->srcu)", leave = "srcu_read_unlock(&p->srcu, idx)", name = "port_send"): string => `
int ${name}(struct port *p, int len)
{
	int ret = -ENODEV;
	int idx;

	${enter};
	if (!${asks})
		ret = port_write(p, len);
	${leave};
	return ret;
}
`;

const close = (writes: string, wait: string, found = ""): string => `
void port_close(struct port *p)
{
	mutex_lock(&p->lock);
	${writes};
	mutex_unlock(&p->lock);
	${wait};
${found}	port_stop(p);
}
`;

describe("a wait for nobody in sight, behind a word that others read", () => {
  it("a flag of its own", () => check(types, send("p->closed"), close("p->closed = true", "synchronize_rcu()", "//      ^^^^^^^^^^^^^^^^^ undecided: does not wait for port_send (line\n")));
  it("a bit", () => check(types, send("test_bit(PORT_CLOSED, &p->flags)"), close("set_bit(PORT_CLOSED, &p->flags)", "synchronize_rcu()", "//      ^^^^^^^^^^^^^^^^^ undecided: does not wait for port_send (line\n")));
  it("another bit of the same word", () => check(types, send("test_bit(5, &p->flags)"), close("set_bit(PORT_CLOSED, &p->flags)", "synchronize_rcu()")));
  it("a list that something is put on", () => check(types, `
int port_count(struct port *p)
{
	struct port *user;
	int idx, n = 0;

	idx = srcu_read_lock(&p->srcu);
	list_for_each_entry_srcu(user, &p->users, list, srcu_read_lock_held(&p->srcu))
		n += user->mtu;
	srcu_read_unlock(&p->srcu, idx);
	return n;
}

void port_join(struct port *p, struct port *user)
{
	mutex_lock(&p->lock);
	list_add_rcu(&user->list, &p->users);
	mutex_unlock(&p->lock);
	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ undecided: does not wait for port_count (line
}
`));
  it("a list whose first element is asked for, by typeof()", () => check(types, `
int port_first(struct port *p)
{
	struct port *user;
	int idx, n = 0;

	idx = srcu_read_lock(&p->srcu);
	user = list_first_or_null_rcu(&p->users, typeof(*user), list);
	if (user)
		n = user->mtu;
	srcu_read_unlock(&p->srcu, idx);
	return n;
}

void port_leave(struct port *p, struct port *user)
{
	mutex_lock(&p->lock);
	list_del_rcu(&user->list);
	mutex_unlock(&p->lock);
	synchronize_rcu();
//      ^^^^^^^^^^^^^^^^^ undecided: does not wait for port_first (line
}
`));
  it("the readers' own domain", () => check(types, send("p->closed"), close("p->closed = true", "synchronize_srcu(&p->srcu)")));
  it("both", () => check(types, send("p->closed"), close("p->closed = true", "synchronize_rcu();\n\tsynchronize_srcu(&p->srcu)")));
  it("others that it may be for", () => check(types, send("p->closed"), send("p->mtu", "rcu_read_lock()", "rcu_read_unlock()", "port_peek"), close("p->closed = true", "synchronize_rcu()")));
  it("something else is taken out, and its readers may be elsewhere", () => check(types, send("p->closed"), close("p->closed = true;\n\tlist_del_rcu(&p->list)", "synchronize_rcu()")));
  it("the word is read in no section", () => check(types, send("p->closed", "port_get(p)", "port_put(p)"), close("p->closed = true", "synchronize_rcu()")));
});

describe("a section that nobody in sight waits for, among others of another flavour", () => {
  const stray = (asks: string, enter = "rcu_read_lock()", leave = "rcu_read_unlock()"): string => send(asks, enter, leave, "port_poll");

  it("reads what the others read, whom somebody waits for", () => check(types, send("p->closed"), close("p->closed = true", "synchronize_srcu(&p->srcu)"), stray("p->closed").replace("	if (!p->closed)", "	if (!p->closed)\n//           ^^^^^^^^^ undecided: synchronize_srcu(&p->srcu) does not wait for this one")));
  it("reads something else", () => check(types, send("p->closed"), close("p->closed = true", "synchronize_srcu(&p->srcu)"), stray("p->mtu")));
  it("is waited for as well", () => check(types, send("p->closed"), close("p->closed = true", "synchronize_srcu(&p->srcu);\n\tsynchronize_rcu()"), stray("p->closed")));
  it("somebody waits for it, somewhere", () => check(types, send("p->closed"), close("p->closed = true", "synchronize_srcu(&p->srcu)"), stray("p->closed"), `
void port_drop(struct port *p)
{
	list_del_rcu(&p->list);
	synchronize_rcu();
	kfree(p);
}
`));
  it("stands in the others' section as well", () => check(types, send("p->closed"), close("p->closed = true", "synchronize_srcu(&p->srcu)"), stray("p->closed", "idx = srcu_read_lock(&p->srcu);\n\trcu_read_lock()", "rcu_read_unlock();\n\tsrcu_read_unlock(&p->srcu, idx)")));
});
