/** What the emulator said of one attempt. Plain data: it comes from a worker, and is remembered. */

import type { CheckResult } from "../../../emulator-core/src/index.ts";
import type { HazardClass, Ladder, LimitMet } from "../protocol/index.ts";
import type { WitnessStep } from "./witness.ts";

export type Judgement = {
  readonly observation: CheckResult["observation"];
  readonly positive: number;
  readonly negative: number;
  readonly executions: number;
  readonly limit: LimitMet | null;
  readonly class: HazardClass | null;
  readonly ladder: Ladder | null;
  /** The situation of the hazard is never met: a refutation would say nothing. */
  readonly vacuous: boolean;
  /** The hazard stays reachable when every unknown call waits for a grace period. */
  readonly survivesUnknownCalls: boolean;
  /** An execution with the hazard; where there is none, one of the situation. */
  readonly steps: readonly WitnessStep[];
  readonly why: readonly string[];
  /** Columns of `steps`; absent: the threads of the program. */
  readonly roles?: readonly { readonly name: string; readonly function: string }[];
  /** Why the program itself allows no verdict (a data race, a wait for ever, something unmodelled); empty for none. */
  readonly refusal?: string;
  /** What the model took for granted. */
  readonly assumptions?: readonly string[];
  /** The program as a litmus test, where it is not `program` itself. */
  readonly litmus?: string;
};

export type JudgeOptions = { readonly model: "lkmm" | "mca" | "sc" | "tso"; readonly shouldStop?: () => boolean };
