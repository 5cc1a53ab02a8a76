import { describe, expect, it } from "vitest";
import { reviewText, testReviewer } from "../test-support/review.ts";
import { HeaderIndex } from "./header-index.ts";

const definitionIn = (text: string, name: string): unknown => new HeaderIndex(text).definition(name);

describe("a header is looked up by its words", () => {
  it("knows inline functions, also with the type on a line of its own", () => {
    expect(definitionIn("#include <a.h>\nstatic inline struct foo *\nto_foo(struct bar *b)\n{\n\treturn container_of(b, struct foo, bar);\n}\n", "to_foo")).toMatchObject({ kind: "function" });
  });

  it.each([
    ["of two arms", "#ifdef A\nstatic inline int f(void)\n{\n\treturn g();\n}\n#else\nstatic inline int f(void)\n{\n\treturn h();\n}\n#endif\n"],
    ["that stands in for a function of a .c file", "#ifdef A\nint f(void);\n#else\nstatic inline int f(void)\n{\n\treturn 0;\n}\n#endif\n"],
    ["that does nothing where the configuration says so", "#ifndef A\nstatic inline void f(void)\n{\n}\n#endif\n"],
    ["that is a macro as well", "#define f() g()\nstatic inline void f(void)\n{\n\tg();\n}\n"],
    ["that locks only with an option", "#ifdef A\nstatic inline void f(struct a *a)\n{\n\tspin_lock(&a->lock);\n}\n#else\nstatic inline void f(struct a *a)\n{\n}\n#endif\n"],
    ["with arms of its own", "static inline void f(void)\n{\n#ifdef A\n\tg();\n#endif\n}\n"],
    ["defined twice as a macro", "#ifdef A\n#define f(x) g(x)\n#else\n#define f(x) h(x)\n#endif\n"],
  ])("takes no function %s", (_what, text) => {
    expect(definitionIn(text, "f")).toBeUndefined();
  });

  it.each([
    ["a function", "#ifdef A\nstatic inline int f(void)\n{\n\treturn g();\n}\n#else\nstatic inline int f(void)\n{\n\treturn 0;\n}\n#endif\n"],
    ["a macro", "#ifdef A\nstatic inline int f(void)\n{\n\treturn g();\n}\n#else\n#define f() 0\n#endif\n"],
  ])("knows what gives something to look at only with an option, where without it %s does nothing", (_what, text) => {
    expect(definitionIn(text, "f")).toMatchObject({ kind: "function", text: expect.stringContaining("g()") as string });
  });
});

const driver = (body: string): string => `#include <linux/rculist.h>
#include "x.h"
${body}`;

const header = `struct bond { struct list_head list; struct rcu_head rcu; int id; };
struct dom { struct list_head bonds; spinlock_t lock; struct bond __rcu *only; };
#define for_each_bond_rcu(b, d) list_for_each_entry_rcu(b, &(d)->bonds, list)
#define dom_lock(d) spin_lock(&(d)->lock)
#define dom_unlock(d) do { spin_unlock(&(d)->lock); } while (0)
static inline void bond_unlink(struct bond *b)
{
	list_del_rcu(&b->list);
}
static inline void bond_put(struct bond *b)
{
	kfree(b);
}
`;

const reader = `int x_sum(struct dom *d)
{
	struct bond *b;
	int sum = 0;

	rcu_read_lock();
	for_each_bond_rcu(b, d)
		sum += b->id;
	rcu_read_unlock();
	return sum;
}
`;

const updater = (wait: string): string => `void x_del(struct dom *d, struct bond *b)
{
	dom_lock(d);
	bond_unlink(b);
	dom_unlock(d);
${wait}	bond_put(b);
}
`;

