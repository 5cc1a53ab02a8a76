/*
 * One choice of path for every thread: the events of a family of candidate executions with
 * everything that does not depend on rf and co. Rows of the threads are shifted into one matrix.
 */
import { emptyRelation, emptySet, shapeOf, type BitRelation, type BitSet, type Shape } from "../relation/bit-relation.ts";
import { take } from "../relation/pool.ts";
import { placeBits, setBit } from "../relation/bit-set.ts";
import { isSrcuKind, nodeSetNames, threadRelationNames, type NodeSetName, type ThreadRelationName, type ThreadRelations } from "../lkmm/thread-relations.ts";
import type { ModelProfile } from "../lkmm/profiles.ts";
import type { PathEvent } from "./path.ts";

export type SkeletonNode = {
  readonly thread: number;
  readonly event: PathEvent;
  /** Index of the event in its thread's path. */
  readonly local: number;
};

/** An RCU read-side critical section: events of a thread, nodes after its lock and before its unlock. */
export type SkeletonSection = {
  readonly thread: number;
  readonly lock: number;
  readonly unlock: number;
  readonly after: BitSet;
  readonly before: BitSet;
};

export type Skeleton = {
  /** The release of the model whose events these are. */
  readonly profile: ModelProfile;
  readonly shape: Shape;
  readonly threads: readonly ThreadRelations[];
  readonly nodes: readonly SkeletonNode[];
  /** First node and first event of each thread. */
  readonly nodeBase: readonly number[];
  readonly eventBase: readonly number[];
  readonly eventCount: number;
  /** By node. */
  readonly threadOf: Int32Array;
  readonly eventOf: Int32Array;
  readonly relations: Readonly<Record<ThreadRelationName, BitRelation>>;
  readonly sets: Readonly<Record<NodeSetName, BitSet>>;
  /** Same thread. */
  readonly int: BitRelation;
  readonly rcuSections: readonly SkeletonSection[];
  readonly flags: ReadonlySet<string>;
  readonly hasLocks: boolean;
  readonly hasSrcu: boolean;
  /** No address depends on a read. */
  readonly isLocated: boolean;
};

export function skeletonOf(threads: readonly ThreadRelations[], profile: ModelProfile): Skeleton {
  const nodes: SkeletonNode[] = [];
  const nodeBase: number[] = [];
  const eventBase: number[] = [];
  const flags = new Set<string>();
  let eventCount = 0;
  let hasLocks = false;
  let hasSrcu = false;
  let isLocated = true;
  for (let t = 0; t < threads.length; t++) {
    const thread = threads[t]!;
    nodeBase.push(nodes.length);
    eventBase.push(eventCount);
    eventCount += thread.path.events.length;
    for (const local of thread.nodes) {
      const event = thread.path.events[local]!;
      nodes.push({ thread: t, event, local });
      if (event.tag === "lock") hasLocks = true;
      if (event.address !== undefined && event.address.kind !== "known") isLocated = false;
      if (isSrcuKind(event.kind)) hasSrcu = true;
    }
    for (const flag of thread.flags) flags.add(flag);
  }
  const shape = shapeOf(nodes.length);
  const threadOf = take(nodes.length);
  const eventOf = take(nodes.length);
  for (let at = 0; at < nodes.length; at++) {
    const { thread, local } = nodes[at]!;
    threadOf[at] = thread;
    eventOf[at] = eventBase[thread]! + local;
  }
  const relations = relationsOf(threads, shape, nodeBase);
  const sets = setsOf(threads, shape, nodeBase);
  const int = emptyRelation(shape);
  for (let at = 0; at < nodes.length; at++) {
    const base = nodeBase[threadOf[at]!]!;
    for (let other = base; other < nodes.length && threadOf[other] === threadOf[at]; other++) setBit(int, at * shape.width, other);
  }
  const rcuSections = sectionsOf(threads, shape, nodeBase);
  return { profile, shape, threads, nodes, nodeBase, eventBase, eventCount, threadOf, eventOf, relations, sets, int, rcuSections, flags, hasLocks, hasSrcu, isLocated };
}

function setsOf(threads: readonly ThreadRelations[], shape: Shape, nodeBase: readonly number[]): Record<NodeSetName, BitSet> {
  const sets = {} as Record<NodeSetName, BitSet>;
  for (let index = 0; index < nodeSetNames.length; index++) {
    const set = emptySet(shape);
    for (let t = 0; t < threads.length; t++) placeBits(set, 0, threads[t]!.sets, index * threads[t]!.width, threads[t]!.width, nodeBase[t]!);
    sets[nodeSetNames[index]!] = set;
  }
  return sets;
}

function sectionsOf(threads: readonly ThreadRelations[], shape: Shape, nodeBase: readonly number[]): readonly SkeletonSection[] {
  const sections: SkeletonSection[] = [];
  for (let t = 0; t < threads.length; t++)
    for (const { lock, unlock, after, before } of threads[t]!.rcuSections) {
      const section = { thread: t, lock, unlock, after: emptySet(shape), before: emptySet(shape) };
      placeBits(section.after, 0, after, 0, threads[t]!.width, nodeBase[t]!);
      placeBits(section.before, 0, before, 0, threads[t]!.width, nodeBase[t]!);
      sections.push(section);
    }
  return sections;
}

/** Those that no thread has are one and the same matrix: none is written after this. */
function relationsOf(threads: readonly ThreadRelations[], shape: Shape, nodeBase: readonly number[]): Record<ThreadRelationName, BitRelation> {
  const relations = {} as Record<ThreadRelationName, BitRelation>;
  const empty = emptyRelation(shape);
  let used = 0;
  for (let t = 0; t < threads.length; t++) used |= threads[t]!.used;
  for (let index = 0; index < threadRelationNames.length; index++) {
    const r = ((used >>> index) & 1) === 0 ? empty : emptyRelation(shape);
    for (let t = 0; t < threads.length; t++) {
      const { rows, used: own, width, nodes } = threads[t]!;
      if (((own >>> index) & 1) === 0) continue;
      const base = nodeBase[t]!;
      for (let node = 0; node < nodes.length; node++) placeBits(r, (base + node) * shape.width, rows, (index * nodes.length + node) * width, width, base);
    }
    relations[threadRelationNames[index]!] = r;
  }
  return relations;
}
