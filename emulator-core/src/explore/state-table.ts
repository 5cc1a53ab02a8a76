/*
 * The final states met so far and how many executions end in each. A state is a number: one digit an
 * observed value, in a radix that all of them fit; values beyond the digits make it a string. Lines
 * of text are made when somebody wants them: a search can meet a hundred thousand states.
 */

import type { StateMap } from "./symmetry.ts";

export type FinalState = { readonly line: string; readonly count: number };

/** Numbers up to 2^52 are exact. */
const keyBits = 52;

/** Final values are few and small: a wider digit only makes the table of digits larger. */
const digitBitsMax = 6;

/** Twice the largest number of final states of any test we know: rings of 19 threads have 2^19. */
const statesMax = 1 << 20;

/** Each takes a string and a list. */
const wideStatesMax = 1 << 17;

/** Owns the states of one program. */
export class StateTable {
  readonly #texts: readonly string[];
  readonly #print: (value: number) => string;
  readonly #radix: number;
  /** Values by digit from `radix / 2` on; smaller digits are the value itself. */
  readonly #values: number[] = [];
  readonly #digits = new Map<number, number>();
  readonly #indexByKey = new Map<number, number>();
  /** States too wide for a number. */
  readonly #indexByText = new Map<string, number>();
  readonly #wide = new Map<number, readonly number[]>();
  readonly #keys: number[] = [];
  readonly #counts: number[] = [];
  readonly #satisfies: boolean[] = [];

  /** `texts`: what stands before the `=` of each value. */
  constructor(texts: readonly string[], print: (value: number) => string) {
    this.#texts = texts;
    this.#print = print;
    this.#radix = 2 ** Math.min(digitBitsMax, Math.floor(keyBits / Math.max(1, texts.length)));
  }

  /** No more states should be added: what bounds the memory of a search that only time would end. */
  get isFull(): boolean {
    return this.#counts.length >= statesMax || this.#wide.size >= wideStatesMax;
  }

  /** Counts an execution; true if its state satisfies the condition, which is asked once a state. */
  add(values: Float64Array, satisfies: (values: Float64Array) => boolean, times = 1): boolean {
    const key = this.#keyOf(values);
    const text = key < 0 ? values.join() : "";
    const found = key < 0 ? this.#indexByText.get(text) : this.#indexByKey.get(key);
    if (found !== undefined) {
      this.#counts[found]! += times;
      return this.#satisfies[found]!;
    }
    const index = this.#counts.length;
    if (key < 0) {
      this.#indexByText.set(text, index);
      this.#wide.set(index, [...values]);
    } else this.#indexByKey.set(key, index);
    const isSatisfied = satisfies(values);
    this.#keys.push(key);
    this.#counts.push(times);
    this.#satisfies.push(isSatisfied);
    return isSatisfied;
  }

  /** Whether an execution that ended so was counted; NaN values are none. */
  has(values: Float64Array): boolean {
    const radix = this.#radix;
    let key = 0;
    for (let k = 0; k < values.length && key >= 0; k++) {
      const value = values[k]!;
      if (value !== value) return false;
      const digit = value >= 0 && value < radix / 2 ? value : this.#digits.get(value);
      if (digit === undefined && radix >= 4) return false;
      key = digit === undefined || digit >= radix || radix < 4 ? -1 : key * radix + digit;
    }
    return key < 0 ? this.#indexByText.has(values.join()) : this.#indexByKey.has(key);
  }

  /** All states of orbits of which this table has one state each, counted with the size of the orbit. */
  expanded(group: readonly StateMap[], satisfies: (values: Float64Array) => boolean): StateTable {
    const all = new StateTable(this.#texts, this.#print);
    this.#counts.forEach((count, index) => {
      const values = this.#valuesAt(index);
      for (const map of group) all.add(Float64Array.from(map(values)), satisfies, count);
    });
    // Each execution of an orbit was met once for every element of the group.
    for (let index = 0; index < all.#counts.length; index++) all.#counts[index]! /= group.length;
    return all;
  }

