/** What a caller has to know: what is held, given up, freed, waited for, and what must hold on entry. */

import type { FunctionDef } from "../../syntax/c-syntax.ts";
import { objectOf } from "../evaluate.ts";
import type { Sym, TraceEvent, Traces } from "../trace.ts";
import type { FactsRecorder } from "./recorder.ts";
import type { Spelling } from "./spelling.ts";
import type { Exit, FunctionFacts, On, Point, Sleeping, Summary } from "./types.ts";

export type SummaryContext = {
  readonly fn: FunctionDef;
  readonly points: readonly Point[];
  readonly exits: readonly Exit[];
  readonly traces: Traces;
  readonly recorder: FactsRecorder;
  readonly spelling: Spelling;
  readonly calleeFacts: (name: string) => FunctionFacts | undefined;
};

export function summaryOf(context: SummaryContext): Summary {
  const { points, exits } = context;
  return {
    acquires: heldAtExits(exits),
    releases: releasesOf(context),
    frees: freesOf(context),
    waits: waitsOf(context),
    sleeps: sleepingOf(points),
    needs: needsOf(context),
  };
}

function heldAtExits(exits: readonly Exit[]): Summary["acquires"] {
  const taken = exits.flatMap((exit) => exit.locks.filter((lock) => !lock.isAsserted));
  const places = [...new Set(taken.map((lock) => lock.place))];
  return places.flatMap((place) => {
    const held = taken.filter((lock) => lock.place === place);
    const isOnAll = held.length >= exits.length && held.every((lock) => lock.on === "all");
    return held.slice(0, 1).map((lock) => ({ ...lock, on: isOnAll ? ("all" as const) : ("some" as const) }));
  });
}

/** How many of the followed paths have such an event. */
function onPaths({ traces }: Traces, isIt: (event: TraceEvent) => boolean): On | undefined {
  const count = traces.filter(({ events }) => events.some(isIt)).length;
  return count === 0 ? undefined : count === traces.length ? "all" : "some";
}

function releasesOf({ points, traces, spelling }: SummaryContext): Summary["releases"] {
  const released = points.filter(({ effect, detail }) => (effect === "unlock" && detail.endsWith("not taken here")) || (effect === "reader-leave" && detail.endsWith("not entered here")));
  const places = [...new Map(released.map((point) => [point.place, point])).values()];
  return places.map(({ place, key, effect }) => {
    const on = onPaths(traces, ({ what }) => (effect === "unlock" ? what.kind === "unlock" && what.lock.at === undefined && spelling.lock(what.lock) === place : what.kind === "reader-leave" && what.section === undefined));
    return { place, key, on: on ?? "some" };
  });
}

function freesOf({ fn, traces, spelling, calleeFacts }: SummaryContext): Summary["frees"] {
  const found = new Map<string, { readonly parameter: number; readonly object: Sym; readonly when: "now" | "after a grace period" }>();
  const freed = ({ what }: TraceEvent): { object: Sym; when: "now" | "after a grace period" } | undefined => {
    if (what.kind === "free" || what.kind === "defer-free") return { object: what.object, when: what.kind === "free" ? "now" : "after a grace period" };
    // The callback gets the head, and frees what the head is in.
    const isFreeing = what.kind === "defer-call" && what.callback !== undefined && calleeFacts(what.callback)?.summary.frees.some(({ parameter }) => parameter === 1) === true;
    return isFreeing ? { object: objectOf(what.head).object, when: "after a grace period" } : undefined;
  };
  for (const { events } of traces.traces) {
    for (const event of events) {
      const one = freed(event);
      const parameter = one === undefined ? -1 : fn.parameters.findIndex(({ name }) => name === parameterOf(one.object, fn.name));
      if (one !== undefined && parameter >= 0) found.set(`${String(one.object.id)} ${one.when}`, { parameter, ...one });
    }
  }
  return [...found.values()].map(({ parameter, object, when }) => ({
    parameter: parameter + 1, name: fn.parameters[parameter]?.name ?? "", object: spelling.value(object) ?? "?", when,
    on: onPaths(traces, (event) => { const one = freed(event); return one?.object.id === object.id && one.when === when && event.condition === undefined; }) ?? "some",
  }));
}

/** The parameter whose object this is, or that the object is the container of. */
function parameterOf(object: Sym, root: string): string | undefined {
  if (object.origin.kind === "parameter") return object.origin.function === root ? object.origin.name : undefined;
  if (object.origin.kind === "container") return parameterOf(objectOf(object.origin.of).object, root);
  return undefined;
}

function waitsOf({ points, traces, calleeFacts }: SummaryContext): Summary["waits"] {
  const own = points.filter(({ effect }) => effect === "wait").map(({ place, detail, line }): Summary["waits"][number] => {
    const [api = ""] = detail.split(", ");
    const on = onPaths(traces, ({ what, condition }) => what.kind === "wait" && what.api === api && !what.maybe && condition === undefined) ?? "some";
    const flavour = ["rcu", "tasks", "mmu-notifier"].includes(place) ? place : "srcu";
    return { flavour, domain: flavour === "srcu" ? place : "", api, for: detail.includes("for callbacks") ? "callbacks" : "readers", on, line };
  });
  // A call that was not followed all the same waits.
  const inside = points.filter(({ effect, does, detail, line }) => effect === "call" && detail !== "" && does.includes("wait") && !own.some((wait) => wait.line === line))
    .flatMap(({ place, line }) => (calleeFacts(place.slice(0, -2))?.summary.waits ?? []).map((wait) => ({ ...wait, on: "some" as const, line })));
  return [...own, ...inside];
}

function sleepingOf(points: readonly Point[]): Summary["sleeps"] {
  const answer = (wanted: Sleeping): readonly Point[] => points.filter(({ sleeps }) => sleeps === wanted);
  const sure = answer("yes");
  const byFlags = answer("by flags");
  const which: Sleeping = sure.length > 0 ? "yes" : byFlags.length > 0 ? "by flags" : "no";
  const lines = [...new Set((which === "yes" ? sure : byFlags).map(({ line }) => line))];
  const unknownCalls = points.filter(({ effect, does }) => effect === "opaque" || (effect === "call" && does.includes("opaque"))).length;
  return { answer: which, lines, unknownCalls };
}

function needsOf({ points, recorder, spelling, exits }: SummaryContext): Summary["needs"] {
  const needs = new Map<string, number | null>();
  const add = (what: string, line: number | null): void => { if (!needs.has(what)) needs.set(what, line); };
  for (const context of [...points, ...exits]) for (const lock of context.locks) if (lock.isAsserted) add(`${lock.place} held`, null);
  for (const { effect, detail, place, line } of points) if (effect === "unlock" && detail.endsWith("not taken here")) add(`${place} held`, line);
  for (const { moment, what } of recorder.raws) {
    const line = spelling.ownLine(moment.chain[0]?.at ?? moment.at);
    if (what.kind === "load" && what.rcu === "reader" && moment.readers.length === 0) add("a read-side section", line);
    if (what.kind === "walk" && what.rcu && !what.conditional && moment.readers.length === 0 && moment.locks.length === 0) add("a read-side section, or the update lock", line);
    if (what.kind === "reader-leave" && what.section === undefined) add("a read-side section", line);
  }
  return [...needs].map(([what, line]) => ({ what, line }));
}
