/** The state of one path while it is followed. Mutable, cloned at a fork; owned by the path walk alone. */

import { LayeredMap, SharedMap, type Veil } from "../base/shared-collections.ts";
import type { Expr } from "../syntax/c-syntax.ts";
import { cellOf, structureOfNone, type EventCell } from "./event-cells.ts";
import type { Outside } from "./outside.ts";
import { canHold, type Comparison } from "./number-facts.ts";
import type { CallSite, HeldLock, ReaderSection, Span, Sym, TraceEvent } from "./trace.ts";
import type { PathWatcher } from "./watching.ts";

export type Status =
  | { readonly kind: "normal" }
  | { readonly kind: "break" }
  | { readonly kind: "continue" }
  | { readonly kind: "goto"; readonly label: string }
  | { readonly kind: "return"; readonly value: Sym | undefined }
  /** BUG(): the path ends here and is of no interest. */
  | { readonly kind: "abort" }
  /** A round of a loop without end that does not leave it: it happened, and what comes after is not followed. */
  | { readonly kind: "round" };

export const normal: Status = { kind: "normal" };

const nothing: ReadonlySet<string> = new Set();

const none: ReadonlySet<number> = new Set();

const keyHashes = new Map<string, number>();

/** Names whose hashes are kept; the map starts afresh past it, since a server lives long. */
const keyHashesMax = 50_000;

/** FNV-1a of the name, mixed with the value's id; XOR over all bindings does not depend on their order. */
function bindingHash(key: string, id: number): number {
  let hash = keyHashes.get(key);
  if (hash === undefined) {
    hash = 0x811c9dc5;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    if (keyHashes.size >= keyHashesMax) keyHashes.clear();
    keyHashes.set(key, hash);
  }
  let mixed = Math.imul(hash ^ Math.imul(id + 1, 0x9e3779b1), 0x85ebca6b);
  mixed ^= mixed >>> 13;
  return Math.imul(mixed, 0xc2b2ae35);
}

/** Asked of a path while it is recorded, beyond its maps. `around`: the recording that this one is part of. */
export type Asked = { epoch: boolean; events: boolean; readonly around: Asked | undefined };

/** How the choices begin that conditions of the preprocessor are remembered by. */
export const buildChoice = "#if ";

export class PathState {
  /** Locals, by frame and name; changed through `setLocal` and `dropFrame` only, which keep the hash. */
  readonly env: LayeredMap<string, Sym>;
  #envHash = 0;
  /** What this path last read from or wrote to a place. */
  readonly memory: LayeredMap<string, Sym>;
  readonly nullness: LayeredMap<number, "null" | "set" | "error">;
  /** Conditions already decided on this path, by the ids of their operands, or by their text for those of the preprocessor. */
  readonly choices: LayeredMap<string, boolean>;
  /** Values of the inlined calls of the statement at hand. */
  callResults: SharedMap<Expr, Sym>;
  /** Locks whose taking depends on a value: trylock (`nonzero` is success), _interruptible (`zero` is). */
  conditionalLocks: SharedMap<number, { readonly key: string; readonly success: "zero" | "nonzero" }>;
  /** Values known to equal a named constant. */
  readonly equals: LayeredMap<number, number>;
  /** What a place was last seen to hold, for telling what a store replaces; not forgotten when others may write. */
  readonly lastSeen: LayeredMap<string, Sym>;
  /** Answers to conditions, by what they ask about. */
  readonly answers: LayeredMap<string, string>;
  /** How many events came before the second answer, by the words of the condition. While the path is recorded, those since then. */
  contradictions: SharedMap<string, number>;
  /** Labels already jumped back to. */
  readonly visitedLabels: LayeredMap<string, number>;
  #events: EventCell | undefined;
  locks: readonly HeldLock[] = [];
  readers: readonly ReaderSection[] = [];
  chain: readonly CallSite[] = [];
  /** Functions of headers that the path is in, innermost last, and the call in the file that leads there. */
  inside: readonly string[] = [];
  outsideAt: Span | undefined;
  /** Where offsets of headers belong; undefined in a file all by itself. */
  outside: Outside | undefined;
  fn = "";
  frame = "";
  condition: string | undefined;
  /** Declarations passed, to tell a second round from a name declared again. */
  readonly declared: LayeredMap<string, true>;
  /** The call that is a statement by itself. */
  statementCall: Expr | undefined;
  status: Status = normal;
  sectionCount = 0;
  /** Backward jumps so far: what a call returned in one round says nothing about the next. */
  round = 0;
  #epoch = 0;
  #asked: Asked | undefined;
  /** Details that tell paths apart after all, for rules that ask for them. */
  apart: ReadonlySet<string> = nothing;
  /** Told of what happens on this path; undefined for rules. */
  watcher: PathWatcher | undefined;
  /** The return, break, continue or goto that set `status`. */
  leftAt: Span | undefined;
  /** Keys of locks that were held on entry and are given up; kept for who watches. */
  givenUp: readonly string[] = [];
  /** Locals that held several things on paths that were joined. */
  untold: ReadonlySet<string> = nothing;
  /** While the end of a scope is run: the statement that leaves it. */
  unwindingAt: Span | undefined;

