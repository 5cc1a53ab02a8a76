/**
 * Follows the paths of a function: statement by statement, forking where a branch matters, in-file callees
 * included. What it cannot follow (more paths than `bounds.pathsMax`, deeper calls) it says in `cut`.
 */

import { assert } from "../base/assert.ts";
import type { BuildArm, Expr, FunctionDef, Span, Stmt } from "../syntax/c-syntax.ts";
import { partsOf, walkExprs, walkStmts } from "./ast-walk.ts";
import { branchOn, branchOnBuild, splitEqual } from "./branches.ts";
import { assumeHeld, evaluateCall, headPlace, heldLock, tablePlace } from "./call-effects.ts";
import { isDetail, type DetailKind } from "./detail-events.ts";
import { declareLocal, emit, emitQuietly, evaluate, havoc, opaqueValue, tell, textOf, write, type EvalContext } from "./evaluate.ts";
import type { FileFacts } from "./file-facts.ts";
import { enterGuard, isUnwound, leaveGuards } from "./guards.ts";
import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import type { EffectSpec } from "./kernel-api/schema.ts";
import { buildChoice, normal, PathState, type Status } from "./path-state.ts";
import type { Expansion, OutsideFunction } from "./outside.ts";
import { enter, isTooDeep } from "./outside-calls.ts";
import { placeId, SymbolTable } from "./places.ts";
import { Recordings } from "./recordings.ts";
import { relevanceOf, type Relevance } from "./relevance.ts";
import { carriedNames, changesControl, hasLabelAfter, isAlwaysTrue, isSpin, labelsOf, releaseOf, takesLockOnCondition, withArms } from "./statement-shape.ts";
import { bounds, moreRounds, type HeldLock, type StepLimits, type Sym, type Traces } from "./trace.ts";
import type { PathWatcher } from "./watching.ts";

export class PathWalker {
  readonly relevance: Relevance;
  readonly #facts: FileFacts;
  readonly #apart: ReadonlySet<string>;
  readonly #limits: StepLimits;
  readonly #memo = new Map<string, Traces>();
  readonly #matters = new Map<Stmt, boolean>();
  readonly #calls = new Map<Expr, readonly PossibleCall[]>();
  readonly #written = new Map<Stmt, readonly Expr[]>();
  readonly #callsFollowed = new Map<Expr, boolean>();
  readonly #tags = new Map<string, string>();
  #cut = new Set<string>();
  /** One symbol table for the whole file, so that symbols of different roots can be compared. */
  readonly #ctx: EvalContext;
  readonly #recordings: Recordings;

  /** `apart`: details that tell paths apart; see detail-events.ts. Give `relevanceOf(facts, topic, apart)` with them. */
  constructor(facts: FileFacts, relevance = relevanceOf(facts), { apart = new Set<DetailKind>(), limits = bounds }: { readonly apart?: ReadonlySet<DetailKind>; readonly limits?: StepLimits } = {}) {
    this.#facts = facts;
    this.#limits = limits;
    this.relevance = relevance;
    this.#apart = apart;
    this.#ctx = this.#newContext();
    this.#recordings = new Recordings(this.#ctx, limits.stepsMax);
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
    return this.#facts;
  }

  get symbols(): SymbolTable {
    return this.#ctx.symbols;
  }

