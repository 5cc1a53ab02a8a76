/** Where two versions of a text differ. */

import type { Span } from "./c-syntax.ts";

/** [from, before) of the old text became [from, after) of the new one; what stands outside is the same. */
export type TextChange = { readonly from: number; readonly before: number; readonly after: number };

/** Texts are compared by pieces of this length, which is much faster than by characters. */
const piece = 2048;

export function changeBetween(old: string, text: string): TextChange {
  const shorter = Math.min(old.length, text.length);
  let from = 0;
  while (from + piece <= shorter && old.slice(from, from + piece) === text.slice(from, from + piece)) from += piece;
  while (from < shorter && old.charCodeAt(from) === text.charCodeAt(from)) from++;
  let before = old.length;
  let after = text.length;
  while (before - piece >= from && after - piece >= from && old.slice(before - piece, before) === text.slice(after - piece, after)) {
    before -= piece;
    after -= piece;
  }
  while (before > from && after > from && old.charCodeAt(before - 1) === text.charCodeAt(after - 1)) {
    before--;
    after--;
  }
  return { from, before, after };
}

/** How far what stands behind the change has moved. */
export const movedBy = ({ before, after }: TextChange): number => after - before;

/** Where two texts of those lengths differ before and behind `edit`, as places of `text`, in order; a piece counts from its first to its last difference. */
export function differencesOutside(edit: TextChange, old: string, text: string): readonly Span[] {
  const by = movedBy(edit);
  return [...differencesIn(old, text, { start: 0, end: edit.from }, 0), ...differencesIn(old, text, { start: edit.after, end: text.length }, by)];
}

/** `at` is a place of `text`, which stood `by` before it in `old`. */
function differencesIn(old: string, text: string, { start, end }: Span, by: number): readonly Span[] {
  const found: Span[] = [];
  for (let from = start; from < end; from += piece) {
    const to = Math.min(from + piece, end);
    if (old.slice(from - by, to - by) === text.slice(from, to)) continue;
    let first = from;
    while (old.charCodeAt(first - by) === text.charCodeAt(first)) first++;
    let last = to;
    while (old.charCodeAt(last - 1 - by) === text.charCodeAt(last - 1)) last--;
    found.push({ start: first, end: last });
  }
  return found;
}

/** In order and apart from one another. */
export function merged(places: readonly Span[]): readonly Span[] {
  const found: Span[] = [];
  for (const place of places.toSorted((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last === undefined || place.start > last.end) found.push(place);
    else if (place.end > last.end) found[found.length - 1] = { start: last.start, end: place.end };
  }
  return found;
}

/** Row and column, from 0. */
export function pointAt(text: string, at: number, known = { at: 0, row: 0 }): { readonly row: number; readonly column: number } {
  let { row } = known;
  let lineStart = text.lastIndexOf("\n", known.at - 1) + 1;
  for (let newline = text.indexOf("\n", known.at); newline >= 0 && newline < at; newline = text.indexOf("\n", newline + 1)) {
    row++;
    lineStart = newline + 1;
  }
  return { row, column: at - lineStart };
}
