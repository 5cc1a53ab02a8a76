/*
 * The parser's view of the tokens: expect, accept, and errors that say what was found and what was
 * expected, with one explicit limit on nesting so that hostile input cannot exhaust the stack.
 */
import { describe, Lexer, LitmusSyntaxError, type LexMode, type Token } from "./lexer.ts";

/** Deeper than any test a person or generator writes; far from the stack's end. */
const nestingMax = 200;

/** Operands of one chain such as a + b + c: each nests the tree one level. */
const operandsMax = 1000;

/** Owns the lexer and the nesting depth of one parse. */
export class TokenReader {
  readonly lexer: Lexer;
  mode: LexMode = "outer";
  #depth = 0;

  constructor(text: string) {
    this.lexer = new Lexer(text);
  }

  peek(): Token {
    return this.lexer.peek(this.mode);
  }

  next(): Token {
    return this.lexer.next(this.mode);
  }

  at(text: string): boolean {
    const token = this.lexer.peek(this.mode);
    return token.text === text && token.kind !== "string" && token.kind !== "end";
  }

  accept(text: string): boolean {
    if (!this.at(text)) return false;
    this.lexer.next(this.mode);
    return true;
  }

  expect(text: string, where: string): Token {
    if (!this.at(text)) this.fail(`\`${text}\` ${where}`);
    return this.next();
  }

  expectIdentifier(what: string): string {
    if (this.peek().kind !== "identifier") this.fail(what);
    return this.next().text;
  }

  /** Throws: found this, expected that. */
  fail(expected: string, token: Token = this.peek()): never {
    throw new LitmusSyntaxError(token.offset, `found ${describe(token)}, expected ${expected}`);
  }

  /** Throws a message of its own about a token. */
  refuse(message: string, token: Token = this.peek()): never {
    throw new LitmusSyntaxError(token.offset, message);
  }

  /** One level deeper, until `leave`; a parse that fails does not come back. */
  enter(): void {
    if (this.#depth >= nestingMax) this.refuse(`nested deeper than ${nestingMax} levels`);
    this.#depth++;
  }

  leave<T>(value: T): T {
    this.#depth--;
    return value;
  }

  /** Call once an operand of a chain, with how many there were before. */
  limitOperands(count: number): void {
    if (count >= operandsMax) this.refuse(`more than ${operandsMax} operands in one chain`);
  }

  /** A C integer as a signed 32-bit value: herd7 wraps whatever the declared type. */
  integer(what: string): number {
    const negative = this.accept("-");
    const token = this.peek();
    if (token.kind !== "number") this.fail(what);
    this.next();
    const short = shortDecimal(token.text);
    if (short >= 0) return negative ? -short | 0 : short;
    const digits = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)$/.exec(token.text);
    if (digits === null) this.refuse(`\`${token.text}\` is not a number: expected ${what}`, token);
    if (token.text.length > 24) this.refuse(`number of ${token.text.length} digits is too large: expected one of at most 64 bits`, token);
    const value = BigInt(digits[1]!);
    if (value >= 1n << 64n) this.refuse(`number \`${token.text}\` is too large: expected one of at most 64 bits`, token);
    return Number(BigInt.asIntN(32, negative ? -value : value));
  }
}

/** Up to nine digits without a prefix; -1: look closer. */
function shortDecimal(text: string): number {
  if (text.length > 9 || (text.length > 1 && text.charCodeAt(0) === 48)) return -1;
  let value = 0;
  for (let k = 0; k < text.length; k++) {
    const digit = text.charCodeAt(k) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
