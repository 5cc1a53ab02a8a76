/** What a maintainer could change: each edit with its price. The search (`search.ts`) finds which of them refute a hazard. */
import type { DriverProgram } from "../steps.ts";
import type { Edit } from "./edit.ts";
import { cleans, flushes, widenings } from "./invalidations.ts";
import { commonLocks, deferrals, layouts, references, sections, waits } from "./lifetime.ts";
import { moves } from "./moves.ts";
import { barriers, gracePeriods, marks } from "./ordering.ts";

export type { Edit, EditKind } from "./edit.ts";

/** Of two at one price the first is the one that a reviewer would rather see. */
export function editsOf(program: DriverProgram): readonly Edit[] {
  return [
    ...marks(program), ...widenings(program), ...barriers(program), ...cleans(program), ...deferrals(program), ...moves(program), ...sections(program), ...flushes(program),
    ...references(program), ...commonLocks(program), ...waits(program), ...layouts(program), ...gracePeriods(program),
  ];
}
