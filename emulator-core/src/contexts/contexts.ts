/**
 * Execution contexts, path by path and without a memory model: what is held and turned off at each step, what the step
 * needs, and who waits for whom. Documentation/RCU/checklist.rst and Documentation/locking/ say what is asked for here.
 */
import { withSources } from "../driver/lower.ts";
import type { DriverProgram } from "../driver/steps.ts";
import { checkProgram } from "../driver/well-formed.ts";
import { bodiesOf, everyQueue, Starts } from "./body.ts";
import type { ContextLimit, Contexts } from "./finding.ts";
import { Review } from "./review.ts";
import { unbalancedSection } from "./rules/balance.ts";
import { callbackLockInversion } from "./rules/inversion.ts";
import { irqUnsafeLock, lockOrderCycle } from "./rules/locks.ts";
import { missingBarrierOnExit, queuedTwice } from "./rules/queued.ts";
import { barrierInCallback, gracePeriodInReader, sleepInAtomic } from "./rules/sleep.ts";
import { pathsMax, walk } from "./walk.ts";

/** Throws `DriverMistake` for a program that says something impossible. */
export function contextsOf(driver: DriverProgram): Contexts {
  checkProgram(driver);
  const program = withSources(driver);
  const bodies = bodiesOf(program);
  // Which handlers start depends on the paths, and what a path meets depends on the handlers: the paths come first.
  const guess = new Starts(program, everyQueue);
  const queued = new Map(bodies.map((body) => [body.name, walk(body, guess).visits.flatMap(({ step }) => (step.kind === "queue" ? [step.handler] : []))]));
  const starts = new Starts(program, ({ name }) => queued.get(name)!);
  const walks = bodies.filter(({ name, handler }) => handler === null || starts.isStarted(name)).map((body) => walk(body, starts));
  const review = new Review(starts, walks);
  gracePeriodInReader(review);
  barrierInCallback(review);
  sleepInAtomic(review);
  callbackLockInversion(review);
  lockOrderCycle(review);
  irqUnsafeLock(review);
  queuedTwice(review);
  missingBarrierOnExit(review);
  unbalancedSection(review);
  const cut = walks.find(({ isCut }) => isCut);
  const limit: ContextLimit | null = cut === undefined ? review.limit : { kind: "paths", value: pathsMax, thread: cut.body.name };
  return {
    findings: review.findings(), limit,
    checkedPaths: walks.reduce((sum, { ends }) => sum + ends.length, 0),
    unmodelled: [...new Set(review.all("opaque").map(({ step }) => `${step.call}() is not known: it may sleep, lock or wait`))],
  };
}
