/*
 * check(program): every execution the model allows, counted as herd7 counts them.
 */
import { executionOf, type Execution } from "./execution.ts";
import { later, type Candidate } from "./explore/candidate.ts";
import { FeasiblePaths } from "./explore/feasible-paths.ts";
import type { FreeChoice } from "./explore/free-choices.ts";
import { MemoryLayout } from "./explore/memory-layout.ts";
import { Observation, type BoundObservation } from "./explore/observation.ts";
import { Search, SearchHabits, type SearchHost } from "./explore/search.ts";
import { skeletonOf, type Skeleton } from "./explore/skeleton.ts";
import { stateLines, type StateList } from "./explore/state-list.ts";
import { StateTable } from "./explore/state-table.ts";
import { automorphismsOf, nodeMapOf, stateMapOf, type Automorphism, type NodeSymmetry, type StateMap } from "./explore/symmetry.ts";
import { noEvents, type Path, type RegisterValue } from "./explore/path.ts";
import { pathsMax, pathsOf, unrollMax } from "./explore/thread-semantics.ts";
import { known } from "./explore/values.ts";
import { ModelChecker, profileOf, type ModelName } from "./lkmm/lkmm.ts";
import type { ModelProfile } from "./lkmm/profiles.ts";
import { isRead, threadRelations, type ThreadRelations } from "./lkmm/thread-relations.ts";
import type { Program } from "./program.ts";
import { scoped } from "./relation/pool.ts";

export type { ModelName } from "./lkmm/lkmm.ts";

export type CheckOptions = {
  /** Default `lkmm`. */
  readonly model?: ModelName;
  /**
   * `executions` (default) counts every execution. `states` skips those whose final state and flags are known:
   * observation, states and flags are the same, counts are of those met. `verdict` stops as soon as the
   * observation is certain and no data race can be missing; its counts, states and other flags are those met so far.
   */
  readonly mode?: "executions" | "states" | "verdict";
  /** Whether threads that are the same up to names are explored once; the answer is the same. Default `where-it-pays`. */
  readonly symmetry?: "where-it-pays" | "always" | "never";
  /** Every plain access treated as READ_ONCE or WRITE_ONCE. */
  readonly plainAsMarked?: boolean;
  /** `executionsMax` counts what is `explored`; `eventsMax` the events of one execution. */
  readonly budget?: { readonly executionsMax?: number; readonly eventsMax?: number };
  /** Polled often; true ends the search with limit `time`. */
  readonly shouldStop?: () => boolean;
  readonly onProgress?: (explored: number) => void;
};

export type Limit = { readonly kind: "executions" | "time" | "events" | "loop"; readonly value: number };

export type Verdict = "Always" | "Never" | "Sometimes" | "Undecided";

export type CheckResult = {
  readonly observation: Verdict;
  /** Allowed executions that do and do not satisfy the condition. */
  readonly positive: number;
  readonly negative: number;
  /** Sorted by code unit: numbers and what to print for their digits, which takes far less memory than `states`. */
  readonly stateList: StateList;
  /** As herd7 prints them. */
  readonly states: readonly string[];
  /** Executions that end in each state. */
  readonly stateCounts: readonly number[];
  readonly flags: readonly string[];
  /** herd7's Ok and No; meaningless when undecided. */
  readonly holds: boolean;
  /** Complete candidates and dead ends met; executions counted together are one. */
  readonly explored: number;
  /** `loop` does not stop the search: some execution wanted more rounds than are unrolled, as herd7's `Loop`. */
  readonly limit: Limit | null;
  readonly loopCut: boolean;
  /** An execution that satisfies the condition, one with few inversions if the first ones differ. */
  readonly witness: Execution | null;
};

/** Events of one execution beyond which we do not start: rows of bits grow with the square. */
const eventsMaxDefault = 512;

/** Satisfying executions looked at for the one that is easiest to follow. */
const witnessesMax = 8;

