/*
 * rcu-order of linux-kernel.cat on a quotient graph: one node a grace period (entered and left at
 * the event itself) and one a read-side critical section (entered at its unlock, left at its lock:
 * its effects run backwards). The productions become a fixpoint on a few small rows; `& loc` becomes
 * equality of SRCU domains. See Documentation/explanation.txt, "RCU RELATIONS".
 */
import type { Candidate } from "../explore/candidate.ts";
import type { Skeleton } from "../explore/skeleton.ts";
import { closeTransitively, compose, contains, emptyRelation, intersect, restricted, unite, uniteImage, type BitRelation } from "../relation/bit-relation.ts";

export type RcuNode = {
  readonly kind: "grace-period" | "section";
  /** The word of an srcu_struct, or -1 for RCU. */
  readonly domain: number;
  readonly entry: number;
  readonly exit: number;
};

/** srcu-rscs of linux-kernel.bell: ([Srcu-lock] ; (data ; [~Srcu-unlock] ; rf)* ; data ; [Srcu-unlock]) & loc. */
export function srcuSections(candidate: Candidate): readonly (readonly [lock: number, unlock: number])[] {
  const { skeleton } = candidate;
  const { shape, relations, sets } = skeleton;
  const carry = emptyRelation(shape);
  candidate.rf.forEach((write, read) => {
    if (write < 0) return;
    if (contains(sets.srcuUnlock, write)) return;
    carry[write * shape.width + (read >> 5)]! |= 1 << (read & 31);
  });
  const step = emptyRelation(shape);
  compose(shape, step, relations.data, carry);
  closeTransitively(shape, step);
  const reach = emptyRelation(shape);
  compose(shape, reach, step, relations.data);
  unite(reach, relations.data);
  const unlocks = restricted(shape, reach, sets.R, sets.srcuUnlock);
  const sections: [number, number][] = [];
  skeleton.nodes.forEach((node, lock) => {
    if (node.event.kind !== "srcu-lock") return;
    skeleton.nodes.forEach((other, unlock) => {
      if (other.event.kind !== "srcu-unlock") return;
      if (((unlocks[lock * shape.width + (unlock >> 5)]! >>> (unlock & 31)) & 1) === 0) return;
      if (candidate.location[lock] === candidate.location[unlock] && candidate.location[lock]! >= 0) sections.push([lock, unlock]);
    });
  });
  return sections;
}

/** Whether axiom 5 can fail at all: some grace period and some section. */
export function hasRcuNodes(skeleton: Skeleton): boolean {
  let periods = false;
  let sections = skeleton.rcuSections.length > 0;
  for (const { event } of skeleton.nodes) {
    if (event.kind === "sync-srcu" || event.tag === "sync-rcu") periods = true;
    if (event.kind === "srcu-lock") sections = true;
  }
  return periods && sections;
}

export function rcuNodes(candidate: Candidate): readonly RcuNode[] {
  const { skeleton } = candidate;
  const nodes: RcuNode[] = [];
  const hasSrcu = skeleton.nodes.some((n) => n.event.kind === "sync-srcu");
  skeleton.nodes.forEach(({ event }, at) => {
    if (event.tag === "sync-rcu") nodes.push({ kind: "grace-period", domain: -1, entry: at, exit: at });
    if (event.kind !== "sync-srcu" || candidate.location[at]! < 0) return;
    nodes.push({ kind: "grace-period", domain: candidate.location[at]!, entry: at, exit: at });
  });
  for (const [lock, unlock] of skeleton.rcuSections) nodes.push({ kind: "section", domain: -1, entry: unlock, exit: lock });
  if (hasSrcu)
    for (const [lock, unlock] of srcuSections(candidate))
      nodes.push({ kind: "section", domain: candidate.location[lock]!, entry: unlock, exit: lock });
  return nodes;
}

/** link[a] = set of nodes b with (exit(a), entry(b)) in the given relation, as rows of 32-bit words. */
export type Quotient = { readonly nodes: readonly RcuNode[]; readonly width: number; readonly link: Int32Array; readonly order: Int32Array };

/** `image(from, out)`: out |= events that rcu-link relates to the set `from`. */
export function quotientOf(nodes: readonly RcuNode[], skeleton: Skeleton, image: (exit: number) => Int32Array): Quotient {
  const width = Math.max(1, (nodes.length + 31) >> 5);
  const link = new Int32Array(nodes.length * width);
  nodes.forEach((a, i) => {
    const reached = image(a.exit);
    nodes.forEach((b, j) => {
      if (contains(reached, b.entry)) link[i * width + (j >> 5)]! |= 1 << (j & 31);
    });
  });
  return { nodes, width, link, order: orderOf(nodes, width, link) };
}

/** The least fixpoint of the rcu-order productions. */
function orderOf(nodes: readonly RcuNode[], width: number, link: Int32Array): Int32Array {
  const shape = { size: nodes.length, width };
  const pairs = emptyRelation(shape);
  const order = emptyRelation(shape);
  nodes.forEach((a, i) => {
    if (a.kind === "grace-period") order[i * width + (i >> 5)]! |= 1 << (i & 31);
    nodes.forEach((b, j) => {
      if (a.kind !== b.kind && a.domain === b.domain) pairs[i * width + (j >> 5)]! |= 1 << (j & 31);
    });
  });
  const direct = link.slice();
  intersect(direct, pairs);
  unite(order, direct);
  const linked = emptyRelation(shape);
  const round = emptyRelation(shape);
  for (;;) {
    const before = order.slice();
    // link ; rcu-order ; link between a grace period and a section of its domain
    compose(shape, linked, link, order);
    compose(shape, round, linked, link);
    intersect(round, pairs);
    unite(order, round);
    // rcu-order ; link ; rcu-order
    compose(shape, linked, order, link);
    compose(shape, round, linked, order);
    unite(order, round);
    if (before.every((word, k) => word === order[k])) return order;
  }
}

/** irreflexive(rcu-order ; link), which is irreflexive(rb) for link = rcu-link. */
export function orderContradictsLink({ nodes, width, link, order }: Quotient): boolean {
  for (let a = 0; a < nodes.length; a++)
    for (let b = 0; b < nodes.length; b++) {
      const ordered = ((order[a * width + (b >> 5)]! >>> (b & 31)) & 1) !== 0;
      if (ordered && ((link[b * width + (a >> 5)]! >>> (a & 31)) & 1) !== 0) return true;
    }
  return false;
}

/** rcu-link = po? ; hb* ; pb* ; prop ; po from one event; `steps` are the closures in order. */
export function linkImage(skeleton: Skeleton, from: number, steps: readonly BitRelation[], prop: BitRelation): Int32Array {
  const { shape, relations } = skeleton;
  let set = new Int32Array(shape.width);
  set[from >> 5]! |= 1 << (from & 31);
  uniteImage(shape, set, 0, set.slice(), 0, relations.po);
  for (const step of steps) uniteImage(shape, set, 0, set.slice(), 0, step);
  for (const last of [prop, relations.po]) {
    const next = new Int32Array(shape.width);
    uniteImage(shape, next, 0, set, 0, last);
    set = next;
  }
  return set;
}

