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
  /** All the arrays below lie in these words. */
  readonly words: Int32Array;
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

/** A candidate as it was, for when the search has moved on: all that is made before it is asked for is one list, as typed arrays are dear. */
export class KeptCandidate {
  /** By now another one: only where its arrays lie, and how long they are, is still true of it. */
  readonly #model: Candidate;
  readonly #words: readonly number[];
  readonly #strays: readonly number[];

  constructor(candidate: Candidate) {
    const { skeleton, words } = candidate;
    this.#model = candidate;
    const copy: number[] = [];
    for (let k = 0; k < words.length; k++) copy.push(words[k]!);
    this.#words = copy;
    this.#strays = skeleton.hasLocks ? skeleton.nodes.flatMap((n, at) => (n.event.kind === "unlock" && !candidate.isMatchedUnlock(at) ? [at] : [])) : [];
  }

  restored(): Candidate {
    const { skeleton, values, rf, co, location, writesAt } = this.#model;
    const words = Int32Array.from(this.#words);
    const part = ({ byteOffset, length }: Int32Array): Int32Array => new Int32Array(words.buffer, byteOffset, length);
    const known = new Float64Array(words.buffer, values.byteOffset, values.length);
    return {
      skeleton, words, values: known, rf: part(rf), co: part(co), location: part(location), writesAt: part(writesAt),
      writtenValue: (write) => {
        const { event, thread } = skeleton.nodes[write]!;
        return evaluate(event.value!, known, skeleton.eventBase[thread]!);
      },
      isMatchedUnlock: (unlock) => !this.#strays.includes(unlock),
    };
  }
}
