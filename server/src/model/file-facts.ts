/** What a file offers to the analysis: functions, structs (headers included), entry points, who calls whom. */

import type { Expr, FunctionDef, MacroDef, TranslationUnit } from "../syntax/c-syntax.ts";
import { walkExprs } from "./ast-walk.ts";
import { namesInTable, summaryOfCode } from "./code-summary.ts";
import type { Elsewhere, LocatedStruct, UnreadHeader } from "./elsewhere.ts";
import { moduleHooks, type EntryRole } from "./entry-roles.ts";
import { enumeratorsOf } from "./enumerators.ts";
import { Outside } from "./outside.ts";
import { type StructTable } from "./types.ts";

export type { LocatedStruct } from "./elsewhere.ts";

export type Entry = { readonly function: string; readonly role: EntryRole; readonly offset: number };

/** A further file whose text stands behind that of the file itself; `names` leads from names that had to differ from the file's own back to those that are written. */
export type FilePart = { readonly file: string; readonly start: number; readonly names: ReadonlyMap<string, string> };

export type FileFacts = {
  readonly file: string;
  readonly unit: TranslationUnit;
  /** Files read together with this one, in the order of their offsets; of a file by itself, none. */
  readonly parts: readonly FilePart[];
  /** Functions of those files that are there to be called, or as callers: what else their own paths do is not looked at. */
  readonly background: ReadonlySet<string>;
  readonly functions: ReadonlyMap<string, FunctionDef>;
  readonly globals: ReadonlyMap<string, { readonly type: string; readonly isArray: boolean; readonly attributes: readonly string[]; /** Value of a const that is initialised with a number. */ readonly constant: number | undefined }>;
  readonly macros: ReadonlyMap<string, MacroDef>;
  /** Names of the file's enums, numbered as C numbers them where that can be told, else apart from one another. */
  readonly enumerators: ReadonlyMap<string, number>;
  /** `typedef struct foo foo_t;`: the tag behind the name. */
  readonly typedefs: ReadonlyMap<string, string>;
  /** Functions that call_rcu() and kin are given. */
  readonly rcuCallbacks: ReadonlySet<string>;
  /** `asked`: names that were looked for outside the file. */
  readonly structs: StructTable & { readonly locate: (name: string) => LocatedStruct | undefined; readonly asked: () => readonly string[] };
  /** Inline functions, macros and constants of headers. */
  readonly outside: Outside;
  /** Headers that were looked for in vain. */
  readonly missingHeaders: () => readonly string[];
  /** Headers that are there and were not read. */
  readonly unreadHeaders: () => readonly UnreadHeader[];
  readonly entries: readonly Entry[];
  /** Direct in-file callees of each function. */
  readonly callees: ReadonlyMap<string, ReadonlySet<string>>;
  readonly callers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Functions that are used as values: ops tables, callbacks. */
  readonly addressTaken: ReadonlySet<string>;
  /** Names called that are neither defined here nor in the knowledge table are judged later; all names are here. */
  readonly calledNames: ReadonlyMap<string, ReadonlySet<string>>;
};

/** `parts`: of a unit that is made of several files; see session/joint-unit.ts. */
export function factsOf(file: string, unit: TranslationUnit, elsewhere: Elsewhere, parts: readonly FilePart[] = [], background: ReadonlySet<string> = new Set()): FileFacts {
  const functions = new Map<string, FunctionDef>();
  for (const fn of unit.functions) if (!functions.has(fn.name)) functions.set(fn.name, fn);
  const globals = new Map(
    unit.globals.map(({ declarator, start }) => [
      declarator.name,
      { type: declarator.type, isArray: declarator.isArray, attributes: declarator.attributes.map((a) => a.name), constant: /\bconst\b/.test(unit.text.slice(start, declarator.start)) ? numberIn(declarator.init) : undefined },
    ]),
  );
  const { callees, callers, calledNames, addressTaken } = callGraph(unit, functions);
  const macros = new Map(unit.macros.map((macro) => [macro.name, macro]));
  return {
    file,
    unit,
    parts,
    background,
    functions,
    globals,
    macros,
    enumerators: enumeratorsOf(unit.text),
    typedefs: new Map([...unit.text.matchAll(/\btypedef\s+struct\s+(\w+)\s+(\w+)\s*;/g)].map(([, tag = "", name = ""]) => [name, tag])),
    rcuCallbacks: rcuCallbacksOf(unit),
    structs: structTable(file, unit, elsewhere),
    outside: new Outside({ text: unit.text, functions, macros, ambiguous: definedTwice(unit.macros), elsewhere }),
    missingHeaders: elsewhere.missing,
    unreadHeaders: elsewhere.unread,
    entries: [...opsEntries(unit, functions), ...moduleEntries(unit)],
    callees,
    callers,
    addressTaken,
    calledNames,
  };
}

