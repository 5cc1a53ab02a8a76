import type { FunctionDef } from "./c-syntax.ts";
import type { Conversion } from "./conversion.ts";
import { hasStorage, nameOf, shapeOf, typeWithShape } from "./convert-declarations.ts";
import { convertBlock } from "./convert-statements.ts";
import { typeOfSpecifier } from "./convert-types.ts";

/** Undefined for what only looks like a function to the grammar. */
export function convertFunction(c: Conversion, node: number): FunctionDef | undefined {
  const type = c.child(node, "type");
  const declarator = c.child(node, "declarator");
  const bodyNode = c.child(node, "body");
  if (type < 0 || declarator < 0 || bodyNode < 0) return undefined;
  const shape = shapeOf(c, declarator);
  if (shape.name < 0) return undefined;
  const head = c.noteAt("head", c.start(type));
  const isUnnamed = head !== undefined && c.rewritten.text.slice(c.start(shape.name), c.end(shape.name)) === "f" && c.end(shape.name) <= c.start(type) + head.name.length;
  const named = isUnnamed ? { name: head.name, nameSpan: { start: head.start, end: head.start + head.name.length } } : nameOf(c, shape.name);
  const leading = c.attributes(c.blankBefore(c.start(node)), c.start(node));
  const own = c.attributes(c.start(node), c.start(bodyNode));
  const parameters = shape.parameters < 0 ? { start: 0, end: 0 } : c.span(shape.parameters);
  const attributes = [...leading, ...own.filter(({ start }) => start < parameters.start || start >= parameters.end)];
  const start = leading[0]?.start ?? c.start(node);
  return {
    start,
    end: c.end(node),
    ...named,
    isStatic: hasStorage(c, node, "static"),
    isInline: hasStorage(c, node, "inline") || attributes.some(({ name }) => /^__(?:always_)?inline/.test(name)),
    returnType: head === undefined ? typeWithShape(typeOfSpecifier(c, type), { ...shape, isFunctionPointer: false }) : head.name,
    parameters: shape.parameters < 0 ? [] : convertParameters(c, shape.parameters),
    body: convertBlock(c, bodyNode),
    attributes,
    hasError: c.hasDamage(node) || hasUnbalanced(c, node),
    comment: commentAbove(c, start, named.name),
  };
}

function hasUnbalanced(c: Conversion, node: number): boolean {
  for (const note of c.notesOf("unbalanced")) if (note.start >= c.start(node) && note.start < c.end(node)) return true;
  return false;
}

function convertParameters(c: Conversion, list: number): FunctionDef["parameters"] {
  return c.children(list).flatMap((node) => {
    if (c.type(node) === "variadic_parameter") return [{ name: "...", type: "..." }];
    const type = c.child(node, "type");
    if (c.type(node) !== "parameter_declaration" || type < 0) return [];
    const declarator = c.child(node, "declarator");
    const base = typeOfSpecifier(c, type);
    const attributes = c.attributes(c.blankBefore(c.start(node)), c.blankAfter(c.end(node)));
    const withAttributes = attributes.length === 0 ? {} : { attributes };
    if (declarator < 0) return base === "void" ? [] : [{ name: "", type: base, ...withAttributes }];
    const shape = shapeOf(c, declarator);
    const named = shape.name < 0 ? { name: "" } : nameOf(c, shape.name);
    const written = typeWithShape(base, shape);
    // An array parameter is a pointer.
    return [{ ...named, type: shape.isArray ? `${written}${shape.stars > 0 ? "*" : " *"}` : written, ...withAttributes }];
  });
}

/** The comment whose end is on the line above, or "". One that is written for the function by name (kernel-doc) may stand further up. */
function commentAbove(c: Conversion, start: number, name: string): string {
  const before = c.source.slice(c.blankBefore(start), start);
  const trimmed = before.trimEnd();
  if ((before.slice(trimmed.length).match(/\n/g) ?? []).length > 1) {
    const text = trimmed.endsWith("*/") ? trimmed.slice(trimmed.lastIndexOf("/*")) : "";
    return /^\/\*\*[\s*]*(\w+)/.exec(text)?.[1] === name ? text : "";
  }
  if (trimmed.endsWith("*/")) return trimmed.slice(trimmed.lastIndexOf("/*"));
  const lines = trimmed.split("\n");
  let first = lines.length;
  while (first > 0 && lines[first - 1]!.trimStart().startsWith("//")) first--;
  return lines.slice(first).join("\n");
}
