/** Callbacks, work items and timers as often as they may run, and kfree_rcu() as a callback that frees. */
import type { Instruction } from "../program.ts";
import { armsOf, flatten, withArms } from "./each-step.ts";
import { assign, at, compare, loadOf, number, register, storeTo, when, type LoweredThread, type Lowering } from "./lowering.ts";
import { demand } from "./mistake.ts";
import { globalName } from "./places.ts";
import type { DriverProgram, Handler, Step } from "./steps.ts";

export const queuedFlag = (handler: string): string => `v_queued_${handler}`;
export const doneFlag = (handler: string): string => `v_done_${handler}`;

/** Set where a body stops for good; only where that is followed (`LowerOptions.waits`). */
export const stuck = "r_stuck";

/** Runs of all handlers together. */
const runsMax = 24;

/** A program in which every `queue` and `kfree-rcu` step names a handler that no other step of the same path does. */
export type WithRuns = {
  readonly driver: DriverProgram;
  /** By handler of the program: the names of its runs. */
  readonly runsOf: ReadonlyMap<string, readonly string[]>;
  /** By `kfree-rcu` step: the handler that frees. */
  readonly freedBy: ReadonlyMap<Step, string>;
};

/**
 * A handler that was queued twice runs once or twice: what was queued before it started is one run, and that is no
 * other than the second of two that finds nothing new. Two arms of a condition queue it once.
 */
export function withRuns(program: DriverProgram): WithRuns {
  const driver = withFreeHandlers(program);
  const bodies = new Map((driver.handlers ?? []).map((handler) => [handler.name, handler]));
  const runsOf = new Map<string, string[]>();
  const freedBy = new Map<Step, string>();
  const nameOf = (handler: string, run: number): string => (run === 0 ? handler : `${handler}_${String(run + 1)}`);
  const renamed = (steps: readonly Step[], before: ReadonlyMap<string, number>): { readonly steps: readonly Step[]; readonly after: ReadonlyMap<string, number> } => {
    let count = before;
    const out = steps.map((step): Step => {
      const inner = armsOf(step).map((arm) => renamed(arm, count));
      if (inner.length > 0) {
        const entered = count;
        count = inner.reduce((all, { after }) => largest(all, after), entered);
        return withArms(step, inner.map((arm) => arm.steps));
      }
      const handler = startedBy(step);
      if (handler === undefined) return step;
      const run = count.get(handler) ?? 0;
      count = new Map(count).set(handler, run + 1);
      const name = nameOf(handler, run);
      const made: Step = step.kind === "queue" ? { ...step, handler: name } : { ...step };
      if (made.kind === "kfree-rcu") freedBy.set(made, name);
      return made;
    });
    return { steps: out, after: count };
  };
  let counts: ReadonlyMap<string, number> = new Map();
  const threads = driver.threads.map((thread) => {
    const { steps, after } = renamed(thread.steps, counts);
    counts = after;
    return { ...thread, steps };
  });
  const made: Handler[] = [];
  for (const handler of startsFirst(driver)) {
    const runs = Math.max(1, counts.get(handler.name) ?? 0);
    demand(made.length + runs <= runsMax, `handlers may run more than ${String(runsMax)} times`);
    const names = Array.from({ length: runs }, (_, run) => nameOf(handler.name, run));
    for (const name of names.slice(1)) demand(!bodies.has(name), `the second run of ${handler.name} would be called like the handler ${name}; name one of them otherwise`);
    runsOf.set(handler.name, names);
    for (const name of names) {
      const { steps, after } = renamed(handler.steps, counts);
      counts = after;
      made.push({ ...handler, name, steps });
    }
  }
  const order = (driver.handlers ?? []).map(({ name }) => name);
  const placeOf = ({ name }: Handler): number => order.findIndex((one) => runsOf.get(one)!.includes(name));
  made.sort((a, b) => placeOf(a) - placeOf(b));
  return { driver: { ...driver, threads, handlers: made }, runsOf, freedBy };
}

function largest(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const all = new Map(one);
  for (const [handler, count] of other) all.set(handler, Math.max(count, all.get(handler) ?? 0));
  return all;
}

const startedBy = (step: Step): string | undefined => (step.kind === "queue" ? step.handler : step.kind === "kfree-rcu" ? `kfree_${step.object}` : undefined);

/** Each handler after all that start it; there are no circles (`well-formed.ts`). */
function startsFirst(driver: DriverProgram): readonly Handler[] {
  const handlers = driver.handlers ?? [];
  const sorted: Handler[] = [];
  const visit = (handler: Handler): void => {
    if (sorted.includes(handler)) return;
    for (const other of handlers) if (flatten(other.steps).some((step) => startedBy(step) === handler.name)) visit(other);
    sorted.push(handler);
  };
  for (const handler of handlers) visit(handler);
  return sorted;
}

