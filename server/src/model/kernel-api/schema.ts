/**
 * THE KNOWLEDGE TABLE's row: what a kernel API does, in effects. One row an API family (names that do the
 * same), one file a kernel header. A rule never sees a name; it sees the effects that these rows state.
 *
 * `Arg` is the index of an argument of the call, from 0.
 */

import type { DetailEffect } from "./detail-schema.ts";
import type { AccessKind, Arg, FenceName, FenceScope, Flavour, LockClass, MemoryKind, OffKind } from "./words.ts";

export type { AccessKind, Arg, FenceName, FenceScope, Flavour, LockClass, MemoryKind, OffKind };

export type Asked = "context" | "blocking";

export type EffectSpec = DetailEffect | CoreEffect;

/** From what an argument points to, pointer by pointer, to a field: each with the struct it is a field of. The last one is meant. */
export type FieldPath = readonly { readonly struct: string; readonly field: string }[];

/** Effects that tell paths apart, change what is known of values, or say what rules count on. */
export type CoreEffect =
  | { readonly kind: "reader-enter"; readonly flavour: Flavour; readonly domain?: Arg; /** A section only because preemption or interrupts are off. */ readonly implicit?: boolean; readonly off?: OffKind }
  | { readonly kind: "reader-leave"; readonly flavour: Flavour; readonly domain?: Arg; readonly implicit?: boolean }
  /** Waits for a grace period of `flavour`, or (`callbacks`) for callbacks already queued. */
  | { readonly kind: "wait"; readonly flavour: Flavour; readonly domain?: Arg; readonly callbacks?: boolean; readonly maybe?: boolean; /** Short where the RTNL is held, at a cost for all CPUs. */ readonly expedited?: true }
  /** `head` names the rcu_head member; absent for the form that needs none. */
  | { readonly kind: "defer-free"; readonly object: Arg; readonly head?: Arg; readonly mayWait?: boolean }
  | { readonly kind: "defer-call"; readonly head: Arg; readonly callback: Arg; readonly domain?: Arg }
  | { readonly kind: "free"; readonly object: Arg; readonly memory: MemoryKind }
  | { readonly kind: "free-list"; readonly list: Arg; readonly memory: MemoryKind }
  /** `gfp`: the flags, which say whether it may sleep. */
  | { readonly kind: "allocate"; readonly memory: MemoryKind; readonly zeroed: boolean; /** Holds a copy of what the call is given. */ readonly copied?: true; /** For a table or a buffer that a device reads. */ readonly device?: true; readonly gfp?: Arg; /** The slab cache it comes from. */ readonly cache?: Arg }
  /**
   * Reads an RCU-protected pointer. `pointer` is the pointer itself (rcu_dereference(p)), not its address.
   * `side`: `reader` must stand in a section, `update` says the update lock is held, `either` takes a
   * condition, `value` may not be dereferenced, `raw` promises nothing.
   */
  | { readonly kind: "rcu-read"; readonly pointer: Arg; readonly fields?: FieldPath; readonly side: "reader" | "update" | "either" | "value" | "raw"; /** The SRCU domain in whose sections it may be called. */ readonly domain?: Arg }
  /** Stores to an RCU-protected pointer: `release` orders initialisation before it. */
  | { readonly kind: "rcu-publish"; readonly pointer: Arg; readonly fields?: FieldPath; /** "null": nothing is there from now on. */ readonly value: Arg | "null"; /** The value is this field of what the argument leads to. */ readonly valueField?: string; readonly release: boolean; readonly byAddress?: boolean; readonly returnsOld?: boolean }
  | { readonly kind: "list-add"; readonly element: Arg; readonly head: Arg; /** `head` is the name of a table of lists: which of them, the key says. */ readonly isTable?: boolean; readonly rcu: boolean }
  | { readonly kind: "list-delete"; readonly element: Arg; readonly rcu: boolean; readonly reinit?: boolean }
  | { readonly kind: "list-move"; readonly element: Arg; readonly head: Arg }
  | { readonly kind: "list-replace"; readonly old: Arg; readonly element: Arg; readonly rcu: boolean }
  /** A loop macro. `next` is the spare cursor of a safe walk. `flat`: the cursor is the node itself, not its container. */
  | { readonly kind: "list-walk"; readonly cursor: Arg; readonly head: Arg; readonly member?: Arg; readonly isTable?: boolean; readonly key?: Arg; readonly rcu: boolean; readonly next?: Arg; readonly flavour?: Flavour }
  /** An expression for the first (or next) element of the list at `head`. */
  | { readonly kind: "list-peek"; readonly head: Arg; readonly member: Arg; readonly rcu: boolean }
  | { readonly kind: "lock"; readonly lock: Arg; readonly class: LockClass; /** The value that says the lock was had. */ readonly conditional?: "zero" | "nonzero"; readonly off?: OffKind }
  | { readonly kind: "unlock"; readonly lock: Arg; readonly class: LockClass }
  /** A lock without an argument of its own: rtnl_lock(). */
  | { readonly kind: "global-lock"; readonly name: string; readonly class: LockClass; readonly conditional?: "zero" | "nonzero" }
  | { readonly kind: "global-unlock"; readonly name: string; readonly class: LockClass }
  | { readonly kind: "assert-held"; readonly lock: Arg; readonly class: LockClass }
  | { readonly kind: "assert-global-held"; readonly name: string }
  | { readonly kind: "fence"; readonly fence: FenceName; readonly scope?: FenceScope }
  /** `pointer` is an lvalue (READ_ONCE(x)) or, with `byAddress`, its address (smp_load_acquire(&x)). */
  | { readonly kind: "load"; readonly pointer: Arg; readonly access: AccessKind; readonly byAddress?: boolean }
  | { readonly kind: "store"; readonly pointer: Arg; readonly value: Arg; readonly access: AccessKind; readonly byAddress?: boolean }
  | { readonly kind: "exchange"; readonly pointer: Arg; readonly value: Arg; readonly byAddress: true }
  /**
   * Takes a reference; `conditional` fails on zero and says so by its value. `safely`: who finds such an object under RCU may
   * find it after its last reference is gone, and takes one this way.
   */
  | { readonly kind: "ref-get"; readonly counter: Arg; readonly conditional?: boolean; readonly safely?: string }
  /** Reads or writes a device register, or reads it until a condition holds; `result` is an lvalue that gets what was read. */
  | { readonly kind: "mmio"; readonly access: "read" | "write" | "poll"; readonly address: Arg; readonly result?: Arg; readonly value?: Arg; readonly order: "relaxed" | "ordered" }
  | { readonly kind: "ref-put"; readonly counter: Arg; readonly release?: Arg; /** Held when the release function is called, which gives it back. */ readonly lock?: { readonly at: Arg; readonly class: LockClass } }
  /** The value is a pointer into the same object as the argument (phys_to_virt, page_address, ERR_CAST). */
  | { readonly kind: "derive"; readonly from: Arg }
  /** container_of(pointer, type, member) and kin. `first`: the field of a list head that leads to the first node; a pointer read from it stands for a peek at the list. */
  | { readonly kind: "container"; readonly pointer: Arg; readonly type: Arg; readonly member: Arg; readonly first?: string }
  /** Touches the memory behind the argument without keeping it (memset, memcpy, print). */
  | { readonly kind: "touch"; readonly pointer: Arg; readonly write: boolean; /** The option of the kernel without which it does nothing. */ readonly debug?: string }
  /** A condition hint: the value is the value of the argument (likely(x), unlikely(x), WARN_ON(x)). */
  | { readonly kind: "value-of"; readonly arg: Arg }
  | { readonly kind: "is-error"; readonly arg: Arg; readonly orNull?: boolean }
  /** The value depends on the arguments alone: IS_ENABLED(x), BIT(n). */
  | { readonly kind: "pure" }
  /** Exchanges two lvalues: swap(a, b). */
  | { readonly kind: "swap"; readonly a: Arg; readonly b: Arg }
  /** Does not return: BUG(). */
  | { readonly kind: "never-returns" };

