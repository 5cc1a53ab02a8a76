/**
 * Kernel C cut into tokens, held in typed arrays: a 130 KB file has some 40,000 tokens and is lexed at every key.
 * Comments and backslash-newlines are skipped; a preprocessor directive with its continuations is one token.
 */

export const tokenKind = { word: 1, number: 2, string: 3, character: 4, punctuation: 5, directive: 6 } as const;

export type Tokens = {
  readonly count: number;
  readonly kind: Uint8Array;
  /** [start, end) in UTF-16 units of the source. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** For punctuation the first character's code; `->` and `...` are one token, all else is one character. 0 for the rest. */
  readonly code: Uint16Array;
};

const code = {
  tab: 9,
  newline: 10,
  carriageReturn: 13,
  space: 32,
  quote: 34,
  hash: 35,
  apostrophe: 39,
  star: 42,
  minus: 45,
  dot: 46,
  slash: 47,
  zero: 48,
  nine: 57,
  greater: 62,
  backslash: 92,
} as const;

/** 1 where a character may start a word, 2 where it may only continue one. Anything beyond ASCII counts as a letter. */
const wordTable = (() => {
  const table = new Uint8Array(128);
  for (let c = 97; c <= 122; c++) table[c] = 1;
  for (let c = 65; c <= 90; c++) table[c] = 1;
  table[95] = 1;
  table[36] = 1;
  for (let c = 48; c <= 57; c++) table[c] = 2;
  return table;
})();

const startsWord = (c: number): boolean => (c < 128 ? wordTable[c] === 1 : !isForeignSpace(c));
const continuesWord = (c: number): boolean => (c < 128 ? wordTable[c] !== 0 : !isForeignSpace(c));

/** The byte order mark before the first line, and a no-break space pasted from a browser. NaN, beyond the end, is no letter either. */
const isForeignSpace = (c: number): boolean => c === 0xfeff || !(c >= 0xa1);

/** Never fails: an unterminated string ends with its line, an unterminated comment with the file. */
export function lex(source: string): Tokens {
  let capacity = 1024 + (source.length >> 2);
  let kind = new Uint8Array(capacity);
  let start = new Int32Array(capacity);
  let end = new Int32Array(capacity);
  let punctuation = new Uint16Array(capacity);
  let count = 0;
  const push = (tokenKindValue: number, from: number, to: number, c: number) => {
    if (count === capacity) {
      capacity *= 2;
      kind = grown(kind, new Uint8Array(capacity));
      start = grown(start, new Int32Array(capacity));
      end = grown(end, new Int32Array(capacity));
      punctuation = grown(punctuation, new Uint16Array(capacity));
    }
    kind[count] = tokenKindValue;
    start[count] = from;
    end[count] = to;
    punctuation[count] = c;
    count++;
  };

  const n = source.length;
  let p = 0;
  let isLineStart = true;
  while (p < n) {
    const c = source.charCodeAt(p);
    if (c === code.newline) {
      isLineStart = true;
      p++;
    } else if (c <= code.space || c === code.backslash || (c > 127 && isForeignSpace(c))) {
      p++;
    } else if (c === code.slash && isCommentStart(source, p)) {
      p = endOfComment(source, p);
    } else if (c === code.hash && isLineStart) {
      const stop = endOfDirective(source, p);
      push(tokenKind.directive, p, stop, 0);
      p = stop;
    } else {
      isLineStart = false;
      const from = p;
      if (startsWord(c)) {
        while (p < n && continuesWord(source.charCodeAt(p))) p++;
        push(tokenKind.word, from, p, 0);
      } else if (isDigit(c) || (c === code.dot && isDigit(source.charCodeAt(p + 1)))) {
        p = endOfNumber(source, p);
        push(tokenKind.number, from, p, 0);
      } else if (c === code.quote || c === code.apostrophe) {
        p = endOfQuoted(source, p);
        push(c === code.quote ? tokenKind.string : tokenKind.character, from, p, 0);
      } else {
        p += lengthOfPunctuation(source, p, c);
        push(tokenKind.punctuation, from, p, c);
      }
    }
  }
  return { count, kind, start, end, code: punctuation };
}

