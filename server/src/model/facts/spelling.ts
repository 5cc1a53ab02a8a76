/**
 * Says values and places as the function would write them: by the first local that held a pointer, else by the way to
 * it from a parameter. One object has one name, whatever alias it is reached by.
 */

import type { Expr, FunctionDef } from "../../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "../ast-walk.ts";
import type { FileFacts } from "../file-facts.ts";
import type { SymbolTable } from "../places.ts";
import type { HeldLock, Place, ReaderSection, Span, Sym } from "../trace.ts";
import { structNameOf } from "../types.ts";
import type { ObjectFact } from "./types.ts";

export type Call = Expr & { readonly kind: "call" };

type SpellingContext = {
  readonly facts: FileFacts;
  readonly fn: FunctionDef;
  readonly symbols: SymbolTable;
  readonly names: ReadonlyMap<number, { readonly value: Sym; readonly names: readonly string[] }>;
};

/** Pointers behind pointers are spelled this deep; a longer way is a list or a mistake. */
const depthMax = 6;

export class Spelling {
  readonly facts: FileFacts;
  readonly fn: FunctionDef;
  readonly #context: SpellingContext;
  readonly #lineStarts: readonly number[];
  /** Guards by the offset at which they start. */
  readonly #guards = new Map<number, string>();
  readonly #callsByFunction = new Map<string, ReadonlyMap<number, Call>>();

