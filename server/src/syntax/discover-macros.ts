/**
 * Macros of a tree that are syntax: attributes, attributes with arguments, loops. The shipped snapshot is made by this
 * from include/ of one kernel (server/tasks/gen-macros.mjs); the headers of a workspace give the lists of another one.
 */
import { textWithoutComments } from "./directives.ts";
import { isLoopBody } from "./loop-names.ts";
import type { MacroLists } from "./macro-lists.ts";
import { keywordClasses } from "./words.ts";

/** One entry per `#define` of the name. */
type Bodies = { readonly parameters: boolean; readonly bodies: string[] };

/** Sorted names; the same texts in any order give the same lists. */
export function discoverMacros(sources: Iterable<string>): MacroLists {
  const macros = new Map<string, Bodies>();
  for (const source of sources) collectDefines(source, macros);
  const attributes = new Set<string>();
  const attributeCalls = new Set<string>();
  const loops = new Set<string>();
  const known: Known = { attributes, attributeCalls };
  // Macros are made of macros: until no more is found.
  for (let foundCount = -1; foundCount !== attributes.size + attributeCalls.size + loops.size; ) {
    foundCount = attributes.size + attributeCalls.size + loops.size;
    for (const [name, macro] of macros) {
      if (macro.parameters) {
        if (!loops.has(name) && macro.bodies.some((body) => isLoopBody(body) || callsLoop(body, loops))) loops.add(name);
        if (!attributeCalls.has(name) && isAttribute(name, macro, known)) attributeCalls.add(name);
      } else if (!attributes.has(name) && isAttribute(name, macro, known)) {
        attributes.add(name);
      }
    }
  }
  return { attributes: sorted(attributes), attributeCalls: sorted(attributeCalls), loops: sorted(loops) };
}

type Known = { readonly attributes: ReadonlySet<string>; readonly attributeCalls: ReadonlySet<string> };

const sorted = (names: ReadonlySet<string>): readonly string[] => [...names].sort((a, b) => (a < b ? -1 : 1));

/** The directive, its name, its parameters and, with continuations, its body. */
const define = /^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)(\([^)\n]*\))?((?:\\\r?\n|[^\n])*)/gm;

function collectDefines(source: string, macros: Map<string, Bodies>): void {
  for (const [whole, name, parameters, rest] of source.matchAll(define)) {
    if (name === undefined || keywordClasses.has(name)) continue;
    const hasParameters = parameters !== undefined;
    let macro = macros.get(name);
    if (macro === undefined) {
      macro = { parameters: hasParameters, bodies: [] };
      macros.set(name, macro);
    }
    // With and without parameters: it is used as a value.
    macro.bodies.push(macro.parameters === hasParameters ? bodyOf(rest ?? "") : whole);
  }
}

/** A loop can be long; an attribute is short. */
const bodyLengthMax = 600;

const bodyOf = (rest: string): string => textWithoutComments(rest.slice(0, bodyLengthMax)).replace(/\s+/g, " ").trim();

/**
 * Every body is made of attributes, and one at least is not empty: an empty macro alone may as well be the guard of a
 * header, a flag, or a call that does nothing here. Words without an underscore (`INIT`, `packed`) are names of variables and constants too.
 */
function isAttribute(name: string, { bodies }: Bodies, known: Known): boolean {
  if (!name.includes("_")) return false;
  return bodies.some((body) => body !== "") && bodies.every((body) => isAttributeText(body, known));
}

const attributeWords: ReadonlySet<string> = new Set(["inline", "__inline", "__inline__", "static", "extern", "const", "volatile", "register"]);

function isAttributeText(body: string, known: Known): boolean {
  let isOne = false;
  for (let at = 0; at < body.length; ) {
    const word = /^\w+/.exec(body.slice(at))?.[0];
    if (word === undefined) {
      if (body[at] !== " ") return false;
      at++;
      continue;
    }
    at += word.length;
    const isAttributeKeyword = /^__attribute(?:__)?$/.test(word);
    if (isAttributeKeyword || known.attributeCalls.has(word)) {
      at = endOfParenthesis(body, at);
      if (at < 0) return false;
      isOne = true;
    } else if (known.attributes.has(word) || word === "noinline" || word === "__noinline__") {
      isOne = true;
    } else if (!attributeWords.has(word)) {
      return false;
    } else {
      isOne ||= word !== "const" && word !== "volatile" && word !== "static" && word !== "extern";
    }
  }
  return isOne || body === "";
}

/** Behind the parenthesis that opens at `from`, white space skipped; -1 when none does. */
function endOfParenthesis(text: string, from: number): number {
  let at = from;
  while (text[at] === " ") at++;
  if (text[at] !== "(") return -1;
  for (let depth = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at + 1;
  }
  return -1;
}

/** `list_for_each_entry(p, &(h)->list, node)` and nothing behind it. */
function callsLoop(body: string, loops: ReadonlySet<string>): boolean {
  const name = /^\w+(?=\s*\()/.exec(body)?.[0];
  return name !== undefined && loops.has(name) && endOfParenthesis(body, name.length) === body.length;
}
