/** Building places and the keys by which functions are matched with one another. */

import type { Origin, Place, Sym } from "./trace.ts";
import { fieldAt, isPointer, pointee, structNameOf, type StructTable } from "./types.ts";

/** Numbers in which pointers are kept: cb->args[0] is a long. */
const addressWords: ReadonlySet<string> = new Set(["long", "uintptr_t", "kernel_ulong_t", "u64"]);

const numbers = /^(?:_*[us](?:8|16|32|64)|_*[bl]e(?:16|32|64)|u?int\d*(?:_t)?|char|short|long|bool|_Bool|unsigned|signed|float|double|s?size_t|loff_t|gfp_t|dma_addr_t|phys_addr_t|atomic\w*|refcount_t|spinlock_t|raw_spinlock_t|rwlock_t)$/;

/** `isNewest`: nothing was named since the symbol was, so that nobody can have asked for its type before. */
export type Learned = { readonly id: number; readonly isNewest: boolean };

/** Interns symbols: the same origin on the same path is the same symbol. */
export class SymbolTable {
  readonly #byKey = new Map<string, Sym>();
  readonly #byId: Sym[] = [];
  readonly #structs: StructTable;

  readonly #learned: Learned[] = [];

  constructor(structs: StructTable) {
    this.#structs = structs;
  }

