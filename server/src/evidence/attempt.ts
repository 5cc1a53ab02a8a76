/**
 * One program to run, and what its outcome would mean. Plain data: it crosses to a worker, and its text is the
 * key under which the outcome is remembered.
 */

import type { DriverProgram, Program, Proposition } from "../../../emulator-core/src/index.ts";
import type { Counterpart } from "../protocol/index.ts";

export type Attempt = {
  /** The condition is the hazard. */
  readonly program: Program;
  /** The driver program that `program` was made of, and its form with unknown calls at their strongest: these are judged, then. */
  readonly driver?: DriverProgram;
  readonly guardedDriver?: DriverProgram | undefined;
  /** Why no program could be made; nothing is claimed then. */
  readonly mistake?: string;
  /** The situation without the hazard: must be reachable, or a refutation would be vacuous. */
  readonly situation: Proposition;
  /** The same program with every unknown call waiting for a grace period: still reachable, then they do not matter. */
  readonly guarded: Program | undefined;
  readonly counterpart: Counterpart | null;
  readonly assumptions: readonly string[];
  /** Calls that nothing is known of, where they could matter. */
  readonly unknownCalls: readonly string[];
  /** Those of them that get the object before any grace period has passed: they could free it early. */
  readonly unknownBeforeWait: readonly string[];
  /** Reasons that forbid `confirmed` (the two sides may never meet). */
  readonly doubts: readonly string[];
  /** Reasons that forbid `refuted` (not all paths were followed). */
  readonly cut: readonly string[];
};
