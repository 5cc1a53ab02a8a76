import { describe, expect, it } from "vitest";
import { factsOfText } from "../test-support/review.ts";
import { FactsOfFile, type FunctionFacts, type Point } from "./function-facts.ts";

const structs = `
struct table { spinlock_t lock; struct mutex m; struct list_head items; struct item __rcu *first; struct rcu_head rcu; int *stats; };
struct item { struct list_head node; struct table *table; void __iomem *regs; struct kref ref; struct rcu_head rcu; };
`;

async function factsFor(code: string, name = "f"): Promise<FunctionFacts> {
  const facts = new FactsOfFile(await factsOfText(structs + code)).of(name);
  if (facts === undefined) throw new Error(`there is no ${name}`);
  return facts;
}

const held = ({ locks, sections }: Pick<Point, "locks" | "sections">): string => {
  const all = [...locks.map(({ place, on }) => place + (on === "some" ? "?" : "")), ...sections.map(({ name, on }) => name + (on === "some" ? "?" : ""))];
  return all.length === 0 ? "" : ` @ ${all.join(", ")}`;
};
const outline = ({ points }: FunctionFacts): readonly string[] => points.map((point) => `${point.effect} ${point.place}${held(point)}`);
const exits = (facts: FunctionFacts): readonly string[] => facts.exits.map((exit) => `${String(exit.line)} ${exit.kind} ${exit.value}${held(exit)}${exit.isBalanced ? "" : " unbalanced"}`);

describe("an #if group", () => {
  it("of whole statements is read in both arms", async () => {
    const facts = await factsFor("void f(struct table *t)\n{\n#ifdef A\n\tspin_lock(&t->lock);\n#else\n\tmutex_lock(&t->m);\n#endif\n\tsynchronize_rcu();\n#ifdef A\n\tspin_unlock(&t->lock);\n#else\n\tmutex_unlock(&t->m);\n#endif\n}");
    expect(outline(facts)).toEqual(["lock t->lock", "lock t->m", "wait rcu @ t->lock?, t->m?", "unlock t->lock @ t->lock", "unlock t->m @ t->m"]);
    expect(facts.exits.map(({ isBalanced }) => isBalanced)).toEqual([true]);
    expect(facts.notFollowed).toEqual([]);
  });

  it("that defines the function again is named", async () => {
    const facts = await factsFor("#ifdef A\nvoid f(struct table *t) { synchronize_rcu(); }\n#else\nvoid f(struct table *t) { }\n#endif\n");
    expect(outline(facts)).toEqual(["wait rcu"]);
    expect(facts.notFollowed).toEqual([{ reason: "f() is defined again in another arm of #if, which was not read", line: null, endLine: null }]);
  });
});

describe("what holds at a point", () => {
  it("on all paths, or on some, is told apart", async () => {
    const facts = await factsFor("void f(struct table *t, int a) { if (a) spin_lock(&t->lock); synchronize_rcu(); if (a) spin_unlock(&t->lock); }");
    expect(outline(facts)).toEqual(["lock t->lock", "wait rcu @ t->lock?", "unlock t->lock @ t->lock"]);
  });

  it("a lock that was not had is not held, and nobody unlocks it", async () => {
    const facts = await factsFor("int f(struct table *t) { if (!mutex_trylock(&t->m)) return 1; synchronize_rcu(); mutex_unlock(&t->m); return 0; }");
    expect(outline(facts)).toEqual(["lock t->m", "wait rcu @ t->m", "unlock t->m @ t->m"]);
    expect(facts.points[0]?.detail).toBe("mutex, may fail");
    expect(exits(facts)).toEqual(["0 return 1", "0 return 0"]);
  });

  it("a lock that an unknown call gives is named as it is written", async () => {
    const facts = await factsFor("void f(struct table *t) { spin_unlock(lock_of(t)); }");
    expect(facts.points.filter(({ effect }) => effect === "unlock").map(({ place, key }) => [place, key])).toEqual([["lock_of(t)", ""]]);
    expect(facts.summary.needs).toEqual([{ what: "lock_of(t) held", line: 0 }]);
  });

  it("sections carry the name of what opened them", async () => {
    const facts = await factsFor("void f(void) { rcu_read_lock_bh(); g(); rcu_read_unlock_bh(); local_bh_disable(); h(); local_bh_enable(); }");
    expect(outline(facts).filter((line) => line.startsWith("opaque"))).toEqual(["opaque g() @ rcu_bh", "opaque h() @ bh off"]);
  });

  it("an SRCU section names its domain", async () => {
    const facts = await factsFor("struct s { struct srcu_struct srcu; }; void f(struct s *s) { int i = srcu_read_lock(&s->srcu); g(); srcu_read_unlock(&s->srcu, i); synchronize_srcu(&s->srcu); }");
    expect(facts.points.find(({ effect }) => effect === "opaque")?.sections).toMatchObject([{ name: "srcu", domain: "s.srcu" }]);
    expect(facts.summary.waits).toMatchObject([{ flavour: "srcu", domain: "s.srcu", on: "all" }]);
  });

  it("what the caller holds, says an assertion", async () => {
    const facts = await factsFor("void f(struct table *t) { lockdep_assert_held(&t->lock); list_del_rcu(&t->items); }");
    expect(facts.points[0]?.locks).toMatchObject([{ place: "t->lock", isAsserted: true, line: null }]);
    expect(facts.summary.needs).toEqual([{ what: "t->lock held", line: null }]);
  });
});

