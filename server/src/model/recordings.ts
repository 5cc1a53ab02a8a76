/**
 * Paths through a callee, kept while one root is walked. Two paths of a caller that come to the same call, and that
 * answer alike all that the callee asks of them, go through it alike: the second one is given what the first one did.
 * What was asked is noted by the maps of the path (base/shared-collections.ts); what every callee sees is the key.
 * Who watches the walk was told of all that when it was recorded: in the same call, under the same locks and sections.
 */

import type { CalleeSteps } from "./callee-steps.ts";
import type { EvalContext } from "./evaluate.ts";
import { cellOf, type EventCell } from "./event-cells.ts";
import type { Asked, PathState } from "./path-state.ts";
import type { CallSite, HeldLock, ReaderSection, StepLimits, Sym, TraceEvent } from "./trace.ts";

type Recording = {
  readonly before: PathState;
  readonly asked: Asked;
  readonly maps: readonly ReadonlyMap<never, unknown>[];
  /** Symbols that there were at its end. */
  readonly symbols: number;
  /** What was learned up to here changes nothing of it. */
  readonly seen: Seen;
  readonly steps: number;
  /** As they were recorded: their maps hold what changed. */
  readonly ends: readonly PathState[];
};

/** How much had been learned of types. */
type Seen = { types: number; locals: number };

type OfFrame = { readonly isWorth: boolean; hits: number; misses: number };

/** Fewer steps are walked again sooner than they are looked up. */
const stepsMin = 8;

/** Recordings kept of one call, for one set of locks and sections. */
const recordingsMax = 12;

/** So often nothing was found before a call is not recorded any more. */
const missesMax = 24;

export class Recordings {
  readonly #ctx: EvalContext;
  readonly #limits: StepLimits;
  readonly #calleeSteps: CalleeSteps;
  readonly #isOn: boolean;
  readonly #frames = new Map<string, OfFrame>();
  readonly #byKey = new Map<string, Recording[]>();

  /** `isOn`: false has every path walk through every callee, for tests of this. */
  constructor(ctx: EvalContext, limits: StepLimits, calleeSteps: CalleeSteps, isOn: boolean) {
    this.#ctx = ctx;
    this.#limits = limits;
    this.#calleeSteps = calleeSteps;
    this.#isOn = isOn;
  }

  forget(): void {
    this.#frames.clear();
    this.#byKey.clear();
  }

