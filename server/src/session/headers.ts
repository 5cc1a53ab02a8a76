/** Structs of included headers, found on demand: a header is parsed only when it defines the struct asked for. */

import type { LocatedStruct, StructFinder } from "../model/file-facts.ts";
import type { CParser } from "../syntax/parser.ts";
import type { TranslationUnit } from "../syntax/c-syntax.ts";
import type { ReviewHost, SourceFile } from "./reviewer-types.ts";

/** Headers included by headers are searched this deep. */
const includeDepthMax = 2;

export class HeaderCache {
  readonly #parser: CParser;
  readonly #host: ReviewHost;
  readonly #units = new Map<string, { readonly text: string; readonly unit: TranslationUnit }>();

  constructor(parser: CParser, host: ReviewHost) {
    this.#parser = parser;
    this.#host = host;
  }

  finderFor(file: string, unit: TranslationUnit): StructFinder {
    // Each header is read once for a review of a file; the next review sees it afresh.
    const read = new Map<string, SourceFile | undefined>();
    const readOnce: ReviewHost["readInclude"] = (from, include) => {
      const key = `${include.system ? "" : from}\u0000${include.path}`;
      if (!read.has(key)) read.set(key, this.#host.readInclude(from, include));
      return read.get(key);
    };
    return (name) => this.#find(name, file, unit.includes, readOnce, new Set(), 0);
  }

  #find(name: string, from: string, includes: TranslationUnit["includes"], read: ReviewHost["readInclude"], seen: Set<string>, depth: number): LocatedStruct | undefined {
    const definition = new RegExp(`\\b(?:struct|union)\\s+${name}\\s*(?:__\\w+\\s*)?\\{`);
    for (const include of includes) {
      const header = read(from, include);
      if (header === undefined || seen.has(header.file)) continue;
      seen.add(header.file);
      if (definition.test(header.text)) {
        const struct = this.#unitOf(header)?.structs.find((one) => one.name === name);
        if (struct !== undefined) return { struct, file: header.file, text: header.text };
      }
      if (depth + 1 < includeDepthMax) {
        const inner = this.#find(name, header.file, includesOf(header.text), read, seen, depth + 1);
        if (inner !== undefined) return inner;
      }
    }
    return undefined;
  }

  #unitOf(header: SourceFile): TranslationUnit | undefined {
    const known = this.#units.get(header.file);
    if (known?.text === header.text) return known.unit;
    const outcome = this.#parser.parse(header.text);
    if (outcome.kind !== "parsed") return undefined;
    this.#units.set(header.file, { text: header.text, unit: outcome.unit });
    return outcome.unit;
  }
}

/** Enough for a look-up; the parse of the header itself comes only when it is the right one. */
function includesOf(text: string): TranslationUnit["includes"] {
  return [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]/gm)].map((match) => ({
    path: match[2] ?? "", system: match[1] === "<", start: match.index, end: match.index + match[0].length,
  }));
}
