import type { Tokens } from "./lexer.ts";

/**
 * The tokens of the statements that brackets without a partner stand in, as far as these are in a body: what somebody is
 * just typing is no statement yet, and the grammar looks for its end in other functions. `match`: as of brackets.ts.
 */
export function damagedStatements(tokens: Tokens, match: Int32Array, unmatched: readonly number[]): readonly number[] {
  const around = enclosing(tokens, match);
  const damaged = new Set<number>();
  for (const token of unmatched) {
    if (damaged.has(token)) continue;
    const [first, last] = liftedOut(token, tokens, match, around);
    if (around[first]! < 0) continue;
    const from = statementStart(first, tokens, match);
    const to = statementEnd(last, tokens, match);
    for (let at = from; at <= to; at++) damaged.add(at);
  }
  return [...damaged];
}

const code = { open: 40, openSquare: 91, openBrace: 123, closeBrace: 125, semicolon: 59 } as const;

/** For each token the opening bracket that it stands in, -1 at file scope. */
function enclosing(tokens: Tokens, match: Int32Array): Int32Array {
  const around = new Int32Array(tokens.count).fill(-1);
  const stack: number[] = [];
  for (let token = 0; token < tokens.count; token++) {
    const partner = match[token]!;
    if (partner >= 0 && partner < token) stack.pop();
    around[token] = stack.at(-1) ?? -1;
    if (partner > token) stack.push(token);
  }
  return around;
}

/** The outermost round or square brackets around the token that are in the same braces; the token itself where there are none. */
function liftedOut(token: number, tokens: Tokens, match: Int32Array, around: Int32Array): readonly [number, number] {
  let [first, last] = [token, token];
  for (let open = around[first]!; open >= 0 && tokens.code[open] !== code.openBrace; open = around[open]!) [first, last] = [open, match[open]!];
  return [first, last];
}

function statementStart(first: number, tokens: Tokens, match: Int32Array): number {
  let at = first;
  while (at > 0) {
    const before = at - 1;
    const c = tokens.code[before]!;
    if (c === code.semicolon || c === code.openBrace || c === code.closeBrace) return at;
    at = match[before]! >= 0 && match[before]! < before ? match[before]! : before;
  }
  return at;
}

/** The `;`, or what stands before a block or the end of the one around. */
function statementEnd(last: number, tokens: Tokens, match: Int32Array): number {
  for (let at = last; at + 1 < tokens.count; at++) {
    if (tokens.code[at] === code.semicolon) return at;
    const c = tokens.code[at + 1]!;
    if (c === code.openBrace || c === code.closeBrace) return at;
    if (match[at + 1]! > at + 1) at = match[at + 1]! - 1;
  }
  return last;
}
