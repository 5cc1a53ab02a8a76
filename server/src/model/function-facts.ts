/**
 * What one function does, point by point, for people and for other tools: the effects of the knowledge table with the
 * locks and read-side sections that hold there, the exits, and a summary for callers. Rules do not read this; both come
 * from the same walk (`paths.ts`). Whatever was not followed is in `notFollowed`.
 *
 * Lines count from 0 at the first line of the function, so that facts stay true while it moves; columns from 1.
 */

import type { FunctionDef } from "../syntax/c-syntax.ts";
import type { FileFacts } from "./file-facts.ts";
import { controlOf, notFollowedOf } from "./facts/control.ts";
import { exitsOf, pointsOf } from "./facts/points.ts";
import { Reach } from "./facts/reach.ts";
import { FactsRecorder } from "./facts/recorder.ts";
import { Spelling } from "./facts/spelling.ts";
import { summaryOf } from "./facts/summary.ts";
import type { FunctionFacts } from "./facts/types.ts";
import { PathWalker } from "./paths.ts";
import { relevanceOf, type Relevance } from "./relevance.ts";
import { bounds, type StepLimits } from "./trace.ts";

export type * from "./facts/types.ts";

/** Finds facts that were worked out before; `make` is called when there are none. */
export type FactsMemo = { readonly find: (name: string, facts: FileFacts, make: () => FunctionFacts) => FunctionFacts };

const noMemo: FactsMemo = { find: (_name, _facts, make) => make() };

/** The facts of one file's functions. Owns their walks; lives as long as the text stays the same. */
export class FactsOfFile {
  readonly #facts: FileFacts;
  readonly #memo: FactsMemo;
  readonly #limits: StepLimits;
  readonly #known = new Map<string, FunctionFacts>();
  readonly #reach: Reach;
  #relevance: Relevance | undefined;

  /** Lower `limits` cost less and follow less, which `notFollowed` names; a memo is for one kind of limits. */
  constructor(facts: FileFacts, memo: FactsMemo = noMemo, limits: StepLimits = bounds) {
    this.#limits = limits;
    this.#facts = facts;
    this.#memo = memo;
    this.#reach = new Reach(facts);
  }

  /** undefined: the file has no such function. */
  of(name: string): FunctionFacts | undefined {
    const fn = this.#facts.functions.get(name);
    if (fn === undefined) return undefined;
    const known = this.#known.get(name) ?? this.#memo.find(name, this.#facts, () => this.#make(fn));
    this.#known.set(name, known);
    return known;
  }

  #make(fn: FunctionDef): FunctionFacts {
    this.#relevance ??= relevanceOf(this.#facts);
    const walker = new PathWalker(this.#facts, this.#relevance, { limits: this.#limits });
    const recorder = new FactsRecorder(fn);
    const traces = walker.watch(fn.name, recorder);
    const spelling = new Spelling({ facts: this.#facts, fn, symbols: walker.symbols, names: recorder.names });
    // Of functions that come back to this one nothing is taken over: else facts would depend on which was asked for first.
    const calleeFacts = (name: string): FunctionFacts | undefined => (name === fn.name || this.#reach.of(name).has(fn.name) ? undefined : this.of(name));
    const points = pointsOf({ recorder, spelling, calleeFacts });
    const exits = exitsOf(recorder, spelling);
    return {
      function: fn.name,
      lines: spelling.lineOf(fn.end - 1) + 1,
      summary: summaryOf({ fn, points, exits, traces, recorder, spelling, calleeFacts }),
      objects: spelling.objects(),
      points,
      exits,
      control: controlOf(fn, spelling),
      notFollowed: notFollowedOf({ fn, facts: this.#facts, traces, recorder, spelling }),
    };
  }
}
