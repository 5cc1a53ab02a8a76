/**
 * Effects that add detail to a path: rules that ask for them find them as events, the joining of paths does not look at
 * them (model/detail-events.ts says what arrives). A row that is only partly known (`partly` in schema.ts) has no others.
 */

import type { Arg, Flavour } from "./words.ts";

/** `plain`: not atomic at all (__set_bit). The others as in tools/memory-model/Documentation/recipes.txt. */
export type RmwOrder = "plain" | "relaxed" | "acquire" | "release" | "full";

/** What runs a callback later, on its own. */
export type HandlerKind = "work" | "delayed-work" | "rcu-work" | "timer" | "hrtimer" | "tasklet" | "irq" | "irq-work" | "kthread" | "workqueue";

/** Who calls a registered function: a family of hooks. */
export type HookKind =
  | "netdevice-notifier" | "inetaddr-notifier" | "fib-notifier" | "atomic-notifier" | "blocking-notifier" | "srcu-notifier" | "raw-notifier" | "rx-handler" | "netfilter"
  | "packet-type" | "inet-protocol" | "offload" | "tracepoint" | "mmu-notifier" | "mmu-interval-notifier" | "fault-handler" | "pernet" | "rtnl-link" | "driver" | "shrinker" | "netdevice"
  | "reboot-notifier" | "cpu-notifier" | "kprobe" | "bus-notifier" | "genetlink" | "irq-bypass" | "iopf-queue";

/** What an IOMMU keeps: final translations, table levels above them, device and PASID entries, translations kept by a device (ATS). */
export type IommuCache = "iotlb" | "walk" | "context" | "pasid" | "device-tlb" | "all";

/** Containers that are no list: elements are found by key, or by popping. */
export type StoreKind = "hlist-nulls" | "hlist-bl" | "llist" | "rhashtable" | "xarray" | "idr" | "radix-tree" | "maple-tree" | "rbtree" | "hashtable";

