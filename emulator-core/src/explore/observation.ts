/*
 * What one looks at in a final state, as herd7 does: the observed registers, then the observed
 * locations, each with its last value; the condition and the filter over them.
 */
import type { Observable, Program, Proposition } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import type { FreeChoice } from "./free-choices.ts";
import { bytesPerWord, type MemoryLayout } from "./memory-layout.ts";
import type { Skeleton } from "./skeleton.ts";
import type { Axis } from "./state-table.ts";
import { evaluate, type SymbolicValue } from "./values.ts";

/** Where one observed value is: a register of a thread, or a word of memory. */
type Probe = { readonly text: string; readonly word: number; readonly thread: number; readonly register: string; readonly initial: number };

/** A proposition with its values by place; one shape for all kinds, for the search asks often. */
type Term = {
  readonly kind: "true" | "false" | "equals" | "not" | "and" | "or" | "implies";
  readonly left: Term | undefined;
  readonly right: Term | undefined;
  /** Places of what `equals` compares, -1 for a constant, and the constants. */
  readonly leftAt: number;
  readonly rightAt: number;
  readonly rightValue: number;
};

/** What is known of a proposition: false, true, or not decided yet. */
type Truth = 0 | 1 | 2;
const open = 2;

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
  readonly hasFilter: boolean;
  readonly #layout: MemoryLayout;
  readonly #initialRegisters: ReadonlyMap<string, number>;
  readonly #condition: Term;
  readonly #probes: readonly Probe[];
  readonly #out: Float64Array;
  readonly #filter: Term;
  readonly #filterProbes: readonly Probe[];
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
    this.#condition = this.#termOf(program.condition, observed);
    this.hasFilter = program.filter !== undefined;
    const filtered = program.filter === undefined ? [] : unique(observablesOf(program.filter));
    this.#filterProbes = filtered.map((o) => this.#probe(o));
    this.#filterOut = this.hasFilter ? new Float64Array(filtered.length) : this.#out;
    this.#filter = this.#termOf(program.filter ?? always, filtered);
  }

  /** The condition over the values of `bind(…).read`. */
  satisfies(values: Float64Array): boolean {
    return truthOf(this.#condition, values, true) === 1;
  }

  /** The probes placed in the events of one skeleton. */
  bind(skeleton: Skeleton): BoundObservation {
    const probes = new BoundProbes(this.#probes, skeleton, this.#layout, this.#out);
    const filterProbes = this.hasFilter ? new BoundProbes(this.#filterProbes, skeleton, this.#layout, this.#filterOut) : probes;
    return new BoundObservation(probes, this.#condition, filterProbes, this.#filter);
  }

  #probe(o: Observable): Probe {
    if (o.kind === "register") {
      const text = `${o.thread}:${o.register}`;
      return { text, word: -1, thread: o.thread, register: o.register, initial: this.#initialRegisters.get(text) ?? 0 };
    }
    const text = this.#layout.isArray(o.location) ? `${o.location}[${o.offset / bytesPerWord}]` : `[${o.location}]`;
    return { text, word: this.#layout.wordOf(o.location, o.offset), thread: -1, register: "", initial: 0 };
  }

  #termOf(p: Proposition, observed: readonly Observable[]): Term {
    switch (p.kind) {
      case "true":
      case "false":
        return term(p.kind, undefined, undefined);
      case "not":
        return term(p.kind, this.#termOf(p.operand, observed), undefined);
      case "equals": {
        const { right } = p;
        const isConstant = right.kind === "constant" || right.kind === "address";
        return { kind: p.kind, left: undefined, right: undefined, leftAt: placeOf(p.left, observed), rightAt: isConstant ? -1 : placeOf(right, observed), rightValue: isConstant ? this.#layout.valueOf(right) : 0 };
      }
      default:
        return term(p.kind, this.#termOf(p.left, observed), this.#termOf(p.right, observed));
    }
  }
}

function term(kind: Term["kind"], left: Term | undefined, right: Term | undefined): Term {
  return { kind, left, right, leftAt: -1, rightAt: -1, rightValue: 0 };
}

const always: Proposition = { kind: "true" };

function placeOf(o: Observable, observed: readonly Observable[]): number {
  return observed.findIndex((x) => isSame(x, o));
}

/** Over values of which NaN are unknown; of a complete execution none is, and NaN equals nothing. */
function truthOf(p: Term, values: Float64Array, isComplete: boolean): Truth {
  switch (p.kind) {
    case "true":
      return 1;
    case "false":
      return 0;
    case "equals": {
      const left = values[p.leftAt]!;
      const right = p.rightAt < 0 ? p.rightValue : values[p.rightAt]!;
      if (left === right) return 1;
      return !isComplete && (left !== left || right !== right) ? open : 0;
    }
    case "not":
      return negated(truthOf(p.left!, values, isComplete));
    case "and": {
      const left = truthOf(p.left!, values, isComplete);
      return left === 0 ? 0 : both(left, truthOf(p.right!, values, isComplete));
    }
    default: {
      const left = truthOf(p.left!, values, isComplete);
      const first = p.kind === "or" ? negated(left) : left;
      return first === 0 ? 1 : negated(both(first, negated(truthOf(p.right!, values, isComplete))));
    }
  }
}

/** Reads the observed values out of candidates of one skeleton. */
export class BoundObservation {
  readonly #probes: BoundProbes;
  readonly #condition: Term;
  readonly #filterProbes: BoundProbes;
  readonly #filter: Term;

  constructor(probes: BoundProbes, condition: Term, filterProbes: BoundProbes, filter: Term) {
    this.#probes = probes;
    this.#condition = condition;
    this.#filterProbes = filterProbes;
    this.#filter = filter;
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
    return truthOf(this.#filter, this.#filterProbes.read(candidate, true), true) === 1;
  }

  /** False when the values known so far already fail the filter, whatever is decided later. */
  mayPassFilter(candidate: Candidate): boolean {
    return truthOf(this.#filter, this.#filterProbes.read(candidate, false), false) !== 0;
  }

  /** Where in a final state each choice is seen; undefined where an open value is none of them as it stands. */
  axesOf(choices: readonly FreeChoice[]): readonly Axis[] | undefined {
    return this.#probes.axesOf(choices);
  }

  /** The condition over the values known so far; undefined while it can still go either way. */
  partialCondition(candidate: Candidate): boolean | undefined {
    const truth = truthOf(this.#condition, this.#probes.read(candidate, false), false);
    return truth === open ? undefined : truth === 1;
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

function negated(truth: Truth): Truth {
  return truth === open ? open : truth === 1 ? 0 : 1;
}

function both(a: Truth, b: Truth): Truth {
  if (a === 0 || b === 0) return 0;
  return a === open || b === open ? open : 1;
}

function observableKey(o: Observable): string {
  return o.kind === "register" ? `${o.thread}:${o.register}` : `[${o.location}+${o.offset}]`;
}

function isSame(a: Observable, b: Observable): boolean {
  if (a.kind === "register") return b.kind === "register" && a.thread === b.thread && a.register === b.register;
  return b.kind === "location" && a.location === b.location && a.offset === b.offset;
}

/** Mostly few, where looking through them costs less than a key for each. */
const fewObservables = 32;

function unique(observables: readonly Observable[]): Observable[] {
  if (observables.length > fewObservables) return [...new Map(observables.map((o): [string, Observable] => [observableKey(o), o])).values()];
  const found: Observable[] = [];
  for (const o of observables) if (placeOf(o, found) < 0) found.push(o);
  return found;
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

function observablesOf(p: Proposition, found: Observable[] = []): readonly Observable[] {
  switch (p.kind) {
    case "true":
    case "false":
      return found;
    case "not":
      return observablesOf(p.operand, found);
    case "equals":
      found.push(p.left);
      if (p.right.kind === "register" || p.right.kind === "location") found.push(p.right);
      return found;
    default:
      observablesOf(p.left, found);
      return observablesOf(p.right, found);
  }
}
