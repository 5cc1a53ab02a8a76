/*
 * What linux-kernel.bell and linux-kernel.cat (Linux 6.12) say about one path of one thread, before
 * any rf or co is known: sets of tagged events, fences, dependencies, read-side critical sections.
 * Computed once a path and shifted into place for every combination of paths.
 *
 * Nodes are memory accesses, lock and SRCU events, and grace periods. Other fences only relate nodes.
 * rcu_read_lock() and rcu_read_unlock() are no nodes either: what is ordered through one of them is
 * ordered through the grace period or section it would be reached by. Sets are bigints.
 */
import type { Path, PathEvent } from "../explore/path.ts";

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
  readonly rows: Readonly<Record<ThreadRelationName, readonly bigint[]>>;
  readonly sets: Readonly<Record<NodeSetName, bigint>>;
  /** rcu-rscs. */
  readonly rcuSections: readonly RcuSection[];
  /** unmatched-rcu-lock, unmatched-rcu-unlock, invalid-sleep. */
  readonly flags: readonly string[];
};

export type RcuSection = {
  /** Event indices in the path. */
  readonly lock: number;
  readonly unlock: number;
  /** Nodes po-after the lock and po-before the unlock. */
  readonly after: bigint;
  readonly before: bigint;
};

export function isWrite(event: PathEvent): boolean {
  return event.kind === "write" || event.kind === "lock-write" || event.kind === "unlock" || event.kind === "srcu-unlock";
}

export function isRead(event: PathEvent): boolean {
  return event.kind === "read" || event.kind === "srcu-lock" || event.kind === "lock-read" || event.kind === "lock-fail" || event.kind === "read-locked" || event.kind === "read-unlocked";
}

function isAcquire(event: PathEvent): boolean {
  return event.kind === "lock-read" || (event.kind === "read" && event.tag === "acquire");
}

function isRelease(event: PathEvent): boolean {
  return event.kind === "unlock" || (event.kind === "write" && event.tag === "release");
}

export function threadRelations(path: Path): ThreadRelations {
  const { events } = path;
  const nodes: number[] = [];
  const nodeOf = events.map((event, index) => (isNode(event) ? nodes.push(index) - 1 : -1));
  const builder = new RowBuilder(events, nodes, nodeOf);
  const sets = builder.sets();
  const rows = builder.rows(sets);
  const { sections, flags } = matchRcu(events);
  const rcuSections = sections.map(([lock, unlock]): RcuSection => ({ lock, unlock, after: builder.after(lock), before: builder.before(unlock) }));
  return { path, nodes, nodeOf, rows, sets, rcuSections, flags };
}

function isNode(event: PathEvent): boolean {
  return event.kind !== "fence" || event.tag === "sync-rcu";
}

function bit(n: number): bigint {
  return 1n << BigInt(n);
}

function has(set: bigint, n: number): boolean {
  return ((set >> BigInt(n)) & 1n) !== 0n;
}

/** Accumulates the rows of one path. */
class RowBuilder {
  readonly #events: readonly PathEvent[];
  readonly #nodes: readonly number[];
  readonly #nodeOf: readonly number[];
  /** Nodes po-before and po-after each event, fences included. */
  readonly #before: bigint[];
  readonly #after: bigint[];

  constructor(events: readonly PathEvent[], nodes: readonly number[], nodeOf: readonly number[]) {
    this.#events = events;
    this.#nodes = nodes;
    this.#nodeOf = nodeOf;
    this.#before = events.map(() => 0n);
    this.#after = events.map(() => 0n);
    events.forEach((event, index) => {
      for (let earlier = 0; earlier < index; earlier++) {
        if (!has(event.before, earlier)) continue;
        if (nodeOf[earlier]! >= 0) this.#before[index]! |= bit(nodeOf[earlier]!);
        if (nodeOf[index]! >= 0) this.#after[earlier]! |= bit(nodeOf[index]!);
      }
    });
  }

  before(event: number): bigint {
    return this.#before[event]!;
  }

