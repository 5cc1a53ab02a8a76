/** Headers that a file includes and that are not read: generated ones that are too large, and what is no text. What they declare is not known, and is not passed over in silence. */

import { readFileSync, statSync } from "node:fs";
import type { NotAnalysedRegion } from "../protocol/index.ts";
import type { SourceFile } from "../session/reviewer-types.ts";
import { binary, sourceBytesMax, tooLarge } from "./read-source.ts";

type Include = { readonly path: string; readonly system: boolean };

const includeLine = /^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]*)"|<([^>\n]*)>)/gm;

/** `candidatesFor`: where an include is looked for, first place first. Only what the file itself includes. */
export function unreadHeaders({ file, text }: SourceFile, candidatesFor: (include: Include) => readonly string[]): readonly NotAnalysedRegion[] {
  return [...text.matchAll(includeLine)].flatMap((matched) => {
    const include = { path: matched[1] ?? matched[2] ?? "", system: matched[2] !== undefined };
    const found = candidatesFor(include).find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
    const why = found === undefined ? undefined : refusalOf(found);
    if (why === undefined) return [];
    const line = text.slice(0, matched.index).split("\n").length;
    return [{ file, line, endLine: line, reason: `the header ${include.path} was not read: ${why}` }];
  });
}

/** One that cannot be opened is named where it is looked for. */
function refusalOf(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > sourceBytesMax) return tooLarge(size);
  try {
    return readFileSync(path).includes(0) ? binary : undefined;
  } catch {
    return undefined;
  }
}
