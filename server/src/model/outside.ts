/**
 * What stands outside of the functions of a file, as its functions use it: inline functions of headers, and macros of
 * the file and of headers, written out. All texts share one address space: the file's own offsets come first, each other
 * text gets a range behind them. So no offset of a header can be taken for one of the file, and each leads back home.
 */

import type { Expr, FunctionDef, Span, Stmt } from "../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "./ast-walk.ts";
import type { Definition, Elsewhere } from "./elsewhere.ts";
import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import { substituted } from "./macro-text.ts";
import { bounds } from "./trace.ts";

type Call = Expr & { readonly kind: "call" };
type MacroLoop = Stmt & { readonly kind: "macro-loop" };
type Macro = { readonly parameters?: readonly string[] | undefined; readonly body: string };

export type OutsideFunction = { readonly fn: FunctionDef; readonly file: string; readonly isNear: boolean };

/** What a call of a macro stands for. */
export type Expansion = { readonly kind: "expression"; readonly expression: Expr } | { readonly kind: "statements"; readonly body: readonly Stmt[] };

/** `home`: the call that a macro's text stands in for; a function has none. `within`: the names of the macros. */
type Region = { readonly base: number; readonly text: string; readonly home: Span | undefined; readonly macros: readonly string[] };

export type OutsideContext = {
  readonly text: string;
  readonly functions: ReadonlyMap<string, FunctionDef>;
  readonly macros: ReadonlyMap<string, Macro>;
  /** Macros that the file defines in several ways: the configuration chooses. */
  readonly ambiguous: ReadonlySet<string>;
  readonly elsewhere: Elsewhere;
};

/** Owns the address space of one file's analysis; lives as long as its facts. */
export class Outside {
  readonly #context: OutsideContext;
  readonly #regions: Region[] = [];
  #end: number;
  readonly #functions = new Map<string, OutsideFunction | undefined>();
  readonly #expansions = new Map<Call, Expansion | undefined>();
  readonly #loops = new Map<MacroLoop, Stmt>();
  readonly #constants = new Map<string, number | undefined>();
  readonly #asked = new Set<string>();

  constructor(context: OutsideContext) {
    this.#context = context;
    this.#end = context.text.length + 1;
  }

  textOf({ start, end }: Span): string {
    const region = this.#regionAt(start);
    return region === undefined ? this.#context.text.slice(start, end) : region.text.slice(start - region.base, end - region.base);
  }

  isOwn({ start }: Span): boolean {
    return start < this.#context.text.length;
  }

  /** Where the file itself has what leads there: the call of the macro. undefined inside of a function of a header. */
  homeOf(at: Span): Span | undefined {
    let span: Span | undefined = at;
    while (span !== undefined && !this.isOwn(span)) span = this.#regionAt(span.start)?.home;
    return span;
  }

  /** The macros whose text holds the place, outermost first. */
  macrosAt(at: Span): readonly string[] {
    return this.#regionAt(at.start)?.macros ?? [];
  }

