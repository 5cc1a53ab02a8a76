/**
 * The step language: what a driver does (unmap, attach, flush, queue, free), one device with its
 * caches, and what must not happen. `lower.ts` turns it into a base `Program` of the LKMM, so that the
 * explorer decides it and stock herd7 can check the verdict.
 *
 * Places and operands are written as in C:
 * - place: `bonds` (an object of one word), `bond.dev` (a word of an object), `*b` (the first word of what
 *   register `b` points at), `b->dev` (its word `dev`);
 * - operand: a number, `b` (a register), `&bond` or `&bond.dev` (an address).
 */
import type { BinaryOperator, RmwOrder, Source } from "../program.ts";

export type Place = string;
export type Operand = number | string;

/** `b != 0`, `done == 1`. */
export type Condition = { readonly left: Operand; readonly operator: BinaryOperator; readonly right: Operand };

/** How a load is written in the kernel; `readl` and `readl_relaxed` only of registers of the device. */
export type LoadAs = "plain" | "READ_ONCE" | "smp_load_acquire" | "rcu_dereference";

export type StoreAs = "plain" | "WRITE_ONCE" | "smp_store_release" | "rcu_assign_pointer";

/** Barriers by kernel name. Which accesses each one orders is decided in `barriers.ts` (CPU scope, DMA scope, architecture). */
export type BarrierName =
  | "smp_mb" | "smp_rmb" | "smp_wmb"
  | "dma_mb" | "dma_rmb" | "dma_wmb"
  | "mb" | "rmb" | "wmb"
  | "virt_mb" | "virt_rmb" | "virt_wmb"
  | "barrier"
  | "smp_mb__before_atomic" | "smp_mb__after_atomic" | "smp_mb__after_spinlock" | "smp_mb__after_unlock_lock" | "smp_mb__after_srcu_read_unlock"
  | "smp_acquire__after_ctrl_dep";

/**
 * Sections that hold up a normal grace period: since v5.0 the flavours are one (Documentation/RCU/whatisRCU.rst),
 * so disabling preemption, softirqs or interrupts is a reader too.
 */
export type ReadFlavour = "rcu" | "rcu_bh" | "rcu_sched" | "preempt" | "bh" | "irq";

export type LockClass = "spin" | "raw_spin" | "mutex";

/** What starts a handler: it runs after the step that queues it, and after a grace period if it is an RCU callback. */
export type HandlerKind = "rcu" | "srcu" | "work" | "timer" | "tasklet" | "irq" | "kthread";

/** Hardware a completed command waits for: a cache of the program by name. */
export type CacheName = string;

/**
 * One entry of a command queue. Hardware may run the commands that it has fetched in any order, up to a completion that is waited for.
 * `invalidate`: no entry of these caches that was filled before is used after completion, nor one of them that was made of another; none is a sync.
 * `waitsForData`: transactions that use such an entry are over too (RISC-V IOFENCE.C with PR and PW, VT-d DR and DW); of a sync, all transactions.
 * `afterEarlier`: it begins when the commands before it in its queue are complete: a fence stands between, or the queue keeps its order.
 * `assumeEmpty`: the caches hold nothing, and the command waits for nothing: its round trip is a message and no barrier.
 * `writes`: entries that live in the device change by the command itself (virtio-iommu UNMAP, s390 unregister), before it invalidates.
 */
export type Command = { readonly invalidate: readonly CacheName[]; readonly waitsForData: boolean; readonly afterEarlier?: boolean; readonly assumeEmpty?: boolean; readonly writes?: readonly EntryWrite[] };

/** `value`: a number or `&object`; a command carries no register. */
export type EntryWrite = { readonly at: Place; readonly value: number | `&${string}` };

/** Allocation flags that decide whether an allocation may sleep. */
export type Gfp = "GFP_KERNEL" | "GFP_ATOMIC" | "GFP_NOWAIT";

