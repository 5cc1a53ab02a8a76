/**
 * What the evidence stage must try, as data. A race is told in the emulator's driver steps, each bound to the event of
 * a path that does it; what stands around them on the path (locks, sections, barriers, waits) is added by the extraction.
 */

import type { Device, DriverObject, DriverThread, Entry, HandlerKind, Hazard, Step } from "../../../emulator-core/src/index.ts";
import type { ReaderUse, Retirement } from "../model/lifetimes.ts";
import type { Sym, Trace } from "../model/trace.ts";

export type Hypothesis =
  /** A reader of the container can still touch the object after its end. */
  | { readonly kind: "use-after-free"; readonly sides: readonly Side[]; readonly doubts: readonly string[] }
  /** A plainly loaded pointer gives no order to what is read through it. */
  | { readonly kind: "lost-dependency"; readonly reader: ReaderUse; readonly publishers: readonly Publication[]; readonly doubts: readonly string[] }
  /** One thread reaches a wait from an entry point; `protects`: what the wait lets go. */
  | { readonly kind: "reaches-wait"; readonly trace: Trace; readonly wait: number; readonly perOperation: number; readonly inLoop: boolean; readonly protects: readonly Retirement[]; /** Deferred frees on the path before the wait, as written. */ readonly alreadyDeferred: readonly string[]; readonly readers: readonly ReaderUse[]; readonly doubts: readonly string[] }
  | PathHypothesis
  /** Threads that meet; one of the races, each with another counterpart, is enough. */
  | { readonly kind: "race"; readonly races: readonly Race[] };

/** Paths that by themselves do what must not be done: no memory model is needed, only that they can be taken. */
export type PathHypothesis = {
  readonly kind: "path";
  readonly columns: readonly PathColumn[];
  /** What is wrong at the last step of the last column, in a few words: they stand beside it in the replay. */
  readonly wrong: string;
  /** Why it is confirmed, in one sentence. */
  readonly reason: string;
  /** Reasons that forbid `confirmed`: what is not visible here. */
  readonly open: readonly string[];
};

/** `shown`: indices of the events that the replay draws, in path order. */
export type PathColumn = { readonly role: string; readonly trace: Trace; readonly shown: readonly number[] };

export type RaceThread = {
  /** Column heading; names the thread in an outcome, so it is unique. */
  readonly role: string;
  readonly trace: Trace;
  readonly entry?: Entry;
  /** In path order. Sections and common locks around them, and barriers and waits between them, need not be given. */
  readonly steps: readonly RaceStep[];
  /** First and last event that take part, where more than the steps do (a wait after the last one). */
  readonly from?: number;
  readonly to?: number;
  /** What was done on the same CPU before the path began. */
  readonly before?: readonly Step[];
  /** What comes after the last event, with all sections and locks left: the caller goes on. */
  readonly after?: readonly Step[];
};

/** What the event `at` of the trace does; several steps where one event is more than one access. */
export type RaceStep = { readonly at: number; readonly steps: readonly Step[] };

/** Runs when a step has queued it. `trace`: its own path, to which `steps` are bound. */
export type RaceHandler = { readonly name: string; readonly kind: HandlerKind; readonly title: string; readonly domain?: string; readonly trace?: Trace; readonly steps: readonly RaceStep[]; readonly more?: readonly Step[] };

export type Race = {
  /** Where the other side stands; `synthetic`: nobody in reach does it, and it was made up. Null: the finding needs none. */
  readonly counterpart: { readonly trace: Trace; readonly at: number } | { readonly synthetic: string } | null;
  readonly objects: readonly DriverObject[];
  readonly threads: readonly RaceThread[];
  /** Threads that no code at hand stands for: made up, or of the kernel. */
  readonly others?: readonly DriverThread[];
  readonly handlers?: readonly RaceHandler[];
  readonly devices?: readonly Device[];
  readonly caches?: readonly string[];
  readonly queues?: readonly string[];
  readonly hazard: Hazard;
  /** Values by which an unknown call could free, change or order what this is about: with one of them it forbids `refuted`. */
  readonly sensitive: readonly Sym[];
  readonly assumptions: readonly string[];
  /** Reasons that forbid `confirmed` (the sides may never meet). */
  readonly doubts: readonly string[];
  /** Reasons that forbid `refuted` (not all paths were followed). */
  readonly cut: readonly string[];
};

/** The ways an object leaves one container, and the readers of that container. */
export type Side = { readonly variants: readonly Retirement[]; readonly readers: readonly ReaderUse[]; /** Why not every path of the updater is among the variants. */ readonly cut: readonly string[] };

/** A store that makes an object visible to readers, with the stores that initialise it before. */
export type Publication = { readonly trace: Trace; readonly store: number; readonly initialisations: readonly number[] };