  constructor(from?: PathState) {
    this.env = new LayeredMap(from?.env);
    this.memory = new LayeredMap(from?.memory);
    this.nullness = new LayeredMap(from?.nullness);
    this.choices = new LayeredMap(from?.choices);
    this.callResults = new SharedMap(from?.callResults);
    this.conditionalLocks = new SharedMap(from?.conditionalLocks);
    this.equals = new LayeredMap(from?.equals);
    this.lastSeen = new LayeredMap(from?.lastSeen);
    this.answers = new LayeredMap(from?.answers);
    this.declared = new LayeredMap(from?.declared);
    this.contradictions = new SharedMap(from?.contradictions);
    this.visitedLabels = new LayeredMap(from?.visitedLabels);
    if (from === undefined) return;
    this.#events = from.#events;
    this.locks = from.locks;
    this.readers = from.readers;
    this.chain = from.chain;
    this.inside = from.inside;
    this.outsideAt = from.outsideAt;
    this.outside = from.outside;
    this.fn = from.fn;
    this.frame = from.frame;
    this.condition = from.condition;
    this.statementCall = from.statementCall;
    this.status = from.status;
    this.sectionCount = from.sectionCount;
    this.round = from.round;
    this.#epoch = from.#epoch;
    this.#asked = from.#asked;
    this.apart = from.apart;
    this.watcher = from.watcher;
    this.leftAt = from.leftAt;
    this.givenUp = from.givenUp;
    this.untold = from.untold;
    this.unwindingAt = from.unwindingAt;
    this.#envHash = from.#envHash;
  }

  clone(): PathState {
    return new PathState(this);
  }

