import { Language, Parser } from "web-tree-sitter";
import type { Tree } from "web-tree-sitter";
import { CDocument } from "./document-tree.ts";
import type { DocumentParser } from "./document-tree.ts";
import { convertFlat } from "./incremental-conversion.ts";
import type { OtherGrammar } from "./flat-tree.ts";
import type { ParseOptions, ParseOutcome } from "./parse-outcome.ts";
import { rewriteChange } from "./rewrite-change.ts";
import { rewriteKernelC } from "./rewrite.ts";

export type { ParseOptions, ParseOutcome } from "./parse-outcome.ts";

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
    const elsewhere = options.shouldStop === undefined && this.#refusalOf(source) === undefined ? this.#parseElsewhere(source, options) : undefined;
    if (elsewhere !== undefined) return elsewhere;
    const document = this.openDocument();
    try {
      return document.update(source, options);
    } finally {
      document.dispose();
    }
  }

  /** For a text that will change. Whoever opens a document disposes of it; `watched` may stand between it and the parser. */
  openDocument(watched: (parser: DocumentParser) => DocumentParser = (parser) => parser): CDocument {
    return new CDocument(watched({
      refusalOf: (source) => this.#refusalOf(source),
      rewrite: (source, { macros }, old) => (old === undefined ? undefined : rewriteChange(source, old.rewritten, old.edit)) ?? rewriteKernelC(source, macros),
      treeOf: (text, old, options) => this.#treeOf(text, old, options),
      guarded: (use) => this.#guarded(use),
      isDamaged: () => this.#isDamaged,
    }));
  }

  dispose(): void {
    if (!this.#isDamaged) this.#parser.delete();
  }

  /** By the other grammar, where there is one and the text is its business. */
  #parseElsewhere(source: string, { macros }: ParseOptions): ParseOutcome | undefined {
    if (this.#other === undefined) return undefined;
    const rewritten = rewriteKernelC(source, macros);
    const tree = this.#other.treeOf(rewritten.text);
    return tree === undefined ? undefined : { kind: "parsed", unit: convertFlat({ source, rewritten, tree }) };
  }

  #refusalOf(source: string): string | undefined {
    if (this.#isDamaged) return "the parser failed on an earlier file and has to be started again";
    if (source.length > sourceLengthMax) return `the file is longer than ${sourceLengthMax / (1024 * 1024)} million characters (${source.length})`;
    return source.includes("\0") ? "the file holds NUL bytes and is no text" : undefined;
  }

  /** The tree, or why there is none. */
  #treeOf(text: string, old: Tree | undefined, { shouldStop }: ParseOptions): Tree | string {
    return this.#guarded(() => {
      const tree = this.#parser.parse(text, old ?? null, shouldStop === undefined ? undefined : { progressCallback: () => shouldStop() });
      if (tree !== null) return tree;
      this.#parser.reset();
      return "the parse was stopped";
    });
  }

  #guarded<T>(use: () => T): T | string {
    try {
      return use();
    } catch (error) {
      this.#isDamaged = true;
      return `the parser failed (${error instanceof Error ? error.message : String(error)})`;
    }
  }
}

/** Initialises the wasm module on the first call in a thread. Rejects when the bytes are not the ones expected. */
export async function createParser(wasm: { readonly runtimeWasm: Uint8Array; readonly grammarWasm: Uint8Array }, other?: OtherGrammar): Promise<CParser> {
  // The runtime's own options type does not know that bytes are enough.
  await Parser.init({ wasmBinary: wasm.runtimeWasm });
  const parser = new Parser();
  parser.setLanguage(await Language.load(wasm.grammarWasm));
  return new CParser(parser, other);
}
