/** Runs the rules over one file: at most one candidate of a rule for a place, and one rule for a race. */

import type { DetailKind } from "../model/detail-events.ts";
import type { FileFacts } from "../model/file-facts.ts";
import { rcuRoots, topicRoots, unreachedRoots } from "../model/lifetimes.ts";
import { PathWalker } from "../model/paths.ts";
import { relevanceOf, type Topic } from "../model/relevance.ts";
import { bounds, type StepLimits } from "../model/trace.ts";
import { rules } from "./registry.ts";
import type { Candidate, RuleContext, TopicPaths } from "./rule.ts";

export type RuleRun = { readonly context: RuleContext; readonly candidates: readonly Candidate[] };

/** `off`: what the project switched off. */
export function runRules(facts: FileFacts, wanted: readonly string[] | "all", off: ReadonlySet<string> = new Set(), limits: StepLimits = bounds): RuleRun {
  const context = contextOf(facts, limits);
  const chosen = rules.filter((rule) => !off.has(rule.meta.id) && (wanted === "all" || wanted.includes(rule.meta.id)));
  return { context, candidates: oneForARace(chosen.flatMap((rule) => rule.check(context))) };
}

/** Details that make two paths different for the rules of a topic. */
const detailsApart: Readonly<Record<Topic, ReadonlySet<DetailKind>>> = {
  rcu: new Set(), data: new Set(),
  context: new Set(["sleep", "allocation", "given-flags", "wait-handler", "start", "exit"]),
  device: new Set(["mmio", "dma", "iommu-flush", "translation", "tag-release", "iopf"]),
};

function contextOf(facts: FileFacts, limits: StepLimits): RuleContext {
  const walker = new PathWalker(facts, relevanceOf(facts), { limits });
  const byTopic = new Map<Topic, TopicPaths>();
  const roots = rcuRoots(facts, walker);
  byTopic.set("rcu", { walker, roots });
  const about = (topic: Topic): TopicPaths => {
    let paths = byTopic.get(topic);
    if (paths === undefined) {
      const own = new PathWalker(facts, relevanceOf(facts, topic), { apart: detailsApart[topic], limits });
      const entered = topicRoots(facts, own);
      paths = { walker: own, roots: topic === "data" ? [...entered, ...unreachedRoots(facts, own, entered)] : entered };
      byTopic.set(topic, paths);
    }
    return paths;
  };
  return { facts, walker, roots, about };
}

/** The rule that says most about a race reports it; the others are named beside it. */
function oneForARace(candidates: readonly Candidate[]): readonly Candidate[] {
  const yields = new Map(rules.map(({ meta }) => [meta.id, meta.yieldsTo ?? []]));
  const hides = (one: Candidate, other: Candidate): boolean => one.about !== undefined && one.about === other.about && yields.get(other.rule)?.includes(one.rule) === true;
  return candidates.flatMap((candidate) => {
    if (candidates.some((other) => hides(other, candidate))) return [];
    const hidden = candidates.filter((other) => hides(candidate, other));
    return [{ ...candidate, related: [...candidate.related, ...hidden.map(({ at, rule, message }) => ({ at, message: `${rule}: ${message}` }))] }];
  });
}
