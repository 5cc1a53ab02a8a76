/*
 * What linux-kernel.bell and linux-kernel.cat (Linux 6.12) say about one path of one thread, before
 * any rf or co is known: sets of tagged events, fences, dependencies, read-side critical sections.
 * Computed once a path and shifted into place for every combination of paths.
 *
 * Nodes are memory accesses, lock and SRCU events, and grace periods. Other fences only relate nodes.
 * rcu_read_lock() and rcu_read_unlock() are no nodes either: what is ordered through one of them is
 * ordered through the grace period or section it would be reached by.
 */
import { noEvents, type EventKind, type EventList, type Path, type PathEvent } from "../explore/path.ts";
import { visitReads, type SymbolicValue } from "../explore/values.ts";
import { forEachBit, setBit } from "../relation/bit-set.ts";
import { matchRcu } from "./read-side-sections.ts";
import { take } from "../relation/pool.ts";
import type { ModelProfile } from "./profiles.ts";

/** Names of the per-thread relations, all within one thread. */
export const threadRelationNames = [
  "po",
  "addr",
  "data",
  "ctrl",
  /** mb | gp, without the part of smp_mb__after_unlock_lock that follows rf. */
  "strong",
  /** po-rel */
  "poRel",
  /** acq-po */
  "acqPo",
  "wmb",
  "rmb",
  /** [R4rmb] ; fencerel(Rmb) ; [~Noreturn] */
  "rmbThenAny",
  /** [~Noreturn] ; fencerel(Rmb) ; [R4rmb] */
  "anyThenRmb",
  /** po ; [UL] ; po ; [LKR] ; po */
  "unlockLockPo",
  "barrier",
  /** From LKR to what smp_mb__after_unlock_lock() po-after it orders: [LKR] ; po ; [After-unlock-lock] ; po ; [M] */
  "afterUnlockLock",
  "rmw",
] as const;
export type ThreadRelationName = (typeof threadRelationNames)[number];

export const nodeSetNames = ["M", "R", "W", "marked", "plain", "noreturn", "srcuUnlock", "syncSrcu", "gracePeriod"] as const;
export type NodeSetName = (typeof nodeSetNames)[number];

export type ThreadRelations = {
  readonly path: Path;
  /** Event index of each node. */
  readonly nodes: readonly number[];
  /** Node of each event, -1 for fences that are no node. */
  readonly nodeOf: readonly number[];
  /** Words of a row. */
  readonly width: number;
  /** One matrix a name of `threadRelationNames`, in that order: nodes × width words each. */
  readonly rows: Int32Array;
  /** Bit k: the k-th relation is not empty. */
  readonly used: number;
  /** One row a name of `nodeSetNames`. */
  readonly sets: Int32Array;
  /** rcu-rscs. */
  readonly rcuSections: readonly RcuSection[];
  /** unmatched-rcu-lock, unmatched-rcu-unlock, invalid-sleep. */
  readonly flags: readonly string[];
  /** What to look at again when a read gets its value, by event: nodes, and constraints of the path. */
  readonly addressWatch: readonly EventList[];
  readonly valueWatch: readonly EventList[];
  readonly constraintWatch: readonly EventList[];
};

export type RcuSection = {
  /** Event indices in the path. */
  readonly lock: number;
  readonly unlock: number;
  /** Nodes po-after the lock and po-before the unlock: one row each. */
  readonly after: Int32Array;
  readonly before: Int32Array;
};

export function isWrite(event: PathEvent): boolean {
  return event.kind === "write" || event.kind === "lock-write" || event.kind === "unlock" || event.kind === "srcu-unlock";
}

export function isRead(event: PathEvent): boolean {
  return event.kind === "read" || event.kind === "srcu-lock" || event.kind === "lock-read" || event.kind === "lock-fail" || event.kind === "read-locked" || event.kind === "read-unlocked";
}

export function isSrcuKind(kind: EventKind): boolean {
  return kind === "srcu-lock" || kind === "srcu-unlock" || kind === "srcu-lock-fence" || kind === "srcu-unlock-fence" || kind === "sync-srcu";
}

function isAcquire(event: PathEvent): boolean {
  return event.kind === "lock-read" || (event.kind === "read" && event.tag === "acquire");
}

