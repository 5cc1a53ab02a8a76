/** Names, numbers and sizes of a driver program: everything that is named is declared, can be said in C, and is one thing only. */
import { overlays } from "./architectures.ts";
import { barrierNames } from "./barriers.ts";
import { forEachStep } from "./each-step.ts";
import { demand } from "./mistake.ts";
import { bodiesOf } from "./places.ts";
import type { Device, DriverProgram, Hazard, LockClass, Operand, OutcomePart, Step, StepKind } from "./steps.ts";

/** More than a race has; beyond them nothing is tried. */
const limits = { objects: 256, "words of objects": 1024, "threads, handlers, queues and devices": 64, "fetches of one device": 24, "caches of one command": 64, "parts of an outcome": 64 } as const;

const kinds: Readonly<Record<StepKind, true>> = {
  load: true, store: true, set: true, update: true, barrier: true, lock: true, unlock: true, "read-lock": true, "read-unlock": true, "srcu-read-lock": true, "srcu-read-unlock": true,
  "grace-period": true, if: true, choose: true, "wait-until": true, alloc: true, free: true, "kfree-rcu": true, queue: true, "wait-for-handler": true, complete: true, "wait-for-completion": true,
  "get-ref": true, "get-ref-unless-zero": true, "put-ref": true, command: true, doorbell: true, poll: true, invalidate: true, "dma-clean": true, "may-sleep": true, "module-exit": true, opaque: true,
};

const hazards: Readonly<Record<Hazard["kind"], true>> = { "use-after-free": true, "write-after-free": true, "double-free": true, "uninitialised-read": true, "null-dereference": true, "head-overlap": true, outcome: true, context: true };

/** What C keeps for itself. */
const keywords = new Set("auto break case char const continue default do double else enum extern float for goto if inline int long register return short signed sizeof static struct switch typedef union unsigned void volatile while".split(" "));

/** Words of queues are told from other words by their names. */
const takenForQueues = /^(?:queued|done|completion|times_freed|choice\d*|evicted\d*|instruction\d*|cache|inflight)(?:_|$)/;

export const isRegisterName = (name: string): boolean => /^[A-Za-z]\w*$/.test(name) && !/^(?:r_|ix_|v_)/.test(name) && !keywords.has(name);

/** Before anything walks into the program: sizes, and kinds that there are. */
export function checkSizes(program: DriverProgram): void {
  const { objects, threads, handlers = [], queues = [], devices = [], hazard } = program;
  const parts = hazard.kind === "outcome" || hazard.kind === "use-after-free" ? (hazard.when?.length ?? 0) : 0;
  within("objects", objects.length);
  within("words of objects", objects.reduce((sum, { fields }) => sum + (fields?.length ?? 1), 0));
  within("threads, handlers, queues and devices", threads.length + handlers.length + queues.length + devices.length);
  for (const { path } of devices) within("fetches of one device", path.length);
  within("parts of an outcome", parts);
  demand(Object.hasOwn(hazards, hazard.kind), `${JSON.stringify(hazard.kind)} is no hazard`);
  const { architecture } = program;
  demand(architecture === undefined || Object.hasOwn(overlays, architecture), `architecture ${String(architecture)} is not known (${Object.keys(overlays).join(", ")})`);
}

function within(what: keyof typeof limits, count: number): void {
  demand(count <= limits[what], `the program has ${String(count)} ${what}; at most ${String(limits[what])} are followed`);
}

/** After the sizes: every name and number. */
export function checkDeclared(program: DriverProgram): void {
  const { objects, locks = [], srcuDomains = [], caches = [], queues = [], handlers = [], devices = [] } = program;
  for (const [what, names] of [["lock", locks], ["SRCU domain", srcuDomains], ["cache", caches], ["queue", queues], ["handler", handlers.map(({ name }) => name)]] as const) {
    for (const [k, name] of names.entries()) {
      checkName(what, name);
      demand(names.indexOf(name) === k, `${what} ${name} is declared twice`);
    }
  }
  const taken = queues.find((name) => takenForQueues.test(name)) ?? srcuDomains.find((name) => /^(?:cache|inflight)_/.test(name));
  demand(taken === undefined, `${String(taken)} is what something of the lowered program is called: name it otherwise`);
  for (const { initial, fields = [], name } of objects) for (const one of [initial, ...fields.map((field) => field.initial)]) checkNumber(one, `object ${name}`);
  for (const { name, kind, domain } of handlers) if (kind === "srcu") demand(domain !== undefined && srcuDomains.includes(domain), `handler ${name}: SRCU domain ${domain ?? "(none)"} is not declared`);
  for (const { name, steps } of bodiesOf(program)) checkSteps(program, name, steps);
  for (const device of devices) checkDevice(program, device);
  checkHazard(program);
}

function checkName(what: string, name: string): void {
  demand(/^[A-Za-z]\w*$/.test(name), `${JSON.stringify(name)} is no name for a ${what}: a letter, then letters, digits and _`);
}