  #valuesAt(index: number): readonly number[] {
    return this.#wide.get(index) ?? this.#decoded(this.#keys[index]!);
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
      key = key * radix + digit;
    }
    return key;
  }

  #digitOf(value: number): number {
    let digit = this.#digits.get(value);
    if (digit === undefined) {
      digit = this.#radix / 2 + this.#values.length;
      this.#digits.set(value, digit);
      this.#values.push(value);
    }
    return digit;
  }

  /** Sorted by code unit. */
  sorted(): readonly FinalState[] {
    if (this.#wide.size === 0) return this.#sortedByKey();
    const states = this.#counts.map((count, index): FinalState => {
      const values = this.#valuesAt(index);
      return { line: values.map((value, k) => this.#texts[k]! + "=" + this.#print(value) + ";").join(" "), count };
    });
    return states.sort((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : 0));
  }

  #decoded(key: number): number[] {
    const values: number[] = [];
    for (let rest = key, k = 0; k < this.#texts.length; k++) {
      const digit = rest % this.#radix;
      values.unshift(this.#valueOf(digit));
      rest = (rest - digit) / this.#radix;
    }
    return values;
  }

  #valueOf(digit: number): number {
    return digit < this.#radix / 2 ? digit : this.#values[digit - this.#radix / 2]!;
  }

  /**
   * Lines that agree up to a value differ first in that value's text and the `;` after it. So digits
   * are replaced by the rank of their text, numbers are sorted, and halves of lines are made once.
   */
  #sortedByKey(): readonly FinalState[] {
    const radix = this.#radix;
    const texts = this.#texts;
    const used = [...new Set(this.#usedDigits())].map((digit) => ({ digit, text: `${this.#print(this.#valueOf(digit))};` })).sort((a, b) => (a.text < b.text ? -1 : 1));
    const rankOf = new Map(used.map(({ digit }, rank) => [digit, rank]));
    const isRanked = used.every(({ digit }, rank) => digit === rank);
    const ranked = new Float64Array(this.#keys.length);
    const countOf = new Map<number, number>();
    this.#keys.forEach((key, index) => {
      let rankedKey = key;
      if (!isRanked) {
        rankedKey = 0;
        for (let rest = key, scale = 1, k = 0; k < texts.length; k++) {
          const digit = rest % radix;
          rankedKey += rankOf.get(digit)! * scale;
          scale *= radix;
          rest = (rest - digit) / radix;
        }
      }
      ranked[index] = rankedKey;
      countOf.set(rankedKey, this.#counts[index]!);
    });
    ranked.sort();
    const split = texts.length >> 1;
    const scale = radix ** (texts.length - split);
    const left = new Map<number, string>();
    const right = new Map<number, string>();
    const partOf = (cache: Map<number, string>, key: number, from: number, to: number): string => {
      let text = cache.get(key);
      if (text === undefined) {
        text = "";
        for (let rest = key, k = to - 1; k >= from; k--) {
          const rank = rest % radix;
          text = `${k === 0 ? "" : " "}${texts[k]!}=${used[rank]!.text}${text}`;
          rest = (rest - rank) / radix;
        }
        cache.set(key, text);
      }
      return text;
    };
    return Array.from(ranked, (key): FinalState => {
      const low = key % scale;
      return { line: partOf(left, (key - low) / scale, 0, split) + partOf(right, low, split, texts.length), count: countOf.get(key)! };
    });
  }

  *#usedDigits(): Generator<number> {
    const radix = this.#radix;
    const seen = new Uint8Array(radix);
    for (const key of this.#keys)
      for (let rest = key, k = 0; k < this.#texts.length; k++) {
        const digit = rest % radix;
        if (seen[digit] === 0) {
          seen[digit] = 1;
          yield digit;
        }
        rest = (rest - digit) / radix;
      }
  }
}
