/** Headers that a file includes and that are too large to be read: generated ones. What they declare is not known, and is not passed over in silence. */

import { statSync } from "node:fs";
import type { NotAnalysedRegion } from "../protocol/index.ts";
import type { SourceFile } from "../session/reviewer-types.ts";
import { sourceBytesMax, tooLarge } from "./read-source.ts";

type Include = { readonly path: string; readonly system: boolean };

const includeLine = /^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]*)"|<([^>\n]*)>)/gm;

/** `candidatesFor`: where an include is looked for, first place first. Only what the file itself includes. */
export function unreadHeaders({ file, text }: SourceFile, candidatesFor: (include: Include) => readonly string[]): readonly NotAnalysedRegion[] {
  return [...text.matchAll(includeLine)].flatMap((matched) => {
    const include = { path: matched[1] ?? matched[2] ?? "", system: matched[2] !== undefined };
    const found = candidatesFor(include).map((path) => statSync(path, { throwIfNoEntry: false })).find((stat) => stat?.isFile() === true);
    if (found === undefined || found.size <= sourceBytesMax) return [];
    const line = text.slice(0, matched.index).split("\n").length;
    return [{ file, line, endLine: line, reason: `the header ${include.path} was not read: ${tooLarge(found.size)}` }];
  });
}
