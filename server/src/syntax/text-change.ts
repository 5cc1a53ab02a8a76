/** Where two versions of a text differ. */

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

/** The least change that covers both; both move what is behind them by the same. */
export function hullOf(a: TextChange, b: TextChange): TextChange {
  return { from: Math.min(a.from, b.from), before: Math.max(a.before, b.before), after: Math.max(a.after, b.after) };
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
