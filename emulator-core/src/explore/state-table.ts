/*
 * The final states met so far and how many executions end in each. A state is a number: one digit an
 * observed value, in a radix that all of them fit; values beyond the digits make it a string. Lines
 * of text are made when somebody wants them: a search can meet half a million states.
 */
import type { StateList } from "./state-list.ts";
import type { StateMap } from "./symmetry.ts";
import { isAddress } from "./values.ts";

/** Numbers up to 2^52 are exact. */
const keyBits = 52;

/** Final values are few and small: a wider digit only makes the table of digits larger. */
const digitBitsMax = 6;

/** Twice the largest number of final states of any test we know: rings of 19 threads have 2^19. */
const statesMax = 1 << 20;

/** Each takes a string and a list. */
const wideStatesMax = 1 << 17;

/** log2 of the slots of a new table: most tests end in a handful of states. */
const slotBitsMin = 5;

/** Smaller products often end in states that are known, and are entered at once. */
const storedSizeMin = 64;

/** A part of a final state that varies independently of the others: what it may be, and in how many ways. */
export type Axis = {
  /** The observed values that are this part, by place; none where nobody looks. */
  readonly places: readonly number[];
  readonly options: readonly { readonly value: number; readonly times: number }[];
};

type Product = { readonly values: Float64Array; readonly axes: readonly Axis[]; readonly isSatisfying: boolean; readonly times: number };

type WideState = { readonly values: readonly number[]; count: number; readonly isSatisfying: boolean };

/** Owns the states of one program. */
export class StateTable {
  readonly #texts: readonly string[];
  readonly #print: (value: number) => string;
  readonly #radix: number;
  /** Values by digit from `radix / 2` on; smaller digits are the value itself. */
  readonly #values: number[] = [];
  readonly #digits = new Map<number, number>();
  /** By digit: some state has it. */
  readonly #isUsed: Uint8Array;
  /** States that are numbers, open addressing: by slot 1 + the number, 0 where free; their counts; whether they satisfy the condition. */
  #keys = new Float64Array(1 << slotBitsMin);
  #counts = new Float64Array(1 << slotBitsMin);
  #satisfies = new Uint8Array(1 << slotBitsMin);
  #slotBits = slotBitsMin;
  #size = 0;
  /** Not yet multiplied out, and how many states they have, those met elsewhere included. */
  readonly #products: Product[] = [];
  #productStates = 0;
  /** States too wide for a number. */
  readonly #wide = new Map<string, WideState>();

  /** `texts`: what stands before the `=` of each value. */
  constructor(texts: readonly string[], print: (value: number) => string) {
    this.#texts = texts;
    this.#print = print;
    this.#radix = 2 ** Math.min(digitBitsMax, Math.floor(keyBits / Math.max(1, texts.length)));
    this.#isUsed = new Uint8Array(this.#radix);
  }

  /** No more states should be added; exact, because products that might fill the table are multiplied out: what bounds the memory of a search that only time would end. */
  get isFull(): boolean {
    return this.#size + this.#wide.size >= statesMax || this.#wide.size >= wideStatesMax;
  }