function numberIn(init: Expr | undefined): number | undefined {
  if (init?.kind === "identifier") return init.name === "true" ? 1 : init.name === "false" ? 0 : undefined;
  const value = init?.kind === "literal" ? Number(init.text.replace(/[uUlL]+$/, "")) : NaN;
  return Number.isInteger(value) ? value : undefined;
}

function definedTwice(macros: readonly MacroDef[]): ReadonlySet<string> {
  const bodies = new Map<string, string>();
  const twice = new Set<string>();
  for (const { name, body } of macros) {
    if (bodies.has(name) && bodies.get(name) !== body) twice.add(name);
    bodies.set(name, body);
  }
  return twice;
}

function rcuCallbacksOf(unit: TranslationUnit): ReadonlySet<string> {
  const callbacks = new Set<string>();
  const defined = new Set(unit.functions.map((fn) => fn.name));
  // queue_rcu_work() runs it after a grace period, as a helper of the file may that takes the callback.
  const queuers = new Set(["INIT_RCU_WORK", ...unit.functions.filter((fn) => summaryOfCode(fn).queues).map((fn) => fn.name)]);
  for (const fn of unit.functions) {
    for (const call of summaryOfCode(fn).queueing) {
      for (const name of call.callbacks) callbacks.add(name);
      if (queuers.has(call.callee)) for (const name of call.names) if (defined.has(name)) callbacks.add(name);
    }
  }
  return callbacks;
}

function structTable(file: string, unit: TranslationUnit, elsewhere: Elsewhere): FileFacts["structs"] {
  const own = new Map<string, LocatedStruct>();
  for (const struct of unit.structs) if (struct.name !== undefined) own.set(struct.name, { struct, file, text: unit.text });
  const found = new Map<string, LocatedStruct | undefined>();
  const locate = (name: string): LocatedStruct | undefined => {
    const here = own.get(name);
    if (here !== undefined) return here;
    if (!found.has(name)) found.set(name, elsewhere.struct(name));
    return found.get(name);
  };
  return { locate, find: (name) => locate(name)?.struct, asked: () => [...found.keys()] };
}

function callGraph(
  unit: TranslationUnit,
  functions: ReadonlyMap<string, FunctionDef>,
): Pick<FileFacts, "callees" | "callers" | "calledNames" | "addressTaken"> {
  const callees = new Map<string, Set<string>>();
  const callers = new Map<string, Set<string>>();
  const calledNames = new Map<string, ReadonlySet<string>>();
  const addressTaken = new Set<string>();
  for (const fn of unit.functions) {
    const { called, values } = summaryOfCode(fn);
    if (called.size > 0) calledNames.set(fn.name, called);
    for (const name of called) {
      if (!functions.has(name)) continue;
      add(callees, fn.name, name);
      add(callers, name, fn.name);
    }
    for (const name of values) if (functions.has(name)) addressTaken.add(name);
  }
  for (const { declarator } of unit.globals) {
    // Nothing of a file is called in an initialiser.
    if (declarator.init !== undefined) walkExprs(declarator.init, (expr) => { if (expr.kind === "identifier" && functions.has(expr.name)) addressTaken.add(expr.name); });
  }
  return { callees, callers, calledNames, addressTaken };
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}

function opsEntries(unit: TranslationUnit, functions: ReadonlyMap<string, FunctionDef>): Entry[] {
  const tables = [
    ...unit.globals.map(({ declarator: { init, type } }) => ({ base: 0, names: init === undefined ? [] : namesInTable(init, type) })),
    ...unit.functions.map((fn) => ({ base: fn.start, names: summaryOfCode(fn).tableNames })),
  ];
  return tables.flatMap(({ base, names }) => names.filter(({ name }) => functions.has(name)).map(({ name, role, offset }) => ({ function: name, role, offset: base + offset })));
}

function moduleEntries(unit: TranslationUnit): Entry[] {
  return unit.topLevelCalls.flatMap(({ name, args, start }) => {
    const role = moduleHooks.get(name);
    const target = args[0]?.trim();
    return role === undefined || target === undefined ? [] : [{ function: target, role, offset: start }];
  });
}
