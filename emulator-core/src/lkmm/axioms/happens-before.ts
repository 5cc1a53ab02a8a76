import type { Axiom } from "./axiom.ts";

/** Ordering by the passage of time. hb only grows with rf and co. */
export const happensBefore: Axiom = {
  name: "happens-before",
  source: "linux-kernel.cat acyclic hb as happens-before",
  prunesPrefixes: true,
  holds: (r) => r.closeHb(),
};
