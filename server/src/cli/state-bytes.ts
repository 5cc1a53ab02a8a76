/**
 * Lines of final states as bytes, a megabyte at a time: those of one test can be a hundred megabytes. Neighbours in a
 * sorted list differ in their last values, and blocks of neighbours recur behind another beginning; a block is
 * made once, and its beginnings are written over for as long as it recurs.
 */

import { type NumberedStates, type StateList } from "../evidence/litmus.ts";

/** Takes bytes that are written over afterwards; true: they were not let go of yet, and must not be. */
export type ByteSink = (bytes: Uint8Array) => boolean;

/** Bytes handed over at a time, unless a single line is longer. */
const chunkBytes = 1 << 20;

/** Lines of a block: few enough to stay near the processor. */
const blockLinesMax = 512;

/** Every line of `list` with `separator` between them. */
export function writeStateLines(list: StateList, separator: string, sink: ByteSink): void {
  const out = new Output(sink);
  if (list.kind === "numbered") writeNumbered(list, separator, out);
  else list.lines.forEach((line, k) => out.put(Buffer.from(k === 0 ? line : separator + line)));
  out.flush();
}

/** Owns the bytes not yet handed over. */
class Output {
  readonly #sink: ByteSink;
  #bytes = new Uint8Array(chunkBytes);
  #used = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  put(bytes: Uint8Array): void {
    if (this.#used + bytes.length > this.#bytes.length) this.flush();
    if (bytes.length > this.#bytes.length) this.#bytes = new Uint8Array(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  flush(): void {
    if (this.#used > 0 && this.#sink(this.#bytes.subarray(0, this.#used))) this.#bytes = new Uint8Array(chunkBytes);
    this.#used = 0;
  }
}

/** A line is a beginning, which a whole block shares, and an ending. */
function writeNumbered({ heads, values, radix, keys }: NumberedStates, separator: string, out: Output): void {
  const endColumns = Math.max(1, Math.floor(Math.log(blockLinesMax) / Math.log(Math.max(2, values.length))));
  const split = Math.max(0, heads.length - endColumns);
  const scale = radix ** (heads.length - split);
  const partOf = (key: number, from: number, to: number): Buffer => {
    let text = "";
    for (let rest = key, k = to - 1; k >= from; k--) {
      const digit = rest % radix;
      text = heads[k]! + values[digit]! + text;
      rest = (rest - digit) / radix;
    }
    return Buffer.from(text);
  };
  const ends = new Map<number, Buffer>();
  const endOf = (low: number): Buffer => {
    let end = ends.get(low);
    if (end === undefined) ends.set(low, (end = Buffer.concat([partOf(low, split, heads.length), Buffer.from(separator)])));
    return end;
  };
  const block = new Block();
  let to = 0;
  while (to < keys.length) {
    const from = to;
    const high = Math.floor(keys[from]! / scale);
    const base = high * scale;
    while (to < keys.length && keys[to]! - base < scale) to++;
    const beginning = partOf(high, 0, split);
    const isSame = block.isOf(keys, from, to, base) && block.begin(beginning);
    if (!isSame) block.make(keys, from, to, base, beginning, endOf);
    // The last line of all has no separator behind it.
    out.put(to < keys.length ? block.bytes : block.bytes.subarray(0, block.bytes.length - Buffer.byteLength(separator)));
  }
}

/** Owns the bytes of consecutive lines that begin alike. */
class Block {
  bytes: Uint8Array = new Uint8Array(0);
  #buffer: Uint8Array = new Uint8Array(0);
  #beginning: Uint8Array = new Uint8Array(0);
  /** By line: where it starts, and the number of its ending. */
  readonly #starts = new Int32Array(blockLinesMax * 2);
  readonly #lows = new Float64Array(blockLinesMax * 2);
  #lines = 0;

  /** Whether its lines end as those of `keys` from `from` up to `to` do. */
  isOf(keys: Float64Array, from: number, to: number, base: number): boolean {
    if (this.#lines !== to - from) return false;
    for (let k = 0; k < this.#lines; k++) if (keys[from + k]! - base !== this.#lows[k]) return false;
    return true;
  }

  /** Every line gets this beginning; false, and nothing is done, where it is longer or shorter than the one before. */
  begin(beginning: Uint8Array): boolean {
    const old = this.#beginning;
    if (old.length !== beginning.length) return false;
    let first = 0;
    while (first < old.length && old[first] === beginning[first]) first++;
    let end = old.length;
    while (end > first && old[end - 1] === beginning[end - 1]) end--;
    for (let line = 0; line < this.#lines; line++) {
      const start = this.#starts[line]!;
      for (let k = first; k < end; k++) this.#buffer[start + k] = beginning[k]!;
    }
    this.#beginning = beginning;
    return true;
  }

  make(keys: Float64Array, from: number, to: number, base: number, beginning: Uint8Array, endOf: (low: number) => Uint8Array): void {
    let length = 0;
    for (let k = from; k < to; k++) length += beginning.length + endOf(keys[k]! - base).length;
    if (length > this.#buffer.length) this.#buffer = new Uint8Array(length * 2);
    let at = 0;
    for (let k = from; k < to; k++) {
      const end = endOf(keys[k]! - base);
      this.#starts[k - from] = at;
      this.#lows[k - from] = keys[k]! - base;
      this.#buffer.set(beginning, at);
      this.#buffer.set(end, at + beginning.length);
      at += beginning.length + end.length;
    }
    this.#lines = to - from;
    this.#beginning = beginning;
    this.bytes = this.#buffer.subarray(0, length);
  }
}
