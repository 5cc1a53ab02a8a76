import { lex, tokenKind } from "../../src/syntax/lexer.ts";
import type { Tokens } from "../../src/syntax/lexer.ts";

export type Body = { readonly start: number; readonly end: number };

export type LexicalTruth = { readonly bodies: readonly Body[]; readonly rcuLoops: readonly number[] };

/** `define_machine(x)` and in the next line `{ .name = …`: no statement starts so. */
const dot = 46;

const rcuLoopName = /for_each\w*_rcu(?:_\w+)?$/;

/** Function bodies by kernel style, and the RCU loops in them: what the tree is held against. No macro is known here. */
export function lexicalTruthOf(source: string): LexicalTruth {
  const tokens = lex(source);
  const bodies: Body[] = [];
  const rcuLoops: number[] = [];
  let open = -1;
  for (let token = 0; token < tokens.count; token++) {
    const start = tokens.start[token]!;
    if (tokens.kind[token] === tokenKind.word) {
      if (open >= 0 && tokens.code[token + 1] === 40 && rcuLoopName.test(source.slice(start, tokens.end[token]))) rcuLoops.push(start);
      continue;
    }
    if (start > 0 && source.charCodeAt(start - 1) !== 10) continue;
    if (tokens.code[token] === 123 && isBehindParameters(tokens, token) && tokens.code[token + 1] !== dot) open = start;
    else if (tokens.code[token] === 125 && open >= 0) {
      bodies.push({ start: open, end: tokens.end[token]! });
      open = -1;
    }
  }
  return { bodies, rcuLoops };
}

/** `)`, or attribute words behind it. */
function isBehindParameters(tokens: Tokens, brace: number): boolean {
  let at = brace - 1;
  while (at >= 0 && (tokens.kind[at] === tokenKind.word || tokens.kind[at] === tokenKind.directive)) at--;
  return at >= 0 && tokens.code[at] === 41;
}
