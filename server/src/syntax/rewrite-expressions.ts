import { tokenKind } from "./lexer.ts";
import { rewriteTypeof } from "./rewrite-types.ts";
import type { Rewriting } from "./rewriting.ts";
import { word } from "./words.ts";

/** Makes an expression readable; `from` and `to` are tokens. Unknown things are left as they stand. */
export function rewriteExpression(r: Rewriting, from: number, to: number): void {
  for (let token = from; token < to; ) token = Math.max(token + 1, rewriteOperand(r, token, from, to));
}

/** Rewrites what stands at the token and gives the one after it. */
function rewriteOperand(r: Rewriting, token: number, from: number, to: number): number {
  switch (r.tokens.kind[token]) {
    case tokenKind.word:
      // `10 SECS`: two operands side by side; the second is a macro that brings its operator.
      if (token > from && (r.isPlain(token) || r.wordClass(token) === word.attribute) && endsOperand(r, token - 1)) {
        r.blankAttribute(token, token + 1);
        return token + 1;
      }
      return rewriteWord(r, token, to);
    case tokenKind.string:
      return rewriteStringRun(r, token, to);
    case tokenKind.number:
      if (!plainNumber.test(r.text(token))) r.replace(token, "0");
      return token + 1;
    case tokenKind.character:
      if (r.end(token) - r.start(token) < 3) r.replace(token, "0");
      return token + 1;
    default:
      return rewritePunctuation(r, token, from, to);
  }
}

const endsOperand = (r: Rewriting, token: number): boolean =>
  r.tokens.kind[token] === tokenKind.number || r.code(token) === 93 || (r.isPlain(token) && r.code(token - 1) !== 46);

const plainNumber = /^(?:0[xX][\da-fA-F]+|0[bB][01]+|\d+)(?:[uUlL]*)$|^\d*\.?\d+(?:[eE][+-]?\d+)?[fFlL]?$/;

function rewriteWord(r: Rewriting, token: number, to: number): number {
  const next = token + 1;
  const isCalled = next < to && r.isOpen(next, 40);
  switch (r.wordClass(token)) {
    case word.typeof:
      return isCalled ? rewriteTypeof(r, token) : next;
    case word.sizeof:
      if (!isCalled) return next;
      rewriteParenthesized(r, next);
      return r.after(next);
    case word.sizeofCall:
      if (!isCalled) {
        // `__alignof__ *p`
        if (r.end(token) - r.start(token) >= "sizeof".length) r.replace(token, "sizeof");
        return next;
      }
      if (r.text(token) === "_Generic") {
        r.hide("opaque", token, r.after(next));
        return r.after(next);
      }
      r.put(r.start(token), "x");
      rewriteArguments(r, next);
      return r.after(next);
    case word.attributeCall:
      if (!isCalled) return next;
      r.blankAttribute(token, r.after(next));
      return r.after(next);
    case word.attribute:
      // `(__force u32)` is a type and handled there; elsewhere in an expression only a leading one is an attribute.
      if (!r.text(token).startsWith("__") || !(r.isWord(next) || isCalled) || next >= to) break;
      if (isCalled && r.code(r.after(next)) !== 40 && !r.isWord(r.after(next))) break;
      r.blankAttribute(token, next);
      return next;
    default:
      break;
  }
  if (isCalled) {
    const afterCall = r.after(next);
    if (afterCall < to && r.tokens.kind[afterCall] === tokenKind.string && r.isPlain(token)) return rewriteStringRun(r, token, to);
    rewriteArguments(r, next);
    return afterCall;
  }
  if (next < to && r.isPlain(token) && runHasString(r, next, to)) return rewriteStringRun(r, token, to);
  return next;
}

/** Macros that stand for strings (`KERN_ERR PFX "…"`) before a string, at most four of them. */
function runHasString(r: Rewriting, token: number, to: number): boolean {
  for (let steps = 0; steps < 4 && token < to; steps++, token++) {
    if (r.tokens.kind[token] === tokenKind.string) return true;
    if (!r.isPlain(token)) return false;
  }
  return false;
}

/** Adjacent strings and string macros keep one string; the conversion reads the text from the original. */
function rewriteStringRun(r: Rewriting, first: number, to: number): number {
  let kept = -1;
  let token = first;
  while (token < to) {
    const isString = r.tokens.kind[token] === tokenKind.string;
    if (!isString && !r.isPlain(token)) break;
    if (isString && kept < 0) {
      kept = token;
      token++;
      continue;
    }
    const after = !isString && r.isOpen(token + 1, 40) && token + 1 < to ? r.after(token + 1) : token + 1;
    r.blank(token, after);
    token = after;
  }
  if (kept >= 0 && token > kept + 1) r.note("string-run", kept, token, "");
  // An unterminated string would swallow the rest of its line in the grammar as well.
  if (kept >= 0 && !isTerminated(r, kept)) r.replace(kept, "0");
  return token;
}

function isTerminated(r: Rewriting, token: number): boolean {
  const end = r.end(token);
  return end - r.start(token) >= 2 && r.source.charCodeAt(end - 1) === 34;
}

