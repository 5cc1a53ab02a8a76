/*
 * Tokens of a litmus file. Two comment conventions live in one file: `(* … *)` outside the thread
 * bodies, C comments inside them (where `(*x, 1)` is a parenthesis and a dereference). The parser
 * says which one applies when it asks for the next token, so nothing is read ahead in the wrong mode.
 */

export type LitmusError = { readonly line: number; readonly column: number; readonly message: string };

export type TokenKind = "identifier" | "number" | "string" | "punctuation" | "end";

export type Token = {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
  readonly end: number;
};

/** `outer`: header, init, condition. `body`: between the braces of a thread. */
export type LexMode = "outer" | "body";

/** Thrown inside the parser and turned into a value by `parseLitmus`; never leaves the folder. */
export class LitmusSyntaxError extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Second characters of two-character signs, by the first. */
const signs: ReadonlyMap<number, string> = new Map(
  Object.entries({ "=": ">=", "!": "=", "<": "=<", ">": "=>", "&": "&", "|": "|", "+": "+", "-": "->", "/": "\\", "\\": "/" }).map(([first, seconds]) => [first.charCodeAt(0), seconds]),
);

function isIdentifierStart(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

/** Owns the position in the text; the parser drives it. */
export class Lexer {
  readonly text: string;
  /** Text of all comments met, for the `Result:` line. */
  readonly comments: string[] = [];
  #offset = 0;
  #peeked: Token | undefined;
  #peekedMode: LexMode = "outer";

  constructor(text: string) {
    this.text = text;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Continue at `offset`, for the header, which is not made of tokens. */
  moveTo(offset: number): void {
    this.#offset = offset;
    this.#peeked = undefined;
  }

  peek(mode: LexMode): Token {
    if (this.#peeked !== undefined && this.#peekedMode === mode) return this.#peeked;
    this.#peekedMode = mode;
    return (this.#peeked = this.#scan(mode));
  }

  next(mode: LexMode): Token {
    const token = this.peek(mode);
    this.#peeked = undefined;
    this.#offset = token.end;
    return token;
  }

  /** Skips blanks and comments from `at`; returns where the next token starts. */
  skipBlanks(at: number, mode: LexMode): number {
    const { text } = this;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c === 32 || c === 9 || c === 10 || c === 13 || c === 12) at++;
      else if (c !== 40 && c !== 47) return at;
      else if (mode === "outer" && text.startsWith("(*", at)) at = this.#skipComment(at, "(*", "*)");
      else if (text.startsWith("/*", at)) at = this.#skipComment(at, "/*", "*/");
      else if (text.startsWith("//", at)) {
        const end = text.indexOf("\n", at);
        const stop = end < 0 ? text.length : end;
        this.#keepComment(at + 2, stop);
        at = stop;
      } else return at;
    }
  }

  #skipComment(at: number, open: string, close: string): number {
    const { text } = this;
    let depth = 1;
    let from = at + 2;
    while (depth > 0) {
      const end = text.indexOf(close, from);
      if (end < 0) throw new LitmusSyntaxError(at, `comment \`${open}\` is not closed: expected \`${close}\``);
      const inner = open === "(*" ? text.indexOf(open, from) : -1;
      if (inner >= 0 && inner < end) {
        depth++;
        from = inner + 2;
      } else {
        depth--;
        from = end + 2;
      }
    }
    this.#keepComment(at + 2, from - 2);
    return from;
  }

  #keepComment(start: number, end: number): void {
    this.comments.push(this.text.slice(start, end));
  }

  #scan(mode: LexMode): Token {
    const { text } = this;
    const offset = this.skipBlanks(this.#offset, mode);
    this.#offset = offset;
    if (offset >= text.length) return { kind: "end", text: "", offset, end: offset };
    const c = text.charCodeAt(offset);
    let end = offset + 1;
    if (isIdentifierStart(c)) {
      for (let next = text.charCodeAt(end); isIdentifierStart(next) || isDigit(next); next = text.charCodeAt(end)) end++;
      return { kind: "identifier", text: text.slice(offset, end), offset, end };
    }
    if (isDigit(c)) {
      while (isIdentifierStart(text.charCodeAt(end)) || isDigit(text.charCodeAt(end))) end++;
      return { kind: "number", text: text.slice(offset, end), offset, end };
    }
    if (c === 34) {
      const close = text.indexOf('"', offset + 1);
      if (close < 0) throw new LitmusSyntaxError(offset, "string is not closed: expected `\"`");
      return { kind: "string", text: text.slice(offset, close + 1), offset, end: close + 1 };
    }
    if (signs.get(c)?.includes(text.charAt(offset + 1)) === true && offset + 1 < text.length) end++;
    return { kind: "punctuation", text: text.slice(offset, end), offset, end };
  }
}

/** Line and column count from 1, columns in UTF-16 units. */
export function errorAt(text: string, offset: number, message: string): LitmusError {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1, message };
}

/** How a message names what was found. */
export function describe(token: Token): string {
  if (token.kind === "end") return "end of file";
  const shown = token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text;
  return `\`${shown}\``;
}
