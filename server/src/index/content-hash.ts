/** Two independent 32-bit sums; enough to tell whether a text is the one that was indexed. `bytes` is padded with 0 to whole words. */
export function contentHash(bytes: Uint8Array, length: number): { readonly hash: number; readonly hash2: number } {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, (length + 3) >> 2);
  let hash = length | 0;
  let hash2 = 0x2545f491;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    hash = Math.imul(hash ^ word, 0x01000193);
    hash2 = (Math.imul(hash2, 31) + (word ^ (hash >>> 13))) | 0;
  }
  return { hash, hash2 };
}
