/** Preprocessor lines: which kind, where they end, and the calls that a `#define` hides. */

import { charClass, wordByte } from "./char-class.ts";
import { directiveKind } from "./condition-stack.ts";

export type DefineSink = {
  /** A macro worth a name: it takes parameters, or stands for a call or another name. */
  readonly macro: (from: number, to: number, line: number, lastLine: number) => void;
  /** A call in the body of the macro named last. */
  readonly macroCall: (from: number, to: number, line: number) => void;
};

const parametersMax = 32;

const deadConditions = ["defined(__ASSEMBLY__)", "defined(__cplusplus)", "defined (__cplusplus)"] as const;
const deadNames = ["__ASSEMBLY__", "__ASSEMBLER__", "__cplusplus"] as const;

export class DirectiveScanner {
  readonly #source: Uint8Array;
  readonly #length: number;
  readonly #sink: DefineSink;
  readonly #parameters = new Int32Array(parametersMax * 2);
  #parameterCount = 0;
  /** Calls found in a body: start, end and line of the name. */
  #calls: number[] = [];
  end = 0;
  lineAtEnd = 0;

  constructor(source: Uint8Array, length: number, sink: DefineSink) {
    this.#source = source;
    this.#length = length;
    this.#sink = sink;
  }

  /** From the `#` at `p`; `end` is the newline that ends the directive. */
  scan(p: number, line: number): number {
    const source = this.#source;
    let q = this.#skipSpace(p + 1);
    const from = q;
    while (charClass[source[q]!] === wordByte) q++;
    const kind = this.#kindOf(from, q);
    if (kind === directiveKind.other && this.#is(from, q, "define")) this.#define(q, line);
    else this.#skipLine(q, line);
    return kind;
  }

  #kindOf(from: number, to: number): number {
    if (this.#is(from, to, "endif")) return directiveKind.endif;
    if (this.#is(from, to, "else")) return directiveKind.else;
    if (this.#is(from, to, "elif")) return this.#isZero(to) ? directiveKind.deadElif : directiveKind.elif;
    if (this.#is(from, to, "if")) {
      if (this.#isZero(to) || this.#names(to, deadConditions)) return directiveKind.deadIf;
      return this.#source[this.#skipSpace(to)] === 49 && this.#source[this.#skipSpace(to) + 1] === 10 ? directiveKind.liveIf : directiveKind.if;
    }
    if (this.#is(from, to, "ifdef")) return this.#names(to, deadNames) ? directiveKind.deadIf : directiveKind.if;
    return this.#is(from, to, "ifndef") ? directiveKind.if : directiveKind.other;
  }

  #isZero(to: number): boolean {
    const at = this.#skipSpace(to);
    return this.#source[at] === 48 && charClass[this.#source[at + 1]!] === 0;
  }

  /** Whether the condition is one of these, to the end of the line. */
  #names(to: number, conditions: readonly string[]): boolean {
    const at = this.#skipSpace(to);
    for (const condition of conditions) if (this.#is(at, at + condition.length, condition) && this.#source[this.#skipSpace(at + condition.length)]! <= 13) return true;
    return false;
  }

  #is(from: number, to: number, text: string): boolean {
    if (to - from !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (this.#source[from + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  #skipSpace(p: number): number {
    while (this.#source[p] === 32 || this.#source[p] === 9) p++;
    return p;
  }

  /** To the newline that ends the line: continuations are followed, and comments over several lines. */
  #skipLine(p: number, line: number): void {
    const source = this.#source;
    const length = this.#length;
    for (; p < length; p++) {
      const c = source[p]!;
      if (c === 10) break;
      if (c === 92) {
        if (source[p + 1] === 13) p++;
        if (source[p + 1] === 10) {
          p++;
          line++;
        }
      } else if (c === 47 && (source[p + 1] === 42 || source[p + 1] === 47)) {
        const stop = this.#endOfComment(p);
        for (; p < stop; p++) if (source[p] === 10) line++;
        p--;
      }
    }
    this.end = Math.min(p, length);
    this.lineAtEnd = line;
  }

  #endOfComment(p: number): number {
    const source = this.#source;
    if (source[p + 1] === 47) {
      while (p < this.#length && source[p] !== 10) p += source[p] === 92 && source[p + 1] === 10 ? 2 : 1;
      return p;
    }
    p += 2;
    while (p < this.#length && !(source[p] === 42 && source[p + 1] === 47)) p++;
    return Math.min(p + 2, this.#length);
  }

  #define(p: number, line: number): void {
    const source = this.#source;
    const nameFrom = this.#skipSpace(p);
    let q = nameFrom;
    while (charClass[source[q]!] !== 0) q++;
    const nameTo = q;
    this.#parameterCount = 0;
    const takesParameters = source[q] === 40;
    if (takesParameters) q = this.#readParameters(q + 1);
    else {
      // Most macros of the tree are registers: a name and a number.
      const first = source[this.#skipSpace(q)]!;
      if ((first >= 48 && first <= 57) || first <= 13) return this.#skipLine(q, line);
    }
    if (this.#calls.length > 0) this.#calls = [];
    const alias = this.#readBody(q, line);
    const isAlias = !takesParameters && alias >= 0;
    if (nameTo === nameFrom || !(takesParameters || isAlias || this.#callsFunction())) return;
    this.#sink.macro(nameFrom, nameTo, line, this.lineAtEnd);
    if (isAlias) this.#sink.macroCall(alias, this.#endOfWord(alias), line);
    for (let i = 0; i < this.#calls.length; i += 3) this.#sink.macroCall(this.#calls[i]!, this.#calls[i + 1]!, this.#calls[i + 2]!);
  }

  #endOfWord(p: number): number {
    while (charClass[this.#source[p]!] !== 0) p++;
    return p;
  }

  #readParameters(p: number): number {
    const source = this.#source;
    while (p < this.#length && source[p] !== 41 && source[p] !== 10) {
      const from = p;
      while (charClass[source[p]!] !== 0) p++;
      if (p > from && this.#parameterCount < parametersMax) {
        this.#parameters[this.#parameterCount * 2] = from;
        this.#parameters[this.#parameterCount++ * 2 + 1] = p;
      }
      if (source[p] === 92 && source[p + 1] === 10) return p;
      if (p === from) p++;
    }
    return source[p] === 41 ? p + 1 : p;
  }

  /** Collects calls. Where the body is one word in small letters, that is where it begins; else -1. */
  #readBody(p: number, line: number): number {
    const source = this.#source;
    const length = this.#length;
    let onlyWord = -1;
    let words = 0;
    for (; p < length; ) {
      const c = source[p]!;
      if (c === 10) break;
      if (c === 92) {
        if (source[p + 1] === 13) p++;
        if (source[p + 1] === 10) {
          p++;
          line++;
        }
        p++;
      } else if (c === 47 && (source[p + 1] === 42 || source[p + 1] === 47)) {
        const stop = this.#endOfComment(p);
        for (; p < stop; p++) if (source[p] === 10) line++;
      } else if (charClass[c] === wordByte) {
        const from = p;
        p = this.#endOfWord(p);
        const isPart = source[from - 1] === 35 || source[p] === 35 || (source[this.#skipSpace(p)] === 35 && source[this.#skipSpace(p) + 1] === 35);
        if (words++ === 0 && (c >= 97 || c === 95)) onlyWord = from;
        const isField = source[from - 1] === 46 || (source[from - 1] === 62 && source[from - 2] === 45);
        if (source[this.#skipSpace(p)] === 40 && !isPart && !isField && !this.#isParameter(from, p)) this.#calls.push(from, p, line);
      } else if (c === 34 || c === 39) {
        p = this.#endOfQuoted(p, c);
        words = 2;
      } else {
        if (c > 32) words = 2;
        p = charClass[c] === 0 ? p + 1 : this.#endOfWord(p);
      }
    }
    this.end = Math.min(p, length);
    this.lineAtEnd = line;
    return words === 1 ? onlyWord : -1;
  }

  #endOfQuoted(p: number, quote: number): number {
    const source = this.#source;
    for (p++; p < this.#length && source[p] !== 10; p++) {
      if (source[p] === quote) return p + 1;
      if (source[p] === 92 && source[p + 1] !== 10) p++;
    }
    return p;
  }

  /** A register's `BIT(3)` is not worth a macro. */
  #callsFunction(): boolean {
    for (let i = 0; i < this.#calls.length; i += 3) if (this.#hasSmallLetter(this.#calls[i]!, this.#calls[i + 1]!)) return true;
    return false;
  }

  #hasSmallLetter(from: number, to: number): boolean {
    for (let p = from; p < to; p++) if (this.#source[p]! >= 97) return true;
    return false;
  }

  #isParameter(from: number, to: number): boolean {
    for (let i = 0; i < this.#parameterCount; i++) {
      const at = this.#parameters[i * 2]!;
      if (this.#parameters[i * 2 + 1]! - at !== to - from) continue;
      let k = 0;
      while (k < to - from && this.#source[at + k] === this.#source[from + k]) k++;
      if (k === to - from) return true;
    }
    return false;
  }
}
