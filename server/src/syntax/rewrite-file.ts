import { tokenKind } from "./lexer.ts";
import { rewriteDeclaration } from "./rewrite-declarations.ts";
import { rewriteExpression, isTypeLike } from "./rewrite-expressions.ts";
import { nameDeclaration } from "./rewrite-fields.ts";
import type { Rewriting } from "./rewriting.ts";
import { rewriteBlock } from "./rewrite-statements.ts";
import { word } from "./words.ts";

/** Everything at file scope: declarations, functions, and macro calls, which are noted and taken out of the text. Gives the places where items that are functions end. */
export function rewriteFile(r: Rewriting): readonly number[] {
  const ends = rewriteItems(r, 0, r.tokens.count);
  const bodyEnds = new Set(r.notes.flatMap(({ kind, end }) => (kind === "function-body" ? [end] : [])));
  return ends.filter((end) => bodyEnds.has(end));
}

/** Where the items end. */
function rewriteItems(r: Rewriting, from: number, to: number): readonly number[] {
  const ends: number[] = [];
  for (let token = from; token < to; ) {
    token = Math.max(token + 1, rewriteItem(r, token, to));
    ends.push(r.end(Math.min(token, to) - 1));
  }
  return ends;
}

function rewriteItem(r: Rewriting, token: number, to: number): number {
  if (r.code(token) === 59) {
    r.blank(token, token + 1);
    return token + 1;
  }
  if (r.wordClass(token) === word.asm) return blankThroughSemicolon(r, token, to);
  const name = afterPrefixes(r, token, to);
  if (name > token && r.isOpen(name, 123) && r.code(name - 1) === 0 && r.text(name - 1).startsWith('"')) return rewriteLinkage(r, token, name);
  if (name < to && r.isPlain(name) && name + 1 < to && r.isOpen(name + 1, 40)) {
    const next = rewriteMacroItem(r, { first: token, name, to });
    if (next !== undefined) return next;
  }
  if (name < to && r.isPlain(name) && isLoneMacro(r, name, to)) {
    r.blankAttribute(name, name + 1);
    return name + 1;
  }
  if (name < to && r.isPlain(name) && (name + 1 >= to || r.code(name + 1) === 59)) return blankThroughSemicolon(r, token, to);
  return rewriteOrdinary(r, token, to);
}

/** `BTF_ID_UNUSED` and, in column 0 of the next line, `BTF_SET_END(set)`: not a type and the name of a function. */
function isLoneMacro(r: Rewriting, name: number, to: number): boolean {
  const next = name + 1;
  if (next + 1 >= to || !r.isPlain(next) || !r.isOpen(next + 1, 40) || r.source.charCodeAt(r.start(next) - 1) !== 10) return false;
  const after = r.after(next + 1);
  return after >= to || (r.isWord(after) && /^[A-Z][A-Z0-9_]*$/.test(r.text(name)));
}

/** `extern "C" {`: what is inside is at file scope. */
function rewriteLinkage(r: Rewriting, token: number, open: number): number {
  const close = r.match[open]!;
  r.blank(token, open + 1);
  r.blank(close, close + 1);
  rewriteItems(r, open + 1, close);
  return close + 1;
}

function blankThroughSemicolon(r: Rewriting, token: number, to: number): number {
  const end = Math.min(r.find(59, token, to) + 1, to);
  r.blank(token, end);
  return end;
}

/** The first token that is no storage class, qualifier or attribute (nor the string of `extern "C"`). */
function afterPrefixes(r: Rewriting, token: number, to: number): number {
  let at = token;
  while (at < to) {
    const wordClass = r.wordClass(at);
    if (wordClass === word.storage && r.text(at) !== "typedef") at++;
    else if (wordClass === word.qualifier) at++;
    else if (wordClass === word.attribute) at++;
    else if (wordClass === word.attributeCall && r.isOpen(at + 1, 40)) at = r.after(at + 1);
    else if (at > token && r.code(at) === 0 && r.source[r.start(at)] === '"') at++;
    else break;
  }
  return at;
}

type MacroItem = { readonly first: number; readonly name: number; readonly to: number };

