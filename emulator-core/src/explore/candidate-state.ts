/*
 * The candidate under construction and everything that follows from a decision: values, addresses,
 * coherence, atomicity. Watch lists say what to look at again when a read gets its value.
 *
 * Sizes: up to a few dozen nodes, so a decision copies the whole state (a few hundred words) instead
 * of keeping a trail.
 */
import { isRead, isWrite } from "../lkmm/thread-relations.ts";
import { emptyRelation } from "../relation/bit-relation.ts";
import { readsInitial, readsUndecided, type Candidate } from "./candidate.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import type { Skeleton } from "./skeleton.ts";
import { evaluate, impossible, unconstrainedValue, visitReads } from "./values.ts";

export type Snapshot = {
  readonly rf: Int32Array;
  readonly co: Int32Array;
  readonly location: Int32Array;
  readonly values: Float64Array;
  readonly writesAt: Int32Array;
  readonly placed: Uint8Array;
};

/** Owns one candidate and the snapshots that undo its decisions. Methods that decide answer false on a contradiction. */
export class CandidateState {
  readonly candidate: Candidate;
  /** Sections already in the order of their lock, by LKW node. */
  readonly placed: Uint8Array;
  /** Unlocks without a section: no part of co. */
  readonly strayUnlocks = new Set<number>();
  /** Event index of each node. */
  readonly eventOf: Int32Array;
  /** Reads that choose freely what they read (lock reads follow lock.cat). */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly addressed: readonly number[];
  readonly #skeleton: Skeleton;
  readonly #layout: MemoryLayout;
  readonly #snapshots: Snapshot[] = [];
  readonly #thread: Int32Array;
  readonly #rmws: readonly (readonly [read: number, write: number])[];
  /** Node lists to look at again when a read (by event) gets its value. */
  readonly #addressWatch: readonly (readonly number[])[];
  readonly #valueWatch: readonly (readonly number[])[];
  readonly #constraintWatch: readonly (readonly (readonly [thread: number, index: number])[])[];
  /** Same-thread neighbours of each node, with the direction of po: +1 later, -1 earlier. */
  readonly #neighbours: readonly (readonly (readonly [node: number, direction: number])[])[];

