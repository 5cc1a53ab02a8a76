/**
 * Kernel C made readable for a plain C grammar without moving a character: macros that are syntax (attributes, loops,
 * guards, types as arguments, macro heads) are overwritten by plain C of the same length, and what was hidden is noted.
 * The original text stays the truth; the rewritten one is for the grammar only.
 */
import { assert } from "../base/assert.ts";
import { matchBrackets } from "./brackets.ts";
import { chooseArms } from "./conditionals.ts";
import { damagedStatements } from "./damaged-statements.ts";
import type { Directive, WrittenDirective } from "./directives.ts";
import { lex, tokenKind, withoutTokens } from "./lexer.ts";
import type { Tokens } from "./lexer.ts";
import { kernelMacros, macroTableOf } from "./macro-lists.ts";
import type { MacroLists, MacroTable } from "./macro-lists.ts";
import type { Note } from "./notes.ts";
import { rewriteDeclaration } from "./rewrite-declarations.ts";
import { rewriteFile } from "./rewrite-file.ts";
import { rewriteInitializer } from "./rewrite-initializers.ts";
import { rewriteBlock } from "./rewrite-statements.ts";
import { Rewriting } from "./rewriting.ts";

export type Rewritten = {
  readonly text: string;
  readonly notes: readonly Note[];
  /** Every directive of the file, in order; the text has none of them. */
  readonly directives: readonly WrittenDirective[];
};

/** A rewriting that can be made again piece by piece: see rewrite-change.ts. */
export type Pieces = Rewritten & {
  /** What the names stand for in this file. */
  readonly table: MacroTable;
  /** Of the notes: how many of the first ones are about arms. */
  readonly armCount: number;
  /** Of the notes behind those: how many of the first ones are about brackets without a partner. */
  readonly unbalancedCount: number;
  /** Places behind the line in which a function of the file ends with a brace in column 0, outside of every `#if`; none where something has no end. */
  readonly cuts: readonly number[];
};

export function rewriteKernelC(source: string, macros: MacroLists = kernelMacros): Pieces {
  const whole = rewritePiece(source, (directives) => macroTableOf(macros, directives));
  // How far what has no partner reaches is known of a piece of a text that was balanced, and not of a text at large.
  return whole.unbalancedCount === 0 ? whole : { ...whole, cuts: [] };
}

/** `tableOf` is given the directives of the text. */
export function rewritePiece(source: string, tableOf: (directives: readonly Directive[]) => MacroTable): Pieces {
  const all = lex(source);
  const { tokens: live, directives, notes: arms, isClosed } = chooseArms(source, all);
  const table = tableOf(directives);
  const { match, unmatched, isEven } = matchBrackets(source, live);
  const tokens = unmatched.length === 0 ? live : withoutTokens(live, new Set([...unmatched, ...damagedStatements(live, match, unmatched)]));
  const rewriting = new Rewriting({
    source,
    tokens,
    match: unmatched.length === 0 ? match : matchBrackets(source, tokens).match,
    words: wordClasses(source, tokens, table),
    macros: table,
    nested: { declaration: rewriteDeclaration, initializer: rewriteInitializer, block: rewriteBlock },
    out: plainText(source, tokens, arms),
  });
  const damage = unmatched.map((token): Note => {
    const at = { start: live.start[token]!, end: live.end[token]! };
    return { kind: "unbalanced", ...at, name: source.slice(at.start, at.end) };
  });
  const functionEnds = rewriteFile(rewriting);
  const text = rewriting.rewrittenText();
  assert(text.length === source.length, "the rewriting keeps the length");
  const endless = unended(source, all, directives);
  const cuts = endless.length === 0 && isEven && isClosed ? cutsAt(source, functionEnds, directives) : [];
  return {
    text, table, cuts, armCount: arms.length, unbalancedCount: damage.length,
    notes: [...arms, ...damage, ...endless, ...rewriting.notes],
    directives: directives.map(({ name, start, end, text: rest }) => ({ name, start, end, text: rest })),
  };
}

/** Behind the line breaks that follow a function's end at once, where no `#if` is open and the function ends as kernel style has it. */
function cutsAt(source: string, functionEnds: readonly number[], directives: readonly Directive[]): readonly number[] {
  let depth = 0;
  let next = 0;
  const cuts: number[] = [];
  for (const end of functionEnds) {
    for (; next < directives.length && directives[next]!.start < end; next++) depth = depthAfter(directives[next]!, depth);
    if (depth === 0 && source.charCodeAt(end) === 10 && source.charCodeAt(end - 2) === 10) cuts.push(end + 1);
  }
  return cuts;
}

/** An `#endif` without an `#if` closes nothing. */
function depthAfter({ name }: Directive, depth: number): number {
  if (name === "if" || name === "ifdef" || name === "ifndef") return depth + 1;
  return name === "endif" ? Math.max(0, depth - 1) : depth;
}

/** What hides the rest of the file, or may hide it, because its end was forgotten. */
function unended(source: string, all: Tokens, directives: readonly Directive[]): readonly Note[] {
  const open: Directive[] = [];
  for (const directive of directives) {
    if (directive.name === "if" || directive.name === "ifdef" || directive.name === "ifndef") open.push(directive);
    else if (directive.name === "endif") open.pop();
  }
  const notes = open.map((directive): Note => ({ kind: "unended", start: directive.start, end: directive.end, name: `#${directive.name}` }));
  const comment = openComment(source, all);
  return comment === undefined ? notes : [...notes, { kind: "unended", start: comment, end: source.length, name: "/*" }];
}

/** The last token is never inside it, unless that is a directive, which takes its comments along. */
function openComment(source: string, all: Tokens): number | undefined {
  const last = all.count - 1;
  const from = last < 0 ? 0 : all.kind[last] === tokenKind.directive ? all.start[last]! : all.end[last]!;
  const piece = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|\/\*[^]*?\*\/|\/\/[^\n]*|\/\*/g;
  piece.lastIndex = from;
  for (let found = piece.exec(source); found !== null; found = piece.exec(source)) if (found[0] === "/*") return found.index;
  return undefined;
}

/** The live tokens on spaces, and a statement for each mark of an arm; line ends stay. A character beyond ASCII becomes a letter: it can only stand in a word or string. */
function plainText(source: string, tokens: Tokens, arms: readonly Note[]): Uint16Array {
  const out = new Uint16Array(source.length).fill(32);
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) out[at] = 10;
  for (let at = source.indexOf("\r"); at >= 0; at = source.indexOf("\r", at + 1)) out[at] = 13;
  for (let token = 0; token < tokens.count; token++) {
    const end = tokens.end[token]!;
    for (let at = tokens.start[token]!; at < end; at++) {
      const c = source.charCodeAt(at);
      out[at] = c < 128 ? c : 120;
    }
  }
  for (const { kind, start } of arms) if (kind === "arm") out.set([95, 59], start);
  return out;
}

function wordClasses(source: string, tokens: Tokens, table: MacroTable): Uint8Array {
  const classes = new Uint8Array(tokens.count);
  for (let token = 0; token < tokens.count; token++) {
    if (tokens.kind[token] !== tokenKind.word) continue;
    classes[token] = table.classOf(source.slice(tokens.start[token], tokens.end[token]));
  }
  return classes;
}
