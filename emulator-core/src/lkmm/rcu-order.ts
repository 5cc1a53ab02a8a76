/*
 * rcu-order of linux-kernel.cat on a quotient graph: one node a grace period (entered and left at
 * the event itself) and one a read-side critical section (entered at its unlock, left at its lock:
 * its effects run backwards). The productions become a fixpoint on a few small rows; `& loc` becomes
 * equality of SRCU domains. See Documentation/explanation.txt, "RCU RELATIONS".
 */
import type { Candidate } from "../explore/candidate.ts";
import type { Skeleton } from "../explore/skeleton.ts";
import { closeTransitively, compose, contains, emptyRelation, insert, intersect, related, restricted, unite, uniteImage, type BitRelation, type BitSet } from "../relation/bit-relation.ts";

export type RcuNode = {
  readonly kind: "grace-period" | "section";
  /** The word of an srcu_struct, or -1 for RCU. */
  readonly domain: number;
  readonly thread: number;
  /** Event indices in the thread's path: left at `exit`, entered at `entry`. */
  readonly exit: number;
  readonly entry: number;
  /** Their nodes, -1 for rcu_read_lock() and rcu_read_unlock(). */
  readonly exitNode: number;
  readonly entryNode: number;
  /** Nodes po-after the exit and po-before the entry. */
  readonly after: BitSet;
  readonly before: BitSet;
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
  const nodes: RcuNode[] = skeleton.rcuSections.map(({ thread, lock, unlock, after, before }) => ({
    kind: "section", domain: -1, thread, exit: lock, entry: unlock, exitNode: -1, entryNode: -1, after, before,
  }));
  const between = (exit: number, entry: number): Pick<RcuNode, "thread" | "exit" | "entry" | "exitNode" | "entryNode" | "after" | "before"> => ({
    thread: skeleton.nodes[exit]!.thread,
    exit: skeleton.nodes[exit]!.local,
    entry: skeleton.nodes[entry]!.local,
    exitNode: exit,
    entryNode: entry,
    after: skeleton.relations.po.slice(exit * skeleton.shape.width, (exit + 1) * skeleton.shape.width),
    before: poBefore(skeleton, entry),
  });
  let hasSrcu = false;
  for (const [at, { event }] of skeleton.nodes.entries()) {
    if (event.tag === "sync-rcu") nodes.push({ kind: "grace-period", domain: -1, ...between(at, at) });
    if (event.kind !== "sync-srcu" || candidate.location[at]! < 0) continue;
    hasSrcu = true;
    nodes.push({ kind: "grace-period", domain: candidate.location[at]!, ...between(at, at) });
  }
  if (hasSrcu) for (const [lock, unlock] of srcuSections(candidate)) nodes.push({ kind: "section", domain: candidate.location[lock]!, ...between(lock, unlock) });
  return nodes;
}

function poBefore(skeleton: Skeleton, node: number): BitSet {
  const { shape, relations } = skeleton;
  const before = new Int32Array(shape.width);
  for (let a = 0; a < shape.size; a++) if (related(shape, relations.po, a, node)) insert(before, a);
  return before;
}

/** link and order between nodes, as rows of 32-bit words. */
export type Quotient = { readonly nodes: readonly RcuNode[]; readonly width: number; readonly link: Int32Array; readonly order: Int32Array };

/** `image(a)`: the events from which one step of po enters what rcu-link relates to the exit of a. */
export function quotientOf(
  nodes: readonly RcuNode[],
  skeleton: Skeleton,
  image: (a: RcuNode) => BitSet,
  enters: (reached: BitSet, b: RcuNode) => boolean = entersByPo,
): Quotient {
  const width = Math.max(1, (nodes.length + 31) >> 5);
  const link = new Int32Array(nodes.length * width);
  for (let i = 0; i < nodes.length; i++) {
    const a = nodes[i]!;
    const reached = image(a);
    for (let j = 0; j < nodes.length; j++) {
      const b = nodes[j]!;
      if (enters(reached, b) || isPoBefore(skeleton, a, b)) link[i * width + (j >> 5)]! |= 1 << (j & 31);
    }
  }
  return { nodes, width, link, order: orderOf(nodes, width, link) };
}

function entersByPo(reached: BitSet, b: RcuNode): boolean {
  return meet(reached, b.before);
}

export function meet(a: BitSet, b: BitSet): boolean {
  for (let k = 0; k < a.length; k++) if ((a[k]! & b[k]!) !== 0) return true;
  return false;
}

/** The exit of a is po-before the entry of b: prop and hb* may both be empty. */
function isPoBefore(skeleton: Skeleton, a: RcuNode, b: RcuNode): boolean {
  if (a.thread !== b.thread) return false;
  const entry = skeleton.threads[a.thread]!.path.events[b.entry]!;
  return ((entry.before >> BigInt(a.exit)) & 1n) !== 0n;
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

/** po? ; hb* ; pb* ; prop from the exit of a; `steps` are the transitive closures in order. rcu-link adds a po. */
export function linkImage(skeleton: Skeleton, a: RcuNode, steps: readonly BitRelation[], prop: BitRelation): BitSet {
  const { shape } = skeleton;
  let set = a.after.slice();
  if (a.exitNode >= 0) insert(set, a.exitNode);
  for (const step of steps) {
    const next = set.slice();
    uniteImage(shape, next, 0, set, 0, step);
    set = next;
  }
  const reached = new Int32Array(shape.width);
  uniteImage(shape, reached, 0, set, 0, prop);
  return reached;
}
