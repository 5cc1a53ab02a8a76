/** Names, registers and sources of a program under construction. */

import { addressOf, constant, register, type Expression, type Global, type InitialValue, type Instruction, type Program, type Proposition, type Source, type Thread } from "../../../emulator-core/src/index.ts";
import type { FileFacts } from "../model/file-facts.ts";
import type { TraceEvent } from "../model/trace.ts";
import { placeOf, sourceText } from "../model/words.ts";

/** Longest text of a step that is kept; the table cuts further. */
const stepTextMax = 120;

export class ProgramBuilder {
  readonly facts: FileFacts;
  readonly #globals: Global[] = [];
  readonly #names = new Map<string, string>();
  readonly #lineStarts: readonly number[];
  readonly threads: Thread[] = [];

  constructor(facts: FileFacts) {
    this.facts = facts;
    const starts = [0];
    for (let i = facts.unit.text.indexOf("\n"); i >= 0; i = facts.unit.text.indexOf("\n", i + 1)) starts.push(i + 1);
    this.#lineStarts = starts;
  }

  /** Every name is prefixed: herd7 takes `pte_…` and others for its own (they would change the test's meaning). */
  nameFor(key: string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const stem = `v_${key.replace(/^global /, "").replace(/[^A-Za-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40)}`;
    const taken = new Set(this.#names.values());
    let name = stem;
    for (let n = 2; taken.has(name); n++) name = `${stem}_${String(n)}`;
    this.#names.set(key, name);
    return name;
  }

  declare(key: string, type: string, words: readonly InitialValue[]): string {
    const name = this.nameFor(key);
    if (!this.#globals.some((global) => global.name === name)) this.#globals.push({ name, type, words, ...(words.length > 1 ? { array: true } : {}) });
    return name;
  }

  sourceOf(event: TraceEvent, text?: string): Source {
    const { column } = this.position(event.at.start);
    const full = text ?? sourceText(this.facts, event.at);
    return { ...placeOf(this.facts, event.at.start), column, text: full.length > stepTextMax ? `${full.slice(0, stepTextMax - 1)}…` : full };
  }

  position(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  program(name: string, comments: readonly string[], condition: Proposition): Program {
    return { name, comments, globals: this.#globals, threads: this.threads, quantifier: "exists", condition };
  }
}

export const load = (address: Expression, tag: "plain" | "once" | "acquire", spelling?: string): Expression => ({ kind: "load", tag, address, ...(spelling === undefined ? {} : { spelling }) });

/** The word `index` of the object that `pointer` holds. */
export const wordOf = (pointer: string, index: number): Expression =>
  index === 0 ? register(pointer) : { kind: "binary", operator: "+", left: register(pointer), right: constant(4 * index) };

export const isSet = (pointer: string, then: readonly Instruction[]): Instruction => ({
  kind: "if",
  condition: { kind: "binary", operator: "!=", left: register(pointer), right: constant(0) },
  then,
  else: [],
});

export const registerIs = (thread: number, name: string, value: number): Proposition => ({ kind: "equals", left: { kind: "register", thread, register: name }, right: { kind: "constant", value } });

export const registerPointsTo = (thread: number, name: string, location: string): Proposition => ({
  kind: "equals",
  left: { kind: "register", thread, register: name },
  right: { kind: "address", location, offset: 0 },
});

export const anyOf = (parts: readonly Proposition[]): Proposition => parts.reduce<Proposition | undefined>((all, one) => (all === undefined ? one : { kind: "or", left: all, right: one }), undefined) ?? { kind: "false" };

export const allOf = (parts: readonly Proposition[]): Proposition => parts.reduce<Proposition | undefined>((all, one) => (all === undefined ? one : { kind: "and", left: all, right: one }), undefined) ?? { kind: "true" };

export { addressOf, constant, register };