/** As herd7 computes: 32 bits with a sign. Text is looked at where it is used. */
function checkNumber(value: Operand | undefined, where: string): void {
  if (typeof value === "number") demand(value === (value | 0), `${where}: ${String(value)} is no number of 32 bits with a sign`);
}

function checkSteps(program: DriverProgram, name: string, steps: readonly Step[]): void {
  const classes = new Map<string, LockClass>();
  forEachStep(steps, (step) => {
    const isKnown = Object.hasOwn(kinds, step.kind);
    demand(isKnown, `${name}: ${JSON.stringify((step as { readonly kind: unknown }).kind)} is no step`);
    for (const number of numbersOf(step)) checkNumber(number, name);
    switch (step.kind) {
      case "barrier": return demand(barrierNames.includes(step.barrier), `${name}: ${step.barrier} is no barrier`);
      case "lock": case "unlock": {
        const before = classes.get(step.lock) ?? step.as;
        classes.set(step.lock, before);
        return demand(before === step.as, `${name}: ${step.lock} is a ${before} lock in one place and a ${step.as} lock in another`);
      }
      case "alloc": return checkObject(program, step.object, name);
      case "complete": case "wait-for-completion": return checkName("completion", step.completion);
      case "doorbell": case "poll": return demand(program.queues?.includes(step.queue), `${name}: queue ${step.queue} is not declared`);
      case "command": case "invalidate":
        within("caches of one command", step.command.invalidate.length);
        for (const { at, value } of step.command.writes ?? []) demand(typeof value === "number" || value.startsWith("&"), `${name}: a command writes ${String(value)} to ${at}: write a number or &object`);
        return;
      case "kfree-rcu": {
        const callback = `kfree_${step.object}`;
        const isTaken = [...bodiesOf(program), ...(program.devices ?? [])].some((one) => one.name === callback) || program.queues?.includes(callback);
        return demand(isTaken !== true, `${callback} is the callback of kfree_rcu(${step.object}): call nothing else so`);
      }
      default: return;
    }
  });
}

function numbersOf(step: Step): readonly (Operand | undefined)[] {
  switch (step.kind) {
    case "store": case "set": case "wait-until": return [step.value];
    case "update": return Object.values(step.with);
    case "if": return [step.condition.left, step.condition.right];
    case "command": case "invalidate": return (step.command.writes ?? []).map(({ value }) => value);
    default: return [];
  }
}

function checkObject(program: DriverProgram, object: string, where: string): void {
  demand(program.objects.some(({ name }) => name === object), `${where}: object ${object} is not declared (objects: ${program.objects.map(({ name }) => name).join(", ")})`);
}

function registersOf({ path, access, dst, start, again }: Device): readonly string[] {
  const fetched = path.flatMap((fetch) => [fetch.dst, ...(fetch.valid === undefined ? [] : [fetch.valid.dst])]);
  return [...fetched, ...(access === "read" ? [dst ?? "data"] : []), ...[start, again].flatMap((one) => (one === undefined ? [] : [one.dst]))];
}

function checkDevice(program: DriverProgram, device: Device): void {
  const registers = registersOf(device);
  for (const [k, register] of registers.entries()) {
    demand(isRegisterName(register), `device ${device.name}: ${JSON.stringify(register)} is no name for a register`);
    demand(registers.indexOf(register) === k, `device ${device.name}: register ${register} is set twice; give each value its own`);
  }
  for (const cache of [...device.path.map((fetch) => fetch.cache), device.ats?.cache]) demand(cache === undefined || program.caches?.includes(cache), `device ${device.name}: cache ${String(cache)} is not declared`);
}

function checkHazard(program: DriverProgram): void {
  const { hazard } = program;
  if ("object" in hazard) checkObject(program, hazard.object, "the hazard");
  const parts = hazard.kind === "outcome" || hazard.kind === "use-after-free" ? (hazard.when ?? []) : [];
  for (const part of parts) {
    checkNumber(part.is, "the outcome");
    if ("register" in part) checkRegister(program, part);
  }
}

/** A register that nobody sets is 0 for ever, and a hazard that speaks of it refuted for nothing. */
function checkRegister(program: DriverProgram, { thread, register }: Extract<OutcomePart, { readonly register: string }>): void {
  const found = new Set<string>();
  for (const body of bodiesOf(program)) if (body.name === thread) forEachStep(body.steps, (step) => { if ("dst" in step) found.add(step.dst); });
  const device = program.devices?.find(({ name }) => name === thread);
  if (device !== undefined) for (const name of registersOf(device)) found.add(name);
  const isThere = device !== undefined || bodiesOf(program).some((body) => body.name === thread);
  demand(isThere, `the outcome speaks of thread ${thread}, which is not there`);
  demand(found.has(register), `the outcome speaks of register ${register} of ${thread}, which nothing sets (registers: ${[...found].join(", ")})`);
}
