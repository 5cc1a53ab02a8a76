/**
 * C cut into the few kinds of token that the index looks at, from bytes, into arrays that are used again for every file.
 * Comments, strings, numbers and operators that say nothing about calls are one kind, `other`, and several in a row are
 * one token. `#if` arms stay, all of them, when each is balanced; where an arm cuts through a construct the first one
 * stays. Arms that no kernel build sees (`#if 0`, C++, assembler) go.
 */

import { charClass, digit, wordByte } from "./char-class.ts";
import { ConditionStack } from "./condition-stack.ts";
import { DirectiveScanner, type DefineSink } from "./directive-scanner.ts";

/** Beside these a token's code is the character: ( ) { } [ ] ; , = . & * and > for `->`. */
export const tokenCode = { end: 0, word: 1, other: 2 } as const;

/** Added to the code of a token that stands in the first column. */
export const firstColumn = 128;

export class TokenBuffer {
  code = new Uint8Array(1 << 16);
  start = new Int32Array(1 << 16);
  end = new Int32Array(1 << 16);
  line = new Int32Array(1 << 16);
  count = 0;

  grow(): void {
    const capacity = this.code.length * 2;
    const enlarge = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(capacity);
      to.set(from);
      return to;
    };
    const code = new Uint8Array(capacity);
    code.set(this.code);
    this.code = code;
    this.start = enlarge(this.start);
    this.end = enlarge(this.end);
    this.line = enlarge(this.line);
  }
}

/** Tokens kept free at the end of the buffer, so that looking ahead needs no check. */
const spareTokens = 8;

/**
 * Reads `source[0, length)`, which must be followed by at least one byte 0. Never fails: what is unterminated ends
 * with its line (strings) or the file (comments).
 */
export function tokenize(source: Uint8Array, length: number, tokens: TokenBuffer, defines: DefineSink): void {
  const conditions = new ConditionStack();
  const directives = new DirectiveScanner(source, length, defines);
  let { code, start, end, line } = tokens;
  let capacity = code.length - spareTokens;
  let count = 0;
  let depth = 0;
  let p = 0;
  let lineNumber = 1;
  let lineStart = 0;
  let isLineStart = true;
  while (p < length) {
    const c = source[p]!;
    // Words first: they are what there is most of.
    if (charClass[c] === wordByte) {
      if (count >= capacity) {
        tokens.grow();
        ({ code, start, end, line } = tokens);
        capacity = code.length - spareTokens;
      }
      const from = p;
      do p++;
      while (charClass[source[p]!]! !== 0);
      code[count] = from === lineStart ? tokenCode.word | firstColumn : tokenCode.word;
      start[count] = from;
      end[count] = p;
      line[count++] = lineNumber;
      isLineStart = false;
      continue;
    }
    if (c === 10) {
      p++;
      lineNumber++;
      lineStart = p;
      isLineStart = true;
      continue;
    }
    if (c <= 32 || c === 92) {
      p++;
      continue;
    }
    if (c === 47) {
      const next = source[p + 1];
      if (next === 42) {
        p += 2;
        while (p < length && !(source[p] === 42 && source[p + 1] === 47)) if (source[p++] === 10) lineNumber++;
        p += 2;
        continue;
      }
      if (next === 47) {
        while (p < length && source[p] !== 10) {
          if (source[p] === 92 && source[p + 1] === 10) {
            lineNumber++;
            p++;
          }
          p++;
        }
        continue;
      }
    }
    if (c === 35 && isLineStart) {
      const kind = directives.scan(p, lineNumber);
      p = directives.end;
      lineNumber = directives.lineAtEnd;
      conditions.take(kind, count, depth);
      count = conditions.count;
      depth = conditions.depth;
      continue;
    }
    isLineStart = false;
    if (count >= capacity) {
      tokens.grow();
      ({ code, start, end, line } = tokens);
      capacity = code.length - spareTokens;
    }
    const from = p;
    const columnFlag = p === lineStart ? firstColumn : 0;
    let kind: number = tokenCode.other;
    if (charClass[c] === digit) {
      do p++;
      while (charClass[source[p]!]! !== 0 || source[p] === 46);
    } else if (c === 34 || c === 39) {
      p++;
      while (p < length && source[p] !== c && source[p] !== 10) {
        if (source[p] === 92) {
          p++;
          if (source[p] === 10) lineNumber++;
        }
        p++;
      }
      if (source[p] === c) p++;
    } else {
      p++;
      const next = source[p];
      switch (c) {
        case 40:
        case 91:
        case 123:
          depth++;
          kind = c;
          break;
        case 41:
        case 93:
        case 125:
          depth--;
          kind = c;
          break;
        case 44:
        case 59:
          kind = c;
          break;
        case 61:
          if (next === 61) p++;
          else kind = c;
          break;
        case 46:
          if (next === 46) p += 2;
          else kind = c;
          break;
        case 45:
          if (next === 62) {
            p++;
            kind = 62;
          } else if (next === 61) p++;
          break;
        case 38:
        case 42:
          if (next === c || next === 61) p++;
          else kind = c;
          break;
        default:
          if (next === 61) p++;
      }
      if (c === 42 && next === 42) {
        // `**` of a declaration is two stars; the second is read next.
        p = from + 1;
        kind = 42;
      }
    }
    if (kind === tokenCode.other && count > conditions.floor && (code[count - 1]! & 127) === tokenCode.other) continue;
    code[count] = kind | columnFlag;
    start[count] = from;
    end[count] = p;
    line[count++] = lineNumber;
  }
  code.fill(0, count, count + spareTokens);
  line.fill(lineNumber, count, count + spareTokens);
  tokens.count = count;
}
