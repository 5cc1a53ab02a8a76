/** Fields of one structure that are the same memory: arms of its unions, and what the kernel's headers overlay. */

import type { StructDef } from "../syntax/c-syntax.ts";
import { structNameOf, type StructTable } from "./types.ts";

/** Structures of core headers whose unions matter to RCU, for files whose headers are out of reach (6.12: mm_types.h, mm/slab.h, dcache.h). */
const overlays: Readonly<Record<string, readonly (readonly string[])[]>> = {
  page: [["lru", "rcu_head", "buddy_list", "pcp_list"]],
  slab: [["slab_list", "rcu_head"]],
  ptdesc: [["pt_list", "pt_rcu_head"]],
  dentry: [["d_u.d_alias", "d_u.d_in_lookup_hash", "d_u.d_rcu"]],
};

/** Whether two field paths of `struct`, dotted, share memory; a union's arms are taken to begin alike unless their fields say otherwise. */
export function sharesStorage(struct: string, a: string, b: string, structs: StructTable): boolean {
  if (a === b || a === "" || b === "") return false;
  const known = overlays[struct];
  if (known?.some((names) => names.includes(a) && names.includes(b)) === true) return true;
  const def = structs.find(struct);
  if (def === undefined) return false;
  const [left, right] = [spanOf(def, a.split("."), structs, []), spanOf(def, b.split("."), structs, [])];
  if (left === undefined || right === undefined) return false;
  const common = left.arms.find((arm) => right.arms.some((other) => other.union === arm.union && other.arm !== arm.arm));
  const other = common === undefined ? undefined : right.arms.find((one) => one.union === common.union);
  if (common === undefined || other === undefined) return false;
  return common.from < other.from + right.size && other.from < common.from + left.size;
}

/** On the way to a field: the unions passed, which arm was taken, and the field's offset from the union's begin. */
type Arm = { readonly union: StructDef; readonly arm: number; readonly from: number };
type Located = { readonly arms: readonly Arm[]; readonly size: number };

function spanOf(def: StructDef, path: readonly string[], structs: StructTable, outer: readonly Arm[]): Located | undefined {
  let offset = 0;
  for (const [index, field] of def.fields.entries()) {
    const size = field.isArray ? unknownSize : sizeOf(field.type, field.nested, structs);
    const at = def.kind === "union" ? 0 : offset;
    const arms = [...outer.map((arm) => ({ ...arm, from: arm.from + at })), ...(def.kind === "union" ? [{ union: def, arm: index, from: 0 }] : [])];
    const isNamed = field.name === path[0];
    const inner = field.nested ?? (isNamed ? structs.find(structNameOf(field.type) ?? "") : undefined);
    if (isNamed && path.length === 1) return { arms, size };
    if (inner !== undefined && (isNamed || field.name === "")) {
      const found = spanOf(inner, isNamed ? path.slice(1) : path, structs, arms);
      if (found !== undefined) return found;
    }
    offset += size;
  }
  return undefined;
}

/** What has no size that is known here, an array or a structure of another file: nothing behind it overlaps anything. */
const unknownSize = 1 << 20;

/** In bytes on a 64-bit machine, without padding. */
function sizeOf(type: string, nested: StructDef | undefined, structs: StructTable): number {
  if (type.includes("*")) return 8;
  if (/\bstruct (rcu_head|callback_head|list_head|hlist_node)\b/.test(type)) return 16;
  if (/\b(?:u8|s8|char|bool)\b/.test(type)) return 1;
  if (/\b(?:u16|s16|__[bl]e16|short)\b/.test(type)) return 2;
  if (/\b(?:u32|s32|__[bl]e32|int|atomic_t|refcount_t|spinlock_t)\b/.test(type)) return 4;
  const struct = nested ?? structs.find(structNameOf(type) ?? "");
  if (struct === undefined) return /\b(?:struct|union)\b/.test(type) ? unknownSize : 8;
  const sizes = struct.fields.map((field) => (field.isArray ? unknownSize : sizeOf(field.type, field.nested, structs)));
  return struct.kind === "union" ? Math.max(0, ...sizes) : sizes.reduce((sum, size) => sum + size, 0);
}
