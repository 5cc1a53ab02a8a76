import type { Axiom } from "./axiom.ts";

/** Every non-rf link needs a strong fence. Uses hb+ of the axiom before. */
export const propagation: Axiom = {
  name: "propagation",
  source: "linux-kernel.cat acyclic pb as propagation",
  prunesPrefixes: true,
  holds: (r) => r.closePb(),
};
