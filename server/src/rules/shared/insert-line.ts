/** A statement on a line of its own, before or after the statement at an event, with the indentation of that line. */

import type { Span } from "../../model/trace.ts";
import type { Edit } from "../rule.ts";

export type Source = { readonly file: string; readonly text: string };

export function lineBefore({ file, text }: Source, at: Span, statement: string): Edit {
  const start = text.lastIndexOf("\n", at.start - 1) + 1;
  return { file, start, end: start, newText: `${indentAt(text, start)}${statement}\n` };
}

/** After the `;` that ends the statement, which may stand on a later line. */
export function lineAfter({ file, text }: Source, at: Span, statement: string): Edit | undefined {
  const semicolon = text.indexOf(";", at.end);
  if (semicolon < 0 || /[{}]/.test(text.slice(at.end, semicolon))) return undefined;
  const newline = text.indexOf("\n", semicolon);
  const end = newline < 0 ? text.length : newline + 1;
  if (text.slice(semicolon + 1, end).trim() !== "") return undefined;
  return { file, start: end, end, newText: `${indentAt(text, text.lastIndexOf("\n", at.start - 1) + 1)}${statement}\n` };
}

function indentAt(text: string, lineStart: number): string {
  return /^[\t ]*/.exec(text.slice(lineStart))?.[0] ?? "";
}