/** Leaves between two calls of `onProgress`. */
const progressEvery = 1024;

/** Reads of all threads below which looking for symmetry costs more than it saves. */
const symmetryReadsMin = 6;

/** A verdict needs few executions. */
const symmetryReadsMinOfVerdict = 12;

/** States counted at once: their numbers stay near the processor, and a limit is met in time. */
const productMax = 1 << 14;

/** Decisions between two polls of `shouldStop`. */
const pollEvery = 32;

export function check(program: Program, options: CheckOptions = {}): CheckResult {
  return new Check(program, options).run();
}

/** Owns the counts of one run. */
class Check {
  readonly #program: Program;
  readonly #options: CheckOptions;
  readonly #profile: ModelProfile;
  readonly #layout: MemoryLayout;
  readonly #observation: Observation;
  readonly #initialRegisters: readonly ReadonlyMap<string, RegisterValue>[];
  readonly #states: StateTable;
  /** Some path has a plain access. */
  #hasPlain = false;
  readonly #flags = new Set<string>();
  readonly #habits: SearchHabits;
  /** Automorphisms of the program, the identity first, and what they do to final states. */
  #group: readonly Automorphism[] = [];
  #stateMaps: readonly StateMap[] = [];
  /** By path: its place in the list of its thread. */
  readonly #pathIndex = new Map<Path, number>();
  #positive = 0;
  #negative = 0;
  #explored = 0;
  #polls = 0;
  #limit: Limit | null = null;
  #loopCut = false;
  /** Executions that satisfy the condition, the first few. */
  readonly #witnesses: (() => Candidate)[] = [];
  #isDone = false;

  constructor(program: Program, options: CheckOptions) {
    this.#program = program;
    this.#options = options;
    this.#profile = profileOf(options.model ?? "lkmm");
    this.#habits = new SearchHabits(options.mode === "verdict");
    this.#layout = new MemoryLayout(program);
    const byThread = program.threads.map(() => new Map<string, RegisterValue>());
    const flat = new Map<string, number>();
    for (const { thread, register, value } of program.initialRegisters ?? []) {
      const number = this.#layout.valueOf(value);
      byThread[thread]?.set(register, { value: known(number), taint: noEvents });
      flat.set(`${thread}:${register}`, number);
    }
    this.#initialRegisters = byThread;
    this.#observation = new Observation(program, this.#layout, flat);
    this.#states = new StateTable(this.#observation.texts, (value) => this.#layout.print(value));
  }

