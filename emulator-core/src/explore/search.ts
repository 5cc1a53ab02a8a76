/*
 * All candidate executions of one skeleton: decide the order of critical sections, what every read
 * reads, then the coherence order, each candidate once; propagate values, addresses and coherence
 * after every decision and ask the model about the partial candidate. Soundness of pruning: the
 * skeleton is fixed, and every axiom asked about is monotone in rf and co.
 *
 * The one place with mutable state, together with candidate-state.ts.
 */
import { readsInitial, readsUndecided, type Candidate } from "./candidate.ts";
import { CandidateState } from "./candidate-state.ts";
import { isLockKind, lockPlanOf, type LockPlan, type Section } from "./lock-plan.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import type { Skeleton } from "./skeleton.ts";
import { visitReads } from "./values.ts";

/** What the search asks and tells. */
export type SearchHost = {
  /** False: no completion of this candidate is allowed. */
  readonly isConsistent: (candidate: Candidate) => boolean;
  /** Registers whose reads to decide first. */
  readonly decideFirst: readonly { readonly thread: number; readonly register: string }[];
  /** False: the values known so far already make every completion uninteresting. */
  readonly mayMatter: (candidate: Candidate) => boolean;
  /** A complete candidate; `checked`: `isConsistent` has just accepted exactly this one. */
  readonly onLeaf: (candidate: Candidate, checked: boolean) => void;
  /** A contradiction was met: for budgets. */
  readonly onDeadEnd: () => void;
  /** Polled at every decision; true ends the search. */
  readonly isStopped: () => boolean;
};

/** Owns the decisions over one candidate. */
export class Search {
  readonly #skeleton: Skeleton;
  readonly #host: SearchHost;
  readonly #state: CandidateState;
  /** In the order of decision. */
  readonly #reads: readonly number[];
  /** Per depth: how often asking the model paid. */
  readonly #asked: number[] = [];
  readonly #pruned: number[] = [];

  constructor(skeleton: Skeleton, layout: MemoryLayout, host: SearchHost) {
    this.#skeleton = skeleton;
    this.#host = host;
    this.#state = new CandidateState(skeleton, layout);
    this.#reads = this.#byInterest(this.#state.reads);
  }