  constructor(context: SpellingContext) {
    this.#context = context;
    this.facts = context.facts;
    this.fn = context.fn;
    const { text } = this.facts.unit;
    const starts = [text.lastIndexOf("\n", this.fn.start - 1) + 1];
    for (let next = text.indexOf("\n", this.fn.start); next >= 0 && next < this.fn.end; next = text.indexOf("\n", next + 1)) starts.push(next + 1);
    this.#lineStarts = starts;
    walkStmts(this.fn.body, (stmt) => { if (stmt.kind === "guard") this.#guards.set(stmt.start, `${stmt.macro}(${stmt.guardClass})`); });
  }

  lineOf(offset: number): number {
    const after = this.#lineStarts.findIndex((start) => start > offset);
    return (after < 0 ? this.#lineStarts.length : after) - 1;
  }

  columnOf(offset: number): number {
    return offset - (this.#lineStarts[this.lineOf(offset)] ?? 0) + 1;
  }

  isOwn(at: Span): boolean {
    return this.fn.start <= at.start && at.start < this.fn.end;
  }

  /** Line of a place of this function; null for a place in another one. */
  ownLine(at: Span | undefined): number | null {
    return at !== undefined && this.isOwn(at) ? this.lineOf(at.start) : null;
  }

  guardAt(at: Span | undefined): string | null {
    return at === undefined ? null : (this.#guards.get(at.start) ?? null);
  }

  source(at: Span): string {
    return this.facts.unit.text.slice(at.start, at.end).replace(/\s+/g, " ").trim();
  }

  /** The call that starts there; `functionName` is whose text it stands in. */
  callAt(functionName: string, at: Span): Call | undefined {
    let calls = this.#callsByFunction.get(functionName);
    if (calls === undefined) {
      const found = new Map<number, Call>();
      const fn = this.facts.functions.get(functionName);
      if (fn !== undefined) walkExprs(fn.body, (expr) => { if (expr.kind === "call" && expr.callee.kind === "identifier" && !found.has(expr.start)) found.set(expr.start, expr); });
      calls = found;
      this.#callsByFunction.set(functionName, calls);
    }
    return calls.get(at.start);
  }

  apiAt(functionName: string, at: Span): string {
    const callee = this.callAt(functionName, at)?.callee;
    return callee?.kind === "identifier" ? callee.name : "";
  }

  /** A pointer or other value; undefined where the source says it best. */
  value(sym: Sym, depth = 0): string | undefined {
    return this.#context.names.get(sym.id)?.names[0] ?? this.#unnamed(sym, depth);
  }

  place(place: Place, depth = 0): string | undefined {
    const { base, path } = place;
    const steps = path.filter((step) => step !== "*");
    const isStorage = base.origin.kind === "stack" || base.origin.kind === "global";
    const name = base.origin.kind === "stack" ? localName(base.origin.name) : base.origin.kind === "global" ? base.origin.name : this.value(base, depth + 1);
    if (name === undefined) return undefined;
    if (steps.length === 0) return isStorage ? name : `*${name}`;
    // Casts and calls bind as tightly as the arrow; what begins with an operator does not.
    const first = steps[0]?.startsWith("[") === true ? "" : isStorage ? "." : "->";
    const start = /^[&*]/.test(name) ? `(${name})` : name;
    return start + first + steps.map((step, index) => this.#step(step, index)).join("");
  }

  /** What the lock is a part of, as written, where symbols do not tell. */
  lock({ pointer, text }: HeldLock): string {
    const written = text.replace(/^&/, "");
    if (pointer === undefined) return written;
    if (pointer.origin.kind === "address") return this.place(pointer.origin.place) ?? written;
    return this.value(pointer) ?? written;
  }

  /** "" where only the walk could tell which lock it is: its numbers change with every edit. */
  lockKey({ key }: HeldLock): string {
    return key.startsWith("value ") ? "" : key;
  }

  domain({ domain }: ReaderSection): string {
    return domain.replace(/^global /, "");
  }

  /** Struct of the object a pointer leads to, or the key of the place it was loaded from. */
  keyOf(sym: Sym): string {
    if (sym.origin.kind === "address") return sym.origin.place.key;
    return structNameOf(sym.type) ?? (sym.origin.kind === "load" ? sym.origin.place.key : "");
  }

  objects(): readonly ObjectFact[] {
    const objects: ObjectFact[] = [];
    for (const { value, names: [name = "", ...also] } of this.#context.names.values()) {
      const isPlain = value.origin.kind === "expression" || !(value.type.includes("*") || value.origin.kind === "allocation" || value.origin.kind === "address");
      if (isPlain || (value.origin.kind === "parameter" && also.length === 0)) continue;
      const index = this.fn.parameters.findIndex((parameter) => parameter.name === name);
      const is = value.origin.kind === "parameter" ? `parameter ${String(index + 1)}` : this.#unnamed(value, 0);
      if (is !== undefined && !objects.some((one) => one.name === name && one.is === is)) objects.push({ name, is, type: value.type, also });
    }
    return objects;
  }

  #unnamed({ origin }: Sym, depth: number): string | undefined {
    if (depth > depthMax) return undefined;
    switch (origin.kind) {
      case "parameter": case "global": case "function": return origin.name;
      case "stack": return localName(origin.name);
      case "allocation": return "new object";
      case "load": return this.place(origin.place, depth + 1);
      case "element": {
        const head = origin.head === undefined ? undefined : this.place(origin.head, depth + 1);
        return head === undefined ? undefined : `element of ${head}`;
      }
      case "container": {
        const of = this.value(origin.of, depth + 1);
        return of === undefined ? undefined : `container_of(${of}, struct ${origin.struct}, ${origin.member})`;
      }
      case "address": {
        const place = this.place(origin.place, depth + 1);
        return place === undefined ? undefined : `&${place}`;
      }
      case "null": return "NULL";
      case "constant": return String(origin.value);
      // "f:p" is a local that was not set on this path.
      case "expression": return origin.text.startsWith(`${this.fn.name}:`) ? localName(origin.text) : /^[A-Za-z_]\w*$/.test(origin.text) ? origin.text : undefined;
    }
  }

  /** "[7]" holds the id of the index. */
  #step(step: string, position: number): string {
    if (!step.startsWith("[")) return position === 0 ? step : `.${step}`;
    const index = this.#context.symbols.byId(Number(step.slice(1, -1)));
    const spelled = index === undefined ? undefined : index.origin.kind === "null" ? "0" : this.value(index, depthMax);
    return `[${spelled ?? "…"}]`;
  }
}

/** Locals are kept by frame and name. */
function localName(key: string): string {
  return key.slice(key.lastIndexOf(":") + 1);
}
