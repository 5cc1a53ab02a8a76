/*
 * All candidate executions of one skeleton: decide the order of critical sections, what every read
 * reads, then the coherence order, each candidate once; propagate values, addresses and coherence
 * after every decision. The model is asked two questions about a partial candidate: is it already
 * contradictory (then no completion is allowed), and can it still become contradictory (if not, the
 * rest of the subtree needs no more questions). Soundness of both: the skeleton is fixed, and every
 * axiom asked about is monotone in rf and co.
 *
 * The one place with mutable state, together with candidate-state.ts.
 */
import { readsInitial, readsUndecided, type Candidate } from "./candidate.ts";
import { CandidateState } from "./candidate-state.ts";
import { FreeChoices, type FreeChoice } from "./free-choices.ts";
import { isLockKind, lockPlanOf, type LockPlan, type Section } from "./lock-plan.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import { isRead } from "../lkmm/thread-relations.ts";
import type { Skeleton } from "./skeleton.ts";
import type { NodeMap, NodeSymmetry } from "./symmetry.ts";
import { visitReads } from "./values.ts";

/** What the search asks and tells. */
export type SearchHost = {
  /** False: no completion of this candidate is allowed. */
  readonly isConsistent: (candidate: Candidate) => boolean;
  /** True: `isConsistent` holds for every completion. */
  readonly staysConsistent: (candidate: Candidate) => boolean;
  /** Asked right after `isConsistent`, of the same candidate: false if reading from `source` contradicts what it derived. */
  readonly mayRead: (candidate: Candidate, read: number, source: number) => boolean;
  /** Registers whose reads to decide first. */
  readonly decideFirst: readonly { readonly thread: number; readonly register: string }[];
  /** False: the values known so far already make every completion uninteresting. */
  readonly mayMatter: (candidate: Candidate) => boolean;
  /** Candidates that these maps make of each other are visited once, and counted in `times` of `onLeaf`. */
  readonly symmetry: NodeSymmetry | undefined;
  /** A complete candidate; `isKnown`: the model accepts it. `isDerived`: it has just been asked about exactly this one. */
  readonly onLeaf: (candidate: Candidate, isKnown: boolean, isDerived: boolean, times: number) => void;
  /**
   * The model accepts every completion of this candidate, and they are all choices of one option each. True: they are counted,
   * `times` each; false: visit them. Undefined: visit all.
   */
  readonly onProduct: ((candidate: Candidate, choices: readonly FreeChoice[], times: number) => boolean) | undefined;
  /** A contradiction was met: for budgets. */
  readonly onDeadEnd: () => void;
  /** A candidate needs more decisions than the stack holds; the search should end. */
  readonly onTooDeep: (candidate: Candidate) => void;
  /** Polled at every decision; true ends the search. */
  readonly isStopped: () => boolean;
};

/** What the model has said about the candidate at hand. */
type Known = 0 | 1 | 2 | 3;
const knownNothing = 0;
/** Accepted as it is, and its relations are derived. */
const accepted = 1;
/** Every completion is accepted. */
const safe = 2;

/** What the skeletons of one program have taught about which questions pay: the next one is much like the last. */
export class SearchHabits {
  /** Few complete candidates are wanted. */
  readonly wantsFew: boolean;
  /** Per depth: how often asking the model paid. */
  readonly prunes: Rate[] = [];
  readonly promises: Rate[] = [];

  constructor(wantsFew: boolean) {
    this.wantsFew = wantsFew;
  }
}

/** Owns the decisions over one candidate. */
export class Search {
  readonly #skeleton: Skeleton;
  readonly #host: SearchHost;
  readonly #state: CandidateState;
  /** In the order of decision. */
  readonly #reads: readonly number[];
  /** The same, then the reads of locks. */
  readonly #comparedReads: readonly number[];
  /** By read: what it may read, where that does not depend on other decisions. */
  readonly #sources: (readonly number[] | undefined)[] = [];
  /** Writes of different threads to one word, as a, b, a, b, …, where addresses are fixed. */
  #pairs: readonly number[] | undefined;
  readonly #isLockNode: Uint8Array;
  /** Where addresses are fixed and products are wanted. */
  readonly #free: FreeChoices | undefined;
  readonly #habits: SearchHabits;
  /** Ask about complete candidates only, until several were refused: for searches that want few of them. */
  #isSparing: boolean;
  #refusals = 0;