describe("the ends of scopes", () => {
  it("guard() is left where each return is", async () => {
    const facts = await factsFor(`int f(struct table *t, int a)
{
	guard(mutex)(&t->m);
	if (a)
		return 1;
	g();
	return 0;
}`);
    expect(facts.points.map(({ line, effect }) => `${String(line)} ${effect}`)).toEqual(["2 lock", "4 unlock", "5 opaque", "6 unlock"]);
    expect(facts.points[2]?.locks).toMatchObject([{ place: "t->m", guard: "guard(mutex)", line: 2 }]);
    expect(facts.exits.every(({ isBalanced }) => isBalanced)).toBe(true);
  });

  it("scoped_guard() is left at its end and by a goto", async () => {
    const facts = await factsFor(`int f(struct table *t, int a)
{
	scoped_guard(spinlock, &t->lock) {
		if (a)
			goto out;
		g();
	}
	h();
out:
	return 0;
}`);
    expect(facts.points.map(({ line, effect, place }) => `${String(line)} ${effect} ${place}`)).toEqual(["2 lock t->lock", "4 unlock t->lock", "5 opaque g()", "6 unlock t->lock", "7 opaque h()"]);
  });

  it("guard(rcu) opens a section", async () => {
    const facts = await factsFor("void f(struct table *t) { struct item *i; guard(rcu)(); i = rcu_dereference(t->first); }");
    expect(outline(facts)).toEqual(["reader-enter rcu", "rcu-read t->first @ rcu", "reader-leave rcu @ rcu"]);
  });

  it("a variable with __free() is freed on each way out, but not where it is NULL", async () => {
    const facts = await factsFor(`int f(int a)
{
	char *p __free(kfree) = kzalloc(8, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	if (a)
		return 1;
	return 0;
}`);
    expect(facts.points.map(({ line, effect, place, detail }) => `${String(line)} ${effect} ${place} ${detail}`)).toEqual(["2 allocate p kzalloc, GFP_KERNEL", "7 free p __free(kfree)", "8 free p __free(kfree)"]);
    expect(facts.control).toEqual([{ kind: "cleanup", line: 2, name: "p", class: "__free(kfree)" }]);
  });

  it("a return with the lock held is unbalanced, and acquires", async () => {
    const facts = await factsFor("int f(struct table *t, int a) { spin_lock(&t->lock); if (a) return 1; spin_unlock(&t->lock); return 0; }");
    expect(exits(facts)).toEqual(["0 return 1 @ t->lock unbalanced", "0 return 0"]);
    expect(facts.summary.acquires).toMatchObject([{ place: "t->lock", on: "some" }]);
  });

  it("a lock of the caller's that is given up and taken again is no imbalance", async () => {
    const facts = await factsFor("int f(struct table *t) { spin_unlock(&t->lock); msleep(1); spin_lock(&t->lock); return 0; }");
    expect(facts.exits).toMatchObject([{ isBalanced: true, locks: [{ place: "t->lock", isAsserted: true }] }]);
    expect(facts.summary).toMatchObject({ acquires: [], releases: [{ place: "t->lock", on: "all" }] });
  });

  it("a callee that jumps into a block is not taken to return with its lock held", async () => {
    const facts = await factsFor(`
static int g(struct table *t, int a) { rcu_read_lock(); if (a) goto in; { if (a == 3) { in: h(); } } rcu_read_unlock(); return 0; }
int f(struct table *t, int a) { return g(t, a); }`);
    expect(facts.exits.every(({ isBalanced }) => isBalanced)).toBe(true);
    expect(facts.notFollowed.map(({ reason }) => reason)).toContain("g() jumps into a block, to in");
  });

  it("an unlock of what was not taken releases, and needs it", async () => {
    const facts = await factsFor("void f(struct table *t) { spin_unlock(&t->lock); rcu_read_unlock(); }");
    expect(facts.summary.releases).toEqual([{ place: "t->lock", key: "table.lock", on: "all" }, { place: "rcu", key: "", on: "all" }]);
    expect(facts.summary.needs.map(({ what }) => what)).toEqual(["t->lock held", "a read-side section"]);
  });
});

