import { tokenKind } from "./lexer.ts";
import { rewriteExpression } from "./rewrite-expressions.ts";
import { rewriteInitializer } from "./rewrite-initializers.ts";
import { blankAttributeCall, rewriteSpecifiers } from "./rewrite-specifiers.ts";
import type { DeclarationRange, Place, Rewriting } from "./rewriting.ts";
import { word } from "./words.ts";

/**
 * Specifiers, then declarators. Attribute macros are found by position: C allows one type and one name, so any other
 * word there is an attribute whether it is on a list or not.
 */
export function rewriteDeclaration(r: Rewriting, range: DeclarationRange): void {
  let token = rewriteSpecifiers(r, range);
  while (token < range.to) {
    const before = token;
    token = rewriteDeclarator(r, { ...range, from: token });
    if (token < range.to && r.code(token) === 44) token++;
    else if (token < range.to || token === before) break;
  }
  if (token < range.to) rewriteExpression(r, token, range.to);
}

/**
 * The words between a type (or a star) and the declarator's end: one is the name, the others are attributes. Before a
 * star all are attributes; before a parenthesis the last is the name. Gives the token at the name, or after them.
 */
function settleName(r: Rewriting, { from, to, place }: DeclarationRange): number {
  const words: { readonly at: number; readonly after: number }[] = [];
  let end = from;
  while (end < to && r.isWord(end)) {
    const isCall = r.isOpen(end + 1, 40) && end + 1 < to;
    const after = isCall ? r.after(end + 1) : end + 1;
    const isKnownCall = isCall && r.wordClass(end) === word.attributeCall;
    const isAttributeCall = isKnownCall || (isCall && after < to && r.isWord(after) && !startsPostfix(r, after, to));
    words.push({ at: end, after: isAttributeCall ? after : end + 1 });
    end = isAttributeCall ? after : end + 1;
    if (isCall && !isAttributeCall) break;
  }
  if (end < to && (r.code(end) === 42 || (r.isOpen(end, 40) && isNestedDeclarator(r, end, place) && !isNameBeforeParameters(r, end)))) {
    for (const { at, after } of words) blankWord(r, at, after);
    return end;
  }
  const name = nameAmong(r, words, { from: end, to, place });
  for (const { at, after } of words) if (at !== name) blankWord(r, at, after);
  return name ?? end;
}

const blankWord = (r: Rewriting, at: number, after: number): void => {
  if (r.wordClass(at) === word.qualifier) return;
  r.blankAttribute(at, after);
};

/** `int foo(void) __init;`: the word after the parenthesis is an attribute of the function, not the name after an attribute. */
function startsPostfix(r: Rewriting, token: number, to: number): boolean {
  if (r.wordClass(token) !== word.plain) return true;
  const isCalled = token + 1 < to && r.isOpen(token + 1, 40);
  return !isCalled || r.text(token).startsWith("__");
}

/** No parameter list begins with a star: `void (*f)(int)`. */
const isNameBeforeParameters = (r: Rewriting, open: number): boolean => r.code(open + 1) !== 42 && r.code(open + 1) !== 94;

function nameAmong(r: Rewriting, words: readonly { readonly at: number; readonly after: number }[], { from: end, to, place }: DeclarationRange): number | undefined {
  const last = words.at(-1);
  if (last === undefined) return undefined;
  if (end < to && r.isOpen(end, 40)) return last.at;
  const single = words.filter(({ at, after }) => after === at + 1);
  const candidates = single.filter(({ at }) => r.wordClass(at) === word.plain || r.wordClass(at) === word.type);
  if (candidates.length === 0) {
    // Only known attribute names: a field may well be called `notrace`, a parameter may have no name.
    const isNamed = place === "field" || place === "local" || place === "file";
    return isNamed ? single.at(-1)?.at : undefined;
  }
  if (place === "type-name") return undefined;
  const likely = candidates.filter(({ at }) => !/^(?:__|[A-Z][A-Z0-9_]*$)/.test(r.text(at)));
  return (likely.at(-1) ?? candidates[0])?.at;
}

/** Stars, name, parameters and array bounds, attributes, bit-field width, initialiser. Gives the token it stopped at. */
function rewriteDeclarator(r: Rewriting, { from, to, place }: DeclarationRange): number {
  let token = from;
  while (token < to && (r.code(token) === 42 || r.wordClass(token) === word.qualifier)) token++;
  if (token < to && r.isWord(token)) {
    const named = settleName(r, { from: token, to, place });
    if (named >= to) return to;
    if (!r.isWord(named)) {
      const isMore = r.code(named) === 42 || (r.isOpen(named, 40) && isNestedDeclarator(r, named, place));
      return isMore ? rewriteDeclarator(r, { from: named, to, place }) : rewriteSuffixes(r, { from: named, to, place });
    }
    token = joinName(r, named, to);
  } else if (token < to && r.isOpen(token, 40) && isNestedDeclarator(r, token, place)) {
    const open = token;
    r.deeper(open + 1, r.match[open]!, () => {
      const inner = { from: open + 1, to: r.match[open]!, place: place === "type-name" ? place : ("local" as const) };
      const leading = r.isWord(inner.from) ? settleLeading(r, inner) : inner.from;
      rewriteDeclarator(r, { ...inner, from: leading });
    });
    token = r.after(open);
  }
  return rewriteSuffixes(r, { from: token, to, place });
}

