/*
 * irreflexive rb. rcu-link is exactly the path that closes rb, so on the quotient graph the axiom is:
 * no rcu-order from a to b with an rcu-link back. Without a section it follows from propagation.
 */
import { hasRcuNodes, linkImage, orderContradictsLink, quotientOf, rcuNodes } from "../rcu-order.ts";
import type { Axiom } from "./axiom.ts";

export const rcu: Axiom = {
  name: "rcu",
  source: "linux-kernel.cat irreflexive rb as rcu",
  prunesPrefixes: true,
  holds: (r) => {
    const { skeleton } = r;
    if (!hasRcuNodes(skeleton)) return true;
    const nodes = rcuNodes(r.candidate);
    return !orderContradictsLink(quotientOf(nodes, skeleton, (exit) => linkImage(skeleton, exit, [r.hbPlus, r.pbPlus], r.prop)));
  },
};
