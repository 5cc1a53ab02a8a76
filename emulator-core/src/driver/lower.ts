/** A driver program as a base program of the LKMM: CPUs, handlers, queues and devices as threads. */
import type { Program, Source, Thread } from "../program.ts";
import { checkProgram } from "./well-formed.ts";
import { describeStep } from "./describe.ts";
import { armsOf, flatten, withArms } from "./each-step.ts";
import { handlerThread, isReader, withRuns } from "./handlers.ts";
import { questionOf } from "./hazards.ts";
import { CpuLowering } from "./lower-cpu.ts";
import { lowerDevice } from "./lower-device.ts";
import { lowerQueue } from "./lower-queue.ts";
import { allOf, Lowering, type Lowered, type LoweredThread } from "./lowering.ts";
import { demand } from "./mistake.ts";
import { globalName, Places } from "./places.ts";
import { splitWords } from "./split-words.ts";
import type { DriverProgram, Entry, Step } from "./steps.ts";

export type LowerOptions = {
  /** What becomes of barriers that order only some of what stands around them. Default: left out. */
  readonly mixedBarriers?: "keep" | "drop";
  /** Whether a wait for another thread or handler may last for ever. Default: executions in which one does are left out. */
  readonly waits?: "end" | "may-last";
};

/** Entries of threads that hold up a grace period: interrupts, softirqs or preemption are off (Documentation/RCU/whatisRCU.rst). */
const readers: ReadonlySet<Entry> = new Set<Entry>(["hardirq", "softirq", "timer", "rcu-callback"]);

/** Throws `DriverMistake` for a program that says something impossible. */
export function lowerDriver(driver: DriverProgram, options: LowerOptions = {}): Lowered {
  checkProgram(driver);
  const { driver: complete, runsOf, freedBy } = withRuns(withSources(driver));
  const all = new Lowering(complete, new Places(complete), { keepMixedBarriers: options.mixedBarriers === "keep", waits: options.waits ?? "end", inFlightCaches: inFlightCaches(complete), runsOf, freedBy });
  const handlers = complete.handlers ?? [];
  const sections = complete.threads.some(({ steps }) => waitsForReaders(steps)) || handlers.some(({ kind, steps }) => kind === "rcu" || waitsForReaders(steps));
  const threads: LoweredThread[] = complete.threads.map(({ role, title, entry, steps }, k) => {
    const { choices, body } = new CpuLowering(all, { index: k, name: role, isHandler: false, isReader: entry !== undefined && readers.has(entry) }, steps, sections).body();
    return { actor: "cpu", role, title, name: role, body: [...choices, ...body] };
  });
  const isFreeing = new Set(freedBy.values());
  const bodies = handlers.map(({ name, kind, steps }, k) => new CpuLowering(all, { index: threads.length + k, name, isHandler: true, isReader: isReader(kind) && !isFreeing.has(name) }, steps, sections).body());
  handlers.forEach((handler, k) => threads.push(handlerThread(all, handler, threads.length, bodies[k]!)));
  for (const completion of waitedTwice(complete)) all.unmodelled.add(`${completion} is waited for more than once: each complete() lets one waiter on, and here all`);
  for (const queue of complete.queues ?? []) {
    const made = lowerQueue(all, queue, threads.length);
    if (made !== undefined) threads.push(made);
  }
  threads.push(...all.hardware);
  for (const device of complete.devices ?? []) threads.push(lowerDevice(all, device, threads.length));
  threads.push(...all.choosers);
  // The threads of the program come first: those who wait or choose beside them may be called alike.
  const indexOf = new Map(threads.map(({ name }, k) => [name, k] as const).reverse());
  const { hazard, situation } = questionOf(all, (name) => indexOf.get(name));
  const program: Program = {
    name: complete.name,
    globals: [...all.places.globals(all.atomics), ...all.globals],
    threads: threads.map(threadOf),
    ...(all.filters.length === 0 ? {} : { filter: allOf(all.filters) }),
    quantifier: "exists",
    condition: hazard,
  };
  const names = program.globals.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  demand(twice === undefined, `object ${[...all.places.storage.keys()].find((object) => globalName(object) === twice) ?? String(twice)} is called like something else of the program: name it otherwise`);
  const split = splitWords({ program, situation }, all.places.splitting(), (before, after) => {
    const step = all.stepOf.get(before);
    if (step !== undefined) all.stepOf.set(after, step);
    if (all.fromMainMemory.has(before)) all.fromMainMemory.add(after);
  });
  return {
    program: withoutUnusedGlobals(split.program),
    actors: threads.map(({ actor, role, name }) => ({ actor, role, name })),
    stepOf: all.stepOf,
    situation: split.situation,
    hasWaits: all.hasWaits,
    stands: all.places.stands,
    fromMainMemory: all.fromMainMemory,
    assumptions: [...(driver.assumptions ?? []), ...all.assumptions],
    unmodelled: [...all.unmodelled],
    notes: [...all.notes],
    mixedBarriers: all.mixedBarriers,
  };
}