export type Step = (
  | { readonly kind: "load"; readonly dst: string; readonly at: Place; readonly as: LoadAs }
  | { readonly kind: "store"; readonly at: Place; readonly value: Operand; readonly as: StoreAs }
  | { readonly kind: "set"; readonly dst: string; readonly value: Operand }
  /** `dst` gets the old value. */
  | { readonly kind: "update"; readonly dst?: string; readonly at: Place; readonly with: UpdateWith; readonly order: RmwOrder }
  | { readonly kind: "barrier"; readonly barrier: BarrierName }
  | { readonly kind: "lock" | "unlock"; readonly lock: string; readonly as: LockClass; readonly irqsave?: boolean }
  | { readonly kind: "read-lock" | "read-unlock"; readonly flavour: ReadFlavour }
  | { readonly kind: "srcu-read-lock"; readonly domain: string }
  | { readonly kind: "srcu-read-unlock"; readonly domain: string }
  /** synchronize_rcu(), or synchronize_srcu() of a domain. */
  | { readonly kind: "grace-period"; readonly domain?: string; readonly expedited?: boolean }
  | { readonly kind: "if"; readonly condition: Condition; readonly then: readonly Step[]; readonly else: readonly Step[] }
  /** What the program does not decide (an allocation that fails, a configuration): both are explored, `then` when it is so. */
  | { readonly kind: "choose"; readonly what: string; readonly then: readonly Step[]; readonly else: readonly Step[] }
  /** Blocks until the place holds the value. */
  | { readonly kind: "wait-until"; readonly at: Place; readonly value: number; readonly as: "READ_ONCE" | "smp_load_acquire" }
  | { readonly kind: "alloc"; readonly dst: string; readonly object: string; readonly zeroed: boolean; readonly gfp: Gfp }
  /** kfree(), __free_pages(): the words get a new owner at once. `plain`: that owner writes plainly. `handedOver`: after a full barrier, the strongest way to pass memory on. */
  | { readonly kind: "free"; readonly object: string; readonly how: string; readonly plain?: boolean; readonly handedOver?: boolean }
  /** kfree_rcu(ptr, head): the head's words belong to RCU until the object is freed. `plain`: as in `free`. */
  | { readonly kind: "kfree-rcu"; readonly object: string; readonly head?: Place; readonly mightSleep?: boolean; readonly plain?: boolean }
  /** call_rcu(), call_srcu(), queue_work(), mod_timer(), …: `handler` names a handler of the program; `head` is its rcu_head. */
  | { readonly kind: "queue"; readonly handler: string; readonly head?: Place }
  /** rcu_barrier(), flush_work(), cancel_work_sync(), del_timer_sync(), synchronize_irq(): waits until the handler, if queued, has run. */
  | { readonly kind: "wait-for-handler"; readonly handler: string }
  | { readonly kind: "complete" | "wait-for-completion"; readonly completion: string }
  /** kref_get(), refcount_inc(). */
  | { readonly kind: "get-ref"; readonly at: Place }
  /** kref_get_unless_zero(), refcount_inc_not_zero(): `dst` is 1 when the reference was taken. */
  | { readonly kind: "get-ref-unless-zero"; readonly dst: string; readonly at: Place }
  /** kref_put(ref, release): the last reference runs `release`. */
  | { readonly kind: "put-ref"; readonly dst: string; readonly at: Place; readonly release: readonly Step[] }
  /** Writes a command into the next slot of a queue; the device fetches it after the doorbell. */
  | { readonly kind: "command"; readonly queue: string; readonly command: Command }
  /**
   * Writes the queue's tail register; writel() orders earlier stores to memory before it, writel_relaxed() does not.
   * WRITE_ONCE() where the tail is a word of memory that the device reads (the index of a virtqueue).
   */
  | { readonly kind: "doorbell"; readonly queue: string; readonly as: "writel" | "writel_relaxed" | "WRITE_ONCE" }
  /** Polls until the last doorbell's commands are complete. */
  | { readonly kind: "poll"; readonly queue: string; readonly as: "readl" | "readl_relaxed" | "READ_ONCE" }
  /** An invalidation that is one synchronous instruction or hypercall (s390 RPCIT). */
  | { readonly kind: "invalidate"; readonly command: Command; readonly how: string }
  /** dma_sync_single_for_device(): writes the CPU's cache back to memory, for a walker that does not snoop. */
  | { readonly kind: "dma-clean"; readonly object: string }
  /** Anything that may sleep or must not, known by name; it touches nothing. */
  | { readonly kind: "may-sleep"; readonly call: string }
  /** The end of the module: no handler of it may run after this, its code is gone. */
  | { readonly kind: "module-exit" }
  /** A call that nothing is known of: its effects are unmodelled, so nothing is refuted. */
  | { readonly kind: "opaque"; readonly call: string }
) & { readonly source?: Source };

export type StepKind = Step["kind"];
export type StepOf<K extends StepKind> = Step & { readonly kind: K };

export type UpdateWith =
  | { readonly kind: "add" | "sub" | "and" | "or" | "xor" | "exchange"; readonly operand: Operand }
  | { readonly kind: "compare-exchange"; readonly expected: Operand; readonly value: Operand };

/** One word of an object. `sharesWith`: a union, the word is another one's storage. */
export type Field = { readonly name: string; readonly initial?: Initial; readonly sharesWith?: string };

/** A number, `&object`, or memory nobody has written: `uninitialised`. */
export type Initial = number | `&${string}` | "uninitialised";

export type DriverObject = {
  readonly name: string;
  /** Absent: one word, of the value `initial`. */
  readonly fields?: readonly Field[];
  readonly initial?: Initial;
  /** Who reads and writes it: `device` for page tables, contexts, queues and DMA memory. Default `cpus`. */
  readonly seenBy?: "cpus" | "device";
  /** Not snooped by the device: it reads main memory, which `dma-clean` brings up to date. */
  readonly nonCoherent?: boolean;
};

