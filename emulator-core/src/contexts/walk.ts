/** Every path of a body that its own registers do not contradict: each step once per way to it. */
import type { Step } from "../driver/steps.ts";
import type { Body, Starts } from "./body.ts";
import { assume, decide } from "./facts.ts";
import { after, entryState, type State, type Visit } from "./state.ts";

/** Eight conditions in a row; a body with more is reported as not looked at to its end. */
export const pathsMax = 256;

export type Walk = {
  readonly body: Body;
  readonly visits: readonly Visit[];
  /** What is left in force where a path ends, and its last step. */
  readonly ends: readonly { readonly state: State; readonly last: Visit | null }[];
  readonly isCut: boolean;
};

/** What follows: the rest of a list of steps, and what follows that. */
type Rest = { readonly steps: readonly Step[]; readonly from: number; readonly then: Rest | null };

export function walk(body: Body, starts: Starts): Walk {
  const visits: Visit[] = [];
  const ends: { readonly state: State; readonly last: Visit | null }[] = [];
  let isCut = false;

  const follow = (start: Rest | null, from: State, before: Visit | null): void => {
    let [rest, state, previous] = [start, from, before];
    while (rest !== null) {
      const step = rest.steps[rest.from];
      if (step === undefined) { rest = rest.then; continue; }
      const next: Rest = { ...rest, from: rest.from + 1 };
      const arms = armsAt(step, state);
      if (arms === null) {
        const visit: Visit = { body, step, taken: null, before: state, previous, depth: previous === null ? 0 : previous.depth + 1 };
        visits.push(visit);
        [rest, state, previous] = [next, after(visit, starts), visit];
        continue;
      }
      for (const { taken, steps, state: inside } of arms) {
        if (ends.length === pathsMax) { isCut = true; return; }
        const visit: Visit = { body, step, taken, before: state, previous, depth: previous === null ? 0 : previous.depth + 1 };
        visits.push(visit);
        follow({ steps, from: 0, then: next }, inside, visit);
      }
      return;
    }
    ends.push({ state, last: previous });
  };
  follow({ steps: body.steps, from: 0, then: null }, entryState(body, starts), null);
  return { body, visits, ends, isCut };
}

type Arm = { readonly taken: boolean; readonly steps: readonly Step[]; readonly state: State };

/** The arms a path may go on with; null for a step without any. */
function armsAt(step: Step, state: State): readonly Arm[] | null {
  if (step.kind === "choose") return [{ taken: true, steps: step.then, state: chosen(state, step.what, true) }, { taken: false, steps: step.else, state: chosen(state, step.what, false) }];
  if (step.kind !== "if" && step.kind !== "put-ref") return null;
  const condition = step.kind === "if" ? step.condition : { left: step.dst, operator: "==" as const, right: 1 };
  const decided = decide(condition, state.facts);
  const arm = (taken: boolean, steps: readonly Step[]): Arm => ({ taken, steps, state: { ...state, facts: assume(condition, taken, state.facts) } });
  const arms = [arm(true, step.kind === "if" ? step.then : step.release), arm(false, step.kind === "if" ? step.else : [])];
  return arms.filter(({ taken }) => decided === undefined || taken === decided);
}

/** The same text is taken for the same choice, but that is not known: both ways are followed, and said. */
function chosen(state: State, what: string, way: boolean): State {
  const earlier = state.choices.get(what);
  if (earlier === undefined) return { ...state, choices: new Map(state.choices).set(what, way) };
  return earlier === way || state.contradictions.includes(what) ? state : { ...state, contradictions: [...state.contradictions, what] };
}
