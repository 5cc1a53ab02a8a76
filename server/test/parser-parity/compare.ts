import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { diskHost } from "../../src/cli/review-job.ts";
import { judgingHere } from "../../src/session/judging.ts";
import { Reviewer } from "../../src/session/reviewer.ts";
import type { TranslationUnit } from "../../src/syntax/c-syntax.ts";
import { openNativeGrammar } from "../../src/syntax/native-grammar.ts";
import { createParser } from "../../src/syntax/parser.ts";
import type { CParser } from "../../src/syntax/parser.ts";

/** Relative to the tree; `withFacts` are those whose functions' facts are compared too. */
export type ParityBatch = { readonly paths: readonly string[]; readonly withFacts: readonly string[] };

export type ParityReport = {
  readonly files: number;
  readonly bytes: number;
  readonly functions: number;
  /** Whose facts were compared. */
  readonly functionsWithFacts: number;
  /** Texts that the native grammar left to the WebAssembly one. */
  readonly leftOver: number;
  readonly differing: readonly string[];
  readonly wasmMs: number;
  readonly nativeMs: number;
};

const require = createRequire(import.meta.url);
const wasm = (file: string): Uint8Array => readFileSync(require.resolve(file));

/** Why the native grammar does not load here, or undefined. */
export function nativeParityProblem(): string | undefined {
  try {
    openNativeGrammar(require);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Compares what the two parsers make of a file: the unit, of which all else is worked out, and facts of functions. */
export async function openParity(kernel: string): Promise<(batch: ParityBatch) => ParityReport> {
  const bytes = { runtimeWasm: wasm("web-tree-sitter/web-tree-sitter.wasm"), grammarWasm: wasm("tree-sitter-c/tree-sitter-c.wasm") };
  const grammar = openNativeGrammar(require);
  const byWasm = await createParser(bytes);
  let leftOver = 0;
  const native = await createParser(bytes, {
    treeOf(text) {
      const tree = grammar.treeOf(text);
      if (tree === undefined) leftOver++;
      return tree;
    },
  });
  const host = diskHost({ directory: kernel, release: "" });
  const reviewers = [new Reviewer(byWasm, host, judgingHere()), new Reviewer(native, host, judgingHere())] as const;
  return ({ paths, withFacts }) => {
    const report = { files: 0, bytes: 0, functions: 0, functionsWithFacts: 0, leftOver: 0, differing: [] as string[], wasmMs: 0, nativeMs: 0 };
    leftOver = 0;
    for (const path of paths) {
      const text = readFileSync(`${kernel}/${path}`, "utf8");
      const one = timed(() => parsed(byWasm, text));
      const other = timed(() => parsed(native, text));
      report.files++;
      report.bytes += text.length;
      report.functions += one.value.unit?.functions.length ?? 0;
      report.wasmMs += one.ms;
      report.nativeMs += other.ms;
      if (one.value.text !== other.value.text) report.differing.push(path);
    }
    report.leftOver = leftOver;
    for (const path of withFacts) {
      const source = { file: path, text: readFileSync(`${kernel}/${path}`, "utf8") };
      const [one, other] = reviewers.map((reviewer) => reviewer.facts(source, undefined));
      if (one?.kind === "facts") report.functionsWithFacts += one.functions.length;
      if (JSON.stringify(one) !== JSON.stringify(other)) report.differing.push(`${path} (facts)`);
    }
    return report;
  };
}

type Parsed = { readonly unit?: TranslationUnit; readonly text: () => string };

function parsed(parser: CParser, text: string): Parsed {
  const outcome = parser.parse(text);
  if (outcome.kind === "refused") return { text: () => outcome.reason };
  return { unit: outcome.unit, text: () => JSON.stringify({ ...outcome.unit, text: "" }) };
}

function timed(run: () => Parsed): { readonly value: { readonly unit?: TranslationUnit; readonly text: string }; readonly ms: number } {
  const started = performance.now();
  const value = run();
  const ms = performance.now() - started;
  return { value: { ...value, text: value.text() }, ms };
}