/** Where a thread starts; contexts are checked from here. */
export type Entry = "task" | "softirq" | "hardirq" | "threaded-irq" | "rcu-callback" | "work" | "timer";

export type DriverThread = {
  /** Column heading of the replay. */
  readonly role: string;
  /** The kernel function that it stands for. */
  readonly title: string;
  readonly entry?: Entry;
  /** Code under review that may leave sections and locks as it should not: judged by its contexts only. */
  readonly allowUnbalanced?: boolean;
  readonly steps: readonly Step[];
};

/** Runs when it was queued: an RCU callback (after a grace period of all readers, or of `domain`), a work item, a timer. */
export type Handler = {
  readonly name: string;
  readonly kind: HandlerKind;
  readonly title: string;
  readonly domain?: string;
  readonly steps: readonly Step[];
};

/**
 * One read of the way from the device to memory. The first is the device context, the last the leaf entry;
 * each is the address of the next, 0 for not present.
 */
export type Fetch = {
  readonly dst: string;
  /** Absent: what the fetch before points at. */
  readonly at?: Place;
  /** The entry is cached: the way on may use it until an invalidation of this cache completes. */
  readonly cache?: CacheName;
  /**
   * When a cached entry that is no leaf is used. `context`: for each transaction, to find what it may do. `process`: the same by
   * its PASID, which a translated request has none of. `table`: on a walk only; what the walk made of it is found without it.
   */
  readonly role?: "context" | "process" | "table";
  /** The valid word of a context whose other words lie elsewhere, and whether the device reads it first. */
  readonly valid?: { readonly dst: string; readonly at: Place; readonly order: "valid-first" | "any-order" };
};

/** How the device uses memory: the last observer of what the CPUs do. */
export type Device = {
  readonly name: string;
  readonly title: string;
  readonly path: readonly Fetch[];
  /** The data access through the leaf; `none` ends with the last fetch (a walker). A page that is not snooped is read in main memory. */
  readonly access: "read" | "write" | "none";
  readonly dst?: string;
  /** An ATS device keeps its own copy of the translation: made from the IOTLB entry, it outlives it; where the leaf is not cached, it is made from the page table. `enabled`: until then it does nothing. */
  readonly ats?: { readonly cache: CacheName; readonly enabled?: Place };
  /** The driver tells the device to start here: no data access before. With `negative` the entries on the way to it may be older, those for not present too. */
  readonly start?: { readonly dst: string; readonly at: Place; readonly negative: boolean };
  /** A context fetch after the walk, by which a cached entry is found again (address-space tag re-use); no access through an invalid one. */
  readonly again?: { readonly dst: string; readonly at: Place };
};

/** Which word of which register or place has which value at the end; all of them. The last one is the bad value. */
export type Outcome = readonly OutcomePart[];
export type OutcomePart =
  | { readonly thread: string; readonly register: string; readonly is: Operand; readonly not?: boolean }
  | { readonly at: Place; readonly is: Operand; readonly not?: boolean };

export type Hazard =
  /** Somebody reads a word of the object that its next owner wrote; `when`: only executions that end so are meant. */
  | { readonly kind: "use-after-free"; readonly object: string; readonly when?: Outcome }
  /** Somebody writes to it: the next owner finds a foreign value. */
  | { readonly kind: "write-after-free"; readonly object: string }
  | { readonly kind: "double-free"; readonly object: string }
  /** Somebody reads a word that was never written. */
  | { readonly kind: "uninitialised-read"; readonly object: string }
  /** Somebody follows a pointer that is NULL. */
  | { readonly kind: "null-dereference" }
  /** Somebody reads or writes the rcu_head of a queued handler, by another name of its storage (`page->lru`), while RCU owns it. */
  | { readonly kind: "head-overlap"; readonly head: Place }
  | { readonly kind: "outcome"; readonly what: string; readonly when: Outcome }
  /** Somebody does what the context forbids, or waits for what waits for it (`contexts/`): decided path by path, without the memory model. */
  | { readonly kind: "context" };

export type DriverProgram = {
  readonly name: string;
  /** One sentence: what is replayed. */
  readonly about?: string;
  /** Default `riscv`: decides what `dma_wmb()` and `writel_relaxed()` order. */
  readonly architecture?: ArchitectureName;
  readonly objects: readonly DriverObject[];
  readonly locks?: readonly string[];
  readonly srcuDomains?: readonly string[];
  readonly caches?: readonly CacheName[];
  readonly queues?: readonly string[];
  readonly threads: readonly DriverThread[];
  readonly handlers?: readonly Handler[];
  readonly devices?: readonly Device[];
  readonly hazard: Hazard;
  /** Printed with every verdict: what is taken for granted (serialisation, hardware, documents not seen). */
  readonly assumptions?: readonly string[];
};

export type ArchitectureName = "riscv" | "arm64" | "x86" | "s390" | "generic";
