/** One race → one program to run, with what is not known about it. */

import { DriverMistake, lowerDriver, type DriverProgram } from "../../../emulator-core/src/index.ts";
import type { FileFacts } from "../model/file-facts.ts";
import { makerOf } from "../model/protection.ts";
import { contradictionsBefore, entrySections, type Sym } from "../model/trace.ts";
import { lineOf, placeOf, writtenName } from "../model/words.ts";
import type { Counterpart } from "../protocol/index.ts";
import type { Candidate } from "../rules/rule.ts";
import type { Race } from "../rules/hypothesis.ts";
import type { Attempt } from "./attempt.ts";
import { callersUnseen, keptApart } from "./kept-apart.ts";
import { commonLockKeys, lowerRace, titleOf, unknownCallsOf } from "./lower-race.ts";

export function attemptOfRace(race: Race, candidate: Candidate, facts: FileFacts): Attempt {
  const name = programName(candidate, facts);
  const unknown = unknownCallsOf(race);
  const driver = lowerRace(race, { facts, name });
  const guarded = unknown.length === 0 ? undefined : lowerRace(race, { facts, name, unknownCallsOrder: true });
  return {
    ...programOf(driver),
    driver, guarded: undefined, guardedDriver: guarded,
    counterpart: counterpartOf(race, facts),
    assumptions: [...race.assumptions, ...lockAssumptions(race), ...new Set(race.threads.flatMap(({ trace, steps }) => steps.flatMap(({ at }) => entrySections(trace, at))))],
    unknownCalls: [...new Set(unknown.map((call) => call.name))],
    unknownBeforeWait: [...new Set(unknown.filter(({ getsIt }) => getsIt).map((call) => call.name))],
    doubts: [...new Set([...race.doubts, ...contradictions(race), ...newHolders(race), ...apart(race, facts), ...(race.counterpart === null ? [] : callersUnseen(race.threads.map(({ trace }) => trace), facts))])],
    cut: [...new Set([...race.cut, ...race.threads.flatMap(({ trace }) => trace.cut)])],
  };
}

const nothing = { name: "none", comments: [], globals: [], threads: [], quantifier: "exists", condition: { kind: "true" } } as const;

/** A program that says something impossible is the extraction's fault: nothing is claimed, and the words are shown. */
function programOf(driver: DriverProgram): Pick<Attempt, "program" | "situation"> & { readonly mistake?: string } {
  try {
    const { program, situation } = lowerDriver(driver);
    return { program, situation };
  } catch (error) {
    if (!(error instanceof DriverMistake)) throw error;
    return { program: nothing, situation: { kind: "true" }, mistake: error.message };
  }
}

/** One word, as a litmus test wants it. */
function programName(candidate: Candidate, { file }: FileFacts): string {
  const words = [file.split("/").at(-1)?.replace(/\.[ch]$/, "") ?? "file", candidate.function, candidate.rule.split("/")[1] ?? ""];
  return words.join("-").replace(/\W+/g, "-");
}

function counterpartOf(race: Race, facts: FileFacts): Counterpart | null {
  const { counterpart } = race;
  if (counterpart === null) return null;
  if ("synthetic" in counterpart) return { file: facts.file, function: `(${counterpart.synthetic})`, line: lineOf(facts, firstOf(race)), synthetic: true };
  const event = counterpart.trace.events[counterpart.at];
  const name = event?.function ?? counterpart.trace.root;
  return { function: writtenName(facts, name), ...placeOf(facts, facts.functions.get(name)?.nameSpan.start ?? event?.at.start ?? 0), synthetic: false };
}

/** A synthetic counterpart has no line of its own: it gets the one of what it is played against. */
function firstOf({ threads }: Race): number {
  const thread = threads[0];
  return thread?.trace.events[thread.steps[0]?.at ?? 0]?.at.start ?? 0;
}

/** Locks of one name are taken for one lock; of different names for different ones. */
function lockAssumptions(race: Race): readonly string[] {
  const common = commonLockKeys(race);
  const texts = race.threads.flatMap(({ trace, steps }) => steps.flatMap(({ at }) => trace.events[at]?.locks ?? [])).filter((lock) => common.has(lock.key)).map((lock) => lock.text);
  const both = [...new Set(texts)];
  if (both.length > 0) return [`both sides take the same ${both[0] ?? ""}`];
  return race.threads.length > 1 ? [`${race.threads.map((thread) => titleOf(thread)).join(" and ")} are not serialised by a common lock`] : [];
}

/** The counterpart against each other thread. */
function apart({ counterpart, threads }: Race, facts: FileFacts): readonly string[] {
  if (counterpart === null || "synthetic" in counterpart) return [];
  const sides = threads.map(({ trace, steps }) => ({ trace, steps: steps.map(({ at }) => at) }));
  const [side] = sides.filter(({ trace }) => trace === counterpart.trace);
  return side === undefined ? [] : sides.filter((other) => other !== side).flatMap((other) => keptApart(other, side, facts));
}

/** What is written lies in what a call gave whose name says that it makes things, and which was not followed. */
function newHolders({ threads }: Race): readonly string[] {
  return threads.flatMap(({ trace, steps }) => steps.flatMap(({ at }) => {
    const what = trace.events[at]?.what;
    const holder = what?.kind === "store" ? what.place.base : what?.kind === "link" ? what.head?.base : what?.kind === "insert" ? what.container : undefined;
    const maker = holder === undefined ? undefined : makerOf(rootOf(holder));
    return maker === undefined ? [] : [`what ${maker}() gives may be new, and known to nobody else yet`];
  }));
}

/** Of what it lies in. */
function rootOf(holder: Sym): Sym {
  let sym = holder;
  while (sym.origin.kind === "load" || sym.origin.kind === "address") sym = sym.origin.place.base;
  return sym;
}

function contradictions({ threads }: Race): readonly string[] {
  return threads.flatMap(({ trace, steps, to }) => contradictionsBefore(trace, to ?? steps.at(-1)?.at ?? trace.events.length).map((text) => `the path answers "${text}" in two ways: whether it can change in between is not visible here`));
}
