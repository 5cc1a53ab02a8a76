/**
 * Several files as one: the texts of further `.c` files stand behind that of the file under review, in its address space,
 * so that one walk and one table of symbols serve both sides of a race. What is private to a file and known to another
 * one by the same name gets another name, so that nothing private is taken for one thing.
 */

import { summaryOfCode } from "../model/code-summary.ts";
import type { Definition, Elsewhere } from "../model/elsewhere.ts";
import type { FilePart } from "../model/file-facts.ts";
import type { FunctionDef, TranslationUnit } from "../syntax/c-syntax.ts";
import { moved, movedFunction } from "../syntax/moved.ts";

/** `unit` counts its offsets in its own text, and has its private names changed; `names` leads back. */
export type ReadFile = { readonly file: string; readonly unit: TranslationUnit; readonly elsewhere: Elsewhere; readonly names: ReadonlyMap<string, string> };

export type JointUnit = { readonly unit: TranslationUnit; readonly parts: readonly FilePart[]; readonly elsewhere: Elsewhere };

/** `keeps`: which functions of the further files take part. The file itself comes whole, with its offsets as they are. */
export function jointUnit(own: { readonly unit: TranslationUnit; readonly elsewhere: Elsewhere }, others: readonly ReadFile[], keeps: (fn: FunctionDef, of: ReadFile) => boolean): JointUnit {
  let text = own.unit.text;
  const parts: FilePart[] = [];
  const units = [own.unit];
  for (const other of others) {
    const start = text.length + 1;
    text += `\n${other.unit.text}`;
    parts.push({ file: other.file, start, names: other.names });
    units.push(movedUnit({ ...other.unit, functions: other.unit.functions.filter((fn) => keeps(fn, other)) }, start));
  }
  return {
    unit: {
      text,
      functions: units.flatMap(({ functions }) => functions),
      structs: units.flatMap(({ structs }) => structs),
      globals: units.flatMap(({ globals }) => globals),
      includes: own.unit.includes,
      macros: units.flatMap(({ macros }) => macros),
      topLevelCalls: units.flatMap(({ topLevelCalls }) => topLevelCalls),
      notAnalysed: own.unit.notAnalysed,
      skippedArms: units.flatMap(({ skippedArms = [] }) => skippedArms),
      otherDefinitions: units.flatMap(({ otherDefinitions = [] }) => otherDefinitions),
    },
    parts,
    elsewhere: jointElsewhere(own.elsewhere, others.map(({ elsewhere }) => elsewhere)),
  };
}

function movedUnit(unit: TranslationUnit, by: number): TranslationUnit {
  const { functions, structs, globals, macros, topLevelCalls, skippedArms = [], otherDefinitions = [] } = unit;
  return {
    ...unit,
    functions: functions.map((fn) => movedFunction(fn, by)),
    structs: moved(structs, by), globals: moved(globals, by), macros: moved(macros, by), topLevelCalls: moved(topLevelCalls, by),
    skippedArms: moved(skippedArms, by), otherDefinitions: moved(otherDefinitions, by),
  };
}

/** A name that the headers of two of the files define in two ways is known to neither. */
function jointElsewhere(own: Elsewhere, others: readonly Elsewhere[]): Elsewhere {
  const all = [own, ...others];
  const agreed = <T>(answers: readonly (T | undefined)[], look: (answer: T) => unknown): T | undefined => {
    const known = answers.filter((answer) => answer !== undefined);
    return new Set(known.map(look)).size > 1 ? undefined : known[0];
  };
  return {
    struct: (name) => agreed(all.map((one) => one.struct(name)), ({ file }) => file),
    definition: (name) => agreed(all.map((one) => one.definition(name)), wordingOf),
    typedef: (name) => agreed(all.map((one) => one.typedef(name)), (tag) => tag),
    enumerator: (name) => agreed(all.map((one) => one.enumerator(name)), (value) => value),
    parse: own.parse,
    missing: own.missing,
    unread: own.unread,
  };
}

const wordingOf = (definition: Definition): string => (definition.kind === "function" ? `${definition.file} ${definition.text}` : `${definition.file} ${definition.parameters?.join() ?? ""} ${definition.body}`);

/** `background`: functions whose own paths are not looked at. `isCut`: there were more callers or callees than `max`. */
export type TakingPart = { readonly names: ReadonlySet<string>; readonly background: ReadonlySet<string>; readonly isCut: boolean };

/**
 * The functions that take part when those of `seeds` do: where these are entered from, which is where static functions
 * are called, all that they call, and, for the locks and the roles that they are called with, who calls them in turn.
 */
export function takingPart(seeds: ReadonlySet<string>, units: readonly TranslationUnit[], max: number): TakingPart {
  const bodies = new Map(units.flatMap(({ functions }) => functions.map((fn) => [fn.name, fn] as const)));
  const callers = new Map<string, string[]>();
  for (const [name, fn] of bodies) for (const called of summaryOfCode(fn).called) if (bodies.has(called)) callers.set(called, [...(callers.get(called) ?? []), name]);
  const names = new Set<string>();
  let isCut = false;
  const grow = (from: Iterable<string>, next: (name: string) => Iterable<string>): void => {
    const queue = [...from].filter((name) => bodies.has(name));
    for (const name of queue) {
      if (!names.has(name) && names.size >= max) { isCut = true; return; }
      names.add(name);
      for (const one of next(name)) if (bodies.has(one) && !queue.includes(one)) queue.push(one);
    }
  };
  grow(seeds, (name) => (bodies.get(name)?.isStatic === true ? callers.get(name) ?? [] : []));
  const looked = new Set(names);
  grow(looked, (name) => summaryOfCode(bodies.get(name)!).called);
  grow(looked, (name) => callers.get(name) ?? []);
  return { names, background: new Set([...names].filter((name) => !looked.has(name))), isCut };
}
