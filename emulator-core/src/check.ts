/*
 * check(program): every execution the model allows, counted as herd7 counts them.
 */
import { executionOf, type Execution } from "./execution.ts";
import { KeptCandidate, type Candidate } from "./explore/candidate.ts";
import { FeasiblePaths } from "./explore/feasible-paths.ts";
import type { FreeChoice } from "./explore/free-choices.ts";
import { MemoryLayout } from "./explore/memory-layout.ts";
import { Observation, type BoundObservation } from "./explore/observation.ts";
import { Search, SearchHabits, type SearchHost } from "./explore/search.ts";
import { skeletonOf, type Skeleton } from "./explore/skeleton.ts";
import { StateTable } from "./explore/state-table.ts";
import { automorphismsOf, nodeMapOf, stateMapOf, type Automorphism, type NodeSymmetry, type StateMap } from "./explore/symmetry.ts";
import { noEvents, type Path, type RegisterValue } from "./explore/path.ts";
import { threadPathsOf, type ThreadPaths } from "./explore/thread-paths.ts";
import { pathsMax, unrollMax } from "./explore/thread-semantics.ts";
import { known } from "./explore/values.ts";
import { ModelChecker, profileOf, type ModelName } from "./lkmm/lkmm.ts";
import type { ModelProfile } from "./lkmm/profiles.ts";
import type { ThreadRelations } from "./lkmm/thread-relations.ts";
import type { Program } from "./program.ts";
import { scoped } from "./relation/pool.ts";
import { Result, type CheckResult, type Limit, type Verdict } from "./result.ts";

export type { ModelName } from "./lkmm/lkmm.ts";
export type { CheckResult, Limit, Verdict } from "./result.ts";

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

