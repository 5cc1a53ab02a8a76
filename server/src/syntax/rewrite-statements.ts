import { rewriteDeclaration } from "./rewrite-declarations.ts";
import { isTypeLike, rewriteArguments, rewriteCommaList, rewriteExpression } from "./rewrite-expressions.ts";
import { nameDeclaration } from "./rewrite-fields.ts";
import { isGuard, rewriteHead, rewriteDoEach, rewriteWhileEach } from "./rewrite-heads.ts";
import type { Rewriting } from "./rewriting.ts";
import { word } from "./words.ts";

/** The statements between two braces. */
export function rewriteBlock(r: Rewriting, from: number, to: number): void {
  r.deeper(from, to, () => {
    for (let token = from; token < to; ) token = Math.max(token + 1, rewriteStatement(r, token, to));
  });
}

/** Rewrites what stands where a statement may start and gives the next such place. */
function rewriteStatement(r: Rewriting, token: number, to: number): number {
  if (r.isOpen(token, 123)) {
    rewriteBlock(r, token + 1, r.match[token]!);
    return r.after(token);
  }
  if (!r.isWord(token)) return r.code(token) === 59 ? token + 1 : rewriteSimple(r, token, to);
  switch (r.wordClass(token)) {
    case word.statement:
      return rewriteKeyword(r, token, to);
    case word.asm:
      return hideAssembly(r, token, to);
    case word.attribute:
    case word.attributeCall:
      if (r.code(token + 1) === 59 || (r.isOpen(token + 1, 40) && r.code(r.after(token + 1)) === 59)) {
        const end = r.find(59, token, to);
        r.blankAttribute(token, end);
        return end + 1;
      }
      if (r.wordClass(token) === word.attribute && (token + 1 === to || r.isWord(token + 1))) {
        r.blankAttribute(token, token + 1);
        return token + 1;
      }
      return rewriteSimple(r, token, to);
    case word.plain:
      break;
    default:
      return rewriteSimple(r, token, to);
  }
  if (r.code(token + 1) === 58 && token + 1 < to) return rewriteLabel(r, token, to);
  if (token + 1 < to && r.isOpen(token + 1, 40)) return rewriteCallStatement(r, token, to);
  if (token + 1 === to || r.isOpen(token + 1, 123) || isMacroLine(r, token) || r.wordClass(token + 1) === word.statement || isLabel(r, token + 1, to)) {
    // `SOME_ITEMS` before the closing brace or a keyword, `TRY {`: macros that bring what is missing.
    r.blankAttribute(token, token + 1);
    return token + 1;
  }
  return rewriteSimple(r, token, to);
}

/** `FLUSH_BEGIN` on a line of its own, the next word no further in: a type would have its name beside it. */
const isMacroLine = (r: Rewriting, token: number): boolean =>
  r.isWord(token + 1) && /^[A-Z][A-Z0-9_]*$/.test(r.text(token)) && r.source.slice(r.end(token), r.start(token + 1)).includes("\n") && columnOf(r, token + 1) <= columnOf(r, token);

const isLabel = (r: Rewriting, token: number, to: number): boolean => token + 1 < to && r.isPlain(token) && r.code(token + 1) === 58;

function rewriteKeyword(r: Rewriting, token: number, to: number): number {
  const next = token + 1;
  switch (r.text(token)) {
    case "if":
    case "while":
    case "switch":
      if (next + 1 < to && r.isPlain(next) && r.isOpen(next + 1, 40)) {
        // `if time_after(a, b)`: the macro brings the parentheses.
        if (r.text(token) === "if") r.note("condition", next, r.after(next + 1), r.text(next), r.split(next + 2, r.match[next + 1]!));
        r.blank(next, next + 1);
        rewriteCommaList(r, next + 1);
        return r.after(next + 1);
      }
      if (next >= to || !r.isOpen(next, 40)) return next;
      r.deeper(next + 1, r.match[next]!, () => rewriteExpression(r, next + 1, r.match[next]!));
      return r.after(next);
    case "for":
      if (next >= to || !r.isOpen(next, 40)) return next;
      rewriteForHead(r, next);
      return r.after(next);
    case "case": {
      const colon = colonOfCase(r, next, to);
      for (let at = next; at < colon; at++) if (r.code(at) === 46 && r.end(at) - r.start(at) === 3) r.replace(at, " | ");
      rewriteExpression(r, next, colon);
      return Math.min(colon + 1, to);
    }
    case "goto":
      if (r.isWord(next) && r.code(next + 1) === 59) return next + 2;
      return rewriteComputedGoto(r, next, to);
    case "default":
      return r.code(next) === 58 ? next + 1 : next;
    case "do":
      return rewriteDo(r, next, to);
    case "else":
      return next;
    default: {
      const end = r.find(59, next, to);
      rewriteExpression(r, next, end);
      return Math.min(end + 1, to);
    }
  }
}

