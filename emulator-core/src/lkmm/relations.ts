/*
 * The derived relations of linux-kernel.cat (Linux 6.12), computed from a candidate that may still
 * be partial. Everything up to rcu-order only grows when rf or co grow, so an axiom that fails on a
 * partial candidate fails on all its completions. Relations about plain accesses are in
 * plain-relations.ts: they use complements, and make sense for complete candidates only.
 *
 * Initial writes are no nodes: nothing is hb-, co- or po-before them, so they lie on no cycle.
 * Buffers are reused from candidate to candidate; a relation is valid until the next `derive`.
 */
import { readsInitial, type Candidate } from "../explore/candidate.ts";
import type { Skeleton } from "../explore/skeleton.ts";
import {
  closeTransitively, compose, composed, contains, emptyRelation, intersect, isEmpty, isIrreflexive, relate, restrict,
  restricted, subtract, unite, uniteIdentity, united, type BitRelation,
} from "../relation/bit-relation.ts";
import { hasRcuNodes, rcuNodes, type RcuNode } from "./rcu-order.ts";

/** Parts of ppo, prop and the fences that do not depend on rf and co. */
type StaticParts = {
  /** Marked ppo within threads, without what needs rfi, co or fr. */
  readonly ppo: BitRelation;
  /** The same without dependencies: used when carry-dep has to be recomputed. */
  readonly ppoWithoutDep: BitRelation;
  readonly marked: BitRelation;
  /** [Marked] ; (strong-fence | po-rel) ; [Marked] */
  readonly strongOrRel: BitRelation;
  /** [Marked] ; (wmb | po-unlock-lock-po) ; [Marked] */
  readonly wmbOrUnlockLock: BitRelation;
  readonly hasDep: boolean;
  readonly hasData: boolean;
  readonly hasRmw: boolean;
  readonly hasLocks: boolean;
  readonly hasPlain: boolean;
  readonly hasSyncSrcu: boolean;
  /** Whether the rcu axiom can fail at all: some grace period and some section. */
  readonly hasRcu: boolean;
};

/** Owns the buffers of one skeleton. */
export class LkmmRelations {
  readonly skeleton: Skeleton;
  readonly parts: StaticParts;
  candidate!: Candidate;
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
  readonly prop: BitRelation;
  readonly hb: BitRelation;
  /** hb+ after `closeHb`. */
  readonly hbPlus: BitRelation;
  readonly pb: BitRelation;
  readonly pbPlus: BitRelation;
  #rcuNodes: readonly RcuNode[] | undefined;
  readonly #t1: BitRelation;
  readonly #t2: BitRelation;

  constructor(skeleton: Skeleton) {
    this.skeleton = skeleton;
    this.parts = staticParts(skeleton);
    const fresh = (): BitRelation => emptyRelation(skeleton.shape);
    this.rfe = fresh();
    this.rfi = fresh();
    this.fr = fresh();
    this.addr = skeleton.relations.addr.slice();
    this.data = skeleton.relations.data.slice();
    this.ctrl = skeleton.relations.ctrl.slice();
    this.strong = skeleton.relations.strong.slice();
    this.unlockLockPo = skeleton.relations.unlockLockPo.slice();
    this.rfeMarked = fresh();
    this.ppo = fresh();
    this.cumulFence = fresh();
    this.prop = fresh();
    this.hb = fresh();
    this.hbPlus = fresh();
    this.pb = fresh();
    this.pbPlus = fresh();
    this.#t1 = fresh();
    this.#t2 = fresh();
  }

  /** rf, fr, dependencies, fences, ppo, prop and hb of a candidate. */
  derive(candidate: Candidate): void {
    this.candidate = candidate;
    this.#deriveReadsFrom();
    if (this.parts.hasLocks) this.#deriveLockFences();
    this.#derivePpo();
    this.#deriveCumulFence();
    this.#deriveProp();
    this.#deriveHb();
  }