  constructor(skeleton: Skeleton, layout: MemoryLayout) {
    this.#skeleton = skeleton;
    this.#layout = layout;
    const { nodes, shape, eventBase, eventCount } = skeleton;
    this.placed = new Uint8Array(nodes.length);
    this.#thread = Int32Array.from(nodes, (n) => n.thread);
    this.eventOf = Int32Array.from(nodes, (n) => eventBase[n.thread]! + n.local);
    this.reads = nodes.flatMap((n, at) => (n.event.kind === "read" || n.event.kind === "srcu-lock" ? [at] : []));
    this.writes = nodes.flatMap((n, at) => (isWrite(n.event) ? [at] : []));
    this.addressed = nodes.flatMap((n, at) => (n.event.address === undefined ? [] : [at]));
    this.#rmws = nodes.flatMap((n, at): (readonly [number, number])[] =>
      n.event.kind === "write" && n.event.rmwRead !== undefined ? [[skeleton.nodeBase[n.thread]! + skeleton.threads[n.thread]!.nodeOf[n.event.rmwRead]!, at]] : [],
    );
    const addressWatch = Array.from({ length: eventCount }, (): number[] => []);
    const valueWatch = Array.from({ length: eventCount }, (): number[] => []);
    const constraintWatch = Array.from({ length: eventCount }, (): (readonly [number, number])[] => []);
    nodes.forEach(({ event, thread }, at) => {
      if (event.address !== undefined) visitReads(event.address, (e) => addressWatch[eventBase[thread]! + e]!.push(at));
      if (event.value !== undefined) visitReads(event.value, (e) => valueWatch[eventBase[thread]! + e]!.push(at));
    });
    skeleton.threads.forEach(({ path }, thread) =>
      path.constraints.forEach((c, index) => visitReads(c.value, (e) => constraintWatch[eventBase[thread]! + e]!.push([thread, index]))),
    );
    this.#addressWatch = addressWatch;
    this.#valueWatch = valueWatch;
    this.#constraintWatch = constraintWatch;
    this.#neighbours = nodes.map((_, a) => this.addressed.flatMap((b): (readonly [number, number])[] => {
      const word = skeleton.relations.po;
      if (((word[a * shape.width + (b >> 5)]! >>> (b & 31)) & 1) !== 0) return [[b, 1]];
      if (((word[b * shape.width + (a >> 5)]! >>> (a & 31)) & 1) !== 0) return [[b, -1]];
      return [];
    }));
    this.candidate = {
      skeleton,
      rf: new Int32Array(nodes.length).fill(readsUndecided),
      co: emptyRelation(shape),
      location: new Int32Array(nodes.length).fill(-1),
      values: new Float64Array(eventCount).fill(Number.NaN),
      writesAt: new Int32Array(layout.wordCount * shape.width),
      writtenValue: (write) => this.#writtenValue(write),
      isMatchedUnlock: (unlock) => !this.strayUnlocks.has(unlock),
    };
  }

  /** What is known before any decision. */
  settleStatically(): boolean {
    return this.addressed.every((at) => this.locate(at)) && this.addressed.every((at) => this.relateAround(at)) && this.orderAroundRmws();
  }

  readFrom(read: number, source: number): boolean {
    const { rf, location, values } = this.candidate;
    rf[read] = source;
    if (source >= 0 && location[source]! >= 0 && location[source] !== location[read]) return false;
    const value = source === readsInitial ? this.#layout.initial[location[read]!]! : this.#writtenValue(source);
    if (value === impossible) return false;
    const event = this.eventOf[read]!;
    if (value === value) {
      values[event] = value;
      if (!this.#spread(event)) return false;
    }
    return this.relateAround(read);
  }

  /** A read got its value: conditions, addresses, stored values and their readers. */
  #spread(event: number): boolean {
    const { rf, values } = this.candidate;
    const { threads, eventBase, nodes } = this.#skeleton;
    for (const [thread, index] of this.#constraintWatch[event]!) {
      const c = threads[thread]!.path.constraints[index]!;
      const value = evaluate(c.value, values, eventBase[thread]!);
      if (value === impossible || (value === value && (value !== 0) !== c.truth)) return false;
    }
    for (const at of this.#addressWatch[event]!) if (!this.locate(at) || !this.relateAround(at)) return false;
    for (const at of this.#valueWatch[event]!) {
      const value = this.#writtenValue(at);
      if (value === impossible) return false;
      if (value !== value) continue;
      for (let read = 0; read < nodes.length; read++) {
        const readEvent = this.eventOf[read]!;
        if (rf[read] !== at || values[readEvent]! === values[readEvent]! || !isRead(nodes[read]!.event)) continue;
        values[readEvent] = value;
        if (!this.#spread(readEvent)) return false;
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
    if (!isWrite(event)) return true;
    writesAt[word * shape.width + (at >> 5)]! |= 1 << (at & 31);
    for (let read = 0; read < nodes.length; read++) if (rf[read] === at && location[read] !== word) return false;
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
    for (const [other, direction] of this.#neighbours[at]!) {
      if (location[other] !== word) continue;
      if (!(direction > 0 ? this.#relatePair(at, other) : this.#relatePair(other, at))) return false;
    }
    return true;
  }

  #relatePair(a: number, b: number): boolean {
    const { nodes } = this.#skeleton;
    const { rf } = this.candidate;
    const first = isWrite(nodes[a]!.event) ? a : rf[a]!;
    if (first === readsUndecided || nodes[a]!.event.kind === "sync-srcu" || nodes[b]!.event.kind === "sync-srcu") return true;
    const second = isWrite(nodes[b]!.event) ? b : rf[b]!;
    // A stray unlock is no part of co, so nothing is ordered by it.
    if (this.strayUnlocks.has(first) || this.strayUnlocks.has(second)) return true;
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
    for (const x of this.writes) {
      if (x !== a && !this.isBefore(x, a)) continue;
      for (let k = 0; k < width; k++) co[x * width + k]! |= co[b * width + k]!;
      co[x * width + (b >> 5)]! |= 1 << (b & 31);
    }
    return true;
  }

  /** empty(rmw & (fre ; coe)): a foreign write is co-before what R* reads or co-after W*. */
  orderAroundRmws(): boolean {
    const { rf, location } = this.candidate;
    for (let changed = true; changed; ) {
      changed = false;
      for (const [read, write] of this.#rmws) {
        const source = rf[read]!;
        if (source === readsUndecided) continue;
        for (const other of this.writes) {
          if (other === source || other === write || location[other] !== location[write] || this.#thread[other] === this.#thread[read]) continue;
          if (source === readsInitial || this.isBefore(source, other)) {
            if (this.isBefore(write, other)) continue;
            if (!this.order(write, other)) return false;
            changed = true;
          } else if (this.isBefore(other, write) && !this.isBefore(other, source)) {
            if (!this.order(other, source)) return false;
            changed = true;
          }
        }
      }
    }
    return true;
  }

  /** Values that copy each other in a circle are S<n>; any other circular equation has no solution. */
  settleCopyCycles(): "nothing" | "settled" | "impossible" {
    const { rf, values } = this.candidate;
    const { nodes, eventBase } = this.#skeleton;
    const open = this.reads.filter((read) => values[this.eventOf[read]!]! !== values[this.eventOf[read]!]!);
    if (open.length > 0) {
      const sourceEvent = (read: number): number => {
        const write = nodes[rf[read]!]!;
        return write.event.value!.kind === "read" ? eventBase[write.thread]! + write.event.value!.event : -1;
      };
      const next = new Map(open.map((read): [number, number] => [this.eventOf[read]!, sourceEvent(read)]));
      for (const target of next.values()) if (target < 0) return "impossible";
      for (const read of open) {
        // The least event of the cycle this one copies from names the value.
        let at = this.eventOf[read]!;
        for (let k = 0; k < next.size; k++) at = next.get(at)!;
        let least = at;
        for (let x = next.get(at)!; x !== at; x = next.get(x)!) least = Math.min(least, x);
        values[this.eventOf[read]!] = unconstrainedValue(least);
      }
      for (const read of open) if (!this.#spread(this.eventOf[read]!)) return "impossible";
    }
    for (const at of this.addressed) if (this.candidate.location[at]! < 0) return "impossible";
    for (const at of this.writes) if (!Number.isFinite(this.#writtenValue(at))) return "impossible";
    return open.length > 0 ? "settled" : "nothing";
  }

  #writtenValue(write: number): number {
    const { event, thread } = this.#skeleton.nodes[write]!;
    return evaluate(event.value!, this.candidate.values, this.#skeleton.eventBase[thread]!);
  }

  save(depth: number): Snapshot {
    const c = this.candidate;
    const s = (this.#snapshots[depth] ??= {
      rf: new Int32Array(c.rf.length),
      co: new Int32Array(c.co.length),
      location: new Int32Array(c.location.length),
      values: new Float64Array(c.values.length),
      writesAt: new Int32Array(c.writesAt.length),
      placed: new Uint8Array(this.placed.length),
    });
    s.rf.set(c.rf);
    s.co.set(c.co);
    s.location.set(c.location);
    s.values.set(c.values);
    s.writesAt.set(c.writesAt);
    s.placed.set(this.placed);
    return s;
  }

  restore(s: Snapshot): void {
    const c = this.candidate;
    c.rf.set(s.rf);
    c.co.set(s.co);
    c.location.set(s.location);
    c.values.set(s.values);
    c.writesAt.set(s.writesAt);
    this.placed.set(s.placed);
  }
}
