/** Definitions in included headers, found on demand: nothing is parsed before a name is asked for that a header defines. */

import type { Definition, Elsewhere, LocatedStruct, ParsedStatements, UnreadHeader } from "../model/elsewhere.ts";
import { moved } from "../model/outside.ts";
import { bounds } from "../model/trace.ts";
import type { FunctionDef, StructDef, TranslationUnit } from "../syntax/c-syntax.ts";
import type { CParser, ParseOptions } from "../syntax/parser.ts";
import { HeaderIndex } from "./header-index.ts";
import type { ReviewHost } from "./reviewer-types.ts";

/** Texts made out of macros, and functions taken out of headers, that are remembered; past it all are forgotten. */
const snippetsMax = 20_000;

/** `isNear`: it stands beside the file, or is reached through headers that do. */
type Header = { readonly file: string; readonly index: HeaderIndex; readonly isNear: boolean };

/** What was read of headers, by their texts: true whoever asks. Owned by a reviewer, and by those that it makes for trying fixes. */
export class HeaderCache {
  readonly #parser: CParser;
  readonly #indexes = new Map<string, HeaderIndex>();
  readonly #units = new Map<string, { readonly text: string; readonly unit: TranslationUnit }>();
  readonly #snippets = new Map<string, TranslationUnit | undefined>();
  readonly #macros: ReviewHost["macros"];

  constructor(parser: CParser, macros: ReviewHost["macros"]) {
    this.#parser = parser;
    this.#macros = macros;
  }

  /** The other files of one file. Each header is read once for a review of a file; the next review sees it afresh. */
  elsewhereOf(file: string, includes: TranslationUnit["includes"], host: ReviewHost): Elsewhere {
    return new IncludedHeaders(file, includes, host, this).asElsewhere();
  }

  indexOf(file: string, text: string): HeaderIndex {
    const known = this.#indexes.get(file);
    if (known?.text === text) return known;
    const index = new HeaderIndex(text);
    this.#indexes.set(file, index);
    return index;
  }

  unitOf(file: string, text: string): TranslationUnit | undefined {
    const known = this.#units.get(file);
    if (known?.text === text) return known.unit;
    const outcome = this.#parser.parse(text, this.#options());
    if (outcome.kind !== "parsed") return undefined;
    this.#units.set(file, { text, unit: outcome.unit });
    return outcome.unit;
  }

  /** The one function of a text, where all of it was read. */
  functionIn(text: string): FunctionDef | undefined {
    const unit = this.#snippet(text);
    const [fn] = unit?.functions ?? [];
    return unit?.functions.length === 1 && unit.notAnalysed.length === 0 && fn?.hasError === false ? fn : undefined;
  }

  /** The struct that a text is, with its spans as they are in the header; undefined where the text alone does not say it all. */
  structIn(text: string, name: string, start: number): StructDef | undefined {
    const unit = this.#snippet(text);
    const struct = unit?.notAnalysed.length === 0 ? unit.structs.find((one) => one.name === name) : undefined;
    return struct === undefined ? undefined : moved(struct, start);
  }

  statementsIn(statements: string): ParsedStatements | undefined {
    const text = `void statements(void)\n{\n${statements}\n}`;
    const fn = this.functionIn(text);
    return fn === undefined ? undefined : { text, body: fn.body.body };
  }

  #options(): ParseOptions {
    const macros = this.#macros?.();
    return macros === undefined ? {} : { macros };
  }

  #snippet(text: string): TranslationUnit | undefined {
    if (this.#snippets.has(text)) return this.#snippets.get(text);
    const outcome = this.#parser.parse(text, this.#options());
    const unit = outcome.kind === "parsed" ? outcome.unit : undefined;
    if (this.#snippets.size >= snippetsMax) this.#snippets.clear();
    this.#snippets.set(text, unit);
    return unit;
  }
}

type Wanted = { readonly from: string; readonly path: string; readonly system: boolean; readonly isNear: boolean };

