/** What the parts of the path walk share: the root at hand, what is known of its statements, and how many paths there may be. */

import type { Expr, Stmt } from "../syntax/c-syntax.ts";
import type { CalleeSteps } from "./callee-steps.ts";
import type { EvalContext } from "./evaluate.ts";
import type { FileFacts } from "./file-facts.ts";
import type { PathState } from "./path-state.ts";
import type { Recordings } from "./recordings.ts";
import type { Relevance } from "./relevance.ts";
import { bounds, type StepLimits } from "./trace.ts";

export type PossibleCall = { readonly call: Expr & { readonly kind: "call" }; readonly sure: boolean };

export type Walk = {
  readonly facts: FileFacts;
  readonly relevance: Relevance;
  readonly apart: ReadonlySet<string>;
  readonly limits: StepLimits;
  /** One symbol table for the whole file, so that symbols of different roots can be compared. */
  readonly ctx: EvalContext;
  readonly recordings: Recordings;
  readonly calleeSteps: CalleeSteps;
  /** Why not all paths of the root at hand are followed. */
  cut: Set<string>;
  readonly matters: Map<Stmt, boolean>;
  readonly calls: Map<Expr, readonly PossibleCall[]>;
  readonly callsFollowed: Map<Expr, boolean>;
  readonly tags: Map<string, string>;
  readonly written: Map<Stmt, readonly Expr[]>;
  readonly statement: (stmt: Stmt, state: PathState) => PathState[];
  /** Runs a statement list; guards without a body end with it. */
  readonly block: (stmts: readonly Stmt[], states: readonly PathState[], scopeEnd?: number) => PathState[];
  /** The same; `guards` end with the list. */
  readonly list: (stmts: readonly Stmt[], states: readonly PathState[], scopeEnd: number, guards: readonly Stmt[]) => PathState[];
};

/** Joins paths that no rule can tell apart, then keeps to the bound. */
export function limit(walk: Walk, all: PathState[]): PathState[] {
  let states = all.length > 1 ? joined(all) : all;
  const pathsMax = states[0]?.watcher?.pathsMax ?? bounds.pathsMax;
  if (states.length > pathsMax && pathsMax < bounds.pathsMax) states = merged(states);
  if (states.length <= bounds.pathsMax) return states;
  walk.cut.add(`more than ${String(bounds.pathsMax)} paths`);
  return spread(states, bounds.pathsMax);
}

/**
 * So many of them, from all parts of the list: the first ones alone would take every early branch alike. The steps are
 * uneven, or they would fall in with the order in which a branch is taken and not taken.
 */
function spread(states: readonly PathState[], count: number): PathState[] {
  const step = states.length / count;
  return [...new Set(Array.from({ length: count }, (_, i) => states[Math.floor((i + ((i * goldenRatio) % 1)) * step)]!))];
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** Paths that differ only in what locals hold become one, which knows what they have in common. */
function merged(states: readonly PathState[]): PathState[] {
  const byPlace = new Map<string, PathState>();
  for (const state of states) {
    const place = state.place();
    const known = byPlace.get(place);
    byPlace.set(place, known === undefined ? state : known.eventCount >= state.eventCount ? known.forgettingLocals(state) : state.forgettingLocals(known));
  }
  return [...byPlace.values()];
}

/** Of paths alike in structure, pointers, locks and sections, the one that saw most stands for all. */
function joined(states: readonly PathState[]): PathState[] {
  const outlines = states.map((state) => state.outline());
  const alike = new Map<number, number>();
  for (const outline of outlines) alike.set(outline, (alike.get(outline) ?? 0) + 1);
  if (alike.size === states.length) return [...states];
  const byLook = new Map<number | string, PathState>();
  states.forEach((state, index) => {
    const outline = outlines[index]!;
    const look = alike.get(outline) === 1 ? outline : state.look();
    const known = byLook.get(look);
    if (known === undefined) byLook.set(look, state);
    else byLook.set(look, known.eventCount >= state.eventCount ? known.forgetting(state) : state.forgetting(known));
  });
  return [...byLook.values()];
}
