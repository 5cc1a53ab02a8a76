/*
 * The macro name the printer writes for a read-modify-write without a kept spelling. The parser asks
 * the same question, so that a kept spelling always says something the instruction itself does not.
 */
import type { Expression, RmwOrder } from "../program.ts";

type Rmw = Extract<Expression, { readonly kind: "rmw" }>;

const suffixes: Readonly<Record<RmwOrder, string>> = { mb: "", relaxed: "_relaxed", acquire: "_acquire", release: "_release" };

const words = { "+": "add", "-": "sub", "&": "and", "|": "or", "^": "xor", andnot: "andnot" } as const;

export function printRmwSpelling(e: Rmw): string {
  const suffix = suffixes[e.order];
  switch (e.operation.kind) {
    case "exchange":
      return `xchg${suffix}`;
    case "compare-exchange":
      return `cmpxchg${suffix}`;
    case "add-unless":
      return "atomic_add_unless";
    case "arithmetic": {
      const word = words[e.operation.operator];
      if (e.result === "none") return `atomic_${word}`;
      if (e.result === "old") return `atomic_fetch_${word}${suffix}`;
      if (e.result === "is-zero") return e.operation.operator === "+" ? "atomic_inc_and_test" : "atomic_sub_and_test";
      if (e.result === "is-negative") return "atomic_add_negative";
      return `atomic_${word}_return${suffix}`;
    }
  }
}
