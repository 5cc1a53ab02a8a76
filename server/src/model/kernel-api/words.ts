/** The words that rows of the knowledge table and events share. */

/** The index of an argument of the call, from 0. */
export type Arg = number;

/** RCU flavours with one grace period since 4.20: `rcu` stands for rcu, bh and sched (Documentation/RCU/whatisRCU.rst). */
export type Flavour = "rcu" | "srcu" | "tasks" | "mmu-notifier";

/** How an allocation is given back; a `devm` object is freed at unbind, a `cache` object may be type-stable. */
export type MemoryKind = "slab" | "cache" | "page" | "vmalloc" | "percpu" | "devm" | "dma";

/** `held`: some way of holding it, exclusive or shared (lockdep_assert_held() on an rwsem). */
export type LockClass = "spin" | "mutex" | "read" | "write" | "held";

export type AccessKind = "once" | "acquire" | "release" | "plain";

/** Whom a fence orders for: CPUs (smp_mb), also devices that are coherent (dma_mb), everything (mb). */
export type FenceScope = "cpu" | "dma" | "all";

/** What is off in a section or under a lock: `irq` is more than `bh`, and `bh` more than `preempt`. */
export type OffKind = "preempt" | "bh" | "irq";

export type FenceName = "mb" | "rmb" | "wmb" | "barrier" | "before-atomic" | "after-atomic" | "after-spinlock";