  /** Counts the points after which other CPUs, or a call, may have written: a condition read again is a new one. */
  get epoch(): number {
    for (let asked = this.#asked; asked?.epoch === false; asked = asked.around) asked.epoch = true;
    return this.#epoch;
  }

  isAtEpochOf(other: PathState): boolean {
    return this.epoch === other.#epoch;
  }

  /** Events without details: of paths that are joined, the one that saw most stands for all. */
  get eventCount(): number {
    return this.#events?.count ?? 0;
  }

  /** Where on the path a value arises. */
  get site(): string {
    return this.round === 0 ? this.frame : `${this.frame}~${String(this.round)}`;
  }

  /** The place in the file itself that leads to `at`. */
  placeOf(at: Span): Span {
    if (this.outside === undefined || this.outside.isOwn(at)) return at;
    return this.outside.homeOf(at) ?? this.outsideAt ?? at;
  }

  /** What of macros and headers does what is done at `at`. */
  withinAt(at: Span): readonly string[] | undefined {
    if (this.outside === undefined || this.outside.isOwn(at)) return undefined;
    return [...this.inside, ...this.outside.macrosAt(at).map((name) => `${name}()`)];
  }

  setLocal(key: string, value: Sym): void {
    const old = this.env.get(key);
    if (old?.id === value.id) return;
    if (old !== undefined) this.#envHash ^= bindingHash(key, old.id);
    this.#envHash ^= bindingHash(key, value.id);
    this.env.set(key, value);
  }

  forgetLocal(key: string): void {
    const value = this.env.get(key);
    if (value === undefined) return;
    this.#envHash ^= bindingHash(key, value.id);
    this.env.delete(key);
  }

  /** Others may have written by now: what memory holds is read anew. */
  forgetMemory(): void {
    this.memory.clear();
    this.#epoch++;
  }

  /** A call may have written behind these pointers. */
  forgetBehind(bases: ReadonlySet<number>): void {
    this.memory.deleteWhere(new Forgotten(bases, nothing));
    this.#epoch++;
  }

  /** A store to a field may hit the same field of what another pointer leads to; what `id` itself holds is set next. */
  forgetAliases(id: string): void {
    this.memory.deleteWhere(new Forgotten(none, new Set([id.slice(id.indexOf("."))])));
  }

  /** Notes how a question was answered; answering it otherwise later is a contradiction. */
  answer(question: string, answer: string, text: string): void {
    const known = this.answers.get(question);
    if (known !== undefined && known !== answer) this.contradicts(text);
    else this.answers.set(question, answer);
  }

  /** What the path does from here on needs a condition to be two things. */
  contradicts(text: string): void {
    if (!this.contradictions.has(text)) this.contradictions.set(text, this.#eventsSoFar);
  }

  get #eventsSoFar(): number {
    return this.#events === undefined ? 0 : this.#events.index + 1;
  }

  /** Notes what was answered of the size of values; what does not go with the answers before is a contradiction. */
  compares(comparison: Comparison, text: string): void {
    const written = JSON.stringify(comparison);
    const about = this.#comparisonsWith(comparison);
    if (about.includes(written)) return;
    const all = [...about, written].map((one) => JSON.parse(one) as Comparison);
    // Equal or not, and nothing else, is answered by the questions themselves.
    if (all.length > 1 && all.some(({ operator }) => operator === "<" || operator === "<=") && canHold(all) !== true) this.contradicts(text);
    else for (const { name, number } of [comparison.left, comparison.right]) if (number === undefined) this.answers.set(`compared ${name}`, [...this.#comparisonsOf(name), written].join("\n"));
  }

  /** Those of the same values, and of values that they were compared with. */
  #comparisonsWith({ left, right }: Comparison): readonly string[] {
    const found = new Set<string>();
    const names = new Set([left, right].flatMap(({ name, number }) => (number === undefined ? [name] : [])));
    for (const name of names) {
      for (const written of this.#comparisonsOf(name)) {
        if (found.has(written)) continue;
        found.add(written);
        const other = JSON.parse(written) as Comparison;
        for (const term of [other.left, other.right]) if (term.number === undefined) names.add(term.name);
      }
    }
    return [...found];
  }

  #comparisonsOf(name: string): readonly string[] {
    return this.answers.get(`compared ${name}`)?.split("\n") ?? [];
  }

  /** Forgets the locals of a call that has returned, and of the calls inside it. */
  dropFrame(frame: string): void {
    this.env.deleteOwn((key) => key.startsWith(frame), (key, { id }) => { this.#envHash ^= bindingHash(key, id); });
  }

  push(event: TraceEvent): void {
    this.#events = cellOf(event, this.#events, this.apart, this.watcher);
  }

  /** The cheap part of the look: paths that differ here differ. */
  outline(): number {
    const counts = Math.imul(this.#events?.structureCount ?? 0, 31 * 31 * 31) + this.locks.length * 31 * 31 + this.readers.length * 31 + this.status.kind.charCodeAt(0);
    return (this.#events?.structure ?? structureOfNone) ^ counts;
  }

  /** Who watches where scopes end tells two returns apart; rules do not. */
  get #way(): string {
    return this.watcher?.tellsReturnsApart !== true || this.status.kind === "normal" || this.chain.length > 0 || this.inside.length > 0 ? "" : ` ${String(this.leftAt?.start)}`;
  }

  /** Two paths with the same look cannot be told apart by what follows, but for what they know of values. */
  look(): string {
    return `${this.place()}|${String(this.#envHash)}`;
  }

  /** The look without what locals hold. */
  place(): string {
    const { status } = this;
    const where = status.kind === "goto" ? status.label : status.kind === "return" ? String(status.value?.id ?? "") : "";
    const results = [...this.callResults.values()].map((sym) => sym.id);
    return [status.kind, where, this.frame, this.#events?.structure, this.#events?.structureCount, this.locks.map(({ key, at }) => `${key} ${String(at?.start)}`), this.readers.map(({ serial, at }) => `${String(serial)} ${String(at.start)}`), results, this.#way].join("|");
  }

  /** Keeps only what both paths know. */
  forgetting(other: PathState): this {
    if (other.untold !== this.untold) this.untold = union(this.untold, other.untold);
    this.nullness.keepCommon(other.nullness, (id, known) => other.nullness.get(id) === known);
    this.choices.keepCommon(other.choices, (key, choice) => other.choices.get(key) === choice);
    // Answered in two ways on the two paths: what happened on this one goes with its own answer.
    this.answers.keepCommon(other.answers, (question) => other.answers.has(question));
    for (const text of [...this.contradictions.keys()]) if (!other.contradictions.has(text)) this.contradictions.delete(text);
    this.memory.keepCommon(other.memory, (key, value) => other.memory.get(key)?.id === value.id);
    this.equals.keepCommon(other.equals, (id, value) => other.equals.get(id) === value);
    return this;
  }

  /** The same, for paths that differ in what locals hold as well. */
  forgettingLocals(other: PathState): this {
    const forgotten: string[] = [];
    this.env.keepCommon(other.env, (key, { id }) => {
      const isCommon = other.env.get(key)?.id === id;
      if (!isCommon) {
        this.#envHash ^= bindingHash(key, id);
        forgotten.push(key);
      }
      return isCommon;
    });
    this.untold = new Set([...this.untold, ...forgotten]);
    return this.forgetting(other);
  }

  /** What the path takes for granted of the build: "CONFIG_X", "!CONFIG_Y". */
  build(): readonly string[] {
    return this.choices.keys().filter((key) => key.startsWith(buildChoice)).sort().map((key) => `${this.choices.get(key) === true ? "" : "!"}${key.slice(buildChoice.length)}`);
  }

  events(): readonly TraceEvent[] {
    for (let asked = this.#asked; asked?.events === false; asked = asked.around) asked.events = true;
    const list: TraceEvent[] = [];
    for (let cell = this.#events; cell !== undefined; cell = cell.previous) list.push(cell.event);
    return list.reverse();
  }

  /** Begins to note what the path and its clones are asked of what is so by now, and to keep apart what changes. */
  record(): { readonly asked: Asked; readonly maps: readonly ReadonlyMap<never, unknown>[] } {
    this.#asked = { epoch: false, events: false, around: this.#asked };
    this.contradictions = new SharedMap();
    return { asked: this.#asked, maps: this.#maps.map((map) => map.record()) };
  }

  /** Ends it; `before` is a clone of the path as it was. */
  unrecord(before: PathState): void {
    for (const map of this.#maps) map.unrecord();
    this.#asked = before.#asked;
    const added = this.contradictions;
    this.contradictions = new SharedMap(before.contradictions);
    for (const [text, at] of added) if (!this.contradictions.has(text)) this.contradictions.set(text, at);
  }

  /** Whether these questions, map by map, are answered here as they were there. */
  answersAlike(maps: readonly ReadonlyMap<never, unknown>[]): boolean {
    const own = this.#maps;
    return maps.every((asked, index) => {
      const map = own[index]!;
      for (const [key, value] of asked) if (map.get(key) !== value) return false;
      return true;
    });
  }

  /** A clone with what `end` recorded since `before`; `moved` gives the events their place on this path. */
  replaying(end: PathState, before: PathState, moved: (cell: EventCell, before: EventCell | undefined) => EventCell | undefined): PathState {
    const next = this.clone();
    const maps = next.#maps;
    end.#maps.forEach((map, index) => { map.replayOn(maps[index]!); });
    next.#envHash ^= end.#envHash ^ before.#envHash;
    next.#epoch += end.#epoch - before.#epoch;
    const later = this.#eventsSoFar - before.#eventsSoFar;
    for (const [text, at] of end.contradictions) if (!next.contradictions.has(text)) next.contradictions.set(text, at + later);
    next.callResults = new SharedMap(end.callResults);
    next.conditionalLocks = new SharedMap(end.conditionalLocks);
    next.locks = end.locks;
    next.readers = end.readers;
    next.sectionCount = end.sectionCount;
    next.round = end.round;
    next.status = end.status;
    next.leftAt = end.leftAt;
    next.statementCall = end.statementCall;
    next.givenUp = end.givenUp;
    next.untold = union(next.untold, end.untold);
    if (end.#events !== undefined && end.#events !== before.#events) next.#events = moved(end.#events, before.#events);
    return next;
  }

  /** The last event. */
  get last(): EventCell | undefined {
    return this.#events;
  }

  /** What a recording asks, in a fixed order; a map is asked with keys of its own only. */
  get #maps(): readonly LayeredMap<never, unknown>[] {
    return [this.env, this.memory, this.nullness, this.choices, this.equals, this.lastSeen, this.answers, this.declared, this.visitedLabels] as unknown as readonly LayeredMap<never, unknown>[];
  }
}

/** Places whose contents are not known any more: behind some pointers, or under some field paths. Keys as of placeId(). */
class Forgotten {
  readonly #bases: ReadonlySet<number>;
  readonly #paths: ReadonlySet<string>;

  constructor(bases: ReadonlySet<number>, paths: ReadonlySet<string>) {
    this.#bases = bases;
    this.#paths = paths;
  }

  hides(key: string): boolean {
    const dot = key.indexOf(".");
    return (this.#paths.size > 0 && this.#paths.has(key.slice(dot))) || (this.#bases.size > 0 && this.#bases.has(Number(key.slice(0, dot))));
  }

  and(other: Veil<string>): Veil<string> {
    if (!(other instanceof Forgotten)) return { hides: (key) => this.hides(key) || other.hides(key), and: (more) => this.and(more).and(other) };
    const [bases, paths] = [union(this.#bases, other.#bases), union(this.#paths, other.#paths)];
    return bases === this.#bases && paths === this.#paths ? this : new Forgotten(bases, paths);
  }
}

function union<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): ReadonlySet<T> {
  for (const member of other) if (!one.has(member)) return new Set([...one, ...other]);
  return one;
}
