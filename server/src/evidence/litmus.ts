/** Litmus tests for the command line: the emulator's answer, as plain data that crosses a thread and prints as herd7 does. */

import { check, noStates, parseLitmus, printCondition, stateCountOf, type LitmusError, type MacroDefinition, type ModelName, type Program, type StateList } from "../../../emulator-core/src/index.ts";

export { modelFileNames, noStates, recognizeModel, releaseOf, stateCountOf, stateLines, type ModelFileName, type ModelFiles, type NumberedStates, type StateList } from "../../../emulator-core/src/index.ts";

export type LitmusModel = ModelName;
export type LitmusMode = "executions" | "states" | "verdict";
export type Observation = "Always" | "Never" | "Sometimes";

export type LitmusOptions = {
  readonly model: LitmusModel;
  readonly mode: LitmusMode;
  /** Of the kernel tree, where they are not what the model has. */
  readonly macros: readonly MacroDefinition[];
  /** Polled by the search; true ends it, and the answer is `undecided`. */
  readonly shouldStop: () => boolean;
  /** Final states cost memory; without them they are only counted. */
  readonly listStates: boolean;
};

export type LitmusOutcome =
  | { readonly kind: "checked"; readonly head: LitmusHead; readonly verdict: LitmusVerdict }
  | { readonly kind: "undecided"; readonly head: LitmusHead; readonly limit: { readonly kind: string; readonly value: number } }
  | { readonly kind: "refused"; readonly errors: readonly LitmusError[] };

export type LitmusHead = {
  readonly name: string;
  /** As herd7 names the question: exists, ~exists, forall. */
  readonly kind: "Allowed" | "Forbidden" | "Required";
  /** `exists (0:r0=1 /\ 1:r0=0)` */
  readonly condition: string;
  /** The test's own `Result:` comment. */
  readonly expected: string | null;
};

export type LitmusVerdict = {
  readonly observation: Observation;
  /** Ok or No. */
  readonly holds: boolean;
  readonly positive: number;
  readonly negative: number;
  readonly stateCount: number;
  /** Final states in herd7's order and spelling, where they are listed: `0:r0=0; [x]=1;` once printed. */
  readonly states: StateList;
  readonly flags: readonly string[];
  /** A loop needed more rounds than were unrolled; herd7 prints `Loop` then. */
  readonly loopCut: boolean;
};

export function runLitmus(text: string, { model, mode, macros, listStates, shouldStop }: LitmusOptions): LitmusOutcome {
  const parsed = parseLitmus(text, { model, macros });
  if (!parsed.ok) return { kind: "refused", errors: parsed.errors };
  const head = headOf(parsed.program);
  const result = check(parsed.program, { model, mode, shouldStop });
  const { observation, holds, positive, negative, flags, loopCut } = result;
  // Both outcomes seen is certain even of an unfinished search, but its counts are not.
  const isUnfinished = result.limit !== null && result.limit.kind !== "loop";
  if (observation === "Undecided" || (isUnfinished && mode !== "verdict")) return { kind: "undecided", head, limit: result.limit ?? { kind: "executions", value: result.explored } };
  return { kind: "checked", head, verdict: { observation, holds, positive, negative, stateCount: stateCountOf(result.stateList), states: listStates ? result.stateList : noStates, flags, loopCut } };
}

const kindOf = { exists: "Allowed", "~exists": "Forbidden", forall: "Required" } as const;

function headOf(program: Program): LitmusHead {
  return { name: program.name, kind: kindOf[program.quantifier], condition: printCondition(program), expected: program.expected ?? null };
}