  #walk(name: string, watcher: PathWatcher | undefined): Traces {
    const fn = this.#facts.functions.get(name);
    assert(fn !== undefined, `tracesOf() wants a function of the file, not ${name}`);
    this.#cut = new Set();
    this.#ctx.steps = 0;
    this.#recordings.forget();
    const state = new PathState();
    state.fn = name;
    state.frame = name;
    state.watcher = watcher;
    state.apart = this.#apart;
    state.outside = this.#facts.outside;
    this.#declareParameters(fn, state, []);
    const scopeEnd = fn.body.end - 1;
    const ends = this.#block(fn.body.body, [state], scopeEnd);
    for (const end of ends) this.#exit(end, { start: scopeEnd, end: fn.body.end });
    this.#noteLostGotos(ends, name);
    this.#noteUnread(fn);
    return this.#tracesFrom(name, ends.filter((end) => end.status.kind !== "abort"));
  }

  /** The callback of a call_rcu(), run on the rcu_head it was queued with. */
  callbackEvents(name: string, head: Sym): Traces {
    const fn = this.#facts.functions.get(name);
    assert(fn !== undefined, `callbackEvents() wants a function of the file, not ${name}`);
    const state = new PathState();
    state.fn = name;
    state.frame = `callback ${name} ${String(head.id)}`;
    state.outside = this.#facts.outside;
    this.#ctx.steps = 0;
    this.#recordings.forget();
    this.#cut = new Set();
    this.#declareParameters(fn, state, [head]);
    const scopeEnd = fn.body.end - 1;
    const ends = this.#block(fn.body.body, [state], scopeEnd);
    for (const end of ends) this.#exit(end, { start: scopeEnd, end: fn.body.end });
    this.#noteUnread(fn);
    return this.#tracesFrom(name, ends);
  }

  /** After scopes were unwound. Who watches was told of a return when it was met: paths may have been joined since. */
  #exit(end: PathState, brace: Span): void {
    const { status } = end;
    // Of a path whose last statements were too much to follow, the end is not known.
    const isFollowed = this.#ctx.steps <= this.#limits.stepsMax;
    if (status.kind === "normal" && isFollowed) emit(end, brace, { kind: "exit", value: undefined, text: "" });
    if (status.kind !== "return") return;
    const at = end.leftAt ?? brace;
    emitQuietly(end, at, { kind: "exit", value: status.value, text: textOf(at, this.#ctx).replace(/^return\b\s*/, "").replace(/\s*;$/, "") });
  }

  #tracesFrom(root: string, ends: readonly PathState[]): Traces {
    this.#recordings.forget();
    const cut = [...this.#cut];
    return { root, traces: ends.map((end) => ({ root, events: end.events(), contradictions: [...end.contradictions], cut, build: end.build() })), cut };
  }

  #newContext(): EvalContext {
    return {
      facts: this.#facts,
      symbols: new SymbolTable(this.#facts.structs),
      localTypes: new Map(),
      localKeys: new Map(),
      call: (expr, state, ctx) => evaluateCall(expr, state, ctx, this.relevance),
      steps: 0,
      localsLearned: [],
    };
  }

  /** "foo_t *" is "struct foo *": matching goes by the tag. */
  #tagged(type: string): string {
    const known = this.#tags.get(type);
    if (known !== undefined) return known;
    const tagged = /\b(?:struct|union|enum)\b/.test(type) ? type : type.replace(/\b[A-Za-z_]\w*\b/g, (word) => {
      const tag = this.#facts.typedefs.get(word) ?? this.#facts.outside.typedef(word);
      return tag === undefined ? word : `struct ${tag}`;
    });
    this.#tags.set(type, tagged);
    return tagged;
  }

  #declareParameters(fn: FunctionDef, state: PathState, args: readonly Sym[]): void {
    fn.parameters.forEach(({ name, type: declared }, index) => {
      const type = this.#tagged(declared);
      const key = `${state.frame}:${name}`;
      declareLocal(key, type, false, this.#ctx);
      const value = args[index] ?? this.#ctx.symbols.intern(`parameter ${key}`, { kind: "parameter", function: fn.name, name }, type);
      this.#ctx.symbols.refine(value, type);
      state.setLocal(key, value);
      state.watcher?.onNamed(value, key);
    });
    for (const attribute of fn.attributes) {
      const lock = attribute.name === "__must_hold" ? /\(\s*&?(.+)\)\s*$/.exec(attribute.text)?.[1] : undefined;
      if (lock !== undefined) assumeHeld(this.#promisedLock(lock, state), state);
    }
  }

  /** __must_hold(&d->lock): the lock of the parameter d. */
  #promisedLock(text: string, state: PathState): HeldLock {
    const [, name, field] = /^(\w+)(?:->|\.)(\w+)$/.exec(text) ?? [];
    const base = name === undefined ? undefined : state.env.get(`${state.frame}:${name}`);
    if (base === undefined || field === undefined) return { key: `global ${text}`, base: -1, class: "held", at: undefined, text };
    return heldLock(this.#ctx.symbols.address(this.#ctx.symbols.place(base, [field])), "held", undefined, text);
  }

  /** What of the function's text is not in its body. */
  #noteUnread(fn: FunctionDef): void {
    if (fn.hasError) this.#cut.add(`parts of ${fn.name}() could not be parsed`);
    const arm = this.#facts.unit.skippedArms?.find(({ start, acts }) => acts && fn.start <= start && start < fn.end);
    if (arm !== undefined) this.#cut.add(`an arm of ${arm.directive} in ${fn.name}() was not followed`);
  }

  #noteLostGotos(ends: readonly PathState[], name: string): void {
    const lost = ends.find((end) => end.status.kind === "goto");
    if (lost?.status.kind === "goto") this.#cut.add(`${name}() jumps into a block, to ${lost.status.label}`);
  }

  /** Runs a statement list; guards without a body end with it. A `goto` that its labels catch goes on from there. */
  #block(stmts: readonly Stmt[], states: readonly PathState[], scopeEnd = stmts.at(-1)?.end ?? 0): PathState[] {
    return this.#list(stmts, states, scopeEnd, withArms(stmts).filter((stmt) => isUnwound(stmt, states[0])));
  }

  /** `guards` end with the list. */
  #list(stmts: readonly Stmt[], states: readonly PathState[], scopeEnd: number, guards: readonly Stmt[]): PathState[] {
    let live = [...states];
    const done: PathState[] = [];
    for (let index = 0; index < stmts.length; index++) {
      const stmt = stmts[index];
      if (stmt === undefined) continue;
      const after = live.flatMap((state) => this.#statement(stmt, state));
      live = after.length > live.length ? this.#limit(after) : after;
      const leaving = live.filter((state) => state.status.kind !== "normal");
      done.push(...leaving);
      live = live.filter((state) => state.status.kind === "normal");
      if (live.length === 0 && !hasLabelAfter(stmts, index, done)) break;
      live.push(...this.#catchGotos(stmts, index + 1, done));
    }
    for (let again = this.#caughtBackwards(stmts, done); again.length > 0; again = this.#caughtBackwards(stmts, done)) {
      for (const { index, state } of again) done.push(...this.#list(stmts.slice(index), [state], scopeEnd, withArms(stmts.slice(index)).filter((stmt) => guards.includes(stmt))));
    }
    const ends = [...done, ...live];
    if (guards.length > 0) for (const end of ends) leaveGuards(guards, end, this.#ctx, scopeEnd);
    return this.#limit(ends);
  }

  /** States that jump to a label at or before the next statement index are resumed there. */
  #catchGotos(stmts: readonly Stmt[], next: number, done: PathState[]): PathState[] {
    const stmt = stmts[next];
    const label = stmt?.kind === "label" ? stmt.name : undefined;
    if (label === undefined) return [];
    const caught = done.filter((state) => state.status.kind === "goto" && state.status.label === label);
    for (const state of caught) {
      done.splice(done.indexOf(state), 1);
      state.status = normal;
    }
    return caught;
  }

  /** Backward jumps (retry:) are followed once. */
  #caughtBackwards(stmts: readonly Stmt[], done: PathState[]): { index: number; state: PathState }[] {
    const caught: { index: number; state: PathState }[] = [];
    for (const state of [...done]) {
      if (state.status.kind !== "goto") continue;
      const label = state.status.label;
      const index = stmts.findIndex((stmt) => labelsOf(stmt).includes(label));
      if (index < 0) continue;
      done.splice(done.indexOf(state), 1);
      const visits = state.visitedLabels.get(label) ?? 0;
      if (visits >= bounds.loopRounds) continue;
      state.visitedLabels.set(label, visits + 1);
      state.round++;
      state.status = normal;
      caught.push({ index, state });
    }
    return caught;
  }

  /** Joins paths that no rule can tell apart, then keeps to the bound. */
  #limit(all: PathState[]): PathState[] {
    const states = all.length > 1 ? joined(all) : all;
    if (states.length <= bounds.pathsMax) return states;
    this.#cut.add(`more than ${String(bounds.pathsMax)} paths`);
    return states.slice(0, bounds.pathsMax);
  }

  #statement(stmt: Stmt, state: PathState): PathState[] {
    if (state.status.kind !== "normal") return [state];
    if (this.#ctx.steps > this.#limits.stepsMax) {
      this.#cut.add("the function is too large to follow");
      // Who watches must not take what comes next for the end of this path.
      if (state.watcher !== undefined) state.status = { kind: "abort" };
      return [state];
    }
    state.watcher?.onStatement(stmt);
    switch (stmt.kind) {
      case "expression": {
        const written = this.#writtenOut(stmt.expression);
        if (written?.kind === "statements") return this.#macroBlock(written.body, state);
        return this.#prepared(stmt.expression, state, (ready) => {
          ready.statementCall = stmt.expression;
          evaluate(stmt.expression, ready, this.#ctx);
        });
      }
      case "declaration": return this.#declaration(stmt, state);
      case "if": return this.#if(stmt, state);
      case "while": return this.#loop(stmt, state, stmt.condition, stmt.body, undefined);
      case "do": return this.#doLoop(stmt, state);
      case "for": {
        const begun = stmt.init === undefined ? [state] : this.#statement(stmt.init, state);
        return begun.flatMap((one) => this.#loop(stmt, one, stmt.condition, stmt.body, stmt.update));
      }
      case "macro-loop": return this.#macroLoop(stmt, state);
      case "guard": return this.#guard(stmt, state);
      case "switch": return this.#switch(stmt, state);
      case "return": {
        const { value } = stmt;
        if (value === undefined) return [leave(state, stmt, { kind: "return", value: undefined }, "")];
        return this.#prepared(value, state, (ready) => { leave(ready, stmt, { kind: "return", value: evaluate(value, ready, this.#ctx) }, textOf(value, this.#ctx)); });
      }
      case "break": return [leave(state, stmt, { kind: "break" })];
      case "continue": return [leave(state, stmt, { kind: "continue" })];
      case "goto": return [leave(state, stmt, { kind: "goto", label: stmt.label })];
      case "label": return stmt.body === undefined ? [state] : this.#statement(stmt.body, state);
      case "block": return this.#block(stmt.body, [state], stmt.end - 1);
      case "arms": return this.#arms(stmt, state);
      case "empty": return [state];
      case "asm": case "unknown":
        emit(state, stmt, { kind: "opaque", name: stmt.kind === "asm" ? "inline assembly" : "code that could not be parsed", args: [], isStatement: true });
        return [state];
    }
  }

  /** What a call of a macro stands for. */
  #writtenOut(expr: Expr): Expansion | undefined {
    return expr.kind === "call" && expr.callee.kind === "identifier" && !this.#facts.functions.has(expr.callee.name) ? this.#facts.outside.expansion(expr) : undefined;
  }

  /** The statements of a macro: its locals end with it, and may have the names of another one's. */
  #macroBlock(body: readonly Stmt[], state: PathState): PathState[] {
    const names = body.flatMap((stmt) => (stmt.kind === "declaration" ? stmt.declarators.map(({ name }) => `${state.frame}:${name}`) : []));
    const hidden = names.flatMap((key) => { const value = state.env.get(key); return value === undefined ? [] : [[key, value] as const]; });
    for (const [key] of hidden) state.forgetLocal(key);
    const ends = this.#block(body, [state]);
    for (const end of ends) {
      for (const key of names) end.forgetLocal(key);
      for (const [key, value] of hidden) end.setLocal(key, value);
    }
    return ends;
  }

  #declaration(stmt: Stmt & { readonly kind: "declaration" }, state: PathState): PathState[] {
    let states = [state];
    for (const declarator of stmt.declarators) {
      for (const one of states) if (!one.declared.has(`${one.frame}:${declarator.name}@${String(declarator.start)}`) && this.#ctx.localTypes.has(`${one.frame}:${declarator.name}`) && one.env.has(`${one.frame}:${declarator.name}`)) this.#shadowed(declarator.name, one);
      for (const one of states) one.declared.set(`${one.frame}:${declarator.name}@${String(declarator.start)}`, true);
      for (const one of states) declareLocal(`${one.frame}:${declarator.name}`, this.#tagged(declarator.type), declarator.isArray, this.#ctx);
      const { init } = declarator;
      if (init === undefined) continue;
      states = states.flatMap((one) =>
        this.#prepared(init, one, (ready) => {
          const value = evaluate(init, ready, this.#ctx);
          write({ kind: "local", key: `${ready.frame}:${declarator.name}`, type: this.#tagged(declarator.type) }, value, init, ready, this.#ctx, "plain", false);
        }),
      );
    }
    return states;
  }

  /** An inner block declares a name again: the two are not kept apart, so nothing is claimed. */
  #shadowed(name: string, state: PathState): void {
    state.contradictions.add(`the inner ${name}`);
    this.#cut.add(`${name} is declared again in an inner block`);
  }

  #if(stmt: Stmt & { readonly kind: "if" }, state: PathState): PathState[] {
    const arms: readonly Stmt[] = stmt.else === undefined ? [stmt.then] : [stmt.then, stmt.else];
    const matters = arms.some((arm) => this.#doesMatter(arm)) || this.#hasFollowedCall(stmt.condition) || state.conditionalLocks.size > 0;
    const before = matters ? state : state.clone();
    const { yes, no } = this.#split(stmt.condition, state);
    if (!matters && yes.length > 0 && no.length > 0) return this.#bothArms(stmt, before);
    for (const one of yes) emit(one, stmt.condition, { kind: "branch", text: textOf(stmt.condition, this.#ctx), taken: true });
    for (const one of no) emit(one, stmt.condition, { kind: "branch", text: textOf(stmt.condition, this.#ctx), taken: false });
    const { else: otherwise } = stmt;
    const after = yes.flatMap((one) => this.#statement(stmt.then, one));
    after.push(...(otherwise === undefined ? no : no.flatMap((one) => this.#statement(otherwise, one))));
    return this.#limit(after);
  }

  /** The arms of an `#if` group: each on the paths whose build has it. */
  #arms({ arms }: Stmt & { readonly kind: "arms" }, state: PathState): PathState[] {
    const forks = arms.some(({ body }) => body.some((one) => one.kind === "declaration" || this.#doesMatter(one)));
    if (!forks) return [this.#armsInTurn(arms, state)];
    const after: PathState[] = [];
    let rest = [state];
    for (const { condition, body } of arms) {
      const splits = rest.map((one) => (condition === undefined ? { yes: [one], no: [] } : branchOnBuild(condition, one)));
      const taken = splits.flatMap(({ yes }) => yes);
      rest = splits.flatMap(({ no }) => no);
      if (taken.length > 0) after.push(...this.#list(body, taken, 0, []));
    }
    return this.#limit([...after, ...rest]);
  }

  /** No arm matters for control or object life: their accesses are noted under their condition. */
  #armsInTurn(arms: readonly BuildArm[], state: PathState): PathState {
    const before = state.condition;
    let after = state;
    for (const { condition, body } of arms) {
      const decided = condition === undefined ? undefined : state.choices.get(`${buildChoice}${condition.text}`);
      if (condition !== undefined && decided === condition.isNegated) continue;
      const text = condition === undefined ? "no other arm of #if is built" : `${condition.isNegated ? "!" : ""}defined(${condition.text})`;
      after.condition = before === undefined ? text : `${before} && ${text}`;
      [after = state] = this.#list(body, [after], 0, []);
      if (decided !== undefined) break;
    }
    after.condition = before;
    this.#forgetWritten(arms.flatMap(({ body }) => body), after);
    return after;
  }

  /** Splits at a condition, operand by operand, so that a call behind && or || runs only where it is reached. */
  #split(condition: Expr, state: PathState): { yes: PathState[]; no: PathState[] } {
    const written = this.#writtenOut(condition);
    if (written?.kind === "expression") return this.#split(written.expression, state);
    if (condition.kind === "unary" && condition.operator === "!") {
      const { yes, no } = this.#split(condition.operand, state);
      return { yes: no, no: yes };
    }
    if (condition.kind === "binary" && (condition.operator === "&&" || condition.operator === "||")) {
      const isAnd = condition.operator === "&&";
      const left = this.#split(condition.left, state);
      const rights = (isAnd ? left.yes : left.no).map((one) => this.#split(condition.right, one));
      const yes = [...(isAnd ? [] : left.yes), ...rights.flatMap((right) => right.yes)];
      const no = [...(isAnd ? left.no : []), ...rights.flatMap((right) => right.no)];
      return { yes: this.#limit(yes), no: this.#limit(no) };
    }
    const yes: PathState[] = [];
    const no: PathState[] = [];
    for (const ready of this.#follow(condition, state)) {
      if (ready.status.kind !== "normal") continue;
      const split = branchOn(condition, ready, this.#ctx);
      for (const one of [...split.yes, ...split.no]) one.callResults.clear();
      yes.push(...split.yes);
      no.push(...split.no);
    }
    return { yes, no };
  }

  #hasFollowedCall(expr: Expr): boolean {
    const known = this.#callsFollowed.get(expr);
    if (known !== undefined) return known;
    const found = { call: false };
    this.#eachExpr(expr, (one) => { if (one.kind === "call" && (this.#isFollowed(one) || takesLockOnCondition(one))) found.call = true; });
    this.#callsFollowed.set(expr, found.call);
    return found.call;
  }

  /** Neither arm matters for control or object life: their accesses are noted under their condition. */
  #bothArms(stmt: Stmt & { readonly kind: "if" }, state: PathState): PathState[] {
    const text = textOf(stmt.condition, this.#ctx);
    const before = state.condition;
    evaluate(stmt.condition, state, this.#ctx);
    state.condition = before === undefined ? text : `${before} && ${text}`;
    const [first = state] = this.#statement(stmt.then, state);
    first.condition = before === undefined ? `!(${text})` : `${before} && !(${text})`;
    const [second = first] = stmt.else === undefined ? [first] : this.#statement(stmt.else, first);
    second.condition = before;
    this.#forgetWritten(stmt.else === undefined ? [stmt.then] : [stmt.then, stmt.else], second);
    return [second];
  }

  /** What these statements write has a value that nobody knows once they were not followed path by path. */
  #forgetWritten(stmts: readonly Stmt[], state: PathState): void {
    for (const stmt of stmts) for (const target of this.#writtenIn(stmt)) havoc(target, state, this.#ctx);
  }

  #writtenIn(stmt: Stmt): readonly Expr[] {
    const known = this.#written.get(stmt);
    if (known !== undefined) return known;
    const found: Expr[] = [];
    walkExprs(stmt, (expr) => {
      if (expr.kind === "assignment") found.push(expr.target);
      else if (expr.kind === "update") found.push(expr.operand);
    });
    this.#written.set(stmt, found);
    return found;
  }

  /** A loop without a condition ends at a break, goto or return only. */
  #loop(stmt: Stmt, state: PathState, condition: Expr | undefined, body: Stmt, update: Expr | undefined): PathState[] {
    const matters = this.#doesMatter(stmt);
    const entry = matters ? undefined : state.clone();
    const starts = condition === undefined ? { yes: [state], no: [] as PathState[] } : this.#split(condition, state);
    const isEndless = condition === undefined || (starts.no.length === 0 && isAlwaysTrue(condition));
    if (entry !== undefined && !isEndless) return starts.yes.length === 0 ? starts.no : [this.#looped(stmt, entry, condition, body, update)];
    if (matters) this.#noteRounds(body, update);
    const left: PathState[] = [];
    let going = starts.yes;
    for (let round = 1; going.length > 0; round++) {
      const ends = going.flatMap((one) => this.#block([body], [one]));
      const through = ends.filter((one) => one.status.kind === "normal" || one.status.kind === "continue").map(endLoop);
      left.push(...ends.filter((one) => !through.includes(one)).map(endLoop));
      // An endless loop is left by a break, goto or return only.
      if (isEndless) {
        if (this.relevance.topic === "data") left.push(...through.map(roundOf));
        break;
      }
      const updated = update === undefined ? through : through.flatMap((one) => this.#prepared(update, one, (ready) => { evaluate(update, ready, this.#ctx); }));
      const again = updated.map((one) => this.#split(condition, one));
      left.push(...again.flatMap((split) => split.no));
      // Only a condition that is known to hold makes another round certain; other rounds are not followed.
      going = this.#limit(again.flatMap((split) => (split.no.length === 0 ? split.yes : [])));
      if (round < bounds.knownRounds) continue;
      for (const one of going) one.contradictions.add(`${moreRounds}${textOf(condition, this.#ctx)}`);
      // Rounds that only wait repeat one read: all that another one may bring is another value, and the loop's end takes that.
      if (going.length > 0 && !isSpin(body)) this.#cut.add(`only ${String(bounds.knownRounds)} rounds of a loop were followed`);
      left.push(...going);
      break;
    }
    return this.#limit([...left, ...starts.no]);
  }

  /** What one round leaves for the next: followed rounds are one, so a refutation would not cover it. */
  #noteRounds(body: Stmt, update: Expr | undefined): void {
    const carried = carriedNames(body, update);
    if (carried !== undefined) this.#cut.add(`one round of a loop was followed, and ${carried} goes from round to round`);
  }

  /** A loop that changes nothing a rule asks about: its accesses are noted once, what it writes is unknown after. */
  #looped(stmt: Stmt, state: PathState, condition: Expr | undefined, body: Stmt, update: Expr | undefined): PathState {
    const before = state.condition;
    if (condition !== undefined) evaluate(condition, state, this.#ctx);
    if (isSpin(body)) emit(state, stmt, { kind: "opaque", name: "a loop that waits for memory to change", args: [], isStatement: true });
    const [after = state] = this.#block([body], [state]);
    if (after.status.kind === "normal" && update !== undefined) evaluate(update, after, this.#ctx);
    after.status = normal;
    after.condition = before;
    this.#forgetWritten([stmt], after);
    return after;
  }

  #doLoop(stmt: Stmt & { readonly kind: "do" }, state: PathState): PathState[] {
    if (this.#doesMatter(stmt.body)) this.#noteRounds(stmt.body, undefined);
    return this.#limit(this.#block([stmt.body], [state]).flatMap((one) => {
      const goesOn = one.status.kind === "normal" || one.status.kind === "continue";
      const ended = endLoop(one);
      if (!goesOn) return [ended];
      if (isSpin(stmt.body)) emit(ended, stmt, { kind: "opaque", name: "a loop that waits for memory to change", args: [], isStatement: true });
      return this.#split(stmt.condition, ended).no;
    }));
  }

  #macroLoop(stmt: Stmt & { readonly kind: "macro-loop" }, state: PathState): PathState[] {
    const written = apiOf(stmt.macro) === undefined ? this.#facts.outside.loop(stmt) : stmt;
    if (written !== stmt) return this.#statement(written, state);
    const walk = apiOf(stmt.macro)?.effects.find((effect) => effect.kind === "list-walk");
    const empty = this.#doesMatter(stmt.body) || walk !== undefined ? [state.clone()] : [];
    if (walk === undefined) {
      for (const arg of stmt.args) this.#assignOpaque(arg, state);
      this.#noteLookup(stmt, state);
      return this.#limit([...empty, ...this.#block([stmt.body], [state]).map(endLoop)]);
    }
    if (this.#doesMatter(stmt.body)) this.#noteRounds(stmt.body, undefined);
    const enter = this.#enterWalk(stmt, walk, state);
    const after = this.#block([stmt.body], [state]).map((one) => {
      const wentOn = one.status.kind === "normal" || one.status.kind === "continue";
      const ended = endLoop(one);
      if (wentOn && walk.next === undefined) emit(ended, stmt.headSpan, { kind: "advance", element: enter.element, member: enter.member, rcu: walk.rcu });
      return ended;
    });
    return this.#limit([...after, ...empty]);
  }

  #enterWalk(stmt: Stmt & { readonly kind: "macro-loop" }, walk: EffectSpec & { readonly kind: "list-walk" }, state: PathState): { element: Sym; member: string } {
    const ctx = this.#ctx;
    const cursor = stmt.args[walk.cursor];
    const headExpr = stmt.args[walk.head];
    const memberExpr = walk.member === undefined ? undefined : stmt.args[walk.member];
    const member = memberExpr === undefined ? "" : textOf(memberExpr, ctx);
    const head = headExpr === undefined ? undefined : walk.isTable === true ? tablePlace(headExpr, state, ctx) : headPlace(evaluate(headExpr, state, ctx), ctx);
    const key = cursor?.kind === "identifier" ? `${state.frame}:${cursor.name}` : undefined;
    const type = key === undefined ? "" : (ctx.localTypes.get(key)?.type ?? "");
    const element = ctx.symbols.intern(`element ${head === undefined ? "?" : placeId(head)} ${state.site}@${String(stmt.start)}`, { kind: "element", head, member }, type);
    if (key !== undefined) {
      state.setLocal(key, element);
      state.watcher?.onNamed(element, key);
    }
    state.nullness.set(element.id, "set");
    emit(state, stmt.headSpan, { kind: "walk", head, element, member, rcu: walk.rcu, flavour: walk.flavour ?? "rcu", conditional: stmt.args.length > (walk.key ?? walk.member ?? walk.head) + 1 });
    if (walk.next !== undefined) emit(state, stmt.headSpan, { kind: "advance", element, member, rcu: walk.rcu });
    return { element, member };
  }

  /** A loop over a container that is no list: its cursor is an element of it. */
  #noteLookup(stmt: Stmt & { readonly kind: "macro-loop" }, state: PathState): void {
    const effect = partlyKnown(stmt.macro)?.effects.find((one) => one.kind === "lookup");
    const [container, cursor] = effect === undefined ? [] : [stmt.args[effect.container], effect.cursor === undefined ? undefined : stmt.args[effect.cursor]];
    if (effect === undefined || container === undefined || cursor === undefined) return;
    const quiet = unwatched(state);
    emit(state, stmt.headSpan, { kind: "lookup", store: effect.store, container: evaluate(container, quiet, this.#ctx), key: undefined, element: evaluate(cursor, quiet, this.#ctx), rcu: effect.rcu, api: stmt.macro });
  }

  #assignOpaque(arg: Expr, state: PathState): void {
    if (arg.kind !== "identifier") { if (arg.kind !== "type") evaluate(arg, state, this.#ctx); return; }
    const key = `${state.frame}:${arg.name}`;
    const type = this.#ctx.localTypes.get(key)?.type;
    if (type === undefined || state.env.has(key)) return;
    const value = opaqueValue(`cursor ${key}@${String(arg.start)}`, type, this.#ctx);
    state.setLocal(key, value);
    state.watcher?.onNamed(value, key);
  }

  #guard(stmt: Stmt & { readonly kind: "guard" }, state: PathState): PathState[] {
    enterGuard(stmt, state, this.#ctx);
    const { body } = stmt;
    if (body === undefined) return [state];
    const after = this.#block([body], [state]).map(endLoop);
    for (const one of after) leaveGuards([stmt], one, this.#ctx, body.end - 1);
    return after;
  }

  #switch(stmt: Stmt & { readonly kind: "switch" }, state: PathState): PathState[] {
    return this.#follow(stmt.value, state).flatMap((ready) => {
      const value = evaluate(stmt.value, ready, this.#ctx);
      const after: PathState[] = [];
      let rest: PathState[] = [ready];
      stmt.cases.forEach((one, index) => {
        if (one.label === undefined) return;
        const label = one.label;
        const isRange = label.kind === "binary" && label.operator === "|";
        const splits = rest.map((left) => (isRange ? { yes: [left.clone()], no: [left] } : splitEqual(value, evaluate(label, left, this.#ctx), left, `${textOf(stmt.value, this.#ctx)} == ${textOf(label, this.#ctx)}`)));
        rest = splits.flatMap((split) => split.no);
        after.push(...this.#runCases(stmt, index, splits.flatMap((split) => split.yes)));
      });
      const fallback = stmt.cases.findIndex((one) => one.isDefault);
      after.push(...(fallback < 0 ? rest : this.#runCases(stmt, fallback, rest)));
      return this.#limit(after);
    });
  }

  /** From a label on, through the cases below it, up to a break. */
  #runCases(stmt: Stmt & { readonly kind: "switch" }, from: number, states: readonly PathState[]): PathState[] {
    const body = stmt.cases.slice(from).flatMap((one) => one.body);
    return this.#block(body, states).map((end) => { if (end.status.kind === "break") end.status = normal; return end; });
  }

  /** Follows the in-file calls of an expression, then runs `use` on each resulting state. */
  #prepared(expr: Expr, state: PathState, use: (ready: PathState) => void): PathState[] {
    const states = this.#follow(expr, state);
    for (const ready of states) {
      if (ready.status.kind !== "normal") continue;
      use(ready);
      ready.callResults.clear();
    }
    return states;
  }

  #follow(expr: Expr, state: PathState): PathState[] {
    const calls = this.#callsIn(expr);
    if (calls.length === 0) return [state];
    let states = [state];
    for (const { call, sure } of calls) {
      states = this.#limit(states.flatMap((one) => {
        if (sure) return this.#inline(call, one);
        const without = one.clone();
        without.callResults.set(call, opaqueValue(`not called ${String(call.start)} ${one.site}`, "", this.#ctx));
        const before = one.condition;
        one.condition = `${before === undefined ? "" : `${before} && `}${textOf(call, this.#ctx)} is called`;
        const made = this.#inline(call, one);
        for (const end of made) end.condition = before;
        return [...made, without];
      }));
    }
    return states;
  }

  #callsIn(expr: Expr): readonly PossibleCall[] {
    let calls = this.#calls.get(expr);
    if (calls === undefined) {
      const found: PossibleCall[] = [];
      this.#collectCalls(expr, true, found);
      calls = found;
      this.#calls.set(expr, calls);
    }
    return calls;
  }

  /** The followed calls of an expression, inner ones first; one behind &&, || or ?: may not be made (`sure` false). */
  #collectCalls(expr: Expr, sure: boolean, calls: PossibleCall[]): void {
    if (expr.kind === "binary" && (expr.operator === "&&" || expr.operator === "||")) {
      this.#collectCalls(expr.left, sure, calls);
      this.#collectCalls(expr.right, false, calls);
    } else if (expr.kind === "conditional") {
      this.#collectCalls(expr.condition, sure, calls);
      if (expr.then !== undefined) this.#collectCalls(expr.then, false, calls);
      this.#collectCalls(expr.else, false, calls);
    } else {
      const written = this.#writtenOut(expr);
      if (written?.kind === "expression") { this.#collectCalls(written.expression, sure, calls); return; }
      for (const part of partsOf(expr)) this.#collectCalls(part, sure, calls);
      if (expr.kind === "call" && this.#isFollowed(expr)) calls.push({ call: expr, sure });
    }
  }

  #isFollowed(call: Expr & { readonly kind: "call" }): boolean {
    if (call.callee.kind !== "identifier") return false;
    const { name } = call.callee;
    if (this.#facts.functions.has(name) || this.#outsideFn(name) !== undefined) return this.relevance.follow.has(name);
    return releaseOf(call, this.#facts) !== undefined;
  }

  /** A function of a header that the path follows. */
  #outsideFn(name: string): OutsideFunction | undefined {
    return this.relevance.follow.has(name) && !this.#facts.functions.has(name) ? this.#facts.outside.fn(name) : undefined;
  }

  #inline(call: Expr & { readonly kind: "call" }, state: PathState): PathState[] {
    const name = call.callee.kind === "identifier" ? call.callee.name : "";
    const release = releaseOf(call, this.#facts);
    const outside = release === undefined ? this.#outsideFn(name) : undefined;
    const fn = outside?.fn ?? this.#facts.functions.get(release ?? name);
    if (fn === undefined || state.status.kind !== "normal") return [state];
    if (state.watcher !== undefined && this.#ctx.steps > this.#limits.watchedStepsMax) {
      // What is left of the function itself matters more to who watches; the call is told of as one that was not followed.
      this.#cut.add(`there was too much to follow before ${fn.name}()`);
      return [state];
    }
    if (isTooDeep(state, fn.name) || state.chain.some((site) => site.callee === fn.name) || state.fn === fn.name) {
      // Of another file nothing was promised: it is a call that nothing is known of.
      if (outside === undefined) this.#cut.add(`calls deeper than ${String(bounds.inlineDepthMax)} are not followed (${fn.name}())`);
      emit(state, call, { kind: "opaque", name: `${fn.name}()`, args: [], isStatement: false });
      return [state];
    }
    // kref_put(): the release function runs only for the last reference.
    if (release !== undefined && call.args[0] !== undefined) emitQuietly(state, call, { kind: "put", counter: evaluate(call.args[0], unwatched(state), this.#ctx), release, api: name });
    const others = release === undefined ? [] : [state.clone()];
    const args = release === undefined ? call.args.map((arg) => evaluate(arg, state, this.#ctx)) : call.args.slice(0, 1).map((arg) => evaluate(arg, state, this.#ctx));
    const saved = { chain: state.chain, fn: state.fn, frame: state.frame, condition: state.condition, inside: state.inside, outsideAt: state.outsideAt };
    const pending = [...state.callResults];
    if (outside !== undefined) enter(call, fn.name, outside.file, state);
    else {
      tell(state, call, { kind: "call", name: fn.name, isFollowed: true });
      const { start, end } = state.placeOf(call);
      state.chain = [...state.chain, { function: state.fn, at: { start, end }, callee: fn.name, lastReference: release !== undefined }];
      state.fn = fn.name;
      state.frame = `${saved.frame}/${String(call.start)} ${fn.name}`;
    }
    this.#noteUnread(fn);
    const ends = this.#recordings.endsOf(state, args, (entered) => this.#callee(fn, entered, args));
    for (const end of ends) {
      const value = end.status.kind === "return" ? end.status.value : undefined;
      Object.assign(end, saved);
      end.status = normal;
      for (const [earlier, result] of pending) end.callResults.set(earlier, result);
      end.callResults.set(call, value ?? opaqueValue(`result ${String(call.start)} ${saved.frame}`, fn.returnType, this.#ctx));
    }
    return [...ends, ...others];
  }

  /** The ways out of a callee that a path has entered, without its locals. */
  #callee(fn: FunctionDef, state: PathState, args: readonly Sym[]): PathState[] {
    this.#declareParameters(fn, state, args);
    const ends = this.#block(fn.body.body, [state]).filter((end) => end.status.kind !== "abort" && end.status.kind !== "round");
    this.#noteLostGotos(ends, fn.name);
    // A path whose goto was lost is no return: what it holds is not what the caller holds.
    const lost = ends.filter(({ status }) => status.kind === "goto");
    const isOneLeft = lost.length < ends.length;
    for (const end of lost) if (end.watcher !== undefined || isOneLeft) ends.splice(ends.indexOf(end), 1);
    for (const end of ends) end.dropFrame(end.frame);
    return ends;
  }

  /** A statement matters when leaving it out would change control, object life or a tracked pointer. */
  #doesMatter(stmt: Stmt): boolean {
    const known = this.#matters.get(stmt);
    if (known !== undefined) return known;
    const found = { matters: false };
    walkStmts(stmt, (one) => { if (changesControl(one, this.#facts.outside)) found.matters = true; });
    this.#eachExpr(stmt, (expr) => { if (this.#exprMatters(expr)) found.matters = true; });
    this.#matters.set(stmt, found.matters);
    return found.matters;
  }

  /** Every expression, those that macros stand for in their place. */
  #eachExpr(root: Stmt | Expr, visit: (expr: Expr) => void): void {
    walkExprs(root, (expr) => {
      const written = this.#writtenOut(expr);
      if (written === undefined) visit(expr);
      else if (written.kind === "expression") this.#eachExpr(written.expression, visit);
      else for (const stmt of written.body) if (this.#doesMatter(stmt)) visit(expr); else this.#eachExpr(stmt, visit);
    });
  }

  #exprMatters(expr: Expr): boolean {
    if (expr.kind === "assignment") return expr.operator === "=" && expr.target.kind === "identifier" && expr.value.kind !== "literal" && expr.value.kind !== "binary";
    if (expr.kind !== "call") return false;
    if (this.#isFollowed(expr) || this.#writtenOut(expr)?.kind === "statements") return true;
    const effects = expr.callee.kind === "identifier" ? ((apiOf(expr.callee.name) ?? partlyKnown(expr.callee.name))?.effects ?? []) : [];
    return effects.some((effect) => !["touch", "value-of", "derive", "container", "is-error", "load", "ref-get", "ref-put", "assert-held"].includes(effect.kind) && (!isDetail(effect) || this.#apart.has(effect.kind)));
  }
}

type Call = Expr & { readonly kind: "call" };
type PossibleCall = { readonly call: Call; readonly sure: boolean };

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

/** The statement ends the path here, or takes it out of its block. */
function leave(state: PathState, at: Stmt, status: Status, text?: string): PathState {
  state.status = status;
  state.leftAt = { start: at.start, end: at.end };
  if (status.kind === "return" && state.chain.length === 0 && state.inside.length === 0) tell(state, at, { kind: "exit", value: status.value, text: text ?? "" });
  return state;
}

/** A copy to ask for the value of an expression that the path evaluates by itself. */
function unwatched(state: PathState): PathState {
  const copy = state.clone();
  copy.watcher = undefined;
  return copy;
}

/** The path of one round, for who asks how fields are used: no rule may take it for a way out. */
function roundOf(state: PathState): PathState {
  state.status = { kind: "round" };
  state.contradictions.add(`${moreRounds}a loop without end`);
  return state;
}

function endLoop(state: PathState): PathState {
  if (state.status.kind === "break" || state.status.kind === "continue") state.status = normal;
  return state;
}