  run(): CheckResult {
    scoped(() => { this.#runInScope(); });
    return this.#result();
  }

  #runInScope(): void {
    const paths = this.#paths();
    if (paths !== undefined) {
      this.#findSymmetry(paths);
      const derived = new Map<Path, ThreadRelations>();
      const feasible = new FeasiblePaths(paths, this.#layout);
      this.#combine(paths, [], feasible, (path) => {
        let relations = derived.get(path);
        if (relations === undefined) derived.set(path, (relations = threadRelations(path, this.#profile)));
        return relations;
      });
    }
  }

  #paths(): readonly (readonly Path[])[] | undefined {
    const settings = { globalOf: (name: string) => this.#layout.globalOf(name), plainAsMarked: this.#options.plainAsMarked === true, srcu: this.#profile.srcu, isStopped: () => this.#isStopped() };
    const all: (readonly Path[])[] = [];
    for (const [t, thread] of this.#program.threads.entries()) {
      const paths = pathsOf(thread.body, this.#initialRegisters[t]!, { ...settings, thread: t });
      if (paths === undefined) {
        this.#limit ??= { kind: "executions", value: pathsMax };
        return undefined;
      }
      all.push(paths);
    }
    this.#hasPlain = all.some((paths) => paths.some((path) => path.events.some((event) => event.tag === "plain")));
    const events = all.reduce((sum, list) => sum + Math.max(0, ...list.map((p) => p.events.length)), 0);
    const eventsMax = this.#options.budget?.eventsMax ?? eventsMaxDefault;
    if (events > eventsMax) {
      this.#limit = { kind: "events", value: eventsMax };
      return undefined;
    }
    return all;
  }

  /** Every choice of one path a thread that may have an execution. */
  #combine(paths: readonly (readonly Path[])[], chosen: readonly Path[], feasible: FeasiblePaths, derive: (path: Path) => ThreadRelations): void {
    const next = paths[chosen.length];
    if (next === undefined) {
      if (!this.#isLesserElsewhere(chosen)) this.#search(chosen.map(derive));
      return;
    }
    for (const path of next) {
      if (this.#isStopped()) return;
      const longer = [...chosen, path];
      if (feasible.mayRun(longer)) this.#combine(paths, longer, feasible, derive);
    }
  }

  /** Looked for where there is enough to save. Values that nothing determines are named by their place, so a copy of a read spoils it. */
  #findSymmetry(paths: readonly (readonly Path[])[]): void {
    const sum = (count: (path: Path) => number): number => paths.reduce((all, list) => all + Math.max(0, ...list.map(count)), 0);
    const { symmetry = "where-it-pays", mode } = this.#options;
    if (symmetry === "never" || paths.length < 2 || this.#profile.srcu !== "accesses") return;
    const readsMin = symmetry === "always" ? 0 : mode === "verdict" ? symmetryReadsMinOfVerdict : symmetryReadsMin;
    if (sum((path) => path.events.filter(isRead).length) < readsMin) return;
    if (paths.some((list) => list.some((path) => path.events.some((event) => event.value?.kind === "read")))) return;
    const group = automorphismsOf(this.#program);
    if (group.length === 1) return;
    const stateMaps = group.map((by) => stateMapOf(by, this.#observation.observed, this.#layout));
    const isAlike = (a: Path, b: Path | undefined): boolean => b !== undefined && a.events.length === b.events.length && a.events.every((event, k) => event.kind === b.events[k]!.kind && event.tag === b.events[k]!.tag);
    const mapsPaths = group.every(({ threads }) => paths.every((list, t) => list.length === paths[threads[t]!]!.length && list.every((path, k) => isAlike(path, paths[threads[t]!]![k]))));
    if (!mapsPaths || !stateMaps.every((map) => map !== undefined)) return;
    for (const list of paths) list.forEach((path, k) => this.#pathIndex.set(path, k));
    this.#group = group;
    this.#stateMaps = stateMaps;
  }

  /** An automorphism makes a choice of paths that comes earlier of this one. */
  #isLesserElsewhere(chosen: readonly Path[]): boolean {
    return this.#group.some(({ threads }) => this.#comparePaths(chosen, threads) < 0);
  }

  #comparePaths(chosen: readonly Path[], threads: readonly number[]): number {
    for (let t = 0; t < chosen.length; t++) {
      const difference = this.#pathIndex.get(chosen[threads.indexOf(t)]!)! - this.#pathIndex.get(chosen[t]!)!;
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** The automorphisms that keep every path where it is. */
  #nodeSymmetry({ threads, nodeBase }: Skeleton): NodeSymmetry | undefined {
    if (this.#group.length < 2) return undefined;
    const chosen = threads.map(({ path }) => path);
    const lengths = threads.map(({ nodes }) => nodes.length);
    const kept = this.#group.slice(1).filter((by) => this.#comparePaths(chosen, by.threads) === 0);
    return { maps: kept.map((by) => nodeMapOf(by, nodeBase, lengths)), groupSize: this.#group.length };
  }

  #search(chosen: readonly ThreadRelations[]): void {
    const isCut = chosen.some((t) => t.path.cut);
    if (!isCut || !this.#loopCut) scoped(() => { this.#searchSkeleton(chosen, isCut); });
  }

  #searchSkeleton(chosen: readonly ThreadRelations[], isCut: boolean): void {
    const skeleton = skeletonOf(chosen, this.#profile);
    const bound = this.#observation.bind(skeleton);
    const checker = new ModelChecker(this.#options.model ?? "lkmm", skeleton);
    const host: SearchHost = {
      isConsistent: (candidate) => checker.isConsistent(candidate),
      staysConsistent: (candidate) => checker.staysConsistent(candidate),
      mayRead: (candidate, read, source) => checker.mayRead(candidate, read, source),
      decideFirst: this.#decidedFirst(),
      mayMatter: this.#mayMatter(bound, checker, isCut),
      symmetry: this.#nodeSymmetry(skeleton),
      onLeaf: (candidate, isKnown, isDerived, times) => {
        this.#leaf(candidate, isKnown, isDerived, times, checker, bound, isCut);
      },
      onProduct: this.#countsProducts(checker, isCut) ? (candidate, choices, times) => this.#isProductCounted(candidate, choices, times, checker, bound) : undefined,
      onDeadEnd: () => {
        this.#count();
      },
      onTooDeep: () => {
        this.#limit ??= { kind: "events", value: skeleton.nodes.length };
      },
      isStopped: () => this.#isStopped() || (isCut && this.#loopCut),
    };
    new Search(skeleton, this.#layout, host, this.#habits).run();
  }

  #decidedFirst(): SearchHost["decideFirst"] {
    if (this.#options.mode === "verdict") return this.#observation.registers;
    return this.#options.mode === "states" ? this.#observation.observed.flatMap((o) => (o.kind === "register" ? [o] : [])) : [];
  }

  #mayMatter(bound: BoundObservation, checker: ModelChecker, isCut: boolean): SearchHost["mayMatter"] {
    const { mode } = this.#options;
    const passes = this.#program.filter === undefined ? undefined : (candidate: Candidate): boolean => bound.mayPassFilter(candidate);
    if (mode === "verdict") return (candidate) => (passes === undefined || passes(candidate)) && this.#mayChangeVerdict(candidate, bound);
    if (mode !== "states" || isCut) return passes;
    return (candidate) => (passes === undefined || passes(candidate)) && (!this.#states.has(bound.readKnown(candidate)) || checker.mayRaise(this.#flags));
  }

  /** In verdict mode one execution of each kind is enough: look for the kind that is missing. */
  #mayChangeVerdict(candidate: Candidate, bound: BoundObservation): boolean {
    if (this.#options.mode !== "verdict" || this.#positive + this.#negative === 0 || this.#wantsRace()) return true;
    return bound.partialCondition(candidate) !== this.#positive > 0;
  }

  /** A data race is part of the answer: where one is possible, the search goes on until it is met. */
  #wantsRace(): boolean {
    return this.#hasPlain && !this.#flags.has("data-race");
  }

  #leaf(candidate: Candidate, isKnown: boolean, isDerived: boolean, times: number, checker: ModelChecker, bound: BoundObservation, isCut: boolean): void {
    this.#count();
    if (this.#observation.hasFilter && !bound.passesFilter(candidate)) return;
    if (!checker.judge(candidate, isKnown, isDerived, this.#observation.words, isCut ? new Set() : this.#flags)) return;
    if (isCut) {
      this.#loopCut = true;
      return;
    }
    if (this.#states.add(bound.read(candidate), this.#observation.satisfies, times)) {
      this.#positive += times;
      this.#keepWitness(candidate);
    } else this.#negative += times;
    if (this.#states.isFull) this.#limit ??= { kind: "executions", value: this.#explored };
    if (this.#options.mode === "verdict" && this.#positive > 0 && this.#negative > 0 && !this.#wantsRace()) this.#isDone = true;
  }

  /** Plain accesses need a look at every execution, a filter at every state. */
  #countsProducts(checker: ModelChecker, isCut: boolean): boolean {
    return this.#options.mode !== "verdict" && !isCut && !checker.hasPlain && !this.#observation.hasFilter;
  }

  /** Where the condition is certain, no witness is wanted of them and no flag can come of them. */
  #isProductCounted(candidate: Candidate, choices: readonly FreeChoice[], times: number, checker: ModelChecker, bound: BoundObservation): boolean {
    if (checker.mayRaise(this.#flags)) return false;
    const satisfies = bound.partialCondition(candidate);
    if (satisfies === undefined || (satisfies && this.#witnesses.length < witnessesMax)) return false;
    const axes = bound.axesOf(choices);
    if (axes === undefined) return false;
    const size = axes.reduce((product, { places, options }) => product * (places.length > 0 ? options.length : 1), 1);
    if (size > productMax) return false;
    const counted = this.#states.addProduct(bound.readKnown(candidate), axes, satisfies, times);
    if (counted === undefined) return false;
    this.#count();
    if (satisfies) this.#positive += counted;
    else this.#negative += counted;
    if (this.#states.isFull) this.#limit ??= { kind: "executions", value: this.#explored };
    return true;
  }

  #keepWitness(candidate: Candidate): void {
    if (this.#witnesses.length < witnessesMax) this.#witnesses.push(later(candidate));
  }

  #bestWitness(): Execution | null {
    let best: Execution | null = null;
    for (const candidate of this.#witnesses) {
      const execution = executionOf(candidate(), this.#layout);
      if (best === null || weight(execution) < weight(best)) best = execution;
      if (best.inversions.length === 0) break;
    }
    return best;
  }

  #count(): void {
    this.#explored++;
    const max = this.#options.budget?.executionsMax;
    if (max !== undefined && this.#explored >= max && this.#limit === null) this.#limit = { kind: "executions", value: max };
    if (this.#explored % progressEvery === 0) this.#options.onProgress?.(this.#explored);
  }

  #isStopped(): boolean {
    if (this.#isDone || this.#limit !== null) return true;
    if (this.#polls++ % pollEvery === 0 && this.#options.shouldStop?.() === true) this.#limit = { kind: "time", value: this.#explored };
    return this.#limit !== null;
  }

  #result(): CheckResult {
    const positive = this.#positive;
    const negative = this.#negative;
    const observation: Verdict =
      positive > 0 && negative > 0 ? "Sometimes" : this.#limit !== null ? "Undecided" : positive === 0 ? "Never" : "Always";
    let expanded: StateTable | undefined;
    const table = (): StateTable => (expanded ??= this.#group.length > 1 ? this.#states.expanded(this.#stateMaps, this.#observation.satisfies) : this.#states);
    const bestWitness = (): Execution | null => this.#bestWitness();
    let best: { readonly execution: Execution | null } | undefined;
    let list: StateList | undefined;
    let lines: readonly string[] | undefined;
    let counts: readonly number[] | undefined;
    const stateList = (): StateList => (list ??= table().list());
    const { quantifier } = this.#program;
    const holds = quantifier === "exists" ? positive > 0 : quantifier === "forall" ? negative === 0 : positive === 0;
    return {
      observation,
      positive,
      negative,
      // Lines cost more than the search where there are many, and few callers look.
      get stateList() {
        return stateList();
      },
      get states() {
        return (lines ??= stateLines(stateList()));
      },
      get stateCounts() {
        return (counts ??= table().listCounts());
      },
      flags: [...this.#flags].sort(),
      holds,
      explored: this.#explored,
      limit: this.#limit ?? (this.#loopCut ? { kind: "loop", value: unrollMax } : null),
      loopCut: this.#loopCut,
      get witness() {
        return (best ??= { execution: bestWitness() }).execution;
      },
    };
  }
}

/** Inversions are what a reader has to be told about; events only cost lines. */
function weight(execution: Execution): number {
  return execution.inversions.length * 1000 + execution.events.length;
}
