import { describe, expect, it } from "vitest";
import { factsOfText } from "../test-support/review.ts";
import { PathWalker } from "./paths.ts";
import type { EventKind, Trace } from "./trace.ts";

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

  it("refuses to follow recursion", async () => {
    const walker = new PathWalker(await factsOfText("static void g(int n) { synchronize_rcu(); g(n); } void f(void) { g(3); }"));
    expect(walker.tracesOf("f").cut[0]).toContain("g()");
  });
});
