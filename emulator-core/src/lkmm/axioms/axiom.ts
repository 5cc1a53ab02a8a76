import type { PlainRelations } from "../plain-relations.ts";
import type { LkmmRelations } from "../relations.ts";

/** A named constraint of a cat file. */
export type Axiom = {
  readonly name: string;
  /** File and line of the constraint it states. */
  readonly source: string;
  /** A partial candidate that violates it has no allowed completion. */
  readonly prunesPrefixes: boolean;
  /** Evaluated in the order of the model's list: later axioms use what earlier ones derived. */
  readonly holds: (r: LkmmRelations) => boolean;
};

/** The one axiom about plain accesses, over relations of its own. */
export type PlainAxiom = Omit<Axiom, "holds"> & { readonly holds: (p: PlainRelations, r: LkmmRelations) => boolean };