  intern(key: string, origin: Origin, type: string): Sym {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const sym: Sym = { id: this.#byKey.size, origin, type };
    this.#byKey.set(key, sym);
    this.#byId.push(sym);
    return sym;
  }

  /** Learns the type of a value whose type was not known (a void pointer that is given to a typed variable). */
  refine(sym: Sym, type: string): void {
    const isOpen = sym.type === "" || sym.type.startsWith("void") || sym.type === "unsigned long" || (isPointer(type) && (addressWords.has(sym.type) || this.#isTypedefOfPointer(sym.type)));
    if (type === "" || type.startsWith("void") || !isOpen) return;
    if (sym.origin.kind === "null" || sym.origin.kind === "constant") return;
    if (sym.type === type) return;
    (sym as { type: string }).type = type;
    this.#learned.push({ id: sym.id, isNewest: sym.id === this.#byId.length - 1 });
  }

  /** A name that is no struct and no number: what is assigned to a pointer is one. */
  #isTypedefOfPointer(type: string): boolean {
    return /^[a-z_]\w*$/i.test(type) && !numbers.test(type) && this.#structs.find(type) === undefined;
  }

  /** Whose type was learned, in the order of time. */
  get learned(): readonly Learned[] {
    return this.#learned;
  }

  get size(): number {
    return this.#byId.length;
  }

  /** Bytes that a structure keeps for somebody else (drv_priv[]), as a pointer of type `type` knows them: an object of their own. Any other symbol is what it was. */
  within(sym: Sym, type: string): Sym {
    if (sym.origin.kind !== "address" || !/^(?:const )?struct \w+ \*$/.test(type)) return sym;
    const { place } = sym.origin;
    if (!/^(?:unsigned |signed )?(?:char|long|u8|__u8|uint8_t)$/.test(place.type.replace(/\[.*$/, "").trim()) || !this.isArrayField(place)) return sym;
    return this.intern(`within ${placeId(place)} ${type}`, { kind: "expression", text: `what lies in ${place.key}` }, type);
  }

  isArrayField(place: Place): boolean {
    if (place.path.at(-1)?.startsWith("[") === true || place.path.length === 0) return false;
    return fieldAt(this.#structs, structNameOf(place.base.type), place.path)?.isArray === true;
  }

  byId(id: number): Sym | undefined {
    return this.#byId[id];
  }

  null(): Sym {
    return this.intern("null", { kind: "null" }, "");
  }

  constant(value: number): Sym {
    return value === 0 ? this.null() : this.intern(`constant ${String(value)}`, { kind: "constant", value }, "int");
  }

  global(name: string, type: string): Sym {
    return this.intern(`global ${name}`, { kind: "global", name }, type);
  }

  /** The place `base->path`; folds addresses, so that (&x->list)->next is x->list.next. */
  place(base: Sym, path: readonly string[]): Place {
    if (base.origin.kind === "address") return this.place(base.origin.place.base, [...base.origin.place.path, ...path.filter((step) => step !== "*")]);
    const struct = structNameOf(base.type);
    const fields = path.filter((step) => step !== "*");
    const field = fieldAt(this.#structs, struct, fields);
    const type = field?.type ?? (fields.length === 0 ? placeTypeOf(base) : isEntry(base, fields) ? pointee(base.type) : "");
    return { base, path, key: keyOf(base, path, this.#structs), type };
  }

  address(place: Place): Sym {
    if (place.path.length === 0 && place.base.origin.kind !== "stack" && place.base.origin.kind !== "global") return place.base;
    if (place.path.length === 1 && place.path[0] === "*") return place.base;
    return this.intern(`address ${placeId(place)}`, { kind: "address", place }, place.type === "" ? "" : `${place.type} *`);
  }
}

/** An element of what a `struct foo **` leads to, and thereby itself a pointer. */
function isEntry(base: Sym, fields: readonly string[]): boolean {
  return fields.length === 1 && fields[0]?.startsWith("[") === true && base.origin.kind !== "global" && base.origin.kind !== "stack" && isPointer(pointee(base.type));
}

/** A global or a local names storage; any other symbol is a pointer to it. */
function placeTypeOf(base: Sym): string {
  return base.origin.kind === "global" || base.origin.kind === "stack" ? base.type : pointee(base.type);
}

/** Identity of a place on one path. */
export function placeId(place: Place): string {
  return `${String(place.base.id)}.${place.path.join(".")}`;
}

/**
 * Identity of a place across functions and paths. A field of a struct is the struct's tag and the field path;
 * a global is its name; a field of something of unknown type is "?.field".
 */
function keyOf(base: Sym, path: readonly string[], structs: StructTable): string {
  const inner = innermost(base, path, structs);
  if (inner !== undefined) return inner;
  const fields = path.filter((step) => step !== "*").map((step) => (step.startsWith("[") ? "[]" : step)).join(".");
  if (base.origin.kind === "global") {
    const struct = base.type.includes("*") && path.length > 0 ? structNameOf(base.type) : undefined;
    if (struct === undefined) return fields === "" ? `global ${base.origin.name}` : `global ${base.origin.name}.${fields}`;
    return `${struct}.${fields}`;
  }
  if (base.origin.kind === "stack") return `local ${String(base.id)}.${fields}`;
  if (base.origin.kind === "load" && fields === "") return `*(${base.origin.place.key})`;
  const struct = structNameOf(base.type);
  // A field of an element of an array that a pointer leads to is the element's: (&table[i])->lock and table[i].lock.
  const own = struct === undefined || isPointer(pointee(base.type)) ? fields : fields.replace(/^\[\]\.(?=.)/, "");
  return `${struct ?? "?"}.${own === "" ? "*" : own}`;
}

/** A field of a structure embedded by name is that structure's: o->core.lock and c->lock are both "core.lock". */
function innermost(base: Sym, path: readonly string[], structs: StructTable): string | undefined {
  const steps = path.filter((step) => step !== "*");
  for (let cut = steps.length - 1; cut > 0; cut--) {
    const field = fieldAt(structs, structNameOf(base.type), steps.slice(0, cut));
    if (field === undefined || field.type.includes("*") || field.nested !== undefined || !/\b(struct|union)\s+\w+/.test(field.type)) continue;
    const struct = structNameOf(field.type);
    const rest = steps.slice(cut).map((step) => (step.startsWith("[") ? "[]" : step)).join(".");
    if (struct !== undefined && structs.find(struct) !== undefined && rest !== "[]") return `${struct}.${rest}`;
  }
  return undefined;
}
