/** The operators on small sources of our own: what they change, and which of it is told to change nothing. */

import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/protocol/index.ts";
import { testParser } from "../../src/test-support/review.ts";
import { judgeInjection } from "./judge.ts";
import { rules } from "../../src/rules/registry.ts";
import { applyTo, follows } from "./operator.ts";
import { operators } from "./operators.ts";
import { sitesOf } from "./run.ts";
import { evenSample } from "./sample.ts";

const source = `
struct port { struct list_head list; struct rcu_head rcu; struct kref ref; int id; struct conf __rcu *conf; };
static LIST_HEAD(ports);
static DEFINE_SPINLOCK(lock);
static void port_release(struct rcu_head *head) { kfree(container_of(head, struct port, rcu)); }
static int port_find(int id)
{
	struct port *p;
	struct conf *c;
	int ret = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(p, &ports, list) {
		if (p->id == id) {
			if (!kref_get_unless_zero(&p->ref)) {
				rcu_read_unlock();
				return 0;
			}
			c = rcu_dereference(p->conf);
			if (!c)
				continue;
			ret = c->mtu;
		}
	}
	c = rcu_dereference(first->conf);
	ret += c->mtu;
	rcu_read_unlock();
	return ret;
}
static int port_add(int id, struct conf *conf)
{
	struct port *p = NULL;

	p = kzalloc(sizeof(*p), GFP_KERNEL);
	p->id = id;
	spin_lock(&lock);
	rcu_assign_pointer(current_conf, conf);
	rcu_assign_pointer(old_conf, NULL);
	list_add_rcu(&p->list, &ports);
	note = kmalloc(4, GFP_ATOMIC);
	spin_unlock(&lock);
	smp_wmb();
	dma_wmb();
	writel_relaxed(1, doorbell);
	return 0;
}
static void port_del(struct port *p, struct port *all)
{
	spin_lock(&lock);
	list_del_rcu(&p->list);
	spin_unlock(&lock);
	p->id = 0;
	kfree_rcu(p, rcu);
	call_rcu(&all->rcu, port_release);
}
static void port_del_slowly(struct port *p)
{
	list_del_rcu(&p->list);
	synchronize_rcu();
	kfree(p);
}
static void all_del(void)
{
	for (int i = 0; i < 4; i++) {
		kfree_rcu(table[i], rcu);
	}
}
static int port_sleepy(void)
{
	int idx;

	idx = srcu_read_lock(&domain);
	use(srcu_dereference(shared, &domain)->id);
	srcu_read_unlock(&domain, idx);
	synchronize_srcu(&domain);
	return 0;
}
static void give_up(void)
{
	struct port *fresh = NULL;
	fresh = kzalloc(4, GFP_KERNEL);
	kfree_rcu(fresh, rcu);
}
static void __exit ports_exit(void)
{
	rcu_barrier();
}
module_exit(ports_exit);
`;

const lineOf = (text: string): number => source.slice(0, source.indexOf(text)).split("\n").length;

