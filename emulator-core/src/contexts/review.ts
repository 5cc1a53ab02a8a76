/** All paths of a program, the questions rules ask of them, and the findings they note. */
import { describeStep } from "../driver/describe.ts";
import type { Step, StepKind, StepOf } from "../driver/steps.ts";
import type { Body, Starts } from "./body.ts";
import type { ContextFinding, ContextFindingKind, ContextLimit, PathStep } from "./finding.ts";
import { Signals } from "./signals.ts";
import { situationOf, type Visit } from "./state.ts";
import type { Walk } from "./walk.ts";

export type VisitOf<K extends StepKind> = Visit & { readonly step: StepOf<K> };

export type Note = {
  readonly kind: ContextFindingKind;
  readonly at: Visit;
  /** What the finding hangs on: a call nothing is known of between it and the step could change it. */
  readonly since: readonly (Visit | null)[];
  readonly against?: readonly Visit[];
  /** What is found: the same of the same step is noted once. */
  readonly about: string;
  readonly words: string;
  readonly doubts?: readonly string[];
};

/** Pairs of steps that are asked whether they may stand where they do at once; hand-written programs have a few hundred. */
const comparisonsMax = 200_000;

/** Owns the walks while the rules look at them. */
export class Review {
  readonly starts: Starts;
  readonly walks: readonly Walk[];
  readonly signals: Signals;
  readonly #found = new Map<string, { readonly note: Note; readonly doubts: readonly string[] }>();
  readonly #reached = new Map<string, readonly Visit[]>();
  readonly #visits = new Map<string, readonly Visit[]>();
  readonly #byKind = new Map<StepKind, Visit[]>();
  readonly #ids = new Map<Step, number>();
  #comparisons = 0;

  constructor(starts: Starts, walks: readonly Walk[]) {
    this.starts = starts;
    this.walks = walks;
    this.signals = new Signals(starts.program, walks.flatMap(({ visits }) => visits));
    for (const { body, visits } of walks) this.#visits.set(body.name, this.#distinct(visits));
    for (const visits of this.#visits.values()) for (const visit of visits) {
      const same = this.#byKind.get(visit.step.kind);
      if (same === undefined) this.#byKind.set(visit.step.kind, [visit]);
      else same.push(visit);
    }
  }

  get limit(): ContextLimit | null {
    return this.#comparisons > comparisonsMax ? { kind: "comparisons", value: comparisonsMax, thread: null } : null;
  }

  all<K extends StepKind>(...kinds: readonly K[]): readonly VisitOf<K>[] {
    return kinds.flatMap((kind) => (this.#byKind.get(kind) ?? []) as readonly Visit[] as readonly VisitOf<K>[]);
  }

  visitsOf(body: string): readonly Visit[] {
    return this.#visits.get(body) ?? [];
  }

  /** The steps of a handler and of those it waits for. */
  reachedFrom(handler: string): readonly Visit[] {
    const known = this.#reached.get(handler);
    if (known !== undefined) return known;
    const bodies = new Set([handler]);
    for (const name of bodies) for (const { step } of this.visitsOf(name)) if (step.kind === "wait-for-handler") for (const next of this.starts.waitedFor(step.handler)) bodies.add(next);
    const visits = [...bodies].flatMap((name) => this.visitsOf(name));
    this.#reached.set(handler, visits);
    return visits;
  }

  /** May the other body run where this path stands? */
  mayRun(other: Body, at: Visit): boolean {
    if (other.name === at.body.name) return false;
    if (other.handler === null) return true;
    return at.before.pending.has(other.name) || this.starts.runsBeside(other.name, at.body);
  }

  /** May both stand where they do at once? */
  areConcurrent(a: Visit, b: Visit): boolean {
    if (++this.#comparisons > comparisonsMax || a.body.name === b.body.name || this.signals.isAwaited(a, b.before) || this.signals.isAwaited(b, a.before)) return false;
    if (a.body.handler !== null && b.body.handler !== null) return this.mayRun(a.body, b) || this.mayRun(b.body, a);
    return a.body.handler === null ? this.mayRun(b.body, a) : this.mayRun(a.body, b);
  }

  note(note: Note): void {
    const { at, against = [] } = note;
    const doubts = [...new Set([...(note.doubts ?? []), ...unknownSince(at, note.since), ...[at, ...against].flatMap(({ before }) => before.contradictions.map((what) => `the path takes "${what}" both ways`))])];
    const key = JSON.stringify([note.kind, at.body.name, this.#idOf(at.step), note.about]);
    const known = this.#found.get(key);
    const isBetter = known === undefined || (doubts.length === 0) !== (known.doubts.length === 0) ? doubts.length === 0 || known === undefined : at.depth < known.note.at.depth;
    if (isBetter) this.#found.set(key, { note, doubts });
  }

  findings(): readonly ContextFinding[] {
    const all = [...this.#found.values()].map(({ note, doubts }): ContextFinding => ({
      kind: note.kind, verdict: doubts.length === 0 ? "confirmed" : "undecided", doubts, thread: note.at.body.name, step: note.at.step, path: pathTo(note.at),
      against: (note.against ?? []).map((other) => ({ thread: other.body.name, step: other.step, path: pathTo(other) })), words: note.words,
    }));
    return [...all.filter(({ verdict }) => verdict === "confirmed"), ...all.filter(({ verdict }) => verdict === "undecided")];
  }

  /** The shortest way to each situation of each step. */
  #distinct(visits: readonly Visit[]): readonly Visit[] {
    const idOf = (step: Step): number => this.#idOf(step);
    const known = new Map<string, Visit>();
    for (const visit of visits) {
      const key = `${String(idOf(visit.step))} ${situationOf(visit, idOf)}`;
      const other = known.get(key);
      if (other === undefined || visit.depth < other.depth) known.set(key, visit);
    }
    return [...known.values()];
  }

  #idOf(step: Step): number {
    const id = this.#ids.get(step) ?? this.#ids.size;
    this.#ids.set(step, id);
    return id;
  }
}

function unknownSince(at: Visit, since: readonly (Visit | null)[]): readonly string[] {
  const doubts: string[] = [];
  const open = new Set(since.filter((one) => one !== null));
  if (open.size === 0 || at.before.unknown.length === 0) return doubts;
  for (let visit: Visit | null = at; visit !== null && open.size > 0; visit = visit.previous) {
    if (visit.step.kind === "opaque") doubts.push(`${visit.step.call}() is not known: it may end what is found here`);
    open.delete(visit);
  }
  return doubts;
}

export function pathTo(end: Visit): readonly PathStep[] {
  const path: PathStep[] = [];
  for (let visit: Visit | null = end; visit !== null; visit = visit.previous) path.push({ step: visit.step, taken: visit.taken, source: visit.step.source! });
  return path.reverse();
}

/** A step as its author wrote it. */
export const textOf = (step: Step): string => step.source?.text ?? describeStep(step);
/** The visit of the text: "spin_lock(&l) (a.c:12)". */
export const whereOf = ({ step }: Visit): string => `${textOf(step)} (${step.source!.file}:${String(step.source!.line)})`;