describe("what headers define is followed", () => {
  it("a free in an inline function, of an object that a loop of a header reads, is confirmed at the call", async () => {
    const findings = await reviewText(driver(updater("") + reader), { "x.h": header });
    expect(findings.map(({ line, file, function: fn, evidence }) => ({ line, file, fn, verdict: evidence?.verdict }))).toEqual([{ line: 8, file: "drivers/iommu/x.c", fn: "x_del", verdict: "confirmed" }]);
    expect(findings[0]?.path.at(-1)).toMatchObject({ function: "bond_put", role: "inline of x.h", line: 8, file: "drivers/iommu/x.c" });
    expect(findings[0]?.fixes).toEqual([]);
  });

  it("and refuted where a grace period lies in between", async () => {
    const findings = await reviewText(driver(updater("\tsynchronize_rcu();\n") + reader), { "x.h": header });
    expect(findings.map(({ evidence }) => evidence?.verdict)).toEqual(["refuted"]);
  });

  it("a stub for what is configured out stays an unknown call", async () => {
    const stub = `${header.replace(/static inline void bond_put[^}]*}\n/, "")}#ifdef A\nvoid bond_put(struct bond *b);\n#else\nstatic inline void bond_put(struct bond *b)\n{\n}\n#endif\n`;
    expect(await reviewText(driver(updater("") + reader), { "x.h": stub })).toEqual([]);
  });

  it("kernel knowledge wins over what a header says", async () => {
    const lying = `${header}static inline void synchronize_rcu(void)\n{\n\tbarrier();\n}\n`;
    const findings = await reviewText(driver(updater("\tsynchronize_rcu();\n") + reader), { "x.h": lying });
    expect(findings.map(({ evidence }) => evidence?.verdict)).toEqual(["refuted"]);
  });

  it("facts name the inline function and its header, at the call", async () => {
    const outcome = (await testReviewer({ "x.h": header })).facts({ file: "x.c", text: driver(updater("") + reader) }, "x_del");
    expect(outcome.kind === "facts" && outcome.functions[0]?.points.map(({ line, effect, place, via }) => ({ line, effect, place, via }))).toEqual([
      { line: 5, effect: "lock", place: "d->lock", via: ["dom_lock()"] },
      { line: 6, effect: "unlink", place: "b->list", via: ["bond_unlink() of x.h"] },
      { line: 7, effect: "unlock", place: "d->lock", via: ["dom_unlock()"] },
      { line: 8, effect: "free", place: "b", via: ["bond_put() of x.h"] },
    ]);
  });

  it("facts of functions that come back to each other through an inline function end", async () => {
    const calls = (name: string, callee: string): string => `static inline void ${name}(void *p)\n{\n\tsynchronize_rcu();\n\t${callee}(p);\n}\n`;
    const goes = (name: string, callee: string): string => `void ${name}(void *p)\n{\n\tif (p)\n\t\t${callee}(p);\n}\n`;
    const there = `void up(void *p);\nvoid down(void *p);\n${calls("to_up", "up")}${calls("to_down", "down")}`;
    const outcome = (await testReviewer({ "x.h": there })).facts({ file: "x.c", text: `#include "x.h"\n${goes("up", "to_down")}${goes("down", "to_up")}` }, undefined);
    expect(outcome.kind === "facts" && outcome.functions.map(({ function: name, summary }) => [name, new Set(summary.waits.map(({ line }) => line))])).toEqual([["up", new Set([5])], ["down", new Set([10])]]);
  });

  it("says which headers and which names it could not see", async () => {
    const outcome = (await testReviewer()).facts({ file: "x.c", text: driver(updater("")) }, "x_del");
    expect(outcome.kind === "facts" && outcome.notSeen.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["header linux/rculist.h", "header x.h", "name bond_put", "name bond_unlink", "name dom_lock", "name dom_unlock"]);
  });
});

describe("macros of the file itself are written out", () => {
  it("with their arguments, macros in macros, and a statement's locals apart from the caller's", async () => {
    const text = `#define base_of(p) container_of(p, struct foo, base)
#define foo_of(p) (base_of(p))
#define foo_lock(p) spin_lock(&foo_of(p)->lock)
#define foo_drop(p) do { struct foo *f = foo_of(p); spin_unlock(&f->lock); } while (0)
#define recursive(p) recursive(p)
struct foo { struct base base; spinlock_t lock; };
void g(struct base *p, int f)
{
	foo_lock(p);
	recursive(p);
	foo_drop(p);
	h(f);
}
`;
    const outcome = (await testReviewer()).facts({ file: "x.c", text }, "g");
    const [facts] = outcome.kind === "facts" ? outcome.functions : [];
    expect(facts?.points.map(({ line, effect, place, via }) => `${String(line)} ${effect} ${place} ${via.join(" ")}`)).toEqual([
      "9 lock container_of(p, struct foo, base)->lock foo_lock()",
      "10 opaque recursive() recursive()",
      "11 unlock container_of(p, struct foo, base)->lock foo_drop()",
      "12 opaque h() ",
    ]);
    expect(facts?.notFollowed).toEqual([]);
  });
});
