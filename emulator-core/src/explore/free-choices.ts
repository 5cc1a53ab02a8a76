/*
 * Decisions that nothing else depends on. Where the model accepts every completion of a candidate, reads that
 * share their word with no other access of their thread vary independently of each other, and so do the coherence
 * orders of different words: the subtree is the product of what each of them may be, and is counted as one.
 */
import { isWrite } from "../lkmm/thread-relations.ts";
import { readsInitial, type Candidate } from "./candidate.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import type { Skeleton } from "./skeleton.ts";

/** A value and the number of ways to get it. */
export type Option = { readonly value: number; readonly times: number };

/** What a read returns, or what a word holds in the end (when `event` is -1). */
export type FreeChoice = { readonly event: number; readonly word: number; readonly options: readonly Option[] };

/** Writes of one word whose orders are counted: all their subsets are looked at. */
const writesMax = 12;

/** Owns what is known of the reads and words of one skeleton whose addresses are fixed. */
export class FreeChoices {
  readonly #skeleton: Skeleton;
  readonly #layout: MemoryLayout;
  readonly #sourcesOf: (read: number) => readonly number[];
  /** By node: undefined is not looked at yet, null a read that is not free. */
  readonly #reads: (FreeChoice | null | undefined)[] = [];
  #isFree: Uint8Array | undefined;
  /** By word. */
  readonly #writes: (readonly number[] | undefined)[] = [];

  constructor(skeleton: Skeleton, layout: MemoryLayout, sourcesOf: (read: number) => readonly number[]) {
    this.#skeleton = skeleton;
    this.#layout = layout;
    this.#sourcesOf = sourcesOf;
  }

  /** null: what it reads decides about more than its own value. */
  ofRead({ location }: Candidate, read: number): FreeChoice | null {
    return (this.#reads[read] ??= this.#isFreeRead(location, read) ? this.#optionsOfRead(location, read) : null);
  }

  #isFreeRead(location: Int32Array, read: number): boolean {
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

  /** Whether the orders of its writes decide about nothing but its last value. */
  isFreeWord({ location }: Candidate, word: number): boolean {
    return (this.#isFree ??= this.#freeWords(location))[word] === 1;
  }

  /**
   * The orders in which the writes of a free word may still stand, by the value it is left with; every read-modify-write
   * of it is decided. Counted prefix by prefix: what may follow depends on which writes stand there, not on their order.
   */
  ofWord(candidate: Candidate, word: number): FreeChoice {
    const { shape, nodes, nodeBase, threads } = this.#skeleton;
    const { co, rf } = candidate;
    const writes = this.#writesOf(candidate.location, word);
    const all = (1 << writes.length) - 1;
    const maskOf = (is: (write: number) => boolean): number => writes.reduce((mask, write, k) => (is(write) ? mask | (1 << k) : mask), 0);
    /** By write: those before it. */
    const before = writes.map((write) => maskOf((a) => ((co[a * shape.width + (write >> 5)]! >>> (write & 31)) & 1) === 1));
    // empty(rmw & (fre ; coe)): from the write that it reads up to its own, only writes of its thread stand.
    const pending = writes.flatMap((write, k) => {
      const { event, thread } = nodes[write]!;
      if (event.rmwRead < 0) return [];
      const source = rf[nodeBase[thread]! + threads[thread]!.nodeOf[event.rmwRead]!]!;
      return [{ source: maskOf((a) => a === source), own: 1 << k, allowed: maskOf((a) => nodes[a]!.thread === thread) }];
    });
    const orders = new Float64Array(all + 1);
    orders[0] = 1;
    const times = new Map<number, number>();
    for (let prefix = 0; prefix < all; prefix++) {
      if (orders[prefix] === 0) continue;
      let next = all & ~prefix;
      for (const { source, own, allowed } of pending) if ((prefix & own) === 0 && (prefix & source) === source) next &= allowed;
      for (let k = 0; k < writes.length; k++) {
        if (((next >>> k) & 1) === 0 || (before[k]! & ~prefix) !== 0) continue;
        const longer = prefix | (1 << k);
        orders[longer]! += orders[prefix]!;
        if (longer !== all) continue;
        const value = candidate.writtenValue(writes[k]!);
        times.set(value, (times.get(value) ?? 0) + orders[prefix]!);
      }
    }
    return { event: -1, word, options: optionsOf(times) };
  }

  #writesOf(location: Int32Array, word: number): readonly number[] {
    return (this.#writes[word] ??= this.#skeleton.nodes.flatMap(({ event }, at) => (isWrite(event) && location[at] === word ? [at] : [])));
  }

  /** By word. What orders a lock is decided elsewhere. */
  #freeWords(location: Int32Array): Uint8Array {
    const isFree = new Uint8Array(this.#layout.wordCount).fill(1);
    this.#skeleton.nodes.forEach(({ event }, at) => {
      const word = location[at]!;
      if (word >= 0 && event.kind !== "read" && event.kind !== "write") isFree[word] = 0;
      if (word >= 0 && isFree[word] === 1 && this.#writesOf(location, word).length > writesMax) isFree[word] = 0;
    });
    return isFree;
  }
}

function optionsOf(times: ReadonlyMap<number, number>): readonly Option[] {
  return Array.from(times, ([value, count]) => ({ value, times: count }));
}
