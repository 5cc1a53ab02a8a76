/*
 * A candidate execution while it is being decided: the explorer writes it, memory models read it.
 */
import type { BitRelation } from "../relation/bit-relation.ts";
import type { Skeleton } from "./skeleton.ts";

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
