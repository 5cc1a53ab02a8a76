import type { Tokens } from "./lexer.ts";

/** For each bracket token the index of its partner, -1 without one (and for every other token). Ascending. */
export type Matches = {
  readonly match: Int32Array;
  readonly unmatched: readonly number[];
  /** Every brace in column 0 is the edge of an item of the file; what is unmatched stands between two of them. */
  readonly isEven: boolean;
};

/**
 * Where the brackets of a file do not balance, each item of the file (up to a brace in column 0 that closes it, as
 * kernel style has it) is matched by itself, and one that does not balance again by how its lines are indented: what
 * a missing or surplus bracket does ends with its item, and mostly with its line.
 */
export function matchBrackets(source: string, tokens: Tokens): Matches {
  const matcher = new Matcher(source, tokens);
  const shape = matcher.matchPlainly(0, tokens.count);
  if (shape !== "unbalanced") return { match: matcher.match, unmatched: [], isEven: shape === "even" };
  const again = new Matcher(source, tokens);
  for (let from = 0; from < tokens.count; ) {
    const end = again.itemEnd(from);
    if (again.matchPlainly(from, end) !== "even") again.matchByIndentation(from, end);
    from = end;
  }
  return { match: again.match, unmatched: again.unmatched.toSorted((a, b) => a - b), isEven: true };
}

const code = { open: 40, close: 41, openSquare: 91, closeSquare: 93, openBrace: 123, closeBrace: 125 } as const;

const semicolon = 59;

const openers: ReadonlyMap<number, number> = new Map([
  [code.close, code.open],
  [code.closeSquare, code.openSquare],
  [code.closeBrace, code.openBrace],
]);

class Matcher {
  readonly match: Int32Array;
  readonly unmatched: number[] = [];
  readonly #source: string;
  readonly #tokens: Tokens;

  constructor(source: string, tokens: Tokens) {
    this.#source = source;
    this.#tokens = tokens;
    this.match = new Int32Array(tokens.count).fill(-1);
  }

