/*
 * The slow, obviously right way: every rf, every coherence order, and then linux-kernel.bell,
 * linux-kernel.cat and lock.cat (Linux 6.12, and 6.1 where it differs) transcribed word for word over
 * sets of pairs, with initial writes and all fences as events. It shares only the thread semantics with
 * the explorer.
 */
import { MemoryLayout } from "../src/explore/memory-layout.ts";
import { Observation } from "../src/explore/observation.ts";
import { pathsOf } from "../src/explore/thread-semantics.ts";
import { isPoBefore, type Path, type PathEvent, type RegisterValue } from "../src/explore/path.ts";
import { evaluate, impossible } from "../src/explore/values.ts";
import type { Program } from "../src/program.ts";

export type BruteResult = { readonly positive: number; readonly negative: number; readonly states: readonly string[]; readonly flags: readonly string[] };

type Pair = readonly [number, number];

/** A relation on events 0 … n-1. */
class Rel {
  readonly n: number;
  readonly has: Uint8Array;
  constructor(n: number, pairs: Iterable<Pair> = []) {
    this.n = n;
    this.has = new Uint8Array(n * n);
    for (const [a, b] of pairs) this.has[a * n + b] = 1;
  }
  map(f: (a: number, b: number) => boolean): Rel {
    const out = new Rel(this.n);
    for (let a = 0; a < this.n; a++) for (let b = 0; b < this.n; b++) if (f(a, b)) out.has[a * this.n + b] = 1;
    return out;
  }
  at(a: number, b: number): boolean {
    return this.has[a * this.n + b] === 1;
  }
  or(...others: readonly Rel[]): Rel {
    return this.map((a, b) => this.at(a, b) || others.some((o) => o.at(a, b)));
  }
  and(other: Rel): Rel {
    return this.map((a, b) => this.at(a, b) && other.at(a, b));
  }
  minus(other: Rel): Rel {
    return this.map((a, b) => this.at(a, b) && !other.at(a, b));
  }
  seq(...others: readonly Rel[]): Rel {
    let out = this.or();
    for (const o of others) {
      const left = out;
      const next = new Rel(this.n);
      for (let a = 0; a < this.n; a++)
        for (let b = 0; b < this.n; b++) if (left.at(a, b)) for (let c = 0; c < this.n; c++) if (o.at(b, c)) next.has[a * this.n + c] = 1;
      out = next;
    }
    return out;
  }
  inverse(): Rel {
    return this.map((a, b) => this.at(b, a));
  }
  opt(): Rel {
    return this.map((a, b) => a === b || this.at(a, b));
  }
  plus(): Rel {
    let out = this.or();
    for (;;) {
      const next = out.or(out.seq(out));
      if (next.equals(out)) return out;
      out = next;
    }
  }
  star(): Rel {
    return this.plus().opt();
  }
  equals(other: Rel): boolean {
    return this.has.every((bit, k) => bit === other.has[k]);
  }
  get isEmpty(): boolean {
    return this.has.every((bit) => bit === 0);
  }
  get isIrreflexive(): boolean {
    for (let a = 0; a < this.n; a++) if (this.at(a, a)) return false;
    return true;
  }
  get isAcyclic(): boolean {
    return this.plus().isIrreflexive;
  }
}

type Event = { readonly thread: number; readonly local: number; readonly event: PathEvent | undefined; readonly word: number };

export type Release = "6.12" | "6.1";

export function bruteForce(program: Program, release: Release = "6.12"): BruteResult {
  const layout = new MemoryLayout(program);
  const noRegisters = new Map<string, RegisterValue>();
  const lists = program.threads.map((t, thread) => pathsOf(t.body, noRegisters, { globalOf: (name) => layout.globalOf(name), plainAsMarked: false, srcu: release === "6.12" ? "accesses" : "fences", thread, isStopped: () => false })!);
  const observation = new Observation(program, layout, new Map());
  const states = new Set<string>();
  const flags = new Set<string>();
  let positive = 0;
  let negative = 0;
  for (const chosen of product(lists)) {
    for (const execution of candidates(chosen, layout, release)) {
      const judged = judge(execution, release);
      if (judged === undefined) continue;
      const values = observed(execution, layout, observation);
      if (!values.isKept) continue;
      for (const flag of judged) flags.add(flag);
      states.add(values.line);
      if (values.holds) positive++;
      else negative++;
    }
  }
  return { positive, negative, states: [...states].sort(), flags: [...flags].sort() };
}

