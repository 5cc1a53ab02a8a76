import { describe, expect, it } from "vitest";
import { factsOfText } from "../test-support/review.ts";
import { PathWalker } from "./paths.ts";
import { relevanceOf } from "./relevance.ts";
import { contradictionsBefore, type EventKind, type Trace } from "./trace.ts";

async function tracesOf(text: string, name = "f"): Promise<readonly Trace[]> {
  return new PathWalker(await factsOfText(text)).tracesOf(name).traces;
}

const outline = (trace: Trace | undefined): string => (trace?.events ?? []).map(({ what }) => wordOf(what)).filter((word) => word !== "").join(" ");

function wordOf(what: EventKind): string {
  switch (what.kind) {
    case "wait": case "free": case "defer-free": return what.api;
    case "reader-enter": return "enter";
    case "reader-leave": return "leave";
    case "lock": return `lock:${what.lock.key}`;
    case "unlock": return `unlock:${what.lock.key}`;
    case "unlink": return `unlink:${what.member}`;
    default: return "";
  }
}

describe("control flow", () => {
  it("forks where an arm matters, and joins what it cannot tell apart", async () => {
    const traces = await tracesOf("void f(int a, int b, void *p) { if (a) synchronize_rcu(); if (b) a = 3; kfree(p); }");
    expect(traces.map(outline).sort()).toEqual(["kfree", "synchronize_rcu kfree"]);
  });

  it("follows a goto ladder", async () => {
    const traces = await tracesOf("int f(int a) { rcu_read_lock(); if (a) goto out; synchronize_net(); out: rcu_read_unlock(); return 0; }");
    expect(traces.map(outline).sort()).toEqual(["enter leave", "enter synchronize_net leave"]);
  });

  it("follows a backward goto once", async () => {
    const traces = await tracesOf("int f(int a) { retry: synchronize_rcu(); if (again(a)) goto retry; return 0; }");
    expect(traces.map(outline)).toContain("synchronize_rcu synchronize_rcu");
  });

  it("does not choose the same condition twice", async () => {
    const traces = await tracesOf("void f(struct s *p) { if (p->on) rcu_read_lock(); if (p->on) rcu_read_unlock(); }");
    expect(traces.map(outline).sort()).toEqual(["", "enter leave"]);
  });

  it("says from which event on a path needs a condition answered in two ways", async () => {
    const traces = await tracesOf("void f(struct s *p) { if (p->on) synchronize_rcu(); again(p); if (!p->on) kfree(p); }");
    const both = traces.find((trace) => outline(trace) === "synchronize_rcu kfree")!;
    const [wait, free] = ["wait", "free"].map((kind) => both.events.findIndex(({ what }) => what.kind === kind));
    expect(contradictionsBefore(both, wait!)).toEqual([]);
    expect(contradictionsBefore(both, free!)).toEqual(["p->on"]);
  });

  it("prunes a branch that a known value decides", async () => {
    const traces = await tracesOf("void f(void) { struct s *p = NULL; if (p) synchronize_rcu(); }");
    expect(traces.map(outline)).toEqual([""]);
  });

  it("falls through switch cases", async () => {
    const traces = await tracesOf("void f(int a) { switch (a) { case 1: rcu_read_lock(); rcu_read_unlock(); break; case 2: synchronize_rcu(); } }");
    expect(traces.map(outline).sort()).toEqual(["", "enter leave", "synchronize_rcu"]);
  });

  it("ends a path at BUG()", async () => {
    const traces = await tracesOf("void f(int a) { if (a) { synchronize_rcu(); BUG(); } }");
    expect(traces.map(outline)).toEqual([""]);
  });
});

