import type { Tokens } from "./lexer.ts";

/** For each bracket token the index of its partner, -1 without one (and for every other token). */
export type Matches = { readonly match: Int32Array; readonly unmatched: readonly number[] };

/**
 * A file whose brackets do not balance is matched a second time, taking a brace in column 0 for the edge of a
 * function as kernel style has it: the damage of a missing brace then ends with its function.
 */
export function matchBrackets(source: string, tokens: Tokens): Matches {
  const plain = matched(tokens, () => false);
  if (plain.unmatched.length === 0) return plain;
  return matched(tokens, (token) => {
    const start = tokens.start[token]!;
    return start === 0 || source.charCodeAt(start - 1) === 10;
  });
}

const openers: ReadonlyMap<number, number> = new Map([
  [41, 40],
  [93, 91],
  [125, 123],
]);

function matched(tokens: Tokens, isFunctionEdge: (token: number) => boolean): Matches {
  const match = new Int32Array(tokens.count).fill(-1);
  const unmatched: number[] = [];
  const stack: number[] = [];
  const abandon = (depth: number) => {
    while (stack.length > depth) unmatched.push(stack.pop()!);
  };
  for (let token = 0; token < tokens.count; token++) {
    const c = tokens.code[token]!;
    if (c === 40 || c === 91 || c === 123) {
      if (c === 123 && isFunctionEdge(token)) abandon(0);
      stack.push(token);
      continue;
    }
    const opener = openers.get(c);
    if (opener === undefined) continue;
    if (c === 125 && isFunctionEdge(token)) abandon(stack.length === 0 ? 0 : 1);
    const depth = depthOfOpener(tokens, stack, opener);
    if (depth < 0) {
      unmatched.push(token);
      continue;
    }
    abandon(depth + 1);
    const open = stack.pop()!;
    match[open] = token;
    match[token] = open;
  }
  abandon(0);
  return { match, unmatched };
}

/** A round or square bracket never reaches out of its braces. */
function depthOfOpener(tokens: Tokens, stack: readonly number[], opener: number): number {
  for (let depth = stack.length - 1; depth >= 0; depth--) {
    const c = tokens.code[stack[depth]!]!;
    if (c === opener) return depth;
    if (c === 123) return -1;
  }
  return -1;
}
