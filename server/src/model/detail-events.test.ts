import { describe, expect, it } from "vitest";
import { factsOfText } from "../test-support/review.ts";
import { isDetail, type DetailKind } from "./detail-events.ts";
import { PathWalker } from "./paths.ts";
import { relevanceOf } from "./relevance.ts";
import type { EventKind, Trace } from "./trace.ts";

async function tracesOf(text: string, apart?: ReadonlySet<DetailKind>): Promise<readonly Trace[]> {
  const facts = await factsOfText(text);
  return (apart === undefined ? new PathWalker(facts) : new PathWalker(facts, relevanceOf(facts, "rcu", apart), { apart })).tracesOf("f").traces;
}

/** What the first path says of one kind, without symbols. */
async function eventsOf(kind: DetailKind, body: string, before = ""): Promise<readonly Record<string, unknown>[]> {
  const [trace] = await tracesOf(`${before}\nvoid f(struct foo *foo, struct bar *bar, int n) { ${body} }`);
  const isIt = (what: EventKind): boolean => what.kind === kind;
  return (trace?.events ?? []).filter(({ what }) => isIt(what)).map(({ what }) => Object.fromEntries(Object.entries(what).filter(([key, value]) => key !== "kind" && (typeof value !== "object" || Array.isArray(value)) && value !== undefined)));
}

