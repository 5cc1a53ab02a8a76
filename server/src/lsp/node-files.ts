/** Files in Node, as the server and its threads read them. */

import { readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { URI } from "vscode-uri";
import { defaultCacheDir } from "../session/cache-folder.ts";
import type { RefusedFile } from "../session/reviewer-types.ts";
import { sourceNamesIn } from "../session/source-folder.ts";
import { binary, sourceBytesMax, tooLarge } from "../session/source-limits.ts";
import { macrosOfTree } from "../session/tree-macros.ts";
import { kernelMacros, type MacroLists } from "../syntax/macro-lists.ts";
import { createParser, type CParser } from "../syntax/parser.ts";
import type { KernelTree } from "./review-messages.ts";
import { inFolder } from "./uris.ts";

/** The WebAssembly lies beside the bundle. */
export async function openNodeParser(): Promise<CParser> {
  const beside = (name: string): Promise<Uint8Array> => readFile(new URL(`./${name}`, import.meta.url));
  const [runtimeWasm, grammarWasm] = await Promise.all([beside("web-tree-sitter.wasm"), beside("tree-sitter-c.wasm")]);
  return createParser({ runtimeWasm, grammarWasm });
}

/** Headers are asked for again and again: a text is kept as long as its file is the same. */
export function readerOfTexts(): (uri: string) => string | RefusedFile | undefined {
  const kept = new Map<string, { readonly stamp: string; readonly text: string | RefusedFile }>();
  return (uri) => {
    const path = pathOf(uri);
    if (path === undefined) return undefined;
    try {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isFile() !== true) return undefined;
      if (stat.size > sourceBytesMax) return { refused: tooLarge(stat.size) };
      const stamp = `${String(stat.mtimeMs)} ${String(stat.size)}`;
      const known = kept.get(path);
      if (known?.stamp === stamp) return known.text;
      const bytes = readFileSync(path);
      const text = bytes.includes(0) ? { refused: binary } : bytes.toString("utf8");
      kept.set(path, { stamp, text });
      return text;
    } catch {
      return undefined;
    }
  };
}

/** URIs of the `.c` files in a folder, sorted by name. */
export function sourcesIn(folder: string): readonly string[] {
  const path = pathOf(folder);
  return path === undefined ? [] : sourceNamesIn(path).map((name) => inFolder(folder, name));
}

/** Those of include/ of the tree, kept as the command line keeps them. */
export function macrosOf({ uri }: KernelTree): MacroLists {
  const path = pathOf(uri);
  return path === undefined ? kernelMacros : macrosOfTree(path, defaultCacheDir());
}

export function pathOf(uri: string): string | undefined {
  return uri.startsWith("file:") ? URI.parse(uri).fsPath : undefined;
}
