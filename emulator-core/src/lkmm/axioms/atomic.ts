/*
 * empty rmw & (fre ; coe): no write of another thread between the read and the write of an atomic
 * operation. coherence-order.ts propagates it while co is built; this is the definition.
 */
import { composed, intersected, isEmpty, without } from "../../relation/bit-relation.ts";
import type { Axiom } from "./axiom.ts";

export const atomic: Axiom = {
  name: "atomic",
  source: "linux-kernel.cat:71 empty rmw & (fre ; coe)",
  prunesPrefixes: true,
  holds: (r) => {
    if (!r.parts.hasRmw) return true;
    const { shape, int, relations } = r.skeleton;
    // Allocates; once an allowed execution, not once a candidate.
    const between = composed(shape, without(r.fr, int), without(r.co, int));
    return isEmpty(intersected(relations.rmw, between));
  },
};
