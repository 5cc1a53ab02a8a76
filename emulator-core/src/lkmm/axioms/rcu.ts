/*
 * irreflexive rb. rcu-link is exactly the path that closes rb, so on the quotient graph the axiom is:
 * no rcu-order from a to b with an rcu-link back. Without a section it follows from propagation.
 */
import type { Axiom } from "./axiom.ts";

export const rcu: Axiom = {
  name: "rcu",
  source: "linux-kernel.cat irreflexive rb as rcu",
  prunesPrefixes: true,
  holds: (r) => {
    if (!r.parts.hasRcu) return true;
    const graph = r.rcuGraph();
    graph.deriveLink(r.hbPlus, r.pbPlus, r.prop);
    return graph.respectsLink();
  },
};