export type DetailEffect =
  /** The caller holds a read-side section, or with `or` this lock of the kernel ("rtnl"); what the call returns is protected by it: rcu/access-outside-reader, use-after-unlock. */
  | { readonly kind: "needs-reader"; readonly or?: string }
  /** The caller holds this lock: one of the kernel ("rtnl"), or by its name the one in what the call is given ("xa_lock"), which it lets go to sleep: rcu/grace-period-in-loop, context/sleep-in-atomic. */
  | { readonly kind: "needs-lock"; readonly name: string }
  /** A read or write of an atomic_t, refcount_t or bit: ordering/store-buffering, ready-without-rmb. */
  | { readonly kind: "atomic"; readonly access: "read" | "write"; readonly pointer: Arg; readonly order: "relaxed" | "acquire" | "release"; readonly bit?: Arg }
  /** Reads and writes in one step. `conditional`: the write, and its order, may not happen. `returns`: the value says what was there. */
  | { readonly kind: "rmw"; readonly pointer: Arg; readonly order: RmwOrder; readonly conditional?: boolean; readonly returns: boolean; readonly bit?: Arg }
  /** Ties the function `callback` to `subject`; absent where the subject is what the call returns (kthread_run). For a threaded interrupt `thread` runs too; `data` is what both get. */
  | { readonly kind: "handler"; readonly via: HandlerKind; readonly subject?: Arg; readonly callback: Arg; readonly thread?: Arg; readonly data?: Arg }
  /** Makes it run, now or later; releases what was written before: ordering/*, rcu/use-after-queued. */
  | { readonly kind: "start"; readonly via: HandlerKind; readonly subject: Arg }
  /** Returns when it does not run any more. `cancels`: and it is not queued either. `final`: and it cannot be started again. */
  | { readonly kind: "wait-handler"; readonly via: HandlerKind; readonly subject?: Arg; readonly cancels?: boolean; readonly final?: boolean }
  /** Takes it out of the queue, and does not wait for one that runs. */
  | { readonly kind: "cancel"; readonly via: HandlerKind; readonly subject: Arg }
  /** Makes others call into this code from now on: rcu/unregister-without-wait, publish-before-init. `chain`: to what it is added, where that is an argument. */
  | { readonly kind: "register"; readonly hook: HookKind; readonly subject?: Arg; readonly chain?: Arg; readonly callback?: Arg }
  /**
   * Takes it back. `awaits`: when it returns, no call that began before still runs. `runs`: what a call runs in, so that
   * somebody else can wait for it ("lock": in a lock that this call takes; "caller": up to who calls the chain). `callbacks`:
   * of which flavour it waits for what was queued before, too (rcu_barrier() in it): rcu/missing-barrier-on-exit.
   */
  | { readonly kind: "unregister"; readonly hook: HookKind; readonly subject?: Arg; readonly chain?: Arg; readonly awaits: boolean; readonly runs: Flavour | "lock" | "caller"; readonly callbacks?: Flavour }
  /** A slab cache; `flags` as written say whether it is SLAB_TYPESAFE_BY_RCU: rcu/typesafe-without-recheck, missing-barrier-on-exit. */
  | { readonly kind: "cache"; readonly does: "create" | "destroy"; readonly cache?: Arg; readonly flags?: Arg }
  /** Hands memory to or from a device that may not snoop caches: iommu/missing-cache-clean. */
  | { readonly kind: "dma"; readonly does: "map" | "unmap" | "clean" | "invalidate"; readonly address: Arg; readonly size?: Arg; readonly direction?: Arg }
  /** Drops cached translations. `step`: noted for later, asked for, or waited for: iommu/incomplete-invalidation, free-before-invalidation, tag-reuse-without-flush. */
  | { readonly kind: "iommu-flush"; readonly step: "gather" | "request" | "complete"; readonly caches: readonly IommuCache[]; readonly reach: "range" | "domain" | "device" | "global"; readonly subject: Arg; /** Not 0: leaf entries only; else the walk caches too. */ readonly leaf?: Arg }
  /**
   * A device translates through a table from now on, or, when the call returns, not any more: iommu/missed-invalidation.
   * `device-tlb`: it keeps translations of its own from now on (ATS). `not-present`: asks whether the hardware, or who
   * emulates it, also keeps that an entry is not there. Both: iommu/incomplete-invalidation.
   */
  | { readonly kind: "translation"; readonly does: "start" | "stop" | "device-tlb" | "not-present"; readonly subject: Arg }
  /** Gives out a number that caches or others are tagged with; `out`: where it is stored, else it is the value. */
  | { readonly kind: "tag-alloc"; readonly space?: Arg; readonly out?: Arg }
  | { readonly kind: "tag-release"; readonly space?: Arg; readonly tag: Arg }
  /** Page requests of a device: iommu/pasid-freed-with-faults-pending. `drain` returns when none is pending. */
  | { readonly kind: "iopf"; readonly does: "enable" | "disable" | "drain" | "discard" | "report" | "respond"; readonly subject: Arg }
  | { readonly kind: "complete"; readonly subject: Arg }
  | { readonly kind: "wait-completion"; readonly subject: Arg; /** May return before it: a timeout, a signal. */ readonly maybe?: boolean }
  | { readonly kind: "wake"; readonly subject: Arg }
  | { readonly kind: "wait-event"; readonly subject?: Arg; readonly condition?: Arg; readonly maybe?: boolean }
  /** Sequence counters: a `retry` of which one side is missing is rcu/double-fetch's and ordering's business. */
  | { readonly kind: "seq"; readonly does: "read-begin" | "read-retry" | "write-begin" | "write-end"; readonly subject: Arg }
  /** A reference is given up, and what that may run is not known: `ref-put` (schema.ts) for a call that is partly known. */
  | { readonly kind: "put"; readonly counter: Arg }
  /** percpu_ref_kill(): the first reference is dropped once all CPUs know. */
  | { readonly kind: "kill-reference"; readonly counter: Arg }
  /** A container by key. `element` is what goes in; of a look-up it is the value, or of a loop the cursor. */
  | { readonly kind: "lookup"; readonly store: StoreKind; readonly container: Arg; readonly key?: Arg; readonly cursor?: Arg; readonly rcu: boolean }
  | { readonly kind: "insert"; readonly store: StoreKind; readonly container: Arg; readonly element: Arg; readonly key?: Arg; readonly rcu: boolean }
  /** `element` or `key` says which one; `rcu`: readers that have it may go on. */
  | { readonly kind: "remove"; readonly store: StoreKind; readonly container: Arg; readonly element?: Arg; readonly key?: Arg; readonly rcu: boolean };
