/** A driver program as a base program of the LKMM: CPUs, handlers, queues and devices as threads. */
import type { Instruction, Program, Source, Thread } from "../program.ts";
import { checkProgram } from "./well-formed.ts";
import { describeStep } from "./describe.ts";
import { armsOf, flatten, withArms } from "./each-step.ts";
import { questionOf } from "./hazards.ts";
import { CpuLowering, doneFlag, queuedFlag } from "./lower-cpu.ts";
import { lowerDevice, lowerQueue } from "./lower-device.ts";
import { allOf, assign, compare, loadOf, number, register, storeTo, when, Lowering, type Lowered, type LoweredThread } from "./lowering.ts";
import { demand } from "./mistake.ts";
import { globalName, Places } from "./places.ts";
import type { DriverProgram, Handler, Step } from "./steps.ts";

export type LowerOptions = {
  /** What becomes of barriers that order only some of what stands around them. Default: left out. */
  readonly mixedBarriers?: "keep" | "drop";
};

/** Throws `DriverMistake` for a program that says something impossible. */
export function lowerDriver(driver: DriverProgram, options: LowerOptions = {}): Lowered {
  checkProgram(driver);
  const complete = withFreeHandlers(withSources(driver));
  const all = new Lowering(complete, new Places(complete), options.mixedBarriers === "keep", inFlightCaches(complete));
  const sections = complete.threads.some(({ steps }) => waitsForReaders(steps)) || (complete.handlers ?? []).some(({ kind, steps }) => kind === "rcu" || waitsForReaders(steps));
  const handlers = complete.handlers ?? [];
  const threads: LoweredThread[] = complete.threads.map(({ role, title, steps }, k) => ({ actor: "cpu", role, title, name: role, body: new CpuLowering(all, k, role, steps, sections).lower(steps) }));
  const bodies = handlers.map(({ name, steps }, k) => new CpuLowering(all, threads.length + k, name, steps, sections).lower(steps));
  handlers.forEach((handler, k) => threads.push(handlerThread(all, handler, threads.length, bodies[k]!)));
  for (const queue of complete.queues ?? []) {
    const made = lowerQueue(all, queue);
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
  checkGlobals(all, program);
  return {
    program: withoutUnusedGlobals(program),
    actors: threads.map(({ actor, role, name }) => ({ actor, role, name })),
    stepOf: all.stepOf,
    situation,
    assumptions: [...(driver.assumptions ?? []), ...all.assumptions],
    unmodelled: [...all.unmodelled],
    notes: [...all.notes],
    mixedBarriers: all.mixedBarriers,
  };
}

/** An object called like a lock, a queue's word or a stand-in for freed memory would be that. */
function checkGlobals(all: Lowering, { globals }: Program): void {
  const names = new Set<string>();
  for (const { name } of globals) {
    demand(!names.has(name), `object ${[...all.places.storage.keys()].find((object) => globalName(object) === name) ?? name} is called like something else of the program (${name}): name it otherwise`);
    names.add(name);
  }
}

function threadOf({ role, title, body }: LoweredThread): Thread {
  return { ...(role === "" ? {} : { role }), title, body };
}

/** Runs after it was queued; an RCU callback after a grace period, too (tools/memory-model/Documentation/litmus-tests.txt). */
function handlerThread(all: Lowering, handler: Handler, thread: number, body: readonly Instruction[]): LoweredThread {
  const wait: readonly Instruction[] = handler.kind === "rcu" ? [{ kind: "fence", fence: "sync-rcu" }]
    : handler.kind === "srcu" ? [{ kind: "synchronize-srcu", domain: all.domain(`v_${handler.domain ?? ""}`) }] : [];
  const head = all.driver.hazard.kind === "head-overlap" ? all.heads.get(handler.name) : undefined;
  const linked: Instruction[] = [];
  if (head !== undefined) {
    all.headReads.push({ thread, register: "r_head", ...head });
    linked.push(assign("r_head", loadOf({ kind: "address", location: globalName(head.object), offset: 4 * head.word }, "once")));
  }
  const done = all.awaited.has(handler.name) ? [storeTo(all.flag(doneFlag(handler.name)), number(1), "release")] : [];
  const started = [assign("r_queued", loadOf(all.flag(queuedFlag(handler.name)), "acquire")), when(compare(register("r_queued"), "==", number(1)), [...wait, ...linked, ...body, ...done])];
  return { actor: "handler", role: handler.kind === "rcu" || handler.kind === "srcu" ? "RCU callback" : handler.kind, title: handler.title, name: handler.name, body: started };
}

/** kfree_rcu() is a callback that frees. */
function withFreeHandlers(driver: DriverProgram): DriverProgram {
  const frees = [...driver.threads, ...(driver.handlers ?? [])].flatMap(({ steps }) => flatten(steps)).filter((step) => step.kind === "kfree-rcu");
  const made = [...new Set(frees.map(({ object }) => object))].map((object): Handler => ({
    name: `kfree_${object}`, kind: "rcu", title: `kfree_rcu(${object})`,
    steps: [{ kind: "free", object, how: "kfree", plain: frees.some((step) => step.object === object && step.plain === true), source: { file: driver.name, line: 0, column: 1, text: `RCU frees ${object}` } }],
  }));
  return { ...driver, handlers: [...(driver.handlers ?? []), ...made] };
}

function waitsForReaders(steps: readonly Step[]): boolean {
  return flatten(steps).some((step) => step.kind === "kfree-rcu" || (step.kind === "grace-period" && step.domain === undefined));
}

/** Caches that some command invalidates without waiting for data accesses. */
function inFlightCaches(driver: DriverProgram): ReadonlySet<string> {
  const commands = [...driver.threads, ...(driver.handlers ?? [])].flatMap(({ steps }) => flatten(steps)).flatMap((step) => (step.kind === "command" || step.kind === "invalidate" ? [step.command] : []));
  return new Set(commands.filter(({ waitsForData, assumeEmpty }) => !waitsForData && assumeEmpty !== true).flatMap(({ invalidate }) => invalidate));
}

/** A step without a source of its own stands on its line of the program's listing (`listing.ts`). */
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
