import { describe, it } from "vitest";
import { reader, srcuReader, types, walker } from "../../test-support/bonds.ts";
import { checkRule } from "../../test-support/check-rule.ts";

const rule = "rcu/free-before-grace-period";

const check = (...parts: readonly string[]): ReturnType<typeof checkRule> => checkRule(rule, parts.join("\n"));

describe("#if groups of whole statements", () => {
  it("a free before the grace period in the #else arm is found", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
#ifdef CONFIG_SLOW
	synchronize_rcu();
	kfree(b);
//      ^^^^^^^^ refuted
#else
	kfree(b);
//      ^^^^^^^^ confirmed: b is freed while flush
	synchronize_rcu();
#endif
}`));

  it("a grace period in each arm refutes it", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
#ifdef CONFIG_FAST
	synchronize_rcu_expedited();
#else
	synchronize_rcu();
#endif
	kfree(b);
//      ^^^^^^^^ refuted
}`));

  it("one that only one arm has is missing in the other builds", () => check(types, walker, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
#ifdef CONFIG_WAIT
	synchronize_rcu();
#endif
	kfree(b);
//      ^^^^^^^^ confirmed
}`));

  it("a reader that is never built with the free says nothing", () => check(types, `
int flush(struct domain *d)
{
	struct bond *b;
	int sum = 0;

#ifdef CONFIG_READERS
	rcu_read_lock();
	list_for_each_entry_rcu(b, &d->bonds, list)
		sum += READ_ONCE(b->id);
	rcu_read_unlock();
#endif
	return sum;
}

void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
#ifdef CONFIG_READERS
	synchronize_rcu();
#endif
	kfree(b);
//      ^^^^^^^^ refuted
}`));
});

describe("pointers", () => {
  it("the old pointer freed after rcu_assign_pointer() is confirmed", () => check(types, reader, `
void set_active(struct domain *d, struct bond *new)
{
	struct bond *old;

	old = rcu_dereference_protected(d->active, lockdep_is_held(&d->mutex));
	rcu_assign_pointer(d->active, new);
	kfree(old);
//      ^^^^^^^^^^ confirmed: old is freed while current_id
}`));

  it("rcu_replace_pointer() and kfree_rcu() refute it", () => check(types, reader, `
void set_active(struct domain *d, struct bond *new)
{
	struct bond *old;

	old = rcu_replace_pointer(d->active, new, lockdep_is_held(&d->mutex));
	kfree_rcu(old, rcu);
//      ^^^^^^^^^^^^^^^^^^^ refuted
}`));

  it("xchg() hands the old pointer out", () => check(types, reader, `
void clear(struct domain *d)
{
	struct bond *old = xchg(&d->active, NULL);

	kfree(old);
//      ^^^^^^^^^^ confirmed
}`));

  it("rcu_dereference_protected(p, 1) says that nobody else is left", () => check(types, reader, `
void destroy(struct domain *d)
{
	struct bond *old = rcu_dereference_protected(d->active, 1);

	RCU_INIT_POINTER(d->active, NULL);
	kfree(old);
//      ^^^^^^^^^^ undecided: nothing else can reach it
}`));

  it("a plain field that no access marks is left open", () => check(`
struct dev { int *table; };

int look(struct dev *d)
{
	int *t, v;

	rcu_read_lock();
	t = d->table;
	v = *t;
	rcu_read_unlock();
	return v;
}

void drop(struct dev *d)
{
	int *old = d->table;

	d->table = NULL;
	kfree(old);
//      ^^^^^^^^^^ undecided: nothing in this file says
}`));

  it("the last reference cannot go while the container holds one", () => check(types, reader, `
static void release(struct kref *ref)
{
	struct bond *b = container_of(ref, struct bond, ref);

	kfree_rcu(b, rcu);
}

void use(struct domain *d)
{
	struct bond *b;

	b = rcu_dereference_protected(d->active, lockdep_is_held(&d->mutex));
	kref_get(&b->ref);
	kref_put(&b->ref, release);
	rcu_assign_pointer(d->active, NULL);
}`));
});

describe("SRCU", () => {
  it("the right domain refutes it", () => check(types, srcuReader, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	synchronize_srcu(&d->srcu);
	kfree(b);
//      ^^^^^^^^ refuted
}`));

  // A grace period of other readers is rcu/wrong-flavour's finding.
  it("another domain does not, and another rule says so", () => check(types, srcuReader, `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	synchronize_srcu(&other_srcu);
	kfree(b);
}`));
});

describe("a list that goes as a whole", () => {
  it("its elements are freed, and never taken out", () => check(types, walker, reader, `
void empty(struct domain *d)
{
	struct bond *b, *next;

	list_for_each_entry_safe(b, next, &d->bonds, list)
		kfree(b);
//              ^^^^^^^^ undecided: without being taken out
}`));

  it("after a grace period, or with what holds it", () => check(types, walker, reader, `
void empty(struct domain *d)
{
	struct bond *b, *next;

	synchronize_rcu();
	list_for_each_entry_safe(b, next, &d->bonds, list)
		kfree(b);
}
void destroy(struct domain *d)
{
	struct bond *b, *next;

	list_for_each_entry_safe(b, next, &d->bonds, list)
		kfree(b);
	kfree(d);
}`));

  it("a list of its own that nobody walks under RCU", () => check(types, walker, reader, `
struct req { struct list_head node; int id; };
void empty(struct list_head *reqs)
{
	struct req *r, *next;

	list_for_each_entry_safe(r, next, reqs, node)
		kfree(r);
}`));
});

describe("what a socket's receivers find", () => {
  const port = (end: string): string => `
struct port { int id; struct socket *sock; struct rcu_head rcu; };
static int port_recv(struct sock *sk, struct sk_buff *skb)
{
	struct port *port = rcu_dereference_sk_user_data(sk);

	if (!port)
		return 1;
	return port->id;
}
int port_open(struct net *net, struct socket *sock, int id)
{
	struct port *port = kzalloc(sizeof(*port), GFP_KERNEL);
	struct udp_tunnel_sock_cfg cfg;
	int err;

	if (!port)
		return -ENOMEM;
	port->id = id;
	cfg.sk_user_data = port;
	cfg.encap_rcv = port_recv;
	setup_udp_tunnel_sock(net, sock, &cfg);
	err = port_list(id);
	if (err)
		goto error;
	return 0;
error:
${end}	return err;
}`;
  it("is freed before the socket lets it go", () => checkRule(rule, port(`	kfree(port);
//      ^^^^^^^^^^^ confirmed: before it is taken out of sock.sk_user_data
	udp_tunnel_sock_release(sock);
`)));
  it("is freed after the socket waited for them", () => checkRule(rule, port(`	udp_tunnel_sock_release(sock);
	kfree(port);
//      ^^^^^^^^^^^ refuted
`)));
});
