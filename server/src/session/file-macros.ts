/** The lists of macros that a file is read with: those of its tree, and those of the headers beside it. */

import { discoverMacros } from "../syntax/discover-macros.ts";
import { kernelMacros, mergedMacros, type MacroLists } from "../syntax/macro-lists.ts";
import type { HeaderCache } from "./headers.ts";
import { includesIn } from "./header-index.ts";
import type { ReviewHost, SourceFile } from "./reviewer-types.ts";

/** Sets of headers whose lists are remembered; past it all are forgotten. */
const setsMax = 1_000;

/** Owned by a reviewer. */
export class FileMacros {
  readonly #headers: HeaderCache;
  readonly #bySet = new Map<string, { readonly base: MacroLists; readonly texts: readonly string[]; readonly lists: MacroLists }>();

  constructor(headers: HeaderCache) {
    this.#headers = headers;
  }

  of({ file, text }: SourceFile, host: ReviewHost): MacroLists {
    const base = host.macros?.() ?? kernelMacros;
    const beside = includesIn(text).filter(({ system, path }) => !system && !path.includes("/")).flatMap((include) => {
      const header = host.readInclude(file, include);
      return header === undefined || "refused" in header ? [] : [header];
    });
    const texts = beside.filter((header) => this.#headers.indexOf(header.file, header.text).hasMacros).map((header) => header.text);
    if (texts.length === 0) return base;
    const key = beside.map((header) => header.file).join("\n");
    const known = this.#bySet.get(key);
    if (known?.base === base && known.texts.length === texts.length && known.texts.every((one, index) => one === texts[index])) return known.lists;
    const found = discoverMacros(texts);
    const isEmpty = found.attributes.length + found.attributeCalls.length + found.loops.length === 0;
    const lists = isEmpty ? base : mergedMacros(base, found);
    if (this.#bySet.size >= setsMax) this.#bySet.clear();
    this.#bySet.set(key, { base, texts, lists });
    return lists;
  }
}
