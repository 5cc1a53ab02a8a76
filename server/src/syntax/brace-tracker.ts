import { isInColumn0 } from "./brackets.ts";
import { tokenKind } from "./lexer.ts";
import type { Tokens } from "./lexer.ts";

/** What the innermost open bracket holds. */
export const scope = { file: 0, block: 1, fields: 2, enumeration: 3, initializer: 4, paren: 5, bracket: 6 } as const;
export type Scope = (typeof scope)[keyof typeof scope];

/**
 * Follows the brackets of the tokens taken so far and says what the innermost one holds; owns that stack only.
 * `live` is the caller's list of taken tokens, read and never written.
 */
export class BraceTracker {
  readonly #source: string;
  readonly #tokens: Tokens;
  readonly #live: Int32Array;
  readonly #stack: { readonly scope: Scope; readonly at: number }[] = [];
  #last = -1;
  /** Position in `live` of the bracket that the last `)` closed. */
  #closedParen = -1;

  constructor(source: string, tokens: Tokens, live: Int32Array) {
    this.#source = source;
    this.#tokens = tokens;
    this.#live = live;
  }

  scope(): Scope {
    return this.#stack.at(-1)?.scope ?? scope.file;
  }

  depth(): number {
    return this.#stack.length;
  }

  take(token: number, at: number): void {
    const c = this.#tokens.kind[token] === tokenKind.punctuation ? this.#tokens.code[token]! : 0;
    if (c === 40) this.#stack.push({ scope: scope.paren, at });
    else if (c === 91) this.#stack.push({ scope: scope.bracket, at });
    else if (c === 123) this.#stack.push({ scope: this.#scopeOfBrace(), at });
    else if (c === 41 || c === 93) this.#close(c);
    else if (c === 125) this.#closeBrace(token);
    this.#last = at;
  }

  isBetweenDeclarations(): boolean {
    return this.#stack.length === 0 && this.#code(this.#last) === 125;
  }

  /** Whether the last token leaves us where a declaration, field, enumerator, entry or statement may start. */
  mayStartItem(): boolean {
    const c = this.#code(this.#last);
    switch (this.scope()) {
      case scope.file:
        return this.#last < 0 || c === 59 || c === 125 || c === 41;
      case scope.fields:
        return c === 59 || c === 123 || c === 125 || c === 41;
      case scope.enumeration:
      case scope.initializer:
        return c === 44 || c === 123 || c === 41;
      case scope.block:
        return c === 59 || c === 123 || c === 125 || (c === 58 && this.#isLabel());
      default:
        return false;
    }
  }

  /** `out:`, `case A:`, `default:`: the statement that the colon ends begins with such a word. */
  #isLabel(): boolean {
    for (let at = this.#last - 1, steps = 0; at >= 0 && steps < 16; at--, steps++) {
      const c = this.#code(at);
      if (c === 63) return false;
      if (c !== 59 && c !== 123 && c !== 125 && c !== 58) continue;
      return at + 2 === this.#last || this.#text(at + 1) === "case";
    }
    return false;
  }

  #close(c: number): void {
    const wanted = c === 41 ? scope.paren : scope.bracket;
    const top = this.#stack.at(-1);
    if (top?.scope !== wanted) return;
    this.#stack.pop();
    if (c === 41) this.#closedParen = top.at;
  }

  /** A brace closes whatever round and square brackets were left open inside it, and one in column 0 all that was opened further right. */
  #closeBrace(token: number): void {
    while (this.scope() === scope.paren || this.scope() === scope.bracket) this.#stack.pop();
    const open = this.#stack.pop();
    if (open !== undefined && isInColumn0(this.#source, this.#tokens.start[token]!) && this.#isIndented(open.at)) this.#stack.length = 0;
  }

  /** The line that the token stands on begins with white space. */
  #isIndented(at: number): boolean {
    const line = this.#source.lastIndexOf("\n", this.#tokens.start[this.#live[at]!]) + 1;
    return this.#source[line] === "\t" || this.#source[line] === " ";
  }

  #scopeOfBrace(): Scope {
    const around = this.scope();
    const c = this.#code(this.#last);
    if (c === 40) return scope.block;
    if (c === 41) return this.#isCompoundLiteral(around) ? scope.initializer : scope.block;
    if (c === 61 || c === 44 || c === 91 || (c === 123 && around === scope.initializer)) return scope.initializer;
    if (this.#kind(this.#last) === tokenKind.word) {
      const tag = this.#tagBefore();
      if (tag !== undefined) return tag;
    }
    if (around === scope.initializer || around === scope.fields) return around;
    return scope.block;
  }

  /** `(struct foo){`: the parenthesis stands where a value starts. */
  #isCompoundLiteral(around: Scope): boolean {
    if (around === scope.paren || around === scope.bracket || around === scope.initializer) return true;
    const before = this.#closedParen - 1;
    if (this.#kind(before) === tokenKind.word) return this.#text(before) === "return";
    const c = this.#code(before);
    return c !== 0 && c !== 41 && c !== 123 && c !== 125 && c !== 59 && c !== 58 && c !== 42;
  }

  /** `struct foo __packed {`: looks back over a few words and attribute arguments for the keyword. */
  #tagBefore(): Scope | undefined {
    for (let at = this.#last, steps = 0; at >= 0 && steps < 12; at--, steps++) {
      const c = this.#code(at);
      if (c === 59 || c === 123 || c === 125 || c === 61 || c === 42) return undefined;
      if (this.#kind(at) !== tokenKind.word) continue;
      const text = this.#text(at);
      if (text === "struct" || text === "union") return scope.fields;
      if (text === "enum") return scope.enumeration;
      // A word after a parenthesis closes a function's head: `struct foo *f(void) __init {`.
      if (this.#code(at - 1) === 41 && !text.startsWith("__")) return undefined;
    }
    return undefined;
  }

  #code(at: number): number {
    return at < 0 || this.#kind(at) !== tokenKind.punctuation ? 0 : this.#tokens.code[this.#live[at]!]!;
  }
  #kind(at: number): number {
    return at < 0 ? 0 : this.#tokens.kind[this.#live[at]!]!;
  }
  #text(at: number): string {
    const token = this.#live[at]!;
    return this.#source.slice(this.#tokens.start[token], this.#tokens.end[token]);
  }
}
