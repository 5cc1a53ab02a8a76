import type { Rewriting } from "./rewriting.ts";
import { rewriteExpression } from "./rewrite-expressions.ts";
import { word } from "./words.ts";

/** A braced initialiser: entries `value`, `.field = value`, `[index] = value`, and macros that expand to entries. */
export function rewriteInitializer(r: Rewriting, open: number): void {
  const close = r.match[open]!;
  if (open + 1 === close) return;
  r.deeper(open + 1, close, () => {
    for (const [from, to] of r.split(open + 1, close)) {
      if (from < to) rewriteEntry(r, from, to);
      else if (to < close) r.blank(to, to + 1);
    }
  });
}

function rewriteEntry(r: Rewriting, from: number, to: number): void {
  let token = from;
  // `SET_RUNTIME_PM_OPS(a, b, c) .probe = f`: the macro brings its own comma.
  while (token + 1 < to && r.isPlain(token) && r.isOpen(token + 1, 40) && (startsEntry(r, r.after(token + 1), to) || isWordWithin(r, r.after(token + 1), to))) {
    const after = r.after(token + 1);
    expandToArguments(r, token, after);
    token = after;
  }
  if (token + 1 < to && r.isPlain(token) && (r.isOpen(token + 1, 123) || isDesignated(r, token + 1, to))) {
    r.blankAttribute(token, token + 1);
    token++;
  }
  token = blankEntryMacros(r, token, to);
  // `CHANNEL(1) = { … }`: the macro is the designator.
  if (token + 2 < to && r.isPlain(token) && r.isOpen(token + 1, 40) && r.code(r.after(token + 1)) === 61 && r.isOpen(r.after(token + 1) + 1, 123)) {
    const value = r.after(token + 1) + 1;
    r.note("initializer-macro", token, value, r.text(token));
    r.blank(token, value);
    token = value;
  }
  const equals = designatorEnd(r, token, to);
  // `[index] value`, as GNU C once had it.
  if (equals === token && r.isOpen(token, 91) && r.after(token) < to) putEquals(r, token);
  if (equals < to && equals > token) rewriteDesignator(r, token, equals);
  rewriteExpression(r, equals, to);
}

/** `FIRST_OPS SECOND_OPS &last,`: words that each expand to entries with their commas. */
function blankEntryMacros(r: Rewriting, from: number, to: number): number {
  let token = from;
  while (token < to && r.isWord(token) && (r.isPlain(token) || r.wordClass(token) === word.attribute)) token++;
  if (token - from < 2 || (token < to && r.code(token) === 0)) return from;
  const kept = token === to || (r.code(token) !== 38 && r.code(token) !== 123) ? token - 1 : token;
  for (let at = from; at < kept; at++) r.note("initializer-macro", at, at + 1, r.text(at));
  r.blank(from, kept);
  return kept;
}

/** `.name`, `[index]`, `{` or a further macro may start an entry after a macro without a comma. */
function startsEntry(r: Rewriting, token: number, to: number): boolean {
  if (token >= to) return false;
  const c = r.code(token);
  if (c === 46) return r.isWord(token + 1) && (r.code(token + 2) === 61 || r.code(token + 2) === 46 || r.code(token + 2) === 91);
  return c === 123 || (r.isPlain(token) && r.isOpen(token + 1, 40));
}

const isDesignated = (r: Rewriting, token: number, to: number): boolean => r.code(token) === 46 && designatorEnd(r, token, to) > token;

const isWordWithin = (r: Rewriting, token: number, to: number): boolean => token < to && r.isPlain(token);

function expandToArguments(r: Rewriting, name: number, after: number): void {
  const close = after - 1;
  const args = r.split(name + 2, close);
  r.note("initializer-macro", name, after, r.text(name), args);
  const isSimple = args.every(([from, to]) => to === from + 1 && r.isPlain(from));
  if (!isSimple) {
    r.blank(name, after);
    return;
  }
  r.blank(name, name + 2);
  r.replace(close, ",");
}

function putEquals(r: Rewriting, open: number): void {
  const end = r.end(r.match[open]!);
  if (/[ \t]/.test(r.source[end] ?? "")) r.put(end, "=");
  else r.blank(open, r.after(open));
}

/** Where the value starts: after `.a.b =` or `[i] =` or `name:`. `from` when there is no designator. */
function designatorEnd(r: Rewriting, from: number, to: number): number {
  let token = from;
  if (r.isPlain(token) && r.code(token + 1) === 58) return token + 2;
  while (token < to) {
    if (r.code(token) === 46 && r.isWord(token + 1)) token += 2;
    else if (r.isOpen(token, 91)) token = r.after(token);
    else break;
  }
  return token > from && r.code(token) === 61 && r.code(token + 1) !== 61 ? token + 1 : from;
}

function rewriteDesignator(r: Rewriting, from: number, to: number): void {
  for (let token = from; token < to; token++) {
    if (!r.isOpen(token, 91)) continue;
    rewriteExpression(r, token + 1, r.match[token]!);
    token = r.match[token]!;
  }
}
