/*
 * The derived relations of linux-kernel.cat (Linux 6.12), computed from a candidate that may still
 * be partial. Everything up to rcu-order only grows when rf or co grow, so an axiom that fails on a
 * partial candidate fails on all its completions. Relations about plain accesses are in
 * plain-relations.ts: they use complements, and make sense for complete candidates only.
 *
 * Initial writes are no nodes: nothing is hb-, co- or po-before them, so they lie on no cycle.
 * Buffers are reused from candidate to candidate; a relation is valid until the next `derive`.
 */
import { readsInitial, readsUndecided, type Candidate } from "../explore/candidate.ts";
import type { Skeleton } from "../explore/skeleton.ts";
import {
  closeAcyclic, closeTransitively, compose, composeReflexive, contains, copied, emptyRelation, emptySet, intersect, invert, isEmpty,
  relate, related, restrict, subtract, unite, uniteIdentity, uniteImage, united, type BitRelation, type BitSet,
} from "../relation/bit-relation.ts";
import { scoped } from "../relation/pool.ts";
import { RcuGraph, rcuNodes, type RcuNode } from "./rcu-order.ts";
import { depOrder, type LkmmStatics, type StaticParts } from "./statics.ts";
import { isWrite } from "./thread-relations.ts";

/** Owns the buffers of one skeleton. */
export class LkmmRelations {
  readonly statics: LkmmStatics;
  readonly skeleton: Skeleton;
  readonly parts: StaticParts;
  candidate!: Candidate;
  /** co of the candidate, or an upper bound of it. */
  co!: BitRelation;
  readonly rfe: BitRelation;
  readonly rfi: BitRelation;
  readonly fr: BitRelation;
  readonly addr: BitRelation;
  readonly data: BitRelation;
  readonly ctrl: BitRelation;
  readonly strong: BitRelation;
  readonly unlockLockPo: BitRelation;
  readonly rfeMarked: BitRelation;
  readonly ppo: BitRelation;
  /** Transitive, not reflexive. */
  readonly cumulFence: BitRelation;
  /** cumul-fence* ; rfe?, the part of prop behind an overwrite. */
  readonly tail: BitRelation;
  readonly prop: BitRelation;
  readonly hb: BitRelation;
  /** hb+ after `closeHb`. */
  readonly hbPlus: BitRelation;
  readonly pb: BitRelation;
  readonly pbPlus: BitRelation;
  #coUpper: BitRelation | undefined;
  #hasRfi = false;
  readonly #overwrite: BitRelation;
  readonly #hidden: BitSet;
  readonly #visible: BitSet;
  readonly #t1: BitRelation;
  readonly #t2: BitRelation;

  constructor(statics: LkmmStatics) {
    const { skeleton } = statics;
    this.statics = statics;
    this.skeleton = skeleton;
    this.parts = statics.parts;
    const fresh = (): BitRelation => emptyRelation(skeleton.shape);
    this.rfe = fresh();
    this.rfi = fresh();
    this.fr = fresh();
    // Written only where carry-dep runs through a store, or an unlock is read: otherwise the static ones.
    const { relations } = skeleton;
    const { carriesData, hasLocks } = this.parts;
    this.addr = carriesData ? copied(relations.addr) : relations.addr;
    this.data = carriesData ? copied(relations.data) : relations.data;
    this.ctrl = carriesData ? copied(relations.ctrl) : relations.ctrl;
    this.strong = hasLocks ? copied(relations.strong) : relations.strong;
    this.unlockLockPo = hasLocks ? copied(relations.unlockLockPo) : relations.unlockLockPo;
    this.rfeMarked = this.parts.hasPlain ? fresh() : this.rfe;
    this.ppo = fresh();
    this.cumulFence = fresh();
    this.tail = fresh();
    this.prop = fresh();
    this.hb = fresh();
    this.hbPlus = fresh();
    this.pb = fresh();
    this.pbPlus = fresh();
    this.#overwrite = fresh();
    this.#hidden = emptySet(skeleton.shape);
    this.#visible = emptySet(skeleton.shape);
    this.#t1 = fresh();
    this.#t2 = fresh();
  }