  /** Behind the first closing brace in column 0; the end of the file where there is none. */
  itemEnd(from: number): number {
    for (let token = from; token < this.#tokens.count; token++) if (this.#code(token) === code.closeBrace && this.#isInColumn0(token)) return token + 1;
    return this.#tokens.count;
  }

  /** `odd`: balanced, with a brace in column 0 that is not the edge of an item. What does not balance is to be matched otherwise. */
  matchPlainly(from: number, to: number): "even" | "odd" | "unbalanced" {
    const stack: number[] = [];
    let isOdd = false;
    for (let token = from; token < to; token++) {
      const c = this.#code(token);
      if (isOpener(c)) {
        if (c === code.openBrace && stack.length > 0 && this.#isInColumn0(token)) isOdd = true;
        stack.push(token);
        continue;
      }
      const opener = openers.get(c);
      if (opener === undefined) continue;
      if (stack.length === 0 || this.#code(stack.at(-1)!) !== opener) return "unbalanced";
      this.#pair(stack.pop()!, token);
      if (c === code.closeBrace && stack.length > 0 && this.#isInColumn0(token)) isOdd = true;
    }
    return stack.length > 0 ? "unbalanced" : isOdd ? "odd" : "even";
  }

  /** All of it, whatever `matchPlainly` left there. */
  matchByIndentation(from: number, to: number): void {
    this.match.fill(-1, from, to);
    const item = new Item(from, to, this.#source, this.#tokens);
    for (let token = from; token < to; token++) item.take(token);
    item.abandon(0);
    for (const [open, close] of item.pairs) this.#pair(open, close);
    this.unmatched.push(...item.unmatched);
  }

  #pair(open: number, close: number): void {
    this.match[open] = close;
    this.match[close] = open;
  }

  #code(token: number): number {
    return this.#tokens.code[token]!;
  }

  #isInColumn0(token: number): boolean {
    return isInColumn0(this.#source, this.#tokens.start[token]!);
  }
}

/** One item of a file whose brackets do not balance. Owns its stack of open ones. */
class Item {
  readonly pairs: (readonly [number, number])[] = [];
  readonly unmatched: number[] = [];
  readonly #source: string;
  readonly #tokens: Tokens;
  readonly #stack: number[] = [];
  /** Where in the stack its braces are. */
  readonly #braces: number[] = [];
  /** The last brace that opens a body, when a brace in column 0 closes the item: that one is for the last of them. */
  readonly #body: number;

  constructor(from: number, to: number, source: string, tokens: Tokens) {
    this.#source = source;
    this.#tokens = tokens;
    let body = -1;
    for (let token = from; token < to; token++) if (this.#opensBody(token)) body = token;
    this.#body = to > from && this.#code(to - 1) === code.closeBrace && this.#isInColumn0(to - 1) ? body : -1;
  }

  take(token: number): void {
    const c = this.#code(token);
    if (isOpener(c)) {
      if (this.#opensBody(token)) this.abandon(0);
      if (c === code.openBrace) this.#braces.push(this.#stack.length);
      this.#stack.push(token);
    } else if (c === code.close || c === code.closeSquare) this.#closeBracket(token, openers.get(c)!);
    else if (c === code.closeBrace) this.#closeBrace(token);
  }

  abandon(depth: number): void {
    while (this.#stack.length > depth) this.unmatched.push(this.#pop());
  }

  /** A round or square bracket never reaches out of its braces, but for a brace that was opened too many on its line. */
  #closeBracket(token: number, opener: number): void {
    const brace = this.#brace();
    const inside = this.#innermost(opener, brace);
    const at = inside < 0 && brace >= 0 && this.#isOnLineOf(brace, token) ? this.#innermost(opener, this.#brace(1)) : inside;
    this.#closeAt(at, token);
  }

  #closeBrace(token: number): void {
    if (this.#isInColumn0(token)) {
      this.#closeAt(this.#braces[0] ?? -1, token);
      this.abandon(0);
    } else if (this.#isFirstOnLine(token) && !this.#isBeforeStatement(token)) {
      const indent = this.#indentOf(token);
      this.#closeAt(this.#braces.findLast((at) => this.#indentOf(this.#stack[at]!) === indent) ?? this.#unlessBody(this.#brace()), token);
    } else {
      const brace = this.#brace();
      // `f(a})`: the parenthesis that is open is closed behind it.
      const isInside = this.#stack.length - 1 > brace && this.#isOnLineOf(this.#stack.length - 1, token) && this.#isClosedOnLine(token);
      const isOwn = brace >= 0 && (this.#isOnLineOf(brace, token) || this.#code(token - 1) === code.closeBrace || this.#body < 0);
      this.#closeAt(isInside || !isOwn ? -1 : this.#unlessBody(brace), token);
    }
  }

  /** Nothing but the brace in column 0 closes the body. */
  #unlessBody(at: number): number {
    return at >= 0 && this.#stack[at] === this.#body ? -1 : at;
  }

  /** In column 0, and behind a head: behind a statement it is one too many. */
  #opensBody(token: number): boolean {
    if (this.#code(token) !== code.openBrace || !this.#isInColumn0(token)) return false;
    return ![code.openBrace, code.closeBrace, semicolon].some((c) => c === this.#code(token - 1));
  }

  /** -1: it closes nothing. */
  #closeAt(at: number, token: number): void {
    if (at < 0) {
      this.unmatched.push(token);
      return;
    }
    this.abandon(at + 1);
    this.pairs.push([this.#pop(), token]);
  }

  #pop(): number {
    if (this.#braces.at(-1) === this.#stack.length - 1) this.#braces.pop();
    return this.#stack.pop()!;
  }

  /** The innermost brace, or the one around that. */
  #brace(around: 0 | 1 = 0): number {
    return this.#braces.at(-1 - around) ?? -1;
  }

  /** A round or square bracket behind the brace at `above`. */
  #innermost(opener: number, above: number): number {
    for (let at = this.#stack.length - 1; at > above; at--) if (this.#code(this.#stack[at]!) === opener) return at;
    return -1;
  }

  /** Whether a round or square bracket is closed behind the token, on its line. */
  #isClosedOnLine(token: number): boolean {
    let depth = 0;
    const end = this.#source.indexOf("\n", this.#tokens.start[token]);
    for (let at = token + 1; at < this.#tokens.count && (end < 0 || this.#tokens.start[at]! < end); at++) {
      const c = this.#code(at);
      if (c === code.open || c === code.openSquare) depth++;
      else if ((c === code.close || c === code.closeSquare) && depth-- === 0) return true;
    }
    return false;
  }

  #isOnLineOf(at: number, token: number): boolean {
    return this.#lineOf(this.#stack[at]!) === this.#lineOf(token);
  }

  #isFirstOnLine(token: number): boolean {
    const start = this.#tokens.start[token]!;
    return /^[\s()[\]]*$/.test(this.#source.slice(this.#lineOf(token), start));
  }

  #indentOf(token: number): string {
    const line = this.#lineOf(token);
    return this.#source.slice(line, this.#tokens.start[token]! + 1).replaceAll(/[()[\]]/g, "").match(/^[ \t]*/)![0];
  }

  /** In a body: `} foo();`, where kernel style has nothing but `} else` and `} while`. */
  #isBeforeStatement(token: number): boolean {
    const start = this.#tokens.end[token]!;
    const end = this.#source.indexOf("\n", start);
    return this.#body >= 0 && /^\s*(?!else\b|while\b)\w[^{]*;$/.test(this.#source.slice(start, end < 0 ? undefined : end).trimEnd());
  }

  /** Where it begins. */
  #lineOf(token: number): number {
    return this.#source.lastIndexOf("\n", this.#tokens.start[token]! - 1) + 1;
  }

  #code(token: number): number {
    return this.#tokens.code[token] ?? 0;
  }

  #isInColumn0(token: number): boolean {
    return isInColumn0(this.#source, this.#tokens.start[token]!);
  }
}

const isOpener = (c: number): boolean => c === code.open || c === code.openSquare || c === code.openBrace;

/** With a tab behind it, it was put in front of an indented line. */
export const isInColumn0 = (source: string, start: number): boolean => (start === 0 || source.charCodeAt(start - 1) === 10) && source.charCodeAt(start + 1) !== 9;
