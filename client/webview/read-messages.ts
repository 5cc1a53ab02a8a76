/**
 * Reads what crosses the border between panel and extension: unknown values in, typed ones out, `undefined` for what
 * has another shape. Needs no DOM, so that both sides use it. Fields that are not known are left alone: a newer
 * server may say more.
 */

import type {
  Counterpart, EvidenceReport, HazardClass, Ladder, LimitMet, Reachability, Replay, ReplayedRun, Run, RunStep, VerdictWord,
} from "../../server/src/protocol/index.ts";
import type { FromPanel, Move, PanelState, ToPanel } from "./messages.ts";

export function readFromPanel(value: unknown): FromPanel | undefined {
  return isFromPanel(value) ? value : undefined;
}

export function readToPanel(value: unknown): ToPanel | undefined {
  return isToPanel(value) ? value : undefined;
}

/** Only a state that can be shown: the run and the step exist, and every step stands in a column that exists. */
export function readPanelState(value: unknown): PanelState | undefined {
  return isPanelState(value) ? value : undefined;
}

type Guard<T> = (value: unknown) => value is T;

/** A guard per field of `T`: a field that the protocol gains and this page does not read is a type error. */
type Fields<T> = { readonly [Key in keyof T]-?: Guard<T[Key]> };

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shape<T>(fields: Fields<T>): Guard<T> {
  const entries = Object.entries<Guard<unknown>>(fields);
  return (value): value is T => isRecord(value) && entries.every(([key, guard]) => Object.hasOwn(value, key) && guard(value[key]));
}

function both<T, U extends T>(guard: Guard<T>, further: (value: T) => value is U): Guard<U> {
  return (value): value is U => guard(value) && further(value);
}

function either<T>(...guards: readonly Guard<T>[]): Guard<T> {
  return (value): value is T => guards.some((guard) => guard(value));
}

function oneOf<const T extends string | number | boolean>(...values: readonly T[]): Guard<T> {
  return (value): value is T => values.some((known) => known === value);
}

function arrayOf<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(guard);
}

function mapOf<T>(guard: Guard<T>): Guard<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => isRecord(value) && Object.values(value).every(guard);
}

function orNull<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

const isString: Guard<string> = (value): value is string => typeof value === "string";
const isBoolean: Guard<boolean> = (value): value is boolean => typeof value === "boolean";
/** Counts, lines and indices: none is negative or broken. */
const isCount: Guard<number> = (value): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isReachability = oneOf<Reachability>("reachable", "unreachable", "unknown");

const isEvidence = shape<EvidenceReport>({
  verdict: oneOf<VerdictWord>("confirmed", "refuted", "undecided"),
  reason: isString,
  limit: orNull(shape<LimitMet>({ kind: oneOf<LimitMet["kind"]>("executions", "time", "events", "loop", "callees"), value: isCount })),
  class: orNull(oneOf<HazardClass>("interleaving", "tso", "mca", "non-mca", "compiler")),
  ladder: orNull(shape<Ladder>({ sc: isReachability, tso: isReachability, mca: isReachability, lkmm: isReachability })),
  executions: isCount,
  counterpart: orNull(shape<Counterpart>({ file: isString, function: isString, line: isCount, synthetic: isBoolean })),
  assumptions: arrayOf(isString),
});

const isStep = shape<RunStep>({ index: isCount, role: isCount, text: isString, file: isString, line: isCount, hazard: isBoolean });

const isRun = both(
  shape<Run>({
    version: oneOf(1),
    rule: isString,
    title: isString,
    message: isString,
    model: isString,
    roles: arrayOf(shape<Run["roles"][number]>({ name: isString, function: isString })),
    steps: arrayOf(isStep),
    why: arrayOf(isString),
    fix: arrayOf(isString),
    need: isString,
    evidence: isEvidence,
    litmus: isString,
    counts: shape<Run["counts"]>({ observation: isString, positive: isCount, negative: isCount }),
  }),
  (run): run is Run => run.steps.every((step) => step.role < run.roles.length),
);

const isReplay = shape<Replay>({
  version: oneOf(1),
  uri: isString,
  function: isString,
  about: isString,
  runs: arrayOf(shape<ReplayedRun>({ run: isRun, text: isString })),
  sources: mapOf(isString),
});

const isPanelState = both(
  shape<PanelState>({ version: oneOf(1), replay: isReplay, run: isCount, step: isCount }),
  (state): state is PanelState => {
    if (state.replay.runs.length === 0) return state.run === 0 && state.step === 0;
    const shown = state.replay.runs[state.run];
    return shown !== undefined && state.step <= shown.run.steps.length;
  },
);

const isToPanel = either<ToPanel>(
  shape<Extract<ToPanel, { kind: "show" }>>({ kind: oneOf("show"), state: isPanelState }),
  shape<Extract<ToPanel, { kind: "move" }>>({
    kind: oneOf("move"),
    move: oneOf<Move>("first", "back", "step", "last", "hazard", "nextRun", "previousRun"),
  }),
);

const isFromPanel = either<FromPanel>(
  shape<{ readonly kind: "ready" | "focusEditor" }>({ kind: oneOf("ready", "focusEditor") }),
  shape<{ readonly kind: "moved" | "open"; readonly run: number; readonly step: number }>({ kind: oneOf("moved", "open"), run: isCount, step: isCount }),
  shape<{ readonly kind: "copy" | "exportLitmus"; readonly run: number }>({ kind: oneOf("copy", "exportLitmus"), run: isCount }),
  shape<Extract<FromPanel, { kind: "explainRule" }>>({ kind: oneOf("explainRule"), rule: isString }),
);
