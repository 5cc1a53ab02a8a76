/*
 * Sets of small numbers as rows of 32-bit words, at an offset of a larger array where that helps.
 */

export function setBit(words: Int32Array, at: number, element: number): void {
  words[at + (element >> 5)]! |= 1 << (element & 31);
}

export function hasBit(words: Int32Array, at: number, element: number): boolean {
  return ((words[at + (element >> 5)]! >>> (element & 31)) & 1) !== 0;
}

/** Ascending. */
export function forEachBit(set: Int32Array, visit: (element: number) => void): void {
  for (let k = 0; k < set.length; k++) {
    for (let bits = set[k]!; bits !== 0; bits &= bits - 1) visit((k << 5) + 31 - Math.clz32(bits & -bits));
  }
}

/** target[at…] |= source[from … from + width], moved up by `shift` bits. */
export function placeBits(target: Int32Array, at: number, source: Int32Array, from: number, width: number, shift: number): void {
  const word = at + (shift >> 5);
  const bits = shift & 31;
  for (let k = 0; k < width; k++) {
    const value = source[from + k]!;
    if (value === 0) continue;
    target[word + k]! |= value << bits;
    if (bits !== 0) {
      const rest = value >>> (32 - bits);
      if (rest !== 0) target[word + k + 1]! |= rest;
    }
  }
}
