/*
 * One candidate execution as a reader needs it: events with printed values, rf co fr, and an order to
 * replay them in. The order keeps rf, co and fr where any order can, and inverts as little program
 * order as it finds; every inverted pair is something weak memory did.
 */
import { readsInitial, type Candidate } from "./explore/candidate.ts";
import type { MemoryLayout } from "./explore/memory-layout.ts";
import { isPoBefore, type EventKind, type PathEvent } from "./explore/path.ts";
import { evaluate } from "./explore/values.ts";
import { isRead, isWrite } from "./lkmm/thread-relations.ts";
import type { Instruction } from "./program.ts";

export type ExecutionEvent = {
  readonly id: number;
  /** -1 for initial writes. */
  readonly thread: number;
  readonly kind: EventKind;
  /** The bell tag: once, acquire, mb, rcu-lock, … */
  readonly tag: string;
  /** `x`, or `x+4` for a later word. */
  readonly location: string | undefined;
  readonly value: string | undefined;
  /** The very object of the program; undefined for initial writes. */
  readonly instruction: Instruction | undefined;
  /** Position in the thread's program order. */
  readonly poIndex: number;
  readonly plain: boolean;
};

export type EventPair = readonly [number, number];

export type Execution = {
  readonly events: readonly ExecutionEvent[];
  readonly rf: readonly EventPair[];
  /** All pairs, initial writes first. */
  readonly co: readonly EventPair[];
  readonly fr: readonly EventPair[];
  /** Event ids, initial writes omitted. */
  readonly order: readonly number[];
  /** Program-order pairs that `order` had to turn round. */
  readonly inversions: readonly EventPair[];
};

export function executionOf(candidate: Candidate, layout: MemoryLayout): Execution {
  const { skeleton } = candidate;
  const { shape } = skeleton;
  const events: ExecutionEvent[] = [];
  const idOfNode: number[] = [];
  skeleton.threads.forEach(({ path, nodeOf }, thread) =>
    path.events.forEach((event, local) => {
      const node = nodeOf[local]!;
      if (node >= 0) idOfNode[skeleton.nodeBase[thread]! + node] = events.length;
      events.push({
        id: events.length,
        thread,
        kind: event.kind,
        tag: event.tag,
        location: locationOf(candidate, layout, thread, local),
        value: valueOf(candidate, layout, thread, local, event),
        instruction: event.instruction,
        poIndex: local,
        plain: event.tag === "plain",
      });
    }),
  );
  const threadEvents = events.length;
  const initialOf = new Map<number, number>();
  const initialAt = (word: number): number => {
    let id = initialOf.get(word);
    if (id === undefined) {
      id = events.length;
      initialOf.set(word, id);
      const value = layout.print(layout.initial[word]!);
      events.push({ id, thread: -1, kind: "write", tag: "initial", location: layout.wordName(word), value, instruction: undefined, poIndex: 0, plain: false });
    }
    return id;
  };
  const rf: EventPair[] = [];
  const co: EventPair[] = [];
  const fr: EventPair[] = [];
  const coAfter = (write: number): readonly number[] =>
    skeleton.nodes.flatMap((_, b) => (((candidate.co[write * shape.width + (b >> 5)]! >>> (b & 31)) & 1) !== 0 ? [b] : []));
  skeleton.nodes.forEach(({ event }, at) => {
    const id = idOfNode[at]!;
    if (isWrite(event)) {
      co.push([initialAt(candidate.location[at]!), id]);
      for (const b of coAfter(at)) co.push([id, idOfNode[b]!]);
    }
    if (!isRead(event)) return;
    const source = candidate.rf[at]!;
    const word = candidate.location[at]!;
    rf.push([source === readsInitial ? initialAt(word) : idOfNode[source]!, id]);
    const after = source === readsInitial ? skeleton.nodes.flatMap((n, b) => (isWrite(n.event) && candidate.location[b] === word ? [b] : [])) : coAfter(source);
    for (const b of after) if (idOfNode[b] !== id) fr.push([id, idOfNode[b]!]);
  });
  const po: EventPair[] = [];
  skeleton.threads.forEach(({ path }, thread) => {
    const base = skeleton.eventBase[thread]!;
    path.events.forEach((event, b) => {
      for (let a = 0; a < b; a++) if (isPoBefore(a, event)) po.push([base + a, base + b]);
    });
  });
  const communication = [...rf, ...co, ...fr].filter(([a, b]) => a < threadEvents && b < threadEvents);
  return { events, rf, co, fr, ...replayOrder(threadEvents, po, communication) };
}

function locationOf(candidate: Candidate, layout: MemoryLayout, thread: number, local: number): string | undefined {
  const { skeleton } = candidate;
  const node = skeleton.threads[thread]!.nodeOf[local]!;
  const word = node < 0 ? -1 : candidate.location[skeleton.nodeBase[thread]! + node]!;
  return word < 0 ? undefined : layout.wordName(word);
}

function valueOf(candidate: Candidate, layout: MemoryLayout, thread: number, local: number, event: PathEvent): string | undefined {
  const base = candidate.skeleton.eventBase[thread]!;
  if (event.value !== undefined) return layout.print(evaluate(event.value, candidate.values, base));
  if (event.kind === "lock-read" || event.kind === "read-unlocked") return "0";
  if (event.kind === "lock-fail" || event.kind === "read-locked") return "1";
  const value = candidate.values[base + local]!;
  return value === value ? layout.print(value) : undefined;
}

/** Communication weighs more than any amount of program order. */
const communicationWeight = 10_000;

/**
 * Greedy: always the event that turns round the least of what is not yet placed before it; on a tie
 * the thread that ran last goes on.
 */
function replayOrder(count: number, po: readonly EventPair[], communication: readonly EventPair[]): Pick<Execution, "order" | "inversions"> {
  const cost = new Map<number, number>();
  const before: number[][] = Array.from({ length: count }, () => []);
  const add = (weight: number) => ([a, b]: EventPair): void => {
    const key = a * count + b;
    if (!cost.has(key)) before[b]!.push(a);
    cost.set(key, (cost.get(key) ?? 0) + weight);
  };
  po.forEach(add(1));
  communication.forEach(add(communicationWeight));
  const placed = new Uint8Array(count);
  const order: number[] = [];
  let last = -1;
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
  }
  const position = new Int32Array(count);
  order.forEach((e, k) => (position[e] = k));
  return { order, inversions: po.filter(([a, b]) => position[a]! > position[b]!) };
}