describe("one object", () => {
  it("has one name through container_of() and &x->member", async () => {
    const facts = await factsFor(`
static struct item *to_item(struct rcu_head *h) { return container_of(h, struct item, rcu); }
void f(struct rcu_head *head) { struct item *item = to_item(head), *again = item; struct list_head *l = &item->node; list_del_rcu(l); kfree(again); }`);
    expect(outline(facts)).toEqual(["unlink item->node", "free item"]);
    expect(facts.objects).toMatchObject([{ name: "item", is: "container_of(head, struct item, rcu)", also: ["again"] }, { name: "l", is: "&item->node" }]);
    expect(facts.summary.frees).toEqual([{ parameter: 1, name: "head", object: "item", when: "now", on: "all" }]);
  });

  it("has a key that is the same in another function", async () => {
    const facts = await factsFor("void f(struct item *i) { spin_lock(&i->table->lock); spin_unlock(&i->table->lock); }");
    expect(facts.points[0]).toMatchObject({ place: "i->table->lock", key: "table.lock" });
  });

  it("is freed after a grace period where call_rcu() gets a callback that frees", async () => {
    const facts = await factsFor(`
static void item_free(struct rcu_head *h) { kfree(container_of(h, struct item, rcu)); }
void f(struct item *i, int a) { if (a) call_rcu(&i->rcu, item_free); }`);
    expect(outline(facts)).toEqual(["call-rcu i"]);
    expect(facts.summary.frees).toEqual([{ parameter: 1, name: "i", object: "i", when: "after a grace period", on: "some" }]);
  });

  it("escapes where it is stored, handed to an unknown call, or returned", async () => {
    const facts = await factsFor("struct item *f(struct table *t, struct item *i) { i->table = t; g(i, 3); i->regs = NULL; return i; }");
    expect(facts.points.map(({ effect, escapes }) => `${effect}: ${escapes.join()}`)).toEqual(["escape: t", "opaque: i"]);
    expect(facts.exits).toMatchObject([{ value: "i", escapes: ["i"] }]);
  });

  it("says whose value an RCU pointer gets", async () => {
    const facts = await factsFor("void f(struct table *t, struct item *i) { rcu_assign_pointer(t->first, i); RCU_INIT_POINTER(t->first, NULL); }");
    expect(facts.points.map(({ effect, place, detail }) => `${effect} ${place} ${detail}`)).toEqual(["publish t->first = i, rcu_assign_pointer", "publish t->first = NULL, RCU_INIT_POINTER"]);
  });
});

