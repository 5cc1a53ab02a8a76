/** Locks that are waited for in a circle, and locks that an interrupt finds held on its own CPU. */
import { textOf, whereOf, type Review, type VisitOf } from "../review.ts";
import { inForce, type Held, type Visit } from "../state.ts";
import { interrupts, lockRows } from "../table.ts";

/** A lock taken while others are held. */
type Edge = { readonly from: Held; readonly to: string; readonly held: readonly string[]; readonly at: VisitOf<"lock"> };

export function lockOrderCycle(review: Review): void {
  const edges = new Map<string, Edge>();
  for (const visit of review.all("lock")) {
    const { step, before, body } = visit;
    const again = before.held.find(({ lock }) => lock === step.lock);
    if (again !== undefined) {
      review.note({ kind: "lock-order-cycle", at: visit, since: [again.at], about: "", words: `${textOf(step)} waits for itself: ${step.lock} is held since ${whereOf(again.at)}` });
      continue;
    }
    const held = before.held.map(({ lock }) => lock);
    const situation = JSON.stringify([body.name, step.lock, step.source, held, [...before.pending], [...before.awaited], [...before.completed]]);
    for (const from of before.held) {
      const key = `${situation} ${from.lock}`;
      if (!edges.has(key)) edges.set(key, { from, to: step.lock, held, at: visit });
    }
  }
  closeCircles(review, [...edges.values()]);
}

function closeCircles(review: Review, edges: readonly Edge[]): void {
  const extend = (chain: readonly Edge[]): void => {
    const [first, last] = [chain[0]!, chain.at(-1)!];
    if (chain.length > 1 && last.to === first.from.lock) return noteCircle(review, chain);
    for (const next of edges) if (next.from.lock === last.to && fits(review, chain, next)) extend([...chain, next]);
  };
  for (const edge of edges) extend([edge]);
}

/** Each body holds what the one before waits for; a lock that two of them hold keeps them apart. */
function fits(review: Review, chain: readonly Edge[], next: Edge): boolean {
  return chain.every((edge) => edge.at.body.name !== next.at.body.name && !edge.held.some((lock) => next.held.includes(lock)) && review.areConcurrent(edge.at, next.at));
}

/** The same circle is found from each of its locks: it is told once, from the least. */
function noteCircle(review: Review, chain: readonly Edge[]): void {
  const locks = chain.map(({ from }) => from.lock);
  if (locks.some((lock) => lock < locks[0]!)) return;
  const sides = chain.map(({ from, to, at }) => `${at.body.name} takes ${to} with ${from.lock} held`);
  review.note({ kind: "lock-order-cycle", at: chain[0]!.at, since: chain.slice(0, 1).map(({ from }) => from.at), against: chain.slice(1).map(({ at }) => at), about: chain.map(({ at, to }) => `${at.body.name} ${to}`).join(), words: sides.join(", ") });
}

/** The lock is held with interrupts (softirqs) on, and a handler that takes it comes in on the same CPU. */
export function irqUnsafeLock(review: Review): void {
  const taken = review.all("lock").filter(({ step, body }) => !lockRows[step.as].mayBlock && interrupts[body.context] !== undefined);
  const seen = new Set<string>();
  for (const { body } of review.walks) for (const visit of review.visitsOf(body.name)) for (const held of visit.before.held) {
    if (lockRows[held.as].mayBlock) continue;
    for (const other of taken) {
      if (other.step.lock !== held.lock || other.body.name === body.name || isMasked(visit, interrupts[other.body.context]!)) continue;
      if (!review.areConcurrent(other, visit) || review.signals.isAwaited(other, held.at.before)) continue;
      noteOnce(review, seen, held, visit, other);
    }
  }
}

/** Told at the lock; where the handler starts later, at the first step at which it may come. */
function noteOnce(review: Review, seen: Set<string>, held: Held, visit: Visit, other: Visit): void {
  const key = JSON.stringify([visit.body.name, held.lock, held.at.step.source, other.body.name]);
  const isCertain = visit.before.contradictions.length === 0 && other.before.contradictions.length === 0;
  if (seen.has(key)) return;
  if (isCertain) seen.add(key);
  const what = interrupts[other.body.context] === "hardirq" ? "interrupts" : "softirqs";
  review.note({ kind: "irq-unsafe-lock", at: review.areConcurrent(other, held.at) ? held.at : visit, since: [held.at], against: [other], about: `${held.lock} ${other.body.name}`, words: `${whereOf(held.at)} leaves ${what} on, and ${other.body.name}() takes ${held.lock} in ${textOf(other.step)}` });
}

/** Hardirqs are kept out by interrupts off; softirqs by softirqs off too. */
function isMasked(visit: Visit, level: "hardirq" | "softirq"): boolean {
  return inForce(visit.body, visit.before).some(({ row }) => row.masks === "interrupts" || (level === "softirq" && row.masks === "softirqs"));
}