/** Owns the counts of one run, and is what each of its searches asks and tells: one class, so that the calls are cheap. */
class Check implements SearchHost {
  readonly #program: Program;
  readonly #options: CheckOptions;
  readonly #profile: ModelProfile;
  readonly #layout: MemoryLayout;
  readonly #observation: Observation;
  readonly #initialRegisters: readonly ReadonlyMap<string, RegisterValue>[];
  readonly #satisfies: (values: Float64Array) => boolean;
  readonly #states: StateTable;
  /** Some path has a plain access. */
  #hasPlain = false;
  readonly #flags = new Set<string>();
  readonly #habits: SearchHabits;
  /** Automorphisms of the program, the identity first, and what they do to final states. */
  #group: readonly Automorphism[] = [];
  #stateMaps: readonly StateMap[] = [];
  #positive = 0;
  #negative = 0;
  #explored = 0;
  #polls = 0;
  #limit: Limit | null = null;
  #loopCut = false;
  /** Executions that satisfy the condition, the first few. */
  readonly #witnesses: KeptCandidate[] = [];
  #isDone = false;
  /** Of the choice of paths that is searched. */
  symmetry: NodeSymmetry | undefined;
  #bound!: BoundObservation;
  #checker!: ModelChecker;
  /** The choice is one that is cut short by a loop. */
  #isCut = false;
  onProduct: SearchHost["onProduct"];
  readonly #countProduct = (candidate: Candidate, choices: readonly FreeChoice[], times: number): boolean => this.#isProductCounted(candidate, choices, times);

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
    const observation = this.#observation;
    this.#satisfies = (values) => observation.satisfies(values);
    this.#states = new StateTable(this.#observation.texts, (value) => this.#layout.print(value));
  }

  run(): CheckResult {
    scoped(() => { this.#runInScope(); });
    return this.#result();
  }

  #runInScope(): void {
    const threads = this.#paths();
    if (threads === undefined) return;
    this.#findSymmetry(threads);
    // Most tests have no branches: then there is nothing to choose, and the one choice is as good as its image.
    if (threads.every(({ paths }) => paths.length === 1)) this.#search(threads.map((thread) => thread.relationsOf(0)), threads.map(() => 0));
    else this.#combine(threads, [], new FeasiblePaths(threads.map(({ paths }) => paths), this.#layout));
  }

  #paths(): readonly ThreadPaths[] | undefined {
    const plainAsMarked = this.#options.plainAsMarked === true;
    const isStopped = (): boolean => this.#mustStop();
    const all: ThreadPaths[] = [];
    let events = 0;
    for (const [t, thread] of this.#program.threads.entries()) {
      const paths = threadPathsOf(thread, this.#initialRegisters[t]!, { layout: this.#layout, profile: this.#profile, plainAsMarked, thread: t, isStopped });
      if (paths === undefined) {
        this.#limit ??= { kind: "executions", value: pathsMax };
        return undefined;
      }
      all.push(paths);
      events += paths.eventsMax;
      if (paths.hasPlain) this.#hasPlain = true;
    }
    const eventsMax = this.#options.budget?.eventsMax ?? eventsMaxDefault;
    if (events > eventsMax) {
      this.#limit = { kind: "events", value: eventsMax };
      return undefined;
    }
    return all;
  }

  /** Every choice of one path a thread that may have an execution. `chosen`: places in the lists of the first threads. */
  #combine(threads: readonly ThreadPaths[], chosen: readonly number[], feasible: FeasiblePaths): void {
    const next = threads[chosen.length];
    if (next === undefined) {
      if (!this.#isLesserElsewhere(chosen)) this.#search(threads.map((thread, t) => thread.relationsOf(chosen[t]!)), chosen);
      return;
    }
    for (let k = 0; k < next.paths.length; k++) {
      if (this.#mustStop()) return;
      const longer = [...chosen, k];
      if (feasible.mayRun(longer)) this.#combine(threads, longer, feasible);
    }
  }

  /** Looked for where there is enough to save. Values that nothing determines are named by their place, so a copy of a read spoils it. */
  #findSymmetry(threads: readonly ThreadPaths[]): void {
    const { symmetry = "where-it-pays", mode } = this.#options;
    if (symmetry === "never" || threads.length < 2 || this.#profile.srcu !== "accesses") return;
    const readsMin = symmetry === "always" ? 0 : mode === "verdict" ? symmetryReadsMinOfVerdict : symmetryReadsMin;
    if (threads.reduce((sum, { readsMax }) => sum + readsMax, 0) < readsMin || threads.some(({ hasCopies }) => hasCopies)) return;
    const group = automorphismsOf(this.#program);
    if (group.length === 1) return;
    const paths = threads.map((thread) => thread.paths);
    const stateMaps = group.map((by) => stateMapOf(by, this.#observation.observed, this.#layout));
    const isAlike = (a: Path, b: Path | undefined): boolean => b !== undefined && a.events.length === b.events.length && a.events.every((event, k) => event.kind === b.events[k]!.kind && event.tag === b.events[k]!.tag);
    const mapsPaths = group.every((by) => paths.every((list, t) => list.length === paths[by.threads[t]!]!.length && list.every((path, k) => isAlike(path, paths[by.threads[t]!]![k]))));
    if (!mapsPaths || !stateMaps.every((map) => map !== undefined)) return;
    this.#group = group;
    this.#stateMaps = stateMaps;
  }

  /** An automorphism makes a choice of paths that comes earlier of this one. */
  #isLesserElsewhere(chosen: readonly number[]): boolean {
    return this.#group.length > 1 && this.#group.some(({ threads }) => comparePaths(chosen, threads) < 0);
  }

  /** The automorphisms that keep every path where it is. */
  #nodeSymmetry({ threads, nodeBase }: Skeleton, chosen: readonly number[]): NodeSymmetry | undefined {
    if (this.#group.length < 2) return undefined;
    const lengths = threads.map(({ nodes }) => nodes.length);
    const kept = this.#group.slice(1).filter((by) => comparePaths(chosen, by.threads) === 0);
    return { maps: kept.map((by) => nodeMapOf(by, nodeBase, lengths)), groupSize: this.#group.length };
  }

  #search(relations: readonly ThreadRelations[], chosen: readonly number[]): void {
    const isCut = relations.some((t) => t.path.cut);
    if (!isCut || !this.#loopCut) scoped(() => { this.#searchSkeleton(relations, chosen, isCut); });
  }

  #searchSkeleton(relations: readonly ThreadRelations[], chosen: readonly number[], isCut: boolean): void {
    const skeleton = skeletonOf(relations, this.#profile);
    this.#isCut = isCut;
    this.#bound = this.#observation.bind(skeleton);
    this.#checker = new ModelChecker(this.#options.model ?? "lkmm", skeleton);
    this.symmetry = this.#nodeSymmetry(skeleton, chosen);
    this.onProduct = this.#countsProducts() ? this.#countProduct : undefined;
    new Search(skeleton, this.#layout, this, this.#habits).run();
  }

  isConsistent(candidate: Candidate): boolean {
    return this.#checker.isConsistent(candidate);
  }

  staysConsistent(candidate: Candidate): boolean {
    return this.#checker.staysConsistent(candidate);
  }

  mayRead(candidate: Candidate, read: number, source: number): boolean {
    return this.#checker.mayRead(candidate, read, source);
  }

  get decideFirst(): SearchHost["decideFirst"] {
    if (this.#options.mode === "verdict") return this.#observation.registers;
    return this.#options.mode === "states" ? this.#observation.observed.flatMap((o) => (o.kind === "register" ? [o] : [])) : [];
  }

  mayMatter(candidate: Candidate): boolean {
    if (this.#observation.hasFilter && !this.#bound.mayPassFilter(candidate)) return false;
    if (this.#options.mode === "verdict") return this.#mayChangeVerdict(candidate);
    if (this.#options.mode !== "states" || this.#isCut) return true;
    return !this.#states.has(this.#bound.readKnown(candidate)) || this.#checker.mayRaise(this.#flags);
  }

  /** In verdict mode one execution of each kind is enough: look for the kind that is missing. */
  #mayChangeVerdict(candidate: Candidate): boolean {
    if (this.#positive + this.#negative === 0 || this.#wantsRace()) return true;
    return this.#bound.partialCondition(candidate) !== this.#positive > 0;
  }

  /** A data race is part of the answer: where one is possible, the search goes on until it is met. */
  #wantsRace(): boolean {
    return this.#hasPlain && !this.#flags.has("data-race");
  }

  onLeaf(candidate: Candidate, isKnown: boolean, isDerived: boolean, times: number): void {
    this.onDeadEnd();
    if (this.#observation.hasFilter && !this.#bound.passesFilter(candidate)) return;
    if (!this.#checker.judge(candidate, isKnown, isDerived, this.#observation.words, this.#isCut ? new Set() : this.#flags)) return;
    if (this.#isCut) {
      this.#loopCut = true;
      return;
    }
    if (this.#states.add(this.#bound.read(candidate), this.#satisfies, times)) {
      this.#positive += times;
      this.#keepWitness(candidate);
    } else this.#negative += times;
    if (this.#states.isFull) this.#limit ??= { kind: "executions", value: this.#explored };
    if (this.#options.mode === "verdict" && this.#positive > 0 && this.#negative > 0 && !this.#wantsRace()) this.#isDone = true;
  }

  /** Plain accesses need a look at every execution, a filter at every state. */
  #countsProducts(): boolean {
    return this.#options.mode !== "verdict" && !this.#isCut && !this.#checker.hasPlain && !this.#observation.hasFilter;
  }

  /** Where the condition is certain, no witness is wanted of them and no flag can come of them. */
  #isProductCounted(candidate: Candidate, choices: readonly FreeChoice[], times: number): boolean {
    const bound = this.#bound;
    if (this.#checker.mayRaise(this.#flags)) return false;
    const satisfies = bound.partialCondition(candidate);
    if (satisfies === undefined || (satisfies && this.#witnesses.length < witnessesMax)) return false;
    const axes = bound.axesOf(choices);
    if (axes === undefined) return false;
    const size = axes.reduce((product, { places, options }) => product * (places.length > 0 ? options.length : 1), 1);
    if (size > productMax) return false;
    const counted = this.#states.addProduct(bound.readKnown(candidate), axes, satisfies, times);
    if (counted === undefined) return false;
    this.onDeadEnd();
    if (satisfies) this.#positive += counted;
    else this.#negative += counted;
    if (this.#states.isFull) this.#limit ??= { kind: "executions", value: this.#explored };
    return true;
  }

  #keepWitness(candidate: Candidate): void {
    if (this.#witnesses.length < witnessesMax) this.#witnesses.push(new KeptCandidate(candidate));
  }

  /** Counts, also leaves. */
  onDeadEnd(): void {
    this.#explored++;
    const max = this.#options.budget?.executionsMax;
    if (max !== undefined && this.#explored >= max && this.#limit === null) this.#limit = { kind: "executions", value: max };
    if (this.#explored % progressEvery === 0) this.#options.onProgress?.(this.#explored);
  }

  onTooDeep({ skeleton }: Candidate): void {
    this.#limit ??= { kind: "events", value: skeleton.nodes.length };
  }

  isStopped(): boolean {
    return this.#mustStop() || (this.#isCut && this.#loopCut);
  }

  #mustStop(): boolean {
    if (this.#isDone || this.#limit !== null) return true;
    if (this.#polls++ % pollEvery === 0 && this.#options.shouldStop?.() === true) this.#limit = { kind: "time", value: this.#explored };
    return this.#limit !== null;
  }

  #result(): CheckResult {
    const positive = this.#positive;
    const negative = this.#negative;
    const observation: Verdict =
      positive > 0 && negative > 0 ? "Sometimes" : this.#limit !== null ? "Undecided" : positive === 0 ? "Never" : "Always";
    const { quantifier } = this.#program;
    const holds = quantifier === "exists" ? positive > 0 : quantifier === "forall" ? negative === 0 : positive === 0;
    const limit = this.#limit ?? (this.#loopCut ? { kind: "loop" as const, value: unrollMax } : null);
    return new Result(this, { observation, positive, negative, flags: [...this.#flags].sort(), holds, explored: this.#explored, limit, loopCut: this.#loopCut });
  }

  /** Of all executions, also those that were counted and not visited. */
  finalStates(): StateTable {
    return this.#group.length > 1 ? this.#states.expanded(this.#stateMaps, this.#satisfies) : this.#states;
  }

  bestWitness(): Execution | null {
    let best: Execution | null = null;
    for (const candidate of this.#witnesses) {
      const execution = executionOf(candidate.restored(), this.#layout);
      if (best === null || weight(execution) < weight(best)) best = execution;
      if (best.inversions.length === 0) break;
    }
    return best;
  }
}

/** The choice of paths that an automorphism makes of `chosen`, compared with it: negative if it comes earlier. */
function comparePaths(chosen: readonly number[], threads: readonly number[]): number {
  for (let t = 0; t < chosen.length; t++) {
    const difference = chosen[threads.indexOf(t)]! - chosen[t]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Inversions are what a reader has to be told about; events only cost lines. */
function weight(execution: Execution): number {
  return execution.inversions.length * 1000 + execution.events.length;
}
