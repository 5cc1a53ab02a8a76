/** What the parts of the extraction share while one file is read. */

import { NamePool } from "./name-pool.ts";
import { PendingNames } from "./pending-names.ts";
import { argumentBits, ShardBuilder } from "./shard.ts";
import { TokenBuffer, tokenCode } from "./tokens.ts";
import { KnownWords, wordClass } from "./words.ts";

export const open = { paren: 40, bracket: 91, brace: 123 } as const;
export const close = { paren: 41, bracket: 93, brace: 125 } as const;
export const mark = { ampersand: 38, star: 42, comma: 44, dot: 46, semicolon: 59, assign: 61, arrow: 62 } as const;

const parametersMax = 14;

/** Longest name that is put together from parts. */
const joinedBytesMax = 1024;

export class ScanState {
  readonly pool: NamePool;
  readonly words: KnownWords;
  readonly tokens = new TokenBuffer();
  readonly shard = new ShardBuilder();
  readonly pending: PendingNames;
  source = new Uint8Array(0);
  /** The function whose body is read; -1 outside. */
  fn = -1;
  readonly #parameters = new Int32Array(parametersMax);
  #parameterCount = 0;
  readonly #scratch = new Uint8Array(joinedBytesMax);

  /** `names`: about how many there will be. */
  constructor(names: number) {
    this.pool = new NamePool(names);
    this.words = new KnownWords(this.pool);
    this.pending = new PendingNames(this);
  }

  code(token: number): number {
    return this.tokens.code[token]! & 127;
  }

  isWord(token: number): boolean {
    return (this.tokens.code[token]! & 127) === tokenCode.word;
  }

  isFirstColumn(token: number): boolean {
    return this.tokens.code[token]! > 127;
  }

  line(token: number): number {
    return this.tokens.line[token]!;
  }

  id(token: number): number {
    return this.pool.intern(this.source, this.tokens.start[token]!, this.tokens.end[token]!);
  }

  /** The class of a word that is not made an id for it. */
  classOf(token: number): number {
    const from = this.tokens.start[token]!;
    const to = this.tokens.end[token]!;
    if (!this.words.mayBeKnown(this.source[from]!, to - from)) return wordClass.plain;
    const id = this.pool.find(this.source, from, to);
    return id < 0 ? wordClass.plain : this.words.classOf(id);
  }

  /** The id of `before` with the word at `token`. */
  joined(before: string, token: number): number {
    const from = this.tokens.start[token]!;
    const length = Math.min(this.tokens.end[token]! - from, joinedBytesMax - before.length);
    for (let i = 0; i < before.length; i++) this.#scratch[i] = before.charCodeAt(i);
    this.#scratch.set(this.source.subarray(from, from + length), before.length);
    return this.pool.intern(this.#scratch, 0, before.length + length);
  }

  text(token: number): string {
    return String.fromCharCode(...this.source.subarray(this.tokens.start[token], this.tokens.end[token]));
  }

  /** Names of functions hold small letters; those of constants and of macros with values do not. */
  hasSmallLetter(token: number): boolean {
    for (let p = this.tokens.start[token]!; p < this.tokens.end[token]!; p++) {
      const c = this.source[p]!;
      if (c >= 97 && c <= 122) return true;
    }
    return false;
  }

  startsWithUnderscores(token: number): boolean {
    const from = this.tokens.start[token]!;
    return this.source[from] === 95 && this.source[from + 1] === 95;
  }

  /** The token that closes the bracket at `at`, or the last token of the file. */
  matching(at: number): number {
    const { code, count } = this.tokens;
    let depth = 0;
    for (let i = at; i < count; i++) {
      const c = code[i]! & 127;
      if (c === open.paren || c === open.brace || c === open.bracket) depth++;
      else if (c === close.paren || c === close.brace || c === close.bracket) {
        if (--depth <= 0) return i;
      }
    }
    return Math.max(at, count - 1);
  }

  /** A word that is a whole argument: `f(word, &word)`. */
  isBareArgument(token: number): boolean {
    const next = this.code(token + 1);
    if (next !== mark.comma && next !== close.paren) return false;
    let before = this.code(token - 1);
    if (before === mark.ampersand) before = this.code(token - 2);
    return before === open.paren || before === mark.comma;
  }

  /** The last word of each parameter between the parentheses. */
  readParameters(from: number, to: number): void {
    this.#parameterCount = 0;
    let last = -1;
    let depth = 0;
    for (let i = from + 1; i <= to && this.#parameterCount < parametersMax; i++) {
      const c = this.code(i);
      if (depth === 0 && (c === mark.comma || i === to)) {
        this.#parameters[this.#parameterCount++] = last;
        last = -1;
      } else if (c === open.paren || c === open.bracket) {
        // `(*callback)(int)`
        const inner = this.code(i + 1) === mark.star ? i + 2 : i + 1;
        if (c === open.paren && depth === 0 && this.isWord(inner) && this.code(inner + 1) === close.paren && this.code(inner + 2) === open.paren) last = inner;
        depth++;
      } else if (c === close.paren || c === close.bracket) depth--;
      else if (c === tokenCode.word && depth === 0) last = i;
    }
  }

  forgetParameters(): void {
    this.#parameterCount = 0;
  }

  /** Which parameter of the present function the word is, or -1. */
  parameterOf(token: number): number {
    const { start, end } = this.tokens;
    const from = start[token]!;
    const length = end[token]! - from;
    for (let i = 0; i < this.#parameterCount; i++) {
      const parameter = this.#parameters[i]!;
      if (parameter < 0 || end[parameter]! - start[parameter]! !== length) continue;
      const at = start[parameter]!;
      let k = 0;
      while (k < length && this.source[at + k] === this.source[from + k]) k++;
      if (k === length) return i;
    }
    return -1;
  }

  /** Notes that argument `argument` of the call is a parameter of the caller. */
  noteArgument(edge: number, argument: number, token: number): void {
    const parameter = this.parameterOf(token);
    if (parameter >= 0) this.shard.addArgument(edge, argumentBits(argument, parameter), 15 << (argument * 4));
  }
}
