/*
 * acyclic po-loc | com. The explorer never builds a candidate that violates it (coherence-order.ts
 * keeps the equivalent two-step conditions), so it is no part of the per-candidate list; tests and
 * the brute-force enumerator use this definition.
 */
import { closeTransitively, isIrreflexive, relate, united } from "../../relation/bit-relation.ts";
import type { Axiom } from "./axiom.ts";

export const coherence: Axiom = {
  name: "coherence",
  source: "linux-kernel.cat:68 acyclic po-loc | com",
  prunesPrefixes: true,
  holds: (r) => {
    const { shape, relations } = r.skeleton;
    const { location, co } = r.candidate;
    const step = united(r.rfe, r.rfi, r.fr, co);
    for (let a = 0; a < shape.size; a++)
      for (let b = 0; b < shape.size; b++) {
        const isPo = ((relations.po[a * shape.width + (b >> 5)]! >>> (b & 31)) & 1) !== 0;
        if (isPo && location[a]! >= 0 && location[a] === location[b]) relate(shape, step, a, b);
      }
    closeTransitively(shape, step);
    return isIrreflexive(shape, step);
  },
};
