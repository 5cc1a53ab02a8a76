import { defineOf } from "./directives.ts";
import type { Directive } from "./directives.ts";
import { isLoopBody, looksLikeLoop } from "./loop-names.ts";
import { attributeCallNames, attributeNames } from "./macro-names.ts";
import { snapshot } from "./macro-snapshot.ts";
import { keywordClasses, word } from "./words.ts";

/** Names only. Lists found in a workspace's headers are given instead of, or appended to, the shipped ones. */
export type MacroLists = {
  readonly attributes: readonly string[];
  readonly attributeCalls: readonly string[];
  readonly loops: readonly string[];
};

/** Both as one: the shipped lists and those of a workspace, for example. */
export function mergedMacros(first: MacroLists, second: MacroLists): MacroLists {
  const merge = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];
  return { attributes: merge(first.attributes, second.attributes), attributeCalls: merge(first.attributeCalls, second.attributeCalls), loops: merge(first.loops, second.loops) };
}

/** What ships: names written by hand, of several releases, and those found in the headers of one. */
export const kernelMacros: MacroLists = mergedMacros({ attributes: attributeNames, attributeCalls: attributeCallNames, loops: [] }, snapshot);

export type MacroTable = {
  classOf(name: string): number;
  isLoop(name: string): boolean;
};

const compiledByLists = new WeakMap<MacroLists, { classes: ReadonlyMap<string, number>; loops: ReadonlySet<string> }>();

/** The lists and what the file itself defines. */
export function macroTableOf(lists: MacroLists, directives: readonly Directive[]): MacroTable {
  let compiled = compiledByLists.get(lists);
  if (compiled === undefined) {
    compiled = { classes: classesOf(lists), loops: new Set(lists.loops) };
    compiledByLists.set(lists, compiled);
  }
  const { classes, loops } = compiled;
  const own = ownMacros(directives, classes);
  return {
    classOf: (name) => own.classes.get(name) ?? classes.get(name) ?? word.plain,
    isLoop: (name) => own.loops.has(name) || loops.has(name) || looksLikeLoop.test(name),
  };
}

function classesOf(lists: MacroLists): ReadonlyMap<string, number> {
  const classes = new Map<string, number>();
  for (const name of lists.attributes) classes.set(name, word.attribute);
  for (const name of lists.attributeCalls) classes.set(name, word.attributeCall);
  for (const [name, wordClass] of keywordClasses) classes.set(name, wordClass);
  return classes;
}

/**
 * An object-like define is an attribute when its body is nothing but attributes. An empty one too, but only with an
 * underscore or in capitals: `#define vector` would otherwise blank every variable of that name.
 */
function ownMacros(directives: readonly Directive[], known: ReadonlyMap<string, number>): { classes: ReadonlyMap<string, number>; loops: ReadonlySet<string> } {
  const classes = new Map<string, number>();
  const loops = new Set<string>();
  for (const directive of directives) {
    const define = defineOf(directive);
    if (define === undefined || keywordClasses.has(define.name)) continue;
    if (define.parameters !== undefined) {
      if (isLoopBody(define.body)) loops.add(define.name);
      else if (define.body.startsWith("__attribute__") && isAttributeBody(define.body, known)) classes.set(define.name, word.attributeCall);
    } else if (isAttributeBody(define.body, known) && (define.body !== "" || /^_|^[A-Z][A-Z_]*$/.test(define.name))) {
      classes.set(define.name, word.attribute);
    }
  }
  return { classes, loops };
}

function isAttributeBody(body: string, known: ReadonlyMap<string, number>): boolean {
  const bare = body.replace(/__attribute__\s*\(\(.*\)\)/g, " ").trim();
  if (bare === "") return true;
  if (!/^[\w\s]+$/.test(bare)) return false;
  return bare.split(/\s+/).every((name) => name === "inline" || name === "static" || name === "extern" || known.get(name) === word.attribute);
}
