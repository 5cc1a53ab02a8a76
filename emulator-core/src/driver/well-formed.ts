/** Mistakes of a driver program that can be told without running it, each in words. */
import { overlays } from "./architectures.ts";
import { barrierNames } from "./barriers.ts";
import { checkDeclared, checkSizes, isRegisterName } from "./declared.ts";
import { armsOf, flatten, forEachStep } from "./each-step.ts";
import { demand } from "./mistake.ts";
import { registersUsed } from "./operands.ts";
import { bodiesOf } from "./places.ts";
import type { DriverProgram, Step } from "./steps.ts";

/** Steps of a whole program, hardware apart. */
export const stepsMax = 150;
/** Steps that are counted before the count is given up. */
const countMax = 20_000;
/** Arms inside arms. */
const depthMax = 24;

export function checkProgram(program: DriverProgram): void {
  const names = [...program.threads.map(({ role }) => role), ...(program.handlers ?? []).map(({ name }) => name), ...(program.devices ?? []).map(({ name }) => name), ...(program.queues ?? [])];
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  demand(twice === undefined, `two threads, handlers, queues or devices are called ${String(twice)}`);
  demand(program.architecture === undefined || Object.hasOwn(overlays, program.architecture), `architecture ${program.architecture} is not known`);
  demand(program.threads.length > 0, "a driver program needs a thread");
  checkSizes(program);
  let count = 0;
  for (const { name, steps } of bodiesOf(program)) {
    const size = sizeOf(steps);
    demand(size.depth <= depthMax, `${name}: more than ${String(depthMax)} conditions inside each other`);
    count += size.count;
  }
  demand(count <= stepsMax, `the program has ${count > countMax ? "more than " : ""}${String(Math.min(count, countMax))} steps; at most ${String(stepsMax)} are followed`);
  checkDeclared(program);
  for (const { name, steps } of bodiesOf(program)) checkBody(program, name, steps);
  checkQueues(program);
  checkStarts(program);
  checkNames(program);
  if (program.hazard.kind !== "context") checkLives(program);
  checkHazard(program);
}

/** Level by level, and no further than needed: arms that share their steps would be many. */
function sizeOf(steps: readonly Step[]): { readonly depth: number; readonly count: number } {
  let depth = 0;
  let count = 0;
  for (let level = steps; level.length > 0; level = level.flatMap((step) => armsOf(step).flat())) {
    depth++;
    count += level.length;
    if (depth > depthMax || count > countMax) break;
  }
  return { depth, count };
}

/** Registers are set before they are used, once on every path; sections and locks are balanced. */
function checkBody(program: DriverProgram, name: string, steps: readonly Step[]): void {
  const known = new Set<string>();
  forEachStep(steps, (step) => {
    for (const { register, where } of registersUsed(step)) demand(known.has(register), `${name}: register ${register} is used before anything sets it (${where})`);
    if (step.kind === "barrier") demand(barrierNames.includes(step.barrier), `${name}: ${step.barrier}() is no barrier that is known`);
    if (step.kind === "queue" || step.kind === "wait-for-handler") demand(isHandler(program, step.handler), `${name}: handler ${step.handler} is not declared`);
    if ("dst" in step) {
      demand(isRegisterName(step.dst), `${name}: ${step.dst} is no name for a register: a letter, then letters, digits and _; r_, ix_, v_ and the words of C are taken`);
      known.add(step.dst);
    }
  });
  const twice = setTwice(steps, new Set());
  demand(twice === undefined, `${name}: register ${String(twice)} is set twice on one path; give each value its own`);
  if (program.threads.some(({ role, allowUnbalanced }) => role === name && allowUnbalanced === true)) {
    demand(program.hazard.kind === "context", `${name} may be unbalanced, and then only its contexts are judged: the hazard has to be "context"`);
    return;
  }
  for (const flavour of new Set(flatten(steps).flatMap((step) => (step.kind === "read-lock" || step.kind === "read-unlock" ? [step.flavour] : [])))) {
    const isThis = (step: Step): number => (step.kind === "read-lock" && step.flavour === flavour ? 1 : step.kind === "read-unlock" && step.flavour === flavour ? -1 : 0);
    demand(depthAfter(steps, isThis, `${name}: a read-side section (${flavour}) is left without being entered`) === 0, `${name}: a read-side section (${flavour}) is not left`);
  }
  for (const lock of program.locks ?? []) {
    const classes = new Set(bodiesOf(program).flatMap((body) => flatten(body.steps)).flatMap((step) => ((step.kind === "lock" || step.kind === "unlock") && step.lock === lock ? [step.as] : [])));
    demand(classes.size <= 1, `${lock} is taken or left as ${[...classes].join(" and as ")}`);
    const isThis = (step: Step): number => (step.kind === "lock" && step.lock === lock ? 1 : step.kind === "unlock" && step.lock === lock ? -1 : 0);
    demand(depthAfter(steps, isThis, `${name}: ${lock} is unlocked without being locked`) === 0, `${name}: ${lock} is not unlocked`);
  }
  for (const domain of program.srcuDomains ?? []) {
    const isThis = (step: Step): number => (step.kind === "srcu-read-lock" && step.domain === domain ? 1 : step.kind === "srcu-read-unlock" && step.domain === domain ? -1 : 0);
    demand(depthAfter(steps, isThis, `${name}: srcu_read_unlock(${domain}) without its srcu_read_lock()`) === 0, `${name}: a section of ${domain} is not left`);
  }
}

