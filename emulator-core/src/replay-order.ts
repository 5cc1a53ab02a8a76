/*
 * An order to replay an execution in. It keeps rf, co and fr where any order can, has no grace period in the
 * middle of a section that it waits for, and inverts as little program order as it finds; every inverted pair is
 * something weak memory did.
 */

export type EventPair = readonly [number, number];

/** A grace period and a section: the one ends before the other, or begins after it. */
export type Wait = { readonly period: number; readonly lock: number; readonly unlock: number };

export type Replay = {
  /** Event ids, initial writes omitted. */
  readonly order: readonly number[];
  /** Program-order pairs that `order` had to turn round. */
  readonly inversions: readonly EventPair[];
};

/** Program order; `kept`: pairs of it that dependencies or fences keep; rf, co and fr between threads. */
export type Orders = { readonly po: readonly EventPair[]; readonly kept: readonly EventPair[]; readonly communication: readonly EventPair[] };

/** To turn round what something keeps in order is a last resort. */
const keptWeight = 50;

/** Communication weighs more than any amount of program order, and so do grace periods. */
const communicationWeight = 10_000;

/** Waits of which all combinations are tried; of more, one is turned at a time. */
const combinedMax = 5;

export function replayOrder(count: number, { po, kept, communication }: Orders, waits: readonly Wait[]): Replay {
  const arrange = (after: readonly boolean[]): Arranged => arranged(count, po, kept, [...communication, ...after.map((isAfter, k): EventPair => (isAfter ? [waits[k]!.period, waits[k]!.lock] : [waits[k]!.unlock, waits[k]!.period]))]);
  const free = arranged(count, po, kept, communication);
  const position = positionsOf(free.order);
  const isInside = ({ period, lock, unlock }: Wait): boolean => position[lock]! < position[period]! && position[period]! < position[unlock]!;
  if (!waits.some(isInside)) return free;
  let choice = waits.map(({ period, lock }) => position[period]! < position[lock]!);
  let best = arrange(choice);
  const tryOne = (other: readonly boolean[]): void => {
    const found = arrange(other);
    if (found.cost < best.cost) [best, choice] = [found, [...other]];
  };
  if (waits.length <= combinedMax) for (let bits = 0; bits < 1 << waits.length; bits++) tryOne(waits.map((_, k) => ((bits >> k) & 1) === 1));
  else for (let round = 0; round < 2; round++) for (const k of waits.keys()) tryOne(choice.map((isAfter, j) => (j === k ? !isAfter : isAfter)));
  return best;
}

type Arranged = Replay & { readonly cost: number };

function positionsOf(order: readonly number[]): Int32Array {
  const position = new Int32Array(order.length);
  order.forEach((e, k) => (position[e] = k));
  return position;
}

/**
 * Greedy: always the event that turns round the least of what is not yet placed before it; on a tie
 * the thread that ran last goes on.
 */
function arranged(count: number, po: readonly EventPair[], kept: readonly EventPair[], heavy: readonly EventPair[]): Arranged {
  const cost = new Map<number, number>();
  const before: number[][] = Array.from({ length: count }, () => []);
  const add = (weight: number) => ([a, b]: EventPair): void => {
    const key = a * count + b;
    if (!cost.has(key)) before[b]!.push(a);
    cost.set(key, (cost.get(key) ?? 0) + weight);
  };
  po.forEach(add(1));
  kept.forEach(add(keptWeight));
  heavy.forEach(add(communicationWeight));
  const placed = new Uint8Array(count);
  const order: number[] = [];
  let last = -1;
  let total = 0;
  for (let k = 0; k < count; k++) {
    let best = -1;
    let bestCost = Infinity;
    for (let e = 0; e < count; e++) {
      if (placed[e] === 1) continue;
      let sum = 0;
      for (const a of before[e]!) if (placed[a] === 0) sum += cost.get(a * count + e)!;
      // Lower ids are earlier in program order and in thread order.
      if (sum < bestCost || (sum === bestCost && e === last + 1)) {
        best = e;
        bestCost = sum;
      }
    }
    placed[best] = 1;
    order.push(best);
    last = best;
    total += bestCost;
  }
  const position = positionsOf(order);
  return { order, inversions: po.filter(([a, b]) => position[a]! > position[b]!), cost: total };
}