function threadOf({ role, title, body }: LoweredThread): Thread {
  return { ...(role === "" ? {} : { role }), title, body };
}

/** Completions with two waits on the paths of one execution. */
function waitedTwice({ threads, handlers = [] }: DriverProgram): readonly string[] {
  const names = new Set([...threads, ...handlers].flatMap(({ steps }) => flatten(steps)).flatMap((step) => (step.kind === "wait-for-completion" ? [step.completion] : [])));
  const most = (steps: readonly Step[], name: string): number => steps.reduce((sum, step) => sum + (step.kind === "wait-for-completion" && step.completion === name ? 1 : 0) + Math.max(0, ...armsOf(step).map((arm) => most(arm, name))), 0);
  return [...names].filter((name) => [...threads, ...handlers].reduce((sum, { steps }) => sum + most(steps, name), 0) > 1);
}

function waitsForReaders(steps: readonly Step[]): boolean {
  return flatten(steps).some((step) => step.kind === "kfree-rcu" || (step.kind === "grace-period" && step.domain === undefined));
}

/** Caches that some command invalidates without waiting for data accesses. */
function inFlightCaches(driver: DriverProgram): ReadonlySet<string> {
  const commands = [...driver.threads, ...(driver.handlers ?? [])].flatMap(({ steps }) => flatten(steps)).flatMap((step) => (step.kind === "command" || step.kind === "invalidate" ? [step.command] : []));
  return new Set(commands.filter(({ waitsForData, assumeEmpty }) => !waitsForData && assumeEmpty !== true).flatMap(({ invalidate }) => invalidate));
}

/** A step without a source of its own stands on its line of the program: steps are counted from 1, thread after thread. */
export function withSources(driver: DriverProgram): DriverProgram {
  let line = 0;
  const visit = (steps: readonly Step[]): readonly Step[] => steps.map((step) => {
    line++;
    const source: Source = step.source ?? { file: driver.name, line, column: 1, text: describeStep(step) };
    const inner = armsOf(step).map(visit);
    return { ...withArms(step, inner), source };
  });
  return { ...driver, threads: driver.threads.map((thread) => ({ ...thread, steps: visit(thread.steps) })), handlers: (driver.handlers ?? []).map((handler) => ({ ...handler, steps: visit(handler.steps) })) };
}

/** Stands for NULL, freed and wild memory are there only where something points at them. */
function withoutUnusedGlobals(program: Program): Program {
  const used = new Set<string>();
  addLocations([program.threads, program.condition, program.filter], used);
  for (let before = -1; before !== used.size;) {
    before = used.size;
    for (const { name, words } of program.globals) if (used.has(name)) for (const word of words) if (word.kind === "address") used.add(word.location);
  }
  return { ...program, globals: program.globals.filter(({ name }) => used.has(name)) };
}

/** Names of globals anywhere in a part of a program. */
function addLocations(part: unknown, found: Set<string>): void {
  if (typeof part !== "object" || part === null) return;
  for (const [key, inner] of Object.entries(part)) {
    if (key === "location") found.add(inner as string);
    else if (key !== "source") addLocations(inner, found);
  }
}
