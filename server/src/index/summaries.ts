/**
 * What a function does besides what its text says: the effects of the knowledge table, carried up through direct calls.
 * A name of the table or of the stop list ends the walk; calls through pointers are not followed. Nearest fact of its
 * kind first, with the calls that lead to it.
 */

import { apiOf } from "../model/kernel-api/index.ts";
import type { ApiRow } from "../model/kernel-api/schema.ts";
import type { Call, FunctionId, KernelIndex } from "./kernel-index.ts";
import { depthMax, type Step } from "./reach.ts";
import { confidences, type Confidence, type Resolver } from "./resolve.ts";
import { stopRowOf } from "./stop-list.ts";

/** `api` is the call at the end of the path, at `line` of the last step's file. */
export type Fact = { readonly api: string; readonly path: readonly Step[]; readonly line: number; readonly confidence: Confidence };

export type LockFact = Fact & { readonly class: string };

export type Summary = {
  /** By parameter, from 0: the nearest call that frees what was passed. */
  readonly frees: readonly (Fact & { readonly parameter: number })[];
  readonly waits: Fact | undefined;
  readonly sleeps: Fact | undefined;
  /** One for each API and class of lock. */
  readonly locks: readonly LockFact[];
  /** Calls whose callee is not in the tree, or goes through a pointer: nothing is known of them. */
  readonly unknownCalls: number;
  readonly isCut: boolean;
};

/** Functions looked at for one summary. */
const visitedMax = 1500;

type Visit = { readonly fn: FunctionId; readonly path: readonly Step[]; readonly confidence: Confidence };

export class Summaries {
  readonly #index: KernelIndex;
  readonly #resolver: Resolver;
  readonly #calls = new Map<FunctionId, readonly Call[]>();
  readonly #known = new Map<FunctionId, Summary>();

  constructor(index: KernelIndex, resolver: Resolver) {
    this.#index = index;
    this.#resolver = resolver;
  }

  of(fn: FunctionId): Summary {
    let summary = this.#known.get(fn);
    if (summary === undefined) {
      summary = this.#walk(fn);
      this.#known.set(fn, summary);
    }
    return summary;
  }

  #walk(fn: FunctionId): Summary {
    let waits: Fact | undefined;
    let sleeps: Fact | undefined;
    const locks = new Map<string, LockFact>();
    let unknownCalls = 0;
    const seen = new Set([fn]);
    let isCut = false;
    let level: readonly Visit[] = [{ fn, path: [], confidence: "file" }];
    for (let distance = 0; level.length > 0; distance++) {
      const next: Visit[] = [];
      for (const visit of level) {
        for (const call of this.#callsOf(visit.fn)) {
          const fact = { api: call.callee, path: [...visit.path, { fn: visit.fn, line: call.line }], line: call.line, confidence: visit.confidence };
          const row = apiOf(call.callee);
          if (row !== undefined && !call.isPassed) {
            if (row.effects.some(({ kind }) => kind === "wait")) waits ??= fact;
            if (maySleep(row, call.callee)) sleeps ??= fact;
            for (const lock of locksOf(row)) if (!locks.has(`${call.callee} ${lock}`)) locks.set(`${call.callee} ${lock}`, { ...fact, class: lock });
            continue;
          }
          const stop = stopRowOf(call.callee);
          if (stop !== undefined) {
            if (stop.sleeps === true) sleeps ??= fact;
            continue;
          }
          const { functions, confidence } = this.#resolver.resolve(call.callee, this.#index.fileOf(visit.fn));
          if (functions.length === 0 && !call.isPassed) unknownCalls++;
          for (const callee of functions) {
            if (seen.has(callee)) continue;
            if (distance >= depthMax || seen.size >= visitedMax) {
              isCut = true;
              continue;
            }
            seen.add(callee);
            next.push({ fn: callee, path: fact.path, confidence: weaker(confidence, visit.confidence) });
          }
        }
      }
      level = next;
    }
    return { frees: this.#frees(fn), waits, sleeps, locks: [...locks.values()], unknownCalls, isCut };
  }

  /** Follows each parameter by itself: a state is a function and which of its parameters holds the object. */
  #frees(fn: FunctionId): Summary["frees"] {
    const found = new Map<number, Fact & { readonly parameter: number }>();
    type State = Visit & { readonly origin: number; readonly parameter: number };
    let level: readonly State[] = Array.from({ length: parametersFollowed }, (_, parameter) => ({ fn, path: [], confidence: "file", origin: parameter, parameter }));
    const seen = new Set<string>();
    for (let distance = 0; level.length > 0 && distance <= depthMax; distance++) {
      const next: State[] = [];
      for (const state of level) {
        for (const call of this.#callsOf(state.fn)) {
          const argument = call.parameters.indexOf(state.parameter);
          if (argument < 0 || found.has(state.origin)) continue;
          const path = [...state.path, { fn: state.fn, line: call.line }];
          const row = apiOf(call.callee);
          if (row !== undefined) {
            if (row.effects.some((effect) => effect.kind === "free" && effect.object === argument)) found.set(state.origin, { parameter: state.origin, api: call.callee, path, line: call.line, confidence: state.confidence });
            continue;
          }
          if (stopRowOf(call.callee) !== undefined) continue;
          const { functions, confidence } = this.#resolver.resolve(call.callee, this.#index.fileOf(state.fn));
          for (const callee of functions) {
            const key = `${String(state.origin)} ${String(callee)} ${String(argument)}`;
            if (seen.has(key) || seen.size >= visitedMax) continue;
            seen.add(key);
            next.push({ fn: callee, path, confidence: weaker(confidence, state.confidence), origin: state.origin, parameter: argument });
          }
        }
      }
      level = next;
    }
    return [...found.values()].sort((a, b) => a.parameter - b.parameter);
  }

  #callsOf(fn: FunctionId): readonly Call[] {
    let calls = this.#calls.get(fn);
    if (calls === undefined) {
      calls = this.#index.callsOf(fn);
      this.#calls.set(fn, calls);
    }
    return calls;
  }
}

/** Parameters beyond these are not followed. */
const parametersFollowed = 6;

const weaker = (a: Confidence, b: Confidence): Confidence => (confidences.indexOf(a) > confidences.indexOf(b) ? a : b);

function locksOf(row: ApiRow): readonly string[] {
  return row.effects.flatMap((effect) => (effect.kind === "lock" || effect.kind === "global-lock" ? [effect.class] : []));
}

/** Reader-writer locks come in two kinds: those of `down_…` sleep. */
function maySleep(row: ApiRow, name: string): boolean {
  if (row.maySleep === true) return true;
  return row.effects.some((effect) => (effect.kind === "lock" && effect.conditional !== "nonzero" && (effect.class === "mutex" || name.includes("down_"))) || (effect.kind === "global-lock" && effect.conditional !== "nonzero"));
}