  after(event: number): bigint {
    return this.#after[event]!;
  }

  sets(): Record<NodeSetName, bigint> {
    const sets: Record<NodeSetName, bigint> = { M: 0n, R: 0n, W: 0n, marked: 0n, plain: 0n, noreturn: 0n, srcuUnlock: 0n, syncSrcu: 0n, gracePeriod: 0n };
    this.#nodes.forEach((index, node) => {
      const event = this.#events[index]!;
      const b = bit(node);
      if (isRead(event)) sets.R |= b;
      if (isWrite(event)) sets.W |= b;
      if (event.tag === "plain") sets.plain |= b;
      else sets.marked |= b;
      if (event.tag === "noreturn") sets.noreturn |= b;
      if (event.kind === "srcu-unlock") sets.srcuUnlock |= b;
      if (event.kind === "sync-srcu") sets.syncSrcu |= b;
      if (event.kind === "sync-srcu" || event.tag === "sync-rcu") sets.gracePeriod |= b;
    });
    sets.M = sets.R | sets.W;
    return sets;
  }

  rows(sets: Record<NodeSetName, bigint>): Record<ThreadRelationName, bigint[]> {
    const rows = {} as Record<ThreadRelationName, bigint[]>;
    for (const name of threadRelationNames) rows[name] = this.#nodes.map(() => 0n);
    const reads4rmb = sets.R & ~sets.noreturn;
    const all = bit(this.#nodes.length) - 1n;
    const returning = all & ~sets.noreturn;
    this.#events.forEach((event, index) => {
      const before = this.#before[index]!;
      const after = this.#after[index]!;
      const node = this.#nodeOf[index]!;
      if (node >= 0) {
        rows.po[node] = after;
        this.#relateAll(rows.addr, this.#nodesOf(event.addr), bit(node));
        this.#relateAll(rows.data, this.#nodesOf(event.data), bit(node));
        this.#relateAll(rows.ctrl, this.#nodesOf(event.ctrl), bit(node));
        if (event.rmwRead !== undefined) rows.rmw[this.#nodeOf[event.rmwRead]!]! |= bit(node);
      }
      if (isBarrier(event)) this.#relateAll(rows.barrier, before, after);
      if (isAcquire(event)) {
        rows.acqPo[node]! |= after & sets.M;
        rows.barrier[node]! |= after;
      }
      if (isRelease(event)) {
        this.#relateAll(rows.poRel, before & sets.M, bit(node));
        this.#relateAll(rows.barrier, before, bit(node));
      }
      if (event.tag === "sync-rcu" || event.kind === "sync-srcu") this.#relateAll(rows.strong, before, bit(node) | after);
      if (event.kind !== "fence") return;
      if (event.tag === "wmb") this.#relateAll(rows.wmb, before & sets.W, after & sets.W);
      if (event.tag === "rmb") {
        this.#relateAll(rows.rmb, before & reads4rmb, after & reads4rmb);
        this.#relateAll(rows.rmbThenAny, before & reads4rmb, after & returning);
        this.#relateAll(rows.anyThenRmb, before & returning, after & reads4rmb);
      }
      this.#strongFence(rows, event, index, sets);
    });
    this.#unlockLock(rows);
    return rows;
  }

  /** The disjuncts of `mb` in linux-kernel.cat. */
  #strongFence(rows: Record<ThreadRelationName, bigint[]>, event: PathEvent, index: number, sets: Record<NodeSetName, bigint>): void {
    const before = this.#before[index]!;
    const after = this.#after[index]!;
    switch (event.tag) {
      case "mb":
        return this.#relateAll(rows.strong, before & sets.M, after & sets.M);
      case "before-atomic":
        return this.#relateAll(rows.strong, before & sets.M, this.#withAfter(after, (e) => e.atomic === true) & sets.M);
      case "after-atomic":
        return this.#relateAll(rows.strong, this.#withBefore(before, (e) => e.atomic === true) & sets.M, after & sets.M);
      case "after-spinlock":
        return this.#relateAll(rows.strong, this.#withBefore(before, (e) => e.kind === "lock-write") & sets.M, after & sets.M);
      case "after-srcu-read-unlock":
        return this.#relateAll(rows.strong, this.#withBefore(before, (e) => e.kind === "srcu-unlock") & sets.M, after & sets.M);
      case "after-unlock-lock": {
        let sources = 0n;
        this.#nodes.forEach((at, node) => {
          if (this.#events[at]!.kind !== "lock-read" || !has(before, node)) return;
          rows.afterUnlockLock[node]! |= after & sets.M;
          this.#nodes.forEach((unlock, unlockNode) => {
            if (this.#events[unlock]!.kind === "unlock" && has(this.#before[at]!, unlockNode)) sources |= this.#before[unlock]!;
          });
        });
        return this.#relateAll(rows.strong, sources & sets.M, after & sets.M);
      }
      default:
        return;
    }
  }

  #unlockLock(rows: Record<ThreadRelationName, bigint[]>): void {
    this.#nodes.forEach((unlock) => {
      if (this.#events[unlock]!.kind !== "unlock") return;
      this.#nodes.forEach((lock, lockNode) => {
        if (this.#events[lock]!.kind === "lock-read" && has(this.#after[unlock]!, lockNode))
          this.#relateAll(rows.unlockLockPo, this.#before[unlock]!, this.#after[lock]!);
      });
    });
  }

  /** [chosen] ; po? from a set. */
  #withAfter(from: bigint, choose: (event: PathEvent) => boolean): bigint {
    let set = 0n;
    this.#nodes.forEach((index, node) => {
      if (has(from, node) && choose(this.#events[index]!)) set |= bit(node) | this.#after[index]!;
    });
    return set;
  }

  #withBefore(from: bigint, choose: (event: PathEvent) => boolean): bigint {
    let set = 0n;
    this.#nodes.forEach((index, node) => {
      if (has(from, node) && choose(this.#events[index]!)) set |= bit(node) | this.#before[index]!;
    });
    return set;
  }

  #relateAll(rows: bigint[], from: bigint, to: bigint): void {
    if (from === 0n || to === 0n) return;
    for (let node = 0; node < rows.length; node++) if (has(from, node)) rows[node]! |= to;
  }

  #nodesOf(events: bigint): bigint {
    if (events === 0n) return 0n;
    let set = 0n;
    this.#nodes.forEach((index, node) => {
      if (has(events, index)) set |= bit(node);
    });
    return set;
  }
}

