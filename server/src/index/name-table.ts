/**
 * Sorted names, each written as what it adds to the one before: half the bytes. Every block begins with a whole name, so
 * that a look-up is a binary search over blocks and a walk through one of them. The id of a name is its rank.
 */

import { ByteColumn, Column, NumberReader } from "./columns.ts";

const blockNames = 16;

export type NameTableBytes = { readonly blocks: Int32Array; readonly bytes: Uint8Array };

/** `names` sorted by code unit, without duplicates, all Latin-1. */
export function encodeNames(names: readonly string[]): NameTableBytes {
  const blocks = new Column();
  const bytes = new ByteColumn();
  let before = "";
  names.forEach((name, rank) => {
    if (rank % blockNames === 0) {
      blocks.push(bytes.count);
      before = "";
    }
    let shared = 0;
    while (shared < before.length && shared < name.length && before.charCodeAt(shared) === name.charCodeAt(shared)) shared++;
    bytes.pushNumber(shared);
    bytes.pushNumber(name.length - shared);
    for (let i = shared; i < name.length; i++) bytes.pushByte(name.charCodeAt(i));
    before = name;
  });
  blocks.push(names.length);
  return { blocks: blocks.done(), bytes: bytes.done() };
}

export class NameTable {
  readonly count: number;
  readonly #blocks: Int32Array;
  readonly #bytes: Buffer;

  constructor({ blocks, bytes }: NameTableBytes) {
    this.#blocks = blocks;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.count = blocks[blocks.length - 1] ?? 0;
  }

  text(id: number): string {
    const reader = new NumberReader(this.#bytes, this.#blocks[Math.floor(id / blockNames)]!);
    let name = "";
    for (let i = id % blockNames; i >= 0; i--) name = this.#next(reader, name);
    return name;
  }

  /** -1 when there is no such name. */
  find(name: string): number {
    let low = 0;
    let high = this.#blocks.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#head(middle) <= name) low = middle;
      else high = middle - 1;
    }
    if (high < 0) return -1;
    const reader = new NumberReader(this.#bytes, this.#blocks[low]!);
    let text = "";
    for (let id = low * blockNames; id < Math.min(this.count, (low + 1) * blockNames); id++) {
      text = this.#next(reader, text);
      if (text === name) return id;
    }
    return -1;
  }

  /** All names by id; for work on the whole index only. */
  all(): string[] {
    const names: string[] = [];
    const reader = new NumberReader(this.#bytes, 0);
    for (let id = 0; id < this.count; id++) names.push(this.#next(reader, id % blockNames === 0 ? "" : names[id - 1]!));
    return names;
  }

  #head(block: number): string {
    return this.#next(new NumberReader(this.#bytes, this.#blocks[block]!), "");
  }

  #next(reader: NumberReader, before: string): string {
    const shared = reader.next();
    const length = reader.next();
    const from = reader.position;
    reader.position += length;
    return before.slice(0, shared) + this.#bytes.toString("latin1", from, from + length);
  }
}
