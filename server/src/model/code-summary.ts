/**
 * What the body of one function says by itself: the names in it, and what follows from the knowledge table alone. Kept for
 * as long as the function is the same code, wherever it stands; what depends on the rest of the file is put together
 * from this in file-facts.ts and relevance.ts.
 */

import { originOf } from "../syntax/moved.ts";
import type { Expr, FunctionDef } from "../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "./ast-walk.ts";
import { entryRoleOf, type EntryRole } from "./entry-roles.ts";
import { apiOf, type ProjectTable, tableInUse } from "./kernel-api/index.ts";
import { structNameOf } from "./types.ts";

/** A name that stands in an ops table, with the offset from the start of the function. */
export type TableName = { readonly name: string; readonly role: EntryRole; readonly offset: number };

/** A call that may queue RCU callbacks: those the table says, and all names that it is given. */
export type QueueingCall = { readonly callee: string; readonly callbacks: readonly string[]; readonly names: readonly string[] };

export type CodeSummary = {
  /** Names of direct calls, in order. */
  readonly called: ReadonlySet<string>;
  /** Names used as values, in order. */
  readonly values: ReadonlySet<string>;
  /** All of them, in order. */
  readonly names: readonly string[];
  readonly queues: boolean;
  readonly queueing: readonly QueueingCall[];
  readonly tableNames: readonly TableName[];
};

/** A value of its own for each function's code, with the knowledge table that is in use. */
export function memoOfCode<T>(make: (origin: FunctionDef) => T): (fn: FunctionDef) => T {
  const byTable = new WeakMap<ProjectTable, WeakMap<FunctionDef, { readonly value: T }>>();
  return (fn) => {
    const table = tableInUse();
    let known = byTable.get(table);
    if (known === undefined) {
      known = new WeakMap();
      byTable.set(table, known);
    }
    const origin = originOf(fn);
    let found = known.get(origin);
    if (found === undefined) {
      found = { value: make(origin) };
      known.set(origin, found);
    }
    return found.value;
  };
}

export const summaryOfCode = memoOfCode(summarised);

function summarised(fn: FunctionDef): CodeSummary {
  const called = new Set<string>();
  const values = new Set<string>();
  const names = new Set<string>();
  const callees = new Set<Expr>();
  const queueing: QueueingCall[] = [];
  const tableNames: TableName[] = [];
  let queues = false;
  walkExprs(fn.body, (expr) => {
    if (expr.kind === "identifier") {
      names.add(expr.name);
      if (!callees.has(expr)) values.add(expr.name);
    } else if (expr.kind === "call" && expr.callee.kind === "identifier") {
      callees.add(expr.callee);
      called.add(expr.callee.name);
      // kref_put(ref, release) calls what it is given.
      for (const effect of apiOf(expr.callee.name)?.effects ?? []) {
        const release = effect.kind === "ref-put" && effect.release !== undefined ? expr.args[effect.release] : undefined;
        if (release?.kind !== "identifier") continue;
        callees.add(release);
        called.add(release.name);
      }
      const deferring = (apiOf(expr.callee.name)?.effects ?? []).filter((effect) => effect.kind === "defer-call");
      queues ||= deferring.length > 0;
      const callbacks = deferring.flatMap(({ callback }) => namesAmong([expr.args[callback]]));
      const given = namesAmong(expr.args);
      if (callbacks.length + given.length > 0) queueing.push({ callee: expr.callee.name, callbacks, names: given });
    } else if (expr.kind === "initializer" && expr.type !== undefined) {
      tableNames.push(...namesInTable(expr, expr.type).map((one) => ({ ...one, offset: one.offset - fn.start })));
    }
  });
  // struct netlink_dump_control c = { .dump = f }: a table that lives as long as the call that gets it.
  const tables = new Map<string, string>();
  walkStmts(fn.body, (stmt) => {
    if (stmt.kind !== "declaration") return;
    for (const { name, init, type } of stmt.declarators) {
      if (/^(?:const )?struct \w+$/.test(type)) tables.set(name, structNameOf(type) ?? "");
      if (init?.kind === "initializer" && init.type === undefined) tableNames.push(...namesInTable(init, type).map((one) => ({ ...one, offset: one.offset - fn.start })));
    }
  });
  if (tables.size > 0) tableNames.push(...namesPutInto(tables, fn));
  return { called, values, names: [...names], queues, queueing, tableNames };
}

/** `cfg.encap_rcv = f;` of a local structure. */
function namesPutInto(tables: ReadonlyMap<string, string>, fn: FunctionDef): readonly TableName[] {
  const found: TableName[] = [];
  walkExprs(fn.body, (expr) => {
    if (expr.kind !== "assignment" || expr.operator !== "=" || expr.value.kind !== "identifier" || expr.target.kind !== "member" || expr.target.arrow || expr.target.object.kind !== "identifier") return;
    const table = tables.get(expr.target.object.name);
    if (table !== undefined) found.push({ name: expr.value.name, role: entryRoleOf(table, expr.target.field), offset: expr.value.start - fn.start });
  });
  return found;
}

/** The statements of one function's body, as far as who follows it asks for them. */
export type StatementSummary = {
  /** Loop macros by name. */
  readonly loops: readonly string[];
  readonly guardClasses: readonly string[];
  /** Blocks and empty ones left out. */
  readonly statementCount: number;
};

export const statementsOfCode = memoOfCode((fn): StatementSummary => {
  const loops: string[] = [];
  const guardClasses: string[] = [];
  let statementCount = 0;
  walkStmts(fn.body, (stmt) => {
    if (stmt.kind === "macro-loop") loops.push(stmt.macro);
    if (stmt.kind === "guard") guardClasses.push(stmt.guardClass);
    if (stmt.kind !== "block" && stmt.kind !== "empty") statementCount++;
  });
  return { loops, guardClasses, statementCount };
});

const namesAmong = (args: readonly (Expr | undefined)[]): readonly string[] => args.flatMap((arg) => (arg?.kind === "identifier" ? [arg.name] : []));

/** The values of an ops table's fields; offsets are the file's. */
export function namesInTable(root: Expr, type: string): readonly TableName[] {
  const found: TableName[] = [];
  const visit = (expr: Expr, written: string): void => {
    if (expr.kind === "unary" && expr.operator === "&") { visit(expr.operand, written); return; }
    if (expr.kind === "cast") { visit(expr.operand, expr.type); return; }
    if (expr.kind !== "initializer") return;
    const table = structNameOf(expr.type ?? written) ?? "";
    for (const { designator, value } of expr.entries) {
      const target = value.kind === "unary" && value.operator === "&" ? value.operand : value;
      if (designator !== undefined && target.kind === "identifier") {
        found.push({ name: target.name, role: entryRoleOf(table, designator.split(".").at(-1) ?? designator), offset: target.start });
      } else if (target.kind === "initializer" || target.kind === "cast") {
        visit(target, designator === undefined || designator.startsWith("[") ? (expr.type ?? written) : "");
      }
    }
  };
  visit(root, type);
  return found;
}