/** `do { … } for_each_vma(vmi, vma);`: a loop macro in the place of `while`. */
function rewriteDo(r: Rewriting, next: number, to: number): number {
  if (next >= to || !r.isOpen(next, 123)) return next;
  rewriteBlock(r, next + 1, r.match[next]!);
  const after = r.after(next);
  const isMacro = after + 1 < to && r.isPlain(after) && r.isOpen(after + 1, 40);
  return isMacro ? rewriteHead(r, after) : after;
}

/** Skips the colons of `?:`. */
function colonOfCase(r: Rewriting, from: number, to: number): number {
  let questions = 0;
  for (let at = from; at < to; at++) {
    const c = r.code(at);
    if (c === 63) questions++;
    else if (c === 58 && questions-- === 0) return at;
    else if (r.match[at]! > at) at = r.match[at]!;
  }
  return to;
}

function rewriteForHead(r: Rewriting, open: number): void {
  const close = r.match[open]!;
  const clauses = r.split(open + 1, close, 59);
  if (clauses.length !== 3) {
    r.hide("opaque", open + 1, close);
    if (r.room(r.start(open), r.end(close)) >= 4) r.put(r.start(open) + 1, ";;");
    return;
  }
  r.deeper(open + 1, close, () => {
    clauses.forEach(([from, to], index) => {
      if (from === to) return;
      if (index === 0 && startsDeclaration(r, from, to)) rewriteDeclaration(r, { from, to, place: "local" });
      else rewriteExpression(r, from, to);
    });
  });
}

/** `goto *table[i];`: the grammar wants a word. */
function rewriteComputedGoto(r: Rewriting, from: number, to: number): number {
  const end = r.find(59, from, to);
  if (from < end) r.hide("opaque", from, end);
  return Math.min(end + 1, to);
}

function hideAssembly(r: Rewriting, token: number, to: number): number {
  const end = r.find(59, token, to);
  r.note("asm", token, end, r.text(token));
  r.blank(token, end);
  r.put(r.start(token), "_");
  return Math.min(end + 1, to);
}

/** A label right before `}` needs a statement in the grammar: `out:` becomes `out;`, and the note says what it was. */
function rewriteLabel(r: Rewriting, token: number, to: number): number {
  const next = token + 2;
  if (next === to) {
    r.note("last-label", token, next, r.text(token));
    r.replace(token + 1, ";");
  }
  return next;
}

/** `word(…)` where a statement starts: a call, a loop, a guard, a declaration or a macro that brings its own `;`. */
function rewriteCallStatement(r: Rewriting, token: number, to: number): number {
  const open = token + 1;
  const after = r.after(open);
  const name = r.text(token);
  if (after < to && r.isOpen(after, 123)) return doEach.test(name) ? rewriteDoEach(r, token) : rewriteHead(r, token);
  if (whileEach.test(name)) return rewriteWhileEach(r, token);
  if (after >= to) return endWithoutSemicolon(r, token);
  const c = r.code(after);
  if (c === 59 || c === 41 || c === 93) return rewriteSimple(r, token, to);
  if (c === 61 && /^(?:DECLARE|DEFINE)_/.test(name)) return rewriteInitialisedMacro(r, token, to);
  if ((r.macros.isLoop(name) || isGuard(name)) && (!isOperator(c) || isDecrement(r, after))) return rewriteHead(r, token);
  if (r.isWord(after)) {
    const isSameLine = !r.source.slice(r.end(after - 1), r.start(after)).includes("\n");
    if (isSameLine && declaresAfterMacro(r, after, to)) return rewriteSimple(r, token, to);
    if (isSameLine || columnOf(r, after) > columnOf(r, token)) return rewriteHead(r, token);
    return endWithoutSemicolon(r, token);
  }
  return rewriteSimple(r, token, to);
}

/** `DECLARE_BITMAP(map, n) = { 0 };` */
function rewriteInitialisedMacro(r: Rewriting, token: number, to: number): number {
  const end = r.find(59, token, to);
  if (nameDeclaration(r, token)) rewriteExpression(r, r.after(token + 1) + 1, end);
  else r.blankAttribute(token, end);
  return Math.min(end + 1, to);
}

const doEach = /^do_(?:for_)?each/;
const whileEach = /^while_(?:for_)?each/;

/** `= . [ - > , ?` and the like continue an expression; `* ( + & !` may as well start a statement. */
const isOperator = (c: number): boolean => c === 61 || c === 46 || c === 91 || c === 45 || c === 44 || c === 63 || c === 124 || c === 47;