describe("effects", () => {
  it("knows registers, references, barriers and marked accesses", async () => {
    const facts = await factsFor(`void f(struct item *i, int *x) {
	writel_relaxed(1, i->regs + 8); readl(i->regs); readl_poll_timeout(i->regs, *x, *x & 1, 1, 10);
	kref_get(&i->ref); kref_put(&i->ref, gone); smp_mb(); WRITE_ONCE(*x, 1); READ_ONCE(*x); }`);
    expect(facts.points.map(({ effect, place }) => `${effect} ${place}`)).toEqual([
      "mmio-write i->regs + 8", "mmio-read i->regs", "mmio-poll i->regs", "ref-get i->ref", "ref-put i->ref", "barrier mb", "store *x", "load *x",
    ]);
    expect(facts.summary.sleeps.answer).toBe("yes");
  });

  it("sleeping follows the flags of an allocation", async () => {
    const sleeps = async (flags: string): Promise<string> => (await factsFor(`void f(gfp_t gfp) { kfree(kmalloc(8, ${flags})); }`)).summary.sleeps.answer;
    expect([await sleeps("GFP_KERNEL"), await sleeps("GFP_ATOMIC"), await sleeps("gfp")]).toEqual(["yes", "no", "by flags"]);
  });

  it("a call that may sleep stays unknown otherwise", async () => {
    const facts = await factsFor("void f(struct work_struct *w) { flush_work(w); msleep(3); }");
    expect(facts.points.map(({ effect, place, sleeps }) => `${effect} ${place} ${sleeps}`)).toEqual(["opaque flush_work() yes", "sleep msleep() yes"]);
    expect(facts.summary.sleeps).toEqual({ answer: "yes", lines: [0], unknownCalls: 1 });
  });

  it("of a called function are told at the call, in the caller's words", async () => {
    const facts = await factsFor(`
static void drop(struct item *x) { spin_lock(&x->table->lock); list_del_rcu(&x->node); spin_unlock(&x->table->lock); synchronize_rcu(); kfree(x); }
void f(struct table *t, struct item *i) { drop(i); }`);
    expect(facts.points.map(({ effect, place, via }) => `${effect} ${place} ${via.join()}`)).toEqual(["call drop() ", "unlink i->node drop()", "wait rcu drop()", "free i drop()"]);
    expect(facts.points[0]?.does).toEqual(["free", "unlink", "wait", "lock", "unlock"]);
    expect(facts.points[1]?.locks).toMatchObject([{ place: "i->table->lock", line: null }]);
    expect(facts.summary).toMatchObject({ waits: [{ on: "all" }], frees: [{ parameter: 2, on: "all" }], sleeps: { answer: "yes" } });
  });

  it("of both arms of a branch that rules do not follow apart are all there", async () => {
    const facts = await factsFor("void f(struct item *i, int a) { if (a) writel(1, i->regs); else writel(2, i->regs + 4); }");
    expect(outline(facts)).toEqual(["mmio-write i->regs", "mmio-write i->regs + 4"]);
  });
});

describe("control flow", () => {
  it("tells of ladders, loops and switches", async () => {
    const facts = await factsFor(`int f(struct table *t, int a)
{
	struct item *i;

	mutex_lock(&t->m);
	switch (a) {
	case 1:
		goto out;
	default:
		break;
	}
	list_for_each_entry(i, &t->items, node)
		g(i);
	while (a--)
		h();
out:
	mutex_unlock(&t->m);
	return 0;
}`);
    expect(facts.control).toEqual([
      { kind: "switch", line: 5, endLine: 10, cases: 2 },
      { kind: "loop", line: 11, endLine: 12, head: "list_for_each_entry", walks: true },
      { kind: "loop", line: 13, endLine: 14, head: "while", walks: false },
      { kind: "label", line: 15, name: "out", from: [7] },
    ]);
    expect(exits(facts)).toEqual(["17 return 0"]);
  });

  it("more paths than are followed one by one are joined where only locals tell them apart, and that is said", async () => {
    const ifs = Array.from({ length: 8 }, (_, index) => `if (g${String(index)}()) { v${String(index)} = 1; spin_lock(&t->lock); spin_unlock(&t->lock); }`).join(" ");
    const locals = Array.from({ length: 8 }, (_, index) => `int v${String(index)} = 0;`).join(" ");
    const facts = await factsFor(`int f(struct table *t, int a) { ${locals} ${ifs} if (a) mutex_lock(&t->m); h(); if (a) mutex_unlock(&t->m); synchronize_rcu(); return v0; }`);
    expect(facts.notFollowed.map(({ reason }) => reason)).toEqual(["more than 8 paths were joined: what v0 held on them is not told apart"]);
    expect(outline(facts).filter((line) => !line.includes("t->lock") && !line.startsWith("opaque g"))).toEqual(["lock t->m", "opaque h() @ t->m?", "unlock t->m @ t->m", "wait rcu"]);
    expect(facts.exits.map(({ isBalanced }) => isBalanced)).toEqual([true]);
    expect(facts.summary.waits.map(({ on }) => on)).toEqual(["all"]);
  });

  it("keeps two returns apart that rules need not", async () => {
    const facts = await factsFor("int f(int a) { if (a) { g(); return 0; } h(); return 0; }");
    expect(facts.exits).toHaveLength(2);
  });

  it("the end of a function is an exit, BUG() is none", async () => {
    expect(exits(await factsFor("void f(int a) { if (a) BUG(); }"))).toEqual(["0 end "]);
  });
});

describe("what a pointer is in", () => {
  it.each(["struct table", "typeof(*t)", "__typeof__(*(t))"])("container_of() with %s names the struct", async (type) => {
    const facts = await factsFor(`static void f(struct rcu_head *head) { struct table *t = container_of(head, ${type}, rcu); spin_lock(&t->lock); spin_unlock(&t->lock); }`);
    expect(facts.points.map(({ effect, key }) => `${effect} ${key}`)).toEqual(["lock table.lock", "unlock table.lock"]);
  });
});

