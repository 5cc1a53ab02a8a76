/*
 * rcu-order of linux-kernel.cat on a quotient graph: one node a grace period (entered and left at
 * the event itself) and one a read-side critical section (entered at its unlock, left at its lock:
 * its effects run backwards). The productions become a fixpoint on a few small rows; `& loc` becomes
 * equality of SRCU domains. See Documentation/explanation.txt, "RCU RELATIONS".
 */
import { isPoBefore } from "../explore/path.ts";
import type { Skeleton } from "../explore/skeleton.ts";
import { closeTransitively, compose, emptyRelation, insert, intersect, isIrreflexive, relate, related, restricted, shapeOf, unite, uniteImage, type BitRelation, type BitSet, type Shape } from "../relation/bit-relation.ts";

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

export type SrcuSection = readonly [lock: number, unlock: number];

/** srcu-rscs of linux-kernel.bell: ([Srcu-lock] ; (data ; [~Srcu-unlock] ; rf)* ; data ; [Srcu-unlock]) & loc. */
export function srcuSections(skeleton: Skeleton, rf: BitRelation, location: Int32Array): readonly SrcuSection[] {
  return skeleton.profile.srcu === "accesses" ? sectionsByIndex(skeleton, rf, location) : sectionsByNesting(skeleton, location);
}

/** linux-kernel.bell (Linux 6.1): locks and unlocks of one domain pair up like parentheses. */
function sectionsByNesting({ nodes }: Skeleton, location: Int32Array): readonly SrcuSection[] {
  const sections: SrcuSection[] = [];
  const open = new Map<string, number[]>();
  nodes.forEach(({ event, thread }, at) => {
    const key = `${thread} ${location[at]!}`;
    if (event.kind === "srcu-lock-fence") open.set(key, [...(open.get(key) ?? []), at]);
    if (event.kind !== "srcu-unlock-fence") return;
    const lock = open.get(key)?.pop();
    if (lock !== undefined) sections.push([lock, at]);
  });
  return sections;
}

