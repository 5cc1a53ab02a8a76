/*
 * Every rf and every coherence order of one choice of paths that the values, the paths and lock.cat admit.
 * Reads are given their sources one by one; what is known by then is only looked at to drop what cannot be
 * completed: a condition of the path that fails, a source elsewhere, an order that one word alone forbids.
 */
import type { MemoryLayout } from "../src/explore/memory-layout.ts";
import { isPoBefore, type Path, type PathEvent } from "../src/explore/path.ts";
import { evaluate, impossible, visitReads } from "../src/explore/values.ts";
import { isAcyclic, Rel, type Pair } from "./brute-relation.ts";

export type Release = "6.12" | "6.1";

export type Event = { readonly thread: number; readonly local: number; readonly event: PathEvent | undefined; readonly word: number };

export type Candidate = {
  readonly paths: readonly Path[];
  readonly events: readonly Event[];
  readonly base: readonly number[];
  readonly values: Float64Array;
  readonly rf: readonly Pair[];
  readonly co: Rel;
  readonly written: (id: number) => number;
};

export function* product<T>(lists: readonly (readonly T[])[]): Generator<readonly T[]> {
  const [first, ...rest] = lists;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const x of first) for (const tail of product(rest)) yield [x, ...tail];
}

/** The orders of all items in which nothing stands before what it has to follow. */
function* ordersOf(items: readonly number[], before: Rel): Generator<readonly number[]> {
  if (items.length === 0) {
    yield [];
    return;
  }
  for (const first of items) {
    const rest = items.filter((x) => x !== first);
    if (rest.some((x) => before.at(x, first))) continue;
    for (const order of ordersOf(rest, before)) yield [first, ...order];
  }
}

const writeKinds = new Set(["write", "lock-write", "unlock", "srcu-unlock"]);
export const isW = (e: Event): boolean => e.event === undefined || writeKinds.has(e.event.kind);

/** The word of an access through a pointer, as long as the pointer is not known; of an event without address; of what names no word. */
const anyWord = -2;
const noWord = -1;
const nowhere = -3;

export function* candidates(paths: readonly Path[], layout: MemoryLayout, release: Release): Generator<Candidate> {
  const base: number[] = [];
  paths.forEach((_, thread) => base.push(thread === 0 ? 0 : base[thread - 1]! + paths[thread - 1]!.events.length));
  const pathEvents = paths.flatMap((path, thread) => path.events.map((event, local): Event => ({ thread, local, event, word: anyWord })));
  const count = pathEvents.length;
  const all = [...pathEvents, ...Array.from({ length: layout.wordCount }, (_, word): Event => ({ thread: -1 - word, local: 0, event: undefined, word }))];
  const po = poOf(paths, base, all.length);
  const inOrder = po.pairs().filter(([a, b]) => isOfData(all[a]!) && isOfData(all[b]!));
  const reads = all.flatMap((e, id) => (isOfData(e) && !isW(e) ? [id] : []));
  const writes = all.flatMap((e, id) => (isOfData(e) && isW(e) ? [id] : []));

  /** Where all events are, as far as the sources tell; undefined when that cannot be completed. */
  const placed = (rf: readonly Pair[]): readonly number[] | undefined => {
    const values = valuesOf(all, base, count, rf, layout);
    if (hasFailed(paths, values, base) || hasCircle(all, base, rf)) return undefined;
    const words = all.map((e) => (e.event === undefined ? e.word : wordOf(e.event, values, base[e.thread]!, layout)));
    // What is no address of a word ends the execution, as in herd7.
    if (words.includes(nowhere) || !rf.every(([w, r]) => mayMeet(words, w, r))) return undefined;
    return isAcyclic(coherence(words, all, inOrder, rf)) ? words : undefined;
  };

  /** Any order of the reads leads to the same choices: the one with the fewest comes first. */
  function* sources(rf: readonly Pair[], words: readonly number[], left: readonly number[]): Generator<readonly [readonly Pair[], readonly number[]]> {
    if (left.length === 0) {
      yield [rf, words];
      return;
    }
    let fewest: readonly (readonly [readonly Pair[], readonly number[]])[] | undefined;
    let next = -1;
    for (const r of left) {
      const choices: (readonly [readonly Pair[], readonly number[]])[] = [];
      for (const w of writes) {
        if (!mayMeet(words, w, r)) continue;
        const more: readonly Pair[] = [...rf, [w, r]];
        const found = placed(more);
        if (found !== undefined) choices.push([more, found]);
      }
      if (fewest !== undefined && fewest.length <= choices.length) continue;
      [fewest, next] = [choices, r];
      if (choices.length <= 1) break;
    }
    for (const [more, found] of fewest!) yield* sources(more, found, left.filter((r) => r !== next));
  }

  const start = placed([]);
  if (start === undefined) return;
  for (const [rf, words] of sources([], start, reads)) {
    yield* placedCandidates(all.map((e, id) => ({ ...e, word: words[id]! })), rf, po, paths, base, count, layout, release);
  }
}

