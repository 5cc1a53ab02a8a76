/**
 * A file as operators see it: every call with the statement it stands in and the locks that are held there by the order of the text.
 * Apart from the parser nothing of the engine is used, so that what is counted does not lean on what is judged.
 */

import { walkExprs } from "../../src/model/ast-walk.ts";
import type { Expr, FunctionDef, Stmt, TranslationUnit } from "../../src/syntax/c-syntax.ts";
import { heldIn, type Held } from "./held.ts";

export type Call = Expr & { readonly kind: "call" };

/** A statement with its neighbours. `held` before it runs. */
export type Placed = { readonly stmt: Stmt; readonly block: readonly Stmt[]; readonly index: number; readonly held: Held; /** Loops around it. */ readonly loops: number };

export type CallSite = { readonly callee: string; readonly call: Call; readonly args: readonly string[]; readonly placed: Placed; /** The call is the whole statement. */ readonly isWhole: boolean };

export type FunctionView = {
  readonly file: FileView;
  readonly def: FunctionDef;
  readonly name: string;
  readonly text: string;
  readonly calls: readonly CallSite[];
  readonly placed: readonly Placed[];
};

export type FileView = { readonly text: string; /** Without comments, of the same length. */ readonly code: string; readonly unit: TranslationUnit; readonly functions: readonly FunctionView[]; readonly callersOf: ReadonlyMap<string, readonly { readonly caller: FunctionView; readonly site: CallSite }[]> };

export function viewOf(unit: TranslationUnit): FileView {
  const functions: FunctionView[] = [];
  const callersOf = new Map<string, { caller: FunctionView; site: CallSite }[]>();
  const code = withoutComments(unit.text);
  const file: FileView = { text: unit.text, code, unit, functions, callersOf };
  for (const def of unit.functions) if (!def.hasError) functions.push(functionView(file, def));
  for (const caller of functions) {
    for (const site of caller.calls) {
      const list = callersOf.get(site.callee) ?? [];
      list.push({ caller, site });
      callersOf.set(site.callee, list);
    }
  }
  return file;
}

function functionView(file: FileView, def: FunctionDef): FunctionView {
  const placed = heldIn(def.body, file.text);
  const calls: CallSite[] = [];
  for (const place of placed) {
    for (const root of ownExprs(place.stmt)) {
      walkExprs(root, (expr) => {
        if (expr.kind !== "call" || expr.callee.kind !== "identifier") return;
        const isWhole = place.stmt.kind === "expression" && place.stmt.expression === expr;
        calls.push({ callee: expr.callee.name, call: expr, args: expr.args.map((arg) => file.text.slice(arg.start, arg.end)), placed: place, isWhole });
      });
    }
  }
  return { file, def, name: def.name, text: file.code.slice(def.body.start, def.body.end), calls, placed };
}

/** Expressions of the statement itself, without those of statements inside it. */
function ownExprs(stmt: Stmt): readonly Expr[] {
  const all: readonly (Expr | undefined)[] = (() => {
    switch (stmt.kind) {
      case "expression": return [stmt.expression];
      case "declaration": return stmt.declarators.map(({ init }) => init);
      case "if": case "while": case "do": return [stmt.condition];
      case "for": return [stmt.condition, stmt.update];
      case "macro-loop": case "guard": return stmt.args;
      case "switch": return [stmt.value];
      case "return": return [stmt.value];
      default: return [];
    }
  })();
  return all.filter((expr) => expr !== undefined);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"/g, (part) => part.replace(/[^\n]/g, " "));
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** The variable that an expression hangs on: `p` of `&p->list`. */
export function baseOf(expr: Expr | undefined): string | undefined {
  for (let at = expr; at !== undefined; ) {
    switch (at.kind) {
      case "identifier": return at.name;
      case "member": case "index": at = at.object; break;
      case "unary": case "cast": at = at.operand; break;
      default: return undefined;
    }
  }
  return undefined;
}
