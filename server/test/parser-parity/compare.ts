import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { diskHost } from "../../src/cli/review-job.ts";
import { judgingHere } from "../../src/session/judging.ts";
import { Reviewer } from "../../src/session/reviewer.ts";
import { openNativeGrammar } from "../../src/syntax/native-grammar.ts";
import { Language, Parser } from "web-tree-sitter";
import { flatTreeOf } from "../../src/syntax/flat-tree.ts";
import type { FlatTree } from "../../src/syntax/flat-tree.ts";
import { createParser, sourceLengthMax } from "../../src/syntax/parser.ts";
import { rewriteKernelC } from "../../src/syntax/rewrite.ts";

/** Relative to the tree; `withFacts` are those whose units and whose functions' facts are compared too. */
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

/**
 * Compares what the two parsers make of a file: the trees node by node, since a unit is worked out of the text and its
 * tree alone; and, of some files, the units and the facts of functions themselves.
 */
export async function openParity(kernel: string): Promise<(batch: ParityBatch) => ParityReport> {
  const bytes = { runtimeWasm: wasm("web-tree-sitter/web-tree-sitter.wasm"), grammarWasm: wasm("tree-sitter-c/tree-sitter-c.wasm") };
  const grammar = openNativeGrammar(require);
  const byWasm = await createParser(bytes);
  const native = await createParser(bytes, grammar);
  const parser = new Parser();
  parser.setLanguage(await Language.load(bytes.grammarWasm));
  const wasmTree = (text: string): FlatTree => {
    const tree = parser.parse(text);
    if (tree === null) throw new Error("no tree");
    try {
      return flatTreeOf(tree);
    } finally {
      tree.delete();
    }
  };
  const host = diskHost({ directory: kernel, release: "" });
  const reviewers = [new Reviewer(byWasm, host, judgingHere()), new Reviewer(native, host, judgingHere())] as const;
  return ({ paths, withFacts }) => {
    const report = { files: 0, bytes: 0, functions: 0, functionsWithFacts: 0, leftOver: 0, differing: [] as string[], wasmMs: 0, nativeMs: 0 };
    for (const path of paths) {
      const source = readFileSync(`${kernel}/${path}`, "utf8");
      report.files++;
      report.bytes += source.length;
      // Refused before there is a tree.
      if (source.length > sourceLengthMax || source.includes("\0")) continue;
      const { text } = rewriteKernelC(source);
      const one = timed(() => wasmTree(text));
      const other = timed(() => grammar.treeOf(text));
      report.functions += functionsIn(one.value);
      if (other.value === undefined) {
        report.leftOver++;
        continue;
      }
      report.wasmMs += one.ms;
      report.nativeMs += other.ms;
      if (!areAlike(one.value, other.value)) report.differing.push(path);
    }
    for (const path of withFacts) {
      const source = { file: path, text: readFileSync(`${kernel}/${path}`, "utf8") };
      const [unit, otherUnit] = [byWasm, native].map((one) => JSON.stringify(one.parse(source.text)));
      if (unit !== otherUnit) report.differing.push(`${path} (unit)`);
      const [facts, otherFacts] = reviewers.map((reviewer) => reviewer.facts(source, undefined));
      if (facts?.kind === "facts") report.functionsWithFacts += facts.functions.length;
      if (JSON.stringify(facts) !== JSON.stringify(otherFacts)) report.differing.push(`${path} (facts)`);
    }
    return report;
  };
}

function timed<T>(run: () => T): { readonly value: T; readonly ms: number } {
  const started = performance.now();
  const value = run();
  return { value, ms: performance.now() - started };
}

function functionsIn({ count, type, typeNames }: FlatTree): number {
  let found = 0;
  for (let node = 0; node < count; node++) if (typeNames[type[node]!] === "function_definition") found++;
  return found;
}

/** Numbers of types and fields may differ, names may not. */
function areAlike(one: FlatTree, other: FlatTree): boolean {
  if (one.count !== other.count) return false;
  for (let node = 0; node < one.count; node++) {
    const [type, otherType] = [one.type[node]!, other.type[node]!];
    if (one.start[node] !== other.start[node] || one.end[node] !== other.end[node] || one.after[node] !== other.after[node]) return false;
    if (one.typeNames[type] !== other.typeNames[otherType] || one.isNamed[type] !== other.isNamed[otherType] || one.isMissing[node] !== other.isMissing[node]) return false;
    if (one.fieldNames[one.field[node]!] !== other.fieldNames[other.field[node]!]) return false;
  }
  return true;
}
