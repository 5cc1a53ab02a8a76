/*
 * Decisions that nothing else depends on. Where the model accepts every completion of a candidate, reads that
 * share their word with no other access of their thread, and words without a read-modify-write, vary
 * independently of each other: the subtree is the product of what each of them may be, and is counted as one.
 */
import { isWrite } from "../lkmm/thread-relations.ts";
import { readsInitial, type Candidate } from "./candidate.ts";
import { isLockKind } from "./lock-plan.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import type { Skeleton } from "./skeleton.ts";

/** A value and the number of ways to get it. */
export type Option = { readonly value: number; readonly times: number };

/** What a read returns, or what a word holds in the end (when `event` is -1). */
export type FreeChoice = { readonly event: number; readonly word: number; readonly options: readonly Option[] };

/** Writes of one word whose orders are counted: all their subsets are looked at. */
const writesMax = 10;

/** Owns what is known of the reads and words of one skeleton whose addresses are fixed. */
export class FreeChoices {
  readonly #skeleton: Skeleton;
  readonly #layout: MemoryLayout;
  readonly #sourcesOf: (read: number) => readonly number[];
  /** By node: undefined is not looked at yet, null a read that is not free. */
  readonly #reads: (FreeChoice | null | undefined)[] = [];
  #isRmwWord: Uint8Array | undefined;

  constructor(skeleton: Skeleton, layout: MemoryLayout, sourcesOf: (read: number) => readonly number[]) {
    this.#skeleton = skeleton;
    this.#layout = layout;
    this.#sourcesOf = sourcesOf;
  }

  /** null: what it reads decides about more than its own value. */
  ofRead({ location }: Candidate, read: number): FreeChoice | null {
    return (this.#reads[read] ??= this.#isFree(location, read) ? this.#optionsOfRead(location, read) : null);
  }

  #isFree(location: Int32Array, read: number): boolean {
    const { nodes, threads, threadOf, relations, shape } = this.#skeleton;
    const { event, thread, local } = nodes[read]!;
    if (event.kind !== "read" || event.atomic) return false;
    const { addressWatch, valueWatch, constraintWatch } = threads[thread]!;
    if (addressWatch[local]!.length + valueWatch[local]!.length + constraintWatch[local]!.length > 0) return false;
    return nodes.every((_, at) => at === read || threadOf[at] !== thread || location[at] !== location[read] || !(isPo(at, read) || isPo(read, at)));

    function isPo(a: number, b: number): boolean {
      return ((relations.po[a * shape.width + (b >> 5)]! >>> (b & 31)) & 1) !== 0;
    }
  }

  #optionsOfRead(location: Int32Array, read: number): FreeChoice | null {
    const { nodes, eventOf } = this.#skeleton;
    const word = location[read]!;
    const times = new Map<number, number>();
    for (const source of this.#sourcesOf(read)) {
      const written = source === readsInitial ? undefined : nodes[source]!.event.value!;
      if (written !== undefined && written.kind !== "known") return null;
      const value = written === undefined ? this.#layout.initial[word]! : written.value;
      times.set(value, (times.get(value) ?? 0) + 1);
    }
    return { event: eventOf[read]!, word, options: optionsOf(times) };
  }

  /** The orders in which the writes of a word may still stand, by the value it is left with; null where they decide about more. */
  ofWord(candidate: Candidate, word: number): FreeChoice | null {
    const { nodes, shape } = this.#skeleton;
    const { co, location } = candidate;
    if ((this.#isRmwWord ??= this.#rmwWords(location))[word] === 1) return null;
    const writes = nodes.flatMap(({ event }, at) => (isWrite(event) && location[at] === word ? [at] : []));
    if (writes.length > writesMax) return null;
    const after = writes.map((a) => writes.reduce((mask, b, k) => mask | (((co[a * shape.width + (b >> 5)]! >>> (b & 31)) & 1) << k), 0));
    // By subset: how many orders it has. The last of an order has none of the others after it.
    const all = (1 << writes.length) - 1;
    const orders = new Float64Array(all + 1);
    orders[0] = 1;
    for (let subset = 1; subset < all; subset++)
      for (let k = 0; k < writes.length; k++) if (((subset >>> k) & 1) === 1 && (after[k]! & subset) === 0) orders[subset]! += orders[subset ^ (1 << k)]!;
    const times = new Map<number, number>();
    for (const [k, write] of writes.entries()) {
      if (after[k] !== 0) continue;
      const value = candidate.writtenValue(write);
      times.set(value, (times.get(value) ?? 0) + orders[all ^ (1 << k)]!);
    }
    return { event: -1, word, options: optionsOf(times) };
  }

  /** By word: a read-modify-write or a lock ties its orders together. */
  #rmwWords(location: Int32Array): Uint8Array {
    const is = new Uint8Array(this.#layout.wordCount);
    this.#skeleton.nodes.forEach(({ event }, at) => {
      if (location[at]! >= 0 && (isLockKind(event.kind) || event.kind.startsWith("srcu") || event.kind === "sync-srcu" || (event.kind === "write" && event.rmwRead >= 0))) is[location[at]!] = 1;
    });
    return is;
  }
}

function optionsOf(times: ReadonlyMap<number, number>): readonly Option[] {
  return Array.from(times, ([value, count]) => ({ value, times: count }));
}
