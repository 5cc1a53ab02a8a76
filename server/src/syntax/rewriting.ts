import { tokenKind } from "./lexer.ts";
import type { Tokens } from "./lexer.ts";
import type { MacroTable } from "./macro-lists.ts";
import type { Note, NoteKind } from "./notes.ts";
import { word } from "./words.ts";

/** Where a declaration stands: it decides what a lone word can be. A `type-name` declares nothing. */
export type Place = "file" | "local" | "field" | "parameter" | "type-name";

/** Tokens; `to` excludes the `;` or the function's body. */
export type DeclarationRange = { readonly from: number; readonly to: number; readonly place: Place };

/**
 * What an expression or a member can hold although its own rewriter stands higher up: a cast or a struct body has
 * declarations, a compound literal an initialiser, a statement expression a block. Imports run the other way only
 * (file, statements, declarations, fields and initialisers, expressions), so rewrite.ts hands these down.
 */
export type Nested = {
  readonly declaration: (r: Rewriting, range: DeclarationRange) => void;
  /** `open` is the brace. */
  readonly initializer: (r: Rewriting, open: number) => void;
  /** Between the braces. */
  readonly block: (r: Rewriting, from: number, to: number) => void;
};

/**
 * One rewriting under way: the live tokens, and the buffer that becomes the rewritten text. Ranges of tokens are
 * half-open. Every edit keeps the length; whitespace, comments and directives are spaces in `out` from the start.
 */
export class Rewriting {
  readonly source: string;
  readonly tokens: Tokens;
  readonly match: Int32Array;
  readonly words: Uint8Array;
  readonly macros: MacroTable;
  readonly nested: Nested;
  readonly notes: Note[] = [];
  readonly #out: Uint16Array;
  #depth = 0;

  constructor(input: { source: string; tokens: Tokens; match: Int32Array; words: Uint8Array; macros: MacroTable; nested: Nested; out: Uint16Array }) {
    this.source = input.source;
    this.tokens = input.tokens;
    this.match = input.match;
    this.words = input.words;
    this.macros = input.macros;
    this.nested = input.nested;
    this.#out = input.out;
  }

  /** The punctuation's first character, 0 for anything else and beyond the end. */
  code(token: number): number {
    return this.tokens.code[token] ?? 0;
  }
  isWord(token: number): boolean {
    return this.tokens.kind[token] === tokenKind.word;
  }
  wordClass(token: number): number {
    return this.words[token] ?? word.plain;
  }
  isPlain(token: number): boolean {
    return this.isWord(token) && this.words[token] === word.plain;
  }
  start(token: number): number {
    return this.tokens.start[token]!;
  }
  end(token: number): number {
    return this.tokens.end[token]!;
  }
  text(token: number): string {
    return this.source.slice(this.start(token), this.end(token));
  }
  /** The source from the first to before the `to`-th token. */
  textOf(from: number, to: number): string {
    return from < to ? this.source.slice(this.start(from), this.end(to - 1)) : "";
  }
  /** The token after the partner of an opening bracket; the token itself has to be one, and balanced. */
  after(open: number): number {
    return this.match[open]! + 1;
  }
  isOpen(token: number, c: number): boolean {
    return this.code(token) === c && this.match[token]! > token;
  }

  blank(from: number, to: number): void {
    for (let token = from; token < to; token++) this.#blankText(this.start(token), this.end(token));
  }
  /** From `at` on, around line breaks, which stay. */
  put(at: number, text: string): void {
    for (let i = 0; i < text.length; at++) if (!this.#isLineBreak(at)) this.#out[at] = text.charCodeAt(i++);
  }
  /** So that the text ends before `end`, around line breaks. */
  putBefore(end: number, text: string): void {
    for (let i = text.length - 1, at = end - 1; i >= 0; at--) if (!this.#isLineBreak(at)) this.#out[at] = text.charCodeAt(i--);
  }
  /** How much can be put between two positions. */
  room(start: number, end: number): number {
    let count = 0;
    for (let at = start; at < end; at++) if (!this.#isLineBreak(at)) count++;
    return count;
  }
  #isLineBreak(at: number): boolean {
    return this.#out[at] === 10 || this.#out[at] === 13;
  }
  /** A token overwritten by `text`, which must not be longer, and spaces. */
  replace(token: number, text: string): void {
    this.blank(token, token + 1);
    this.put(this.start(token), text);
  }
  note(kind: NoteKind, from: number, to: number, name: string, args?: readonly (readonly [number, number])[]): void {
    const at = { kind, start: this.start(from), end: this.end(Math.max(from, to - 1)), name };
    if (args === undefined) this.notes.push(at);
    else this.notes.push({ ...at, args: args.map(([a, b]) => this.spanOf(a, b)) });
  }
  spanOf(from: number, to: number): { start: number; end: number } {
    return from < to ? { start: this.start(from), end: this.end(to - 1) } : { start: this.start(from), end: this.start(from) };
  }
  /** Once: the words between a type and a name are looked at more than once. */
  blankAttribute(from: number, to: number): void {
    if (this.#out[this.start(from)] === 32) return;
    this.note("attribute", from, to, this.text(from));
    this.blank(from, to);
  }
  /** The range becomes one word at its start, which the conversion finds by the note. */
  hide(kind: "type-argument" | "opaque" | "too-deep", from: number, to: number): void {
    this.note(kind, from, to, this.textOf(from, Math.min(to, from + 1)));
    this.blank(from, to);
    this.put(this.start(from), "_");
  }

  /** Runs `body` one level deeper, or hides the range when that is deeper than any code a person wrote. */
  deeper(from: number, to: number, body: () => void): void {
    if (this.#depth >= depthMax) {
      if (from < to) this.hide("too-deep", from, to);
      return;
    }
    this.#depth++;
    body();
    this.#depth--;
  }

  /** The comma-separated ranges between `from` and `to`, brackets skipped. An empty list has one empty range. */
  split(from: number, to: number, separator = 44): (readonly [number, number])[] {
    const parts: (readonly [number, number])[] = [];
    let start = from;
    for (let token = from; token < to; token++) {
      const c = this.code(token);
      if (c === separator) {
        parts.push([start, token]);
        start = token + 1;
      } else if (this.match[token]! > token) {
        token = this.match[token]!;
      }
    }
    parts.push([start, to]);
    return parts;
  }

  /** A string or a directive may go over several lines; its line breaks stay. */
  #blankText(start: number, end: number): void {
    for (let at = start; at < end; at++) if (!this.#isLineBreak(at)) this.#out[at] = 32;
  }

  /** In pieces: a call takes a bounded number of arguments. */
  rewrittenText(): string {
    const piece = 8192;
    let text = "";
    for (let at = 0; at < this.#out.length; at += piece) {
      text += String.fromCharCode.apply(null, this.#out.subarray(at, at + piece) as unknown as number[]);
    }
    return text;
  }

  /** The first token with this code outside brackets, or `to`. */
  find(c: number, from: number, to: number): number {
    for (let token = from; token < to; token++) {
      if (this.code(token) === c) return token;
      if (this.match[token]! > token) token = this.match[token]!;
    }
    return to;
  }
}

/** Nesting of brackets followed. The deepest hand-written kernel code measured is 20; each level is a few stack frames. */
const depthMax = 120;