function isRelease(event: PathEvent): boolean {
  return event.kind === "unlock" || (event.kind === "write" && event.tag === "release");
}

/** Its rows are from the pool. */
export function threadRelations(path: Path, profile: ModelProfile): ThreadRelations {
  const { events } = path;
  const nodes: number[] = [];
  const nodeOf = events.map((event, index) => (isNode(event) ? nodes.push(index) - 1 : -1));
  const builder = new RowBuilder(events, nodes, nodeOf);
  const sets = builder.setRows();
  const rows = builder.rows();
  const { sections, flags } = matchRcu(events, profile.flagNames);
  const rcuSections = sections.map(([lock, unlock]): RcuSection => ({ lock, unlock, after: builder.after(lock), before: builder.before(unlock) }));
  return { path, nodes, nodeOf, width: builder.width, rows, used: builder.used, sets, rcuSections, flags, ...watchesOf(path, nodes) };
}

function isNode(event: PathEvent): boolean {
  return event.kind !== "fence" || event.tag === "sync-rcu";
}

type Watches = Pick<ThreadRelations, "addressWatch" | "valueWatch" | "constraintWatch">;

function watchesOf({ events, constraints }: Path, nodes: readonly number[]): Watches {
  const addressWatch: EventList[] = events.map(() => noEvents);
  const valueWatch: EventList[] = events.map(() => noEvents);
  const constraintWatch: EventList[] = events.map(() => noEvents);
  const watch = (lists: EventList[], value: SymbolicValue | undefined, watcher: number): void => {
    if (value === undefined || value.kind === "known") return;
    visitReads(value, (event) => {
      if (!lists[event]!.includes(watcher)) lists[event] = [...lists[event]!, watcher];
    });
  };
  nodes.forEach((index, node) => {
    watch(addressWatch, events[index]!.address, node);
    watch(valueWatch, events[index]!.value, node);
  });
  constraints.forEach((c, index) => {
    watch(constraintWatch, c.value, index);
  });
  return { addressWatch, valueWatch, constraintWatch };
}

const relationIndex = Object.fromEntries(threadRelationNames.map((name, k) => [name, k])) as Record<ThreadRelationName, number>;
const setIndex = Object.fromEntries(nodeSetNames.map((name, k) => [name, k])) as Record<NodeSetName, number>;

/** Accumulates the rows of one path. Sets are rows of `width` words. */
class RowBuilder {
  readonly width: number;
  used = 0;
  readonly #events: readonly PathEvent[];
  readonly #nodes: readonly number[];
  readonly #nodeOf: readonly number[];
  /** Nodes po-before and po-after each event, fences included. */
  readonly #before: Int32Array;
  readonly #after: Int32Array;
  readonly #sets: Int32Array;
  readonly #rows: Int32Array;

  constructor(events: readonly PathEvent[], nodes: readonly number[], nodeOf: readonly number[]) {
    this.#events = events;
    this.#nodes = nodes;
    this.#nodeOf = nodeOf;
    const width = Math.max(1, (nodes.length + 31) >> 5);
    this.width = width;
    this.#before = take(events.length * width);
    this.#after = take(events.length * width);
    this.#sets = new Int32Array(nodeSetNames.length * width);
    this.#rows = take(threadRelationNames.length * nodes.length * width);
    for (let index = 0; index < events.length; index++) {
      const { upTo, also } = events[index]!.before;
      for (let earlier = 0; earlier < upTo; earlier++) this.#order(earlier, index);
      for (const earlier of also) if (earlier >= upTo) this.#order(earlier, index);
    }
  }

