/** What values and places are on a path: symbols, which stand for what nobody computed. */

import type { Span } from "../syntax/c-syntax.ts";
import type { MemoryKind } from "./kernel-api/words.ts";

/** A value on the path. Two symbols with one id are the same value; different ids may still alias. */
export type Sym = { readonly id: number; readonly origin: Origin; /** C type, normalised; "" when unknown. */ readonly type: string };

export type Origin =
  | { readonly kind: "parameter"; readonly function: string; readonly name: string }
  | { readonly kind: "global"; readonly name: string }
  | { readonly kind: "stack"; readonly frame: number; readonly name: string }
  | { readonly kind: "allocation"; readonly at: Span; readonly memory: MemoryKind; readonly zeroed: boolean }
  | { readonly kind: "load"; readonly place: Place }
  | { readonly kind: "element"; readonly head: Place | undefined; readonly member: string }
  /** The structure that holds `of` as its field `member`. */
  | { readonly kind: "container"; readonly of: Sym; readonly struct: string; readonly member: string }
  | { readonly kind: "address"; readonly place: Place }
  | { readonly kind: "null" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "function"; readonly name: string }
  /** `question`: the same for the same operators on the same places, whenever they are read. */
  | { readonly kind: "expression"; readonly text: string; readonly question?: string };

/** A memory place: `base` dereferenced, then fields; "[7]" is the element whose index is symbol 7, "*" the pointed-to value. */
export type Place = {
  readonly base: Sym;
  readonly path: readonly string[];
  /** What the place is called across functions: "riscv_iommu_domain.bonds", "global active_allocator", "?.bonds". */
  readonly key: string;
  readonly type: string;
};
