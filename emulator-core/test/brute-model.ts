/* linux-kernel.bell, linux-kernel.cat and lock.cat (Linux 6.12, and 6.1 where it differs), word for word over sets of pairs. */
import { poOf, type Candidate, type Event, type Release } from "./brute-candidates.ts";
import { Rel, type Pair } from "./brute-relation.ts";

/** The flags of an allowed execution; undefined for a forbidden one. */
export function judge(c: Candidate, release: Release): readonly string[] | undefined {
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
  const set = (f: (e: Event) => boolean): Rel => new Rel(n, events.flatMap((e, a): readonly Pair[] => (f(e) ? [[a, a]] : [])));
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