  #order(earlier: number, later: number): void {
    const { width } = this;
    if (this.#nodeOf[earlier]! >= 0) setBit(this.#before, later * width, this.#nodeOf[earlier]!);
    if (this.#nodeOf[later]! >= 0) setBit(this.#after, earlier * width, this.#nodeOf[later]!);
  }

  before(event: number): Int32Array {
    return this.#before.slice(event * this.width, (event + 1) * this.width);
  }

  after(event: number): Int32Array {
    return this.#after.slice(event * this.width, (event + 1) * this.width);
  }

  setRows(): Int32Array {
    const add = (name: NodeSetName, node: number): void => {
      setBit(this.#sets, setIndex[name] * this.width, node);
    };
    this.#nodes.forEach((index, node) => {
      const event = this.#events[index]!;
      if (isRead(event)) add("R", node);
      if (isWrite(event)) add("W", node);
      if (isRead(event) || isWrite(event)) add("M", node);
      add(event.tag === "plain" ? "plain" : "marked", node);
      if (event.tag === "noreturn") add("noreturn", node);
      if (event.kind === "srcu-unlock") add("srcuUnlock", node);
      if (event.kind === "sync-srcu") add("syncSrcu", node);
      if (event.kind === "sync-srcu" || event.tag === "sync-rcu") add("gracePeriod", node);
    });
    return this.#sets;
  }