describe("details of a path", () => {
  it.each<{ kind: DetailKind; code: string; is: Record<string, unknown> }>([
    { kind: "allocation", code: "g(kzalloc(8, GFP_KERNEL));", is: { memory: "slab", filled: true, device: false, gfp: "GFP_KERNEL", api: "kzalloc" } },
    { kind: "allocation", code: "g(iommu_alloc_page(GFP_ATOMIC));", is: { memory: "page", filled: true, device: true, gfp: "GFP_ATOMIC", api: "iommu_alloc_page" } },
    { kind: "needs-reader", code: "g(l3mdev_master_ifindex_rcu(p));", is: { or: undefined, api: "l3mdev_master_ifindex_rcu" } },
    { kind: "needs-lock", code: "netdev_upper_dev_unlink(p, p);", is: { name: "rtnl", api: "netdev_upper_dev_unlink" } },
    { kind: "asked", code: "if (in_atomic()) g(p);", is: { about: "context", api: "in_atomic" } },
    { kind: "put", code: "put_device(&foo->dev);", is: { api: "put_device" } },
    { kind: "sleep", code: "msleep(1);", is: { api: "msleep" } },
    { kind: "sleep", code: "flush_work(&foo->work);", is: { api: "flush_work" } },
    { kind: "mmio", code: "writel_relaxed(n, foo->base);", is: { access: "write", address: "foo->base", order: "relaxed", api: "writel_relaxed" } },
    { kind: "mmio", code: "writel(n, foo->base);", is: { access: "write", address: "foo->base", order: "ordered", api: "writel" } },
    { kind: "rmw", code: "atomic_fetch_add_acquire(1, &foo->count);", is: { order: "acquire", conditional: false, returns: true, api: "atomic_fetch_add_acquire" } },
    { kind: "rmw", code: "cmpxchg(&foo->word, 0, 1);", is: { order: "full", conditional: true, returns: true, api: "cmpxchg" } },
    { kind: "rmw", code: "__set_bit(n, foo->bits);", is: { order: "plain", conditional: false, returns: false, api: "__set_bit" } },
    { kind: "atomic", code: "atomic_set_release(&foo->count, 1);", is: { access: "write", order: "release", api: "atomic_set_release" } },
    { kind: "handler", code: "INIT_WORK(&foo->work, run);", is: { via: "work", callback: "run", api: "INIT_WORK" } },
    { kind: "handler", code: "request_threaded_irq(n, hard, run, 0, \"x\", foo);", is: { via: "irq", thread: "run", api: "request_threaded_irq" } },
    { kind: "start", code: "queue_work(foo->wq, &foo->work);", is: { via: "work", api: "queue_work" } },
    { kind: "wait-handler", code: "cancel_work_sync(&foo->work);", is: { via: "work", cancels: true, final: false, api: "cancel_work_sync" } },
    { kind: "cancel", code: "del_timer(&foo->timer);", is: { via: "timer", api: "del_timer" } },
    { kind: "unregister", code: "nf_unregister_net_hook(foo, bar);", is: { hook: "netfilter", awaits: false, runs: "rcu", api: "nf_unregister_net_hook" } },
    { kind: "cache", code: "foo->cache = kmem_cache_create(\"x\", 8, 0, SLAB_PANIC | SLAB_TYPESAFE_BY_RCU, NULL);", is: { does: "create", flags: "SLAB_PANIC | SLAB_TYPESAFE_BY_RCU", typesafe: true, api: "kmem_cache_create" } },
    { kind: "dma", code: "dma_sync_single_for_device(foo->dev, n, 64, DMA_TO_DEVICE);", is: { does: "clean", size: "64", direction: "DMA_TO_DEVICE", api: "dma_sync_single_for_device" } },
    { kind: "iommu-flush", code: "io_pgtable_tlb_flush_walk(foo, n, 64, 64);", is: { step: "complete", caches: ["iotlb", "walk"], reach: "range", api: "io_pgtable_tlb_flush_walk" } },
    { kind: "tag-release", code: "ida_free(&foo->ids, n);", is: { api: "ida_free" } },
    { kind: "iopf", code: "iopf_queue_flush_dev(foo);", is: { does: "drain", api: "iopf_queue_flush_dev" } },
    { kind: "seq", code: "write_seqlock_bh(&foo->seq);", is: { does: "write-begin", api: "write_seqlock_bh" } },
    { kind: "lookup", code: "struct bar *b; unsigned long i; xa_for_each(&foo->xa, i, b) g(b);", is: { store: "xarray", rcu: true, api: "xa_for_each" } },
  ])("$kind: $code", async ({ kind, code, is }) => {
    expect(await eventsOf(kind, code, "static void run(void *p) { }")).toEqual([is]);
  });

  it("ends each path once, with what is still held", async () => {
    const traces = await tracesOf("int f(struct foo *foo, int a) { guard(mutex)(&foo->m); spin_lock_bh(&foo->l); if (a) return -EINVAL; spin_unlock_bh(&foo->l); return 0; }");
    const exits = traces.map(({ events }) => events.flatMap(({ what, locks }) => (what.kind === "exit" ? [`${what.text} ${locks.map(({ text, off }) => `${text} ${off ?? ""}`).join()}`] : [])));
    expect(exits.flat().sort()).toEqual(["-EINVAL &foo->l bh", "0 "]);
    expect(exits.map((one) => one.length)).toEqual([1, 1]);
  });

  it("says that a path ends without a return", async () => {
    expect(await eventsOf("exit", "n = 1;")).toEqual([{ text: "" }]);
  });

  it("knows nothing else of a call that it partly knows", async () => {
    const [trace] = await tracesOf("void f(struct foo *foo) { flush_work(&foo->work); schedule_work(&foo->work); }");
    expect(trace?.events.flatMap(({ what }) => (what.kind === "opaque" ? [what.name] : []))).toEqual(["flush_work()"]);
  });

  it("joins paths that differ in details alone, unless they are asked to be kept apart", async () => {
    const text = "static void sync(struct d *d, int a, int b, int c) { a = b; b = c; c = a; iommu_flush_iotlb_all(d); }\nvoid f(struct d *d, int a) { if (a) sync(d, 1, 2, 3); kfree(d); }";
    const flushes = (trace: Trace): number => trace.events.filter(({ what }) => what.kind === "iommu-flush").length;
    expect(await tracesOf(text)).toHaveLength(1);
    expect((await tracesOf(text, new Set(["iommu-flush"]))).map(flushes).sort()).toEqual([0, 1]);
  });

  it("are not what findings so far look at", () => {
    for (const kind of ["load", "store", "free", "wait", "lock", "opaque", "branch", "reference"]) expect(isDetail({ kind }), kind).toBe(false);
  });
});