/** Ordinary accesses: locks are left to lock.cat. */
const isOfData = ({ event }: Event): boolean => event === undefined || event.kind === "read" || event.kind === "write" || event.kind === "srcu-lock" || event.kind === "srcu-unlock";

const mayMeet = (words: readonly number[], a: number, b: number): boolean => words[a] === anyWord || words[b] === anyWord || words[a] === words[b];

function wordOf({ address }: PathEvent, values: Float64Array, base: number, layout: MemoryLayout): number {
  if (address === undefined) return noWord;
  const at = evaluate(address, values, base);
  if (Number.isNaN(at)) return anyWord;
  const word = layout.wordAt(at);
  return word < 0 ? nowhere : word;
}

function* placedCandidates(events: readonly Event[], rfOfData: readonly Pair[], po: Rel, paths: readonly Path[], base: readonly number[], eventCount: number, layout: MemoryLayout, release: Release): Generator<Candidate> {
  const n = events.length;
  const of = (kind: string): readonly number[] => events.flatMap((e, id) => (e.event?.kind === kind ? [id] : []));
  const same = (a: number, b: number): boolean => events[a]!.word === events[b]!.word;
  const poLoc = po.map((a, b) => po.at(a, b) && events[a]!.word >= 0 && same(a, b));
  const locked = (a: number, b: number): boolean => poLoc.at(a, b) && !of("unlock").some((u) => poLoc.at(a, u) && poLoc.at(u, b));
  // lock-nest, and nested-is-locked of 6.12
  for (const w of of("lock-write")) if ([...of("lock-read"), ...(release === "6.12" ? of("read-unlocked") : [])].some((r) => locked(w, r))) return;
  const critical = new Rel(n).map((a, b) => events[a]!.event?.kind === "lock-write" && events[b]!.event?.kind === "unlock" && poLoc.at(a, b) && ![...of("lock-write"), ...of("unlock")].some((x) => poLoc.at(a, x) && poLoc.at(x, b)));
  const unmatched = of("lock-write").filter((w) => !of("unlock").some((u) => critical.at(w, u)));
  if (unmatched.some((a) => unmatched.some((b) => a !== b && same(a, b)))) return;
  const failing = [...of("lock-fail"), ...of("read-locked")];
  const failSources = failing.map((r) => {
    const own = of("lock-write").filter((w) => locked(w, r));
    return own.length > 0 ? own : of("lock-write").filter((w) => same(w, r) && events[w]!.thread !== events[r]!.thread);
  });
  const seen = of("read-unlocked");
  const seenSources = seen.map((r) => [
    ...of("unlock").filter((u) => poLoc.at(u, r) && !of(release === "6.12" ? "unlock" : "lock-write").some((x) => poLoc.at(u, x) && poLoc.at(x, r))),
    ...events.flatMap((e, id) => (same(id, r) && e.thread !== events[r]!.thread && (e.event === undefined || e.event.kind === "unlock") ? [id] : [])),
  ]);
  const words = [...Array(layout.wordCount).keys()];
  const before = new Rel(n, coherence(events.map(({ word }) => word), events, po.pairs().filter(([a, b]) => isOfData(events[a]!) && isOfData(events[b]!)), rfOfData)).plus();
  const orders = words.map((word) => [...ordersOf(events.flatMap((e, id) => (e.word === word && e.event !== undefined && isW(e) && e.event.kind !== "unlock" ? [id] : [])), before)]);
  for (const chosen of product([...failSources, ...seenSources])) {
    const rf0 = [...rfOfData, ...[...failing, ...seen].map((r, k): Pair => [chosen[k]!, r])];
    const values = valuesOf(events, base, eventCount, rf0, layout);
    if (rf0.some(([, r]) => !Number.isFinite(values[r]!)) || hasFailed(paths, values, base)) continue;
    for (const order of product(orders)) {
      const co0 = new Rel(n, order.flatMap((list, word) => orderOf([eventCount + word, ...list])));
      if (unmatched.some((u) => of("lock-write").some((w) => w !== u && same(u, w) && co0.at(u, w)))) continue;
      const co = co0.or(critical, critical.inverse().seq(co0)).plus();
      const rf: Pair[] = [...rf0];
      for (const lock of of("lock-read")) {
        const write = lock + 1;
        for (let p = 0; p < n; p++) {
          const isSource = events[p]!.event === undefined || events[p]!.event?.kind === "unlock";
          const isImmediate = co.at(p, write) && !events.some((_, x) => co.at(p, x) && co.at(x, write));
          if (isSource && isImmediate) rf.push([p, lock]);
        }
      }
      const written = (id: number): number => writtenValue(events[id]!, base, values, layout);
      yield { paths, events, base, values, rf, co, written };
    }
  }
}