describe("operators", () => {
  it("ask for rules that there are", () => {
    const known = new Set(rules.map(({ meta }) => meta.id));
    for (const operator of operators) expect(operator.rules.filter((id) => !known.has(id)), operator.name).toEqual([]);
  });

  it("take the size of an object for no use of it", () => {
    expect(follows("atomic_sub(sizeof(*p), &all);", "p")).toBe(false);
    expect(follows("atomic_sub(sizeof(*p), &p->all);", "p")).toBe(true);
  });

  it("each find a place, and what they leave parses", async () => {
    const parser = await testParser();
    const sites = sitesOf(parser, "x.c", source);
    expect(operators.map(({ name }) => name).filter((name) => !sites.some(({ operator }) => operator === name))).toEqual([]);
    for (const { operator, edits } of sites) {
      const changed = applyTo(source, edits);
      expect(changed, operator).not.toBe(source);
      expect(changed.split("\n").length, operator).toBe(source.split("\n").length);
      const outcome = parser.parse(changed);
      expect(outcome.kind === "parsed" && outcome.unit.notAnalysed, `${operator}\n${changed}`).toEqual([]);
      expect(outcome.kind === "parsed" && outcome.unit.functions.some(({ hasError }) => hasError), operator).toBe(false);
    }
  });

  const changes: readonly (readonly [string, string, string])[] = [
    ["kfree_rcu-to-kfree", "kfree_rcu(p, rcu)", "kfree(p);"],
    ["call_rcu-to-direct-call", "call_rcu(", "port_release(&all->rcu);"],
    ["use-after-kfree_rcu", "kfree_rcu(p, rcu)", "kfree_rcu(p, rcu); p->id = 0;"],
    ["rcu_assign_pointer-to-plain-store", "rcu_assign_pointer(current", "current_conf = conf;"],
    ["rcu_dereference-to-plain-load", "rcu_dereference(first", "c = (first->conf);"],
    ["walk_rcu-to-plain-walk", "list_for_each_entry_rcu", "list_for_each_entry(p, &ports, list) {"],
    ["kref_get-from-zero", "kref_get_unless_zero", "if (!(kref_get(&p->ref), 1)) {"],
    ["double-fetch", "c = rcu_dereference(p->conf)", "ret = rcu_dereference(p->conf)->mtu;"],
    ["init-after-publication", "list_add_rcu", "list_add_rcu(&p->list, &ports); p->id = id;"],
    ["use-after-unlock", "rcu_read_unlock();\n\treturn ret", "rcu_read_unlock(); ret += c->mtu;"],
    ["GFP_ATOMIC-to-GFP_KERNEL", "GFP_ATOMIC", "note = kmalloc(4, GFP_KERNEL);"],
  ];
  it.each(changes)("%s changes what it is about", async (operator, at, expected) => {
    const site = sitesOf(await testParser(), "x.c", source, operator).find(({ line }) => line === lineOf(at));
    expect(site?.neutral, at).toBe("");
    expect(applyTo(source, site?.edits ?? []), operator).toContain(expected);
  });

  it("tell what changes nothing", async () => {
    const sites = sitesOf(await testParser(), "x.c", source);
    const neutral = (operator: string, at: string): string | undefined => sites.find((site) => site.operator === operator && site.line === lineOf(at))?.neutral;
    expect(neutral("kfree_rcu-to-kfree", "kfree_rcu(fresh")).toBe("not published yet");
    expect(neutral("rcu_assign_pointer-to-plain-store", "rcu_assign_pointer(old_conf")).toBe("the value needs no order");
    expect(neutral("drop-barrier", "smp_wmb")).toBe("another barrier follows");
    expect(neutral("drop-synchronize_rcu", "synchronize_rcu")).toBe("");
  });

  it("know which barriers a register write makes needless, and which have nothing behind them", async () => {
    const neutralOf = async (body: string, helper = ""): Promise<string | undefined> => sitesOf(await testParser(), "x.c", `${helper}static int f(struct ring *r, struct desc *d)\n{\n${body}\n}\n`, "drop-barrier")[0]?.neutral;
    const kick = "static void kick(struct ring *r)\n{\n\tu32 v = readl(r->io);\n\n\twritel(v | 1, r->io);\n}\n";
    expect(await neutralOf("\td->len = 4;\n\tdma_wmb();\n\tkick(r);\n\treturn 0;", kick)).toBe("writel() orders stores before it");
    expect(await neutralOf("\td->len = 4;\n\tdma_wmb();\n\tkick(r);\n\treturn 0;", kick.replace("\twritel(", "\tr->flags |= 1;\n\twritel("))).toBe("");
    expect(await neutralOf("\td->len = 4;\n\tdma_wmb();\n\td->own = 1;\n\twritel(1, r->io);\n\treturn 0;")).toBe("");
    expect(await neutralOf("\tdo_poll(d);\n\tdma_rmb();\n\tr->next = d;\n\treturn 0;")).toBe("nothing is read behind it");
    expect(await neutralOf("\tdo_poll(d);\n\tdma_rmb();\n\treturn d->len;")).toBe("");
  });

  it("count a wait only behind what was taken out, and a publication only of what the variable holds last", async () => {
    const neutralOf = async (operator: string, body: string): Promise<string | undefined> => sitesOf(await testParser(), "x.c", `static void f(struct port *p, struct conf *conf)\n{\n${body}\n}\n`, operator)[0]?.neutral;
    const loop = (last: string): string => `\tfor (; conf; conf = conf->next) {\n\t\tif (conf->id == p->id) {\n\t\t\tkfree_rcu(conf, rcu);\n${last}\t\t}\n\t}`;
    expect(await neutralOf("synchronize_rcu-in-loop", loop("\t\t\tbreak;\n"))).toBe("the loop ends with it");
    expect(await neutralOf("synchronize_rcu-in-loop", loop(""))).toBe("");
    expect(await neutralOf("kfree_rcu-to-kfree", "\tlist_del_rcu(&p->list);\n\tsynchronize_rcu();\n\tkfree_rcu(p, rcu);")).toBe("a grace period before it");
    expect(await neutralOf("kfree_rcu-to-kfree", "\tsynchronize_rcu();\n\tlist_del_rcu(&p->list);\n\tkfree_rcu(p, rcu);")).toBe("");
    expect(await neutralOf("rcu_assign_pointer-to-plain-store", "\tconf = rcu_dereference_protected(p->conf, 1);\n\trcu_assign_pointer(other, conf);")).toBe("was published before");
    expect(await neutralOf("rcu_assign_pointer-to-plain-store", "\tconf = rcu_dereference_protected(p->conf, 1);\n\tif (conf)\n\t\treturn;\n\tconf = conf_get();\n\trcu_assign_pointer(p->conf, conf);")).toBe("");
  });

  it("see that the variable holds another object by then", async () => {
    const text = "static LIST_HEAD(l);\nvoid swap_in(void)\n{\n\tstruct a *p = NULL;\n\n\tp = kzalloc(4, GFP_KERNEL);\n\tp = rcu_replace_pointer(shared, p, true);\n\tkfree_rcu(p, rcu);\n}\n";
    expect(sitesOf(await testParser(), "x.c", text, "kfree_rcu-to-kfree").map(({ neutral }) => neutral)).toEqual([""]);
  });

  it("take for a new object only what an allocator returned, whatever the function is called that gave it", async () => {
    const kept = "static LIST_HEAD(nodes);\nstatic struct node *node_take(void)\n{\n\tstruct node *n = kzalloc(4, GFP_KERNEL);\n\n\treturn n;\n}\nstatic struct node *node_alloc(int id)\n{\n\tstruct node *n;\n\n\tlist_for_each_entry_rcu(n, &nodes, list)\n\t\tif (n->id == id)\n\t\t\treturn n;\n\tn = kzalloc(4, GFP_KERNEL);\n\tlist_add_rcu(&n->list, &nodes);\n\treturn n;\n}\nstatic struct node *node_create(void)\n{\n\treturn kzalloc(4, GFP_KERNEL);\n}\n";
    const give = (from: string): string => `${kept}void give(void)\n{\n\tstruct node *n;\n\n\tn = ${from}(1);\n\tkfree_rcu(n, rcu);\n}\n`;
    const neutral = async (text: string): Promise<unknown> => sitesOf(await testParser(), "x.c", text, "kfree_rcu-to-kfree").map((site) => site.neutral);
    expect(await neutral(give("node_alloc"))).toEqual([""]);
    expect(await neutral(give("node_create"))).toEqual(["not published yet"]);
    expect(await neutral(give("elsewhere_node_new"))).toEqual(["?"]);
    const reused = `${kept}void reuse(void)\n{\n\tstruct node *n;\n\n\tlist_for_each_entry_rcu(n, &nodes, list)\n\t\tif (n->old)\n\t\t\tgoto out;\n\tn = kzalloc(4, GFP_KERNEL);\nout:\n\tkfree_rcu(n, rcu);\n}\n`;
    expect(await neutral(reused)).toEqual([""]);
    expect(await neutral(reused.replace("goto out", "return"))).toEqual(["not published yet"]);
  });

  it("count a writer's lock only where the writers hold it", async () => {
    const text = (held: string): string => `static int mtu(struct port *p)\n{\n\tstruct conf *c;\n\n\tc = rcu_dereference(p->conf);\n\tif (c)\n\t\treturn c->mtu;\n\treturn 0;\n}\nint outer(struct port *p)\n{\n\tint n;\n\n\tspin_lock(&p->${held});\n\tn = mtu(p);\n\tspin_unlock(&p->${held});\n\treturn n;\n}\nvoid set(struct port *p, struct conf *c)\n{\n\tspin_lock(&p->conf_lock);\n\trcu_assign_pointer(p->conf, c);\n\tspin_unlock(&p->conf_lock);\n}\n`;
    const neutral = async (held: string): Promise<unknown> => sitesOf(await testParser(), "x.c", text(held), "double-fetch").map((site) => site.neutral);
    expect(await neutral("conf_lock")).toEqual(["a writer's lock is held"]);
    expect(await neutral("stats_lock")).toEqual([""]);
    const byHook = "static int mtu(struct port *p)\n{\n\tstruct conf *c;\n\n\tc = rcu_dereference(p->conf);\n\tif (c)\n\t\treturn c->mtu;\n\treturn 0;\n}\nstruct ops o = { .encap_rcv = mtu };\n";
    expect(sitesOf(await testParser(), "x.c", byHook, "double-fetch").map((site) => site.neutral)).toEqual([""]);
  });

  it("take another lock for as good only where the other updaters hold it", async () => {
    const update = (name: string, around: string): string => `void ${name}(struct port *p)\n{\n\tmutex_lock(&p->${around});\n\tspin_lock(&p->lock);\n\tlist_add_rcu(&p->list, &p->up->ports);\n\tspin_unlock(&p->lock);\n\tmutex_unlock(&p->${around});\n}\n`;
    const neutral = async (text: string): Promise<unknown> => sitesOf(await testParser(), "x.c", text, "drop-update-lock").map((site) => site.neutral);
    expect(await neutral(update("a", "all") + update("b", "all"))).toEqual(["another lock is held", "another lock is held"]);
    expect(await neutral(update("a", "all") + update("b", "one"))).toEqual(["?", "?"]);
    expect(await neutral(update("a", "all"))).toEqual(["?"]);
  });

  it("count a barrier before a barrier only where nothing can be queued between the two", async () => {
    const text = (leave: string, callback: string): string => `struct port { struct rcu_head rcu; };\nstatic struct port_ops ops = { .del = port_del };\nstatic void port_free(struct rcu_head *head)\n{\n\tstruct port *p = container_of(head, struct port, rcu);\n\n\t${callback}\n\tkfree(p);\n}\nvoid port_del(struct port *p)\n{\n\tcall_rcu(&p->rcu, port_free);\n}\nstatic void __exit ports_exit(void)\n{\n\t${leave}\n\trcu_barrier();\n\tkmem_cache_destroy(ports);\n}\n`;
    const neutral = async (leave: string, callback = ";"): Promise<unknown> => sitesOf(await testParser(), "x.c", text(leave, callback), "drop-rcu_barrier").map((site) => site.neutral);
    expect(await neutral("unregister_pernet_subsys(&ports_net);")).toEqual(["what stands before it waits for callbacks"]);
    expect(await neutral("unregister_netdevice_notifier(&ports_nb);")).toEqual([""]);
    expect(await neutral("unregister_pernet_subsys(&ports_net);\n\tcancel_work_sync(&ports_work);")).toEqual([""]);
    expect(await neutral("unregister_pernet_subsys(&ports_net);\n\tports_unregister(&ops);")).toEqual([""]);
    expect(await neutral("unregister_pernet_subsys(&ports_net);\n\tports_done();")).toEqual(["?"]);
    expect(await neutral("unregister_pernet_subsys(&ports_net);", "port_put(p->up);")).toEqual(["?"]);
    expect(await neutral("unregister_pernet_subsys(&ports_net);", "p->ops->gone(p);")).toEqual(["?"]);
    expect(await neutral("unregister_pernet_subsys(&ports_net);", "call_rcu(&p->up->rcu, port_free);")).toEqual(["?"]);
  });

  it("know a list that is the function's own", async () => {
    const text = (head: string): string => `static LIST_HEAD(ports);\nint mtu(void)\n{\n\tstruct port *p;\n\n\tlist_for_each_entry_rcu(p, &ports, list)\n\t\treturn p->mtu;\n\treturn 0;\n}\nvoid collect(void)\n{\n\tLIST_HEAD(gone);\n\tstruct port *n;\n\n\tn = kmalloc(8, GFP_KERNEL);\n\tn->mtu = 4;\n\tlist_add_rcu(&n->list, &${head});\n}\n`;
    for (const operator of ["init-after-publication", "list_add_rcu-to-list_add"]) {
      expect(sitesOf(await testParser(), "x.c", text("ports"), operator).map((site) => site.neutral), operator).toEqual([""]);
      expect(sitesOf(await testParser(), "x.c", text("gone"), operator).map((site) => site.neutral), operator).toEqual(["a list of this function alone"]);
    }
  });

  it("know tables whose functions are called inside a section", async () => {
    const text = (struct: string): string => `static void notify(struct port *p)\n{\n\tstruct client *c;\n\n\trcu_read_lock();\n\tlist_for_each_entry_rcu(c, &p->clients, node)\n\t\tc->ready = 1;\n\trcu_read_unlock();\n}\nstatic void port_event(struct port *p)\n{\n\tnotify(p);\n}\nstatic struct ${struct} handler = {\n\t.event = port_event,\n};\n`;
    expect(sitesOf(await testParser(), "x.c", text("input_handler"), "drop-read-lock").map(({ neutral }) => neutral)).toEqual(["a caller's section covers it"]);
    expect(sitesOf(await testParser(), "x.c", text("port_ops"), "drop-read-lock").map(({ neutral }) => neutral)).toEqual([""]);
  });

  it("see a caller's section", async () => {
    const text = "static int walk(void)\n{\n\tint n = 0;\n\n\trcu_read_lock();\n\tn = rcu_dereference(a)->n;\n\trcu_read_unlock();\n\treturn n;\n}\nint outer(void)\n{\n\tint n;\n\n\trcu_read_lock();\n\tn = walk();\n\trcu_read_unlock();\n\treturn n;\n}\n";
    expect(sitesOf(await testParser(), "x.c", text, "drop-read-lock").map(({ neutral }) => neutral)).toEqual(["a caller's section covers it"]);
  });
});

