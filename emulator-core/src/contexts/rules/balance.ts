/** Sections and locks of code under review that are left twice, not at all, or in another way than they were entered. */
import { textOf, whereOf, type Review } from "../review.ts";
import type { State, Visit } from "../state.ts";

export function unbalancedSection(review: Review): void {
  for (const { body, ends } of review.walks) {
    if (!body.allowUnbalanced) continue;
    for (const visit of review.visitsOf(body.name)) {
      if (leavesNothing(visit)) review.note({ kind: "unbalanced-section", at: visit, since: [firstOf(visit)], about: "", words: `${textOf(visit.step)} leaves what was not entered` });
      else if (leavesOtherwise(visit)) review.note({ kind: "unbalanced-section", at: visit, since: [], about: "", words: `${textOf(visit.step)} does not restore what its lock saved, or restores what it did not save` });
    }
    for (const { state, last } of ends) if (last !== null) notLeft(review, state, last);
  }
}

const firstOf = (visit: Visit): Visit => (visit.previous === null ? visit : firstOf(visit.previous));

function leavesNothing({ step, before }: Visit): boolean {
  switch (step.kind) {
    case "unlock": return !before.held.some(({ lock }) => lock === step.lock);
    case "read-unlock": return !before.sections.some(({ flavour }) => flavour === step.flavour);
    case "srcu-read-unlock": return !before.sections.some(({ domain }) => domain === step.domain);
    default: return false;
  }
}

function leavesOtherwise({ step, before }: Visit): boolean {
  if (step.kind !== "unlock") return false;
  const held = before.held.findLast(({ lock }) => lock === step.lock);
  return held !== undefined && (held.irqsave !== (step.irqsave === true) || held.as !== step.as);
}

function notLeft(review: Review, { held, sections }: State, last: Visit): void {
  for (const { at } of [...held, ...sections]) review.note({ kind: "unbalanced-section", at: last, since: [at], about: JSON.stringify(at.step.source), words: `${whereOf(at)} is not left on a path that ends with ${textOf(last.step)}` });
}
