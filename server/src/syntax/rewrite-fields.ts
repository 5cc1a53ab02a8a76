import { isTypeLike } from "./rewrite-expressions.ts";
import type { Rewriting } from "./rewriting.ts";
import { word } from "./words.ts";

/** The members of a struct or union. */
export function rewriteFields(r: Rewriting, from: number, to: number): void {
  for (let token = from; token < to; ) {
    if (r.code(token) === 59) {
      r.blank(token, token + 1);
      token++;
    } else {
      token = Math.max(token + 1, rewriteField(r, token, to));
    }
  }
}

function rewriteField(r: Rewriting, token: number, to: number): number {
  const open = token + 1;
  if (open < to && r.isPlain(token) && r.isOpen(open, 40)) {
    const after = r.after(open);
    if (r.find(59, open + 1, after - 1) < after - 1) return rewriteGroup(r, token, to);
    if (after < to && isAttribute(r, after)) return rewriteDeclaringMacro(r, token, to);
    if (after >= to || r.isWord(after)) {
      r.blankAttribute(token, after);
      return after;
    }
    if (r.code(after) === 59 || r.code(after) === 91) return rewriteDeclaringMacro(r, token, to);
  }
  const end = r.find(59, token, to);
  if (end >= to) {
    // A last member without `;` can only be a macro.
    r.blankAttribute(token, end);
    return end;
  }
  if (end === token + 1 || r.wordClass(token) === word.statement) r.blankAttribute(token, end + 1);
  else r.nested.declaration(r, { from: token, to: end, place: "field" });
  return end + 1;
}

/** `DECLARE_FLEX_ARRAY(char, value) __aligned(8);` */
const isAttribute = (r: Rewriting, token: number): boolean => r.wordClass(token) === word.attribute || r.wordClass(token) === word.attributeCall;

/** How many arguments come before the members in `struct_group` and its variants. */
const groupHeadCounts: ReadonlyMap<string, number> = new Map([
  ["struct_group", 1],
  ["struct_group_tagged", 2],
  ["struct_group_attr", 2],
  ["__struct_group", 3],
]);

/** `struct_group(head, u8 a; u8 b;);` becomes an anonymous struct: C reaches the members both ways. */
function rewriteGroup(r: Rewriting, name: number, to: number): number {
  const open = name + 1;
  const close = r.match[open]!;
  const after = close + 1;
  const parts = r.split(open + 1, close);
  const firstMember = parts.findIndex(([from, end]) => r.find(59, from, end) < end);
  const headCount = Math.min(groupHeadCounts.get(r.text(name)) ?? firstMember, parts.length - 1);
  const body = parts[headCount]![0];
  if (r.start(open) - r.start(name) < 6) {
    r.blankAttribute(name, after);
    return after;
  }
  r.note("declares", name, after, r.text(name), parts.slice(0, headCount));
  r.replace(name, "");
  r.put(r.start(name), "struct");
  r.replace(open, "{");
  r.replace(close, "}");
  r.blank(open + 1, body);
  r.deeper(body, close, () => rewriteFields(r, body, close));
  const end = r.find(59, after, to);
  if (end > after) r.blankAttribute(after, end);
  return end + 1;
}

/** `DECLARE_BITMAP(name, n);` becomes `DECLARE_BITMAP name;`. Gives the token after the `;`. */
function rewriteDeclaringMacro(r: Rewriting, name: number, to: number): number {
  const end = r.find(59, name, to);
  const after = r.after(name + 1);
  if (after < end && isAttribute(r, after)) r.blankAttribute(after, end);
  if (!nameDeclaration(r, name)) r.blankAttribute(name, Math.min(end + 1, to));
  return end + 1;
}

/**
 * Leaves of `MACRO(args)` the macro and the declared name, which the first one-word argument that is no type gives
 * (`DEFINE_PER_CPU(struct foo, name)`); false when there is none.
 */
export function nameDeclaration(r: Rewriting, name: number): boolean {
  const open = name + 1;
  const close = r.match[open]!;
  const parts = r.split(open + 1, close);
  const words = parts.filter(([from, to]) => to === from + 1 && r.isPlain(from));
  const isTypeFirst = typeComesFirst.test(r.text(name)) && parts.length > 1;
  const chosen = isTypeFirst ? parts[1] : words.find(([from, to]) => !isTypeLike(r, from, to));
  if (chosen === undefined || chosen[1] !== chosen[0] + 1 || !r.isPlain(chosen[0])) return false;
  r.note("declares", name, close + 1, r.text(name), parts);
  r.blank(open, chosen[0]);
  r.blank(chosen[1], close + 1);
  return true;
}

/** Macros whose first argument is a type that may be one word. */
const typeComesFirst = /PER_CPU|FLEX_ARRAY|_TYPE\b/;
