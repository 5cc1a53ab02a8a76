/*
 * What linux-kernel.cat (Linux 6.12) says about a skeleton before any rf or co is known, derived once
 * and shared by the relations of a candidate and their upper bounds (relations.ts).
 */
import type { Skeleton } from "../explore/skeleton.ts";
import {
  composed, contains, emptyRelation, emptySet, insert, intersect, invert, isEmpty, related, restrict, restricted, unite, united,
  type BitRelation, type BitSet,
} from "../relation/bit-relation.ts";
import { isSrcuKind } from "./thread-relations.ts";
import { hasRcuNodes, RcuGraph, rcuNodes } from "./rcu-order.ts";

/** Parts of ppo, prop and the fences that do not depend on rf and co. */
export type StaticParts = {
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
  readonly hasRmw: boolean;
  /** A dependency may be carried through a store. */
  readonly carriesData: boolean;
  /** (rf ; rmw)+ counts, and may be there. */
  readonly hasRmwSequence: boolean;
  readonly hasLocks: boolean;
  /** Unlocks with the nodes po-before them; for smp_mb__after_unlock_lock() only memory accesses count, and only if it is used. */
  readonly unlocks: readonly { readonly unlock: number; readonly before: readonly number[]; readonly memoryBefore: readonly number[] }[];
  readonly hasStrong: boolean;
  /** Something cumul-fence starts with. */
  readonly hasCumulFence: boolean;
  readonly hasPlain: boolean;
  /** Which SRCU unlock ends which section, or which domain is meant, depends on rf. */
  readonly hasOpenSrcu: boolean;
  /** Whether the rcu axiom can fail at all: some grace period and some section. */
  readonly hasRcu: boolean;
};

/** What depends on the skeleton alone; two sets of relations may share it. */
export class LkmmStatics {
  readonly skeleton: Skeleton;
  readonly parts: StaticParts;
  #rcuGraph: RcuGraph | undefined;
  #upper: UpperStatics | undefined;

  constructor(skeleton: Skeleton) {
    this.skeleton = skeleton;
    this.parts = staticParts(skeleton);
  }

