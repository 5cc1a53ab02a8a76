/*
 * Which choices of paths can have an execution at all, as far as single reads say: a condition on one
 * read must be met by a value that some chosen path, or the initial state, stores at that word. Most
 * combinations of branches fail here, before anything is built for them, and a partial choice fails
 * as early as no path of the threads still to come can supply the value.
 */
import type { MemoryLayout } from "./memory-layout.ts";
import type { Constraint, Path } from "./path.ts";
import { evaluate, impossible, visitReads, type SymbolicValue } from "./values.ts";

/** A condition on the read of `event`, which accesses `word`. */
type Demand = { readonly word: number; readonly event: number; readonly constraint: Constraint };

/** What stores put where: `any` where a value or an address is not a constant. */
type Supply = { readonly constants: ReadonlyMap<number, ReadonlySet<number>>; readonly anyAt: ReadonlySet<number>; readonly anyEverywhere: boolean };

/** Paths of the threads of one program, and what they ask of each other. */
export class FeasiblePaths {
  readonly #layout: MemoryLayout;
  /** By thread and path. */
  readonly #demands: readonly (readonly (readonly Demand[])[])[];
  readonly #supplies: readonly (readonly Supply[])[];
  /** By thread: what its paths and those of all later threads supply. */
  readonly #laterSupplies: readonly (readonly Supply[])[];
  readonly #scratch: Float64Array;

  constructor(paths: readonly (readonly Path[])[], layout: MemoryLayout) {
    this.#layout = layout;
    let eventCount = 0;
    const later: (readonly Supply[])[] = [[]];
    this.#demands = paths.map((list) => list.map((path) => demandsOf(path, layout)));
    this.#supplies = paths.map((list) => list.map((path) => supplyOf([path], layout)));
    for (const list of [...paths].reverse()) {
      for (const { events } of list) eventCount = Math.max(eventCount, events.length);
      later.unshift([supplyOf(list, layout), ...later[0]!]);
    }
    this.#laterSupplies = later;
    this.#scratch = new Float64Array(eventCount).fill(Number.NaN);
  }

  /** False: no choice for the other threads gives an execution with these paths of the first ones, given by their places. */
  mayRun(chosen: readonly number[]): boolean {
    const supplies = [...chosen.map((k, t) => this.#supplies[t]![k]!), ...this.#laterSupplies[chosen.length]!];
    if (supplies.some((s) => s.anyEverywhere)) return true;
    return chosen.every((k, t) => this.#demands[t]![k]!.every((demand) => this.#isMet(demand, supplies)));
  }

  #isMet(demand: Demand, supplies: readonly Supply[]): boolean {
    if (this.#allows(demand, this.#layout.initial[demand.word]!)) return true;
    for (const { constants, anyAt } of supplies) {
      if (anyAt.has(demand.word)) return true;
      for (const value of constants.get(demand.word) ?? []) if (this.#allows(demand, value)) return true;
    }
    return false;
  }

  #allows({ event, constraint }: Demand, value: number): boolean {
    this.#scratch[event] = value;
    const result = evaluate(constraint.value, this.#scratch, 0);
    this.#scratch[event] = Number.NaN;
    return result !== impossible && (result !== 0) === constraint.truth;
  }
}

function demandsOf({ events, constraints }: Path, layout: MemoryLayout): readonly Demand[] {
  return constraints.flatMap((constraint): readonly Demand[] => {
    const reads = new Set<number>();
    visitReads(constraint.value, (event) => reads.add(event));
    const [event] = reads;
    if (reads.size !== 1 || event === undefined) return [];
    const { kind, address } = events[event]!;
    const word = wordOf(address, layout);
    return (kind === "read" || kind === "srcu-lock") && word >= 0 ? [{ word, event, constraint }] : [];
  });
}

function supplyOf(paths: readonly Path[], layout: MemoryLayout): Supply {
  const constants = new Map<number, Set<number>>();
  const anyAt = new Set<number>();
  let anyEverywhere = false;
  for (const { events } of paths)
    for (const { kind, address, value } of events) {
      if (value === undefined || (kind !== "write" && kind !== "srcu-unlock")) continue;
      const word = wordOf(address, layout);
      if (address?.kind !== "known") anyEverywhere = true;
      else if (value.kind !== "known") anyAt.add(word);
      else {
        const values = constants.get(word) ?? new Set();
        constants.set(word, values.add(value.value));
      }
    }
  return { constants, anyAt, anyEverywhere };
}

function wordOf(address: SymbolicValue | undefined, layout: MemoryLayout): number {
  return address?.kind === "known" ? layout.wordAt(address.value) : -1;
}
