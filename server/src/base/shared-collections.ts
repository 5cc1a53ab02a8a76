/** Maps and sets that are copied at the first change after they were cloned: most clones are never changed. Order as in Map and Set. */

/** Names of keys that are deleted without looking which of them there are. */
export type Veil<K> = {
  readonly hides: (key: K) => boolean;
  /** What hides all that one of the two hides. */
  readonly and: (other: Veil<K>) => Veil<K>;
};

/** What a map held when a recording began, and what was asked of that since; shared by the clones made since. */
type Beyond<K, V> = { readonly map: LayeredMap<K, V>; readonly asked: Map<K, V | undefined> };

/**
 * A map whose clones share what they have in common: each keeps only what it changed since. Of no order. Values are
 * never undefined. From `record()` on it notes what it is asked of what it held before, and keeps its changes apart.
 */
export class LayeredMap<K, V> {
  /** undefined for what was deleted of what lies beyond. */
  #base: ReadonlyMap<K, V | undefined>;
  /** What differs from the base; undefined for what was deleted. */
  #changes: Map<K, V | undefined>;
  #isOwn: boolean;
  #beyond: Beyond<K, V> | undefined;
  #veil: Veil<K> | undefined;
  /** All that lies beyond was deleted. */
  #isCleared = false;

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
    this.#beyond = from.#beyond;
    this.#veil = from.#veil;
    this.#isCleared = from.#isCleared;
    this.#isOwn = from.#isOwn = false;
  }

  get(key: K): V | undefined {
    const changed = this.#changes.get(key);
    if (changed !== undefined || this.#changes.has(key)) return changed;
    const held = this.#base.get(key);
    return held !== undefined || this.#beyond === undefined || this.#base.has(key) ? held : this.#ask(key, this.#beyond);
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  set(key: K, value: V): void {
    if (this.#ownValue(key) !== value) this.#own().set(key, value);
  }

  delete(key: K): void {
    if (this.#beyond !== undefined || this.has(key)) this.#own().set(key, undefined);
  }

  clear(): void {
    this.#base = new Map();
    this.#changes = new Map();
    this.#isOwn = true;
    this.#isCleared = true;
  }

  deleteWhere(veil: Veil<K>): void {
    for (const key of this.#ownKeys()) if (veil.hides(key)) this.#own().set(key, undefined);
    if (this.#beyond !== undefined) this.#veil = this.#veil?.and(veil) ?? veil;
  }

  keys(): K[] {
    const found = this.#ownKeys();
    if (this.#beyond === undefined || this.#isCleared) return found;
    for (const key of this.#beyond.map.keys()) if (!this.#changes.has(key) && !this.#base.has(key) && this.get(key) !== undefined) found.push(key);
    return found;
  }

  /** Deletes keys of which it is known that there were none when the recording began. */
  deleteOwn(isMeant: (key: K) => boolean, told: (key: K, value: V) => void): void {
    for (const key of this.#ownKeys()) {
      if (!isMeant(key)) continue;
      told(key, this.#ownValue(key)!);
      if (this.#base.has(key)) this.#own().set(key, undefined);
      else this.#own().delete(key);
    }
  }

  /** Keeps only what `holds` says of; an entry that the other one shares is not asked about. */
  keepCommon(other: LayeredMap<K, V>, holds: (key: K, value: V) => boolean): void {
    if (this.#base === other.#base && this.#changes === other.#changes && this.#beyond === undefined) return;
    for (const key of this.#askedWith(other)) {
      const value = this.get(key);
      if (value === undefined) continue;
      if (!holds(key, value)) this.delete(key);
      // What the other one set anew is not hidden by what it deleted before.
      else if (other.#isCleared || other.#veil !== undefined) this.#own().set(key, value);
    }
    if (other.#isCleared) this.#isCleared = true;
    if (other.#veil !== undefined && other.#veil !== this.#veil) this.#veil = this.#veil?.and(other.#veil) ?? other.#veil;
  }

  /** Begins to note what is asked of what the map holds now; the answer grows as the map and its clones are asked. */
  record(): ReadonlyMap<K, V | undefined> {
    const asked = new Map<K, V | undefined>();
    this.#beyond = { map: new LayeredMap(this), asked };
    this.#base = new Map();
    this.#changes = new Map();
    this.#isOwn = true;
    this.#veil = undefined;
    this.#isCleared = false;
    return asked;
  }

  /** Ends it: the changes made since are changes of what the map held before. */
  unrecord(): void {
    if (this.#beyond === undefined) return;
    const whole = new LayeredMap(this.#beyond.map);
    this.replayOn(whole);
    this.#base = whole.#base;
    this.#changes = whole.#changes;
    this.#isOwn = whole.#isOwn;
    this.#beyond = whole.#beyond;
    this.#veil = whole.#veil;
    this.#isCleared = whole.#isCleared;
  }

  /** Makes the changes that were recorded to another map. */
  replayOn(other: LayeredMap<K, V>): void {
    if (this.#isCleared) other.clear();
    else if (this.#veil !== undefined) other.deleteWhere(this.#veil);
    for (const [key, value] of this.#base) if (!this.#changes.has(key)) other.#put(key, value);
    for (const [key, value] of this.#changes) other.#put(key, value);
  }

  #put(key: K, value: V | undefined): void {
    if (value === undefined) this.delete(key);
    else this.set(key, value);
  }

  #ask(key: K, { map, asked }: Beyond<K, V>): V | undefined {
    if (this.#isCleared || this.#veil?.hides(key) === true) return undefined;
    const known = asked.get(key);
    if (known !== undefined || asked.has(key)) return known;
    const value = map.get(key);
    asked.set(key, value);
    return value;
  }

  #ownValue(key: K): V | undefined {
    const changed = this.#changes.get(key);
    return changed !== undefined || this.#changes.has(key) ? changed : this.#base.get(key);
  }

  #ownKeys(): K[] {
    const found: K[] = [];
    for (const [key, value] of this.#base) if (value !== undefined && !this.#changes.has(key)) found.push(key);
    for (const [key, value] of this.#changes) if (value !== undefined) found.push(key);
    return found;
  }

  /** Keys of which the two may say different things, but for those that one of them hides. */
  #askedWith(other: LayeredMap<K, V>): Iterable<K> {
    if (this.#base === other.#base) return this.#changes === other.#changes ? [] : new Set([...this.#changes.keys(), ...other.#changes.keys()]);
    return this.#beyond === undefined ? this.keys() : new Set([...this.#ownKeys(), ...other.#base.keys(), ...other.#changes.keys()]);
  }

  #settle(): void {
    const base = new Map(this.#base);
    for (const [key, value] of this.#changes) {
      if (value === undefined && this.#beyond === undefined) base.delete(key);
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
