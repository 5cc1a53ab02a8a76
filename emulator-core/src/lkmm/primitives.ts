/*
 * The macros of tools/memory-model/linux-kernel.def (Linux 6.12) as data: what each one is in terms
 * of program.ts. `atomic_add_unless` is built into herd7; the and/or/xor/andnot families are in newer
 * linux-kernel.def files only (6.12 refuses them), and are accepted here so that programs extracted
 * from drivers can be read back.
 */
import type { FenceKind, RmwOrder, RmwResult } from "../program.ts";

/** How an argument names memory: `*x` (READ_ONCE) or a pointer `x` (smp_load_acquire). */
type MemoryArgument = "lvalue" | "pointer";

export type Primitive =
  | { readonly kind: "load"; readonly tag: "once" | "acquire"; readonly memory: MemoryArgument }
  | { readonly kind: "store"; readonly tag: "once" | "release"; readonly memory: MemoryArgument; readonly thenFence?: "mb" }
  | { readonly kind: "fence"; readonly fence: FenceKind }
  | { readonly kind: "exchange" | "compare-exchange"; readonly order: RmwOrder }
  | {
      readonly kind: "arithmetic";
      readonly operator: "+" | "-" | "&" | "|" | "^" | "andnot";
      readonly order: RmwOrder;
      readonly result: RmwResult;
      /** atomic_inc(x) has no operand: it is 1. Otherwise the operand is the first argument. */
      readonly operand: "one" | "first";
    }
  | { readonly kind: "add-unless" }
  | { readonly kind: "spin-lock" | "spin-unlock" | "spin-trylock" | "spin-is-locked" }
  | { readonly kind: "srcu-read-lock" | "srcu-read-unlock" | "synchronize-srcu" };

const orders: readonly (readonly [string, RmwOrder])[] = [
  ["", "mb"],
  ["_relaxed", "relaxed"],
  ["_acquire", "acquire"],
  ["_release", "release"],
];

const operators = [
  ["add", "+"],
  ["sub", "-"],
  ["and", "&"],
  ["or", "|"],
  ["xor", "^"],
  ["andnot", "andnot"],
] as const;

function atomicFamilies(): (readonly [string, Primitive])[] {
  const rows: (readonly [string, Primitive])[] = [];
  for (const [word, operator] of operators) {
    rows.push([`atomic_${word}`, { kind: "arithmetic", operator, order: "relaxed", result: "none", operand: "first" }]);
    for (const [suffix, order] of orders) {
      rows.push([`atomic_fetch_${word}${suffix}`, { kind: "arithmetic", operator, order, result: "old", operand: "first" }]);
      if (operator === "+" || operator === "-")
        rows.push([`atomic_${word}_return${suffix}`, { kind: "arithmetic", operator, order, result: "new", operand: "first" }]);
    }
  }
  for (const [word, operator] of [["inc", "+"], ["dec", "-"]] as const) {
    rows.push([`atomic_${word}`, { kind: "arithmetic", operator, order: "relaxed", result: "none", operand: "one" }]);
    rows.push([`atomic_${word}_and_test`, { kind: "arithmetic", operator, order: "mb", result: "is-zero", operand: "one" }]);
    for (const [suffix, order] of orders) {
      rows.push([`atomic_${word}_return${suffix}`, { kind: "arithmetic", operator, order, result: "new", operand: "one" }]);
      rows.push([`atomic_fetch_${word}${suffix}`, { kind: "arithmetic", operator, order, result: "old", operand: "one" }]);
    }
  }
  for (const [suffix, order] of orders) {
    for (const prefix of ["", "atomic_"]) {
      rows.push([`${prefix}xchg${suffix}`, { kind: "exchange", order }]);
      rows.push([`${prefix}cmpxchg${suffix}`, { kind: "compare-exchange", order }]);
    }
  }
  return rows;
}

const fences: readonly (readonly [string, FenceKind])[] = [
  ["smp_mb", "mb"],
  ["smp_rmb", "rmb"],
  ["smp_wmb", "wmb"],
  ["barrier", "barrier"],
  ["smp_mb__before_atomic", "before-atomic"],
  ["smp_mb__after_atomic", "after-atomic"],
  ["smp_mb__after_spinlock", "after-spinlock"],
  ["smp_mb__after_unlock_lock", "after-unlock-lock"],
  ["smp_mb__after_srcu_read_unlock", "after-srcu-read-unlock"],
  ["rcu_read_lock", "rcu-lock"],
  ["rcu_read_unlock", "rcu-unlock"],
  ["synchronize_rcu", "sync-rcu"],
  ["synchronize_rcu_expedited", "sync-rcu"],
];

/** Every macro by the name a litmus test writes. */
export const primitives: ReadonlyMap<string, Primitive> = new Map<string, Primitive>([
  ["READ_ONCE", { kind: "load", tag: "once", memory: "lvalue" }],
  ["rcu_dereference", { kind: "load", tag: "once", memory: "lvalue" }],
  ["atomic_read", { kind: "load", tag: "once", memory: "pointer" }],
  ["smp_load_acquire", { kind: "load", tag: "acquire", memory: "pointer" }],
  ["atomic_read_acquire", { kind: "load", tag: "acquire", memory: "pointer" }],
  ["WRITE_ONCE", { kind: "store", tag: "once", memory: "lvalue" }],
  ["atomic_set", { kind: "store", tag: "once", memory: "pointer" }],
  ["smp_store_release", { kind: "store", tag: "release", memory: "pointer" }],
  ["atomic_set_release", { kind: "store", tag: "release", memory: "pointer" }],
  ["rcu_assign_pointer", { kind: "store", tag: "release", memory: "lvalue" }],
  ["smp_store_mb", { kind: "store", tag: "once", memory: "lvalue", thenFence: "mb" }],
  ...fences.map(([name, fence]): [string, Primitive] => [name, { kind: "fence", fence }]),
  ...atomicFamilies(),
  ["atomic_sub_and_test", { kind: "arithmetic", operator: "-", order: "mb", result: "is-zero", operand: "first" }],
  ["atomic_add_negative", { kind: "arithmetic", operator: "+", order: "mb", result: "is-negative", operand: "first" }],
  ["atomic_add_unless", { kind: "add-unless" }],
  ["spin_lock", { kind: "spin-lock" }],
  ["spin_unlock", { kind: "spin-unlock" }],
  ["spin_trylock", { kind: "spin-trylock" }],
  ["spin_is_locked", { kind: "spin-is-locked" }],
  ["srcu_read_lock", { kind: "srcu-read-lock" }],
  ["srcu_down_read", { kind: "srcu-read-lock" }],
  ["srcu_read_unlock", { kind: "srcu-read-unlock" }],
  ["srcu_up_read", { kind: "srcu-read-unlock" }],
  ["synchronize_srcu", { kind: "synchronize-srcu" }],
  ["synchronize_srcu_expedited", { kind: "synchronize-srcu" }],
]);

/** First table name of a fence: what the printer writes when no spelling is kept. */
export const fenceSpelling: ReadonlyMap<FenceKind, string> = new Map(
  [...fences].reverse().map(([name, fence]): [FenceKind, string] => [fence, name]),
);