describe("what was not followed", () => {
  it("is nothing in plain code", async () => {
    expect((await factsFor("void f(struct table *t) { synchronize_rcu(); }")).notFollowed).toEqual([]);
  });

  it("names paths, code that no path reaches, unknown loops and recursion", async () => {
    const branches = Array.from({ length: 40 }, (_, i) => `if (a${String(i)}()) kfree(p${String(i)});`).join("\n");
    expect((await factsFor(`void f(void) { ${branches} }`)).notFollowed).toContainEqual({ reason: "more than 64 paths", line: null, endLine: null });
    expect((await factsFor("int f(void)\n{\n\treturn 0;\n\tg();\n}")).notFollowed).toEqual([{ reason: "no followed path comes here", line: 3, endLine: 3 }]);
    expect((await factsFor("void f(struct item *i) { for_each_thing(i) g(i); }")).notFollowed[0]?.reason).toContain("for_each_thing() is not in the knowledge table");
    const recursive = await factsFor("void f(int n) { synchronize_rcu(); f(n); }");
    expect(recursive.notFollowed[0]?.reason).toContain("f()");
    expect(recursive.points.find(({ effect }) => effect === "call")?.detail).toBe("recursive, not followed");
  });

  it("a call that is too much to follow is named and summed up, and the calls behind it are followed all the same", async () => {
    const branches = Array.from({ length: 60 }, (_, i) => `if (a${String(i)}()) p${String(i)} = g${String(i)}(p${String(i)});`).join("\n");
    const code = `
static void unlock(struct table *t) { spin_unlock(&t->lock); }
static void large(struct table *t) { kfree(t->stats); ${branches.repeat(6)} synchronize_rcu(); }
static void small(struct table *t) { kfree(t->first); }
int f(struct table *t, int a) { if (a) large(t); spin_lock(&t->lock); small(t); unlock(t); return 0; }
int g(struct table *t) { large(t); large(t); large(t); spin_lock(&t->lock); small(t); unlock(t); return 0; }`;
    const facts = await factsFor(code);
    const told = facts.points.map(({ effect, place, via, detail, does }) => [effect, place, via.join("/"), detail, does.includes("wait") ? "waits" : ""].filter((part) => part !== "").join(" "));
    expect(told).toEqual(["call large() not followed waits", "free t->stats large() kfree", "lock t->lock spin", "call small()", "free t->first small() kfree", "call unlock()", "unlock t->lock unlock() spin"]);
    expect(facts.notFollowed.map(({ reason }) => reason)).toEqual(["there was too much to follow in large()"]);
    expect(facts.summary.waits.map(({ api, on }) => `${api} ${on}`)).toEqual(["synchronize_rcu some"]);
    expect(outline(await factsFor(code, "g")).slice(-5)).toEqual(["lock t->lock", "call small() @ t->lock", "free t->first @ t->lock", "call unlock() @ t->lock", "unlock t->lock @ t->lock"]);
    expect(facts.exits.map(({ isBalanced }) => isBalanced)).toEqual([true]);
  });

  it("a circle of functions is told the same wherever it is entered", async () => {
    const code = `
static void gone(struct rcu_head *h) { put(container_of(h, struct item, rcu)); }
static void put(struct item *i) { if (last(i)) call_rcu(&i->rcu, gone); kfree(i->table); }
static void a(int n) { synchronize_rcu(); b(n); }
static void b(int n) { msleep(1); a(n); }`;
    const facts = await factsOfText(structs + code);
    const names = [...facts.functions.keys()];
    const one = new FactsOfFile(facts);
    const other = new FactsOfFile(facts);
    const forwards = names.map((name) => one.of(name));
    const backwards = names.toReversed().map((name) => other.of(name)).toReversed();
    expect(backwards).toEqual(forwards);
    expect(forwards.at(-1)?.points.find(({ effect }) => effect === "call")).toMatchObject({ place: "a()", detail: "recursive, not followed" });
  });

  it("names an arm of #if that was not read", async () => {
    const facts = await factsFor("void f(void)\n{\n#ifdef A\n\tg();\n#else\n\th();\n#endif\n}");
    const said = [...outline(facts), ...facts.notFollowed.map(({ reason }) => reason)].join("; ");
    expect(said).toMatch(/g\(\)/);
    expect(said).toMatch(/h\(\)|an arm of/);
  });
});