  /** An inline function of a header. Whatever the file defines or the knowledge table knows is none. */
  fn(name: string): OutsideFunction | undefined {
    if (this.#functions.has(name)) return this.#functions.get(name);
    const found = this.#definition(name);
    const made = found?.kind === "function" ? { fn: moved(found.fn, this.#place(found.text, undefined, [])), file: found.file, isNear: found.isNear } : undefined;
    this.#functions.set(name, made);
    return made;
  }

  /** A macro of the file or of a header that the knowledge table does not know. */
  macro(name: string): (Macro & { readonly isNear: boolean }) | undefined {
    if (this.#isKnown(name)) return undefined;
    const own = this.#context.macros.get(name);
    if (own !== undefined) return this.#context.ambiguous.has(name) ? undefined : { ...own, isNear: true };
    const found = this.#definition(name);
    return found?.kind === "macro" ? found : undefined;
  }

  /** undefined: no macro, or one that no sequence of statements can stand in for. */
  expansion(call: Call): Expansion | undefined {
    if (this.#expansions.has(call)) return this.#expansions.get(call);
    const made = this.#expand(call);
    this.#expansions.set(call, made);
    return made;
  }

  /** The loop that a header's loop macro stands for, with the body of this one; itself where nothing more is known. */
  loop(stmt: MacroLoop): Stmt {
    const known = this.#loops.get(stmt);
    if (known !== undefined) return known;
    const body = this.#written(stmt.macro, stmt.args, stmt.headSpan, " {}") ?? [];
    const before = body.slice(0, -1);
    const last = body.at(-1);
    const made = (before.every(({ kind }) => kind === "declaration") && last !== undefined ? withBody(last, stmt.body) : undefined) ?? stmt;
    // A loop of a loop: the head that was written out may be a macro itself.
    const inner = made.kind === "macro-loop" && made !== stmt ? this.loop(made) : made;
    // `struct foo *_f = f; list_for_each_entry(v, &_f->list, node)`
    const whole: Stmt = before.length === 0 || inner === stmt ? inner : { kind: "block", start: stmt.start, end: stmt.end, body: [...before, inner] };
    this.#loops.set(stmt, whole);
    return whole;
  }

  /** A number that a header gives a name. */
  constant(name: string): number | undefined {
    if (!this.#constants.has(name)) this.#constants.set(name, this.#constantOf(name));
    return this.#constants.get(name);
  }

  typedef(name: string): string | undefined {
    this.#asked.add(`typedef ${name}`);
    return this.#context.elsewhere.typedef(name);
  }

  /** Names that were looked for in other files, in the order of asking. */
  asked(): readonly string[] {
    return [...this.#asked];
  }

  /** What was found under a name that was asked for, as text: changes when the definition does. */
  definitionText(name: string): string {
    if (name.startsWith("typedef ")) return this.#context.elsewhere.typedef(name.slice("typedef ".length)) ?? "";
    const found = this.#definition(name);
    if (found === undefined) return String(this.#context.elsewhere.enumerator(name) ?? "");
    return found.kind === "function" ? `${found.file} ${found.text}` : `${found.file} (${found.parameters?.join() ?? ""}) ${found.body}`;
  }

  #constantOf(name: string): number | undefined {
    if (this.#isKnown(name)) return undefined;
    const found = this.#definition(name);
    if (found?.kind === "macro") return found.parameters === undefined ? numberIn(found.body) : undefined;
    return found === undefined ? this.#context.elsewhere.enumerator(name) : undefined;
  }

  #isKnown(name: string): boolean {
    return apiOf(name) !== undefined || partlyKnown(name) !== undefined || this.#context.functions.has(name);
  }

  #definition(name: string): Definition | undefined {
    if (this.#isKnown(name) || this.#context.macros.has(name)) return undefined;
    this.#asked.add(name);
    return this.#context.elsewhere.definition(name);
  }

  #expand(call: Call): Expansion | undefined {
    if (call.callee.kind !== "identifier") return undefined;
    const body = this.#written(call.callee.name, call.args, call, ";")?.filter((stmt) => stmt.kind !== "empty");
    const [only] = body ?? [];
    if (body === undefined || only === undefined) return undefined;
    if (body.length === 1 && only.kind === "expression") return { kind: "expression", expression: only.expression };
    return { kind: "statements", body: body.flatMap((stmt) => onceOf(stmt)) };
  }

  /** The statements of a macro's text with its arguments in place, addressed. */
  #written(name: string, args: readonly Expr[], at: Span, end: string): readonly Stmt[] | undefined {
    const macro = this.macro(name);
    const around = this.macrosAt(at);
    if (macro?.parameters === undefined || around.includes(name) || around.length >= bounds.macroDepthMax) return undefined;
    const text = substituted(macro.parameters, macro.body, args.map((arg) => this.textOf(arg)));
    if (text === undefined || text.trim() === "" || text.length > bounds.macroLengthMax) return undefined;
    const parsed = this.#context.elsewhere.parse(text + end);
    if (parsed === undefined || !parsed.body.every(isFollowed)) return undefined;
    const by = this.#place(parsed.text, at, [...around, name]);
    return parsed.body.map((stmt) => moved(stmt, by));
  }

  /** Gives a text its range. */
  #place(text: string, home: Span | undefined, macros: readonly string[]): number {
    const base = this.#end;
    this.#regions.push({ base, text, home, macros });
    this.#end = base + text.length + 1;
    return base;
  }

  #regionAt(offset: number): Region | undefined {
    if (offset < this.#context.text.length) return undefined;
    let low = 0;
    let high = this.#regions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#regions[middle]?.base ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#regions[low - 1];
  }
}

/** Every span of a part of a tree, moved. */
export function moved<T>(node: T, by: number): T {
  if (Array.isArray(node)) return node.map((one: unknown) => moved(one, by)) as T;
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, part]: [string, unknown]) => [key, (key === "start" || key === "end") && typeof part === "number" ? part + by : moved(part, by)])) as T;
}

/** What the path walk would take for anything at all is better called by the macro's name. */
function isFollowed(stmt: Stmt): boolean {
  const found = { unread: false };
  walkStmts(stmt, ({ kind }) => { if (kind === "unknown" || kind === "asm" || kind === "return" || kind === "goto" || kind === "label") found.unread = true; });
  walkExprs(stmt, ({ kind }) => { if (kind === "unknown" || kind === "statement-expression") found.unread = true; });
  return !found.unread;
}

/** do { … } while (0): its statements, once. */
function onceOf(stmt: Stmt): readonly Stmt[] {
  if (stmt.kind !== "do" || stmt.condition.kind !== "literal" || stmt.condition.text !== "0" || stmt.body.kind !== "block") return [stmt];
  const found = { leaves: false };
  walkStmts(stmt.body, ({ kind }) => { if (kind === "break" || kind === "continue") found.leaves = true; });
  return found.leaves ? [stmt] : stmt.body.body;
}

/** The loop with `body` in the place of its empty block; undefined where there is no such place. */
function withBody(stmt: Stmt, body: Stmt): Stmt | undefined {
  if (stmt.kind === "block" && stmt.body.length === 0) return body;
  if (stmt.kind === "for" || stmt.kind === "while" || stmt.kind === "macro-loop") {
    const inner = withBody(stmt.body, body);
    return inner === undefined ? undefined : { ...stmt, body: inner };
  }
  if (stmt.kind === "if") {
    if (stmt.else === undefined) {
      const then = withBody(stmt.then, body);
      return then === undefined ? undefined : { ...stmt, then };
    }
    const otherwise = withBody(stmt.else, body);
    return otherwise === undefined ? undefined : { ...stmt, else: otherwise };
  }
  return undefined;
}

/** `(1)`, `0x10UL`. */
function numberIn(body: string): number | undefined {
  const digits = body.replace(/^\s*\(?\s*/, "").replace(/\s*\)?\s*$/, "").replace(/[uUlL]+$/, "");
  const value = digits === "" ? NaN : Number(digits);
  return Number.isSafeInteger(value) ? value : undefined;
}
