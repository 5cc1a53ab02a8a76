/*
 * What one looks at in a final state, as herd7 does: the observed registers, then the observed
 * locations, each with its last value; the condition and the filter over them.
 */
import type { InitialValue, Observable, Program, Proposition } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import type { FreeChoice } from "./free-choices.ts";
import { bytesPerWord, type MemoryLayout } from "./memory-layout.ts";
import type { Skeleton } from "./skeleton.ts";
import type { Axis } from "./state-table.ts";
import { evaluate, type SymbolicValue } from "./values.ts";

/** Where one observed value is: a register of a thread, or a word of memory. */
type Probe = { readonly text: string; readonly word: number; readonly thread: number; readonly register: string; readonly initial: number };

type Truth = (values: Float64Array) => boolean;
type PartialTruth = (values: Float64Array) => boolean | undefined;

/** What to look at in each execution, compiled once a program. */
export class Observation {
  /** Registers of the condition: what a search for one verdict decides first. */
  readonly registers: readonly { readonly thread: number; readonly register: string }[];
  /** Words named by `locations` or the condition. */
  readonly words: ReadonlySet<number>;
  /** In the order of the values. */
  readonly observed: readonly Observable[];
  /** What stands before the `=` of each observed value. */
  readonly texts: readonly string[];
  /** The condition over the values of `bind(…).read`. */
  readonly satisfies: Truth;
  readonly hasFilter: boolean;
  readonly #layout: MemoryLayout;
  readonly #initialRegisters: ReadonlyMap<string, number>;
  readonly #probes: readonly Probe[];
  readonly #partialCondition: PartialTruth;
  readonly #filter: Truth;
  readonly #partialFilter: PartialTruth;
  readonly #filterProbes: readonly Probe[];
  readonly #out: Float64Array;
  readonly #filterOut: Float64Array;

  constructor(program: Program, layout: MemoryLayout, initialRegisters: ReadonlyMap<string, number>) {
    this.#layout = layout;
    this.#initialRegisters = initialRegisters;
    const inCondition = observablesOf(program.condition);
    const observed = unique([...(program.locations ?? []), ...inCondition]);
    this.registers = inCondition.flatMap((o) => (o.kind === "register" ? [o] : []));
    const words = new Set<number>();
    for (const o of observed) if (o.kind === "location") words.add(layout.wordOf(o.location, o.offset));
    this.words = words;
    observed.sort(compareObservables);
    this.observed = observed;
    this.#probes = observed.map((o) => this.#probe(o));
    this.#out = new Float64Array(this.#probes.length);
    this.texts = this.#probes.map((p) => p.text);
    this.satisfies = this.#compile(program.condition, observed);
    // Most searches ask of complete candidates only.
    const partial: { condition?: PartialTruth; filter?: PartialTruth } = {};
    this.#partialCondition = (values) => (partial.condition ??= this.#compilePartial(program.condition, observed))(values);
    this.hasFilter = program.filter !== undefined;
    const filter = program.filter ?? { kind: "true" };
    const filtered = unique(observablesOf(filter));
    this.#filterProbes = filtered.map((o) => this.#probe(o));
    this.#filterOut = new Float64Array(filtered.length);
    this.#filter = this.#compile(filter, filtered);
    this.#partialFilter = (values) => (partial.filter ??= this.#compilePartial(filter, filtered))(values);
  }

  /** The probes placed in the events of one skeleton. */
  bind(skeleton: Skeleton): BoundObservation {
    return new BoundObservation(new BoundProbes(this.#probes, skeleton, this.#layout, this.#out), this.#partialCondition, new BoundProbes(this.#filterProbes, skeleton, this.#layout, this.#filterOut), this.#filter, this.#partialFilter);
  }

  #probe(o: Observable): Probe {
    if (o.kind === "register") {
      const text = `${o.thread}:${o.register}`;
      return { text, word: -1, thread: o.thread, register: o.register, initial: this.#initialRegisters.get(text) ?? 0 };
    }
    const text = this.#layout.isArray(o.location) ? `${o.location}[${o.offset / bytesPerWord}]` : `[${o.location}]`;
    return { text, word: this.#layout.wordOf(o.location, o.offset), thread: -1, register: "", initial: 0 };
  }

  #compile(p: Proposition, observed: readonly Observable[]): Truth {
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
  #compilePartial(p: Proposition, observed: readonly Observable[]): PartialTruth {
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
        const first = p.kind === "or" ? left : (values: Float64Array): boolean | undefined => negated(left(values));
        return (values) => negated(both(negated(first(values)), negated(right(values))));
      }
    }
  }

  #operand(o: InitialValue | Observable, observed: readonly Observable[]): (values: Float64Array) => number {
    if (o.kind === "constant" || o.kind === "address") {
      const value = this.#layout.valueOf(o);
      return () => value;
    }
    const at = observed.findIndex((x) => observableKey(x) === observableKey(o));
    return (values) => values[at]!;
  }
}

/** Reads the observed values out of candidates of one skeleton. */
export class BoundObservation {
  readonly #probes: BoundProbes;
  readonly #partialCondition: PartialTruth;
  readonly #filterProbes: BoundProbes;
  readonly #filter: Truth;
  readonly #partialFilter: PartialTruth;

  constructor(probes: BoundProbes, partialCondition: PartialTruth, filterProbes: BoundProbes, filter: Truth, partialFilter: PartialTruth) {
    this.#probes = probes;
    this.#partialCondition = partialCondition;
    this.#filterProbes = filterProbes;
    this.#filter = filter;
    this.#partialFilter = partialFilter;
  }

