/* Relations on events 0 … n-1, one row of bits an event: or, and, sequence and closure as their definitions say. */

export type Pair = readonly [number, number];

/** What leads to nothing is left out, until nothing or only cycles are left. */
export function isAcyclic(pairs: readonly Pair[]): boolean {
  for (let left = pairs;;) {
    const starts = new Set(left.map(([a]) => a));
    const next = left.filter(([, b]) => starts.has(b));
    if (next.length === left.length) return left.length === 0;
    left = next;
  }
}

export class Rel {
  readonly n: number;
  readonly #width: number;
  readonly #rows: Int32Array;

  constructor(n: number, pairs: Iterable<Pair> = []) {
    this.n = n;
    this.#width = (n + 31) >> 5;
    this.#rows = new Int32Array(n * this.#width);
    for (const [a, b] of pairs) this.#add(a, b);
  }

  #add(a: number, b: number): void {
    this.#rows[a * this.#width + (b >> 5)]! |= 1 << (b & 31);
  }

  #copy(): Rel {
    const out = new Rel(this.n);
    out.#rows.set(this.#rows);
    return out;
  }

  at(a: number, b: number): boolean {
    return ((this.#rows[a * this.#width + (b >> 5)]! >> (b & 31)) & 1) === 1;
  }

  pairs(): readonly Pair[] {
    const out: Pair[] = [];
    for (let a = 0; a < this.n; a++) for (let b = 0; b < this.n; b++) if (this.at(a, b)) out.push([a, b]);
    return out;
  }

  /** All pairs that are so. */
  map(f: (a: number, b: number) => boolean): Rel {
    const out = new Rel(this.n);
    for (let a = 0; a < this.n; a++) for (let b = 0; b < this.n; b++) if (f(a, b)) out.#add(a, b);
    return out;
  }

  or(...others: readonly Rel[]): Rel {
    const out = this.#copy();
    for (const other of others) for (let k = 0; k < out.#rows.length; k++) out.#rows[k]! |= other.#rows[k]!;
    return out;
  }

  and(other: Rel): Rel {
    const out = this.#copy();
    for (let k = 0; k < out.#rows.length; k++) out.#rows[k]! &= other.#rows[k]!;
    return out;
  }

  minus(other: Rel): Rel {
    const out = this.#copy();
    for (let k = 0; k < out.#rows.length; k++) out.#rows[k]! &= ~other.#rows[k]!;
    return out;
  }

  seq(...others: readonly Rel[]): Rel {
    return others.reduce<Rel>((left, right) => left.#then(right), this);
  }

  #then(right: Rel): Rel {
    const out = new Rel(this.n);
    for (let a = 0; a < this.n; a++) for (let b = 0; b < this.n; b++) if (this.at(a, b)) out.#join(a, right, b);
    return out;
  }

  /** What follows `b` in the other relation follows `a` in this one. */
  #join(a: number, other: Rel, b: number): void {
    for (let k = 0; k < this.#width; k++) this.#rows[a * this.#width + k]! |= other.#rows[b * this.#width + k]!;
  }

  inverse(): Rel {
    return new Rel(this.n, this.pairs().map(([a, b]): Pair => [b, a]));
  }

  opt(): Rel {
    const out = this.#copy();
    for (let a = 0; a < this.n; a++) out.#add(a, a);
    return out;
  }

  /** Warshall: paths through events 0 … via. */
  plus(): Rel {
    const out = this.#copy();
    for (let via = 0; via < this.n; via++) for (let a = 0; a < this.n; a++) if (out.at(a, via)) out.#join(a, out, via);
    return out;
  }

  star(): Rel {
    return this.plus().opt();
  }

  equals(other: Rel): boolean {
    return this.#rows.every((bits, k) => bits === other.#rows[k]);
  }

  get isEmpty(): boolean {
    return this.#rows.every((bits) => bits === 0);
  }

  get isIrreflexive(): boolean {
    for (let a = 0; a < this.n; a++) if (this.at(a, a)) return false;
    return true;
  }

  get isAcyclic(): boolean {
    return this.plus().isIrreflexive;
  }
}
