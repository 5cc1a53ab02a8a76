import type { Declarator, FieldDef, Span, StructDef } from "./c-syntax.ts";
import type { Conversion } from "./conversion.ts";
import { convertExpression } from "./convert-expressions.ts";
import { normalisedType, typeOfSpecifier } from "./convert-types.ts";

export function isStaticDeclaration(c: Conversion, node: number): boolean {
  return hasStorage(c, node, "static");
}

export function hasStorage(c: Conversion, node: number, name: string): boolean {
  return c.children(node).some((child) => c.type(child) === "storage_class_specifier" && c.text(child) === name);
}

/** What stars, brackets and parentheses around a name say. */
export type Shape = {
  /** The node of the name, or -1. */
  readonly name: number;
  readonly stars: number;
  readonly isArray: boolean;
  /** A function, as against a pointer to one. */
  readonly isFunction: boolean;
  readonly isFunctionPointer: boolean;
  readonly parameters: number;
};

/** From the outside in: `int *(*f[2])(void)`. */
export function shapeOf(c: Conversion, declarator: number): Shape {
  let stars = 0;
  let isArray = false;
  let hasParameters = false;
  let starsInside = 0;
  let parameters = -1;
  let at = declarator;
  for (;;) {
    switch (c.type(at)) {
      case "pointer_declarator":
      case "abstract_pointer_declarator":
        if (hasParameters || isArray) starsInside++;
        else stars++;
        break;
      case "array_declarator":
      case "abstract_array_declarator":
        isArray = true;
        break;
      case "function_declarator":
      case "abstract_function_declarator":
        hasParameters = true;
        parameters = c.child(at, "parameters");
        starsInside = 0;
        break;
      case "init_declarator":
      case "parenthesized_declarator":
      case "abstract_parenthesized_declarator":
      case "attributed_declarator":
        break;
      default: {
        const isName = c.type(at).endsWith("identifier") || c.type(at) === "primitive_type";
        const isFunctionPointer = hasParameters && starsInside > 0;
        return { name: isName ? at : -1, stars, isArray, isFunction: hasParameters && starsInside === 0, isFunctionPointer, parameters };
      }
    }
    const inner = c.child(at, "declarator");
    const next = inner >= 0 ? inner : (c.children(at).find((child) => /declarator$|identifier$/.test(c.type(child))) ?? -1);
    if (next < 0) return { name: -1, stars, isArray, isFunction: hasParameters && starsInside === 0, isFunctionPointer: hasParameters && starsInside > 0, parameters };
    at = next;
  }
}

export function typeWithShape(base: string, { stars, isFunctionPointer }: Shape): string {
  const pointed = stars > 0 ? `${base} ${"*".repeat(stars)}` : base;
  return isFunctionPointer ? `${pointed} (*)()` : pointed;
}

/** Name as written; a name joined from `FNAME(walk)` in full. */
export function nameOf(c: Conversion, node: number): { readonly name: string; readonly nameSpan: Span } {
  const joined = c.noteAt("joined-name", c.start(node));
  const nameSpan = joined === undefined ? c.span(node) : { start: joined.start, end: joined.end };
  return { name: c.source.slice(nameSpan.start, nameSpan.end), nameSpan };
}

/** The variables of a declaration; prototypes of functions are left out. */
export function convertDeclarators(c: Conversion, node: number): readonly Declarator[] {
  const type = c.child(node, "type");
  if (type < 0) return [];
  const base = baseType(c, type);
  const declared: Declarator[] = [];
  let from = c.blankBefore(c.start(node));
  for (const declarator of c.childrenIn(node, "declarator")) {
    const shape = shapeOf(c, declarator);
    const to = c.blankAfter(c.end(declarator));
    if (shape.name >= 0 && !shape.isFunction) {
      const value = c.type(declarator) === "init_declarator" ? c.child(declarator, "value") : -1;
      declared.push({
        ...c.span(declarator),
        ...nameOf(c, shape.name),
        type: typeWithShape(base, shape),
        isArray: shape.isArray || isArrayMacro(c, type),
        ...(value < 0 ? {} : { init: convertExpression(c, value) }),
        attributes: c.attributes(from, to),
      });
    }
    from = to;
  }
  return declared;
}

