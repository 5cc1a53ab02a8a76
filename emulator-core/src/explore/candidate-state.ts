/*
 * The candidate under construction and everything that follows from a decision: values, addresses,
 * coherence, atomicity. Watch lists say what to look at again when a read gets its value.
 *
 * Sizes: up to a few dozen nodes, so a decision copies the whole state (one buffer of a few hundred
 * words) instead of keeping a trail.
 */
import { isRead, isWrite } from "../lkmm/thread-relations.ts";
import { copied } from "../relation/bit-relation.ts";
import { take } from "../relation/pool.ts";
import { readsInitial, readsUndecided, type Candidate } from "./candidate.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import type { Skeleton } from "./skeleton.ts";
import { evaluate, impossible, unconstrainedValue } from "./values.ts";

/** Owns one candidate and the snapshots that undo its decisions. Methods that decide answer false on a contradiction. */
export class CandidateState {
  readonly candidate: Candidate;
  /** Sections already in the order of their lock, by LKW node. */
  readonly placed: Int32Array;
  /** Unlocks without a section: no part of co. By node. */
  readonly isStray: Uint8Array;
  /** Reads that choose freely what they read (lock reads follow lock.cat). */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly addressed: readonly number[];
  /** No address depends on a read. */
  readonly isLocated: boolean;
  readonly #skeleton: Skeleton;
  readonly #layout: MemoryLayout;
  /** The whole state, and copies of it by depth. */
  readonly #words: Int32Array;
  readonly #snapshots: Int32Array[] = [];
  readonly #rmws: readonly number[];
  readonly #rivals: Int32Array[] = [];
  /** Writes whose value depends on a read. */
  readonly #computedWrites: readonly number[];
  /** By node: same-thread nodes that may access the same word, earlier ones as ~node. */
  #neighbours: readonly (readonly number[])[] = [];
  readonly #isWrite: Uint8Array;

  constructor(skeleton: Skeleton, layout: MemoryLayout) {
    this.#skeleton = skeleton;
    this.#layout = layout;
    const { nodes, shape, eventCount, nodeBase, threads } = skeleton;
    const size = nodes.length;
    const reads: number[] = [];
    const writes: number[] = [];
    const addressed: number[] = [];
    const rmws: number[] = [];
    const computedWrites: number[] = [];
    this.#isWrite = new Uint8Array(size);
    this.isStray = new Uint8Array(size);
    for (let at = 0; at < size; at++) {
      const { event, thread } = nodes[at]!;
      if (event.kind === "read" || event.kind === "srcu-lock") reads.push(at);
      if (isWrite(event)) {
        writes.push(at);
        this.#isWrite[at] = 1;
        if (event.value!.kind !== "known") computedWrites.push(at);
      }
      if (event.address !== undefined) addressed.push(at);
      if (event.kind === "write" && event.rmwRead >= 0) rmws.push(nodeBase[thread]! + threads[thread]!.nodeOf[event.rmwRead]!, at);
    }
    this.reads = reads;
    this.writes = writes;
    this.addressed = addressed;
    this.isLocated = skeleton.isLocated;
    this.#rmws = rmws;
    this.#computedWrites = computedWrites;
    const coWords = size * shape.width;
    const atWords = layout.wordCount * shape.width;
    const ints = size * 3 + coWords + atWords;
    this.#words = take(eventCount * 2 + ints);
    const { buffer } = this.#words;
    const values = new Float64Array(buffer, 0, eventCount).fill(Number.NaN);
    let at = eventCount * 8;
    const part = (length: number): Int32Array => {
      const words = new Int32Array(buffer, at, length);
      at += length * 4;
      return words;
    };
    const rf = part(size).fill(readsUndecided);
    const location = part(size).fill(-1);
    this.placed = part(size);
    const co = part(coWords);
    const writesAt = part(atWords);
    this.candidate = {
      skeleton, words: this.#words, rf, co, location, values, writesAt,
      writtenValue: (write) => this.#writtenValue(write),
      isMatchedUnlock: (unlock) => this.isStray[unlock] === 0,
    };
  }