function sectionsByIndex(skeleton: Skeleton, rf: BitRelation, location: Int32Array): readonly SrcuSection[] {
  const { shape, relations, sets } = skeleton;
  const step = emptyRelation(shape);
  const notUnlock = sets.srcuUnlock.map((word) => ~word);
  const everything = notUnlock.map(() => -1);
  compose(shape, step, relations.data, restricted(shape, rf, notUnlock, everything));
  closeTransitively(shape, step);
  const reach = emptyRelation(shape);
  compose(shape, reach, step, relations.data);
  unite(reach, relations.data);
  const unlocks = restricted(shape, reach, sets.R, sets.srcuUnlock);
  const sections: SrcuSection[] = [];
  skeleton.nodes.forEach((node, lock) => {
    if (node.event.kind !== "srcu-lock") return;
    skeleton.nodes.forEach((other, unlock) => {
      if (other.event.kind !== "srcu-unlock") return;
      if (((unlocks[lock * shape.width + (unlock >> 5)]! >>> (unlock & 31)) & 1) === 0) return;
      if (location[lock] === location[unlock] && location[lock]! >= 0) sections.push([lock, unlock]);
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
    if (event.kind === "srcu-lock" || event.kind === "srcu-lock-fence") sections = true;
  }
  return periods && sections;
}

/** `rf` and `location` matter only where SRCU is used. */
export function rcuNodes(skeleton: Skeleton, rf: BitRelation, location: Int32Array): readonly RcuNode[] {
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
    if (event.kind !== "sync-srcu" || location[at] === undefined || location[at] < 0) continue;
    hasSrcu = true;
    nodes.push({ kind: "grace-period", domain: location[at], ...between(at, at) });
  }
  if (hasSrcu) for (const [lock, unlock] of srcuSections(skeleton, rf, location)) nodes.push({ kind: "section", domain: location[lock]!, ...between(lock, unlock) });
  return nodes;
}

function poBefore(skeleton: Skeleton, node: number): BitSet {
  const { shape, relations } = skeleton;
  const before = new Int32Array(shape.width);
  for (let a = 0; a < shape.size; a++) if (related(shape, relations.po, a, node)) insert(before, a);
  return before;
}

/** link and order between nodes, as rows of 32-bit words. */
export type Quotient = { readonly nodes: readonly RcuNode[]; readonly width: number; readonly link: BitRelation; readonly order: BitRelation };

/** Owns the rows of one set of nodes; what does not depend on the candidate is computed once. */
export class RcuGraph implements Quotient {
  readonly nodes: readonly RcuNode[];
  readonly width: number;
  readonly link: BitRelation;
  readonly order: BitRelation;
  readonly #shape: Shape;
  readonly #events: Shape;
  /** The exit of a is po-before the entry of b: prop and hb* may both be empty. */
  readonly #poLink: BitRelation;
  /** A grace period and a section of the same domain. */
  readonly #pairs: BitRelation;
  readonly #t1: BitRelation;
  readonly #t2: BitRelation;
  readonly #from: BitSet;
  readonly #to: BitSet;

  constructor(skeleton: Skeleton, nodes: readonly RcuNode[]) {
    this.nodes = nodes;
    this.#shape = shapeOf(nodes.length);
    this.#events = skeleton.shape;
    this.width = this.#shape.width;
    const fresh = (): BitRelation => emptyRelation(this.#shape);
    this.link = fresh();
    this.order = fresh();
    this.#t1 = fresh();
    this.#t2 = fresh();
    this.#poLink = fresh();
    this.#pairs = fresh();
    this.#from = new Int32Array(skeleton.shape.width);
    this.#to = new Int32Array(skeleton.shape.width);
    nodes.forEach((a, i) =>
      nodes.forEach((b, j) => {
        if (a.kind !== b.kind && a.domain === b.domain) relate(this.#shape, this.#pairs, i, j);
        if (a.thread === b.thread && isPoBefore(a.exit, skeleton.threads[a.thread]!.path.events[b.entry]!)) relate(this.#shape, this.#poLink, i, j);
      }),
    );
  }

  /** rcu-link between the nodes: po? ; hb* ; pb* ; prop ; po. */
  deriveLink(hbPlus: BitRelation, pbPlus: BitRelation, prop: BitRelation): void {
    const { nodes, link } = this;
    const events = this.#events;
    const from = this.#from;
    const to = this.#to;
    link.set(this.#poLink);
    for (let i = 0; i < nodes.length; i++) {
      const a = nodes[i]!;
      for (let k = 0; k < from.length; k++) from[k] = a.after[k]!;
      if (a.exitNode >= 0) insert(from, a.exitNode);
      for (let k = 0; k < from.length; k++) to[k] = from[k]!;
      uniteImage(events, to, 0, from, 0, hbPlus);
      for (let k = 0; k < from.length; k++) from[k] = to[k]!;
      uniteImage(events, from, 0, to, 0, pbPlus);
      to.fill(0);
      uniteImage(events, to, 0, from, 0, prop);
      for (let j = 0; j < nodes.length; j++) if (meet(to, nodes[j]!.before)) relate(this.#shape, link, i, j);
    }
  }

  /** The part of every link that needs no event between. */
  linkByPo(): void {
    this.link.set(this.#poLink);
  }

  /** irreflexive(rb), for the link derived last. */
  respectsLink(): boolean {
    // rcu-order runs along rcu-link, so without a circle of links nothing can be contradicted; a
    // section is always linked to itself and alone orders nothing.
    const closure = this.#t1;
    closure.set(this.link);
    const { width, nodes } = this;
    for (let i = 0; i < nodes.length; i++) if (nodes[i]!.kind === "section") closure[i * width + (i >> 5)]! &= ~(1 << (i & 31));
    closeTransitively(this.#shape, closure);
    if (isIrreflexive(this.#shape, closure)) return true;
    this.deriveOrder();
    return !orderContradictsLink(this);
  }

  /** The least fixpoint of the rcu-order productions. */
  deriveOrder(): void {
    const { order, link, width } = this;
    const shape = this.#shape;
    const pairs = this.#pairs;
    for (let k = 0; k < order.length; k++) order[k] = link[k]! & pairs[k]!;
    this.nodes.forEach((a, i) => {
      if (a.kind === "grace-period") order[i * width + (i >> 5)]! |= 1 << (i & 31);
    });
    const linked = this.#t1;
    const round = this.#t2;
    for (let isGrowing = true; isGrowing; ) {
      isGrowing = false;
      // link ; rcu-order ; link between a grace period and a section of its domain
      compose(shape, linked, link, order);
      compose(shape, round, linked, link);
      intersect(round, pairs);
      if (growsBy(order, round)) isGrowing = true;
      // rcu-order ; link ; rcu-order
      compose(shape, linked, order, link);
      compose(shape, round, linked, order);
      if (growsBy(order, round)) isGrowing = true;
    }
  }
}

/** r |= s; true if r changed. */
function growsBy(r: BitRelation, s: BitRelation): boolean {
  let isGrowing = false;
  for (let k = 0; k < r.length; k++) {
    if ((s[k]! & ~r[k]!) === 0) continue;
    r[k]! |= s[k]!;
    isGrowing = true;
  }
  return isGrowing;
}

/** `image(a)`: the events from which one step of po enters what the link relates to the exit of a. */
export function quotientOf(
  graph: RcuGraph,
  image: (a: RcuNode) => BitSet,
  enters: (reached: BitSet, b: RcuNode) => boolean = entersByPo,
): Quotient {
  graph.linkByPo();
  graph.nodes.forEach((a, i) => {
    const reached = image(a);
    graph.nodes.forEach((b, j) => {
      if (enters(reached, b)) graph.link[i * graph.width + (j >> 5)]! |= 1 << (j & 31);
    });
  });
  graph.deriveOrder();
  return graph;
}

function entersByPo(reached: BitSet, b: RcuNode): boolean {
  return meet(reached, b.before);
}

export function meet(a: BitSet, b: BitSet): boolean {
  for (let k = 0; k < a.length; k++) if ((a[k]! & b[k]!) !== 0) return true;
  return false;
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