/** `MACRO(…)` where a declaration starts. Undefined when it is an ordinary declaration after all. */
function rewriteMacroItem(r: Rewriting, item: MacroItem): number | undefined {
  const { first, name, to } = item;
  const after = r.after(name + 1);
  const c = after < to ? r.code(after) : 59;
  if (c === 123) return holdsEntries(r, after) ? rewriteDescription(r, item, after) : rewriteHeadedFunction(r, item, after);
  if (c === 40) return rewriteNamedByMacro(r, item);
  if (c === 61 || c === 91) return rewriteInitialisedMacro(r, item);
  const behind = afterPrefixes(r, after, to);
  if (behind > after && (r.isOpen(behind, 123) || r.code(behind) === 61)) {
    blankPrefixes(r, after, behind);
    return r.code(behind) === 61 ? rewriteInitialisedMacro(r, item) : rewriteHeadedFunction(r, item, behind);
  }
  noteTopLevelCall(r, name);
  if (c === 46) {
    const end = endOfMachineDescription(r, after, to);
    r.blank(first, end);
    return end;
  }
  if (c === 59 || after >= to) {
    r.blank(first, Math.min(after + 1, to));
    return Math.min(after + 1, to);
  }
  // `extern DECLARE_MASK(x) __ro_after_init;`
  if (behind > after && r.code(behind) === 59) return blankThroughSemicolon(r, first, to);
  // No `;`: `module_init(x)`. A word right behind it may also be the type of a declaration the macro decorates.
  r.blank(c === 0 && !isSetApart(r, after) ? name : first, after);
  return after;
}

/** On a line of its own behind an empty one: no part of what stands before. */
const isSetApart = (r: Rewriting, token: number): boolean => /\n[ \t\r]*\n$/.test(r.source.slice(r.end(token - 1), r.start(token)));

/** `define_machine(x) { .name = …, };`: the braces of an initialiser, not of a body. */
const holdsEntries = (r: Rewriting, open: number): boolean => r.code(open + 1) === 46 && r.isWord(open + 2) && r.code(open + 3) === 61;

function rewriteDescription(r: Rewriting, { first, name, to }: MacroItem, open: number): number {
  noteTopLevelCall(r, name);
  const after = r.after(open);
  const end = after < to && r.code(after) === 59 ? after + 1 : after;
  if (end > after && nameDeclaration(r, name)) {
    blankPrefixes(r, first, name);
    r.put(r.start(open - 1), "=");
    r.nested.initializer(r, open);
  } else {
    r.blank(first, end);
  }
  return end;
}

/** `PROG(name)(struct pt_regs *ctx) {`: a function without a type. Undefined for any other shape. */
function rewriteNamedByMacro(r: Rewriting, { first, name, to }: MacroItem): number | undefined {
  const open = name + 1;
  const parameters = r.after(open);
  const body = r.after(parameters);
  const isName = r.match[open] === open + 2 && r.isPlain(open + 1);
  if (first < name || !isName || body >= to || !r.isOpen(body, 123)) return undefined;
  r.note("head", name, parameters, r.text(name), [[open + 1, open + 2]]);
  rewriteDeclaration(r, { from: name, to: body, place: "file" });
  // The macro is the type: the two words were joined as a name.
  r.blank(open, open + 1);
  r.blank(open + 2, parameters);
  return rewriteBody(r, body);
}

function noteTopLevelCall(r: Rewriting, name: number): void {
  const open = name + 1;
  const close = r.match[open]!;
  const args = open + 1 === close ? [] : r.split(open + 1, close);
  r.note("top-level-call", name, close + 1, r.text(name), args);
}

/** `static DEFINE_PER_CPU(struct foo, x) = {…};` becomes a declaration of `x`. */
function rewriteInitialisedMacro(r: Rewriting, { first, name, to }: MacroItem): number {
  const end = r.find(59, name, to);
  noteTopLevelCall(r, name);
  if (!nameDeclaration(r, name)) {
    r.blank(first, Math.min(end + 1, to));
    return Math.min(end + 1, to);
  }
  blankPrefixes(r, first, name);
  const after = r.after(name + 1);
  const equals = r.find(61, after, end);
  for (let at = after; at < equals; at++) {
    if (r.isOpen(at, 91)) at = r.match[at]!;
    else r.blank(at, at + 1);
  }
  rewriteExpression(r, Math.min(equals + 1, end), end);
  return end + 1;
}

/** `MACHINE_START(…) .field = x, … MACHINE_END`: ends with the word that starts a line. */
function endOfMachineDescription(r: Rewriting, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (r.match[at]! > at) at = r.match[at]!;
    else if (r.isWord(at) && r.start(at) > 0 && r.source.charCodeAt(r.start(at) - 1) === 10) return at + 1;
  }
  return to;
}

function blankPrefixes(r: Rewriting, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const wordClass = r.wordClass(at);
    if (wordClass === word.attributeCall && r.isOpen(at + 1, 40)) {
      r.blankAttribute(at, r.after(at + 1));
      at = r.match[at + 1]!;
    } else if (wordClass === word.attribute) {
      r.blankAttribute(at, at + 1);
    }
  }
}