  /** Counts an execution; true if its state satisfies the condition, which is asked once a state. */
  add(values: Float64Array, satisfies: (values: Float64Array) => boolean, times = 1): boolean {
    const key = this.#keyOf(values);
    if (key < 0) return this.#addWide(values, satisfies, times);
    const slot = this.#slotOf(key);
    if (this.#keys[slot] === 0) return this.#insert(slot, key, times, satisfies(values));
    this.#counts[slot]! += times;
    return this.#satisfies[slot] === 1;
  }

  /**
   * Counts every choice of one option an axis, `times` each: states which agree with `values` where that is not NaN, and all
   * satisfy the condition or none does. How many executions that makes; undefined where the states are not numbers, and nothing is counted.
   */
  addProduct(values: Float64Array, axes: readonly Axis[], isSatisfying: boolean, times: number): number | undefined {
    const radix = this.#radix;
    if (radix < 4) return undefined;
    const digits = [...values].filter((value) => value === value).concat(axes.flatMap(({ places, options }) => (places.length > 0 ? options.map(({ value }) => value) : []))).map((value) => this.#digitOf(value));
    if (digits.some((digit) => digit >= radix)) return undefined;
    for (const digit of digits) this.#isUsed[digit] = 1;
    let [size, executions] = [1, times];
    for (const { places, options } of axes) {
      if (places.length > 0) size *= options.length;
      executions *= options.reduce((sum, option) => sum + option.times, 0);
    }
    if (size < storedSizeMin) {
      this.#enter({ values, axes, isSatisfying, times });
      return executions;
    }
    this.#products.push({ values: values.slice(), axes, isSatisfying, times });
    this.#productStates += size;
    // As many only if none of them was met before.
    if (this.#size + this.#wide.size + this.#productStates >= statesMax) this.#multiplyOut();
    return executions;
  }

  /** Enters the states of all products. */
  #multiplyOut(): void {
    for (const product of this.#products) this.#enter(product);
    this.#products.length = 0;
    this.#productStates = 0;
  }

  #enter(product: Product): void {
    const { keys, counts } = this.#elementsOf(product);
    for (let k = 0; k < keys.length; k++) {
      const slot = this.#slotOf(keys[k]!);
      if (this.#keys[slot] === 0) this.#insert(slot, keys[k]!, counts[k]!, product.isSatisfying);
      else this.#counts[slot]! += counts[k]!;
    }
  }

  /** Ascending where each value of an axis is the digit of one place. */
  #elementsOf({ values, axes, times }: Product): { readonly keys: Float64Array; readonly counts: Float64Array } {
    const last = values.length - 1;
    const weightOf = (place: number): number => this.#radix ** (last - place);
    let base = 0;
    for (let k = 0; k <= last; k++) if (values[k] === values[k]) base += this.#digitOf(values[k]!) * weightOf(k);
    let made = 1;
    let common = times;
    for (const { places, options } of axes) {
      if (places.length > 0) made *= options.length;
      else common *= options.reduce((sum, option) => sum + option.times, 0);
    }
    const keys = new Float64Array(made);
    const counts = new Float64Array(made);
    keys[0] = base;
    counts[0] = common;
    made = 1;
    for (const { places, options } of axes.filter(({ places }) => places.length > 0).sort((a, b) => a.places[0]! - b.places[0]!)) {
      const weight = places.reduce((sum, place) => sum + weightOf(place), 0);
      const ascending = options.map((option) => ({ delta: this.#digitOf(option.value) * weight, times: option.times })).sort((a, b) => a.delta - b.delta);
      const n = ascending.length;
      // Backwards: what is written over has been read.
      for (let k = made - 1; k >= 0; k--) {
        const [key, count] = [keys[k]!, counts[k]!];
        for (let o = n - 1; o >= 0; o--) {
          keys[k * n + o] = key + ascending[o]!.delta;
          counts[k * n + o] = count * ascending[o]!.times;
        }
      }
      made *= n;
    }
    return { keys, counts };
  }

  #addWide(values: Float64Array, satisfies: (values: Float64Array) => boolean, times: number): boolean {
    const text = values.join();
    let state = this.#wide.get(text);
    if (state === undefined) this.#wide.set(text, (state = { values: [...values], count: 0, isSatisfying: satisfies(values) }));
    state.count += times;
    return state.isSatisfying;
  }

  /** Whether an execution that ended so was counted; NaN values are none. */
  has(values: Float64Array): boolean {
    this.#multiplyOut();
    const radix = this.#radix;
    let key = 0;
    for (let k = 0; k < values.length && key >= 0; k++) {
      const value = values[k]!;
      if (value !== value) return false;
      const digit = value >= 0 && value < radix / 2 ? value : this.#digits.get(value);
      if (digit === undefined && radix >= 4) return false;
      key = digit === undefined || digit >= radix || radix < 4 ? -1 : key * radix + digit;
    }
    return key < 0 ? this.#wide.has(values.join()) : this.#keys[this.#slotOf(key)] !== 0;
  }

  /** All states of orbits of which this table has one state each, counted with the size of the orbit. */
  expanded(group: readonly StateMap[], satisfies: (values: Float64Array) => boolean): StateTable {
    const all = new StateTable(this.#texts, this.#print);
    const image = new Float64Array(this.#texts.length);
    const add = (values: readonly number[], count: number): void => {
      for (const map of group) {
        image.set(map(values));
        all.add(image, satisfies, count);
      }
    };
    // Not slot by slot: while the new table is smaller, those would all fall into the same part of it.
    for (let k = 0; k < this.#keys.length; k++) {
      const slot = Math.imul(k, 0x9e3779b1) & (this.#keys.length - 1);
      if (this.#keys[slot] !== 0) add(this.#decoded(this.#keys[slot]! - 1), this.#counts[slot]!);
    }
    for (const { values, count } of this.#wide.values()) add(values, count);
    // Each execution of an orbit was met once for every element of the group.
    for (let slot = 0; slot < all.#counts.length; slot++) all.#counts[slot]! /= group.length;
    for (const state of all.#wide.values()) state.count /= group.length;
    for (const product of this.#products) {
      for (const map of group) {
        const { values, axes, isSatisfying, times } = imageOf(product, map);
        if (all.addProduct(values, axes, isSatisfying, times / group.length) !== undefined) continue;
        // More values than digits once they are renamed.
        const { keys, counts } = this.#elementsOf(product);
        keys.forEach((key, k) => all.add(Float64Array.from(map(this.#decoded(key))), satisfies, counts[k]! / group.length));
      }
    }
    return all;
  }

  /** Where a state is, or would be. */
  #slotOf(key: number): number {
    const keys = this.#keys;
    const stored = key + 1;
    const mask = keys.length - 1;
    // Odd constants near 2^32 over the golden ratio, and of MurmurHash3: neighbours end up far from each other.
    let slot = Math.imul(key ^ Math.imul(key / 2 ** 32, 0x85ebca6b), 0x9e3779b1) >>> (32 - this.#slotBits);
    while (keys[slot] !== 0 && keys[slot] !== stored) slot = (slot + 1) & mask;
    return slot;
  }

  #insert(slot: number, key: number, count: number, isSatisfying: boolean): boolean {
    this.#keys[slot] = key + 1;
    this.#counts[slot] = count;
    this.#satisfies[slot] = isSatisfying ? 1 : 0;
    // Half of the slots stay free.
    if (++this.#size * 2 > this.#keys.length) this.#grow();
    return isSatisfying;
  }

  #grow(): void {
    const [keys, counts, satisfies] = [this.#keys, this.#counts, this.#satisfies];
    this.#slotBits += keys.length < 1 << 16 ? 2 : 1;
    const slots = 1 << this.#slotBits;
    this.#keys = new Float64Array(slots);
    this.#counts = new Float64Array(slots);
    this.#satisfies = new Uint8Array(slots);
    for (let from = 0; from < keys.length; from++) {
      if (keys[from] === 0) continue;
      const slot = this.#slotOf(keys[from]! - 1);
      this.#keys[slot] = keys[from]!;
      this.#counts[slot] = counts[from]!;
      this.#satisfies[slot] = satisfies[from]!;
    }
  }

  #keyOf(values: Float64Array): number {
    const radix = this.#radix;
    if (radix < 4) return -1;
    let key = 0;
    for (let k = 0; k < values.length; k++) {
      const value = values[k]!;
      let digit = value;
      if (!(value >= 0 && value < radix / 2)) {
        digit = this.#digitOf(value);
        if (digit >= radix) return -1;
      }
      this.#isUsed[digit] = 1;
      key = key * radix + digit;
    }
    return key;
  }

  #digitOf(value: number): number {
    if (value >= 0 && value < this.#radix / 2) return value;
    let digit = this.#digits.get(value);
    if (digit === undefined) {
      digit = this.#radix / 2 + this.#values.length;
      this.#digits.set(value, digit);
      this.#values.push(value);
    }
    return digit;
  }

  /** Sorted by code unit. */
  list(): StateList {
    const inOrder = this.#productsInOrder();
    if (inOrder !== undefined) return inOrder;
    this.#multiplyOut();
    if (this.#wide.size > 0) return { kind: "lines", lines: this.#lines().map(({ line }) => line) };
    const heads = this.#heads();
    const { ranks, values, isSame } = this.#ranked();
    const keys = new Float64Array(this.#size);
    let size = 0;
    for (let slot = 0; slot < this.#keys.length; slot++) {
      const stored = this.#keys[slot]!;
      if (stored !== 0) keys[size++] = isSame ? stored - 1 : this.#translated(stored - 1, ranks);
    }
    return { kind: "numbered", heads, values, radix: this.#radix, keys: keys.sort() };
  }

  /** The list where products and states do not overlap and follow each other as they are: nothing needs to be looked up or sorted. */
  #productsInOrder(): StateList | undefined {
    const { values, isSame } = this.#ranked();
    if (this.#products.length === 0 || this.#wide.size > 0 || !isSame) return undefined;
    const singles = this.#keys.filter((stored) => stored !== 0).sort().map((stored) => stored - 1);
    const runs = this.#products.map((product) => this.#elementsOf(product).keys).filter((run) => run.length > 0).sort((a, b) => a[0]! - b[0]!);
    const keys = new Float64Array(this.#size + this.#productStates);
    let size = 0;
    let single = 0;
    for (const run of runs) {
      while (single < singles.length && singles[single]! < run[0]!) keys[size++] = singles[single++]!;
      keys.set(run, size);
      size += run.length;
    }
    keys.set(singles.subarray(single), size);
    for (let k = 1; k < keys.length; k++) if (!(keys[k - 1]! < keys[k]!)) return undefined;
    return { kind: "numbered", heads: this.#heads(), values, radix: this.#radix, keys };
  }

  /** Executions that end in each state of `list()`. */
  listCounts(): readonly number[] {
    this.#multiplyOut();
    if (this.#wide.size > 0) return this.#lines().map(({ count }) => count);
    const { ranks } = this.#ranked();
    const digits = new Int32Array(this.#radix);
    this.#isUsed.forEach((used, digit) => {
      if (used === 1) digits[ranks[digit]!] = digit;
    });
    const list = this.list();
    return list.kind === "lines" ? [] : Array.from(list.keys, (key) => this.#counts[this.#slotOf(this.#translated(key, digits))]!);
  }

  #lines(): readonly { readonly line: string; readonly count: number }[] {
    const heads = this.#heads();
    const lineOf = (values: readonly number[]): string => values.map((value, k) => `${heads[k]!}${this.#print(value)};`).join("");
    const states = Array.from(this.#wide.values(), ({ values, count }) => ({ line: lineOf(values), count }));
    for (let slot = 0; slot < this.#keys.length; slot++) if (this.#keys[slot] !== 0) states.push({ line: lineOf(this.#decoded(this.#keys[slot]! - 1)), count: this.#counts[slot]! });
    return states.sort((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : 0));
  }

  #heads(): readonly string[] {
    return this.#texts.map((text, k) => `${k === 0 ? "" : " "}${text}=`);
  }

  #decoded(key: number): number[] {
    const values: number[] = [];
    for (let rest = key, k = this.#texts.length - 1; k >= 0; k--) {
      const digit = rest % this.#radix;
      values[k] = this.#valueOf(digit);
      rest = (rest - digit) / this.#radix;
    }
    return values;
  }

  #valueOf(digit: number): number {
    return digit < this.#radix / 2 ? digit : this.#values[digit - this.#radix / 2]!;
  }

  /**
   * Lines that agree up to a value differ first in that value's text and the `;` after it. So where
   * digits are replaced by the rank of their text, numbers sort as lines do.
   */
  #ranked(): { readonly ranks: Int32Array; readonly values: readonly string[]; readonly isSame: boolean } {
    const used = [...this.#isUsed.keys()].filter((digit) => this.#isUsed[digit] === 1).map((digit) => ({ digit, text: `${this.#print(this.#valueOf(digit))};` })).sort((a, b) => (a.text < b.text ? -1 : 1));
    const ranks = new Int32Array(this.#radix);
    used.forEach(({ digit }, rank) => (ranks[digit] = rank));
    return { ranks, values: used.map(({ text }) => text), isSame: used.every(({ digit }, rank) => digit === rank) };
  }

  /** A key with every digit replaced. Halves are integers, whose digits are bits. */
  #translated(key: number, digits: Int32Array): number {
    const columns = (this.#texts.length + 1) >> 1;
    const scale = this.#radix ** columns;
    const high = Math.floor(key / scale);
    return this.#translatedHalf(high, columns, digits) * scale + this.#translatedHalf(key - high * scale, columns, digits);
  }

  #translatedHalf(half: number, columns: number, digits: Int32Array): number {
    const bits = 31 - Math.clz32(this.#radix);
    let translated = 0;
    for (let k = 0, shift = 0; k < columns; k++, shift += bits) translated |= digits[(half >>> shift) & (this.#radix - 1)]! << shift;
    return translated;
  }
}

function imageOf({ values, axes, isSatisfying, times }: Product, map: StateMap): Product {
  const places = values.length;
  // No small number is renamed.
  const origin = map(Array.from({ length: places }, (_, k) => k));
  const renamed = (value: number): number => (isAddress(value) ? map(Array.from({ length: places }, () => value))[0]! : value);
  const images = axes.map((axis): Axis => ({
    places: axis.places.map((place) => origin.indexOf(place)),
    options: axis.places.length === 0 ? axis.options : axis.options.map((option) => ({ value: renamed(option.value), times: option.times })),
  }));
  return { values: Float64Array.from(map([...values])), axes: images, isSatisfying, times };
}
