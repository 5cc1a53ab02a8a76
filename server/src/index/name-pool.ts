/**
 * Names as numbers. A name is looked up by its bytes where they stand in a file, so that no string is made for the
 * millions of words that are seen only once more. Ids are given in the order of arrival.
 */

export class NamePool {
  #bytes = new Uint8Array(1 << 16);
  #used = 0;
  #start = new Int32Array(1 << 12);
  #slots: Int32Array;
  #count = 0;

  /** `names`: about how many are expected; more are fine. */
  constructor(names = 1 << 12) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, names) * 2)));
  }

  get count(): number {
    return this.#count;
  }

  /** The name in [from, to) of `source`; -1 when it is not known. */
  find(source: Uint8Array, from: number, to: number): number {
    return this.#slots[this.#slotOf(source, from, to)]! - 1;
  }

  intern(source: Uint8Array, from: number, to: number): number {
    const slot = this.#slotOf(source, from, to);
    const known = this.#slots[slot]! - 1;
    return known >= 0 ? known : this.#add(slot, source, from, to);
  }

  internText(text: string): number {
    const bytes = Buffer.from(text, "latin1");
    return this.intern(bytes, 0, bytes.length);
  }

  /** Latin-1: one character a byte, so that the order of strings is the order of bytes. */
  text(id: number): string {
    return Buffer.from(this.#bytes.buffer, this.#start[id], this.#start[id + 1]! - this.#start[id]!).toString("latin1");
  }

  /** Copies, for another thread. */
  table(): NameBytes {
    return { bytes: this.#bytes.slice(0, this.#used), start: this.#start.slice(0, this.#count + 1) };
  }

  #slotOf(source: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1;
    const length = to - from;
    let hash = length;
    for (let p = from; p < to; p++) hash = Math.imul(hash, 31) + source[p]!;
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    for (let slot = (hash ^ (hash >>> 13)) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]! - 1;
      if (id < 0 || this.#is(id, source, from, length)) return slot;
    }
  }

  #is(id: number, source: Uint8Array, from: number, length: number): boolean {
    const start = this.#start[id]!;
    if (this.#start[id + 1]! - start !== length) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) if (bytes[start + i] !== source[from + i]) return false;
    return true;
  }

  #add(slot: number, source: Uint8Array, from: number, to: number): number {
    const length = to - from;
    while (this.#used + length > this.#bytes.length) this.#bytes = grown(this.#bytes, new Uint8Array(this.#bytes.length * 2));
    if (this.#count + 2 > this.#start.length) this.#start = grown(this.#start, new Int32Array(this.#start.length * 2));
    for (let i = 0; i < length; i++) this.#bytes[this.#used + i] = source[from + i]!;
    const id = this.#count++;
    this.#start[id] = this.#used;
    this.#used += length;
    this.#start[id + 1] = this.#used;
    this.#slots[slot] = id + 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4);
    for (let id = 0; id < this.#count; id++) this.#slots[this.#slotOf(this.#bytes, this.#start[id]!, this.#start[id + 1]!)] = id + 1;
  }
}

/** Names one after the other: `start[id]` to `start[id + 1]`. */
export type NameBytes = { readonly bytes: Uint8Array; readonly start: Int32Array };

function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