describe("an #if group of whole statements", () => {
  const both = "#ifdef CONFIG_A\nspin_lock(&p->l);\n#else\nmutex_lock(&p->m);\n#endif\nsynchronize_rcu();\n#ifdef CONFIG_A\nspin_unlock(&p->l);\n#else\nmutex_unlock(&p->m);\n#endif\n";

  it("is followed both ways, and the same condition has the same answer", async () => {
    const traces = await tracesOf(`struct s { spinlock_t l; struct mutex m; }; void f(struct s *p)\n{\n${both}}`);
    expect(traces.map(outline).sort()).toEqual(["lock:s.l synchronize_rcu unlock:s.l", "lock:s.m synchronize_rcu unlock:s.m"]);
    expect(traces.map(({ build }) => build.join()).sort()).toEqual(["!CONFIG_A", "CONFIG_A"]);
  });

  it("has the same answer in callees, and when it is negated", async () => {
    const traces = await tracesOf("static void g(void *p)\n{\n#if !defined(CONFIG_A)\nkfree(p);\n#endif\n}\nvoid f(void *p)\n{\n#ifdef CONFIG_A\nsynchronize_rcu();\n#endif\ng(p);\n}\n");
    expect(traces.map(outline).sort()).toEqual(["kfree", "synchronize_rcu"]);
  });

  it("takes one arm of several", async () => {
    const traces = await tracesOf("void f(void *p)\n{\n#if A\nsynchronize_rcu();\n#elif B\nsynchronize_net();\n#endif\nkfree(p);\n}\n");
    expect(traces.map(outline).sort()).toEqual(["kfree", "synchronize_net kfree", "synchronize_rcu kfree"]);
  });

  it("has no scope: a guard in it lasts, and so does a declaration", async () => {
    const traces = await tracesOf("void f(void *p)\n{\n#ifdef A\nguard(rcu)();\nvoid *q = p;\n#else\nvoid *q = p;\n#endif\nsynchronize_rcu();\nkfree(q);\n}\n");
    expect(traces.map(outline).sort()).toEqual(["enter synchronize_rcu kfree leave", "synchronize_rcu kfree"]);
    const freed = traces.flatMap(({ events }) => events.flatMap(({ what }) => (what.kind === "free" ? [what.object.origin.kind] : [])));
    expect(freed).toEqual(["parameter", "parameter"]);
  });

  it("forks nothing when no arm matters", async () => {
    const traces = await tracesOf("struct s { int a; int b; }; void f(struct s *p)\n{\n#ifdef A\np->a = 1;\n#else\np->b = 1;\n#endif\nsynchronize_rcu();\n}\n");
    expect(traces).toHaveLength(1);
    expect(traces[0]?.events.flatMap(({ what, condition }) => (what.kind === "store" ? [condition] : []))).toEqual(["defined(A)", "no other arm of #if is built"]);
  });

  it("lets a goto out, and a label behind it catch", async () => {
    const traces = await tracesOf("int f(void *p)\n{\n#ifdef A\nif (g()) goto out;\n#endif\nsynchronize_rcu();\nout:\nkfree(p);\nreturn 0;\n}\n");
    expect(traces.map(outline).sort()).toEqual(["kfree", "synchronize_rcu kfree"]);
  });

  it("that was cut to one arm says so, if the other one does something", async () => {
    const cutOf = async (text: string): Promise<readonly string[]> => new PathWalker(await factsOfText(text)).tracesOf("f").cut;
    expect(await cutOf("void f(int a)\n{\nif (a\n#ifdef A\n&& b()\n#else\n&& c()\n#endif\n) synchronize_rcu();\n}\n")).toEqual(["an arm of #else in f() was not followed"]);
    expect(await cutOf("void f(int a)\n{\nif (a\n#ifdef A\n&& b\n#else\n&& c\n#endif\n) synchronize_rcu();\n}\n")).toEqual([]);
    expect(await cutOf("static void g(int a)\n{\nif (a\n#ifdef A\n) {\n#else\n&& c()) {\n#endif\nsynchronize_rcu(); }\n}\nvoid f(int a) { g(a); }\n")).toEqual(["an arm of #else in g() was not followed"]);
  });
});

describe("guards", () => {
  it("leaves guard(rcu) at a return", async () => {
    const traces = await tracesOf("int f(int a) { guard(rcu)(); if (a) return 1; return 0; }");
    for (const trace of traces) expect(outline(trace)).toBe("enter leave");
  });

  it("leaves scoped_guard at its end", async () => {
    const [trace] = await tracesOf("void f(struct s *p) { scoped_guard(mutex, &p->m) { rcu_read_lock(); rcu_read_unlock(); } synchronize_rcu(); }");
    expect(outline(trace)).toMatch(/^lock:\S+ enter leave unlock:\S+ synchronize_rcu$/);
  });
});