const isDecrement = (r: Rewriting, token: number): boolean => r.textOf(token, token + 2) === "--";

/** `STACK_OF(x) y;` */
function declaresAfterMacro(r: Rewriting, token: number, to: number): boolean {
  if (!r.isPlain(token) || token + 1 >= to) return false;
  const c = r.code(token + 1);
  return c === 59 || c === 61 || c === 44 || c === 91;
}

/** The macro's word and a `;` stay; the conversion makes the call from the note. */
function endWithoutSemicolon(r: Rewriting, token: number): number {
  const open = token + 1;
  const close = r.match[open]!;
  const args = open + 1 === close ? [] : r.split(open + 1, close);
  r.note("call-without-semicolon", token, close + 1, r.text(token), args);
  r.blank(open, close + 1);
  r.put(r.start(open), ";");
  return close + 1;
}

/** Tabs are eight wide, as in the kernel. */
function columnOf(r: Rewriting, token: number): number {
  const start = r.start(token);
  const lineStart = r.source.lastIndexOf("\n", start - 1) + 1;
  let column = 0;
  for (let at = lineStart; at < start; at++) {
    const c = r.source.charCodeAt(at);
    if (c === 9) column = (column & ~7) + 8;
    else if (c === 32) column++;
    else break;
  }
  return column;
}

/** A declaration or an expression, to its `;`. */
function rewriteSimple(r: Rewriting, token: number, to: number): number {
  const end = r.find(59, token, to);
  const macro = macroAfterStorage(r, token, end);
  if (macro !== undefined) {
    if (r.after(macro + 1) < end) return rewriteInitialisedMacro(r, macro, to);
    if (!nameDeclaration(r, macro)) r.blankAttribute(token, end);
  } else if (startsDeclaration(r, token, end)) rewriteDeclaration(r, { from: token, to: end, place: "local" });
  else if (r.isPlain(token) && r.isOpen(token + 1, 40) && token + 1 < end && r.after(token + 1) === end) rewriteArguments(r, token + 1);
  else rewriteExpression(r, token, end);
  return Math.min(end + 1, to);
}

/** The macro of `static DEFINE_RATELIMIT_STATE(name, …);` and of `static DEFINE_TABLE(type, name) = {…};`. */
function macroAfterStorage(r: Rewriting, token: number, end: number): number | undefined {
  let at = token;
  while (at < end && (r.wordClass(at) === word.storage || r.wordClass(at) === word.qualifier)) at++;
  const isMacro = at > token && r.isPlain(at) && at + 1 < end && r.isOpen(at + 1, 40) && (r.after(at + 1) >= end || r.code(r.after(at + 1)) === 61);
  return isMacro ? at : undefined;
}

function startsDeclaration(r: Rewriting, token: number, to: number): boolean {
  const next = token + 1;
  if (!r.isWord(token) || next >= to) return false;
  switch (r.wordClass(token)) {
    case word.type:
      return r.isWord(next) || r.code(next) === 42 || r.code(next) === 40;
    case word.tag:
    case word.qualifier:
    case word.storage:
    case word.autoType:
      return true;
    case word.typeof:
      return r.isOpen(next, 40) && r.after(next) < to;
    case word.attribute:
      return r.isWord(next);
    case word.attributeCall:
      return r.isOpen(next, 40) && r.isWord(r.after(next));
    case word.plain:
      break;
    default:
      return false;
  }
  if (r.isWord(next)) return r.wordClass(next) !== word.statement;
  if (r.isOpen(next, 40) && isPointerInParentheses(r, token, to)) return true;
  if (r.isOpen(next, 40)) return r.after(next) < to && r.isPlain(r.after(next)) && declaresAfterMacro(r, r.after(next), to + 1);
  let at = next;
  while (at < to && (r.code(at) === 42 || r.wordClass(at) === word.qualifier)) at++;
  if (at === next || at >= to || !r.isWord(at)) return false;
  const c = at + 1 < to ? r.code(at + 1) : 59;
  return c === 61 || c === 59 || c === 44 || c === 91 || r.isWord(at + 1);
}

/** `read_status_t (*read)(struct bridge *b, int reg);`, `dma_desc_t (*ring)[4];` */
function isPointerInParentheses(r: Rewriting, token: number, to: number): boolean {
  const after = r.after(token + 1);
  const star = r.isWord(token + 2) && r.text(token + 2).startsWith("__") ? token + 3 : token + 2;
  if (r.code(star) !== 42 || after >= to || !(r.isOpen(after, 40) || r.isOpen(after, 91))) return false;
  if (r.text(token).endsWith("_t")) return true;
  return r.isOpen(after, 40) && isTypeLike(r, after + 1, r.find(44, after + 1, r.match[after]!));
}
