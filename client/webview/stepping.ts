/** Where the replay stands and how it is said: no DOM, so that tests call it directly. */

import type { Run, RunStep } from "../../server/src/protocol/index.ts";
import type { Move, PanelState } from "./messages.ts";

/** undefined where the replay of a function has nothing that runs beside anything else. */
export function runOf(state: PanelState): Run | undefined {
  return state.replay.runs[state.run]?.run;
}

/** The same state when the move leads nowhere. */
export function moved(state: PanelState, move: Move): PanelState {
  const steps = runOf(state)?.steps ?? [];
  switch (move) {
    case "first": return atStep(state, 0);
    case "back": return atStep(state, state.step - 1);
    case "step": return atStep(state, state.step + 1);
    case "last": return atStep(state, steps.length);
    case "hazard": return atStep(state, nextHazard(steps, state.step) ?? state.step);
    case "nextRun": return atRun(state, state.run + 1);
    case "previousRun": return atRun(state, state.run - 1);
  }
}

export function atStep(state: PanelState, step: number): PanelState {
  const known = Math.max(0, Math.min(step, runOf(state)?.steps.length ?? 0));
  return known === state.step ? state : { ...state, step: known };
}

function atRun(state: PanelState, run: number): PanelState {
  return state.replay.runs[run] === undefined ? state : { ...state, run, step: 0 };
}

/** Steps done when the hazard has just happened; from the last one on again to the first. */
function nextHazard(steps: readonly RunStep[], done: number): number | undefined {
  const hazards = steps.flatMap((step, at) => (step.hazard ? [at + 1] : []));
  return hazards.find((at) => at > done) ?? hazards[0];
}

/** The step that was done last; undefined before the first one. */
export function currentStep(run: Run, done: number): RunStep | undefined {
  return run.steps[done - 1];
}

/** `iommu.c:38`, as in the text table; empty for a modelled step. */
export function placeOf(step: RunStep): string {
  return step.line === 0 ? "" : `${step.file.split("/").at(-1) ?? step.file}:${step.line}`;
}

/** What a screen reader says after each step. */
export function announcement(run: Run, done: number): string {
  const step = currentStep(run, done);
  const total = run.steps.length;
  if (step === undefined) {
    const hazard = run.steps.findIndex((one) => one.hazard);
    return `Before step 1 of ${total}${hazard === -1 ? "" : `; the hazard is step ${hazard + 1}`}`;
  }
  const role = run.roles[step.role]?.name ?? "";
  const place = placeOf(step);
  return `Step ${done} of ${total}${step.hazard ? ", hazard" : ""}: ${role === "" ? "" : `${role}: `}${step.text}${place === "" ? "" : `, ${place}`}`;
}

/** The verdict in the words of the text table. */
export function verdictWords(run: Run): string {
  const { verdict, class: need } = run.evidence;
  return verdict === "confirmed" && need === "compiler" ? "confirmed (compiler only)" : verdict;
}