  #deriveReadsFrom(): void {
    const { skeleton, candidate, rfe, rfi, fr } = this;
    const { width, size } = skeleton.shape;
    const { rf, co, location, writesAt } = candidate;
    rfe.fill(0);
    rfi.fill(0);
    fr.fill(0);
    for (let read = 0; read < size; read++) {
      const write = rf[read]!;
      if (write >= 0) {
        const same = skeleton.nodes[write]!.thread === skeleton.nodes[read]!.thread;
        relate(skeleton.shape, same ? rfi : rfe, write, read);
        for (let k = 0; k < width; k++) fr[read * width + k] = co[write * width + k]!;
      } else if (write === readsInitial) {
        const at = location[read]! * width;
        for (let k = 0; k < width; k++) fr[read * width + k] = writesAt[at + k]!;
      }
    }
    this.rfeMarked.set(rfe);
    if (this.parts.hasPlain) restrict(skeleton.shape, this.rfeMarked, skeleton.sets.marked, skeleton.sets.marked);
  }

  /** po ; [UL] ; rf ; [LKR] ; po across threads, and smp_mb__after_unlock_lock() behind it. */
  #deriveLockFences(): void {
    const { skeleton, candidate } = this;
    const { shape, relations } = skeleton;
    this.unlockLockPo.set(relations.unlockLockPo);
    this.strong.set(relations.strong);
    for (let lock = 0; lock < shape.size; lock++) {
      const unlock = candidate.rf[lock]!;
      if (unlock < 0 || skeleton.nodes[lock]!.event.kind !== "lock-read") continue;
      for (let before = 0; before < shape.size; before++) {
        if (((relations.po[before * shape.width + (unlock >> 5)]! >>> (unlock & 31)) & 1) === 0) continue;
        const isMemory = contains(skeleton.sets.M, before);
        for (let k = 0; k < shape.width; k++) {
          this.unlockLockPo[before * shape.width + k]! |= relations.po[lock * shape.width + k]!;
          if (isMemory) this.strong[before * shape.width + k]! |= relations.afterUnlockLock[lock * shape.width + k]!;
        }
      }
    }
  }

  /** ppo; recomputes carry-dep where a dependency runs through a store of the same thread. */
  #derivePpo(): void {
    const { skeleton, parts } = this;
    const { shape, relations, sets } = skeleton;
    const hasRfi = !isEmpty(this.rfi);
    const ppo = this.ppo;
    if (parts.hasDep && hasRfi) {
      if (parts.hasData) this.#carryDependencies();
      ppo.set(parts.ppoWithoutDep);
      unite(ppo, depOrder(skeleton, this.addr, this.data, this.ctrl));
      const t = this.#t1;
      // dep ; [Marked] ; rfi
      const dep = united(this.addr, this.data);
      restrict(shape, dep, sets.M, sets.marked);
      compose(shape, t, dep, this.rfi);
      restrict(shape, t, sets.marked, sets.marked);
      unite(ppo, t);
    } else {
      ppo.set(parts.ppo);
      if (parts.hasData) {
        this.addr.set(relations.addr);
        this.data.set(relations.data);
        this.ctrl.set(relations.ctrl);
      }
    }
    // overwrite & int
    const overwrite = this.#t1;
    overwrite.set(this.candidate.co);
    unite(overwrite, this.fr);
    intersect(overwrite, skeleton.int);
    if (parts.hasPlain) intersect(overwrite, parts.marked);
    unite(ppo, overwrite);
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
    compose(shape, cumulFence, this.rfeMarked, base);
    unite(cumulFence, base);
    if (parts.hasLocks) {
      const t = this.#t2;
      t.set(this.unlockLockPo);
      unite(t, skeleton.relations.wmb);
      intersect(t, parts.marked);
      unite(cumulFence, t);
    } else unite(cumulFence, parts.wmbOrUnlockLock);
    if (parts.hasRmw) {
      const sequence = this.rmwSequence();
      compose(shape, this.#t1, cumulFence, sequence);
      unite(cumulFence, this.#t1);
    }
    closeTransitively(shape, cumulFence);
    if (parts.hasPlain) restrict(shape, cumulFence, sets.marked, sets.marked);
  }

  /** (rf ; rmw)+ ; valid until the next derivation. */
  rmwSequence(): BitRelation {
    const { shape, relations } = this.skeleton;
    const rf = this.#t1;
    rf.set(this.rfe);
    unite(rf, this.rfi);
    compose(shape, this.#t2, rf, relations.rmw);
    closeTransitively(shape, this.#t2);
    return this.#t2;
  }

  #deriveProp(): void {
    const { skeleton, prop, cumulFence, rfeMarked } = this;
    const { shape, sets } = skeleton;
    // cumul-fence* ; [Marked] ; rfe? ; [Marked]
    const tail = this.#t1;
    compose(shape, tail, cumulFence, rfeMarked);
    unite(tail, cumulFence);
    unite(tail, rfeMarked);
    uniteIdentity(shape, tail, sets.marked);
    const overwrite = this.#t2;
    overwrite.set(this.candidate.co);
    unite(overwrite, this.fr);
    subtract(overwrite, skeleton.int);
    if (this.parts.hasPlain) intersect(overwrite, this.parts.marked);
    compose(shape, prop, overwrite, tail);
    unite(prop, tail);
  }

  #deriveHb(): void {
    const { skeleton, hb } = this;
    const { shape } = skeleton;
    hb.set(this.prop);
    intersect(hb, skeleton.int);
    for (let a = 0; a < shape.size; a++) hb[a * shape.width + (a >> 5)]! &= ~(1 << (a & 31));
    unite(hb, this.ppo);
    unite(hb, this.rfeMarked);
  }

  /** Grace periods and sections; they change with rf only where SRCU is used. */
  rcuNodes(): readonly RcuNode[] {
    if (this.parts.hasSyncSrcu) return rcuNodes(this.candidate);
    return (this.#rcuNodes ??= rcuNodes(this.candidate));
  }

  /** hb+; true when acyclic. */
  closeHb(): boolean {
    this.hbPlus.set(this.hb);
    closeTransitively(this.skeleton.shape, this.hbPlus);
    return isIrreflexive(this.skeleton.shape, this.hbPlus);
  }

  /** pb = prop ; strong-fence ; hb* ; [Marked], and pb+; true when acyclic. Needs hb+. */
  closePb(): boolean {
    const { skeleton, pb, pbPlus } = this;
    const { shape, sets } = skeleton;
    if (isEmpty(this.strong)) {
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
    closeTransitively(shape, pbPlus);
    return isIrreflexive(shape, pbPlus);
  }
}

/** to-w and to-r, the dependency parts without rfi: rwdep, addr ; [Plain] ; wmb, addr ; [R]. */
function depOrder(skeleton: Skeleton, addr: BitRelation, data: BitRelation, ctrl: BitRelation): BitRelation {
  const { shape, relations, sets } = skeleton;
  const toWrite = restricted(shape, united(addr, data, ctrl), sets.M, sets.W);
  const out = united(toWrite, restricted(shape, addr, sets.M, sets.R));
  unite(out, composed(shape, restricted(shape, addr, sets.M, sets.plain), relations.wmb));
  restrict(shape, out, sets.marked, sets.marked);
  return out;
}

function staticParts(skeleton: Skeleton): StaticParts {
  const { shape, relations, sets } = skeleton;
  const marked = emptyRelation(shape);
  for (let a = 0; a < shape.size; a++) if (contains(sets.marked, a)) marked.set(sets.marked, a * shape.width);
  const strongOrRel = united(relations.strong, relations.poRel);
  intersect(strongOrRel, marked);
  const wmbOrUnlockLock = united(relations.wmb, relations.unlockLockPo);
  intersect(wmbOrUnlockLock, marked);
  const ppoWithoutDep = united(strongOrRel, wmbOrUnlockLock, relations.acqPo, relations.rmb);
  intersect(ppoWithoutDep, marked);
  const hasData = !isEmpty(relations.data);
  return {
    marked,
    strongOrRel,
    wmbOrUnlockLock,
    ppoWithoutDep,
    ppo: united(ppoWithoutDep, depOrder(skeleton, relations.addr, relations.data, relations.ctrl)),
    hasDep: hasData || !isEmpty(relations.addr) || !isEmpty(relations.ctrl),
    hasData,
    hasRmw: !isEmpty(relations.rmw),
    hasLocks: skeleton.nodes.some((n) => n.event.kind === "unlock"),
    hasPlain: !isEmpty(sets.plain),
    hasSyncSrcu: !isEmpty(sets.syncSrcu),
    hasRcu: hasRcuNodes(skeleton),
  };
}
