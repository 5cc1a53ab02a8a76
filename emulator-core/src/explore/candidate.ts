/*
 * A candidate execution while it is being decided: the explorer writes it, memory models read it.
 */
import type { BitRelation } from "../relation/bit-relation.ts";
import type { Skeleton } from "./skeleton.ts";
import { evaluate } from "./values.ts";

/** rf of a read: a node, or one of these. */
export const readsInitial = -1;
export const readsUndecided = -2;

export type Candidate = {
  readonly skeleton: Skeleton;
  /** By node: the write a read reads from, `readsInitial` or `readsUndecided`. */
  readonly rf: Int32Array;
  /** Transitive, same location, initial writes left out; partial while undecided. */
  readonly co: BitRelation;
  /** By node: word of memory accessed, -1 while unknown or for events without one. */
  readonly location: Int32Array;
  /** By event (skeleton.eventBase + local index): value a read returns, NaN while unknown. */
  readonly values: Float64Array;
  /** Writes known to be at each word: row w of a matrix words × nodes. */
  readonly writesAt: Int32Array;
  /** What a write stores; NaN while unknown. */
  readonly writtenValue: (write: number) => number;
  /** Whether an unlock ends a critical section (`critical` of lock.cat). */
  readonly isMatchedUnlock: (unlock: number) => boolean;
};

/** The candidate as it is now, for when the search has moved on. Its arrays lie in one buffer: one copy is all that is made before it is asked for. */
export function later(candidate: Candidate): () => Candidate {
  const { skeleton } = candidate;
  const buffer = candidate.rf.buffer.slice(0);
  const strays = skeleton.nodes.flatMap((n, at) => (n.event.kind === "unlock" && !candidate.isMatchedUnlock(at) ? [at] : []));
  const words = ({ byteOffset, length }: Int32Array): Int32Array => new Int32Array(buffer, byteOffset, length);
  return () => {
    const values = new Float64Array(buffer, candidate.values.byteOffset, candidate.values.length);
    return {
      skeleton, values, rf: words(candidate.rf), co: words(candidate.co), location: words(candidate.location), writesAt: words(candidate.writesAt),
      writtenValue: (write) => {
        const { event, thread } = skeleton.nodes[write]!;
        return evaluate(event.value!, values, skeleton.eventBase[thread]!);
      },
      isMatchedUnlock: (unlock) => !strays.includes(unlock),
    };
  };
}
