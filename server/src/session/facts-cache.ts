/**
 * Remembers the facts of functions by what they were worked out from: the function's text, the texts of the functions
 * of its file that it reaches and how they were read, everything in the file that stands outside of functions, and what it looked up in headers.
 */

import type { FunctionDef } from "../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "../model/ast-walk.ts";
import { memoOfCode } from "../model/code-summary.ts";
import type { FileFacts } from "../model/file-facts.ts";
import { Reach } from "../model/facts/reach.ts";
import { type ProjectTable, tableInUse } from "../model/kernel-api/index.ts";
import type { FactsMemo, FunctionFacts } from "../model/function-facts.ts";

type Entry = { readonly facts: FunctionFacts; readonly structs: readonly (readonly [string, string])[] };

/** Functions remembered: a few of the largest files. Those that were not asked for longest go first. */
const functionsMax = 1_200;

/** Of one function: as it is, and as it was before the last key, which may be taken back. More would be kept for nobody. */
const versionsMax = 2;

/** Owns what is remembered; lives as long as its reviewer. */
export class FactsCache {
  /** By file and name, then by what the facts came from. */
  readonly #functions = new Map<string, Map<string, Entry>>();
  readonly #tables = new WeakMap<ProjectTable, string>();
  #tableCount = 0;
  madeCount = 0;

  #numberOf(table: ProjectTable): string {
    const known = this.#tables.get(table) ?? String(++this.#tableCount);
    this.#tables.set(table, known);
    return known;
  }

  #versionsOf(fn: string): Map<string, Entry> {
    const known = this.#functions.get(fn) ?? new Map<string, Entry>();
    this.#functions.delete(fn);
    this.#functions.set(fn, known);
    dropOldest(this.#functions, functionsMax);
    return known;
  }

  /** `facts` is of one text: `find` is asked of that text's functions only. */
  forFile(facts: FileFacts): FactsMemo {
    const outside = hash(outsideOf(facts));
    const reach = new Reach(facts);
    const found = new Map<string, string>();
    /** What a name of another file stands for is looked up once for all functions. */
    const hashOf = (name: string): string => {
      const known = found.get(name) ?? hashOfStruct(name, facts);
      found.set(name, known);
      return known;
    };
    const table = this.#numberOf(tableInUse());
    return {
      find: (name, of, make) => {
        const key = [table, outside, ...codeReached(name, of, reach)].join(" ");
        const versions = this.#versionsOf(`${of.file} ${name}`);
        const known = versions.get(key);
        versions.delete(key);
        if (known !== undefined && known.structs.every(([struct, text]) => hashOf(struct) === text)) {
          versions.set(key, known);
          return known.facts;
        }
        // Pieces of a text keep all of it in memory: what is remembered has strings of its own.
        const made = structuredClone(make());
        this.madeCount += 1;
        versions.set(key, { facts: made, structs: structsOf(of).map((name) => [name, hashOf(name)] as const) });
        dropOldest(versions, versionsMax);
        return made;
      },
    };
  }
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= max) return;
    map.delete(oldest);
  }
}

/** Other functions' bodies left out: a change there matters only where it is reached. So are empty lines. */
function outsideOf({ unit }: FileFacts): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of unit.functions.toSorted((a, b) => a.start - b.start)) {
    if (start < from) continue;
    parts.push(unit.text.slice(from, start));
    from = end;
  }
  return [...parts, unit.text.slice(from)].join("\n").replaceAll(/\n\s*\n/g, "\n");
}

/** The function first, then what it comes to within the file. */
function codeReached(name: string, { functions, unit }: FileFacts, reach: Reach): readonly string[] {
  const arms = unit.skippedArms ?? [];
  return [name, ...reach.of(name)].flatMap((one) => {
    const fn = functions.get(one);
    if (fn === undefined) return [];
    const skipped = arms.filter(({ start }) => fn.start <= start && start < fn.end).map(({ start, end, directive }) => `${String(start - fn.start)} ${String(end - fn.start)} ${directive}`);
    const code = codeOf(fn)(() => unit.text.slice(fn.start, fn.end));
    return skipped.length === 0 ? [code] : [code, hash(skipped.join())];
  });
}

/** Text and syntax: what stands before a function decides how its text is read. Worked out once for a function that only moves. */
const codeOf = memoOfCode((origin) => {
  let known: string | undefined;
  return (text: () => string): string => (known ??= hash(text() + shapeOf(origin)));
});

function shapeOf(fn: FunctionDef): string {
  const { returnType, parameters, attributes, hasError } = fn;
  const parts = [returnType, String(hasError), ...parameters.map(({ name, type }) => `${type} ${name}`), ...attributes.map(({ text }) => text)];
  const note = ({ kind, start, end }: { readonly kind: string; readonly start: number; readonly end: number }): void => { parts.push(`${kind} ${String(start - fn.start)} ${String(end - fn.start)}`); };
  walkStmts(fn.body, note);
  walkExprs(fn.body, note);
  return parts.join("\n");
}

/** All that the file's walks have asked other files for so far: a few too many do no harm. */
function structsOf({ structs, outside }: FileFacts): readonly string[] {
  return [...structs.asked(), ...outside.asked().map((name) => otherMark + name)];
}

/** Before the names of what is no struct: functions, macros, constants of headers. */
const otherMark = "=";

function hashOfStruct(name: string, { structs, outside }: FileFacts): string {
  if (name.startsWith(otherMark)) return hash(outside.definitionText(name.slice(otherMark.length)));
  const located = structs.locate(name);
  return located === undefined ? "" : hash(located.text.slice(located.struct.start, located.struct.end));
}

/** Two FNV-1a sums beside the length: no cryptography is needed where nobody gains from a clash. */
function hash(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x1000193;
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x5bd1e995);
  }
  return `${String(text.length)}.${String(a >>> 0)}.${String(b >>> 0)}`;
}
