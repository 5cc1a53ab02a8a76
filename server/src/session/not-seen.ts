/** What a look at one file could not see of others: said instead of left out. */

import { apiOf, partlyKnown } from "../model/kernel-api/index.ts";
import type { FileFacts } from "../model/file-facts.ts";
import { Reach } from "../model/facts/reach.ts";
import type { NotSeen } from "../protocol/index.ts";

/** Of the functions named, callees in the file included. */
export function notSeenOf(functions: readonly string[], facts: FileFacts): readonly NotSeen[] {
  const reach = new Reach(facts);
  const looked = new Set(functions.flatMap((name) => [name, ...reach.of(name)]));
  const called = new Set([...looked].flatMap((name) => [...(facts.calledNames.get(name) ?? [])]));
  const unknown = [...called].filter((name) => !isKnown(name, facts)).sort((a, b) => (a < b ? -1 : 1));
  return [
    ...facts.missingHeaders().map((name): NotSeen => ({ kind: "header", name, reason: "not found" })),
    ...unknown.map((name): NotSeen => ({ kind: "name", name, reason: "no single definition in this file or in the headers that were found" })),
  ];
}

function isKnown(name: string, { functions, outside }: FileFacts): boolean {
  return apiOf(name) !== undefined || partlyKnown(name) !== undefined || functions.has(name) || outside.fn(name) !== undefined || outside.macro(name) !== undefined;
}
