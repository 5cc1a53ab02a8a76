/** A step that blocks where one must not, and a wait for a grace period that waits for the waiter. */
import type { Handler, Step } from "../../driver/steps.ts";
import type { Starts } from "../body.ts";
import { entryWords } from "../body.ts";
import { textOf, whereOf, type Review } from "../review.ts";
import { inForce, type InForce, type Visit } from "../state.ts";
import { operationOf, operationRows } from "../table.ts";

export function sleepInAtomic(review: Review): void {
  for (const { body } of review.walks) for (const visit of review.visitsOf(body.name)) {
    const operation = operationOf(visit.step, review.starts.kindOf);
    if (operation === undefined) continue;
    const { needs } = operationRows[operation];
    const told = toldElsewhere(review, visit);
    const reasons = inForce(visit.body, visit.before).filter((one) => forbids(needs, one, visit) && !told(one));
    const [first] = reasons;
    if (first === undefined) continue;
    const verb = needs === "sleeps" ? "may sleep" : "waits";
    const words = first.at === null ? `${textOf(visit.step)} ${verb} in ${entryWords(visit.body)}` : `${textOf(visit.step)} ${verb} in ${first.row.words} since ${whereOf(first.at)}`;
    // Every reason for itself keeps the step from blocking: a doubt counts where it touches all of them.
    const certain = reasons.find(({ at }) => at === null) ?? reasons.at(-1)!;
    review.note({ kind: "sleep-in-atomic", at: visit, since: [certain.at], about: "", words });
  }
}

function forbids(needs: "sleeps" | "not-in-hardirq" | "nothing", { row, at }: InForce, { body }: Visit): boolean {
  if (needs === "sleeps") return !row.mayBlock;
  return needs === "not-in-hardirq" && at === null && body.context === "hardirq";
}

/** What `grace-period-in-reader` and `barrier-in-callback` already say of the step. */
function toldElsewhere(review: Review, visit: Visit): (one: InForce) => boolean {
  const { step, body } = visit;
  if (step.kind === "grace-period" && step.domain === undefined) return ({ section }) => section !== null && section.flavour !== "srcu";
  return ({ at }) => at === null && waitsForItself(step, body.context, body.handler, review.starts);
}

/** rcu_barrier() in an RCU callback: the callback is one of those waited for. */
export function waitsForItself(step: Step, context: string, handler: Handler | null, starts: Starts): boolean {
  if (step.kind !== "wait-for-handler") return false;
  if (context === "rcu-callback" && starts.kindOf(step.handler) === "rcu") return true;
  return handler !== null && starts.waitedFor(step.handler).includes(handler.name);
}

export function gracePeriodInReader(review: Review): void {
  for (const visit of review.all("grace-period")) {
    const { step, before } = visit;
    const section = before.sections.find((one) => (step.domain === undefined ? one.flavour !== "srcu" : one.domain === step.domain));
    if (section !== undefined) review.note({ kind: "grace-period-in-reader", at: visit, since: [section.at], about: "", words: `${textOf(step)} waits for the section that it stands in, since ${whereOf(section.at)}` });
  }
  for (const visit of review.all("wait-for-handler")) {
    for (const { domain, at } of visit.before.sections) {
      const through = domain === null ? undefined : waitOfDomain(review, visit, domain);
      if (through !== undefined) review.note({ kind: "grace-period-in-reader", at: visit, since: [at], against: through.visits, about: domain!, words: `${textOf(visit.step)} waits for ${through.handler}(), which waits for readers of ${domain!}, and this is one since ${whereOf(at)}` });
    }
  }
}

/** The handler waited for that does not end before readers of the domain do: an SRCU callback, or one that waits for a grace period. */
function waitOfDomain(review: Review, visit: Visit & { readonly step: { readonly handler: string } }, domain: string): { readonly handler: string; readonly visits: readonly Visit[] } | undefined {
  for (const { body } of review.walks) {
    if (body.handler === null || !review.starts.waitedFor(visit.step.handler).includes(body.name) || !review.mayRun(body, visit)) continue;
    if (body.handler.kind === "srcu" && body.handler.domain === domain) return { handler: body.name, visits: [] };
    const wait = review.reachedFrom(body.name).find(({ step }) => step.kind === "grace-period" && step.domain === domain);
    if (wait !== undefined) return { handler: body.name, visits: [wait] };
  }
  return undefined;
}

export function barrierInCallback(review: Review): void {
  for (const visit of review.all("wait-for-handler")) {
    const { step, body } = visit;
    if (waitsForItself(step, body.context, body.handler, review.starts)) {
      review.note({ kind: "barrier-in-callback", at: visit, since: [], about: "", words: `${textOf(step)} waits for ${body.name}(), which it stands in` });
      continue;
    }
    if (body.handler === null) continue;
    for (const waited of review.starts.waitedFor(step.handler)) {
      const back = review.reachedFrom(waited).find((one) => one.step.kind === "wait-for-handler" && review.starts.waitedFor(one.step.handler).includes(body.name));
      const other = review.walks.find((one) => one.body.name === waited);
      if (back !== undefined && other !== undefined && review.mayRun(other.body, visit)) review.note({ kind: "barrier-in-callback", at: visit, since: [], against: [back], about: waited, words: `${textOf(step)} waits for ${waited}(), which waits for ${body.name}()` });
    }
  }
}