  /** rf, fr, dependencies, fences, ppo, prop and hb of a candidate. */
  derive(candidate: Candidate): void {
    this.candidate = candidate;
    this.co = candidate.co;
    this.#deriveReadsFrom();
    this.#deriveRest();
  }

  /**
   * The same of a candidate in which every decision still open is taken in every way at once: what
   * holds of these relations holds of every completion. False where an address is not yet known.
   */
  deriveUpper(candidate: Candidate): boolean {
    this.candidate = candidate;
    this.co = this.#coUpper ??= emptyRelation(this.skeleton.shape);
    if (!this.#deriveEveryReadsFrom()) return false;
    this.#deriveRest();
    return true;
  }

  #deriveRest(): void {
    if (this.parts.hasPlain) {
      this.rfeMarked.set(this.rfe);
      restrict(this.skeleton.shape, this.rfeMarked, this.skeleton.sets.marked, this.skeleton.sets.marked);
    }
    this.#overwrite.set(this.co);
    unite(this.#overwrite, this.fr);
    if (this.parts.hasPlain) intersect(this.#overwrite, this.parts.marked);
    if (this.parts.hasLocks) this.#deriveLockFences();
    this.#derivePpo();
    if (this.parts.hasCumulFence) this.#deriveCumulFence();
    this.#deriveProp();
    this.#deriveHb();
  }

  #deriveReadsFrom(): void {
    const { skeleton, candidate, rfe, rfi, fr } = this;
    const { threadOf } = skeleton;
    const { width, size } = skeleton.shape;
    const { rf, co, location, writesAt } = candidate;
    rfe.fill(0);
    rfi.fill(0);
    fr.fill(0);
    this.#hasRfi = false;
    for (let read = 0; read < size; read++) {
      const write = rf[read]!;
      if (write >= 0) {
        if (threadOf[write] === threadOf[read]) {
          relate(skeleton.shape, rfi, write, read);
          this.#hasRfi = true;
        } else relate(skeleton.shape, rfe, write, read);
        for (let k = 0; k < width; k++) fr[read * width + k] = co[write * width + k]!;
      } else if (write === readsInitial) {
        const at = location[read]! * width;
        for (let k = 0; k < width; k++) fr[read * width + k] = writesAt[at + k]!;
      }
    }
  }

  /** Upper bounds of co, rf and fr. Coherence and po-loc narrow them, nothing else. */
  #deriveEveryReadsFrom(): boolean {
    const { skeleton, candidate, rfe, rfi, fr, co } = this;
    const { shape, threadOf, nodes } = skeleton;
    const { width, size } = shape;
    const { rf, location, writesAt } = candidate;
    const { poBefore, sourcesOf } = this.statics.upper();
    const before = this.#t1;
    invert(shape, before, candidate.co);
    rfe.fill(0);
    rfi.fill(0);
    fr.fill(0);
    co.fill(0);
    this.#hasRfi = false;
    for (let at = 0; at < size; at++) {
      const word = location[at]!;
      if (word < 0 && nodes[at]!.event.address !== undefined) return false;
      if (!isWrite(nodes[at]!.event)) continue;
      for (let k = 0; k < width; k++) co[at * width + k] = writesAt[word * width + k]! & ~before[at * width + k]!;
      co[at * width + (at >> 5)]! &= ~(1 << (at & 31));
    }
    const hidden = this.#hidden;
    for (let read = 0; read < size; read++) {
      const sources = sourcesOf[read];
      if (sources === undefined) continue;
      const write = rf[read]!;
      const at = location[read]! * width;
      if (write === readsUndecided) {
        // Writes co-before one that is po-before the read.
        hidden.fill(0);
        for (let k = 0; k < width; k++) hidden[k] = poBefore[read * width + k]! & writesAt[at + k]!;
        const visible = this.#visible;
        visible.set(hidden);
        uniteImage(shape, hidden, 0, visible, 0, before);
        for (let k = 0; k < width; k++) {
          fr[read * width + k] = writesAt[at + k]! & ~hidden[k]!;
          visible[k] = writesAt[at + k]! & sources[k]! & (~hidden[k]! | poBefore[read * width + k]!);
        }
        this.#relateSources(visible, read);
      } else if (write >= 0) {
        if (threadOf[write] === threadOf[read]) {
          relate(shape, rfi, write, read);
          this.#hasRfi = true;
        } else relate(shape, rfe, write, read);
        for (let k = 0; k < width; k++) fr[read * width + k] = co[write * width + k]!;
      } else for (let k = 0; k < width; k++) fr[read * width + k] = writesAt[at + k]!;
    }
    return true;
  }