  /** Unless `hasOpenSrcu`, grace periods and sections are the same for every candidate. */
  rcuGraph(): RcuGraph {
    return (this.#rcuGraph ??= new RcuGraph(this.skeleton, rcuNodes(this.skeleton, emptyRelation(this.skeleton.shape), knownAddresses(this.skeleton))));
  }

  upper(): UpperStatics {
    return (this.#upper ??= upperStatics(this.skeleton));
  }
}

/** Constant addresses, numbered: enough to compare them. */
function knownAddresses({ nodes }: Skeleton): Int32Array {
  const numbers = new Map<number, number>();
  return Int32Array.from(nodes, ({ event: { address } }) => {
    if (address?.kind !== "known") return -1;
    if (!numbers.has(address.value)) numbers.set(address.value, numbers.size);
    return numbers.get(address.value)!;
  });
}

/** Whether a section's index may travel through memory, or an address of SRCU is not a constant. */
function hasOpenSrcu({ profile, nodes, nodeBase, threads, hasSrcu }: Skeleton): boolean {
  if (!hasSrcu) return false;
  const domains = new Set<number>();
  for (const { event } of nodes) {
    if (!isSrcuKind(event.kind)) continue;
    if (event.address?.kind !== "known") return true;
    domains.add(event.address.value);
  }
  if (profile.srcu === "fences") return false;
  return nodes.some(({ event, thread }) => {
    if (event.kind === "write") return event.address?.kind !== "known" || domains.has(event.address.value);
    if (event.kind !== "srcu-unlock") return false;
    return event.data.some((read) => nodes[nodeBase[thread]! + threads[thread]!.nodeOf[read]!]!.event.kind !== "srcu-lock");
  });
}

/** to-w and to-r, the dependency parts without rfi: rwdep, addr ; [Plain] ; wmb, addr ; [R]. */
export function depOrder(skeleton: Skeleton, addr: BitRelation, data: BitRelation, ctrl: BitRelation): BitRelation {
  const { shape, relations, sets } = skeleton;
  const toWrite = restricted(shape, united(addr, data, ctrl), sets.M, sets.W);
  const out = united(toWrite, skeleton.profile.addrReachesReadsOnly ? restricted(shape, addr, sets.M, sets.R) : addr);
  unite(out, composed(shape, restricted(shape, addr, sets.M, sets.plain), relations.wmb));
  restrict(shape, out, sets.marked, sets.marked);
  return out;
}

function staticParts(skeleton: Skeleton): StaticParts {
  const { shape, relations, sets } = skeleton;
  const marked = emptyRelation(shape);
  for (let a = 0; a < shape.size; a++) if (contains(sets.marked, a)) for (let k = 0; k < shape.width; k++) marked[a * shape.width + k] = sets.marked[k]!;
  const strongOrRel = united(relations.strong, relations.poRel);
  intersect(strongOrRel, marked);
  const wmbOrUnlockLock = united(relations.wmb, relations.unlockLockPo);
  intersect(wmbOrUnlockLock, marked);
  const ppoWithoutDep = united(strongOrRel, wmbOrUnlockLock, relations.acqPo, relations.rmb);
  intersect(ppoWithoutDep, marked);
  const hasData = !isEmpty(relations.data);
  const hasRmw = !isEmpty(relations.rmw);
  const isAfterUnlockLock = !isEmpty(relations.afterUnlockLock);
  const beforeUnlock = (unlock: number): StaticParts["unlocks"][number] => {
    const before = skeleton.nodes.flatMap((_, at) => (related(shape, relations.po, at, unlock) ? [at] : []));
    return { unlock, before, memoryBefore: isAfterUnlockLock ? before.filter((at) => contains(sets.M, at)) : [] };
  };
  const unlocks = skeleton.hasLocks ? skeleton.nodes.flatMap((n, at) => (n.event.kind === "unlock" ? [beforeUnlock(at)] : [])) : [];
  return {
    marked,
    strongOrRel,
    wmbOrUnlockLock,
    ppoWithoutDep,
    ppo: united(ppoWithoutDep, depOrder(skeleton, relations.addr, relations.data, relations.ctrl)),
    hasDep: hasData || !isEmpty(relations.addr) || !isEmpty(relations.ctrl),
    hasRmw,
    carriesData: hasData && skeleton.profile.carriesDependencies,
    hasRmwSequence: hasRmw && skeleton.profile.hasRmwSequence,
    hasLocks: unlocks.length > 0,
    unlocks,
    hasStrong: !isEmpty(relations.strong),
    hasCumulFence: unlocks.length > 0 || !isEmpty(strongOrRel) || !isEmpty(wmbOrUnlockLock),
    hasPlain: !isEmpty(sets.plain),
    hasOpenSrcu: hasOpenSrcu(skeleton),
    hasRcu: hasRcuNodes(skeleton),
  };
}

export type UpperStatics = {
  /** po^-1 */
  readonly poBefore: BitRelation;
  /** By read: the writes it may read from as far as program order and lock.cat say. */
  readonly sourcesOf: readonly (BitSet | undefined)[];
};

function upperStatics(skeleton: Skeleton): UpperStatics {
  const { shape, relations, nodes } = skeleton;
  const poBefore = emptyRelation(shape);
  invert(shape, poBefore, relations.po);
  const sourcesOf = nodes.map(({ event }, read): BitSet | undefined => {
    const kinds = sourceKinds[event.kind];
    if (kinds === undefined) return undefined;
    const sources = emptySet(shape);
    nodes.forEach((other, write) => {
      if (kinds.includes(other.event.kind) && !related(shape, relations.po, read, write)) insert(sources, write);
    });
    return sources;
  });
  return { poBefore, sourcesOf };
}

const memoryWrites = ["write", "srcu-unlock"];

/** What lock.cat and the explorer let each kind of read read from. */
const sourceKinds: Readonly<Partial<Record<string, readonly string[]>>> = {
  read: memoryWrites,
  "srcu-lock": memoryWrites,
  "lock-read": ["unlock"],
  "lock-fail": ["lock-write"],
  "read-locked": ["lock-write"],
  "read-unlocked": ["unlock"],
};
