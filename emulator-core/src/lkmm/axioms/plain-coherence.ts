/*
 * empty (wr-incoh | rw-incoh | ww-incoh): rf, co and fr between racing accesses do not run against
 * visibility. Complements make it non-monotone: complete candidates only.
 */
import { intersected, inverted, isEmpty } from "../../relation/bit-relation.ts";
import type { PlainAxiom } from "./axiom.ts";

export const plainCoherence: PlainAxiom = {
  name: "plain-coherence",
  source: "linux-kernel.cat empty (wr-incoh | rw-incoh | ww-incoh)",
  prunesPrefixes: false,
  holds: (p, r) => {
    const { shape } = r.skeleton;
    return (
      isEmpty(intersected(intersected(p.preRace, p.rf), inverted(shape, p.rwXbstar))) &&
      isEmpty(intersected(intersected(p.preRace, p.fr), inverted(shape, p.wrVis))) &&
      isEmpty(intersected(intersected(p.preRace, p.co), inverted(shape, p.wwVis)))
    );
  },
};
