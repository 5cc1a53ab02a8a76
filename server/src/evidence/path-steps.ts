/** Paths of a finding as a replay draws them: one column a path, in the order in which they stand. */

import type { FileFacts } from "../model/file-facts.ts";
import type { PathHypothesis } from "../rules/hypothesis.ts";
import { sourceOf } from "./lower-race.ts";
import type { WitnessStep } from "./witness.ts";

export function pathSteps({ columns, wrong }: PathHypothesis, facts: FileFacts): { readonly steps: readonly WitnessStep[]; readonly roles: readonly { readonly name: string; readonly function: string }[] } {
  const steps = columns.flatMap(({ trace, shown }, thread) => shown.flatMap((index, k): WitnessStep[] => {
    const event = trace.events[index];
    if (event === undefined) return [];
    const { file, line, text } = sourceOf(event, facts);
    const isWrong = thread === columns.length - 1 && k === shown.length - 1;
    return [{ thread, text: isWrong ? `${text}  <- ${wrong}` : text, file, line, hazard: isWrong }];
  }));
  return { steps, roles: columns.map(({ role, trace }) => ({ name: role, function: trace.root })) };
}
