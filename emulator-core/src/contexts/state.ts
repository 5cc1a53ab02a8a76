/** Where a path stands: what it holds, what it has started, and what it waited for. Values only; a step makes a new one. */
import type { LockClass, ReadFlavour, Step } from "../driver/steps.ts";
import type { Body, Starts } from "./body.ts";
import { learn, noFacts, type Facts } from "./facts.ts";
import { entryRows, lockRows, sectionRows, type ContextRow } from "./table.ts";

/** A step on a path, with the state before it and the way to it. */
export type Visit = {
  readonly body: Body;
  readonly step: Step;
  /** Of a condition: which way the path went. */
  readonly taken: boolean | null;
  readonly before: State;
  readonly previous: Visit | null;
  /** Steps before it. */
  readonly depth: number;
};

export type Held = { readonly lock: string; readonly as: LockClass; readonly irqsave: boolean; readonly at: Visit };
export type Section = { readonly flavour: ReadFlavour | "srcu"; readonly domain: string | null; readonly at: Visit };
export type Queued = { readonly key: string; readonly at: Visit };

export type State = {
  /** In the order they were taken. */
  readonly held: readonly Held[];
  readonly sections: readonly Section[];
  /** Handlers that this path started, by way of others or not, and did not wait for. */
  readonly pending: ReadonlySet<string>;
  /** The same, with those that other threads start. */
  readonly left: ReadonlySet<string>;
  /** What RCU was given and did not hand back. */
  readonly queued: readonly Queued[];
  /** Completions, and flags as `place = value`. */
  readonly awaited: ReadonlySet<string>;
  readonly completed: ReadonlySet<string>;
  /** Locks taken so far, with what was completed then. */
  readonly taken: ReadonlySet<string>;
  /** Calls nothing is known of. */
  readonly unknown: readonly string[];
  readonly facts: Facts;
  readonly choices: ReadonlyMap<string, boolean>;
  /** Texts of choices that this path took both ways. */
  readonly contradictions: readonly string[];
};

export function entryState(body: Body, starts: Starts): State {
  const others = starts.program.threads.filter(({ role }) => role !== body.name).flatMap(({ role }) => [...starts.startedBy(role)]);
  return { held: [], sections: [], pending: new Set(), left: new Set(others), queued: [], awaited: new Set(), completed: new Set(), taken: new Set(), unknown: [], facts: noFacts, choices: new Map(), contradictions: [] };
}

/** What is in force and forbids or masks, with the step it came from; the entry has none. */
export type InForce = { readonly row: ContextRow; readonly at: Visit | null; readonly section: Section | null };

export function inForce(body: Body, state: State): readonly InForce[] {
  return [
    { row: entryRows[body.context], at: null, section: null },
    ...state.held.map(({ as, irqsave, at }): InForce => ({ row: irqsave ? { ...lockRows[as], masks: "interrupts" } : lockRows[as], at, section: null })),
    ...state.sections.map((section): InForce => ({ row: sectionRows[section.flavour], at: section.at, section })),
  ];
}

export const flagToken = (at: string, value: number): string => `${at} = ${String(value)}`;

export function after(visit: Visit, starts: Starts): State {
  const { before, step } = visit;
  const state: State = { ...before, facts: learn(step, before.facts) };
  switch (step.kind) {
    case "lock": return { ...state, taken: new Set(state.taken).add(`${step.lock} after ${[...state.completed].join()}`), held: [...state.held, { lock: step.lock, as: step.as, irqsave: step.irqsave === true, at: visit }] };
    case "unlock": return { ...state, held: withoutLast(state.held, ({ lock }) => lock === step.lock) };
    case "read-lock": return { ...state, sections: [...state.sections, { flavour: step.flavour, domain: null, at: visit }] };
    case "read-unlock": return { ...state, sections: withoutLast(state.sections, ({ flavour }) => flavour === step.flavour) };
    case "srcu-read-lock": return { ...state, sections: [...state.sections, { flavour: "srcu", domain: step.domain, at: visit }] };
    case "srcu-read-unlock": return { ...state, sections: withoutLast(state.sections, ({ domain }) => domain === step.domain) };
    case "queue": return queue(state, visit, step.handler, starts);
    case "kfree-rcu": return { ...state, queued: [...state.queued, { key: `kfree_${step.object}`, at: visit }] };
    case "alloc": return { ...state, queued: state.queued.filter(({ key }) => key !== `kfree_${step.object}`) };
    case "wait-for-handler": return waitFor(state, starts.waitedFor(step.handler), starts);
    case "complete": return { ...state, completed: new Set(state.completed).add(step.completion) };
    case "wait-for-completion": return { ...state, awaited: new Set(state.awaited).add(step.completion) };
    case "wait-until": return { ...state, awaited: new Set(state.awaited).add(flagToken(step.at, step.value)) };
    case "store": return typeof step.value === "number" ? { ...state, completed: new Set(state.completed).add(flagToken(step.at, step.value)) } : state;
    case "opaque": return { ...state, unknown: [...state.unknown, step.call] };
    default: return state;
  }
}

function queue(state: State, visit: Visit, handler: string, starts: Starts): State {
  const started = starts.closure(handler);
  const pending = new Set([...state.pending, ...started]);
  starts.meet(pending);
  return { ...state, pending, left: new Set([...state.left, ...started]), queued: [...state.queued, { key: handler, at: visit }] };
}

/** A handler is over unless another that is still on its way may start it again. */
function waitFor(state: State, handlers: readonly string[], starts: Starts): State {
  const rest = (running: ReadonlySet<string>): ReadonlySet<string> =>
    new Set([...running].filter((name) => !handlers.includes(name) || [...running].some((other) => other !== name && starts.closure(other).has(name))));
  return { ...state, pending: rest(state.pending), left: rest(state.left), queued: state.queued.filter(({ key }) => !handlers.includes(key)) };
}

function withoutLast<T>(all: readonly T[], isIt: (one: T) => boolean): readonly T[] {
  const last = all.findLastIndex(isIt);
  return last < 0 ? all : all.toSpliced(last, 1);
}

/** All that a rule can see of a visit: of visits that agree in it, one stands for the rest. What registers hold is not in it. */
export function situationOf({ before }: Visit, idOf: (step: Step) => number): string {
  const { held, sections, pending, left, queued, awaited, completed, taken, unknown, contradictions } = before;
  return JSON.stringify([held.map(({ at }) => idOf(at.step)), sections.map(({ at }) => idOf(at.step)), queued.map(({ at }) => idOf(at.step)), ...[pending, left, awaited, completed, taken].map((set) => [...set].sort()), unknown, contradictions]);
}
