/** What a file offers to the analysis: functions, structs (headers included), entry points, who calls whom. */

import type { Expr, FunctionDef, MacroDef, Stmt, TranslationUnit } from "../syntax/c-syntax.ts";
import { walkExprs } from "./ast-walk.ts";
import { apiOf } from "./kernel-api/index.ts";
import { entryRoleOf, moduleHooks, type EntryRole } from "./entry-roles.ts";
import type { Elsewhere, LocatedStruct } from "./elsewhere.ts";
import { enumeratorsOf } from "./enumerators.ts";
import { Outside } from "./outside.ts";
import { structNameOf, type StructTable } from "./types.ts";

export type { LocatedStruct } from "./elsewhere.ts";

export type Entry = { readonly function: string; readonly role: EntryRole; readonly offset: number };

export type FileFacts = {
  readonly file: string;
  readonly unit: TranslationUnit;
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
  readonly entries: readonly Entry[];
  /** Direct in-file callees of each function. */
  readonly callees: ReadonlyMap<string, ReadonlySet<string>>;
  readonly callers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Functions that are used as values: ops tables, callbacks. */
  readonly addressTaken: ReadonlySet<string>;
  /** Names called that are neither defined here nor in the knowledge table are judged later; all names are here. */
  readonly calledNames: ReadonlyMap<string, ReadonlySet<string>>;
};

export function factsOf(file: string, unit: TranslationUnit, elsewhere: Elsewhere): FileFacts {
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
    functions,
    globals,
    macros,
    enumerators: enumeratorsOf(unit.text),
    typedefs: new Map([...unit.text.matchAll(/\btypedef\s+struct\s+(\w+)\s+(\w+)\s*;/g)].map(([, tag = "", name = ""]) => [name, tag])),
    rcuCallbacks: rcuCallbacksOf(unit),
    structs: structTable(file, unit, elsewhere),
    outside: new Outside({ text: unit.text, functions, macros, ambiguous: definedTwice(unit.macros), elsewhere }),
    missingHeaders: elsewhere.missing,
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
  const queuers = new Set<string>();
  for (const fn of unit.functions) {
    walkExprs(fn.body, (expr) => {
      if (expr.kind === "call" && expr.callee.kind === "identifier" && apiOf(expr.callee.name)?.effects.some((effect) => effect.kind === "defer-call") === true) queuers.add(fn.name);
    });
  }
  for (const fn of unit.functions) {
    walkExprs(fn.body, (expr) => {
      if (expr.kind !== "call" || expr.callee.kind !== "identifier") return;
      for (const effect of apiOf(expr.callee.name)?.effects ?? []) {
        const callback = effect.kind === "defer-call" ? expr.args[effect.callback] : undefined;
        if (callback?.kind === "identifier") callbacks.add(callback.name);
      }
      // queue_rcu_work() runs it after a grace period, as a helper of the file may that takes the callback.
      if (expr.callee.name === "INIT_RCU_WORK" || queuers.has(expr.callee.name)) {
        for (const arg of expr.args) if (arg.kind === "identifier" && defined.has(arg.name)) callbacks.add(arg.name);
      }
    });
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
  const calledNames = new Map<string, Set<string>>();
  const addressTaken = new Set<string>();
  const see = (expr: Expr, from: string | undefined, calleeOf: Set<Expr>): void => {
    if (expr.kind === "call" && expr.callee.kind === "identifier") {
      calleeOf.add(expr.callee);
      if (from !== undefined) {
        add(calledNames, from, expr.callee.name);
        if (functions.has(expr.callee.name)) {
          add(callees, from, expr.callee.name);
          add(callers, expr.callee.name, from);
        }
      }
    } else if (expr.kind === "identifier" && functions.has(expr.name) && !calleeOf.has(expr)) {
      addressTaken.add(expr.name);
    }
  };
  for (const fn of unit.functions) {
    const calleeOf = new Set<Expr>();
    walkExprs(fn.body, (expr) => { see(expr, fn.name, calleeOf); });
  }
  for (const { declarator } of unit.globals) {
    if (declarator.init !== undefined) walkExprs(declarator.init, (expr) => { see(expr, undefined, new Set()); });
  }
  return { callees, callers, calledNames, addressTaken };
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}

function opsEntries(unit: TranslationUnit, functions: ReadonlyMap<string, FunctionDef>): Entry[] {
  const entries: Entry[] = [];
  const visit = (expr: Expr, type: string): void => {
    if (expr.kind === "unary" && expr.operator === "&") { visit(expr.operand, type); return; }
    if (expr.kind === "cast") { visit(expr.operand, expr.type); return; }
    if (expr.kind !== "initializer") return;
    const table = structNameOf(expr.type ?? type) ?? "";
    for (const { designator, value } of expr.entries) {
      const target = value.kind === "unary" && value.operator === "&" ? value.operand : value;
      if (designator !== undefined && target.kind === "identifier" && functions.has(target.name)) {
        entries.push({ function: target.name, role: entryRoleOf(table, designator.split(".").at(-1) ?? designator), offset: target.start });
      } else if (target.kind === "initializer" || target.kind === "cast") {
        visit(target, designator === undefined || designator.startsWith("[") ? (expr.type ?? type) : "");
      }
    }
  };
  const visitStatement = (stmt: Stmt): void => {
    walkExprs(stmt, (expr) => { if (expr.kind === "initializer" && expr.type !== undefined) visit(expr, expr.type); });
  };
  for (const { declarator } of unit.globals) if (declarator.init !== undefined) visit(declarator.init, declarator.type);
  for (const fn of unit.functions) visitStatement(fn.body);
  return entries;
}

function moduleEntries(unit: TranslationUnit): Entry[] {
  return unit.topLevelCalls.flatMap(({ name, args, start }) => {
    const role = moduleHooks.get(name);
    const target = args[0]?.trim();
    return role === undefined || target === undefined ? [] : [{ function: target, role, offset: start }];
  });
}