/** The type; for `DEFINE_PER_CPU(struct foo, x)` its first argument, for other macros the macro's name. */
function baseType(c: Conversion, type: number): string {
  const macro = c.noteAt("declares", c.start(type));
  if (macro === undefined || hasBody(c, type)) return typeOfSpecifier(c, type);
  const first = macro.args?.[0];
  const hasTypeArgument = /PER_CPU|FLEX_ARRAY/.test(macro.name) && first !== undefined;
  return hasTypeArgument ? normalisedType(c.source.slice(first.start, first.end)) : macro.name;
}

function isArrayMacro(c: Conversion, type: number): boolean {
  const macro = c.noteAt("declares", c.start(type));
  return macro !== undefined && /BITMAP|ARRAY|KFIFO/.test(macro.name);
}

/** `node` is a struct or union with a body. */
export function convertStruct(c: Conversion, node: number, typedefName?: string): StructDef {
  const body = c.child(node, "body");
  const tag = c.child(node, "name");
  const name = tag >= 0 ? c.text(tag) : typedefName;
  const bodyStart = c.start(body);
  return {
    ...c.span(node),
    kind: c.type(node) === "union_specifier" ? "union" : "struct",
    ...(name === undefined ? {} : { name }),
    bodySpan: { start: bodyStart + 1, end: Math.max(bodyStart + 1, c.end(body) - 1) },
    fields: c.deeper(() => c.children(body).flatMap((child) => (c.type(child) === "field_declaration" ? convertFields(c, child) : []))) ?? [],
    attributes: [...c.attributes(c.start(node), bodyStart), ...c.attributes(c.end(node), c.blankAfter(c.end(node)))],
  };
}

function convertFields(c: Conversion, node: number): readonly FieldDef[] {
  const type = c.child(node, "type");
  if (type < 0) return [];
  const base = baseType(c, type);
  const nested = hasBody(c, type) ? convertStruct(c, type) : undefined;
  const isBitfieldAfter = bitfieldDeclarators(c, node);
  const declarators = c.childrenIn(node, "declarator");
  let from = c.blankBefore(c.start(node));
  if (declarators.length === 0) {
    if (nested === undefined) return [];
    const nameSpan = { start: c.end(type), end: c.end(type) };
    return [{ ...c.span(node), name: "", nameSpan, type: base, isArray: false, isBitfield: false, attributes: [], nested }];
  }
  return declarators.flatMap((declarator) => {
    const shape = shapeOf(c, declarator);
    const to = c.blankAfter(c.end(declarator));
    const attributes = c.attributes(from, to);
    from = to;
    if (shape.name < 0) return [];
    return [
      {
        ...c.span(node),
        ...nameOf(c, shape.name),
        type: shape.isFunction ? `${base} ()` : typeWithShape(base, shape),
        isArray: shape.isArray || isArrayMacro(c, type),
        isBitfield: isBitfieldAfter.has(declarator),
        attributes: nested === undefined ? attributes : attributes.filter(({ start }) => start >= c.end(type)),
        ...(nested === undefined ? {} : { nested }),
      },
    ];
  });
}

export function hasBody(c: Conversion, type: number): boolean {
  const kind = c.type(type);
  return (kind === "struct_specifier" || kind === "union_specifier") && c.child(type, "body") >= 0;
}

function bitfieldDeclarators(c: Conversion, node: number): ReadonlySet<number> {
  const found = new Set<number>();
  let last = -1;
  for (const child of c.children(node)) {
    if (c.type(child) === "bitfield_clause") found.add(last);
    last = child;
  }
  return found;
}
