/** Columns of numbers that grow. Millions of rows as JavaScript arrays of objects would take a gigabyte. */

export class Column {
  #rows = new Int32Array(1024);
  count = 0;

  push(value: number): void {
    if (this.count === this.#rows.length) {
      const larger = new Int32Array(this.count * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows[this.count++] = value;
  }

  at(row: number): number {
    return this.#rows[row]!;
  }

  set(row: number, value: number): void {
    this.#rows[row] = value;
  }

  clear(): void {
    this.count = 0;
  }

  done(): Int32Array {
    return this.#rows.slice(0, this.count);
  }
}

/** Bytes that grow, with numbers of varying length: seven bits a byte, the last byte without the high bit. */
export class ByteColumn {
  #bytes = new Uint8Array(1 << 16);
  count = 0;

  pushByte(value: number): void {
    if (this.count === this.#bytes.length) {
      const larger = new Uint8Array(this.count * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.count++] = value;
  }

  /** `value` from 0. */
  pushNumber(value: number): void {
    while (value > 127) {
      this.pushByte((value & 127) | 128);
      value >>>= 7;
    }
    this.pushByte(value);
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.count);
  }
}

/** Reads what `ByteColumn` wrote. */
export class NumberReader {
  readonly #bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  next(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.position++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  nextByte(): number {
    return this.#bytes[this.position++] ?? 0;
  }
}