type Candidate = {
  readonly paths: readonly Path[];
  readonly events: readonly Event[];
  readonly base: readonly number[];
  readonly values: Float64Array;
  readonly rf: readonly Pair[];
  readonly co: Rel;
  readonly written: (id: number) => number;
};

function* product<T>(lists: readonly (readonly T[])[]): Generator<readonly T[]> {
  const [first, ...rest] = lists;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const x of first) for (const tail of product(rest)) yield [x, ...tail];
}

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) {
    yield [];
    return;
  }
  for (const [k, x] of items.entries()) for (const rest of permutations([...items.slice(0, k), ...items.slice(k + 1)])) yield [x, ...rest];
}

const writeKinds = new Set(["write", "lock-write", "unlock", "srcu-unlock"]);
const isW = (e: Event): boolean => e.event === undefined || writeKinds.has(e.event.kind);

/** The word of an access through a pointer, as long as the pointer is not known. */
const anyWord = -2;

/**
 * Every choice of rf and co that the values, the path and lock.cat admit. Accesses through pointers are placed
 * by trying every write as the source of every read, and asking afterwards whether the two met.
 */
function* candidates(paths: readonly Path[], layout: MemoryLayout, release: Release): Generator<Candidate> {
  const unplaced: Event[] = [];
  const base: number[] = [];
  const noValues = new Float64Array(paths.reduce((sum, path) => sum + path.events.length, 0)).fill(Number.NaN);
  paths.forEach((path, thread) => {
    base.push(unplaced.length);
    path.events.forEach((event, local) => {
      const address = event.address === undefined ? undefined : evaluate(event.address, noValues, base[thread]!);
      unplaced.push({ thread, local, event, word: address === undefined ? -1 : Number.isFinite(address) ? layout.wordAt(address) : anyWord });
    });
  });
  const eventCount = unplaced.length;
  for (let word = 0; word < layout.wordCount; word++) unplaced.push({ thread: -1 - word, local: 0, event: undefined, word });
  if (!unplaced.some((e) => e.word === anyWord)) {
    yield* placedCandidates(unplaced, paths, base, eventCount, layout, release);
    return;
  }
  const reads = unplaced.flatMap((e, id) => (e.event?.kind === "read" || e.event?.kind === "srcu-lock" ? [id] : []));
  const mayMeet = (a: number, b: number): boolean => a === anyWord || b === anyWord || a === b;
  const writes = reads.map((r) => unplaced.flatMap((e, id) => (mayMeet(e.word, unplaced[r]!.word) && isW(e) && e.event?.kind !== "lock-write" && e.event?.kind !== "unlock" ? [id] : [])));
  const placements = new Map<string, readonly Event[]>();
  for (const chosen of product(writes)) {
    const rf = reads.map((r, k): Pair => [chosen[k]!, r]);
    const values = solve(paths, unplaced, base, eventCount, rf, layout);
    if (values === undefined) continue;
    const events = unplaced.map((e): Event => (e.word === anyWord ? { ...e, word: layout.wordAt(evaluate(e.event!.address!, values, base[e.thread]!)) } : e));
    // What is no address of a word ends the execution, as in herd7.
    if (events.some((e) => e.event?.address !== undefined && e.word < 0) || rf.some(([w, r]) => events[w]!.word !== events[r]!.word)) continue;
    placements.set(events.map((e) => e.word).join(), events);
  }
  // One placement is one set of addresses; inside it every rf is tried again, and those that lead elsewhere are dropped.
  for (const events of placements.values()) {
    for (const candidate of placedCandidates(events, paths, base, eventCount, layout, release)) {
      const isHere = events.every((e) => e.event?.address === undefined || layout.wordAt(evaluate(e.event.address, candidate.values, base[e.thread]!)) === e.word);
      if (isHere) yield candidate;
    }
  }
}