/** `SYSCALL_DEFINE3(read, unsigned int, fd, …)`: a name, then types and names in turn. */
const pairedHead = /SYSCALL\w*_DEFINE[1-6]$|^BPF_CALL_[1-5]$/;

function rewriteHeadedFunction(r: Rewriting, { first, name }: MacroItem, body: number): number {
  blankPrefixes(r, first, name);
  const open = name + 1;
  const close = r.match[open]!;
  const parts = open + 1 === close ? [] : r.split(open + 1, close);
  r.note("head", name, close + 1, r.text(name), parts);
  const declared = parts[0];
  const isPaired = pairedHead.test(r.text(name)) && parts.length > 2 && parts.length % 2 === 1;
  if (declared !== undefined && r.tokens.kind[declared[0]] === tokenKind.number) nameNumber(r, declared[0]);
  if (isPaired && declared !== undefined && declared[1] === declared[0] + 1) rewritePairs(r, open, parts);
  else keepOneName(r, name, parts);
  return rewriteBody(r, body);
}

/** `SYSCALL_DEFINE1(32_personality, …)`: pasted behind a prefix it is a name. */
function nameNumber(r: Rewriting, token: number): void {
  r.note("joined-name", token, token + 1, r.text(token));
  r.put(r.start(token), "_");
}

function rewriteBody(r: Rewriting, open: number): number {
  r.note("function-body", open, r.after(open), "");
  rewriteBlock(r, open + 1, r.match[open]!);
  return r.after(open);
}

function rewritePairs(r: Rewriting, open: number, parts: readonly (readonly [number, number])[]): void {
  r.blank(open, open + 1);
  r.replace(parts[0]![1], "(");
  for (let i = 1; i + 1 < parts.length; i += 2) {
    const [from, to] = parts[i]!;
    rewriteDeclaration(r, { from, to, place: "type-name" });
    r.blank(to, to + 1);
  }
}

/** `DEFINE_IDTENTRY(name) {` reads as a function called `name`; without a usable name the macro's own word is split in two. */
function keepOneName(r: Rewriting, name: number, parts: readonly (readonly [number, number])[]): void {
  const open = name + 1;
  const close = r.match[open]!;
  const named = parts.find(([from, to]) => to === from + 1 && (r.isPlain(from) || r.tokens.kind[from] === tokenKind.number) && !isTypeLike(r, from, to));
  if (named !== undefined) {
    r.blank(open + 1, named[0]);
    r.blank(named[1], close);
    return;
  }
  r.blank(open + 1, close);
  const length = r.end(name) - r.start(name);
  r.replace(name, length >= 3 ? `${"t".repeat(length - 2)} f` : "t");
}

/** A declaration up to its `;`, or a function with its body. */
function rewriteOrdinary(r: Rewriting, token: number, to: number): number {
  const { end, isFunction } = endOfDeclaration(r, token, to);
  if (isFunction) {
    rewriteDeclaration(r, { from: token, to: end, place: "file" });
    return rewriteBody(r, end);
  }
  rewriteDeclaration(r, { from: token, to: end, place: "file" });
  return Math.max(end < to && r.code(end) === 59 ? end + 1 : end, token + 1);
}

/** The `;`, or the brace of a function's body, or the start of the next declaration when the `;` is missing. */
function endOfDeclaration(r: Rewriting, token: number, to: number): { readonly end: number; readonly isFunction: boolean } {
  let isTagOpen = false;
  let isInitialised = false;
  for (let at = token; at < to; at++) {
    const c = r.code(at);
    if (c === 59) return { end: at, isFunction: false };
    if (c === 61) isInitialised = true;
    if (r.wordClass(at) === word.tag) isTagOpen = true;
    else if (c === 40 || c === 42 || c === 61) isTagOpen = c === 40 && isTagOpen && r.wordClass(at - 1) === word.attributeCall;
    if (c === 123 && !isTagOpen && !isInitialised) return { end: at, isFunction: true };
    if (c === 123) isTagOpen = false;
    if (at > token && startsNextDeclaration(r, at)) return { end: at, isFunction: false };
    if (r.match[at]! > at) at = r.match[at]!;
  }
  return { end: to, isFunction: false };
}

/** `static FOO(x)` and on the next line, in column 0, `static int y;` */
function startsNextDeclaration(r: Rewriting, at: number): boolean {
  if (r.code(at - 1) !== 41 || r.wordClass(at) !== word.storage) return false;
  const start = r.start(at);
  return start > 0 && r.source.charCodeAt(start - 1) === 10;
}