describe("objects", () => {
  it("keeps identity through a helper and container_of", async () => {
    const traces = await tracesOf(`
struct in { int x; };
struct out { struct in in; struct list_head l; };
static struct out *to_out(struct in *i) { return container_of(i, struct out, in); }
void f(struct out *o) { struct out *p = to_out(&o->in); list_del_rcu(&o->l); kfree(p); }`);
    const events = traces[0]?.events.map((event) => event.what) ?? [];
    const unlink = events.find((what) => what.kind === "unlink");
    const free = events.find((what) => what.kind === "free");
    expect(unlink?.kind === "unlink" && free?.kind === "free" && unlink.element.id === free.object.id).toBe(true);
  });

  it("names a field by its struct, through the types of the file", async () => {
    const [trace] = await tracesOf("struct a { spinlock_t lock; }; struct b { struct a *a; }; void f(struct b *b) { spin_lock(&b->a->lock); spin_unlock(&b->a->lock); kfree_rcu(b, rcu); }");
    expect(outline(trace)).toBe("lock:a.lock unlock:a.lock kfree_rcu");
  });

  it("sees the lock that lockdep_assert_held() promises", async () => {
    const [trace] = await tracesOf("struct a { spinlock_t lock; }; void f(struct a *a) { lockdep_assert_held(&a->lock); synchronize_rcu(); }");
    expect(trace?.events.find((event) => event.what.kind === "wait")?.locks.map((lock) => lock.key)).toEqual(["a.lock"]);
  });
});

describe("limits", () => {
  it("says that paths were cut, and stays bounded", async () => {
    const branches = Array.from({ length: 40 }, (_, i) => `if (a${String(i)}()) kfree(p${String(i)});`).join("\n");
    const walker = new PathWalker(await factsOfText(`void f(void) { ${branches} synchronize_rcu(); }`));
    const { traces, cut } = walker.tracesOf("f");
    expect(traces.length).toBeLessThanOrEqual(64);
    expect(cut).toEqual(["more than 64 paths"]);
  });

  it("keeps paths that are unlike, those that take an early branch and those that do not", async () => {
    const branches = Array.from({ length: 12 }, (_, i) => `if (a${String(i)}()) kfree(p${String(i)});`).join("\n");
    const { traces } = new PathWalker(await factsOfText(`void f(void) { ${branches} synchronize_rcu(); }`)).tracesOf("f");
    for (let i = 0; i < 12; i++) {
      const taken = traces.filter(({ events }) => events.some(({ what }) => what.kind === "branch" && what.taken && what.text === `a${String(i)}()`)).length;
      expect(taken).toBeGreaterThan(traces.length / 8);
      expect(taken).toBeLessThan(traces.length * 7 / 8);
    }
    expect(new Set(traces).size).toBe(traces.length);
  });

  it("a loop that only waits leaves no path out; one that does something in each round does", async () => {
    const cutOf = async (body: string): Promise<readonly string[]> => new PathWalker(await factsOfText(`struct d { int *regs; int n; };\nvoid f(struct d *d) { while (READ_ONCE(d->n)) { ${body} } synchronize_rcu(); }`)).tracesOf("f").cut;
    expect(await cutOf("cpu_relax();")).toEqual([]);
    expect(await cutOf("kfree_rcu(d, rcu);")).toEqual(["only 4 rounds of a loop were followed"]);
  });

  it("a round of a loop without end is seen where fields are asked about, and is no way out", async () => {
    const facts = await factsOfText("struct d { struct list_head node; };\nvoid f(struct d *d) { for (;;) { rcu_read_lock(); if (!next(d)) { rcu_read_unlock(); break; } list_del_rcu(&d->node); rcu_read_unlock(); } synchronize_rcu(); }");
    const outlines = (topic: "rcu" | "data"): readonly string[] => new PathWalker(facts, relevanceOf(facts, topic)).tracesOf("f").traces.map(outline);
    expect(outlines("rcu")).toEqual(["enter leave synchronize_rcu"]);
    expect([...outlines("data")].sort()).toEqual(["enter leave synchronize_rcu", "enter unlink:node leave"]);
  });

  it("tells no end of a path whose last statements were too much to follow", async () => {
    const facts = await factsOfText("void f(int n) { rcu_read_lock(); n = n + 1; n = n + 2; rcu_read_unlock(); }");
    const endsOf = (stepsMax: number): readonly string[] => new PathWalker(facts, relevanceOf(facts, "context"), { limits: { stepsMax, watchedStepsMax: stepsMax, watchedCallStepsMax: stepsMax } }).tracesOf("f").traces.map(({ events }) => events.map(({ what }) => what.kind).join(" "));
    expect(endsOf(1000)).toEqual(["reader-enter reader-leave exit"]);
    expect(endsOf(4)).toEqual(["reader-enter"]);
  });

  it("refuses to follow recursion", async () => {
    const walker = new PathWalker(await factsOfText("static void g(int n) { synchronize_rcu(); g(n); } void f(void) { g(3); }"));
    expect(walker.tracesOf("f").cut[0]).toContain("g()");
  });
});
