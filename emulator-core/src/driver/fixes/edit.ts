/** A change that a maintainer could make, what it costs, and where it can stand. */
import { describeStep } from "../describe.ts";
import { armsOf, flatten } from "../each-step.ts";
import type { Change } from "../edit.ts";
import { bodiesOf } from "../places.ts";
import type { DriverProgram, Step } from "../steps.ts";

export type Edit = {
  /** What to do and where, as a reviewer says it. */
  readonly title: string;
  /** What it costs at run time, in rough steps: 1 a marked access, 2 a barrier of one kind, 3 a full barrier, 20 a grace period. */
  readonly cost: number;
  readonly kind: EditKind;
  readonly changes: readonly Change[];
};

export type EditKind = "barrier" | "mark" | "move" | "defer" | "grace-period" | "section" | "flush" | "widen" | "reference" | "lock" | "wait" | "clean" | "layout";

/** Prices; what matters is their order. A grace period is milliseconds, a flush microseconds. */
export const price = { mark: 1, ordered: 2, oneWay: 2, full: 3, stronger: 1, move: 2, defer: 2, section: 2, widen: 1, reference: 1, clean: 2, layout: 3, flush: 10, lock: 8, wait: 12, gracePeriod: 20 } as const;

export type Gap = { readonly thread: string; readonly before: Step; readonly after: Step };

export type Block = { readonly thread: string; readonly steps: readonly Step[] };

/** Bodies and the arms of their conditions. */
export function blocksOf(program: DriverProgram): readonly Block[] {
  const inside = (thread: string, steps: readonly Step[]): readonly Block[] => [{ thread, steps }, ...steps.flatMap((step) => armsOf(step).flatMap((arm) => inside(thread, arm)))];
  return bodiesOf(program).flatMap(({ name, steps }) => inside(name, steps));
}

/** Places between two steps of one block. */
export const everyGap = (program: DriverProgram): readonly Gap[] => blocksOf(program).flatMap(({ thread, steps }) => steps.slice(1).map((after, k) => ({ thread, before: steps[k]!, after })));

/** Those between two that touch memory, or hold some that do. */
export const gapsOf = (program: DriverProgram): readonly Gap[] => everyGap(program).filter(({ before, after }) => touches(before) && touches(after));

const touches = (step: Step): boolean => step.kind !== "barrier" && step.kind !== "set" && step.kind !== "may-sleep";

/** A command, its doorbell and its completion belong together: nothing is put between them but barriers. */
export const isInsideFlush = ({ before }: Gap): boolean => before.kind === "command" || before.kind === "doorbell";

export const between = ({ thread, before, after }: Gap): string => `in ${thread} between ${textOf(before)} and ${textOf(after)}`;
export const textOf = (step: Step): string => step.source?.text ?? describeStep(step);
export const insert = ({ before }: Gap, ...steps: readonly Step[]): readonly Change[] => [{ kind: "after", target: before, steps }];
export const put = (target: Step, ...steps: readonly Step[]): Change => ({ kind: "replace", target, steps });

/** Every step with the thread that it stands in. */
export const stepsOf = (program: DriverProgram): readonly { readonly thread: string; readonly step: Step }[] => bodiesOf(program).flatMap(({ name, steps }) => flatten(steps).map((step) => ({ thread: name, step })));

/** A changed step no longer stands where its source says. */
export function withoutSource<S extends Step>(step: S): S {
  const rest = { ...step };
  delete (rest as { source?: unknown }).source;
  return rest;
}
