/**
 * The rewriting of a changed text out of that of the text before. A file falls into pieces that say nothing about each other:
 * each ends with the line in which a function ends, no bracket or `#if` is open there, and the rewriting got there by way of
 * that function and not by looking for something else. Only the piece of the change is rewritten again, as long as it still
 * ends in that way, has no comment or `#if` without an end, and defines the same macros; else the whole text is.
 */

import type { Note } from "./notes.ts";
import { defineOf } from "./directives.ts";
import type { WrittenDirective } from "./directives.ts";
import type { Pieces } from "./rewrite.ts";
import { rewritePiece } from "./rewrite.ts";
import type { Span } from "./c-syntax.ts";
import { movedBy } from "./text-change.ts";
import type { TextChange } from "./text-change.ts";

/** What a rewriting of the whole `source` with the same lists of macros gives, or undefined where that has to be asked. */
export function rewriteChange(source: string, old: Pieces, change: TextChange): Pieces | undefined {
  const piece = pieceOf(change, old.cuts);
  const tried = piece === undefined ? undefined : rewriteTo(piece, source, old, change);
  if (piece === undefined || tried?.pieces !== undefined) return tried?.pieces;
  // A comment that is begun goes on to the end of the next one, pieces further on.
  const end = tried?.isInComment === true ? source.indexOf("*/", piece.end + movedBy(change)) : -1;
  const further = end < 0 ? undefined : old.cuts.find((cut) => cut + movedBy(change) >= end);
  return further === undefined ? undefined : rewriteTo({ start: piece.start, end: further }, source, old, change).pieces;
}

/** Between two cuts; the last one, which ends with the file, is rewritten with the whole. */
function pieceOf({ from, before }: TextChange, cuts: readonly number[]): Span | undefined {
  const start = cuts.findLast((cut) => cut <= from) ?? 0;
  const end = cuts.find((cut) => cut >= before && cut > start);
  return end === undefined ? undefined : { start, end };
}

function rewriteTo(piece: Span, source: string, old: Pieces, change: TextChange): { readonly pieces: Pieces | undefined; readonly isInComment: boolean } {
  const text = source.slice(piece.start, piece.end + movedBy(change));
  const made = rewritePiece(text, () => old.table);
  const isClosed = made.cuts.at(-1) === text.length;
  const sameMacros = definesIn(made.directives) === definesIn(old.directives.filter(({ start }) => piece.start <= start && start < piece.end));
  return { pieces: isClosed && sameMacros ? spliced(old, piece, made, change) : undefined, isInComment: made.notes.some(({ kind, name }) => kind === "unended" && name === "/*") };
}

const definesIn = (directives: readonly WrittenDirective[]): string =>
  directives.flatMap((directive) => (defineOf(directive) === undefined ? [] : [directive.text])).join("\n");

function spliced(old: Pieces, { start, end }: Span, made: Pieces, change: TextChange): Pieces {
  const by = movedBy(change);
  const around = <T extends Span>(all: readonly T[], inside: readonly T[]): readonly T[] => {
    // Pieces of a text keep all of it in memory: what outlasts the text has strings of its own.
    const own = structuredClone(inside).map((one) => moved(one, start));
    const behind = all.filter((one) => one.start >= end);
    return [...all.filter((one) => one.start < start), ...own, ...(by === 0 ? behind : behind.map((one) => moved(one, by)))];
  };
  const arms = around(old.notes.slice(0, old.armCount), made.notes.slice(0, made.armCount));
  const behind = ({ armCount, unbalancedCount }: Pieces): number => armCount + unbalancedCount;
  const unbalanced = around(old.notes.slice(old.armCount, behind(old)), made.notes.slice(made.armCount, behind(made)));
  return {
    text: old.text.slice(0, start) + made.text + old.text.slice(end),
    notes: [...arms, ...unbalanced, ...around(old.notes.slice(behind(old)), made.notes.slice(behind(made)))],
    directives: around(old.directives, made.directives),
    table: old.table,
    armCount: arms.length,
    unbalancedCount: unbalanced.length,
    cuts: [...old.cuts.filter((cut) => cut <= start), ...made.cuts.map((cut) => cut + start), ...old.cuts.filter((cut) => cut > end).map((cut) => cut + by)],
  };
}

function moved<T extends Span & { readonly args?: Note["args"] }>(one: T, by: number): T {
  const at = { ...one, start: one.start + by, end: one.end + by };
  return one.args === undefined ? at : { ...at, args: one.args.map((arg) => ({ start: arg.start + by, end: arg.end + by })) };
}
