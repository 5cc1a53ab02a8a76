/*
 * "Plain accesses and data races" of linux-kernel.cat (Linux 6.12), for complete candidates.
 * `fence` and `strong-fence` include rcu-fence here and `nonrw-fence`, cumul-fence and the relations
 * before do not: a cat `let` does not reach back.
 */
import {
  compose, composed, contains, emptyRelation, intersect, intersected, inverted, isEmpty, reflexive,
  reflexiveClosure, relate, restricted, subtract, unite, united, without, type BitRelation,
} from "../relation/bit-relation.ts";
import type { LkmmRelations } from "./relations.ts";

export type PlainRelations = {
  readonly preRace: BitRelation;
  readonly rf: BitRelation;
  readonly co: BitRelation;
  readonly fr: BitRelation;
  readonly wwVis: BitRelation;
  readonly wrVis: BitRelation;
  readonly rwXbstar: BitRelation;
};

/** po ; rcu-order ; po? as a relation on nodes. */
function rcuFence(r: LkmmRelations): BitRelation {
  const { skeleton } = r;
  const { shape } = skeleton;
  const out = emptyRelation(shape);
  const graph = r.rcuGraph();
  const { nodes, order, width } = graph;
  if (!nodes.some((a) => a.kind === "grace-period")) return out;
  graph.deriveLink(r.hbPlus, r.pbPlus, r.prop);
  graph.deriveOrder();
  nodes.forEach((a, i) =>
    nodes.forEach((b, j) => {
      if (((order[i * width + (j >> 5)]! >>> (j & 31)) & 1) === 0) return;
      for (let x = 0; x < shape.size; x++) {
        if (!contains(a.before, x)) continue;
        if (b.exitNode >= 0) relate(shape, out, x, b.exitNode);
        for (let k = 0; k < shape.width; k++) out[x * shape.width + k]! |= b.after[k]!;
      }
    }),
  );
  return out;
}

/** Needs `derive`, `closeHb` and `closePb` done. */
export function derivePlain(r: LkmmRelations): PlainRelations {
  const { skeleton, candidate } = r;
  const { shape, relations, sets } = skeleton;
  const marked = restricted(shape, reflexive(shape, emptyRelation(shape)), sets.marked, sets.marked);
  const rcu = rcuFence(r);
  const hbStar = reflexive(shape, r.hbPlus);
  const pbStar = reflexive(shape, r.pbPlus);
  // rb = prop ; rcu-fence ; hb* ; pb* ; [Marked]
  const rb = composed(shape, composed(shape, composed(shape, composed(shape, r.prop, rcu), hbStar), pbStar), marked);
  const xbstar = reflexiveClosure(shape, united(r.hb, r.pb, rb));
  const nonrw = united(r.strong, relations.poRel, relations.acqPo);
  const fence = united(nonrw, relations.wmb, relations.rmb, rcu);
  const strong = united(r.strong, rcu);
  const rmwSequence = reflexive(shape, r.rmwSequence());
  // vis = cumul-fence* ; rfe? ; [Marked] ; ((strong-fence ; [Marked] ; xbstar) | (xbstar & int))
  const visEnd = united(composed(shape, composed(shape, strong, marked), xbstar), intersected(xbstar, skeleton.int));
  const visStart = composed(shape, composed(shape, reflexive(shape, r.cumulFence), reflexive(shape, r.rfe)), marked);
  const vis = composed(shape, visStart, visEnd);
  const wPre = composed(shape, marked, reflexive(shape, united(r.addr, fence)));
  const rPre = composed(shape, marked, reflexive(shape, united(r.addr, nonrw, relations.rmbThenAny)));
  const wPost = composed(shape, composed(shape, reflexive(shape, fence), marked), rmwSequence);
  const rPost = composed(shape, reflexive(shape, united(nonrw, relations.anyThenRmb)), marked);
  const strongXb = composed(shape, strong, xbstar);
  const postVis = composed(shape, wPost, vis);
  const wwVis = united(fence, composed(shape, strongXb, wPre), composed(shape, postVis, wPre));
  const wrVis = united(fence, composed(shape, strongXb, rPre), composed(shape, postVis, rPre));
  const rwXbstar = united(fence, composed(shape, composed(shape, rPost, xbstar), wPre));
  // pre-race = ext & ((Plain * M) | ((M \ IW) * Plain)); initial writes are no nodes.
  const preRace = restricted(shape, product(shape.size, shape.width), sets.plain, sets.M);
  unite(preRace, restricted(shape, product(shape.size, shape.width), sets.M, sets.plain));
  subtract(preRace, skeleton.int);
  return { preRace, rf: united(r.rfe, r.rfi), co: candidate.co, fr: r.fr, wwVis, wrVis, rwXbstar };
}

function product(size: number, width: number): BitRelation {
  return emptyRelation({ size, width }).fill(-1);
}

/** ww-race | wr-race | rw-race */
export function hasDataRace(r: LkmmRelations, p: PlainRelations): boolean {
  const { shape, sets } = r.skeleton;
  const everything = product(shape.size, shape.width);
  // ww-nonrace = ww-vis & ((Marked * W) | rw-xbstar) & ((W * Marked) | wr-vis)
  const nonrace = intersected(p.wwVis, united(restricted(shape, everything, sets.marked, sets.W), p.rwXbstar));
  intersect(nonrace, united(restricted(shape, everything, sets.W, sets.marked), p.wrVis));
  const writes = without(intersected(p.preRace, p.co), nonrace);
  if (!isEmpty(writes)) return true;
  // wr-race = (pre-race & (co? ; rf)) \ wr-vis \ rw-xbstar^-1
  const written = emptyRelation(shape);
  compose(shape, written, p.co, p.rf);
  unite(written, p.rf);
  intersect(written, p.preRace);
  subtract(written, p.wrVis);
  subtract(written, inverted(shape, p.rwXbstar));
  if (!isEmpty(written)) return true;
  // rw-race = (pre-race & fr) \ rw-xbstar
  return !isEmpty(without(intersected(p.preRace, p.fr), p.rwXbstar));
}
