/** What RCU has is given again, and what is on its way when the module is gone. */
import { Places } from "../../driver/places.ts";
import { textOf, whereOf, type Review } from "../review.ts";
import type { Queued, Visit } from "../state.ts";

export function queuedTwice(review: Review): void {
  const places = new Places(review.starts.program);
  for (const visit of review.all("queue", "kfree-rcu")) {
    const { step, before } = visit;
    const key = step.kind === "queue" ? step.handler : `kfree_${step.object}`;
    const kind = step.kind === "queue" ? review.starts.kindOf(step.handler) : "rcu";
    if (kind !== "rcu" && kind !== "srcu") continue;
    for (const earlier of before.queued) {
      const same = earlier.key === key ? sameHead(places, earlier, visit) : "no";
      if (same === "no") continue;
      const doubts = same === "yes" ? [] : ["the two heads may be different ones"];
      review.note({ kind: "queued-twice", at: visit, since: [earlier.at], about: "", doubts, words: `${textOf(step)} gives RCU what it has since ${whereOf(earlier.at)}, and nothing between waits for it` });
    }
  }
}

/** The head of a handler that names none is the handler's own. */
function sameHead(places: Places, { at }: Queued, visit: Visit): "yes" | "no" | "maybe" {
  const one = at.step.kind === "queue" ? at.step.head : undefined;
  const other = visit.step.kind === "queue" ? visit.step.head : undefined;
  if (one === undefined || other === undefined || one === other) return "yes";
  if (places.parse(one).word !== places.parse(other).word) return "no";
  const [objects, others] = [places.objectsAt(visit.body.name, one), places.objectsAt(visit.body.name, other)];
  if (!objects.some((object) => others.includes(object))) return "no";
  return objects.length === 1 && others.length === 1 ? "yes" : "maybe";
}

export function missingBarrierOnExit(review: Review): void {
  for (const visit of review.all("module-exit")) {
    for (const name of visit.before.left) {
      const queued = review.all("queue").find(({ step }) => step.handler === name);
      if (queued === undefined) continue;
      // Somebody else waits for it, and this path waited for something: whether the one is over when the other is, nobody looks.
      const waits = review.all("wait-for-handler").some(({ step, body }) => body.name !== visit.body.name && review.starts.waitedFor(step.handler).includes(name));
      const doubts = waits && visit.before.awaited.size > 0 ? [`others wait for ${name}(), perhaps before this`] : [];
      const since = visitsOnPath(visit).find(({ step }) => step.kind === "queue" && review.starts.closure(step.handler).has(name)) ?? firstOf(visit);
      review.note({ kind: "missing-barrier-on-exit", at: visit, since: [since], against: [queued], about: name, doubts, words: `${name}() may still come when the module is gone: ${whereOf(queued)} queued it, and nothing on the way here waits for it` });
    }
  }
}

function visitsOnPath(end: Visit): readonly Visit[] {
  const visits: Visit[] = [];
  for (let visit: Visit | null = end; visit !== null; visit = visit.previous) visits.push(visit);
  return visits;
}

const firstOf = (visit: Visit): Visit => visitsOnPath(visit).at(-1)!;