/** The headers of one file, level by level: those that it includes itself first, beside it before the kernel's. */
class IncludedHeaders {
  readonly #host: ReviewHost;
  readonly #cache: HeaderCache;
  readonly #found: Header[] = [];
  readonly #seen = new Set<string>();
  readonly #tried = new Set<string>();
  readonly #missing = new Set<string>();
  readonly #unread: UnreadHeader[] = [];
  #level: readonly Wanted[];
  #depth = 0;
  readonly #definitions = new Map<string, Definition | undefined>();

  constructor(file: string, includes: TranslationUnit["includes"], host: ReviewHost, cache: HeaderCache) {
    this.#host = host;
    this.#cache = cache;
    this.#seen.add(file);
    this.#level = includes.map(({ path, system }) => ({ from: file, path, system, isNear: !system }));
  }

  asElsewhere(): Elsewhere {
    return {
      struct: (name) => this.#struct(name),
      definition: (name) => {
        if (!this.#definitions.has(name)) this.#definitions.set(name, this.#definition(name));
        return this.#definitions.get(name);
      },
      typedef: (name) => this.#first(({ index }) => index.typedefs.get(name)),
      enumerator: (name) => this.#first(({ index }) => index.enumerator(name)),
      parse: (statements) => this.#cache.statementsIn(statements),
      missing: () => {
        this.#first(() => undefined);
        return [...this.#missing].sort((a, b) => (a < b ? -1 : 1));
      },
      unread: () => {
        if (this.#depth === 0) this.#readLevel();
        return this.#unread;
      },
    };
  }

  #struct(name: string): LocatedStruct | undefined {
    return this.#first(({ file, index }) => {
      const found = index.struct(name);
      const struct = found === undefined ? undefined : (this.#cache.structIn(found.text, name, found.start) ?? this.#cache.unitOf(file, index.text)?.structs.find((one) => one.name === name));
      return struct === undefined ? undefined : { struct, file, text: index.text };
    });
  }

  #definition(name: string): Definition | undefined {
    const header = this.#first((one) => (one.index.defines(name) ? one : undefined));
    const found = header?.index.definition(name);
    if (header === undefined || found === undefined) return undefined;
    const { file, isNear } = header;
    if (found.kind === "macro") return { ...found, name, file, isNear };
    const fn = this.#cache.functionIn(found.text);
    return fn === undefined ? undefined : { kind: "function", text: found.text, fn, file, isNear };
  }

  /** The first answer, nearest header first; levels are read as they are needed. */
  #first<T>(answer: (header: Header) => T | undefined): T | undefined {
    for (let index = 0; index < this.#found.length || this.#readLevel(); index++) {
      const header = this.#found[index];
      const found = header === undefined ? undefined : answer(header);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Reads what the last level includes; false when there is no more. A level without a new header leads to the next one. */
  #readLevel(): boolean {
    while (this.#level.length > 0 && this.#depth < bounds.headerDepthMax) {
      const level = this.#level.toSorted((a, b) => Number(a.system) - Number(b.system));
      const next: Wanted[] = [];
      const before = this.#found.length;
      for (const include of level) {
        const header = this.#read(include);
        if (header === undefined) continue;
        this.#found.push(header);
        next.push(...header.index.includes.map(({ path, system }) => ({ from: header.file, path, system, isNear: header.isNear && !system })));
      }
      this.#level = next;
      this.#depth++;
      if (this.#found.length > before) return true;
    }
    return false;
  }

  #read({ from, path, system, isNear }: Wanted): Header | undefined {
    const key = `${system ? "" : from}\u0000${path}`;
    if (this.#tried.has(key) || this.#found.length >= bounds.headersMax) return undefined;
    this.#tried.add(key);
    const header = this.#host.readInclude(from, { path, system });
    if (header !== undefined && "refused" in header) {
      // What a header of the kernel includes in turn is named nowhere in the file: there is no line to say it of.
      if (this.#depth === 0) this.#unread.push({ path, reason: header.refused });
      return undefined;
    }
    // What a header of the kernel includes may depend on the architecture: only what the file and its own headers name is missed.
    if (header === undefined && (this.#depth === 0 || isNear)) this.#missing.add(path);
    if (header === undefined || this.#seen.has(header.file)) return undefined;
    this.#seen.add(header.file);
    return { file: header.file, index: this.#cache.indexOf(header.file, header.text), isNear };
  }
}
