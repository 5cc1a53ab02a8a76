/**
 * Follows the paths of a function: statement by statement, forking where a branch matters, in-file callees
 * included. What it cannot follow (more paths than `bounds.pathsMax`, deeper calls) it says in `cut`.
 */

import { assert } from "../base/assert.ts";
import type { Span } from "../syntax/c-syntax.ts";
import { evaluateCall } from "./call-effects.ts";
import { CalleeSteps } from "./callee-steps.ts";
import type { DetailKind } from "./detail-events.ts";
import { emit, emitQuietly, textOf, type EvalContext } from "./evaluate.ts";
import type { FileFacts } from "./file-facts.ts";
import { declareParameters, noteLostGotos, noteUnread } from "./follow-calls.ts";
import { block, list, statement } from "./follow-statements.ts";
import { PathState } from "./path-state.ts";
import { readerEntries } from "./reader-entries.ts";
import { SymbolTable } from "./places.ts";
import { Recordings } from "./recordings.ts";
import { relevanceOf, type Relevance } from "./relevance.ts";
import { bounds, type StepLimits, type Sym, type Traces } from "./trace.ts";
import type { Walk } from "./walk.ts";
import type { PathWatcher } from "./watching.ts";

export class PathWalker {
  readonly relevance: Relevance;
  readonly #walking: Walk;
  readonly #memo = new Map<string, Traces>();

  /** `apart`: details that tell paths apart; see detail-events.ts. Give `relevanceOf(facts, topic, apart)` with them. */
  constructor(facts: FileFacts, relevance = relevanceOf(facts), { apart = new Set<DetailKind>(), limits = bounds, records = true }: { readonly apart?: ReadonlySet<DetailKind>; readonly limits?: StepLimits; readonly records?: boolean } = {}) {
    this.relevance = relevance;
    this.#walking = newWalk(facts, relevance, apart, limits, records);
  }

  /** All followed paths of `name`; memoised. */
  tracesOf(name: string): Traces {
    const known = this.#memo.get(name);
    if (known !== undefined) return known;
    const traces = this.#walk(name, undefined);
    this.#memo.set(name, traces);
    return traces;
  }

  /** The same, told to `watcher` while it is walked; paths may differ where it tells returns apart. */
  watch(name: string, watcher: PathWatcher): Traces {
    return this.#walk(name, watcher);
  }

  get facts(): FileFacts {
    return this.#walking.facts;
  }

  get symbols(): SymbolTable {
    return this.#walking.ctx.symbols;
  }

  #walk(name: string, watcher: PathWatcher | undefined): Traces {
    const fn = this.#walking.facts.functions.get(name);
    assert(fn !== undefined, `tracesOf() wants a function of the file, not ${name}`);
    this.#walking.cut = new Set();
    this.#walking.ctx.steps = 0;
    this.#walking.recordings.forget();
    this.#walking.calleeSteps.forget();
    const state = new PathState();
    state.fn = name;
    state.frame = name;
    state.watcher = watcher;
    state.apart = this.#walking.apart;
    state.outside = this.#walking.facts.outside;
    // Facts are those of the function's own text.
    const entry = watcher === undefined ? readerEntries(this.#walking.facts).get(name) : undefined;
    if (entry !== undefined) state.readers = [{ flavour: "rcu", domain: "", domainBase: undefined, at: entry.at, serial: ++state.sectionCount, entry: entry.name }];
    declareParameters(this.#walking, fn, state, []);
    const scopeEnd = fn.body.end - 1;
    const ends = this.#walking.block(fn.body.body, [state], scopeEnd);
    for (const end of ends) this.#exit(end, { start: scopeEnd, end: fn.body.end });
    noteLostGotos(this.#walking, ends, name);
    noteUnread(this.#walking, fn);
    return this.#tracesFrom(name, ends.filter((end) => end.status.kind !== "abort"));
  }

  /** The callback of a call_rcu(), run on the rcu_head it was queued with. */
  callbackEvents(name: string, head: Sym): Traces {
    const fn = this.#walking.facts.functions.get(name);
    assert(fn !== undefined, `callbackEvents() wants a function of the file, not ${name}`);
    const state = new PathState();
    state.fn = name;
    state.frame = `callback ${name} ${String(head.id)}`;
    state.outside = this.#walking.facts.outside;
    this.#walking.ctx.steps = 0;
    this.#walking.recordings.forget();
    this.#walking.cut = new Set();
    declareParameters(this.#walking, fn, state, [head]);
    const scopeEnd = fn.body.end - 1;
    const ends = this.#walking.block(fn.body.body, [state], scopeEnd);
    for (const end of ends) this.#exit(end, { start: scopeEnd, end: fn.body.end });
    noteUnread(this.#walking, fn);
    return this.#tracesFrom(name, ends);
  }

  /** After scopes were unwound. Who watches was told of a return when it was met: paths may have been joined since. */
  #exit(end: PathState, brace: Span): void {
    const { status } = end;
    // Of a path whose last statements were too much to follow, the end is not known.
    const isFollowed = this.#walking.ctx.steps <= this.#walking.limits.stepsMax;
    if (status.kind === "normal" && isFollowed) emit(end, brace, { kind: "exit", value: undefined, text: "" });
    if (status.kind !== "return") return;
    const at = end.leftAt ?? brace;
    emitQuietly(end, at, { kind: "exit", value: status.value, text: textOf(at, this.#walking.ctx).replace(/^return\b\s*/, "").replace(/\s*;$/, "") });
  }

  #tracesFrom(root: string, ends: readonly PathState[]): Traces {
    this.#walking.recordings.forget();
    const cut = [...this.#walking.cut];
    return { root, traces: ends.map((end) => ({ root, events: end.events(), contradictions: [...end.contradictions].map(([text, at]) => ({ text, at })), cut, build: end.build() })), cut };
  }
}

function newWalk(facts: FileFacts, relevance: Relevance, apart: ReadonlySet<string>, limits: StepLimits, records: boolean): Walk {
  const ctx: EvalContext = {
    facts,
    symbols: new SymbolTable(facts.structs),
    localTypes: new Map(),
    localKeys: new Map(),
    call: (expr, state, evaluating) => evaluateCall(expr, state, evaluating, relevance),
    steps: 0,
    localsLearned: [],
  };
  const calleeSteps = new CalleeSteps(ctx, limits);
  const walk: Walk = {
    facts, relevance, apart, limits, ctx, recordings: new Recordings(ctx, limits, calleeSteps, records), calleeSteps, cut: new Set(),
    matters: new Map(), calls: new Map(), callsFollowed: new Map(), tags: new Map(), written: new Map(),
    statement: (stmt, state) => statement(walk, stmt, state),
    block: (stmts, states, scopeEnd) => block(walk, stmts, states, scopeEnd),
    list: (stmts, states, scopeEnd, guards) => list(walk, stmts, states, scopeEnd, guards),
  };
  return walk;
}