/** A register says one thing: hazards ask for its last value. The arms of a condition may each set it. */
function setTwice(steps: readonly Step[], before: ReadonlySet<string>): string | undefined {
  const set = new Set(before);
  for (const step of steps) {
    if ("dst" in step) {
      if (set.has(step.dst)) return step.dst;
      set.add(step.dst);
    }
    const arms = armsOf(step);
    for (const arm of arms) {
      const found = setTwice(arm, set);
      if (found !== undefined) return found;
    }
    for (const inner of flatten(arms.flat())) if ("dst" in inner) set.add(inner.dst);
  }
  return undefined;
}

function isHandler(program: DriverProgram, handler: string): boolean {
  return program.handlers?.some(({ name }) => name === handler) === true || bodiesOf(program).some(({ steps }) => flatten(steps).some((step) => step.kind === "kfree-rcu" && `kfree_${step.object}` === handler));
}

/** Depth at the end; both arms of a condition have to leave the same one. */
function depthAfter(steps: readonly Step[], change: (step: Step) => number, below: string): number {
  const walk = (body: readonly Step[], start: number): number => {
    let depth = start;
    for (const step of body) {
      depth += change(step);
      demand(depth >= 0, below);
      const arms = armsOf(step).map((arm) => walk(arm, depth));
      const [first, ...others] = step.kind === "put-ref" ? [...arms, depth] : arms;
      if (first === undefined) continue;
      demand(others.every((other) => other === first), `${below.slice(0, below.indexOf(":"))}: the two arms of a condition leave a section or lock differently`);
      depth = first;
    }
    return depth;
  };
  return walk(steps, 0);
}

/** One queue belongs to one thread: submissions of several CPUs are serialised, and each waits for its own. */
function checkQueues(program: DriverProgram): void {
  for (const queue of program.queues ?? []) {
    const users = bodiesOf(program).filter(({ steps }) => flatten(steps).some((step) => (step.kind === "command" || step.kind === "doorbell" || step.kind === "poll") && step.queue === queue));
    demand(users.length <= 1, `queue ${queue} is used by ${users.map(({ name }) => name).join(" and ")}; give each a queue of its own`);
  }
}

/** A handler that only itself or its followers queue never starts. */
function checkStarts(program: DriverProgram): void {
  const queuedBy = (steps: readonly Step[]): readonly string[] => flatten(steps).flatMap((step) => (step.kind === "queue" ? [step.handler] : []));
  const started = new Set(program.threads.flatMap(({ steps }) => queuedBy(steps)));
  for (let before = -1; before !== started.size;) {
    before = started.size;
    for (const handler of program.handlers ?? []) if (started.has(handler.name)) for (const next of queuedBy(handler.steps)) started.add(next);
  }
  const never = (program.handlers ?? []).find(({ name }) => !started.has(name));
  demand(never === undefined, `handler ${String(never?.name)} never starts: no thread queues it`);
  for (const { name } of program.handlers ?? []) demand(!reaches(name, name, (from) => queuedBy(program.handlers?.find((one) => one.name === from)?.steps ?? [])), `handler ${name} queues itself, by way of others or not: a cycle of starts is not followed`);
}