  #relateSources(sources: BitSet, read: number): void {
    const { shape, threadOf } = this.skeleton;
    for (let k = 0; k < sources.length; k++) {
      for (let bits = sources[k]!; bits !== 0; bits &= bits - 1) {
        const write = (k << 5) + 31 - Math.clz32(bits & -bits);
        if (threadOf[write] === threadOf[read]) {
          relate(shape, this.rfi, write, read);
          this.#hasRfi = true;
        } else relate(shape, this.rfe, write, read);
      }
    }
  }

  /** po ; [UL] ; rf ; [LKR] ; po across threads, and smp_mb__after_unlock_lock() behind it. */
  #deriveLockFences(): void {
    const { skeleton } = this;
    const { shape, relations } = skeleton;
    this.unlockLockPo.set(relations.unlockLockPo);
    this.strong.set(relations.strong);
    const { rfe, rfi } = this;
    const { width } = shape;
    for (const { unlock, before, memoryBefore } of this.parts.unlocks) {
      for (let k = 0; k < width; k++)
        // What reads from an unlock is the read of a spin_lock() or of a spin_is_locked() that found it free.
        for (let bits = rfe[unlock * width + k]! | rfi[unlock * width + k]!; bits !== 0; bits &= bits - 1) {
          const lock = (k << 5) + 31 - Math.clz32(bits & -bits);
          if (skeleton.nodes[lock]!.event.kind !== "lock-read") continue;
          for (const at of before) for (let j = 0; j < width; j++) this.unlockLockPo[at * width + j]! |= relations.po[lock * width + j]!;
          for (const at of memoryBefore) for (let j = 0; j < width; j++) this.strong[at * width + j]! |= relations.afterUnlockLock[lock * width + j]!;
        }
      if (skeleton.profile.afterUnlockLock === "coherence" && memoryBefore.length > 0) this.#deriveCoherentFences(unlock, memoryBefore);
    }
  }

  /** [M] ; po ; [UL] ; co ; [LKW] ; fencerel(After-unlock-lock) ; [M] */
  #deriveCoherentFences(unlock: number, memoryBefore: readonly number[]): void {
    const { nodes, shape, relations } = this.skeleton;
    const { width } = shape;
    for (let k = 0; k < width; k++)
      for (let bits = this.co[unlock * width + k]!; bits !== 0; bits &= bits - 1) {
        const write = (k << 5) + 31 - Math.clz32(bits & -bits);
        // The read of the same spin_lock() is the node before.
        if (nodes[write]!.event.kind !== "lock-write") continue;
        for (const at of memoryBefore) for (let j = 0; j < width; j++) this.strong[at * width + j]! |= relations.afterUnlockLock[(write - 1) * width + j]!;
      }
  }

  /** ppo; recomputes carry-dep where a dependency runs through a store of the same thread. */
  #derivePpo(): void {
    const { skeleton, parts } = this;
    const { relations } = skeleton;
    const ppo = this.ppo;
    if (parts.hasDep && this.#hasRfi) {
      // Makes matrices as it goes: once a candidate they would pile up until the search ends.
      scoped(() => { this.#derivePpoThroughStores(); });
    } else {
      ppo.set(parts.ppo);
      if (parts.carriesData) {
        this.addr.set(relations.addr);
        this.data.set(relations.data);
        this.ctrl.set(relations.ctrl);
      }
    }
    // `fence` instead of `fence & int`
    if (parts.hasLocks && skeleton.profile.afterUnlockLock === "coherence") {
      this.#t1.set(this.strong);
      intersect(this.#t1, parts.marked);
      unite(ppo, this.#t1);
    }
    // overwrite & int
    const overwrite = this.#overwrite;
    const { int } = skeleton;
    for (let k = 0; k < ppo.length; k++) ppo[k]! |= overwrite[k]! & int[k]!;
  }

  /** Dependencies carried through stores of the same thread, and dep ; [Marked] ; rfi. */
  #derivePpoThroughStores(): void {
    const { skeleton, parts, ppo } = this;
    const { shape, sets } = skeleton;
    if (parts.carriesData) this.#carryDependencies();
    ppo.set(parts.ppoWithoutDep);
    unite(ppo, depOrder(skeleton, this.addr, this.data, this.ctrl));
    const t = this.#t1;
    const dep = united(this.addr, this.data);
    restrict(shape, dep, sets.M, sets.marked);
    compose(shape, t, dep, this.rfi);
    restrict(shape, t, sets.marked, sets.marked);
    unite(ppo, t);
  }

  /** addr := carry-dep ; addr and so on, carry-dep = (data ; [~Srcu-unlock] ; rfi)* of linux-kernel.bell. */
  #carryDependencies(): void {
    const { skeleton } = this;
    const { shape, relations, sets } = skeleton;
    const carry = this.#t1;
    const data = this.#t2;
    data.set(relations.data);
    for (let a = 0; a < shape.size; a++) for (let k = 0; k < shape.width; k++) data[a * shape.width + k]! &= ~sets.srcuUnlock[k]!;
    compose(shape, carry, data, this.rfi);
    closeTransitively(shape, carry);
    for (const [out, base] of [[this.addr, relations.addr], [this.data, relations.data], [this.ctrl, relations.ctrl]] as const) {
      compose(shape, out, carry, base);
      unite(out, base);
    }
  }

  #deriveCumulFence(): void {
    const { skeleton, parts, cumulFence } = this;
    const { shape, sets } = skeleton;
    const base = this.#t1;
    if (parts.hasLocks) {
      base.set(this.strong);
      unite(base, skeleton.relations.poRel);
      intersect(base, parts.marked);
    } else base.set(parts.strongOrRel);
    // A-cumul: (rfe ; [Marked])? ; (strong-fence | po-rel)
    composeReflexive(shape, cumulFence, this.rfeMarked, base);
    if (parts.hasLocks) {
      const t = this.#t2;
      t.set(this.unlockLockPo);
      unite(t, skeleton.relations.wmb);
      intersect(t, parts.marked);
      unite(cumulFence, t);
    } else unite(cumulFence, parts.wmbOrUnlockLock);
    if (parts.hasRmwSequence) {
      const sequence = this.rmwSequence();
      compose(shape, this.#t1, cumulFence, sequence);
      unite(cumulFence, this.#t1);
    }
    // Round a circle only where the candidate is contradictory, or an upper bound.
    if (!closeAcyclic(shape, cumulFence)) closeTransitively(shape, cumulFence);
    if (parts.hasPlain) restrict(shape, cumulFence, sets.marked, sets.marked);
  }

  /** (rf ; rmw)+ ; valid until the next derivation. */
  rmwSequence(): BitRelation {
    const { shape, relations } = this.skeleton;
    if (!this.parts.hasRmwSequence) return this.#t2.fill(0);
    const rf = this.#t1;
    rf.set(this.rfe);
    unite(rf, this.rfi);
    compose(shape, this.#t2, rf, relations.rmw);
    if (!closeAcyclic(shape, this.#t2)) closeTransitively(shape, this.#t2);
    return this.#t2;
  }

  #deriveProp(): void {
    const { skeleton, prop, cumulFence, rfeMarked } = this;
    const { shape, sets } = skeleton;
    // cumul-fence* ; [Marked] ; rfe? ; [Marked]
    const { tail } = this;
    if (this.parts.hasCumulFence) {
      composeReflexive(shape, tail, cumulFence, rfeMarked);
      unite(tail, cumulFence);
    } else tail.set(rfeMarked);
    uniteIdentity(shape, tail, sets.marked);
    const overwrite = this.#overwrite;
    subtract(overwrite, skeleton.int);
    composeReflexive(shape, prop, overwrite, tail);
  }

  #deriveHb(): void {
    const { skeleton, hb, prop, ppo, rfeMarked } = this;
    const { size, width } = skeleton.shape;
    const { int } = skeleton;
    for (let k = 0; k < hb.length; k++) hb[k] = prop[k]! & int[k]!;
    for (let a = 0; a < size; a++) hb[a * width + (a >> 5)]! &= ~(1 << (a & 31));
    for (let k = 0; k < hb.length; k++) hb[k]! |= ppo[k]! | rfeMarked[k]!;
  }

  /** Grace periods and sections; they change with rf only where SRCU is used. */
  rcuNodes(): readonly RcuNode[] {
    return this.rcuGraph().nodes;
  }

  rcuGraph(): RcuGraph {
    if (!this.parts.hasOpenSrcu) return this.statics.rcuGraph();
    return new RcuGraph(this.skeleton, rcuNodes(this.skeleton, united(this.rfe, this.rfi), this.candidate.location));
  }

  /** hb+ and true, when acyclic. */
  closeHb(): boolean {
    this.hbPlus.set(this.hb);
    return closeAcyclic(this.skeleton.shape, this.hbPlus);
  }

  /**
   * False if the one further edge rf(source, read), or the fr that comes with it, closes a circle in hb:
   * the read is already before its source, or a write it would overlook has reached its thread before it.
   */
  mayRead(candidate: Candidate, read: number, source: number): boolean {
    const { skeleton, hbPlus, tail } = this;
    const { shape, threadOf, int, sets } = skeleton;
    const { width } = shape;
    if (!contains(sets.marked, read)) return true;
    if (source >= 0 && threadOf[source] !== threadOf[read] && contains(sets.marked, source) && related(shape, hbPlus, read, source)) return false;
    const overlooked = source >= 0 ? candidate.co : candidate.writesAt;
    const at = (source >= 0 ? source : candidate.location[read]!) * width;
    for (let k = 0; k < width; k++) {
      const foreign = overlooked[at + k]! & sets.marked[k]! & ~int[read * width + k]!;
      for (let bits = foreign; bits !== 0; bits &= bits - 1) {
        const write = (k << 5) + 31 - Math.clz32(bits & -bits);
        for (let j = 0; j < width; j++) {
          for (let seen = tail[write * width + j]! & int[read * width + j]!; seen !== 0; seen &= seen - 1) {
            const event = (j << 5) + 31 - Math.clz32(seen & -seen);
            if (event !== read && related(shape, hbPlus, event, read)) return false;
          }
        }
      }
    }
    return true;
  }

  /** pb = prop ; strong-fence ; hb* ; [Marked]; pb+ and true, when acyclic. Needs hb+. */
  closePb(): boolean {
    const { skeleton, pb, pbPlus } = this;
    const { shape, sets } = skeleton;
    if (!this.parts.hasStrong && isEmpty(this.strong)) {
      pb.fill(0);
      pbPlus.fill(0);
      return true;
    }
    const t = this.#t1;
    compose(shape, t, this.strong, this.hbPlus);
    unite(t, this.strong);
    restrict(shape, t, sets.marked, sets.marked);
    compose(shape, pb, this.prop, t);
    pbPlus.set(pb);
    return closeAcyclic(shape, pbPlus);
  }
}
