/** What rules share: looking at every event of some paths, one finding a place, and the way from an entry to it. */

import { roleName, rolesReaching } from "../../model/entries.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { unreachedRoots } from "../../model/lifetimes.ts";
import { runsAlone } from "../../model/protection.ts";
import { stepsWithin } from "../../model/words.ts";
import { contradictionsBefore, type Trace, type TraceEvent } from "../../model/trace.ts";
import type { Candidate, RuleContext, TopicPaths } from "../rule.ts";

export type Place<T> = { readonly trace: Trace; readonly index: number; readonly event: TraceEvent; readonly what: T };

/** All roots, and those that are followed alone because what calls them was too much to follow. */
export function followed({ facts, walker, roots }: RuleContext): TopicPaths {
  return { walker, roots: [...roots, ...unreachedRoots(facts, walker, roots)] };
}

/**
 * The places where `look` finds something, one for each line of code: of several paths to it the one that is most
 * certain, from an entry that others may run beside, and then the shortest. `doubts`: how many there are about what was found.
 */
export function placesOn<T>({ walker, roots }: TopicPaths, look: (trace: Trace, event: TraceEvent, index: number) => T | undefined, doubts: (what: T) => number = () => 0): readonly Place<T>[] {
  const bySite = new Map<string, { readonly place: Place<T>; readonly openness: number }>();
  for (const root of roots) {
    const ofRoot = runsAlone(root, walker.facts) === undefined ? 0 : doubtWeight;
    for (const trace of walker.tracesOf(root).traces) {
      trace.events.forEach((event, index) => {
        const what = look(trace, event, index);
        if (what === undefined) return;
        const key = `${event.function} ${String(event.at.start)}`;
        const known = bySite.get(key);
        const place = { trace, index, event, what };
        const openness = opennessOf(place) + doubts(what) * doubtWeight + ofRoot;
        if (known === undefined || openness < known.openness) bySite.set(key, { place, openness });
      });
    }
  }
  return [...bySite.values()].map(({ place }) => place);
}

/** Fewer contradictions and conditions first, then fewer events before it. */
function opennessOf<T>({ trace, event, index }: Place<T>): number {
  const contradictions = contradictionsBefore(trace, index).length;
  return (contradictions + (event.condition === undefined ? 0 : 1)) * doubtWeight + index;
}

/** More than a path has events. */
const doubtWeight = 10_000;

/** From the function that is entered from outside, call by call, to the one that holds the event. */
export function wayTo(trace: Trace, event: TraceEvent, facts: FileFacts): Candidate["path"] {
  const entry = rolesReaching(trace.root, facts)[0];
  const root = facts.functions.get(trace.root);
  return [
    ...(root === undefined ? [] : [{ at: root.nameSpan, function: trace.root, role: entry === undefined ? "entry" : roleName(entry) }]),
    ...event.chain.map((site) => ({ at: site.at, function: site.callee, role: "callee" })),
    ...stepsWithin(event),
  ];
}

/**
 * One finding for all that is wrong under the same lock or in the same section of a function: the first of them, which
 * names the others. `key`: what they have in common.
 */
export function firstOfEach<T>(places: readonly Place<T>[], key: (place: Place<T>) => string, doubts: (what: T) => number, candidateOf: (place: Place<T>) => Candidate): readonly Candidate[] {
  const groups = new Map<string, Place<T>[]>();
  for (const place of places) groups.set(key(place), [...(groups.get(key(place)) ?? []), place]);
  return [...groups.values()].map((group) => {
    const [first, ...others] = group.toSorted((a, b) => doubts(a.what) - doubts(b.what) || a.event.at.start - b.event.at.start);
    const candidate = candidateOf(first!);
    return { ...candidate, related: [...candidate.related, ...others.map((other) => { const { at, message } = candidateOf(other); return { at, message }; })] };
  });
}
