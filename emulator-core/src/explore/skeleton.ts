/*
 * One choice of path for every thread: the events of a family of candidate executions with
 * everything that does not depend on rf and co. Rows of the threads are shifted into one matrix.
 */
import { emptyRelation, emptySet, shapeOf, type BitRelation, type BitSet, type Shape } from "../relation/bit-relation.ts";
import { nodeSetNames, threadRelationNames, type NodeSetName, type ThreadRelationName, type ThreadRelations } from "../lkmm/thread-relations.ts";
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
  readonly shape: Shape;
  readonly threads: readonly ThreadRelations[];
  readonly nodes: readonly SkeletonNode[];
  /** First node and first event of each thread. */
  readonly nodeBase: readonly number[];
  readonly eventBase: readonly number[];
  readonly eventCount: number;
  readonly relations: Readonly<Record<ThreadRelationName, BitRelation>>;
  readonly sets: Readonly<Record<NodeSetName, BitSet>>;
  /** Same thread. */
  readonly int: BitRelation;
  readonly rcuSections: readonly SkeletonSection[];
  readonly flags: ReadonlySet<string>;
};

export function skeletonOf(threads: readonly ThreadRelations[]): Skeleton {
  const nodes: SkeletonNode[] = [];
  const nodeBase: number[] = [];
  const eventBase: number[] = [];
  const flags = new Set<string>();
  let eventCount = 0;
  threads.forEach((thread, t) => {
    nodeBase.push(nodes.length);
    eventBase.push(eventCount);
    eventCount += thread.path.events.length;
    for (const local of thread.nodes) nodes.push({ thread: t, event: thread.path.events[local]!, local });
    for (const flag of thread.flags) flags.add(flag);
  });
  const shape = shapeOf(nodes.length);
  const relations = {} as Record<ThreadRelationName, BitRelation>;
  for (const name of threadRelationNames) {
    const r = emptyRelation(shape);
    threads.forEach((thread, t) => {
      thread.rows[name].forEach((row, node) => {
        if (row !== 0n) placeBits(r, (nodeBase[t]! + node) * shape.width, row, nodeBase[t]!);
      });
    });
    relations[name] = r;
  }
  const sets = {} as Record<NodeSetName, BitSet>;
  for (const name of nodeSetNames) {
    const set = emptySet(shape);
    threads.forEach((thread, t) => placeBits(set, 0, thread.sets[name], nodeBase[t]!));
    sets[name] = set;
  }
  const int = emptyRelation(shape);
  threads.forEach((thread, t) => {
    const all = (1n << BigInt(thread.nodes.length)) - 1n;
    thread.nodes.forEach((_, node) => placeBits(int, (nodeBase[t]! + node) * shape.width, all, nodeBase[t]!));
  });
  const rcuSections = threads.flatMap((thread, t) =>
    thread.rcuSections.map(({ lock, unlock, after, before }): SkeletonSection => {
      const section = { thread: t, lock, unlock, after: emptySet(shape), before: emptySet(shape) };
      placeBits(section.after, 0, after, nodeBase[t]!);
      placeBits(section.before, 0, before, nodeBase[t]!);
      return section;
    }),
  );
  return { shape, threads, nodes, nodeBase, eventBase, eventCount, relations, sets, int, rcuSections, flags };
}

/** ORs `bits`, moved up by `shift`, into the words from `at`. */
function placeBits(words: Int32Array, at: number, bits: bigint, shift: number): void {
  let rest = bits << BigInt(shift & 31);
  for (let k = shift >> 5; rest !== 0n; k++) {
    words[at + k]! |= Number(rest & 0xffffffffn) | 0;
    rest >>= 32n;
  }
}
