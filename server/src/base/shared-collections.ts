/** Maps and sets that are copied at the first change after they were cloned: most clones are never changed. Order as in Map and Set. */

/**
 * A map whose clones share what they have in common: each keeps only what it changed since. Of no order. Values are
 * never undefined.
 */
export class LayeredMap<K, V> {
  #base: ReadonlyMap<K, V>;
  /** What differs from the base; undefined for what was deleted. */
  #changes: Map<K, V | undefined>;
  #isOwn: boolean;

  constructor(from?: LayeredMap<K, V>) {
    if (from === undefined) {
      this.#base = new Map();
      this.#changes = new Map();
      this.#isOwn = true;
      return;
    }
    if (from.#changes.size > changesMin && from.#changes.size * 2 > from.#base.size) from.#settle();
    this.#base = from.#base;
    this.#changes = from.#changes;
    this.#isOwn = from.#isOwn = false;
  }

  get(key: K): V | undefined {
    const changed = this.#changes.get(key);
    return changed !== undefined || this.#changes.has(key) ? changed : this.#base.get(key);
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  set(key: K, value: V): void {
    if (this.get(key) !== value) this.#own().set(key, value);
  }

  delete(key: K): void {
    if (this.has(key)) this.#own().set(key, undefined);
  }

  clear(): void {
    this.#base = new Map();
    this.#changes = new Map();
    this.#isOwn = true;
  }

  keys(): K[] {
    const found: K[] = [];
    for (const key of this.#base.keys()) if (!this.#changes.has(key)) found.push(key);
    for (const [key, value] of this.#changes) if (value !== undefined) found.push(key);
    return found;
  }

  /** Keeps only what `holds` says of; an entry that the other one shares is not asked about. */
  keepCommon(other: LayeredMap<K, V>, holds: (key: K, value: V) => boolean): void {
    if (this.#base === other.#base && this.#changes === other.#changes) return;
    const asked = this.#base === other.#base ? new Set([...this.#changes.keys(), ...other.#changes.keys()]) : this.keys();
    for (const key of asked) {
      const value = this.get(key);
      if (value !== undefined && !holds(key, value)) this.delete(key);
    }
  }

  #settle(): void {
    const base = new Map(this.#base);
    for (const [key, value] of this.#changes) {
      if (value === undefined) base.delete(key);
      else base.set(key, value);
    }
    this.#base = base;
    this.#changes = new Map();
    this.#isOwn = true;
  }

  #own(): Map<K, V | undefined> {
    if (!this.#isOwn) {
      this.#changes = new Map(this.#changes);
      this.#isOwn = true;
    }
    return this.#changes;
  }
}

/** Fewer changes than this are copied with every clone. */
const changesMin = 12;

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
