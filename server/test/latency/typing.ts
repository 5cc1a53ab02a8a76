/** One open file under the keys: what the language server does at each of them, timed by parts. */

import { readFileSync } from "node:fs";
import { nothingElsewhere } from "../../src/model/elsewhere.ts";
import { factsOf, type FileFacts } from "../../src/model/file-facts.ts";
import { FactsOfFile, type FunctionFacts } from "../../src/model/function-facts.ts";
import type { StepLimits } from "../../src/model/trace.ts";
import { FactsCache } from "../../src/session/facts-cache.ts";
import type { TranslationUnit } from "../../src/syntax/c-syntax.ts";
import type { CDocument } from "../../src/syntax/document-tree.ts";
import type { CParser } from "../../src/syntax/parser.ts";
import { differenceOf } from "./difference.ts";

/**
 * In milliseconds for which the thread that answers was on a CPU, its part of the collector's work included: what the
 * answer takes where the machine has nothing else to do. `process` is that of all threads, those that compile and collect
 * beside it too; `wall` what the clock says.
 */
export type Parts = { readonly rewrite: number; readonly reparse: number; readonly convert: number; readonly file: number; readonly functions: number; readonly total: number; readonly process: number; readonly wall: number };

export class Typing {
  readonly #parser: CParser;
  readonly #file: string;
  readonly #document: CDocument;
  readonly #limits: StepLimits;
  readonly #cache = new FactsCache();
  readonly #spent = { rewrite: 0, reparse: 0 };
  #textByName: ReadonlyMap<string, string> = new Map();
  unit: TranslationUnit;

  /** Opens the file; every function's facts are known when this returns, as they are a while after a file was opened. */
  constructor(parser: CParser, file: string, text: string, limits: StepLimits) {
    this.#limits = limits;
    this.#parser = parser;
    this.#file = file;
    this.#document = parser.openDocument(({ rewrite, treeOf, ...rest }) => ({
      ...rest,
      rewrite: (...args) => this.#timed("rewrite", () => rewrite(...args)),
      treeOf: (...args) => this.#timed("reparse", () => treeOf(...args)),
    }));
    this.unit = this.#parse(text);
    const facts = this.#factsOf(this.unit);
    const ofFile = new FactsOfFile(facts, this.#cache.forFile(facts), this.#limits);
    for (const name of facts.functions.keys()) ofFile.of(name);
    this.#textByName = textsOf(this.unit);
  }

  /** Names of the functions whose own text changed, and how long it took until their facts were known. */
  type(text: string): { readonly changed: readonly string[]; readonly parts: Parts; readonly facts: ReadonlyMap<string, FunctionFacts | undefined> } {
    this.#spent.rewrite = this.#spent.reparse = 0;
    const begun = performance.now();
    const all = processNow();
    const started = cpuNow();
    this.unit = this.#parse(text);
    const parsed = cpuNow();
    const facts = this.#factsOf(this.unit);
    const ofFile = new FactsOfFile(facts, this.#cache.forFile(facts), this.#limits);
    const known = cpuNow();
    const texts = textsOf(this.unit);
    const changed = [...texts].filter(([name, one]) => this.#textByName.get(name) !== one).map(([name]) => name);
    const found = new Map(changed.map((name) => [name, ofFile.of(name)]));
    const ended = cpuNow();
    const wall = performance.now() - begun;
    const ofProcess = processNow() - all;
    // A function that is swallowed for a while keeps its last text: it comes back as it was.
    this.#textByName = new Map([...this.#textByName, ...texts]);
    const { rewrite, reparse } = this.#spent;
    return { changed, facts: found, parts: { rewrite, reparse, convert: parsed - started - rewrite - reparse, file: known - parsed, functions: ended - known, total: ended - started, process: ofProcess, wall } };
  }

  /** What differs from a fresh parse and fresh facts of the same text; undefined when nothing does. */
  differs(text: string, facts: ReadonlyMap<string, FunctionFacts | undefined>): string | undefined {
    const outcome = this.#parser.parse(text);
    if (outcome.kind !== "parsed") return outcome.reason;
    const unit = differenceOf(this.unit, outcome.unit, "unit");
    if (unit !== undefined) return unit;
    const fresh = this.#factsOf(outcome.unit);
    const { structs: _, ...ours } = this.#factsOf(this.unit);
    const { structs: _fresh, ...theirs } = fresh;
    const ofFile = new FactsOfFile(fresh, undefined, this.#limits);
    const ofFunctions = new Map([...facts.keys()].map((name) => [name, ofFile.of(name)]));
    return differenceOf(ours, theirs, "file") ?? differenceOf(facts, ofFunctions, "facts");
  }

  close(): void {
    this.#document.dispose();
  }

  #parse(text: string): TranslationUnit {
    const outcome = this.#document.update(text);
    if (outcome.kind !== "parsed") throw new Error(`${this.#file}: ${outcome.reason}`);
    return outcome.unit;
  }

  /** Without headers: how those are found is no part of what is measured. */
  #factsOf(unit: TranslationUnit): FileFacts {
    return factsOf(this.#file, unit, nothingElsewhere);
  }

  #timed<T>(part: "rewrite" | "reparse", run: () => T): T {
    const started = cpuNow();
    try {
      return run();
    } finally {
      this.#spent[part] += cpuNow() - started;
    }
  }
}

/** Where the system does not tell (proc(5), schedstat: Linux), that of the process. */
function cpuNow(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
  } catch {
    return processNow();
  }
}

function processNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const textsOf = ({ functions, text }: TranslationUnit): ReadonlyMap<string, string> => new Map(functions.map(({ name, start, end }) => [name, text.slice(start, end)]));