  /** Of a complete candidate. Valid until the next call. */
  read(candidate: Candidate): Float64Array {
    return this.#probes.read(candidate, true);
  }

  /** The values known so far, NaN where one is open. Valid until the next call. */
  readKnown(candidate: Candidate): Float64Array {
    return this.#probes.read(candidate, false);
  }

  passesFilter(candidate: Candidate): boolean {
    return this.#filter(this.#filterProbes.read(candidate, true));
  }

  /** False when the values known so far already fail the filter, whatever is decided later. */
  mayPassFilter(candidate: Candidate): boolean {
    return this.#partialFilter(this.#filterProbes.read(candidate, false)) !== false;
  }

  /** Where in a final state each choice is seen; undefined where an open value is none of them as it stands. */
  axesOf(choices: readonly FreeChoice[]): readonly Axis[] | undefined {
    return this.#probes.axesOf(choices);
  }

  /** The condition over the values known so far; undefined while it can still go either way. */
  partialCondition(candidate: Candidate): boolean | undefined {
    return this.#partialCondition(this.#probes.read(candidate, false));
  }
}

/** Probes with the symbolic value each register has at the end of its path. */
class BoundProbes {
  readonly #skeleton: Skeleton;
  readonly #layout: MemoryLayout;
  readonly #out: Float64Array;
  /** By probe: the word, or -1. */
  readonly #words: readonly number[];
  /** By probe: an event whose value it is, or -1. */
  readonly #events: readonly number[];
  readonly #values: readonly (SymbolicValue | undefined)[];
  readonly #bases: readonly number[];

  constructor(probes: readonly Probe[], skeleton: Skeleton, layout: MemoryLayout, out: Float64Array) {
    this.#skeleton = skeleton;
    this.#layout = layout;
    this.#out = out;
    const values = probes.map((p) => (p.thread < 0 ? undefined : (skeleton.threads[p.thread]?.path.registers.get(p.register)?.value ?? { kind: "known" as const, value: p.initial })));
    this.#bases = probes.map((p) => skeleton.eventBase[p.thread] ?? 0);
    this.#values = values;
    this.#words = probes.map((p) => (p.thread < 0 ? p.word : -1));
    this.#events = values.map((value, k) => (value?.kind === "read" ? this.#bases[k]! + value.event : -1));
  }

  /** Of the candidate read last, whose open values are NaN. */
  axesOf(choices: readonly FreeChoice[]): readonly Axis[] | undefined {
    const placesOf = (of: (k: number) => boolean): readonly number[] => Array.from(this.#out.keys()).filter((k) => Number.isNaN(this.#out[k]!) && of(k));
    const axes = choices.map(({ event, word, options }) => ({ places: placesOf((k) => (event >= 0 ? this.#events[k] === event : this.#words[k] === word)), options }));
    const seen = axes.reduce((sum, { places }) => sum + places.length, 0);
    return seen === placesOf(() => true).length ? axes : undefined;
  }

  /** NaN for what a candidate that is not complete leaves open. */
  read(candidate: Candidate, isComplete: boolean): Float64Array {
    const out = this.#out;
    for (let k = 0; k < out.length; k++) {
      const event = this.#events[k]!;
      const value = this.#values[k];
      if (event >= 0) out[k] = candidate.values[event]!;
      else if (value !== undefined) out[k] = value.kind === "known" ? value.value : evaluate(value, candidate.values, this.#bases[k]!);
      else out[k] = isComplete || this.#isLastKnown(candidate, this.#words[k]!) ? this.#finalValue(candidate, this.#words[k]!) : Number.NaN;
    }
    return out;
  }

  /** Whether one write of a word is co-after all others already, and no other can turn up. */
  #isLastKnown({ writesAt, co }: Candidate, word: number): boolean {
    if (!this.#skeleton.isLocated) return false;
    if (word < 0) return true;
    const { width } = this.#skeleton.shape;
    let writes = 0;
    let lasts = 0;
    let last = -1;
    for (let k = 0; k < width; k++)
      for (let bits = writesAt[word * width + k]!; bits !== 0; bits &= bits - 1) {
        const write = (k << 5) + 31 - Math.clz32(bits & -bits);
        writes++;
        let isLast = true;
        for (let j = 0; j < width; j++) if ((co[write * width + j]! & writesAt[word * width + j]!) !== 0) isLast = false;
        if (isLast) {
          lasts++;
          last = write;
        }
      }
    // Transitive: one write without successors is after all others.
    return writes === 0 || (lasts === 1 && last >= 0);
  }

  /** The value the co-last write of a word leaves, or its initial value. */
  #finalValue(candidate: Candidate, word: number): number {
    if (word < 0) return 0;
    const { width } = this.#skeleton.shape;
    const { writesAt, co } = candidate;
    for (let k = 0; k < width; k++)
      for (let bits = writesAt[word * width + k]!; bits !== 0; bits &= bits - 1) {
        const write = (k << 5) + 31 - Math.clz32(bits & -bits);
        let isLast = true;
        for (let j = 0; j < width; j++) if ((co[write * width + j]! & writesAt[word * width + j]!) !== 0) isLast = false;
        if (isLast) return candidate.writtenValue(write);
      }
    return this.#layout.initial[word]!;
  }
}

function negated(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}

function both(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === false || b === false) return false;
  return a === undefined || b === undefined ? undefined : true;
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