describe("the sample", () => {
  it("is even over the operators and the same for the same seed", () => {
    const items = Array.from({ length: 100 }, (_, n) => ({ operator: n < 90 ? "a" : "b", n }));
    const sample = evenSample(items, 12, 7);
    expect(sample.filter(({ operator }) => operator === "b")).toHaveLength(6);
    expect(evenSample(items, 12, 7)).toEqual(sample);
    expect(evenSample(items, 12, 8)).not.toEqual(sample);
    expect(evenSample(items, 500, 7)).toHaveLength(100);
  });
});

describe("an injection", () => {
  const finding = (name: string, verdict: "confirmed" | "undecided" | "refuted", line = 3): Finding => ({ rule: "rcu/a", severity: "error", file: "x.c", line, column: 1, endLine: line, endColumn: 2, function: name, message: `p is freed while g (line ${String(line)}) reads it`, evidence: { verdict, reason: "", limit: null, class: null, ladder: null, executions: 1, counterpart: null, assumptions: [] }, path: [], related: [], steps: [], fixes: [] });
  const verdict = (before: readonly Finding[], after: readonly Finding[]): string => judgeInjection(before, after, ["rcu/a"], "f").verdict;

  it("is flagged by what is new in its function, and confirmed by the verdict", () => {
    expect(verdict([], [finding("f", "confirmed")])).toBe("confirmed");
    expect(verdict([], [finding("f", "undecided")])).toBe("flagged");
    expect(verdict([finding("f", "undecided", 9)], [finding("f", "undecided")])).toBe("missed");
    expect(verdict([finding("f", "undecided")], [finding("f", "confirmed")])).toBe("confirmed");
    expect(verdict([], [finding("g", "confirmed"), finding("f", "refuted")])).toBe("missed");
    const note: Finding = { ...finding("f", "undecided"), severity: "note" };
    expect([verdict([], [note]), verdict([note], [note]), verdict([], [{ ...finding("f", "refuted"), severity: "note" }])]).toEqual(["noted", "missed", "missed"]);
  });
});
