/**
 * What a header defines, found by its words in one pass: nothing is parsed before a name is asked for. Only what stands
 * once is a definition: of several the configuration chooses one, and that is not known here.
 */

import { enumeratorsOf, unknownValueMin } from "../model/enumerators.ts";
import { textWithoutComments } from "../syntax/directives.ts";

export type HeaderMacro = { readonly kind: "macro"; readonly parameters: readonly string[] | undefined; readonly body: string };
export type HeaderFunction = { readonly kind: "function"; readonly text: string };

/** Longest function that is taken out of a header; larger ones do more than a caller wants to know. */
const functionLengthMax = 8_000;

const includeLine = /^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]/gm;
const defineLine = /^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)(?:\(([^)\n]*)\))?((?:\\\r?\n|[^\n])*)/gm;
const staticFunction = /^static\s[^;{}=#"()]*?\b([A-Za-z_]\w*)\s*\(/gm;
const typedefLine = /\btypedef\s+struct\s+(\w+)\s+(\w+)\s*;/g;

type Definition = { readonly offset: number; /** Does nothing. */ readonly isStub: boolean; readonly means: HeaderFunction | HeaderMacro };

export type Included = { readonly path: string; readonly system: boolean };

/** Enough for a look-up; `#if` is not looked at. */
export function includesIn(text: string): readonly Included[] {
  return [...text.matchAll(includeLine)].map(([, mark, path = ""]) => ({ path, system: mark === "<" }));
}

/** Names of attributes that take arguments and may stand before the name. */
const isAttribute = (name: string): boolean => /^(?:__attribute__|__printf|__scanf|__must_hold|__acquires|__releases|__section|__aligned|__alloc_size|__cond_\w+)$/.test(name);

export class HeaderIndex {
  readonly text: string;
  readonly includes: readonly Included[];
  readonly typedefs: ReadonlyMap<string, string>;
  /** By name; the offsets of `static`. */
  readonly #functions = new Map<string, number[]>();
  readonly #macros = new Map<string, (HeaderMacro & { readonly offset: number })[]>();
  #enumerators: ReadonlyMap<string, number> | undefined;

  constructor(text: string) {
    this.text = text;
    this.includes = includesIn(text);
    this.typedefs = new Map([...text.matchAll(typedefLine)].map(([, tag = "", name = ""]) => [name, tag]));
    for (const { index, 1: name = "" } of text.matchAll(staticFunction)) if (!isAttribute(name)) this.#functions.set(name, [...(this.#functions.get(name) ?? []), index]);
    for (const { index, 1: name = "", 2: parameters, 3: body = "" } of text.matchAll(defineLine)) {
      const macro = { kind: "macro" as const, parameters: parameters === undefined ? undefined : namesIn(parameters), body, offset: index };
      this.#macros.set(name, [...(this.#macros.get(name) ?? []), macro]);
    }
  }

  get hasMacros(): boolean {
    return this.#macros.size > 0;
  }

  defines(name: string): boolean {
    return this.#functions.has(name) || this.#macros.has(name);
  }

  /** Functions and macros with arguments of which some text fits. */
  namesOf(fits: (text: string) => boolean): readonly string[] {
    const functions = [...this.#functions].filter(([, offsets]) => offsets.some((offset) => fits(functionAt(this.text, offset) ?? ""))).map(([name]) => name);
    const macros = [...this.#macros].filter(([, defined]) => defined.some(({ parameters, body }) => parameters !== undefined && fits(body))).map(([name]) => name);
    return [...functions, ...macros];
  }

  /**
   * undefined: defined in several ways, or one that stands for another where the configuration says so. What only gives
   * something to look at, and nothing without an option, is what it is with that option; what locks, waits or frees is not taken for it.
   */
  definition(name: string): HeaderFunction | HeaderMacro | undefined {
    if (this.#isDeclared(name)) return undefined;
    const functions = (this.#functions.get(name) ?? []).flatMap((offset): Definition[] => {
      const text = functionAt(this.text, offset);
      return text === undefined ? [] : [{ offset, isStub: isStub(text), means: { kind: "function", text } }];
    });
    const macros = (this.#macros.get(name) ?? []).map(({ kind, parameters, body, offset }): Definition => {
      const written = textWithoutComments(body).replace(/\s+/g, " ").trim();
      return { offset, isStub: parameters !== undefined && isStub(written), means: { kind, parameters, body: written } };
    });
    const all = [...functions, ...macros];
    const [first, ...others] = all.filter(({ offset, isStub: isNothing }) => !isNothing || !this.#isConditional(offset));
    return others.length > 0 || (all.length > 1 && first !== undefined && !isAccessor(first.means)) ? undefined : first?.means;
  }

  /** The text of `struct name { … };`, and where it begins. */
  struct(name: string): { readonly text: string; readonly start: number } | undefined {
    const start = this.text.includes(name) ? this.text.search(new RegExp(`\\b(?:struct|union)\\s+${name}\\s*(?:__\\w+\\s*)?\\{`)) : -1;
    if (start < 0) return undefined;
    const end = closingBrace(this.text, start, this.text.length);
    const semicolon = end === undefined ? -1 : this.text.indexOf(";", end);
    return { text: semicolon < 0 ? this.text.slice(start) : this.text.slice(start, semicolon + 1), start };
  }

  enumerator(name: string): number | undefined {
    this.#enumerators ??= this.text.includes("enum") ? enumeratorsOf(this.text) : new Map();
    const value = this.#enumerators.get(name);
    return value === undefined || value >= unknownValueMin ? undefined : value;
  }

  /** `int foo(struct bar *);` at the start of a line: the body is in some .c file. */
  #isDeclared(name: string): boolean {
    for (const { index } of this.text.matchAll(new RegExp(`^(?!static\\b|typedef\\b|return\\b|#)[A-Za-z_][^\\n;{}=#()]*\\b${name}\\s*\\(`, "gm"))) {
      if (/^[^{}#]*;/.test(this.text.slice(index, index + 2_000))) return true;
    }
    return false;
  }

  /** In an arm of `#if`; the guard of the header is none. */
  #isConditional(offset: number): boolean {
    let depth = 0;
    for (const [, word] of this.text.slice(0, offset).matchAll(/^[ \t]*#[ \t]*(if|ifdef|ifndef|endif)\b/gm)) depth += word === "endif" ? -1 : 1;
    return depth > (/^[ \t]*#[ \t]*ifndef\s+(\w+)\s*\n[ \t]*#[ \t]*define\s+\1\b/m.test(this.text) ? 1 : 0);
  }
}

const namesIn = (parameters: string): readonly string[] => (parameters.trim() === "" ? [] : parameters.split(",").map((one) => one.trim()));

/** From `static` to the closing brace; undefined for a declaration, and for what the preprocessor cuts. */
function functionAt(text: string, from: number): string | undefined {
  const end = closingBrace(text, from, Math.min(text.length, from + functionLengthMax));
  const found = end === undefined ? undefined : text.slice(from, end);
  return found === undefined || /^[ \t]*#/m.test(found) ? undefined : found;
}

/** Behind the brace that closes the first one; undefined where a declaration ends before, or none closes it before `limit`. */
function closingBrace(text: string, from: number, limit: number): number | undefined {
  const piece = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|\/\*[^]*?\*\/|\/\/[^\n]*|[{};]/g;
  piece.lastIndex = from;
  let depth = 0;
  for (let found = piece.exec(text); found !== null && found.index < limit; found = piece.exec(text)) {
    const [part] = found;
    if (part === ";" && depth === 0) return undefined;
    if (part === "{") depth++;
    if (part === "}" && --depth === 0) return found.index + 1;
  }
  return undefined;
}

/** A function that is one `return`, and takes or gives up nothing on the way. */
const isAccessor = (means: HeaderFunction | HeaderMacro): boolean =>
  means.kind === "function" && /\{\s*return\b[^;{}]*;\s*\}$/.test(means.text) && !/lock|synchronize|barrier|free|put|get|wait|_mb\b|[^=!<>]=[^=]|\+\+|--/.test(means.text.slice(means.text.indexOf("{")));

/** Does nothing, or answers without asking: what stands in for the function where it is configured out. */
function isStub(text: string): boolean {
  return !/\b(?!return\b|if\b|while\b|for\b|switch\b|sizeof\b)[A-Za-z_]\w*\s*\(|->|=/.test(text.slice(Math.max(0, text.indexOf("{"))));
}
