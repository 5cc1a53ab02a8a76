import { Language, Parser } from "web-tree-sitter";
import type { TranslationUnit } from "./c-syntax.ts";
import { convertUnit } from "./convert.ts";
import { flatTreeOf } from "./flat-tree.ts";
import type { FlatTree, OtherGrammar } from "./flat-tree.ts";
import type { MacroLists } from "./macro-lists.ts";
import { rewriteKernelC } from "./rewrite.ts";

export type ParseOutcome = { readonly kind: "parsed"; readonly unit: TranslationUnit } | { readonly kind: "refused"; readonly reason: string };

export type ParseOptions = {
  /** Asked now and then while the grammar runs; true ends the parse, which is then refused as stopped. */
  readonly shouldStop?: () => boolean;
  readonly macros?: MacroLists;
};

/** Longest source taken, in UTF-16 units. The longest hand-written file of Linux 6.12 has 0.9 million; generated headers have more. */
export const sourceLengthMax = 8 * 1024 * 1024;

/**
 * Owns one parser in the wasm module. The module is shared by all parsers of a thread: once it failed, a new thread is
 * needed, which `isDamaged` says.
 */
export class CParser {
  readonly #parser: Parser;
  readonly #other: OtherGrammar | undefined;
  #isDamaged = false;

  /** `other` is asked first; it cannot be stopped. */
  constructor(parser: Parser, other?: OtherGrammar) {
    this.#parser = parser;
    this.#other = other;
  }

  /** True after the wasm module failed: no later answer could be trusted, and every parse is refused. */
  isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** Never throws on any source. */
  parse(source: string, options: ParseOptions = {}): ParseOutcome {
    if (this.#isDamaged) return refused("the parser failed on an earlier file and has to be started again");
    if (source.length > sourceLengthMax) return refused(`the file is longer than ${sourceLengthMax / (1024 * 1024)} million characters (${source.length})`);
    if (source.includes("\0")) return refused("the file holds NUL bytes and is no text");
    const rewritten = rewriteKernelC(source, options.macros);
    const tree = this.#treeOf(rewritten.text, options.shouldStop);
    if (typeof tree === "string") return refused(tree);
    return { kind: "parsed", unit: convertUnit(source, rewritten, tree) };
  }

  dispose(): void {
    if (!this.#isDamaged) this.#parser.delete();
  }

  /** The tree, or why there is none. The wasm tree is freed before this returns. */
  #treeOf(text: string, shouldStop: (() => boolean) | undefined): FlatTree | string {
    const other = shouldStop === undefined ? this.#other?.treeOf(text) : undefined;
    if (other !== undefined) return other;
    try {
      const tree = this.#parser.parse(text, null, shouldStop === undefined ? undefined : { progressCallback: () => shouldStop() });
      if (tree === null) {
        this.#parser.reset();
        return "the parse was stopped";
      }
      try {
        return flatTreeOf(tree);
      } finally {
        tree.delete();
      }
    } catch (error) {
      this.#isDamaged = true;
      return `the parser failed (${error instanceof Error ? error.message : String(error)})`;
    }
  }
}

const refused = (reason: string): ParseOutcome => ({ kind: "refused", reason });

/** Initialises the wasm module on the first call in a thread. Rejects when the bytes are not the ones expected. */
export async function createParser(wasm: { readonly runtimeWasm: Uint8Array; readonly grammarWasm: Uint8Array }, other?: OtherGrammar): Promise<CParser> {
  // The runtime's own options type does not know that bytes are enough.
  await Parser.init({ wasmBinary: wasm.runtimeWasm });
  const parser = new Parser();
  parser.setLanguage(await Language.load(wasm.grammarWasm));
  return new CParser(parser, other);
}
