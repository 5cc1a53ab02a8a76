/** Small help in telling races. */

import type { RaceStep } from "../hypothesis.ts";

/** In path order, the steps of one event together in the order given. */
export function mergedSteps(steps: readonly RaceStep[]): readonly RaceStep[] {
  const byEvent = new Map<number, RaceStep>();
  for (const { at, steps: more } of steps) byEvent.set(at, { at, steps: [...(byEvent.get(at)?.steps ?? []), ...more] });
  return [...byEvent.values()].sort((a, b) => a.at - b.at);
}