function rewritePunctuation(r: Rewriting, token: number, from: number, to: number): number {
  const c = r.code(token);
  if (c === 38 && r.code(token + 1) === 38 && r.start(token + 1) === r.end(token)) {
    // `&&label`, the address of a label, where an operand is due.
    if (isOperandDue(r, token, from)) r.blank(token, token + 1);
    return token + 2;
  }
  if (r.match[token]! < token) return token + 1;
  const after = r.after(token);
  if (c === 40) {
    rewriteParenthesized(r, token);
    if (after < to && r.isOpen(after, 123)) {
      r.nested.initializer(r, after);
      return r.after(after);
    }
  } else if (c === 91) {
    r.deeper(token + 1, after - 1, () => rewriteExpression(r, token + 1, after - 1));
  } else if (c === 123) {
    r.nested.initializer(r, token);
  }
  return after;
}

function isOperandDue(r: Rewriting, token: number, from: number): boolean {
  if (token === from) return true;
  const before = r.code(token - 1);
  return before !== 0 && before !== 41 && before !== 93;
}

/** A parenthesis in an expression: a cast's type, a statement expression, or an expression. */
function rewriteParenthesized(r: Rewriting, open: number): void {
  const from = open + 1;
  const to = r.match[open]!;
  if (from === to) return;
  r.deeper(from, to, () => {
    if (r.isOpen(from, 123) && r.after(from) === to) r.nested.block(r, from + 1, to - 1);
    else if (isTypeLike(r, from, to)) r.nested.declaration(r, { from, to, place: "type-name" });
    else rewriteExpression(r, from, to);
  });
}

/** Whether a range between brackets or commas reads as a type and not as an expression. */
export function isTypeLike(r: Rewriting, from: number, to: number): boolean {
  if (from >= to) return false;
  if (r.code(to - 1) === 42) return true;
  switch (r.wordClass(from)) {
    case word.type:
      return from + 1 === to || r.isWord(from + 1) || r.code(from + 1) === 42 || r.code(from + 1) === 40 || r.code(from + 1) === 91;
    case word.tag:
    case word.qualifier:
    case word.storage:
    case word.autoType:
      return true;
    case word.typeof:
      return r.isOpen(from + 1, 40);
    case word.attribute:
      return from + 1 < to && (r.isWord(from + 1) || r.code(from + 1) === 42);
    case word.plain:
      return r.isWord(from) && from + 1 < to && r.isWord(from + 1) && !runHasString(r, from, to) && r.wordClass(from + 1) !== word.statement;
    default:
      return false;
  }
}

/** The arguments of a call; what is no expression (a type, an operator, a statement) becomes one word. */
export function rewriteArguments(r: Rewriting, open: number): void {
  rewriteList(r, open, "kept");
}

/** The arguments of a loop or guard macro, which become a comma expression and cannot hold a block. */
export function rewriteCommaList(r: Rewriting, open: number): void {
  rewriteList(r, open, "hidden");
}

type Blocks = "kept" | "hidden";

function rewriteList(r: Rewriting, open: number, blocks: Blocks): void {
  const close = r.match[open]!;
  if (open + 1 === close) return;
  r.deeper(open + 1, close, () => {
    const parts = r.split(open + 1, close);
    const lastFull = parts.findLastIndex(([from, to]) => from < to);
    parts.forEach(([from, to], index) => {
      if (from < to) rewriteArgument(r, from, to, blocks);
      // An argument left out is no expression: its comma goes, the one after it or, behind the last full one, before it.
      else if (index < lastFull) r.blank(to, to + 1);
      else if (from - 1 > open) r.blank(from - 1, from);
    });
  });
}

function rewriteArgument(r: Rewriting, from: number, to: number, blocks: Blocks): void {
  if (isTypeLike(r, from, to)) {
    r.hide("type-argument", from, to);
  } else if (r.isOpen(from, 123)) {
    if (blocks === "kept" && r.after(from) === to && r.find(59, from + 1, to - 1) < to - 1) r.nested.block(r, from + 1, to - 1);
    else r.hide("opaque", from, to);
  } else if (r.wordClass(from) === word.statement || r.wordClass(from) === word.asm || r.find(59, from, to) < to) {
    r.hide("opaque", from, to);
  } else if (r.code(from) === 46 && r.isWord(from + 1) && r.find(123, from, to) === to) {
    r.blank(from, from + 1);
    rewriteExpression(r, from + 1, to);
  } else if (r.code(from) === 91 || hasLooseColon(r, from, to) || startsWithOperator(r, from) || endsWithOperator(r, to - 1) || r.find(35, from, to) < to) {
    r.hide("opaque", from, to);
  } else {
    rewriteExpression(r, from, to);
  }
}

/** `GETBITS(x, 10:0)`, or an operand of an assembly: no `?` belongs to the colon. */
const hasLooseColon = (r: Rewriting, from: number, to: number): boolean => r.find(58, from, to) < to && r.find(63, from, to) === to;

/** `= < > | / % ^ . ? :` begin no operand, and a second sign (`==`, `&=`) none after `& * + - !` either. */
function startsWithOperator(r: Rewriting, token: number): boolean {
  const c = r.code(token);
  if (c === 61 || c === 60 || c === 62 || c === 124 || c === 47 || c === 37 || c === 94 || c === 46 || c === 63 || c === 58) return true;
  return c === 33 && r.code(token + 1) === 61;
}

function endsWithOperator(r: Rewriting, token: number): boolean {
  const c = r.code(token);
  if (c === 0 || c === 41 || c === 93 || c === 125) return false;
  const isDoubled = r.code(token - 1) === c && (c === 43 || c === 45);
  return !isDoubled || r.code(token - 2) !== 0;
}
