import { rewriteFields } from "./rewrite-fields.ts";
import { rewriteTypeWord, rewriteTypeof } from "./rewrite-types.ts";
import type { DeclarationRange, Place, Rewriting } from "./rewriting.ts";
import { word } from "./words.ts";

/** Storage classes, attributes and the type. Gives the token where the declarators start. */
export function rewriteSpecifiers(r: Rewriting, { from, to, place }: DeclarationRange): number {
  let token = from;
  let hasType = false;
  while (token < to && r.isWord(token)) {
    switch (r.wordClass(token)) {
      case word.qualifier:
      case word.storage:
        token++;
        break;
      case word.type:
        if (hasType && !continuesType(r, token)) return token;
        if (!hasType && looksLikeCall(r, { from: token, to, place })) rewriteTypeWord(r, token);
        hasType = true;
        token++;
        break;
      case word.tag:
        hasType = true;
        token = rewriteTag(r, token, to, place);
        break;
      case word.typeof:
        if (!r.isOpen(token + 1, 40)) return token;
        hasType = true;
        token = rewriteTypeof(r, token);
        break;
      case word.autoType:
        hasType = true;
        rewriteTypeWord(r, token);
        token++;
        break;
      case word.attribute:
        if (hasType || isLastWord(r, token, to)) return token;
        r.blankAttribute(token, token + 1);
        token++;
        break;
      case word.attributeCall:
        token = blankAttributeCall(r, token);
        break;
      default: {
        if (hasType) return token;
        const next = rewritePlainSpecifier(r, token, to);
        if (next === token) return token;
        if (next === -(token + 1) && looksLikeCall(r, { from: token, to, place })) rewriteTypeWord(r, token);
        hasType = next < 0;
        token = Math.abs(next);
      }
    }
  }
  return token;
}

/** `u32 (*x)[4];` and `u32 *(*x)[4];` have the shape of an expression, which the grammar prefers for a type it does not know. */
function looksLikeCall(r: Rewriting, { from, to, place }: DeclarationRange): boolean {
  if (place !== "local" && place !== "file") return false;
  let at = from + 1;
  while (at < to && (r.code(at) === 42 || r.wordClass(at) === word.attribute)) at++;
  return at < to && r.isOpen(at, 40);
}

/** `unsigned long long int`, but not the `u8` of `int u8`. */
const continuesType = (r: Rewriting, token: number): boolean => /^(?:int|char|short|long|unsigned|signed|double|__int128)$/.test(r.text(token));

const isLastWord = (r: Rewriting, token: number, to: number): boolean => token + 1 >= to || (!r.isWord(token + 1) && r.code(token + 1) !== 42);

/**
 * A word before any type is known. Gives the next token, negated when the word is the type, and the same token when
 * it is the declared name itself.
 */
function rewritePlainSpecifier(r: Rewriting, token: number, to: number): number {
  const next = token + 1;
  if (next < to && r.isOpen(next, 40)) {
    const after = r.after(next);
    // `ktime_t (*get_time)(void)`, `efi_status_t (__efiapi *get_time)(void)`
    if ((r.code(next + 1) === 42 || isAttributedPointer(r, next)) && after <= to) return -next;
    if (after >= to || !(r.isWord(after) || r.code(after) === 42)) return token;
    r.note("attribute", next, after, r.text(token));
    r.blank(next, after);
    return -after;
  }
  if (isBeforeType(r, next, to)) {
    r.blankAttribute(token, next);
    return next;
  }
  return -next;
}

/** `(__efiapi *name)(…)`, and not `f(foo_t *p)`. */
const isAttributedPointer = (r: Rewriting, open: number): boolean =>
  r.isWord(open + 1) && r.code(open + 2) === 42 && r.isOpen(r.after(open), 40) && /^__/.test(r.text(open + 1));

/** Whether a type is still to come, which makes the word before it an attribute: `asmlinkage long`, `STATIC foo_t x`. */
function isBeforeType(r: Rewriting, token: number, to: number): boolean {
  let plainCount = 0;
  let first = -1;
  for (let at = token; at < to && r.isWord(at); at++) {
    const wordClass = r.wordClass(at);
    if (wordClass === word.type && (r.isWord(at + 1) || r.code(at + 1) === 42)) return true;
    if (wordClass === word.tag || wordClass === word.typeof || wordClass === word.storage) return true;
    if (wordClass === word.plain) {
      if (plainCount++ === 0) first = at;
    }
    if (wordClass === word.attributeCall && r.isOpen(at + 1, 40)) at = r.match[at + 1]!;
  }
  const looksLikeAttribute = /^(?:__|[A-Z][A-Z0-9_]*$)/;
  if (plainCount < 2 || !looksLikeAttribute.test(r.text(token - 1))) return false;
  return !looksLikeAttribute.test(r.text(first));
}

/** Tokens looked at between a tag and its brace, a parenthesis counting as one: a bound, so that nonsense costs no more. */
const attributeTokensMax = 16;

/** `struct __packed foo {…} __aligned(8)`: blanks attributes around the tag and goes through the body. */
function rewriteTag(r: Rewriting, token: number, to: number, place: Place): number {
  let at = token + 1;
  while (at < to && r.isWord(at)) {
    if (r.wordClass(at) === word.attributeCall && r.isOpen(at + 1, 40)) at = blankAttributeCall(r, at);
    else if (r.wordClass(at) === word.attribute && (r.isWord(at + 1) || r.code(at + 1) === 123)) at = blankAttributeCall(r, at);
    else break;
  }
  if (at < to && r.isWord(at)) {
    at++;
    // `struct HEADER_DESCRIPTOR(1) name`
    if (r.isPlain(at - 1) && at < to && r.isOpen(at, 40) && r.after(at) < to && r.isWord(r.after(at)) && place !== "field") {
      r.note("attribute", at, r.after(at), r.text(at - 1));
      r.blank(at, r.after(at));
      at = r.after(at);
    }
    // `struct foo __packed {`
    for (let end = at; end < Math.min(to, at + attributeTokensMax); end++) {
      if (r.isOpen(end, 40)) end = r.match[end]!;
      else if (r.isOpen(end, 123) && end > at) {
        r.blankAttribute(at, end);
        at = end;
        break;
      } else if (!r.isWord(end)) break;
    }
  }
  if (at >= to || !r.isOpen(at, 123)) return at;
  const after = r.after(at);
  if (r.text(token) === "enum") r.blank(at + 1, after - 1);
  else r.deeper(at + 1, after - 1, () => rewriteFields(r, at + 1, after - 1));
  return blankAttributesAfterBody(r, after, { from: after, to, place });
}

/** `} __packed __aligned(8) name`: the words before a name, or all of them. */
function blankAttributesAfterBody(r: Rewriting, token: number, { to }: DeclarationRange): number {
  while (token < to && r.isWord(token)) {
    const isReserved = r.text(token).startsWith("__") && (r.code(token + 1) === 59 || r.isOpen(token + 1, 40));
    const isAttribute = r.wordClass(token) === word.attribute || r.wordClass(token) === word.attributeCall || isReserved;
    if (!isAttribute) break;
    token = blankAttributeCall(r, token);
  }
  return token;
}

/** Blanks the attribute and its arguments, if any; gives the token after. */
export function blankAttributeCall(r: Rewriting, token: number): number {
  const after = r.isOpen(token + 1, 40) ? r.after(token + 1) : token + 1;
  r.blankAttribute(token, after);
  return after;
}