  run(): void {
    if (!this.#state.settleStatically()) return this.#host.onDeadEnd();
    this.#decide(0, undefined, false);
  }

  #decide(depth: number, plan: LockPlan | undefined, checked: boolean): void {
    if (this.#host.isStopped()) return;
    if (plan === undefined && this.#locksAreLocated()) {
      plan = lockPlanOf(this.#state.candidate);
      if (plan === undefined) return this.#host.onDeadEnd();
      for (const u of plan.strayUnlocks) {
        this.#state.strayUnlocks.add(u);
        this.#state.forgetWrite(u);
        checked = false;
      }
    }
    if (plan !== undefined) {
      const next = plan.sectionsByWord.find((sections) => sections.some((s) => this.#state.placed[s.write] === 0));
      if (next !== undefined) return this.#decideSection(depth, plan, next);
      const choice = plan.choices.find((c) => this.#state.candidate.rf[c.read] === readsUndecided);
      if (choice !== undefined) return this.#decideSources(depth, plan, choice.read, choice.sources);
    }
    const read = this.#nextRead();
    if (read >= 0) return this.#decideSources(depth, plan, read, this.#sourcesOf(read));
    if (read === undecidable || plan === undefined) return this.#host.onDeadEnd();
    const settled = this.#state.settleCopyCycles();
    if (settled === "impossible") return this.#host.onDeadEnd();
    const pair = this.#unorderedPair();
    if (pair !== undefined) return this.#decideOrder(depth, plan, pair);
    this.#host.onLeaf(this.#state.candidate, checked && settled === "nothing");
  }

  #decideSection(depth: number, plan: LockPlan, sections: readonly Section[]): void {
    const waiting = sections.filter((s) => this.#state.placed[s.write] === 0);
    const snapshot = this.#state.save(depth);
    for (const s of waiting) {
      if (s.unlock < 0 && waiting.length > 1) continue;
      // Sections of one thread follow program order.
      if (waiting.some((x) => x !== s && x.thread === s.thread && x.write < s.write)) continue;
      if (this.#place(s, sections)) this.#descend(depth, plan);
      else this.#host.onDeadEnd();
      this.#state.restore(snapshot);
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

  #decideSources(depth: number, plan: LockPlan | undefined, read: number, sources: readonly number[]): void {
    const snapshot = this.#state.save(depth);
    for (const source of sources) {
      if (this.#state.readFrom(read, source) && this.#state.orderAroundRmws()) this.#descend(depth, plan);
      else this.#host.onDeadEnd();
      this.#state.restore(snapshot);
    }
  }

  #decideOrder(depth: number, plan: LockPlan, [a, b]: readonly [number, number]): void {
    const snapshot = this.#state.save(depth);
    for (const [first, second] of [[a, b], [b, a]] as const) {
      if (this.#state.order(first, second) && this.#state.orderAroundRmws()) this.#descend(depth, plan);
      else this.#host.onDeadEnd();
      this.#state.restore(snapshot);
    }
  }

  /** Asks the model where asking has paid before, then decides on. */
  #descend(depth: number, plan: LockPlan | undefined): void {
    if (!this.#host.mayMatter(this.#state.candidate)) return this.#host.onDeadEnd();
    const asked = this.#asked[depth] ?? 0;
    const pruned = this.#pruned[depth] ?? 0;
    this.#asked[depth] = asked + 1;
    const isWorthwhile = asked < askAlwaysCount || pruned * askRatio >= asked || asked % askRatio === 0;
    if (isWorthwhile && !this.#host.isConsistent(this.#state.candidate)) {
      this.#pruned[depth] = pruned + 1;
      return this.#host.onDeadEnd();
    }
    this.#decide(depth + 1, plan, isWorthwhile);
  }

  #locksAreLocated(): boolean {
    const { location } = this.#state.candidate;
    return this.#state.addressed.every((at) => location[at]! >= 0 || !isLockKind(this.#skeleton.nodes[at]!.event.kind));
  }

  /** A read whose address is known; `decided` when none is left, `undecidable` when addresses wait for each other. */
  #nextRead(): number {
    const { rf, location } = this.#state.candidate;
    let waiting = decided;
    for (const read of this.#reads) {
      if (rf[read] !== readsUndecided) continue;
      if (location[read]! >= 0) return read;
      waiting = undecidable;
    }
    return waiting;
  }

  #sourcesOf(read: number): readonly number[] {
    const { location } = this.#state.candidate;
    const { nodes, shape, relations } = this.#skeleton;
    const sources = [readsInitial];
    for (const write of this.#state.writes) {
      if (isLockKind(nodes[write]!.event.kind)) continue;
      if (location[write]! >= 0 && location[write] !== location[read]) continue;
      if (((relations.po[read * shape.width + (write >> 5)]! >>> (write & 31)) & 1) === 0) sources.push(write);
    }
    return sources;
  }

  #unorderedPair(): readonly [number, number] | undefined {
    const { location } = this.#state.candidate;
    for (let i = 0; i < this.#state.writes.length; i++) {
      const a = this.#state.writes[i]!;
      if (this.#state.strayUnlocks.has(a)) continue;
      for (let j = i + 1; j < this.#state.writes.length; j++) {
        const b = this.#state.writes[j]!;
        if (location[a] === location[b] && !this.#state.isBefore(a, b) && !this.#state.isBefore(b, a) && !this.#state.strayUnlocks.has(b)) return [a, b];
      }
    }
    return undefined;
  }

  #byInterest(reads: readonly number[]): readonly number[] {
    const { threads, eventBase } = this.#skeleton;
    const first = new Set<number>();
    for (const { thread, register } of this.#host.decideFirst) {
      const found = threads[thread]?.path.registers.get(register);
      if (found !== undefined) visitReads(found.value, (event) => first.add(eventBase[thread]! + event));
    }
    const isFirst = (read: number): boolean => first.has(this.#state.eventOf[read]!);
    return [...reads.filter(isFirst), ...reads.filter((read) => !isFirst(read))];
  }
}

const decided = -1;
const undecidable = -2;

/** The first questions at a depth are always asked: they cost little and say whether asking pays. */
const askAlwaysCount = 64;

/** Ask on where at least one answer in this many prunes; elsewhere ask one time in this many. */
const askRatio = 8;