/**
 * `effects: []` says: known, and harmless here. It waits for no grace period, frees nothing of the caller's and
 * gives no order that a rule may count on. An API that is in no row is *opaque*: nothing is known of it.
 */
export type ApiRow = {
  readonly names: readonly string[];
  readonly effects: readonly EffectSpec[];
  /**
   * The effects are true, but nobody says that they are all: also a call that nothing is known of, which may wait, free
   * or run readers, and withholds verdicts. Detail effects only.
   */
  readonly partly?: true;
  /** Of such a call: callers may spin or be in a read-side section, so that it waits for no grace period. */
  readonly neverWaits?: true;
  /** First kernel release that has these effects, and the first that has them no more, when it matters. */
  readonly since?: string;
  readonly until?: string;
  /** Where the tree of 6.12 shows it, if not in the header. */
  readonly source?: string;
  /** May sleep, whatever it is given (an allocation's flags say it for that one). */
  readonly maySleep?: boolean;
  /** With 0 here it spins instead: the time between two reads of a poll. */
  readonly unlessZero?: Arg;
  /** Its value says whether the caller may sleep: of the context (in_atomic()), or of what it was asked to do (mmu_notifier_range_blockable()). */
  readonly asks?: Asked;
  /** Says, and in debug kernels checks, what the caller of the function that calls it holds; assert-held and kin say it by themselves. "section": a read-side one. */
  readonly asserts?: true | "section";
  /** The SRCU domain of the section that it asks about. */
  readonly ofDomain?: Arg;
};

export type HeaderRows = {
  /** Path in the kernel tree of 6.12 where these APIs are declared. */
  readonly header: string;
  /** Where the rest of them are, for families that several headers share. */
  readonly also?: readonly string[];
  readonly rows: readonly ApiRow[];
};
