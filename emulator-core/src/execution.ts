/*
 * One candidate execution as a reader needs it: events with printed values, rf co fr, and an order to
 * replay them in (replay-order.ts).
 */
import { readsInitial, type Candidate } from "./explore/candidate.ts";
import type { MemoryLayout } from "./explore/memory-layout.ts";
import { isPoBefore, type EventKind, type PathEvent } from "./explore/path.ts";
import { evaluate } from "./explore/values.ts";
import { isRead, isWrite } from "./lkmm/thread-relations.ts";
import type { Instruction } from "./program.ts";
import { keptPairs } from "./explore/kept-order.ts";
import { replayOrder, type EventPair, type Wait } from "./replay-order.ts";

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

export type { EventPair } from "./replay-order.ts";

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
  const kept = skeleton.threads.flatMap(({ path }, thread) => keptPairs(path.events).map(([a, b]): EventPair => [skeleton.eventBase[thread]! + a, skeleton.eventBase[thread]! + b]));
  const communication = [...rf, ...co, ...fr].filter(([a, b]) => a < threadEvents && b < threadEvents);
  return { events, rf, co, fr, ...replayOrder(threadEvents, { po, kept, communication }, waitsIn(events.slice(0, threadEvents))) };
}

/** Every grace period with the sections of other threads that it waits for. */
function waitsIn(events: readonly ExecutionEvent[]): readonly Wait[] {
  const sections: { readonly lock: ExecutionEvent; readonly unlock: number }[] = [];
  const open: ExecutionEvent[] = [];
  const domainOf = ({ kind, location }: ExecutionEvent): string => (kind === "fence" ? "" : (location ?? ""));
  for (const event of events) {
    if (event.kind === "srcu-lock" || event.tag === "rcu-lock") open.push(event);
    if (event.kind !== "srcu-unlock" && event.tag !== "rcu-unlock") continue;
    const at = open.findLastIndex((one) => one.thread === event.thread && domainOf(one) === domainOf(event));
    if (at >= 0) sections.push({ lock: open.splice(at, 1)[0]!, unlock: event.id });
  }
  return events.filter(({ kind, tag }) => kind === "sync-srcu" || tag === "sync-rcu").flatMap((period) =>
    sections.filter(({ lock }) => lock.thread !== period.thread && domainOf(lock) === domainOf(period)).map(({ lock, unlock }) => ({ period: period.id, lock: lock.id, unlock })));
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
