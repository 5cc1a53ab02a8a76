/*
 * Final states as herd7 prints them: the observed registers, then the observed locations, each with
 * its last value, in one line that is also the key of the state.
 */
import type { InitialValue, Observable, Program, Proposition } from "../program.ts";
import { related } from "../relation/bit-relation.ts";
import type { Candidate } from "./candidate.ts";
import { bytesPerWord, type MemoryLayout } from "./memory-layout.ts";
import { evaluate } from "./values.ts";

/** Reads one value out of a complete candidate. */
type Probe = { readonly text: string; readonly isRegister: boolean; readonly read: (candidate: Candidate) => number };

/** What to look at in each execution, compiled once a program. */
export class Observation {
  /** Registers of the condition: what a search for one verdict decides first. */
  readonly registers: readonly { readonly thread: number; readonly register: string }[];
  /** Words named by `locations` or the condition. */
  readonly words: ReadonlySet<number>;
  readonly #layout: MemoryLayout;
  readonly #initialRegisters: ReadonlyMap<string, number>;
  readonly #probes: readonly Probe[];
  readonly #condition: (values: readonly number[]) => boolean;
  readonly #partialCondition: (values: readonly number[]) => boolean | undefined;
  readonly #filter: ((values: readonly number[]) => boolean) | undefined;
  readonly #partialFilter: ((values: readonly number[]) => boolean | undefined) | undefined;
  readonly #filterProbes: readonly Probe[];

  constructor(program: Program, layout: MemoryLayout, initialRegisters: ReadonlyMap<string, number>) {
    this.#layout = layout;
    this.#initialRegisters = initialRegisters;
    const observed = unique([...(program.locations ?? []), ...observablesOf(program.condition)]);
    this.registers = observablesOf(program.condition).flatMap((o) => (o.kind === "register" ? [o] : []));
    const words = new Set<number>();
    for (const o of observed) if (o.kind === "location") words.add(layout.wordOf(o.location, o.offset));
    this.words = words;
    observed.sort(compareObservables);
    this.#probes = observed.map((o) => this.#probe(o));
    this.#condition = this.#compile(program.condition, observed);
    this.#partialCondition = this.#compilePartial(program.condition, observed);
    const filtered = program.filter === undefined ? [] : unique(observablesOf(program.filter));
    this.#filterProbes = filtered.map((o) => this.#probe(o));
    this.#filter = program.filter === undefined ? undefined : this.#compile(program.filter, filtered);
    this.#partialFilter = program.filter === undefined ? undefined : this.#compilePartial(program.filter, filtered);
  }

  passesFilter(candidate: Candidate): boolean {
    return this.#filter === undefined || this.#filter(this.#filterProbes.map((p) => p.read(candidate)));
  }

