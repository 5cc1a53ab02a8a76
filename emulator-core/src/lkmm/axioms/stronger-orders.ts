/*
 * The rungs above the LKMM: what a class of machines forbids in addition. They add axioms, they
 * remove none, so their executions are executions of the LKMM.
 *
 * mca and sc are the files lkmm-mca.cat and lkmm-sc.cat that stock herd7 loads. tso is ours and in
 * no kernel file: program order between memory accesses except a write before a read with no full
 * barrier (strong fence, or any read-modify-write: every one is a full barrier on x86) between, and
 * one global order of visibility.
 */
import type { LkmmRelations } from "../relations.ts";
import { linkImage, meet, orderContradictsLink, quotientOf, type RcuNode } from "../rcu-order.ts";
import { closeTransitively, contains, copied, emptyRelation, insert, isIrreflexive, related, restrict, unite, uniteImage, united, without, type BitRelation, type BitSet } from "../../relation/bit-relation.ts";
import type { Axiom } from "./axiom.ts";

/** [Marked] ; (ppo | rfe | fre | coe) ; [Marked] acyclic, and seen by grace periods. */
export const multiCopyAtomicity: Axiom = {
  name: "multi-copy-atomicity",
  source: "lkmm-mca.cat acyclic mca-ob",
  prunesPrefixes: true,
  holds: (r) => {
    const { shape, sets } = r.skeleton;
    const ob = united(r.ppo, r.rfe, externalOverwrite(r));
    restrict(shape, ob, sets.marked, sets.marked);
    return isAcyclicAndRespectedByRcu(r, ob);
  },
};

/** Ours. See the head of this file. */
export const totalStoreOrder: Axiom = {
  name: "total-store-order",
  source: "this project: x86-like order, not part of the LKMM",
  prunesPrefixes: true,
  holds: (r) => isAcyclicAndRespectedByRcu(r, united(storeOrder(r), r.rfe, externalOverwrite(r))),
};

export const sequentialConsistency: Axiom = {
  name: "sequential-consistency",
  source: "lkmm-sc.cat acyclic sc-step",
  prunesPrefixes: true,
  holds: (r) => {
    const { skeleton } = r;
    const step = united(skeleton.relations.po, r.rfe, r.rfi, r.co, r.fr);
    closeTransitively(skeleton.shape, step);
    if (!isIrreflexive(skeleton.shape, step)) return false;
    if (!hasGracePeriod(r)) return true;
    // sc-link is transitive and not reflexive: reflexive, every grace period would contradict itself.
    const image = ({ after, exitNode }: RcuNode): BitSet => {
      const from = after.slice();
      if (exitNode >= 0) insert(from, exitNode);
      const reached = after.slice();
      uniteImage(skeleton.shape, reached, 0, from, 0, step);
      return reached;
    };
    const enters = (reached: BitSet, b: RcuNode): boolean => (b.entryNode >= 0 && contains(reached, b.entryNode)) || meet(reached, b.before);
    return !orderContradictsLink(quotientOf(r.rcuGraph(), image, enters));
  },
};

function externalOverwrite(r: LkmmRelations): BitRelation {
  return without(united(r.co, r.fr), r.skeleton.int);
}

function hasGracePeriod(r: LkmmRelations): boolean {
  return r.skeleton.sets.gracePeriod.some((word) => word !== 0);
}

function isAcyclicAndRespectedByRcu(r: LkmmRelations, order: BitRelation): boolean {
  const { skeleton } = r;
  const { shape } = skeleton;
  const plus = copied(order);
  closeTransitively(shape, plus);
  if (!isIrreflexive(shape, plus)) return false;
  if (!hasGracePeriod(r)) return true;
  // po? ; (hb | pb | ob)* ; prop ; po
  unite(plus, r.hbPlus);
  unite(plus, r.pbPlus);
  closeTransitively(shape, plus);
  return !orderContradictsLink(quotientOf(r.rcuGraph(), (a) => linkImage(skeleton, a, [plus], r.prop)));
}

/** po among memory accesses and grace periods, without relaxed write → read pairs. */
function storeOrder(r: LkmmRelations): BitRelation {
  const { skeleton } = r;
  const { shape, relations, sets, nodes } = skeleton;
  const out = emptyRelation(shape);
  const isLocked = (at: number): boolean => {
    const { event } = nodes[at]!;
    return event.atomic || event.kind === "lock-read" || event.kind === "lock-write";
  };
  const takesPart = (at: number): boolean => contains(sets.M, at) || contains(sets.gracePeriod, at);
  for (let a = 0; a < shape.size; a++) {
    if (!takesPart(a)) continue;
    for (let b = 0; b < shape.size; b++) {
      if (!related(shape, relations.po, a, b) || !takesPart(b)) continue;
      const isRelaxable = contains(sets.W, a) && contains(sets.R, b);
      if (isRelaxable && !related(shape, relations.strong, a, b) && !isLocked(a) && !isLocked(b)) {
        const between = nodes.some((_, x) => isLocked(x) && related(shape, relations.po, a, x) && related(shape, relations.po, x, b));
        if (!between) continue;
      }
      out[a * shape.width + (b >> 5)]! |= 1 << (b & 31);
    }
  }
  return out;
}
