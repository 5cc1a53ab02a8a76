import type { RmwOrder } from "./detail-schema.ts";
import type { ApiRow, EffectSpec, HeaderRows } from "./schema.ts";

const types = ["atomic", "atomic64", "atomic_long"] as const;

/** Suffix and order: what returns a value is fully ordered unless its name says less (Documentation/atomic_t.txt). */
export const orders: readonly (readonly [string, RmwOrder])[] = [["", "full"], ["_relaxed", "relaxed"], ["_acquire", "acquire"], ["_release", "release"]];

export const rmw = (pointer: number, order: RmwOrder, more: { readonly conditional?: boolean; readonly returns?: boolean; readonly bit?: number } = {}): EffectSpec => ({ kind: "rmw", pointer, order, returns: false, ...more });

/** Names of one operation on every atomic type that is in `wanted`. */
const named = (operations: readonly string[], wanted: readonly string[] = types): readonly string[] => wanted.flatMap((type) => operations.map((operation) => `${type}_${operation}`));

const returning = (operations: readonly string[], pointer: number, conditional = false): readonly ApiRow[] =>
  orders.map(([suffix, order]) => ({ names: named(operations.map((operation) => operation + suffix)), effects: [rmw(pointer, order, { returns: true, conditional })] }));

/** atomic_inc() and what tests for zero also count references: for atomic_t alone, as kernel code uses them. */
const counting = ["inc", "inc_not_zero", "add_unless", "dec_and_test"];
const others = ["atomic64", "atomic_long"];

export const atomic: HeaderRows = {
  header: "include/linux/atomic/atomic-instrumented.h",
  rows: [
    { names: ["atomic_read", "atomic64_read", "atomic_long_read"], effects: [{ kind: "touch", pointer: 0, write: false }, { kind: "atomic", access: "read", pointer: 0, order: "relaxed" }] },
    { names: named(["read_acquire"]), effects: [{ kind: "touch", pointer: 0, write: false }, { kind: "atomic", access: "read", pointer: 0, order: "acquire" }] },
    { names: named(["set"]), effects: [{ kind: "atomic", access: "write", pointer: 0, order: "relaxed" }] },
    { names: named(["set_release"]), effects: [{ kind: "atomic", access: "write", pointer: 0, order: "release" }] },
    { names: ["atomic_inc"], effects: [{ kind: "ref-get", counter: 0 }, rmw(0, "relaxed")] },
    { names: named(["inc"], others), effects: [rmw(0, "relaxed")] },
    { names: named(["dec"]), effects: [rmw(0, "relaxed")] },
    { names: named(["add", "sub", "and", "or", "xor", "andnot"]), effects: [rmw(1, "relaxed")] },
    ...returning(["inc_return", "dec_return", "fetch_inc", "fetch_dec", "xchg"], 0),
    ...returning(["add_return", "sub_return", "fetch_add", "fetch_sub", "fetch_and", "fetch_or", "fetch_xor", "fetch_andnot"], 1),
    ...returning(["cmpxchg", "try_cmpxchg"], 0, true),
    { names: ["atomic_inc_not_zero", "atomic_add_unless"], effects: [{ kind: "ref-get", counter: 0, conditional: true }, rmw(0, "full", { conditional: true, returns: true })] },
    { names: [...named(counting.slice(1, 3), others), ...named(["fetch_add_unless", "inc_unless_negative", "dec_unless_positive", "dec_if_positive"])], effects: [rmw(0, "full", { conditional: true, returns: true })] },
    { names: ["atomic_dec_and_test"], effects: [{ kind: "touch", pointer: 0, write: true }, { kind: "ref-put", counter: 0 }, rmw(0, "full", { returns: true })] },
    { names: [...named(["dec_and_test"], others), ...named(["inc_and_test"])], effects: [rmw(0, "full", { returns: true })] },
    { names: named(["sub_and_test", "add_negative"]), effects: [rmw(1, "full", { returns: true })] },
  ],
};

/** xchg() and kin, on any word: the load and the store are events of their own. */
export const cmpxchg: HeaderRows = {
  header: "include/linux/atomic/atomic-instrumented.h",
  rows: [
    ...orders.map(([suffix, order]): ApiRow => ({ names: [`xchg${suffix}`], effects: [rmw(0, order, { returns: true }), { kind: "exchange", pointer: 0, value: 1, byAddress: true }] })),
    ...orders.map(([suffix, order]): ApiRow => ({
      names: ["cmpxchg", "cmpxchg64", "try_cmpxchg", "try_cmpxchg64"].map((name) => name + suffix), effects: [rmw(0, order, { returns: true, conditional: true }), { kind: "exchange", pointer: 0, value: 2, byAddress: true }],
    })),
    { names: ["cmpxchg_local"], effects: [rmw(0, "plain", { returns: true, conditional: true }), { kind: "exchange", pointer: 0, value: 2, byAddress: true }] },
  ],
};

export const bitops: HeaderRows = {
  header: "include/asm-generic/bitops/instrumented-atomic.h",
  also: ["include/linux/bitops.h", "include/asm-generic/bitops/instrumented-lock.h"],
  rows: [
    { names: ["test_bit"], effects: [{ kind: "touch", pointer: 1, write: false }, { kind: "atomic", access: "read", pointer: 1, order: "relaxed", bit: 0 }] },
    { names: ["test_bit_acquire"], effects: [{ kind: "touch", pointer: 1, write: false }, { kind: "atomic", access: "read", pointer: 1, order: "acquire", bit: 0 }] },
    { names: ["set_bit", "clear_bit", "change_bit", "assign_bit"], effects: [rmw(1, "relaxed", { bit: 0 })] },
    { names: ["test_and_set_bit", "test_and_clear_bit", "test_and_change_bit"], effects: [rmw(1, "full", { bit: 0, returns: true })] },
    // A bit that was set already gives no order (Documentation/atomic_bitops.txt).
    { names: ["test_and_set_bit_lock"], effects: [rmw(1, "acquire", { bit: 0, returns: true, conditional: true })] },
    { names: ["clear_bit_unlock", "__clear_bit_unlock"], effects: [rmw(1, "release", { bit: 0 })] },
    { names: ["__set_bit", "__clear_bit", "__change_bit", "__assign_bit"], effects: [rmw(1, "plain", { bit: 0 })] },
    { names: ["__test_and_set_bit", "__test_and_clear_bit"], effects: [rmw(1, "plain", { bit: 0, returns: true })] },
  ],
};