  /** False when the values known so far already fail the filter, whatever is decided later. */
  mayPassFilter(candidate: Candidate): boolean {
    if (this.#partialFilter === undefined) return true;
    return this.#partialFilter(this.#filterProbes.map((p) => (p.isRegister ? p.read(candidate) : Number.NaN))) !== false;
  }

  /** The condition over the values known so far; undefined while it can still go either way. */
  partialCondition(candidate: Candidate): boolean | undefined {
    return this.#partialCondition(this.#probes.map((p) => (p.isRegister ? p.read(candidate) : Number.NaN)));
  }

  valuesOf(candidate: Candidate): readonly number[] {
    return this.#probes.map((p) => p.read(candidate));
  }

  satisfies(values: readonly number[]): boolean {
    return this.#condition(values);
  }

  stateLine(values: readonly number[]): string {
    return values.map((value, k) => `${this.#probes[k]!.text}=${this.#layout.print(value)};`).join(" ");
  }

  #probe(o: Observable): Probe {
    if (o.kind === "register") {
      const initial = this.#initialRegisters.get(`${o.thread}:${o.register}`) ?? 0;
      return {
        text: `${o.thread}:${o.register}`,
        isRegister: true,
        read: (candidate) => {
          const thread = candidate.skeleton.threads[o.thread];
          const register = thread?.path.registers.get(o.register);
          if (register === undefined) return initial;
          return evaluate(register.value, candidate.values, candidate.skeleton.eventBase[o.thread]!);
        },
      };
    }
    const word = this.#layout.wordOf(o.location, o.offset);
    const text = this.#layout.isArray(o.location) ? `${o.location}[${o.offset / bytesPerWord}]` : `[${o.location}]`;
    return { text, isRegister: false, read: (candidate) => finalValue(candidate, word, this.#layout) };
  }

  #compile(p: Proposition, observed: readonly Observable[]): (values: readonly number[]) => boolean {
    switch (p.kind) {
      case "true":
        return () => true;
      case "false":
        return () => false;
      case "not": {
        const operand = this.#compile(p.operand, observed);
        return (values) => !operand(values);
      }
      case "equals": {
        const left = this.#operand(p.left, observed);
        const right = this.#operand(p.right, observed);
        return (values) => left(values) === right(values);
      }
      default: {
        const left = this.#compile(p.left, observed);
        const right = this.#compile(p.right, observed);
        if (p.kind === "and") return (values) => left(values) && right(values);
        if (p.kind === "or") return (values) => left(values) || right(values);
        return (values) => !left(values) || right(values);
      }
    }
  }

  /** The same over values that may be unknown (NaN): undefined means not decided yet. */
  #compilePartial(p: Proposition, observed: readonly Observable[]): (values: readonly number[]) => boolean | undefined {
    switch (p.kind) {
      case "true":
      case "false":
        return () => p.kind === "true";
      case "not": {
        const operand = this.#compilePartial(p.operand, observed);
        return (values) => negated(operand(values));
      }
      case "equals": {
        const left = this.#operand(p.left, observed);
        const right = this.#operand(p.right, observed);
        return (values) => (Number.isNaN(left(values)) || Number.isNaN(right(values)) ? undefined : left(values) === right(values));
      }
      default: {
        const left = this.#compilePartial(p.left, observed);
        const right = this.#compilePartial(p.right, observed);
        if (p.kind === "and") return (values) => both(left(values), right(values));
        const first = p.kind === "or" ? left : (values: readonly number[]): boolean | undefined => negated(left(values));
        return (values) => negated(both(negated(first(values)), negated(right(values))));
      }
    }
  }

  #operand(o: InitialValue | Observable, observed: readonly Observable[]): (values: readonly number[]) => number {
    if (o.kind === "constant" || o.kind === "address") {
      const value = this.#layout.valueOf(o);
      return () => value;
    }
    const at = observed.findIndex((x) => observableKey(x) === observableKey(o));
    return (values) => values[at]!;
  }
}

function negated(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}

function both(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === false || b === false) return false;
  return a === undefined || b === undefined ? undefined : true;
}

/** The value the co-last write of a word leaves, or its initial value. */
function finalValue(candidate: Candidate, word: number, layout: MemoryLayout): number {
  const { shape, nodes } = candidate.skeleton;
  if (word < 0) return 0;
  const isAt = (write: number): boolean => ((candidate.writesAt[word * shape.width + (write >> 5)]! >>> (write & 31)) & 1) !== 0;
  for (let write = 0; write < nodes.length; write++) {
    if (!isAt(write)) continue;
    let isLast = true;
    for (let other = 0; other < nodes.length && isLast; other++) if (isAt(other) && related(shape, candidate.co, write, other)) isLast = false;
    if (isLast) return candidate.writtenValue(write);
  }
  return layout.initial[word]!;
}

function observableKey(o: Observable): string {
  return o.kind === "register" ? `${o.thread}:${o.register}` : `[${o.location}+${o.offset}]`;
}

function unique(observables: readonly Observable[]): Observable[] {
  return [...new Map(observables.map((o): [string, Observable] => [observableKey(o), o])).values()];
}

/** Registers by thread and name, then locations by name: the order of herd7's lines. */
function compareObservables(a: Observable, b: Observable): number {
  if (a.kind === "register" && b.kind === "register") return a.thread - b.thread || compareText(a.register, b.register);
  if (a.kind === "location" && b.kind === "location") return compareText(a.location, b.location) || a.offset - b.offset;
  return a.kind === "register" ? -1 : 1;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function observablesOf(p: Proposition): readonly Observable[] {
  switch (p.kind) {
    case "true":
    case "false":
      return [];
    case "not":
      return observablesOf(p.operand);
    case "equals": {
      const right = p.right.kind === "register" || p.right.kind === "location" ? [p.right] : [];
      return [p.left, ...right];
    }
    default:
      return [...observablesOf(p.left), ...observablesOf(p.right)];
  }
}