  /** The ways out of the callee that `state` has entered; `walk` finds them, and drops the callee's locals. */
  endsOf(state: PathState, args: readonly Sym[], walk: (state: PathState) => PathState[]): PathState[] {
    // What a lock's taking depends on is asked of no map.
    if (!this.#isOn || state.conditionalLocks.size > 0) return walk(state);
    const frame = this.#frames.get(state.frame);
    if (frame === undefined) {
      const begun = this.#ctx.steps;
      const ends = walk(state);
      this.#frames.set(state.frame, { isWorth: this.#ctx.steps - begun >= stepsMin, hits: 0, misses: 0 });
      return ends;
    }
    if (!frame.isWorth) return walk(state);
    const key = keyOf(state, args);
    const known = this.#byKey.get(key) ?? [];
    const found = known.findLast((one) => this.#fits(one, state));
    if (found !== undefined) {
      frame.hits++;
      // What is walked for a watcher is bounded by what it costs.
      if (state.watcher === undefined) this.#ctx.steps += found.steps;
      const moved = mover(found.before, state);
      return found.ends.map((end) => state.replaying(end, found.before, moved));
    }
    frame.misses++;
    if (frame.misses > missesMax && frame.hits < frame.misses) return walk(state);
    const { recording, ends } = this.#recorded(state, walk);
    if (recording !== undefined) this.#byKey.set(key, [...known.slice(-recordingsMax + 1), recording]);
    return ends;
  }

  #fits(recording: Recording, state: PathState): boolean {
    const { asked, before, maps, steps } = recording;
    return this.#isUpToDate(recording) && (state.watcher !== undefined || this.#ctx.steps + steps <= this.#limits.stepsMax) && (!asked.epoch || state.isAtEpochOf(before)) && state.answersAlike(maps);
  }

  #recorded(state: PathState, walk: (state: PathState) => PathState[]): { readonly recording: Recording | undefined; readonly ends: PathState[] } {
    const before = state.clone();
    const begun = this.#ctx.steps;
    const { symbols } = this.#ctx;
    const [known, seen] = [symbols.size, this.#seen];
    const { asked, maps } = state.record();
    const ends = walk(state);
    const kept = ends.map((end) => end.clone());
    for (const end of ends) end.unrecord(before);
    // What was cut short, or learned something that all paths know from now on, is no measure for others.
    const isWhole = this.#ctx.steps <= this.#limits.stepsMax && !this.#calleeSteps.isUsedUp(state) && !asked.events && this.#ctx.localsLearned.length === seen.locals
      && symbols.learned.slice(seen.types).every(({ id, isNewest }) => isNewest && id >= known);
    return { recording: isWhole ? { before, asked, maps, symbols: symbols.size, seen: this.#seen, steps: this.#ctx.steps - begun, ends: kept } : undefined, ends };
  }

  /** Nothing was learned since of the types of symbols and locals that it had to do with. */
  #isUpToDate({ seen, symbols, before }: Recording): boolean {
    const { types, locals } = this.#seen;
    for (; seen.types < types; seen.types++) if (this.#ctx.symbols.learned[seen.types]!.id < symbols) return false;
    for (; seen.locals < locals; seen.locals++) if (this.#ctx.localsLearned[seen.locals]!.startsWith(before.frame)) return false;
    return true;
  }

  get #seen(): Seen {
    return { types: this.#ctx.symbols.learned.length, locals: this.#ctx.localsLearned.length };
  }
}

/** What every callee sees of the path that enters it. */
function keyOf(state: PathState, args: readonly Sym[]): string {
  const pending = [...state.callResults].map(([call, { id }]) => `${String(call.start)}=${String(id)}`);
  return [state.frame, state.round, state.sectionCount, args.map(({ id }) => id).join(), pending.join(), state.locks.map(lockText).join(), state.readers.map(sectionText).join(), state.condition ?? "always", state.givenUp.join(), untoldOf(state)].join("|");
}

/** Locals of the callee that are told of where they are read. */
const untoldOf = ({ untold, frame }: PathState): string => (untold.size === 0 ? "" : [...untold].filter((key) => key.startsWith(frame)).sort().join());

const lockText = ({ key, base, class: kind, at, text, pointer, off }: HeldLock): string => `${key} ${String(base)} ${kind} ${String(at?.start)}-${String(at?.end)} ${text} ${String(pointer?.id)} ${off ?? ""}`;

const sectionText = ({ flavour, domain, domainBase, at, serial, off, isImplicit, entry }: ReaderSection): string => `${flavour} ${domain} ${String(domainBase)} ${String(at.start)}-${String(at.end)} ${String(serial)} ${off ?? ""} ${String(isImplicit)} ${entry ?? ""}`;

/** Gives recorded events their place behind those of `state`: the calls that lead to them are calls of its own. */
function mover(before: PathState, state: PathState): (last: EventCell, until: EventCell | undefined) => EventCell | undefined {
  const cells = new Map<EventCell, EventCell>();
  const chains = new Map<readonly CallSite[], readonly CallSite[]>([[before.chain, state.chain]]);
  const sites = new Map<CallSite, CallSite>();
  const moveSite = (site: CallSite): CallSite => {
    const known = sites.get(site) ?? { ...site };
    sites.set(site, known);
    return known;
  };
  const moveChain = (chain: readonly CallSite[]): readonly CallSite[] => {
    const known = chains.get(chain) ?? [...state.chain, ...chain.slice(before.chain.length).map(moveSite)];
    chains.set(chain, known);
    return known;
  };
  const move = ({ function: name, at, chain, within, locks, readers, condition, what }: TraceEvent): TraceEvent =>
    (within === undefined
      ? { function: name, at, chain: moveChain(chain), locks, readers, condition, what: { ...what } }
      : { function: name, at, chain: moveChain(chain), within, locks, readers, condition, what: { ...what } });
  return (last, until) => {
    const news: EventCell[] = [];
    let cell: EventCell | undefined = last;
    while (cell !== undefined && cell !== until && !cells.has(cell)) {
      news.push(cell);
      cell = cell.previous;
    }
    let previous = cell === undefined || cell === until ? state.last : cells.get(cell);
    for (const one of news.reverse()) {
      previous = cellOf(move(one.event), previous, state.apart, state.watcher);
      cells.set(one, previous);
    }
    return previous;
  };
}
