/** Applies a fix to the texts it touches, without touching a file: a fix is tried before it is offered. */

import type { Edit } from "../rules/rule.ts";
import type { ReviewHost, SourceFile } from "./reviewer-types.ts";

/** The text after the edits; undefined when two of them overlap. */
export function editedText(text: string, edits: readonly Edit[]): string | undefined {
  const sorted = edits.toSorted((a, b) => b.start - a.start || b.end - a.end);
  let result = text;
  let limit = text.length;
  for (const edit of sorted) {
    if (edit.end > limit || edit.start > edit.end) return undefined;
    result = result.slice(0, edit.start) + edit.newText + result.slice(edit.end);
    limit = edit.start;
  }
  return result;
}

/** The source after the edits, with a host that shows headers after theirs. */
export function applyEdits(source: SourceFile, edits: readonly Edit[], host: ReviewHost): { readonly source: SourceFile; readonly host: ReviewHost } | undefined {
  const text = editedText(source.text, edits.filter((edit) => edit.file === source.file));
  if (text === undefined) return undefined;
  const others = edits.filter((edit) => edit.file !== source.file);
  const readInclude: ReviewHost["readInclude"] = (from, include) => {
    const header = host.readInclude(from, include);
    if (header === undefined || "refused" in header) return header;
    const changed = editedText(header.text, others.filter((edit) => edit.file === header.file));
    return changed === undefined ? header : { file: header.file, text: changed };
  };
  return { source: { file: source.file, text }, host: { ...host, readInclude } };
}
