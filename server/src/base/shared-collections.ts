/** Maps and sets that are copied at the first change after they were cloned: most clones are never changed. Order as in Map and Set. */

export class SharedMap<K, V> {
  #entries: Map<K, V>;
  #isOwn: boolean;

  constructor(from?: SharedMap<K, V>) {
    this.#isOwn = from === undefined;
    this.#entries = from === undefined ? new Map<K, V>() : from.#entries;
    if (from !== undefined) from.#isOwn = false;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** `value` is never undefined. */
  set(key: K, value: V): void {
    if (this.#entries.get(key) !== value) this.#own().set(key, value);
  }

  delete(key: K): void {
    if (this.#entries.has(key)) this.#own().delete(key);
  }

  clear(): void {
    if (this.#entries.size === 0) return;
    this.#entries = new Map();
    this.#isOwn = true;
  }

  /** Changes made meanwhile may be seen or not. */
  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#entries[Symbol.iterator]();
  }

  /** Keeps only what `holds` says of; an entry that the other one shares is not asked about. */
  keepCommon(other: SharedMap<K, V>, holds: (key: K, value: V) => boolean): void {
    if (this.#entries === other.#entries) return;
    for (const [key, value] of this.#entries) if (!holds(key, value)) this.delete(key);
  }

  #own(): Map<K, V> {
    if (!this.#isOwn) {
      this.#entries = new Map(this.#entries);
      this.#isOwn = true;
    }
    return this.#entries;
  }
}

export class SharedSet<T> {
  readonly #entries: SharedMap<T, true>;

  constructor(from?: SharedSet<T>) {
    this.#entries = new SharedMap(from === undefined ? undefined : from.#entries);
  }

  has(one: T): boolean {
    return this.#entries.has(one);
  }

  add(one: T): void {
    if (!this.#entries.has(one)) this.#entries.set(one, true);
  }

  delete(one: T): void {
    this.#entries.delete(one);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#entries.keys();
  }
}
