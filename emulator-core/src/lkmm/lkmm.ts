/*
 * The models, assembled: lists of axioms over the relations of one skeleton.
 */
import type { Candidate } from "../explore/candidate.ts";
import type { Skeleton } from "../explore/skeleton.ts";
import type { Axiom } from "./axioms/axiom.ts";
import { happensBefore } from "./axioms/happens-before.ts";
import { plainCoherence } from "./axioms/plain-coherence.ts";
import { propagation } from "./axioms/propagation.ts";
import { rcu } from "./axioms/rcu.ts";
import { multiCopyAtomicity, sequentialConsistency, totalStoreOrder } from "./axioms/stronger-orders.ts";
import { addFlags } from "./flags.ts";
import { linux61, linux612, type ModelProfile } from "./profiles.ts";
import { derivePlain, type PlainRelations } from "./plain-relations.ts";
import { scoped } from "../relation/pool.ts";
import { LkmmRelations } from "./relations.ts";
import { LkmmStatics } from "./statics.ts";

/** The LKMM of Linux 6.12, that of Linux 6.1, and the rungs above the first (see stronger-orders.ts). */
export type ModelName = "lkmm" | "lkmm-6.1" | "mca" | "sc" | "tso";

const lkmmAxioms: readonly Axiom[] = [happensBefore, propagation, rcu];

/** coherence and atomic are kept by the explorer. */
const axiomsOf: Readonly<Record<ModelName, readonly Axiom[]>> = {
  lkmm: lkmmAxioms,
  "lkmm-6.1": lkmmAxioms,
  mca: [...lkmmAxioms, multiCopyAtomicity],
  sc: [...lkmmAxioms, sequentialConsistency],
  tso: [...lkmmAxioms, totalStoreOrder],
};

export function profileOf(model: ModelName): ModelProfile {
  return model === "lkmm-6.1" ? linux61 : linux612;
}

/** The Linux release whose tools/memory-model a model is, or builds upon. */
export function releaseOf(model: ModelName): ModelProfile["release"] {
  return profileOf(model).release;
}

/** Judges the candidates of one skeleton under one model. */
export class ModelChecker {
  readonly #axioms: readonly Axiom[];
  readonly #allocates: boolean;
  readonly #statics: LkmmStatics;
  readonly #relations: LkmmRelations;
  #upper: LkmmRelations | undefined;
  #plain: PlainRelations | undefined;
  #isFlagged = false;

  constructor(model: ModelName, skeleton: Skeleton) {
    this.#axioms = axiomsOf[model];
    this.#statics = new LkmmStatics(skeleton);
    // The other models' axioms make matrices as they go, and so does SRCU whose sections depend on rf.
    this.#allocates = axiomsOf[model] !== lkmmAxioms || this.#statics.parts.hasOpenSrcu;
    this.#relations = new LkmmRelations(this.#statics);
  }

  /** False: neither this candidate nor any completion of it is allowed. */
  isConsistent(candidate: Candidate): boolean {
    const r = this.#relations;
    r.derive(candidate);
    return this.#hold(r);
  }

  #hold(r: LkmmRelations): boolean {
    // Kept for the whole search, so made outside the scope of an axiom.
    if (this.#allocates && !this.#statics.parts.hasOpenSrcu) this.#statics.rcuGraph();
    for (const axiom of this.#axioms) if (this.#allocates ? !scoped(() => axiom.holds(r)) : !axiom.holds(r)) return false;
    return true;
  }

  /** For the candidate `isConsistent` has just accepted. */
  mayRead(candidate: Candidate, read: number, source: number): boolean {
    return this.#relations.mayRead(candidate, read, source);
  }

  /** True: `isConsistent` holds of every completion. */
  staysConsistent(candidate: Candidate): boolean {
    const r = (this.#upper ??= new LkmmRelations(this.#statics));
    return r.deriveUpper(candidate) && this.#hold(r);
  }

  /** Plain accesses: their axiom and flags need the relations of the complete candidate. */
  get hasPlain(): boolean {
    return this.#statics.parts.hasPlain;
  }

  /**
   * For a complete candidate: the axioms, unless the others are known to hold, and the one about plain
   * accesses; if all hold, the flags it raises. `isDerived`: `isConsistent` was asked last about it.
   */
  judge(candidate: Candidate, isKnown: boolean, isDerived: boolean, observedWords: ReadonlySet<number>, flags: Set<string>): boolean {
    if (!isKnown && !this.isConsistent(candidate)) return false;
    if (this.hasPlain && !this.#statics.parts.hasOpenSrcu) this.#statics.rcuGraph();
    const judgement = (): boolean => {
      if (!this.#isAllowed(candidate, isDerived || !isKnown)) return false;
      if (this.#mayFlag(flags)) this.#addFlags(observedWords, flags);
      return true;
    };
    return this.hasPlain || this.#mayFlag(flags) ? scoped(judgement) : judgement();
  }

  /** For a complete candidate that the other axioms accept: the axiom that cannot prune. `isDerived`: `isConsistent` was asked last about it. */
  #isAllowed(candidate: Candidate, isDerived: boolean): boolean {
    const r = this.#relations;
    r.candidate = candidate;
    this.#plain = undefined;
    if (!this.hasPlain) return true;
    if (!isDerived) this.isConsistent(candidate);
    this.#plain = derivePlain(r);
    return plainCoherence.holds(this.#plain, r);
  }

  /** The same, before any execution is known. */
  mayRaise(flags: ReadonlySet<string>): boolean {
    const { skeleton } = this.#statics;
    if (skeleton.hasLocks || skeleton.hasSrcu || this.hasPlain) return this.#mayFlag(flags);
    return !this.#isFlagged && [...skeleton.flags].some((flag) => !flags.has(flag));
  }

  /** Whether a further execution of this skeleton can raise a flag that is not there yet. */
  #mayFlag(flags: ReadonlySet<string>): boolean {
    const { skeleton, parts } = this.#statics;
    const dependsOnAddresses = !skeleton.isLocated && (skeleton.hasLocks || parts.hasPlain);
    const mayDiffer = skeleton.hasSrcu || dependsOnAddresses || (parts.hasPlain && !flags.has("data-race"));
    return !this.#isFlagged || mayDiffer;
  }

  /** Flags of the candidate `isAllowed` has just accepted. */
  #addFlags(observedWords: ReadonlySet<number>, flags: Set<string>): void {
    this.#isFlagged = true;
    addFlags(this.#relations, this.#plain, observedWords, flags);
  }
}
