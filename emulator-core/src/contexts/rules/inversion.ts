/** Waiting, with a lock held, for somebody who needs the lock to get there. */
import type { Body } from "../body.ts";
import { textOf, whereOf, type Review, type VisitOf } from "../review.ts";
import type { Held, Visit } from "../state.ts";

export function callbackLockInversion(review: Review): void {
  for (const visit of review.all("wait-for-handler")) if (visit.before.held.length > 0) handlers(review, visit);
  for (const visit of review.all("wait-for-completion")) if (visit.before.held.length > 0) completers(review, visit);
  for (const visit of review.all("grace-period")) if (visit.step.domain !== undefined && visit.before.held.length > 0) readers(review, visit, visit.step.domain);
}

function handlers(review: Review, visit: VisitOf<"wait-for-handler">): void {
  const waited = new Set(review.starts.waitedFor(visit.step.handler));
  for (const { body } of review.walks) {
    if (!waited.has(body.name) || !review.mayRun(body, visit)) continue;
    report(review, visit, review.reachedFrom(body.name), (name, lock) => `${textOf(visit.step)} waits for ${name}(), which takes ${lock}`);
    // The handler may have been interrupted by one that spins on the lock (kernel/time/timer.c, at timer_delete_sync()).
    if (body.handler?.kind !== "timer") continue;
    for (const other of review.walks) {
      if (other.body.context === "hardirq" && review.mayRun(other.body, visit)) report(review, visit, review.visitsOf(other.body.name), (name, lock) => `${textOf(visit.step)} waits for ${body.name}(), and ${name}() may interrupt it and spin on ${lock}`);
    }
  }
}

function report(review: Review, visit: Visit, others: readonly Visit[], words: (name: string, lock: string) => string): void {
  for (const held of visit.before.held) {
    const taken = others.find((other) => takes(other, held) && !review.signals.isAwaited(other, held.at.before));
    if (taken !== undefined) review.note({ kind: "callback-lock-inversion", at: visit, since: [held.at], against: [taken], about: `${held.lock} ${taken.body.name}`, words: `${words(taken.body.name, held.lock)}, held since ${whereOf(held.at)}` });
  }
}

const takes = ({ step }: Visit, held: Held): boolean => step.kind === "lock" && step.lock === held.lock;

/** Every body that completes it has a path on which the lock stands before. */
function completers(review: Review, visit: VisitOf<"wait-for-completion">): void {
  const { completion } = visit.step;
  const names = review.signals.completersOf(completion).filter((name) => name !== visit.body.name);
  const bodies = review.walks.map(({ body }) => body).filter(({ name }) => names.includes(name));
  if (bodies.length === 0 || visit.before.completed.has(completion) || !bodies.some((body) => review.mayRun(body, visit))) return;
  for (const held of visit.before.held) {
    const stuck = bodies.map((body) => stuckIn(review, body, completion, held));
    if (stuck.some((one) => one === undefined)) continue;
    const against = stuck.filter((one) => one !== undefined);
    review.note({ kind: "callback-lock-inversion", at: visit, since: [held.at], against, about: held.lock, words: `${textOf(visit.step)} waits for ${against.map(({ body }) => body.name).join(" and ")}, which takes ${held.lock} first, held since ${whereOf(held.at)}` });
  }
}

/** The step on the way to complete() that takes the lock. */
function stuckIn(review: Review, body: Body, completion: string, held: Held): Visit | undefined {
  for (const end of review.visitsOf(body.name)) {
    if (end.step.kind !== "complete" || end.step.completion !== completion || end.before.completed.has(completion)) continue;
    for (let visit: Visit | null = end; visit !== null; visit = visit.previous) if (takes(visit, held) && !review.signals.isAwaited(visit, held.at.before)) return visit;
  }
  return undefined;
}

/** A reader of the domain takes the lock inside its section; one lock around both keeps them apart. */
function readers(review: Review, visit: Visit, domain: string): void {
  const locks = new Set(visit.before.held.map(({ lock }) => lock));
  for (const held of visit.before.held) {
    const reader = review.all("lock").find((other) => takes(other, held) && other.before.sections.some((section) => section.domain === domain)
      && !other.before.held.some(({ lock }) => locks.has(lock)) && review.areConcurrent(other, visit) && !review.signals.isAwaited(other, held.at.before));
    if (reader !== undefined) review.note({ kind: "callback-lock-inversion", at: visit, since: [held.at], against: [reader], about: `${held.lock} ${reader.body.name}`, words: `${textOf(visit.step)} waits for ${reader.body.name}, which takes ${held.lock} inside its section, held since ${whereOf(held.at)}` });
  }
}
