/** C types as text, as far as the analysis needs them: which struct, how many stars. */

import type { FieldDef, StructDef } from "../syntax/c-syntax.ts";

const structNames = new Map<string, string | undefined>();

/** Types whose names are kept; the map starts afresh past it, since a server lives long. */
const structNamesMax = 20_000;

/** "struct foo *" → "foo"; "struct foo" → "foo"; anything else that is a plain name → that name; else undefined. */
export function structNameOf(type: string): string | undefined {
  const known = structNames.get(type);
  if (known !== undefined || structNames.has(type)) return known;
  if (structNames.size >= structNamesMax) structNames.clear();
  const name = readStructName(type);
  structNames.set(type, name);
  return name;
}

function readStructName(type: string): string | undefined {
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

const fieldsByName = new WeakMap<StructDef, ReadonlyMap<string, FieldDef>>();

/** A field by name, anonymous members included. */
export function fieldOf(struct: StructDef, name: string): FieldDef | undefined {
  let fields = fieldsByName.get(struct);
  if (fields === undefined) {
    fields = namedFields(struct, new Map());
    fieldsByName.set(struct, fields);
  }
  return fields.get(name);
}

/** The first of a name wins, as in the order of the text. */
function namedFields(struct: StructDef, into: Map<string, FieldDef>): Map<string, FieldDef> {
  for (const field of struct.fields) {
    if (!into.has(field.name)) into.set(field.name, field);
    if (field.nested !== undefined && field.name === "") namedFields(field.nested, into);
  }
  return into;
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