  #set(name: NodeSetName): Int32Array {
    return this.#sets.subarray(setIndex[name] * this.width, (setIndex[name] + 1) * this.width);
  }

  rows(): Int32Array {
    const memory = this.#set("M");
    for (let index = 0; index < this.#events.length; index++) {
      const event = this.#events[index]!;
      const node = this.#nodeOf[index]!;
      if (node >= 0) this.#nodeRows(event, node);
      if (event.kind === "fence" && event.tag !== "sync-rcu") this.#fence(event, index, memory);
      else if (isBarrier(event)) this.#nodeFences(event, index, memory);
    }
    this.#unlockLock();
    return this.#rows;
  }

  #fence(event: PathEvent, index: number, memory: Int32Array): void {
    const before = this.before(index);
    const after = this.after(index);
    if (isBarrier(event)) this.#relateAll("barrier", before, after);
    if (event.tag === "wmb") {
      const writes = this.#set("W");
      this.#relateAll("wmb", meet(before, writes), meet(after, writes));
    }
    if (event.tag === "rmb") {
      const returning = this.#set("noreturn").map((word) => ~word);
      const reads4rmb = meet(this.#set("R"), returning);
      this.#relateAll("rmb", meet(before, reads4rmb), meet(after, reads4rmb));
      this.#relateAll("rmbThenAny", meet(before, reads4rmb), meet(after, returning));
      this.#relateAll("anyThenRmb", meet(before, returning), meet(after, reads4rmb));
    }
    this.#strongFence(event, index, memory);
  }

  /** po, dependencies and rmw of a node. */
  #nodeRows(event: PathEvent, node: number): void {
    const { width } = this;
    const index = this.#nodes[node]!;
    const at = (relationIndex.po * this.#nodes.length + node) * width;
    for (let k = 0; k < width; k++) this.#rows[at + k] = this.#after[index * width + k]!;
    this.used |= 1 << relationIndex.po;
    for (const from of event.addr) this.#relate("addr", this.#nodeOf[from]!, node);
    for (const from of event.data) this.#relate("data", this.#nodeOf[from]!, node);
    for (const from of event.ctrl) this.#relate("ctrl", this.#nodeOf[from]!, node);
    if (event.rmwRead >= 0) this.#relate("rmw", this.#nodeOf[event.rmwRead]!, node);
  }

  /** Fences that are nodes: acquire, release, grace periods. */
  #nodeFences(event: PathEvent, index: number, memory: Int32Array): void {
    const node = this.#nodeOf[index]!;
    const before = this.before(index);
    const after = this.after(index);
    const itself = new Int32Array(this.width);
    setBit(itself, 0, node);
    this.#relateAll("barrier", before, after);
    if (isAcquire(event)) {
      this.#relateAll("acqPo", itself, meet(after, memory));
      this.#relateAll("barrier", itself, after);
    }
    if (isRelease(event)) {
      this.#relateAll("poRel", meet(before, memory), itself);
      this.#relateAll("barrier", before, itself);
    }
    if (event.tag === "sync-rcu" || event.kind === "sync-srcu") this.#relateAll("strong", before, join(itself, after));
  }

  /** The disjuncts of `mb` in linux-kernel.cat. */
  #strongFence(event: PathEvent, index: number, memory: Int32Array): void {
    const chosen = strongFenceOf(event);
    if (chosen === undefined) return;
    let before = this.before(index);
    let after = this.after(index);
    if (event.tag === "before-atomic") after = this.#extend(after, this.#after, chosen);
    else if (event.tag === "after-unlock-lock") before = this.#beforeUnlocks(index, meet(after, memory));
    else if (event.tag !== "mb") before = this.#extend(before, this.#before, chosen);
    this.#relateAll("strong", meet(before, memory), meet(after, memory));
  }

  /** What is before an unlock before a lock before the fence; notes from each such lock what the fence orders. */
  #beforeUnlocks(index: number, after: Int32Array): Int32Array {
    const { width } = this;
    const sources = new Int32Array(width);
    forEachBit(this.before(index), (node) => {
      const at = this.#nodes[node]!;
      if (this.#events[at]!.kind !== "lock-read") return;
      const itself = new Int32Array(width);
      setBit(itself, 0, node);
      this.#relateAll("afterUnlockLock", itself, after);
      forEachBit(this.before(at), (unlockNode) => {
        const unlock = this.#nodes[unlockNode]!;
        if (this.#events[unlock]!.kind === "unlock") for (let k = 0; k < width; k++) sources[k]! |= this.#before[unlock * width + k]!;
      });
    });
    return sources;
  }

  #unlockLock(): void {
    for (const unlock of this.#nodes) {
      if (this.#events[unlock]!.kind !== "unlock") continue;
      forEachBit(this.after(unlock), (node) => {
        const lock = this.#nodes[node]!;
        if (this.#events[lock]!.kind === "lock-read") this.#relateAll("unlockLockPo", this.before(unlock), this.after(lock));
      });
    }
  }

  /** [chosen] ; po? from a set, or its mirror: `step` is po by event. */
  #extend(from: Int32Array, step: Int32Array, chosen: (event: PathEvent) => boolean): Int32Array {
    const { width } = this;
    const set = new Int32Array(width);
    forEachBit(from, (node) => {
      const index = this.#nodes[node]!;
      if (!chosen(this.#events[index]!)) return;
      setBit(set, 0, node);
      for (let k = 0; k < width; k++) set[k]! |= step[index * width + k]!;
    });
    return set;
  }

  #relate(name: ThreadRelationName, from: number, to: number): void {
    this.used |= 1 << relationIndex[name];
    setBit(this.#rows, (relationIndex[name] * this.#nodes.length + from) * this.width, to);
  }

  #relateAll(name: ThreadRelationName, from: Int32Array, to: Int32Array): void {
    const { width } = this;
    const base = relationIndex[name] * this.#nodes.length * width;
    this.used |= 1 << relationIndex[name];
    for (let k = 0; k < width; k++) {
      for (let bits = from[k]!; bits !== 0; ) {
        const low = 31 - Math.clz32(bits);
        bits &= ~(1 << low);
        const at = base + ((k << 5) + low) * width;
        for (let j = 0; j < width; j++) this.#rows[at + j]! |= to[j]!;
      }
    }
  }
}

function meet(a: Int32Array, b: Int32Array): Int32Array {
  return a.map((word, k) => word & b[k]!);
}

function join(a: Int32Array, b: Int32Array): Int32Array {
  return a.map((word, k) => word | b[k]!);
}

/** The events a strong fence works through; undefined for fences that are none. */
function strongFenceOf(event: PathEvent): ((event: PathEvent) => boolean) | undefined {
  switch (event.tag) {
    case "mb":
    case "after-unlock-lock":
      return () => true;
    case "before-atomic":
    case "after-atomic":
      return (e) => e.atomic;
    case "after-spinlock":
      return (e) => e.kind === "lock-write";
    case "after-srcu-read-unlock":
      return (e) => e.kind === "srcu-unlock";
    default:
      return undefined;
  }
}

/** linux-kernel.cat `barrier`, the fencerel part. */
function isBarrier(event: PathEvent): boolean {
  if (isAcquire(event) || isRelease(event)) return true;
  if (isSrcuKind(event.kind)) return true;
  if (event.kind !== "fence") return false;
  return event.tag !== "after-spinlock" && event.tag !== "after-unlock-lock" && event.tag !== "after-srcu-read-unlock";
}