function reaches(from: string, to: string, next: (name: string) => readonly string[], seen = new Set<string>()): boolean {
  return next(from).some((one) => one === to || (!seen.has(one) && reaches(one, to, next, seen.add(one))));
}

/** Names become words of the litmus test. */
function checkNames(program: DriverProgram): void {
  const check = (names: readonly string[], what: string): void => {
    for (const name of names) demand(/^[A-Za-z]\w*$/.test(name), `${JSON.stringify(name)} is no name for ${what}: a letter, then letters, digits and _`);
    const twice = names.find((name, k) => names.indexOf(name) !== k);
    demand(twice === undefined, `${String(twice)} is declared twice as ${what}`);
  };
  check((program.handlers ?? []).map(({ name }) => name), "a handler");
  check(program.locks ?? [], "a lock");
  check(program.srcuDomains ?? [], "an SRCU domain");
  check([...new Set(allSteps(program).flatMap((step) => (step.kind === "complete" || step.kind === "wait-for-completion" ? [step.completion] : [])))], "a completion");
  for (const { fields } of program.objects) for (const { name } of fields ?? []) demand(/^\w+$/.test(name), `${JSON.stringify(name)} is no name for a field`);
  for (const { name, kind, domain } of program.handlers ?? []) demand(kind !== "srcu" || (domain !== undefined && program.srcuDomains?.includes(domain) === true), `handler ${name} waits for readers of an SRCU domain: name a declared one`);
}

const allSteps = (program: DriverProgram): readonly Step[] => bodiesOf(program).flatMap(({ steps }) => flatten(steps));

/** One object is one piece of memory: allocated at one place, and not again after it was freed. */
function checkLives(program: DriverProgram): void {
  for (const object of new Set(allSteps(program).flatMap((step) => (step.kind === "alloc" ? [step.object] : [])))) {
    let allocations = 0;
    const walk = (steps: readonly Step[], before: { readonly made: number; readonly isFreed: boolean }): { readonly made: number; readonly isFreed: boolean } => steps.reduce((now, step) => {
      if (step.kind === "alloc" && step.object === object) {
        demand(!now.isFreed, `${object} is allocated again after it was freed; give the new one a name of its own`);
        return { made: now.made + 1, isFreed: false };
      }
      if ((step.kind === "free" || step.kind === "kfree-rcu") && step.object === object) return { ...now, isFreed: true };
      const arms = armsOf(step).map((arm) => walk(arm, now));
      return arms.length === 0 ? now : { made: Math.max(now.made, ...arms.map(({ made }) => made)), isFreed: now.isFreed || arms.some(({ isFreed }) => isFreed) };
    }, before);
    for (const { steps } of bodiesOf(program)) allocations += walk(steps, { made: 0, isFreed: false }).made;
    demand(allocations <= 1, `${object} is allocated ${String(allocations)} times; each allocation is an object with a name of its own`);
  }
}

/** A hazard speaks of an object that is there, an outcome of registers that its threads set. */
function checkHazard(program: DriverProgram): void {
  const { hazard } = program;
  if ("object" in hazard) demand(program.objects.some(({ name }) => name === hazard.object), `the hazard speaks of object ${hazard.object}, which is not declared`);
  const parts = hazard.kind === "outcome" || hazard.kind === "use-after-free" ? (hazard.when ?? []) : [];
  for (const part of parts) {
    if (!("register" in part)) continue;
    const body = bodiesOf(program).find(({ name }) => name === part.thread);
    if (body === undefined) continue;
    demand(flatten(body.steps).some((step) => "dst" in step && step.dst === part.register), `the outcome speaks of register ${part.register}, which ${part.thread} never sets`);
  }
}
