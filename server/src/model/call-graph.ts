/** Who calls whom, macros looked through: the functions of the file, and those of headers that they come to. */

import type { FunctionDef } from "../syntax/c-syntax.ts";
import { walkExprs } from "./ast-walk.ts";
import { memoOfCode, statementsOfCode } from "./code-summary.ts";
import type { FileFacts } from "./file-facts.ts";
import { isTracepoint } from "./kernel-api/inert.ts";
import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import type { ApiRow } from "./kernel-api/schema.ts";
import { callsItsParameter, namesCalledIn } from "./macro-text.ts";
import { bounds } from "./trace.ts";

export type Callee = {
  readonly name: string;
  readonly fn: FunctionDef;
  readonly isOwn: boolean;
  /** Of the file, or of a header beside it. */
  readonly isNear: boolean;
  /** Names called, those in macros included, in the order of the text. */
  readonly calls: ReadonlySet<string>;
  /** Loop macros by name. */
  readonly loops: readonly string[];
  /** Names that are called and of which not all is known. */
  readonly unknown: readonly string[];
};

export class CallGraph {
  readonly #facts: FileFacts;
  readonly #callees = new Map<string, Callee>();
  readonly #callers = new Map<string, Set<string>>();
  readonly #behind = new Map<string, readonly string[]>();
  readonly #isKnown = new Map<string, boolean>();
  readonly #rows = new Map<string, ApiRow | undefined>();

  constructor(facts: FileFacts) {
    this.#facts = facts;
    const found: { readonly name: string; readonly fn: FunctionDef; readonly isOwn: boolean; readonly isNear: boolean }[] = [...facts.functions.values()].map((fn) => ({ name: fn.name, fn, isOwn: true, isNear: true }));
    const seen = new Set(facts.functions.keys());
    for (const one of found) {
      const { names, loops } = this.#namesIn(one);
      const calls = new Set(names);
      for (const name of calls) {
        add(this.#callers, name, one.name);
        if (seen.has(name) || found.length - facts.functions.size >= bounds.outsideMax) continue;
        seen.add(name);
        const outside = facts.outside.fn(name);
        if (outside !== undefined) found.push({ name, fn: outside.fn, isOwn: false, isNear: outside.isNear });
      }
      const unknown = names.filter((name) => !this.#knows(name));
      this.#callees.set(one.name, { ...one, calls, loops, unknown });
    }
  }

  /** The file's own first, in its order; then those of headers, nearest first. */
  get callees(): readonly Callee[] {
    return [...this.#callees.values()];
  }

  find(name: string): Callee | undefined {
    return this.#callees.get(name);
  }

  /** Callers of a member become members. What a header of the whole kernel does by itself is no reason to look at who calls it. */
  spread(set: Set<string>): void {
    const queue = [...set];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const isFar = this.#callees.get(name)?.isNear === false;
      for (const caller of this.#callers.get(name) ?? []) {
        if (set.has(caller) || (isFar && this.#callees.get(caller)?.isOwn === true)) continue;
        set.add(caller);
        queue.push(caller);
      }
    }
  }

  /** The name, or, of a macro, what is called in its text. */
  namesBehind(name: string): readonly string[] {
    const known = this.#behind.get(name);
    if (known !== undefined) return known;
    this.#behind.set(name, [name]);
    const macro = apiOf(name) === undefined && !this.#facts.functions.has(name) ? this.#facts.outside.macro(name) : undefined;
    const isWrittenOut = macro?.parameters !== undefined && macro.body !== "" && !/\(\s*\{/.test(macro.body) && macro.body.length <= bounds.macroLengthMax && !callsItsParameter(macro.body, macro.parameters);
    const names = isWrittenOut ? [...new Set(namesCalledIn(macro.body, macro.parameters).flatMap((one) => this.namesBehind(one)))] : [name];
    this.#behind.set(name, names);
    return names;
  }

  /** What the knowledge table says of a call of that name, all of it or some. */
  rowOf(name: string): ApiRow | undefined {
    let row = this.#rows.get(name);
    if (row === undefined && !this.#rows.has(name)) {
      row = apiOf(name) ?? partlyKnown(name);
      this.#rows.set(name, row);
    }
    return row;
  }

  #namesIn({ fn, isOwn }: Pick<Callee, "fn" | "isOwn">): { readonly names: readonly string[]; readonly loops: readonly string[] } {
    const names: string[] = [];
    for (const name of (isOwn ? this.#facts.calledNames.get(fn.name) : calledIn(fn)) ?? []) names.push(...this.namesBehind(name));
    const { loops } = statementsOfCode(fn);
    const written = loops.filter((name) => apiOf(name) === undefined).flatMap((name) => this.namesBehind(name).filter((one) => one !== name));
    return { names: [...names, ...written], loops };
  }

  #knows(name: string): boolean {
    let isKnown = this.#isKnown.get(name);
    if (isKnown === undefined) {
      isKnown = apiOf(name) !== undefined || isTracepoint(name) || this.#facts.functions.has(name) || this.#facts.outside.fn(name) !== undefined;
      this.#isKnown.set(name, isKnown);
    }
    return isKnown;
  }
}

const graphs = new WeakMap<FileFacts, CallGraph>();

/** One graph for all who ask of the same text. */
export function callGraphOf(facts: FileFacts): CallGraph {
  const known = graphs.get(facts) ?? new CallGraph(facts);
  graphs.set(facts, known);
  return known;
}

/** `->read`: a call through a pointer, which is known to nobody. */
const calledIn = memoOfCode((fn): readonly string[] => {
  const names = new Set<string>();
  walkExprs(fn.body, (expr) => {
    if (expr.kind !== "call") return;
    const { callee } = expr;
    names.add(callee.kind === "identifier" ? callee.name : callee.kind === "member" ? `->${callee.field}` : "->");
  });
  return [...names];
});

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}