/** The tokens at `kept`, in that order. */
export function tokensAt(tokens: Tokens, kept: ArrayLike<number>, count: number): Tokens {
  const kind = new Uint8Array(count);
  const start = new Int32Array(count);
  const end = new Int32Array(count);
  const punctuation = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const token = kept[i]!;
    kind[i] = tokens.kind[token]!;
    start[i] = tokens.start[token]!;
    end[i] = tokens.end[token]!;
    punctuation[i] = tokens.code[token]!;
  }
  return { count, kind, start, end, code: punctuation };
}

export function withoutTokens(tokens: Tokens, dropped: ReadonlySet<number>): Tokens {
  const kept: number[] = [];
  for (let token = 0; token < tokens.count; token++) if (!dropped.has(token)) kept.push(token);
  return tokensAt(tokens, kept, kept.length);
}

function grown<T extends Uint8Array | Int32Array | Uint16Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

const isDigit = (c: number): boolean => c >= code.zero && c <= code.nine;

function isCommentStart(source: string, p: number): boolean {
  const next = source.charCodeAt(p + 1);
  return next === code.slash || next === code.star;
}

function endOfComment(source: string, p: number): number {
  if (source.charCodeAt(p + 1) === code.star) {
    const close = source.indexOf("*/", p + 2);
    return close < 0 ? source.length : close + 2;
  }
  return endOfLine(source, p);
}

/** The position of the newline that ends the logical line at `p`: continuations are followed. */
function endOfLine(source: string, p: number): number {
  for (;;) {
    const newline = source.indexOf("\n", p);
    if (newline < 0) return source.length;
    const before = source.charCodeAt(newline - 1) === code.carriageReturn ? newline - 2 : newline - 1;
    if (source.charCodeAt(before) !== code.backslash) return newline;
    p = newline + 1;
  }
}

/** A block comment inside a directive may run over several lines and takes the directive with it. */
function endOfDirective(source: string, p: number): number {
  const n = source.length;
  while (p < n) {
    const c = source.charCodeAt(p);
    if (c === code.newline) {
      const before = source.charCodeAt(p - 1) === code.carriageReturn ? p - 2 : p - 1;
      if (source.charCodeAt(before) !== code.backslash) return p;
      p++;
    } else if (c === code.slash && isCommentStart(source, p)) {
      p = endOfComment(source, p);
    } else if (c === code.quote || c === code.apostrophe) {
      p = endOfQuoted(source, p);
    } else {
      p++;
    }
  }
  return n;
}

/** A preprocessing number: digits, letters, dots, and a sign after an exponent. */
function endOfNumber(source: string, p: number): number {
  const isHex = source.charCodeAt(p) === code.zero && (source.charCodeAt(p + 1) | 32) === 120;
  for (;;) {
    const c = source.charCodeAt(p);
    if (c === code.dot) {
      if (source.charCodeAt(p + 1) === code.dot) return p;
      p++;
    } else if (continuesWord(c)) {
      const lower = c | 32;
      const isExponent = isHex ? lower === 112 : lower === 101;
      p++;
      const sign = source.charCodeAt(p);
      if (isExponent && (sign === 43 || sign === code.minus)) p++;
    } else {
      return p;
    }
  }
}

function endOfQuoted(source: string, p: number): number {
  const quote = source.charCodeAt(p);
  const n = source.length;
  for (let q = p + 1; q < n; q++) {
    const c = source.charCodeAt(q);
    if (c === quote) return q + 1;
    if (c === code.newline) return q;
    if (c === code.backslash) {
      q++;
      if (source.charCodeAt(q) === code.carriageReturn && source.charCodeAt(q + 1) === code.newline) q++;
    }
  }
  return n;
}

function lengthOfPunctuation(source: string, p: number, c: number): number {
  if (c === code.minus && source.charCodeAt(p + 1) === code.greater) return 2;
  if (c === code.dot && source.charCodeAt(p + 1) === code.dot && source.charCodeAt(p + 2) === code.dot) return 3;
  return 1;
}