/** `(__iomem *name)`, `(__cdecl *f)` */
function settleLeading(r: Rewriting, { from, to }: DeclarationRange): number {
  let at = from;
  while (at < to && r.isWord(at)) at++;
  if (at >= to || r.code(at) !== 42) return from;
  r.blankAttribute(from, at);
  return at;
}

function isNestedDeclarator(r: Rewriting, open: number, place: Place): boolean {
  const first = open + 1;
  if (first === r.match[open]) return false;
  if (r.code(first) === 42 || r.code(first) === 94) return true;
  if (place === "type-name") return r.code(first) === 40 || r.code(first) === 91;
  if (r.code(first) === 40) return true;
  if (place === "parameter") return r.isPlain(first) && r.code(first + 1) === 42;
  return r.isWord(first) && r.wordClass(first) !== word.type && r.wordClass(first) !== word.tag;
}

/** `FNAME(walk)(args)`: the declared name becomes one word. Gives the token after the name. */
function joinName(r: Rewriting, name: number, to: number): number {
  const next = name + 1;
  if (next >= to || !r.isOpen(next, 40)) return next;
  const after = r.after(next);
  if (after >= to || !r.isOpen(after, 40)) return next;
  r.note("joined-name", name, after, r.textOf(name, after));
  for (let at = r.start(name); at < r.end(after - 1); at++) {
    if (!/[\w\r\n]/.test(r.source[at]!)) r.put(at, "_");
  }
  return after;
}

function rewriteSuffixes(r: Rewriting, { from, to, place }: DeclarationRange): number {
  let token = from;
  while (token < to) {
    const c = r.code(token);
    if (r.isOpen(token, 40)) {
      rewriteParameters(r, token);
      token = r.after(token);
    } else if (r.isOpen(token, 91)) {
      rewriteBound(r, token);
      token = r.after(token);
    } else if (r.isWord(token)) {
      const qualifiers = r.wordClass(token) === word.asm && r.wordClass(token + 1) === word.qualifier ? 1 : 0;
      if (qualifiers > 0) r.blank(token, token + 1);
      token = blankAttributeCall(r, token + qualifiers);
    } else if (c === 58) {
      return rewriteWidth(r, token, to, place);
    } else if (c === 61) {
      const end = r.find(44, token, to);
      // `= ` and `#include "strings.h"`
      if (end === token + 1) r.blank(token, token + 1);
      if (r.isOpen(token + 1, 123)) {
        rewriteInitializer(r, token + 1);
        blankAfterInitializer(r, r.after(token + 1), end);
      } else rewriteExpression(r, token + 1, end);
      return end;
    } else if (r.tokens.kind[token] === tokenKind.string) {
      r.blank(token, token + 1);
      token++;
    } else {
      return token;
    }
  }
  return token;
}

function blankAfterInitializer(r: Rewriting, from: number, to: number): void {
  for (let token = from; token < to; ) token = r.isWord(token) ? blankAttributeCall(r, token) : token + 1;
}

/** `[static 10]`, `[*]`, `[n]` */
function rewriteBound(r: Rewriting, open: number): void {
  const from = r.wordClass(open + 1) === word.storage ? open + 2 : open + 1;
  if (from > open + 1) r.blank(open + 1, from);
  r.deeper(from, r.match[open]!, () => rewriteExpression(r, from, r.match[open]!));
}

/** A bit-field without a name is no declarator in the grammar: `u32 :4;` keeps its type only. */
function rewriteWidth(r: Rewriting, colon: number, to: number, place: Place): number {
  const end = r.find(44, colon, to);
  if (place === "field" && (r.code(colon - 1) === 44 || r.wordClass(colon - 1) === word.type)) {
    r.blank(colon, end);
    if (r.code(colon - 1) === 44) r.blank(colon - 1, colon);
  } else {
    rewriteExpression(r, colon + 1, end);
  }
  return end;
}

function rewriteParameters(r: Rewriting, open: number): void {
  const close = r.match[open]!;
  if (open + 1 === close) return;
  r.deeper(open + 1, close, () => {
    for (const [from, to] of r.split(open + 1, close)) {
      if (from < to && !(r.code(from) === 46)) rewriteDeclaration(r, { from, to, place: "parameter" });
    }
  });
}