function* placedCandidates(events: readonly Event[], paths: readonly Path[], base: readonly number[], eventCount: number, layout: MemoryLayout, release: Release): Generator<Candidate> {
  const n = events.length;
  const of = (kind: string): readonly number[] => events.flatMap((e, id) => (e.event?.kind === kind ? [id] : []));
  const ordinary = [...of("read"), ...of("srcu-lock")];
  const sources = ordinary.map((r) => events.flatMap((e, id) => (e.word === events[r]!.word && isW(e) && e.event?.kind !== "lock-write" && e.event?.kind !== "unlock" ? [id] : [])));
  const po = poOf(paths, base, n);
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
  const orders = words.map((word) => [...permutations(events.flatMap((e, id) => (e.word === word && e.event !== undefined && isW(e) && e.event.kind !== "unlock" ? [id] : [])))]);
  for (const chosen of product([...sources, ...failSources, ...seenSources])) {
    const rf0 = [...ordinary, ...failing, ...seen].map((r, k): Pair => [chosen[k]!, r]);
    const values = solve(paths, events, base, eventCount, rf0, layout);
    if (values === undefined) continue;
    for (const order of product(orders)) {
      const co0 = new Rel(n, order.flatMap((list, word) => list.flatMap((a, k) => [[eventCount + word, a] as Pair, ...list.slice(k + 1).map((b): Pair => [a, b])])));
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

function poOf(paths: readonly Path[], base: readonly number[], n: number): Rel {
  const po = new Rel(n);
  paths.forEach((path, t) => path.events.forEach((e, b) => path.events.forEach((_, a) => isPoBefore(a, e) && (po.has[(base[t]! + a) * n + base[t]! + b] = 1))));
  return po;
}

function writtenValue(e: Event, base: readonly number[], values: Float64Array, layout: MemoryLayout): number {
  return e.event === undefined ? layout.initial[e.word]! : evaluate(e.event.value!, values, base[e.thread]!);
}

/** Values by repeated substitution; undefined when a condition fails or a value stays open. */
function solve(paths: readonly Path[], events: readonly Event[], base: readonly number[], count: number, rf: readonly Pair[], layout: MemoryLayout): Float64Array | undefined {
  const values = new Float64Array(count).fill(Number.NaN);
  for (let round = 0; round <= count; round++) for (const [w, r] of rf) values[r] = writtenValue(events[w]!, base, values, layout);
  for (const [, r] of rf) if (!Number.isFinite(values[r]!)) return undefined;
  for (const [t, path] of paths.entries())
    for (const c of path.constraints) {
      const value = evaluate(c.value, values, base[t]!);
      if (value === impossible || (value !== 0) !== c.truth) return undefined;
    }
  return values;
}

/** The flags of an allowed execution; undefined for a forbidden one. */
function judge(c: Candidate, release: Release): readonly string[] | undefined {
  const m = deriveModel(c, release);
  return m === undefined ? undefined : flagsOf(m, release);
}

type Model = ReturnType<typeof deriveModel> & object;

/** linux-kernel.bell and .cat, in their order and with their names. */
function deriveModel(c: Candidate, release: Release) {
  const is612 = release === "6.12";
  const { events, base, paths } = c;
  const n = events.length;
  const zero = new Rel(n);
  const set = (f: (e: Event) => boolean): Rel => zero.map((a, b) => a === b && f(events[a]!));
  const kind = (...kinds: readonly string[]): Rel => set((e) => e.event !== undefined && kinds.includes(e.event.kind));
  const tag = (...tags: readonly string[]): Rel => set((e) => e.event !== undefined && tags.includes(e.event.tag));
  const id = set(() => true);
  const po = poOf(paths, base, n);
  const int = zero.map((a, b) => events[a]!.thread === events[b]!.thread);
  const ext = zero.map((a, b) => !int.at(a, b));
  const loc = zero.map((a, b) => events[a]!.word >= 0 && events[a]!.word === events[b]!.word);
  const poLoc = po.and(loc);
  const IW = set((e) => e.event === undefined);
  const W = IW.or(kind("write", "lock-write", "unlock", "srcu-unlock"));
  const R = kind("read", "srcu-lock", "lock-read", "lock-fail", "read-locked", "read-unlocked");
  const M = R.or(W);
  const dependency = (name: "addr" | "data" | "ctrl"): Rel =>
    zero.map((a, b) => events[a]!.thread === events[b]!.thread && events[b]!.event !== undefined && events[b]!.event[name].includes(events[a]!.local));
  const rmw = zero.map((a, b) => events[a]!.thread === events[b]!.thread && events[b]!.event?.rmwRead === events[a]!.local);
  const rf = new Rel(n, c.rf);
  const { co } = c;
  const [rfe, rfi] = [rf.and(ext), rf.and(int)];
  const fr = rf.inverse().seq(co);
  const [LKR, LKW, UL] = [kind("lock-read"), kind("lock-write"), kind("unlock")];
  const atomicEvents = set((e) => e.event?.atomic === true);
  const [SrcuLock, SrcuUnlock, SyncSrcu] = [tag("srcu-lock"), tag("srcu-unlock"), kind("sync-srcu")];
  const [RcuLock, RcuUnlock, SyncRcu] = [tag("rcu-lock"), tag("rcu-unlock"), tag("sync-rcu")];
  const Release = UL.or(kind("write").seq(tag("release")));
  const Acquire = LKR.or(kind("read").seq(tag("acquire")));
  const Noreturn = tag("noreturn");
  const not = (s: Rel): Rel => id.minus(s);

  // linux-kernel.bell
  const nested = (locks: Rel, unlocks: Rel, where: Rel): Rel => {
    let matched = zero;
    for (;;) {
      const openLocks = locks.minus(locks.seq(matched.seq(matched.inverse()).and(id)));
      const openUnlocks = unlocks.minus(unlocks.seq(matched.inverse().seq(matched).and(id)));
      const open = openLocks.or(openUnlocks);
      const openPo = open.seq(po, open).and(where);
      const next = matched.or(openLocks.seq(po, openUnlocks).and(where).minus(openPo.seq(openPo)));
      if (next.equals(matched)) return matched;
      matched = next;
    }
  };
  const rcuRscs = nested(RcuLock, RcuUnlock, zero.map(() => true));
  const data0 = dependency("data");
  const carrySrcu = data0.seq(not(SrcuUnlock), rf).star();
  const srcuRscs = is612 ? SrcuLock.seq(carrySrcu, data0, SrcuUnlock).and(loc) : nested(SrcuLock, SrcuUnlock, loc);
  const Plain = tag("plain").and(M);
  const Marked = not(Plain);
  const carry = is612 ? data0.seq(not(SrcuUnlock), rfi).star() : id;
  const [addr, ctrl, data] = [carry.seq(dependency("addr")), carry.seq(dependency("ctrl")), carry.seq(data0)];

  // linux-kernel.cat
  const fencerel = (b: Rel): Rel => po.seq(b, po);
  const acqPo = Acquire.seq(po, M);
  const poRel = M.seq(po, Release);
  const unlockLock = po.seq(UL, po.or(rf), LKR, po);
  const R4rmb = R.minus(Noreturn);
  const rmb = R4rmb.seq(fencerel(tag("rmb")), R4rmb);
  const wmb = W.seq(fencerel(tag("wmb")), W);
  const mb = M.seq(fencerel(tag("mb")), M).or(
    M.seq(fencerel(tag("before-atomic")), atomicEvents, po.opt(), M),
    M.seq(po.opt(), atomicEvents, fencerel(tag("after-atomic")), M),
    M.seq(po.opt(), LKW, fencerel(tag("after-spinlock")), M),
    is612 ? M.seq(unlockLock, tag("after-unlock-lock"), po, M) : M.seq(po, UL, co.or(po), LKW, fencerel(tag("after-unlock-lock")), M),
    is612 ? M.seq(po.opt(), SrcuUnlock, fencerel(tag("after-srcu-read-unlock")), M) : zero,
  );
  const gp = po.seq(SyncRcu.or(SyncSrcu), po.opt());
  const strong0 = mb.or(gp);
  const nonrw = strong0.or(poRel, acqPo);
  const fence0 = nonrw.or(wmb, rmb);
  const fenceTags = tag("barrier", "rmb", "wmb", "mb", "sync-rcu", "sync-srcu", "before-atomic", "after-atomic", "rcu-lock", "rcu-unlock", "srcu-lock", "srcu-unlock");
  const barrier = fencerel(fenceTags.or(Acquire, Release)).or(po.seq(Release), Acquire.seq(po));
  if (!poLoc.or(rf, co, fr).isAcyclic) return undefined;
  if (!rmw.and(fr.and(ext).seq(co.and(ext))).isEmpty) return undefined;
  const dep = addr.or(data);
  const overwrite = co.or(fr);
  const toW = dep.or(ctrl).seq(W).or(overwrite.and(int), addr.seq(Plain, wmb));
  const toR = (is612 ? addr.seq(R) : addr).or(dep.seq(Marked, rfi));
  const ppo = toR.or(toW, is612 ? fence0.and(int) : fence0, unlockLock.and(int));
  const aCumul = (r: Rel): Rel => rfe.seq(Marked).opt().seq(r);
  const rmwSequence = is612 ? rf.seq(rmw).star() : id;
  const cumulFence = Marked.seq(aCumul(strong0.or(poRel)).or(wmb, unlockLock), Marked, rmwSequence);
  const prop = Marked.seq(overwrite.and(ext).opt(), cumulFence.star(), Marked, rfe.opt(), Marked);
  const hb = Marked.seq(ppo.or(rfe, prop.minus(id).and(int)), Marked);
  if (!hb.isAcyclic) return undefined;
  const pb = prop.seq(strong0, hb.star(), Marked);
  if (!pb.isAcyclic) return undefined;
  const link = po.opt().seq(hb.star(), pb.star(), prop, po);
  const [rscsi, srcui] = [rcuRscs.inverse(), srcuRscs.inverse()];
  let order = SyncRcu.or(SyncSrcu, SyncRcu.seq(link, rscsi), SyncSrcu.seq(link, srcui).and(loc), rscsi.seq(link, SyncRcu), srcui.seq(link, SyncSrcu).and(loc));
  for (;;) {
    const through = link.seq(order, link);
    const next = order.or(SyncRcu.seq(through, rscsi), SyncSrcu.seq(through, srcui).and(loc), rscsi.seq(through, SyncRcu), srcui.seq(through, SyncSrcu).and(loc), order.seq(link, order));
    if (next.equals(order)) break;
    order = next;
  }
  const rcuFence = po.seq(order, po.opt());
  const [fence, strong] = [fence0.or(rcuFence), strong0.or(rcuFence)];
  const rb = prop.seq(rcuFence, hb.star(), pb.star(), Marked);
  if (!rb.isIrreflexive) return undefined;
  const xbstar = hb.or(pb, rb).star();
  const vis = cumulFence.star().seq(rfe.opt(), Marked, strong.seq(Marked, xbstar).or(xbstar.and(int)));
  const wPre = Marked.seq(addr.or(fence).opt());
  const rPre = Marked.seq(addr.or(nonrw, R4rmb.seq(fencerel(tag("rmb")), not(Noreturn))).opt());
  const wPost = fence.opt().seq(Marked, rmwSequence);
  const rPost = nonrw.or(not(Noreturn).seq(fencerel(tag("rmb")), R4rmb)).opt().seq(Marked);
  const wwVis = fence.or(strong.seq(xbstar, wPre), wPost.seq(vis, wPre));
  const wrVis = fence.or(strong.seq(xbstar, rPre), wPost.seq(vis, rPre));
  const rwXbstar = fence.or(rPost.seq(xbstar, wPre));
  const cross = (a: Rel, b: Rel): Rel => zero.map((x, y) => a.at(x, x) && b.at(y, y));
  const preRace = ext.and(cross(Plain, M).or(cross(M.minus(IW), Plain)));
  const incoherent = preRace.and(rf).and(rwXbstar.inverse()).or(preRace.and(fr).and(wrVis.inverse()), preRace.and(co).and(wwVis.inverse()));
  if (!incoherent.isEmpty) return undefined;
  const wwNonrace = wwVis.and(cross(Marked, W).or(rwXbstar)).and(cross(W, Marked).or(wrVis));
  const races = preRace.and(co).minus(wwNonrace).or(preRace.and(co.opt().seq(rf)).minus(wrVis).minus(rwXbstar.inverse()), preRace.and(fr).minus(rwXbstar));
  const plainWrites = Plain.and(W);
  const free = poLoc.minus(barrier);
  const mixed = plainWrites.seq(free, Marked).or(Marked.seq(free, plainWrites));
  return { c, races, mixed, rcuRscs, RcuLock, RcuUnlock, srcuRscs, SrcuLock, SrcuUnlock, SyncSrcu, po, UL, LKW, poLoc, id };
}

function flagsOf(m: Model, release: Release): readonly string[] {
  const flags: string[] = [];
  const flag = (name: string, r: Rel): void => {
    if (!r.isEmpty) flags.push(name);
  };
  const is612 = release === "6.12";
  const domain = (r: Rel): Rel => r.seq(r.inverse()).and(m.id);
  const range = (r: Rel): Rel => r.inverse().seq(r).and(m.id);
  flag("data-race", m.races);
  flag("mixed-accesses", m.mixed);
  flag(is612 ? "unmatched-rcu-lock" : "unbalanced-rcu-locking", m.RcuLock.minus(domain(m.rcuRscs)));
  flag(is612 ? "unmatched-rcu-unlock" : "unbalanced-rcu-locking", m.RcuUnlock.minus(range(m.rcuRscs)));
  flag(is612 ? "unmatched-srcu-lock" : "unbalanced-srcu-locking", m.SrcuLock.minus(domain(m.srcuRscs)));
  flag(is612 ? "unmatched-srcu-unlock" : "unbalanced-srcu-locking", m.SrcuUnlock.minus(range(m.srcuRscs)));
  if (is612) flag("multiple-srcu-matches", m.srcuRscs.inverse().seq(m.srcuRscs).minus(m.id));
  flag("invalid-sleep", m.rcuRscs.and(m.po.seq(m.SyncSrcu, m.po)));
  flag(is612 ? "srcu-bad-value-match" : "srcu-bad-nesting", m.srcuRscs.map((a, b) => m.srcuRscs.at(a, b) && (is612 ? m.c.values[a] : m.c.written(a)) !== m.c.written(b)));
  const critical = m.LKW.seq(m.poLoc, m.UL).minus(m.poLoc.seq(m.LKW.or(m.UL), m.poLoc));
  flag("unmatched-unlock", m.UL.minus(range(critical)));
  return flags;
}

function observed(c: Candidate, layout: MemoryLayout, observation: Observation): { readonly line: string; readonly holds: boolean; readonly isKept: boolean } {
  // The library's Observation reads candidates in its own form: hand it exactly that much.
  const n = c.events.length;
  const shape = { size: n, width: (n + 31) >> 5 };
  const co = new Int32Array(n * shape.width);
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) if (c.co.at(a, b)) co[a * shape.width + (b >> 5)]! |= 1 << (b & 31);
  const writesAt = new Int32Array(layout.wordCount * shape.width);
  c.events.forEach((e, id) => {
    if (e.event !== undefined && isW(e) && c.co.has.some((bit, k) => bit === 1 && k % n === id)) writesAt[e.word * shape.width + (id >> 5)]! |= 1 << (id & 31);
  });
  const skeleton = { shape, nodes: c.events, threads: c.paths.map((path) => ({ path })), eventBase: c.base } as unknown as Parameters<Observation["bind"]>[0];
  const candidate = { skeleton, co, writesAt, values: c.values, writtenValue: c.written } as unknown as Parameters<ReturnType<Observation["bind"]>["read"]>[0];
  const bound = observation.bind(skeleton);
  const isKept = bound.passesFilter(candidate);
  const values = bound.read(candidate);
  const line = observation.texts.map((text, k) => `${text}=${layout.print(values[k]!)};`).join(" ");
  return { line, holds: observation.satisfies(values), isKept };
}