  /** What is known before any decision. */
  settleStatically(): boolean {
    for (const at of this.addressed) if (!this.locate(at)) return false;
    this.#neighbours = this.#neighboursOf();
    for (const at of this.addressed) if (!this.relateAround(at)) return false;
    return this.orderAroundRmws();
  }

  #neighboursOf(): readonly (readonly number[])[] {
    const { nodes, shape, relations, threadOf } = this.#skeleton;
    const { location } = this.candidate;
    const lists: (readonly number[])[] = [];
    for (let a = 0; a < nodes.length; a++) {
      let list = none;
      const add = (b: number, entry: number): void => {
        const differ = location[a]! >= 0 && location[b]! >= 0 && location[a] !== location[b];
        if (differ || nodes[a]!.event.address === undefined || nodes[b]!.event.address === undefined) return;
        if (list === none) list = [];
        (list as number[]).push(entry);
      };
      for (let b = a - 1; b >= 0 && threadOf[b] === threadOf[a]; b--) if (((relations.po[b * shape.width + (a >> 5)]! >>> (a & 31)) & 1) !== 0) add(b, ~b);
      for (let b = a + 1; b < nodes.length && threadOf[b] === threadOf[a]; b++) if (((relations.po[a * shape.width + (b >> 5)]! >>> (b & 31)) & 1) !== 0) add(b, b);
      lists.push(list);
    }
    return lists;
  }

  readFrom(read: number, source: number): boolean {
    const { rf, location, values } = this.candidate;
    rf[read] = source;
    if (source >= 0 && location[source]! >= 0 && location[source] !== location[read]) return false;
    const value = source === readsInitial ? this.#layout.initial[location[read]!]! : this.#writtenValue(source);
    if (value === impossible) return false;
    if (value === value) {
      values[this.#skeleton.eventOf[read]!] = value;
      if (!this.#spread(read)) return false;
    }
    return this.relateAround(read);
  }

  /** A read got its value: conditions, addresses, stored values and their readers. */
  #spread(read: number): boolean {
    const { rf, values } = this.candidate;
    const { threads, eventBase, nodeBase, nodes, threadOf, eventOf } = this.#skeleton;
    const thread = threadOf[read]!;
    const { addressWatch, valueWatch, constraintWatch, path } = threads[thread]!;
    const base = eventBase[thread]!;
    const local = eventOf[read]! - base;
    for (const index of constraintWatch[local]!) {
      const c = path.constraints[index]!;
      const value = evaluate(c.value, values, base);
      if (value === impossible || (value === value && (value !== 0) !== c.truth)) return false;
    }
    for (const node of addressWatch[local]!) {
      const at = nodeBase[thread]! + node;
      if (!this.locate(at) || !this.relateAround(at)) return false;
    }
    for (const node of valueWatch[local]!) {
      const at = nodeBase[thread]! + node;
      const value = this.#writtenValue(at);
      if (value === impossible) return false;
      if (value !== value) continue;
      for (let other = 0; other < nodes.length; other++) {
        if (rf[other] !== at || values[eventOf[other]!]! === values[eventOf[other]!]! || !isRead(nodes[other]!.event)) continue;
        values[eventOf[other]!] = value;
        if (!this.#spread(other)) return false;
      }
    }
    return true;
  }

  /** Finds the word an event accesses, if its address is known by now. */
  locate(at: number): boolean {
    const { location, values, rf, writesAt } = this.candidate;
    if (location[at]! >= 0) return true;
    const { nodes, eventBase, shape } = this.#skeleton;
    const { event, thread } = nodes[at]!;
    const address = evaluate(event.address!, values, eventBase[thread]!);
    if (address !== address) return true;
    const word = address === impossible ? -1 : this.#layout.wordAt(address);
    if (word < 0) return false;
    location[at] = word;
    if (this.#isWrite[at] === 0) return true;
    writesAt[word * shape.width + (at >> 5)]! |= 1 << (at & 31);
    for (const read of this.reads) if (rf[read] === at && location[read] !== word) return false;
    return true;
  }

  forgetWrite(at: number): void {
    const word = this.candidate.location[at]!;
    this.candidate.writesAt[word * this.#skeleton.shape.width + (at >> 5)]! &= ~(1 << (at & 31));
  }

  /**
   * acyclic(po-loc | com), as conditions on pairs (a, b) of po-loc: with s(e) the write e performs or
   * reads, s(a) is co-before b when b is a write, and co-before or equal s(b) when b is a read.
   */
  relateAround(at: number): boolean {
    const { location } = this.candidate;
    const word = location[at]!;
    if (word < 0) return true;
    const neighbours = this.#neighbours[at];
    if (neighbours === undefined) return true;
    for (let k = 0; k < neighbours.length; k++) {
      const entry = neighbours[k]!;
      const other = entry < 0 ? ~entry : entry;
      if (location[other] !== word) continue;
      if (!(entry >= 0 ? this.#relatePair(at, other) : this.#relatePair(other, at))) return false;
    }
    return true;
  }

  #relatePair(a: number, b: number): boolean {
    const { nodes } = this.#skeleton;
    const { rf } = this.candidate;
    const first = this.#isWrite[a] === 1 ? a : rf[a]!;
    if (first === readsUndecided || nodes[a]!.event.kind === "sync-srcu" || nodes[b]!.event.kind === "sync-srcu") return true;
    const second = this.#isWrite[b] === 1 ? b : rf[b]!;
    // A stray unlock is no part of co, so nothing is ordered by it.
    if ((first >= 0 && this.isStray[first] === 1) || (second >= 0 && this.isStray[second] === 1)) return true;
    if (second === b) return first === readsInitial || (first !== b && this.order(first, b));
    if (second === readsUndecided || first === second || first === readsInitial) return true;
    return second !== readsInitial && this.order(first, second);
  }

  isBefore(a: number, b: number): boolean {
    return ((this.candidate.co[a * this.#skeleton.shape.width + (b >> 5)]! >>> (b & 31)) & 1) !== 0;
  }

  /** co := (co | (a, b))+; false on a cycle. */
  order(a: number, b: number): boolean {
    if (a === b || this.isBefore(b, a)) return false;
    if (this.isBefore(a, b)) return true;
    const { co } = this.candidate;
    const { width } = this.#skeleton.shape;
    const { writes } = this;
    if (width === 1) {
      const gained = co[b]! | (1 << b);
      for (let k = 0; k < writes.length; k++) {
        const x = writes[k]!;
        if (x === a || ((co[x]! >>> a) & 1) !== 0) co[x]! |= gained;
      }
      return true;
    }
    for (const x of writes) {
      if (x !== a && !this.isBefore(x, a)) continue;
      for (let k = 0; k < width; k++) co[x * width + k]! |= co[b * width + k]!;
      co[x * width + (b >> 5)]! |= 1 << (b & 31);
    }
    return true;
  }

  /** empty(rmw & (fre ; coe)): a foreign write is co-before what R* reads or co-after W*. */
  orderAroundRmws(): boolean {
    if (this.#rmws.length === 0) return true;
    for (let changed = true; changed; ) {
      changed = false;
      for (let k = 0; k < this.#rmws.length; k += 2) {
        const made = this.#orderAroundRmw(this.#rmws[k]!, this.#rmws[k + 1]!, this.#rivalsOf(k));
        if (made < 0) return false;
        if (made > 0) changed = true;
      }
    }
    return true;
  }

  /** Pairs ordered anew; -1 on a contradiction. */
  #orderAroundRmw(read: number, write: number, rivals: Int32Array): number {
    const { rf, co } = this.candidate;
    const { width } = this.#skeleton.shape;
    const source = rf[read]!;
    if (source === readsUndecided) return 0;
    let made = 0;
    for (let k = 0; k < width; k++) {
      const after = source === readsInitial ? -1 : co[source * width + k]!;
      for (let bits = rivals[k]! & after & ~co[write * width + k]!; bits !== 0; bits &= bits - 1) {
        const other = (k << 5) + 31 - Math.clz32(bits & -bits);
        if (other === source) continue;
        if (!this.order(write, other)) return -1;
        made++;
      }
      if (source === readsInitial) continue;
      for (let bits = rivals[k]! & ~co[write * width + k]!; bits !== 0; bits &= bits - 1) {
        const other = (k << 5) + 31 - Math.clz32(bits & -bits);
        if (other === source || !this.isBefore(other, write) || this.isBefore(other, source)) continue;
        if (!this.order(other, source)) return -1;
        made++;
      }
    }
    return made;
  }

  /** Writes of other threads at the word of a read-modify-write; fixed where addresses are. */
  #rivalsOf(k: number): Int32Array {
    const known = this.#rivals[k];
    if (known !== undefined && this.isLocated) return known;
    const { location, writesAt } = this.candidate;
    const { shape, int } = this.#skeleton;
    const write = this.#rmws[k + 1]!;
    const rivals = known ?? (this.#rivals[k] = new Int32Array(shape.width));
    const word = location[write]!;
    for (let j = 0; j < shape.width; j++) rivals[j] = word < 0 ? 0 : writesAt[word * shape.width + j]! & ~int[write * shape.width + j]!;
    return rivals;
  }

  /** Values that copy each other in a circle are S<n>; any other circular equation has no solution. */
  settleCopyCycles(): "nothing" | "settled" | "impossible" {
    const { values, location } = this.candidate;
    const { eventOf } = this.#skeleton;
    let isOpen = false;
    for (const read of this.reads) if (values[eventOf[read]!]! !== values[eventOf[read]!]!) isOpen = true;
    if (isOpen && !this.#breakCycles()) return "impossible";
    if (!this.isLocated) for (const at of this.addressed) if (location[at]! < 0) return "impossible";
    for (const at of this.#computedWrites) if (!Number.isFinite(this.#writtenValue(at))) return "impossible";
    return isOpen ? "settled" : "nothing";
  }

  /** What is decided gave every value that does not depend on an undecided read alone: no cycle, and nothing impossible. */
  isSettledButFreeReads(): boolean {
    const { rf, values } = this.candidate;
    const { eventOf } = this.#skeleton;
    for (const read of this.reads) if (rf[read] !== readsUndecided && Number.isNaN(values[eventOf[read]!]!)) return false;
    return this.#computedWrites.every((at) => Number.isFinite(this.#writtenValue(at)));
  }

  #breakCycles(): boolean {
    const { rf, values } = this.candidate;
    const { nodes, eventBase, eventOf } = this.#skeleton;
    const open = this.reads.filter((read) => values[eventOf[read]!]! !== values[eventOf[read]!]!);
    const sourceEvent = (read: number): number => {
      const write = nodes[rf[read]!]!;
      return write.event.value!.kind === "read" ? eventBase[write.thread]! + write.event.value!.event : -1;
    };
    const next = new Map(open.map((read): [number, number] => [eventOf[read]!, sourceEvent(read)]));
    for (const target of next.values()) if (target < 0) return false;
    for (const read of open) {
      // The least event of the cycle this one copies from names the value.
      let at = eventOf[read]!;
      for (let k = 0; k < next.size; k++) at = next.get(at)!;
      let least = at;
      for (let x = next.get(at)!; x !== at; x = next.get(x)!) least = Math.min(least, x);
      values[eventOf[read]!] = unconstrainedValue(least);
    }
    return open.every((read) => this.#spread(read));
  }

  #writtenValue(write: number): number {
    const { event, thread } = this.#skeleton.nodes[write]!;
    const value = event.value!;
    return value.kind === "known" ? value.value : evaluate(value, this.candidate.values, this.#skeleton.eventBase[thread]!);
  }

  save(depth: number): void {
    const snapshot = this.#snapshots[depth];
    if (snapshot === undefined) this.#snapshots[depth] = copied(this.#words);
    else snapshot.set(this.#words);
  }

  restore(depth: number): void {
    this.#words.set(this.#snapshots[depth]!);
  }
}

const none: readonly number[] = [];
