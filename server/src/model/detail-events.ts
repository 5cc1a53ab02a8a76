/**
 * Events that add detail: rules see them, paths that differ in nothing else are joined (path-state.ts), and findings of
 * rules that do not ask for them do not depend on them. A rule to which they make a difference walks with a `PathWalker`
 * that is told so (`apart`).
 */

import type { DetailEffect, HandlerKind, HookKind, IommuCache, RmwOrder, StoreKind } from "./kernel-api/detail-schema.ts";
import type { Asked, EffectSpec, Flavour, MemoryKind } from "./kernel-api/schema.ts";
import type { Place, Sym } from "./symbols.ts";

export type DetailEvent =
  /** `gfp`: the flags as written, `flags` their value. `from`: the cache it comes from. */
  | { readonly kind: "allocation"; readonly object: Sym; readonly memory: MemoryKind; /** It holds zeros, or a copy: whoever finds it before that is stored finds what was there before. */ readonly filled: boolean; /** For a device to read. */ readonly device: boolean; readonly gfp: string | undefined; readonly flags: Sym | undefined; readonly from: Sym | undefined; readonly api: string }
  /** `value`: what the call returns, for those in the section it wants around it. */
  | { readonly kind: "needs-reader"; readonly or: string | undefined; readonly value: Sym; readonly api: string }
  /** The caller of the root holds this lock, or the path took it. */
  | { readonly kind: "needs-lock"; readonly name: string; readonly api: string }
  /** Whether it may sleep is asked; `value` is the answer. */
  | { readonly kind: "asked"; readonly about: Asked; readonly value: Sym; readonly api: string }
  /** A call that is given allocation flags, and so may allocate with them. */
  | { readonly kind: "given-flags"; readonly flags: Sym; readonly api: string }
  /** A reference is given up; `release`: the function that ends the object, where the call names one. */
  | { readonly kind: "put"; readonly counter: Sym; readonly release: string | undefined; readonly api: string }
  /** `address` as written. `order`: an ordered access orders normal memory too (memory-barriers.txt, "KERNEL I/O BARRIER EFFECTS"). */
  | { readonly kind: "mmio"; readonly access: "read" | "write" | "poll"; readonly address: string; readonly order: "relaxed" | "ordered"; readonly value: Sym | undefined; readonly api: string }
  /** A kernel function that may sleep whatever it is given. */
  | { readonly kind: "sleep"; readonly api: string }
  /** The root function ends: `at` is the return, or the closing brace. Locks and sections are those that are left. */
  | { readonly kind: "exit"; readonly value: Sym | undefined; readonly text: string }
  | { readonly kind: "atomic"; readonly access: "read" | "write"; readonly place: Place; readonly order: "relaxed" | "acquire" | "release"; readonly bit: Sym | undefined; readonly api: string }
  /** Of xchg() and cmpxchg() the load and the store come as events of their own right after it. */
  | { readonly kind: "rmw"; readonly place: Place; readonly order: RmwOrder; readonly conditional: boolean; readonly returns: boolean; readonly bit: Sym | undefined; readonly result: Sym; readonly api: string }
  /** `callback`, `thread`: functions of the file; undefined for others. */
  | { readonly kind: "handler"; readonly via: HandlerKind; readonly subject: Sym; readonly callback: string | undefined; readonly thread: string | undefined; readonly data: Sym | undefined; readonly api: string }
  | { readonly kind: "start"; readonly via: HandlerKind; readonly subject: Sym; readonly api: string }
  | { readonly kind: "wait-handler"; readonly via: HandlerKind; readonly subject: Sym | undefined; readonly cancels: boolean; readonly final: boolean; readonly api: string }
  | { readonly kind: "cancel"; readonly via: HandlerKind; readonly subject: Sym; readonly api: string }
  | { readonly kind: "register"; readonly hook: HookKind; readonly subject: Sym | undefined; readonly chain: Sym | undefined; readonly callback: string | undefined; readonly api: string }
  | { readonly kind: "unregister"; readonly hook: HookKind; readonly subject: Sym | undefined; readonly chain: Sym | undefined; readonly awaits: boolean; readonly runs: Flavour | "lock" | "caller"; readonly api: string }
  /** `cache`: the cache itself, of `create` what it returns. */
  | { readonly kind: "cache"; readonly does: "create" | "destroy"; readonly cache: Sym; readonly flags: string | undefined; readonly typesafe: boolean; readonly api: string }
  /** `handle`: what `map` returns, the address for the device. */
  | { readonly kind: "dma"; readonly does: "map" | "unmap" | "clean" | "invalidate"; readonly address: Sym; readonly size: string | undefined; readonly direction: string | undefined; readonly handle: Sym | undefined; readonly api: string }
  | { readonly kind: "iommu-flush"; readonly step: "gather" | "request" | "complete"; readonly caches: readonly IommuCache[]; readonly reach: "range" | "domain" | "device" | "global"; readonly subject: Sym; readonly api: string }
  | { readonly kind: "translation"; readonly does: "start" | "stop" | "device-tlb" | "not-present"; readonly subject: Sym; readonly api: string }
  | { readonly kind: "tag-alloc"; readonly space: Sym | undefined; readonly tag: Sym; readonly api: string }
  | { readonly kind: "tag-release"; readonly space: Sym | undefined; readonly tag: Sym; readonly api: string }
  | { readonly kind: "iopf"; readonly does: "enable" | "disable" | "drain" | "discard" | "report" | "respond"; readonly subject: Sym; readonly api: string }
  | { readonly kind: "complete"; readonly subject: Sym; readonly api: string }
  | { readonly kind: "wait-completion"; readonly subject: Sym; readonly maybe: boolean; readonly api: string }
  | { readonly kind: "wake"; readonly subject: Sym; readonly api: string }
  /** `condition` as written. */
  | { readonly kind: "wait-event"; readonly subject: Sym | undefined; readonly condition: string | undefined; readonly maybe: boolean; readonly api: string }
  | { readonly kind: "seq"; readonly does: "read-begin" | "read-retry" | "write-begin" | "write-end"; readonly subject: Sym; readonly api: string }
  | { readonly kind: "kill-reference"; readonly counter: Sym; readonly api: string }
  | { readonly kind: "lookup"; readonly store: StoreKind; readonly container: Sym; readonly key: Sym | undefined; readonly element: Sym; readonly rcu: boolean; readonly api: string }
  | { readonly kind: "insert"; readonly store: StoreKind; readonly container: Sym; readonly element: Sym; readonly key: Sym | undefined; readonly rcu: boolean; readonly api: string }
  | { readonly kind: "remove"; readonly store: StoreKind; readonly container: Sym; readonly element: Sym | undefined; readonly key: Sym | undefined; readonly rcu: boolean; readonly api: string };

export type DetailKind = DetailEvent["kind"];

/** The compiler asks for each: a kind that is left out would tell paths apart. */
const details: Readonly<Record<DetailKind, true>> = {
  allocation: true, "needs-reader": true, "needs-lock": true, asked: true, "given-flags": true, put: true, mmio: true, sleep: true, exit: true, atomic: true, rmw: true, handler: true, start: true, "wait-handler": true, cancel: true, register: true,
  unregister: true, cache: true, dma: true, "iommu-flush": true, translation: true, "tag-alloc": true, "tag-release": true, iopf: true, complete: true, "wait-completion": true, wake: true,
  "wait-event": true, seq: true, "kill-reference": true, lookup: true, insert: true, remove: true,
};

export const detailKinds: ReadonlySet<string> = new Set(Object.keys(details));

export function isDetail<T extends { readonly kind: string }>(what: T): what is T & { readonly kind: DetailKind } {
  return detailKinds.has(what.kind);
}

/** mmio alone does more than its event: it may leave what was read in an lvalue. */
export function isDetailEffect(effect: EffectSpec): effect is DetailEffect {
  return isDetail(effect) && effect.kind !== "mmio";
}