/** kfree_rcu() is a callback that frees. */
function withFreeHandlers(driver: DriverProgram): DriverProgram {
  const frees = [...driver.threads, ...(driver.handlers ?? [])].flatMap(({ steps }) => flatten(steps)).filter((step) => step.kind === "kfree-rcu");
  const made = [...new Set(frees.map(({ object }) => object))].map((object): Handler => ({
    name: `kfree_${object}`, kind: "rcu", title: `kfree_rcu(${object})`,
    steps: [{ kind: "free", object, how: "kfree", plain: frees.some((step) => step.object === object && step.plain === true), source: { file: driver.name, line: 0, column: 1, text: `RCU frees ${object}` } }],
  }));
  for (const { name, title } of made) demand(![...driver.threads.map(({ role }) => role), ...(driver.handlers ?? []).map((one) => one.name)].includes(name), `${name} is what ${title} is called: name the other one otherwise`);
  return { ...driver, handlers: [...(driver.handlers ?? []), ...made] };
}

/** rcu_barrier() waits for every RCU callback, srcu_barrier() for those of its domain, others for one handler; kfree_rcu() has a barrier of its own. */
export function waitedFor(all: Lowering, handler: string): readonly string[] {
  const handlers = all.driver.handlers ?? [];
  const runs = all.runsOf.get(handler) ?? [handler];
  const named = handlers.find(({ name }) => name === runs[0]);
  if (handler.startsWith("kfree_") || named === undefined || (named.kind !== "rcu" && named.kind !== "srcu")) return runs;
  const isFreeing = new Set(all.freedBy.values());
  return handlers.filter(({ name, kind, domain }) => kind === named.kind && domain === named.domain && !isFreeing.has(name)).map(({ name }) => name);
}

/** Where these run, interrupts, softirqs or preemption are off: they hold up a grace period. */
export const isReader = (kind: Handler["kind"]): boolean => kind === "rcu" || kind === "srcu" || kind === "timer" || kind === "tasklet" || kind === "irq";

/** Runs of these never overlap (Documentation/core-api/workqueue.rst, non-reentrant; kernel/time/timer.c; kernel/softirq.c; kernel/irq/handle.c). */
const isAlone = (kind: Handler["kind"]): boolean => kind === "work" || kind === "timer" || kind === "tasklet" || kind === "irq";

/** Runs after it was queued; an RCU callback after a grace period, too (tools/memory-model/Documentation/litmus-tests.txt). */
export function handlerThread(all: Lowering, handler: Handler, thread: number, { choices, body }: { readonly choices: readonly Instruction[]; readonly body: readonly Instruction[] }): LoweredThread {
  const wait: readonly Instruction[] = handler.kind === "rcu" ? [{ kind: "fence", fence: "sync-rcu" }]
    : handler.kind === "srcu" ? [{ kind: "synchronize-srcu", domain: all.domain(globalName(handler.domain!)) }] : [];
  const head = all.driver.hazard.kind === "head-overlap" ? all.heads.get(handler.name) : undefined;
  const linked: Instruction[] = [];
  if (head !== undefined) {
    all.headReads.push({ thread, register: "r_head", ...head });
    linked.push(assign("r_head", loadOf({ kind: "address", location: globalName(head.object), offset: 4 * head.word }, "once")));
  }
  const first = [...all.runsOf].find(([, runs]) => runs.length > 1 && runs.includes(handler.name))?.[0];
  const alone = first !== undefined && isAlone(handler.kind) ? all.lockWord(`v_runs_${first}`) : undefined;
  const done = all.awaited.has(handler.name) ? [storeTo(all.flag(doneFlag(handler.name)), number(1), "release")] : [];
  const end: readonly Instruction[] = [...(alone === undefined ? [] : [{ kind: "spin-unlock", lock: alone } as const]), ...done];
  const ended = all.waits === "may-last" && end.length > 0 ? [when(compare(register(stuck), "==", number(0)), end)] : end;
  const run: readonly Instruction[] = [...wait, ...(alone === undefined ? [] : [{ kind: "spin-lock", lock: alone } as const]), ...linked, ...body, ...ended];
  const started = [assign("r_queued", loadOf(at(queuedFlag(handler.name)), "acquire")), when(compare(register("r_queued"), "==", number(1)), run)];
  all.flag(queuedFlag(handler.name));
  return { actor: "handler", role: handler.kind === "rcu" || handler.kind === "srcu" ? "RCU callback" : handler.kind, title: handler.title, name: handler.name, body: [...choices, ...started] };
}