  constructor(skeleton: Skeleton, layout: MemoryLayout, host: SearchHost, habits: SearchHabits) {
    this.#habits = habits;
    this.#isSparing = habits.wantsFew;
    this.#skeleton = skeleton;
    this.#host = host;
    this.#state = new CandidateState(skeleton, layout);
    this.#reads = this.#byOrbit(this.#byInterest(this.#state.reads));
    this.#comparedReads = host.symmetry === undefined ? [] : [...this.#reads, ...skeleton.nodes.flatMap(({ event }, at) => (isRead(event) && !this.#reads.includes(at) ? [at] : []))];
    this.#isLockNode = new Uint8Array(skeleton.nodes.length);
    if (host.onProduct !== undefined && skeleton.isLocated) this.#free = new FreeChoices(skeleton, layout, (read) => this.#sources[read] ?? this.#sourcesOf(read));
    if (skeleton.hasLocks) skeleton.nodes.forEach(({ event }, at) => (this.#isLockNode[at] = isLockKind(event.kind) ? 1 : 0));
  }

  run(): void {
    if (!this.#state.settleStatically()) return this.#host.onDeadEnd();
    const { reads, isLocated } = this.#state;
    if (isLocated) for (const read of reads) this.#sources[read] = this.#sourcesOf(read);
    const plan = this.#skeleton.hasLocks ? undefined : noLocks;
    const isLarge = !this.#isSparing && plan !== undefined && this.#leavesBelow(this.#state.candidate, 0) >= worthPromise;
    this.#decide(0, plan, 0, isLarge && this.#host.staysConsistent(this.#state.candidate) ? safe : knownNothing);
  }

  /** `from`: reads before it in the order of decision are decided. */
  #decide(depth: number, plan: LockPlan | undefined, from: number, known: Known): void {
    if (this.#host.isStopped()) return;
    if (depth >= depthMax) return this.#host.onTooDeep(this.#state.candidate);
    const { rf, location } = this.#state.candidate;
    if (plan === undefined && this.#locksAreLocated()) {
      plan = lockPlanOf(this.#state.candidate);
      if (plan === undefined) return this.#host.onDeadEnd();
      for (const u of plan.strayUnlocks) {
        this.#state.isStray[u] = 1;
        this.#state.forgetWrite(u);
        known = knownNothing;
      }
    }
    if (plan !== undefined && plan !== noLocks) {
      for (const sections of plan.sectionsByWord)
        for (const s of sections) if (this.#state.placed[s.write] === 0) return this.#decideSection(depth, plan, from, known, sections);
      for (const choice of plan.choices) if (rf[choice.read] === readsUndecided) return this.#decideSources(depth, plan, from, known, choice.read, choice.sources);
    }
    while (from < this.#reads.length && rf[this.#reads[from]!] !== readsUndecided) from++;
    if (known === safe && this.#free !== undefined && this.#isCountedAsProduct(this.#free, from)) return;
    let isWaiting = false;
    for (let k = from; k < this.#reads.length; k++) {
      const read = this.#reads[k]!;
      if (rf[read] !== readsUndecided) continue;
      if (location[read]! >= 0) return this.#decideSources(depth, plan, from, known, read, this.#sources[read] ?? this.#sourcesOf(read));
      isWaiting = true;
    }
    // Addresses wait for each other.
    if (isWaiting || plan === undefined) return this.#host.onDeadEnd();
    const settled = this.#state.settleCopyCycles();
    if (settled === "impossible") return this.#host.onDeadEnd();
    const pair = this.#unorderedPair();
    if (pair >= 0) return this.#decideOrder(depth, plan, from, known, pair);
    const times = this.#timesCounted();
    if (times === 0) return this.#host.onDeadEnd();
    this.#host.onLeaf(this.#state.candidate, known !== knownNothing && settled === "nothing", known === accepted && settled === "nothing", times);
  }

  /** Whether all that is left to decide is free, and was counted. */
  #isCountedAsProduct(free: FreeChoices, from: number): boolean {
    const state = this.#state;
    const { candidate } = state;
    const choices: FreeChoice[] = [];
    for (let k = from; k < this.#reads.length; k++) {
      const read = this.#reads[k]!;
      if (candidate.rf[read] !== readsUndecided) continue;
      const choice = free.ofRead(candidate, read);
      if (choice === null) return false;
      choices.push(choice);
    }
    if (!state.isSettledButFreeReads()) return false;
    const times = this.#timesOfAll();
    if (times === 0) return false;
    const words = new Set<number>();
    const pairs = (this.#pairs ??= this.#pairsOf());
    for (let k = 0; k < pairs.length; k += 2) if (this.#isUnordered(pairs[k]!, pairs[k + 1]!)) words.add(candidate.location[pairs[k]!]!);
    for (const word of words) if (!free.isFreeWord(candidate, word)) return false;
    for (const word of words) {
      const choice = free.ofWord(candidate, word);
      choices.push(choice);
      // Atomicity leaves no order of this word.
      if (choice.options.length > 0) continue;
      this.#host.onDeadEnd();
      return true;
    }
    return choices.length > 0 && this.#host.onProduct!(candidate, choices, times);
  }

  #decideSection(depth: number, plan: LockPlan, from: number, known: Known, sections: readonly Section[]): void {
    const { placed } = this.#state;
    const waiting = sections.filter((s) => placed[s.write] === 0);
    this.#state.save(depth);
    for (const s of waiting) {
      if (s.unlock < 0 && waiting.length > 1) continue;
      // Sections of one thread follow program order.
      if (waiting.some((x) => x !== s && x.thread === s.thread && x.write < s.write)) continue;
      if (this.#place(s, sections)) this.#descend(depth, plan, from, known);
      else this.#host.onDeadEnd();
      this.#state.restore(depth);
    }
  }

  #place(s: Section, sections: readonly Section[]): boolean {
    // The section placed last is the one whose unlock has no lock write after it.
    let previous = readsInitial;
    for (const x of sections) if (this.#state.placed[x.write] !== 0 && (previous < 0 || this.#state.isBefore(previous, x.unlock))) previous = x.unlock;
    this.#state.placed[s.write] = 1;
    if (previous >= 0 && !this.#state.order(previous, s.write)) return false;
    if (s.unlock >= 0 && !this.#state.order(s.write, s.unlock)) return false;
    this.#state.candidate.rf[s.read] = previous;
    return this.#state.relateAround(s.read);
  }

  #decideSources(depth: number, plan: LockPlan | undefined, from: number, known: Known, read: number, sources: readonly number[]): void {
    const state = this.#state;
    state.save(depth);
    if (known === accepted && sources.length <= 32) sources = this.#plausible(read, sources);
    for (let k = 0; k < sources.length; k++) {
      if (state.readFrom(read, sources[k]!) && state.orderAroundRmws()) this.#descend(depth, plan, from, known);
      else this.#host.onDeadEnd();
      state.restore(depth);
    }
  }

  /** Without the sources that the relations at hand rule out: far cheaper than deriving anew for each. */
  #plausible(read: number, sources: readonly number[]): readonly number[] {
    const { candidate } = this.#state;
    let mask = 0;
    for (let k = 0; k < sources.length; k++) {
      if (this.#host.mayRead(candidate, read, sources[k]!)) mask |= 1 << k;
      else this.#host.onDeadEnd();
    }
    return sources.filter((_, k) => ((mask >>> k) & 1) !== 0);
  }

  #decideOrder(depth: number, plan: LockPlan, from: number, known: Known, pair: number): void {
    const { size } = this.#skeleton.shape;
    const a = Math.floor(pair / size);
    const b = pair % size;
    this.#state.save(depth);
    for (let turn = 0; turn < 2; turn++) {
      if ((turn === 0 ? this.#state.order(a, b) : this.#state.order(b, a)) && this.#state.orderAroundRmws()) this.#descend(depth, plan, from, known);
      else this.#host.onDeadEnd();
      this.#state.restore(depth);
    }
  }

  /** Some symmetry makes a lesser candidate of this one, whatever is decided later: its orbit is met elsewhere. */
  #isLesserElsewhere({ maps }: NodeSymmetry): boolean {
    for (const map of maps) if (this.#compareReads(map) < 0) return true;
    return false;
  }

  /** The image compared with the candidate, read by read in the order of decision: negative if it is less; NaN if that is open. */
  #compareReads({ image, origin }: NodeMap): number {
    const { rf } = this.#state.candidate;
    for (const read of this.#comparedReads) {
      const here = rf[read]!;
      const there = rf[origin[read]!]!;
      if (here === readsUndecided || there === readsUndecided) return Number.NaN;
      const mapped = there < 0 ? there : image[there]!;
      if (mapped !== here) return mapped - here;
    }
    return 0;
  }

  /** Of a complete candidate. */
  #compareCoherence({ origin }: NodeMap): number {
    for (const a of this.#state.writes)
      for (const b of this.#state.writes) {
        const difference = Number(this.#state.isBefore(origin[a]!, origin[b]!)) - Number(this.#state.isBefore(a, b));
        if (difference !== 0) return difference;
      }
    return 0;
  }

  /** Candidates that a complete one stands for; 0 if another one stands for it. */
  #timesCounted(): number {
    const { symmetry } = this.#host;
    if (symmetry === undefined) return 1;
    let stabilizer = 1;
    for (const map of symmetry.maps) {
      const order = this.#compareReads(map) || this.#compareCoherence(map);
      if (order < 0) return 0;
      if (order === 0) stabilizer++;
    }
    return symmetry.groupSize / stabilizer;
  }

  /** Candidates that each completion stands for; 0 if they differ in that, or nobody knows yet. */
  #timesOfAll(): number {
    const { symmetry } = this.#host;
    if (symmetry === undefined) return 1;
    for (const map of symmetry.maps) if (!(this.#compareReads(map) > 0)) return 0;
    return symmetry.groupSize;
  }

  /** Asks the model where asking has paid before, then decides on. */
  #descend(depth: number, plan: LockPlan | undefined, from: number, known: Known): void {
    const host = this.#host;
    const { candidate } = this.#state;
    if (host.symmetry !== undefined && this.#isLesserElsewhere(host.symmetry)) return host.onDeadEnd();
    if (!host.mayMatter(candidate)) return host.onDeadEnd();
    if (known === safe) return this.#decide(depth + 1, plan, from, safe);
    const leaves = this.#leavesBelow(candidate, from);
    if (leaves > 1 && this.#isSparing) return this.#decide(depth + 1, plan, from, knownNothing);
    if (plan !== undefined && leaves >= worthPromise && !this.#habits.wantsFew) {
      const promises = (this.#habits.promises[depth] ??= new Rate(askPromiseCount));
      if (promises.isWorthwhile()) {
        const stays = host.staysConsistent(candidate);
        promises.note(stays);
        if (stays) return this.#decide(depth + 1, plan, from, safe);
      }
    }
    const prunes = (this.#habits.prunes[depth] ??= new Rate(askPruneCount));
    if (leaves > 1 && (leaves < worthPrune || !prunes.isWorthwhile())) return this.#decide(depth + 1, plan, from, knownNothing);
    const isConsistent = host.isConsistent(candidate);
    prunes.note(!isConsistent);
    if (isConsistent) return this.#decide(depth + 1, plan, from, accepted);
    if (++this.#refusals >= refusalsMax) this.#isSparing = false;
    host.onDeadEnd();
  }

  /** At least about so many ways to go on, as far as one sees without looking for them; 1 at a leaf. */
  #leavesBelow({ rf }: Candidate, from: number): number {
    let leaves = 1;
    for (let k = this.#reads.length - 1; k >= from && leaves < worthPromise; k--) {
      const read = this.#reads[k]!;
      if (rf[read] === readsUndecided) leaves *= Math.max(2, this.#sources[read]?.length ?? 2);
    }
    // So many pairs without an order have one order more at least.
    const pairs = this.#pairs;
    if (pairs !== undefined) for (let k = 0, ways = leaves; k < pairs.length && leaves < worthPromise; k += 2) if (this.#isUnordered(pairs[k]!, pairs[k + 1]!)) leaves += ways;
    return leaves;
  }

  #locksAreLocated(): boolean {
    const { location } = this.#state.candidate;
    return this.#state.addressed.every((at) => location[at]! >= 0 || this.#isLockNode[at] === 0);
  }

  #sourcesOf(read: number): readonly number[] {
    const { location } = this.#state.candidate;
    const { shape, relations } = this.#skeleton;
    const sources = [readsInitial];
    for (const write of this.#state.writes) {
      if (this.#isLockNode[write] === 1) continue;
      if (location[write]! >= 0 && location[write] !== location[read]) continue;
      if (((relations.po[read * shape.width + (write >> 5)]! >>> (write & 31)) & 1) === 0) sources.push(write);
    }
    return sources;
  }

  /** a * size + b for two writes of one word without order, or -1. */
  #unorderedPair(): number {
    const state = this.#state;
    if (state.isLocated) this.#pairs ??= this.#pairsOf();
    const pairs = this.#pairs ?? this.#pairsOf();
    for (let k = 0; k < pairs.length; k += 2) {
      const a = pairs[k]!;
      const b = pairs[k + 1]!;
      if (this.#isUnordered(a, b)) return a * this.#skeleton.shape.size + b;
    }
    return -1;
  }

  #isUnordered(a: number, b: number): boolean {
    const state = this.#state;
    return !state.isBefore(a, b) && !state.isBefore(b, a) && state.isStray[a] === 0 && state.isStray[b] === 0;
  }

  #pairsOf(): readonly number[] {
    const { location } = this.#state.candidate;
    const { writes } = this.#state;
    const pairs: number[] = [];
    for (let i = 0; i < writes.length; i++)
      for (let j = i + 1; j < writes.length; j++) if (location[writes[i]!] === location[writes[j]!]) pairs.push(writes[i]!, writes[j]!);
    return pairs;
  }

  /** Reads that symmetries make of each other one after the other: which candidate is the least shows early. */
  #byOrbit(reads: readonly number[]): readonly number[] {
    const { symmetry } = this.#host;
    if (symmetry === undefined || this.#habits.wantsFew) return reads;
    return [...new Set(reads.flatMap((read) => [read, ...symmetry.maps.map(({ image }) => image[read]!)]))];
  }

  #byInterest(reads: readonly number[]): readonly number[] {
    if (this.#host.decideFirst.length === 0) return reads;
    const { threads, eventBase, eventOf } = this.#skeleton;
    const first = new Set<number>();
    for (const { thread, register } of this.#host.decideFirst) {
      const found = threads[thread]?.path.registers.get(register);
      if (found !== undefined) visitReads(found.value, (event) => first.add(eventBase[thread]! + event));
    }
    const isFirst = (read: number): boolean => first.has(eventOf[read]!);
    return [...reads.filter(isFirst), ...reads.filter((read) => !isFirst(read))];
  }
}

const noLocks: LockPlan = { sectionsByWord: [], choices: [], strayUnlocks: [] };

/** Each decision is three calls deep and keeps a copy of the state; programs that need a tenth of this take for ever. */
const depthMax = 1000;

/** A promise costs as much as a few leaves, and so does a prune. */
const worthPromise = 6;
const worthPrune = 3;

/** Complete candidates refused before partial ones are asked about. */
const refusalsMax = 3;

/** The first questions at a depth are always asked: they cost little and say whether asking pays. */
const askPruneCount = 64;
const askPromiseCount = 8;

/** Ask on where at least one answer in this many pays; elsewhere ask one time in this many. */
const askRatio = 8;

/** How often a kind of question has paid. */
class Rate {
  readonly #alwaysCount: number;
  #asked = 0;
  #paid = 0;
  #turns = 0;

  constructor(alwaysCount: number) {
    this.#alwaysCount = alwaysCount;
  }

  isWorthwhile(): boolean {
    this.#turns++;
    return this.#asked < this.#alwaysCount || this.#paid * askRatio >= this.#asked || this.#turns % askRatio === 0;
  }

  note(paid: boolean): void {
    this.#asked++;
    if (paid) this.#paid++;
  }
}
