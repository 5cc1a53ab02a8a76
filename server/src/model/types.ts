/** C types as text, as far as the analysis needs them: which struct, how many stars. */

import type { FieldDef, StructDef } from "../syntax/c-syntax.ts";

/** "struct foo *" → "foo"; "struct foo" → "foo"; anything else that is a plain name → that name; else undefined. */
export function structNameOf(type: string): string | undefined {
  const cleaned = type.replace(/\b(const|volatile|static|extern|register|inline)\b/g, " ").trim();
  const tagged = /\b(?:struct|union)\s+(\w+)/.exec(cleaned);
  if (tagged?.[1] !== undefined) return tagged[1];
  const bare = /^(\w+)\s*\**$/.exec(cleaned.replace(/\s+/g, " "));
  return bare?.[1];
}

export function isPointer(type: string): boolean {
  return type.includes("*");
}

/** The type behind one star; "" when there is none. */
export function pointee(type: string): string {
  const star = type.lastIndexOf("*");
  return star < 0 ? "" : (type.slice(0, star) + type.slice(star + 1)).trim();
}

/** Looks structs up in the file and, on demand, in the headers it includes. */
export type StructTable = { readonly find: (name: string) => StructDef | undefined };

/** A field by name, anonymous members included. */
export function fieldOf(struct: StructDef, name: string): FieldDef | undefined {
  for (const field of struct.fields) {
    if (field.name === name) return field;
    if (field.nested !== undefined && field.name === "") {
      const inner = fieldOf(field.nested, name);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

/** The field at the end of a dotted path below `struct`, with the struct that declares it. */
export function fieldAt(structs: StructTable, structName: string | undefined, path: readonly string[]): FieldDef | undefined {
  let current = structName === undefined ? undefined : structs.find(structName);
  let field: FieldDef | undefined;
  for (const step of path) {
    if (step.startsWith("[")) continue;
    if (current === undefined) return undefined;
    field = fieldOf(current, step);
    if (field === undefined) return undefined;
    const inner = structNameOf(field.type);
    current = field.nested ?? (inner === undefined ? undefined : structs.find(inner));
  }
  return field;
}