/** linux-kernel.cat `barrier`, the fencerel part. */
function isBarrier(event: PathEvent): boolean {
  if (isAcquire(event) || isRelease(event)) return true;
  if (event.kind === "srcu-lock" || event.kind === "srcu-unlock" || event.kind === "sync-srcu") return true;
  if (event.kind !== "fence") return false;
  return event.tag !== "after-spinlock" && event.tag !== "after-unlock-lock" && event.tag !== "after-srcu-read-unlock";
}

/** rcu-rscs of linux-kernel.bell: lock and unlock pair up like parentheses, nested pairs all kept. */
function matchRcu(events: readonly PathEvent[]): { readonly sections: readonly (readonly [number, number])[]; readonly flags: readonly string[] } {
  const open: number[] = [];
  const sections: [number, number][] = [];
  const flags = new Set<string>();
  events.forEach((event, index) => {
    if (event.kind !== "fence") return;
    if (event.tag === "rcu-lock") open.push(index);
    if (event.tag !== "rcu-unlock") return;
    const lock = open.pop();
    if (lock === undefined) flags.add("unmatched-rcu-unlock");
    else sections.push([lock, index]);
  });
  if (open.length > 0) flags.add("unmatched-rcu-lock");
  const sleeps = events.some((event, index) => event.kind === "sync-srcu" && sections.some(([lock, unlock]) => lock < index && index < unlock));
  if (sleeps) flags.add("invalid-sleep");
  return { sections, flags: [...flags] };
}
