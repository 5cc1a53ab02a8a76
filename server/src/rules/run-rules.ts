/** Runs the rules over one file: at most one candidate of a rule for a place. */

import type { FileFacts } from "../model/file-facts.ts";
import { rcuRoots } from "../model/lifetimes.ts";
import { PathWalker } from "../model/paths.ts";
import { rules } from "./registry.ts";
import type { Candidate, RuleContext } from "./rule.ts";

export type RuleRun = { readonly context: RuleContext; readonly candidates: readonly Candidate[] };

export function runRules(facts: FileFacts, wanted: readonly string[] | "all"): RuleRun {
  const walker = new PathWalker(facts);
  const context: RuleContext = { facts, walker, roots: rcuRoots(facts, walker) };
  if (walker.relevance.rcu.size === 0) return { context, candidates: [] };
  const chosen = rules.filter((rule) => wanted === "all" || wanted.includes(rule.meta.id));
  return { context, candidates: chosen.flatMap((rule) => rule.check(context)) };
}
