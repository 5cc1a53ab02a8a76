/*
 * Matrices that serve again. A search needs some sixty of them for every choice of paths, and a
 * candidate with plain accesses forty more; a typed array beyond 64 bytes is an allocation outside
 * the heap, which costs more than the work done on it.
 *
 * Inside a scope `take` hands out matrices that the scope's end gives back, so nothing taken may be
 * kept longer. Outside a scope it allocates. The one piece of state shared between runs: zeroed
 * memory without meaning.
 */

/** A larger matrix is rare, and kept for nobody. */
const pooledWordsEnd = 1 << 14;

/** By length, all there from the start: a list with holes is slow. */
const freeByLength: (Int32Array[] | undefined)[] = new Array<Int32Array[] | undefined>(pooledWordsEnd).fill(undefined);
const taken: Int32Array[] = [];
let depth = 0;

/** Zeroed. */
export function take(length: number): Int32Array {
  if (depth === 0) return new Int32Array(length);
  const free = length < pooledWordsEnd ? freeByLength[length]?.pop() : undefined;
  const words = free ?? new Int32Array(length);
  if (free !== undefined) free.fill(0);
  taken.push(words);
  return words;
}

/** Runs `body` and gives back what it took. */
export function scoped<T>(body: () => T): T {
  const mark = taken.length;
  depth++;
  try {
    return body();
  } finally {
    depth--;
    while (taken.length > mark) {
      const words = taken.pop()!;
      if (words.length < pooledWordsEnd) (freeByLength[words.length] ??= []).push(words);
    }
  }
}

/** Runs `body` as outside a scope: what it makes may be kept. */
export function allocating<T>(body: () => T): T {
  const before = depth;
  depth = 0;
  try {
    return body();
  } finally {
    depth = before;
  }
}