/** All pairs of a list, earlier before later. */
const orderOf = (list: readonly number[]): readonly Pair[] => list.flatMap((a, k) => list.slice(k + 1).map((b): Pair => [a, b]));

/**
 * What the accesses to single words say of co, as far as their words and sources are known: an earlier access of a
 * thread stands before a later one, where a read stands for the write that it reads. A cycle is a word that is not
 * coherent. `inOrder`: what program order says of ordinary accesses.
 */
function coherence(words: readonly number[], events: readonly Event[], inOrder: readonly Pair[], rf: readonly Pair[]): readonly Pair[] {
  const sourceOf = new Map(rf.map(([w, r]) => [r, w]));
  const writeOf = (id: number): number | undefined => (isW(events[id]!) ? id : sourceOf.get(id));
  const pairs: Pair[] = [];
  for (const [a, b] of inOrder) {
    if (words[a]! < 0 || words[a] !== words[b]) continue;
    const [earlier, later] = [writeOf(a), writeOf(b)];
    if (earlier === undefined || later === undefined) continue;
    // A read of what its own thread writes later is a cycle of one; so is anything before the initial write.
    if (earlier !== later || later === b) pairs.push([earlier, later]);
    if (earlier !== later && events[later]!.event === undefined) pairs.push([later, later]);
  }
  return pairs;
}

export function poOf(paths: readonly Path[], base: readonly number[], n: number): Rel {
  return new Rel(n, paths.flatMap((path, t) => path.events.flatMap((e, b) => path.events.flatMap((_, a): readonly Pair[] => (isPoBefore(a, e) ? [[base[t]! + a, base[t]! + b]] : [])))));
}

function writtenValue(e: Event, base: readonly number[], values: Float64Array, layout: MemoryLayout): number {
  return e.event === undefined ? layout.initial[e.word]! : evaluate(e.event.value!, values, base[e.thread]!);
}

/** What the reads that have a source return, by repeated substitution; NaN where that is open. */
function valuesOf(events: readonly Event[], base: readonly number[], count: number, rf: readonly Pair[], layout: MemoryLayout): Float64Array {
  const values = new Float64Array(count).fill(Number.NaN);
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const [w, r] of rf) {
      const value = writtenValue(events[w]!, base, values, layout);
      if (Object.is(value, values[r])) continue;
      values[r] = value;
      isChanged = true;
    }
  }
  return values;
}

function hasFailed(paths: readonly Path[], values: Float64Array, base: readonly number[]): boolean {
  return paths.some(({ constraints }, t) => constraints.some((c) => {
    const value = evaluate(c.value, values, base[t]!);
    return value === impossible || (!Number.isNaN(value) && (value !== 0) !== c.truth);
  }));
}

/** A read whose value comes from itself is never known. */
function hasCircle(events: readonly Event[], base: readonly number[], rf: readonly Pair[]): boolean {
  const sourceOf = new Map(rf.map(([w, r]) => [r, w]));
  const from: Pair[] = [];
  for (const [r, w] of sourceOf) {
    const { event, thread } = events[w]!;
    if (event !== undefined) visitReads(event.value!, (read) => from.push([r, base[thread]! + read]));
  }
  return !isAcyclic(from);
}
