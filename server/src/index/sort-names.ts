/**
 * Ids of names sorted by their bytes: quicksort by one byte at a time. Half a million names as strings would be sorted,
 * and each looked up for its rank, in three times that.
 */

import type { NameBytes } from "./name-pool.ts";

/** Shorter ranges are sorted by insertion. */
const insertionMax = 12;

export function sortedIds({ bytes, start }: NameBytes): Int32Array {
  const ids = Int32Array.from({ length: start.length - 1 }, (_, id) => id);
  /** -1 beyond the end: the shorter name comes first. */
  const at = (id: number, depth: number): number => {
    const p = start[id]! + depth;
    return p < start[id + 1]! ? bytes[p]! : -1;
  };

  const insert = (low: number, high: number, depth: number): void => {
    for (let i = low + 1; i < high; i++) {
      const id = ids[i]!;
      let j = i;
      for (; j > low; j--) {
        const before = ids[j - 1]!;
        let k = depth;
        while (at(before, k) === at(id, k) && at(id, k) >= 0) k++;
        if (at(before, k) <= at(id, k)) break;
        ids[j] = before;
      }
      ids[j] = id;
    }
  };

  /** All names of the range agree in the bytes before `depth`. */
  const sort = (low: number, high: number, depth: number): void => {
    while (high - low > insertionMax) {
      const pivot = at(ids[(low + high) >> 1]!, depth);
      let less = low;
      let greater = high;
      for (let i = low; i < greater; ) {
        const id = ids[i]!;
        const c = at(id, depth);
        if (c < pivot) {
          ids[i++] = ids[less]!;
          ids[less++] = id;
        } else if (c > pivot) {
          ids[i] = ids[--greater]!;
          ids[greater] = id;
        } else i++;
      }
      sort(low, less, depth);
      sort(greater, high, depth);
      // Those that end here are one name.
      if (pivot < 0) return;
      low = less;
      high = greater;
      depth++;
    }
    insert(low, high, depth);
  };
  sort(0, ids.length, 0);
  return ids;
}
