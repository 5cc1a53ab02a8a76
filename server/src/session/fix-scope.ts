/** What of a file has to be looked at again where a fix was tried. */

import { otherRootsOf, rootsOf, sharedPlaces } from "../evidence/counterparts.ts";
import type { FileFacts } from "../model/file-facts.ts";
import type { Candidate, Edit } from "../rules/rule.ts";
import { mentions } from "./sibling-files.ts";

/**
 * Functions whose own paths are as they were: neither an edit nor the finding leads to them, and they touch nothing that
 * the finding is about. What calls them is looked at again: it may hold what an edit must not stand under. Names stay what they are when the edits are made.
 */
export function besideFix(facts: FileFacts, { function: name, path, hypothesis }: Candidate, edits: readonly Edit[]): ReadonlySet<string> {
  const places = sharedPlaces(hypothesis);
  const columns = hypothesis.kind === "path" ? hypothesis.columns.map(({ trace }) => trace.root) : hypothesis.kind === "reaches-wait" ? [hypothesis.trace.root] : [];
  const found = new Set([name, ...path.map((step) => step.function), ...columns, ...rootsOf(hypothesis), ...otherRootsOf(hypothesis)]);
  for (const fn of facts.functions.values()) {
    const text = facts.unit.text.slice(fn.start, fn.end);
    if (edits.some(({ file, start }) => file === facts.file && fn.start <= start && start < fn.end) || places.some((place) => mentions(place, text))) found.add(fn.name);
  }
  for (const one of found) for (const caller of facts.callers.get(one) ?? []) found.add(caller);
  return new Set([...facts.functions.keys()].filter((one) => !found.has(one)));
}
