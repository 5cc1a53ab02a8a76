/** Points and exits: what the walk told, grouped by place, with the contexts it was seen in. */

import type { Moment } from "../watching.ts";
import { contextOf, sectionNamesOf, withoutGuards } from "./contexts.ts";
import { effectOf, escaping, type Effect } from "./effects.ts";
import type { FactsRecorder, Raw } from "./recorder.ts";
import type { Spelling } from "./spelling.ts";
import { factEffects, type Exit, type FactEffect, type FunctionFacts, type Point, type Sleeping } from "./types.ts";

export type PointsContext = {
  readonly recorder: FactsRecorder;
  readonly spelling: Spelling;
  /** undefined: it comes back to this function. */
  readonly calleeFacts: (name: string) => FunctionFacts | undefined;
};

/** What a caller wants to hear of in its own words; the rest a call sums up. */
const toldToCallers: ReadonlySet<FactEffect> = new Set(["free", "defer-free", "call-rcu", "wait", "publish", "exchange", "link", "unlink", "reader-enter", "reader-leave", "lock", "unlock"]);

type Draft = { readonly effect: Effect; readonly offset: number; readonly end: number; readonly via: readonly string[]; readonly moments: Moment[]; readonly raw: Raw };

export function pointsOf({ recorder, spelling, calleeFacts }: PointsContext): readonly Point[] {
  const names = sectionNamesOf(recorder.raws);
  const sleeps = sleepsByOffset(recorder, spelling);
  const drafts = draftsOf(recorder, spelling);
  const points = drafts.map((draft): Point => {
    const { effect, offset, end, via, moments } = draft;
    const callee = effect.effect === "call" ? calleeFacts(effect.place.slice(0, -2)) : undefined;
    const isRecursive = effect.effect === "call" && callee === undefined;
    return {
      line: spelling.lineOf(offset), column: spelling.columnOf(offset), text: spelling.source({ start: offset, end }),
      ...effect, detail: isRecursive ? "recursive, not followed" : effect.detail, via, does: callee === undefined ? [] : effectsIn(callee),
      sleeps: via.length > 0 ? "no" : (callee?.summary.sleeps.answer ?? sleeps.get(offset) ?? "no"),
      ...contextOf(moments, spelling, names),
    };
  });
  return points.filter((point) => isWorthTelling(point, points));
}

function draftsOf(recorder: FactsRecorder, spelling: Spelling): readonly Draft[] {
  const byKey = new Map<string, Draft>();
  for (const raw of recorder.raws) {
    const effect = effectOf(raw, spelling);
    const outer = raw.moment.chain[0];
    if (effect === undefined || (outer !== undefined && !toldToCallers.has(effect.effect))) continue;
    const { start: offset, end } = outer?.at ?? raw.moment.at;
    const via = [...raw.moment.chain.map((site) => `${site.callee}()`), ...(raw.moment.within ?? [])];
    // A call that was followed on some paths and not on others is told of as one that was not.
    const isCall = effect.effect === "call";
    const key = JSON.stringify([offset, isCall ? effect.place : effect, via]);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { effect, offset, end, via, moments: [raw.moment], raw });
    else {
      known.moments.push(raw.moment);
      if (isCall && effect.detail !== "") byKey.set(key, { ...known, effect });
    }
  }
  return withoutPairs([...byKey.values()]).toSorted((a, b) => a.offset - b.offset);
}

const partners: Readonly<Partial<Record<FactEffect, FactEffect>>> = { lock: "unlock", unlock: "lock", "reader-enter": "reader-leave", "reader-leave": "reader-enter" };

/** A lock that a called function takes and gives up again is its own affair. */
function withoutPairs(drafts: readonly Draft[]): readonly Draft[] {
  const keyOf = ({ offset, via, effect }: Draft, kind: FactEffect): string => `${String(offset)} ${via.join(" ")} ${kind} ${effect.place}`;
  const there = new Set(drafts.filter(({ via }) => via.length > 0).map((draft) => keyOf(draft, draft.effect.effect)));
  return drafts.filter((draft) => {
    const partner = partners[draft.effect.effect];
    return draft.via.length === 0 || partner === undefined || !there.has(keyOf(draft, partner));
  });
}

/** A call whose function has no effect is not worth a line; sleeping is said of the point that sleeps, where there is one. */
function isWorthTelling(point: Point, points: readonly Point[]): boolean {
  if (point.effect === "call") return point.does.length > 0 || point.detail.startsWith("recursive");
  if (point.effect === "sleep") return !points.some((other) => other !== point && other.effect !== "call" && other.line === point.line && other.column === point.column);
  return true;
}

function effectsIn({ points }: FunctionFacts): readonly FactEffect[] {
  const found = new Set<FactEffect>(points.flatMap((point) => [point.effect, ...point.does]));
  return factEffects.filter((effect) => effect !== "call" && effect !== "escape" && found.has(effect));
}

/** Flags that let the allocator sleep, and flags that forbid it (include/linux/gfp_types.h). */
const sleepingFlags = /\b(GFP_(KERNEL|USER|HIGHUSER|NOIO|NOFS|KERNEL_ACCOUNT|TRANSHUGE)|__GFP_(DIRECT_RECLAIM|RECLAIM))/;
const atomicFlags = /\bGFP_(ATOMIC|NOWAIT)\b/;

function sleepsByOffset({ raws }: FactsRecorder, spelling: Spelling): ReadonlyMap<number, Sleeping> {
  const found = new Map<number, Sleeping>();
  for (const { moment, what } of raws) {
    if (moment.chain.length > 0) continue;
    if (what.kind === "sleep") found.set(moment.at.start, "yes");
    if (what.kind === "allocation" && what.gfp !== undefined) found.set(moment.at.start, sleepingFlags.test(what.gfp) ? "yes" : atomicFlags.test(what.gfp) ? "no" : "by flags");
    if (what.kind === "lock" && spelling.guardAt(moment.at) !== null && what.lock.class !== "spin") found.set(moment.at.start, "yes");
  }
  return found;
}

export function exitsOf({ raws }: FactsRecorder, spelling: Spelling): readonly Exit[] {
  const names = sectionNamesOf(raws);
  const byKey = new Map<string, { readonly raw: Raw; readonly value: string; readonly escapes: readonly string[]; readonly moments: Moment[] }>();
  for (const raw of raws) {
    const { moment, what } = raw;
    if (what.kind !== "exit") continue;
    const escapes = what.value === undefined ? [] : escaping([what.value], spelling, spelling.fn.returnType);
    const value = escapes[0] ?? what.text;
    const left = withoutGuards(moment, spelling);
    const known = byKey.get(`${String(moment.at.start)} ${value}`);
    if (known === undefined) byKey.set(`${String(moment.at.start)} ${value}`, { raw, value, escapes, moments: [left] });
    else known.moments.push(left);
  }
  return [...byKey.values()]
    .toSorted((a, b) => a.raw.moment.at.start - b.raw.moment.at.start)
    .map(({ raw, value, escapes, moments }): Exit => {
      const { at } = raw.moment;
      const context = contextOf(moments, spelling, names);
      const isEnd = at.start === spelling.fn.body.end - 1;
      return { line: spelling.lineOf(at.start), column: spelling.columnOf(at.start), kind: isEnd ? "end" : "return", value, escapes, isBalanced: context.sections.length === 0 && context.locks.every((lock) => lock.isAsserted), ...context };
    });
}
