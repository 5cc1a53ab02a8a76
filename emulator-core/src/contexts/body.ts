/** Threads and handlers as the automaton sees them, and which handler may be on its way when. */
import { flatten } from "../driver/each-step.ts";
import type { DriverProgram, Handler, Step } from "../driver/steps.ts";
import { entryRows, handlerEntries, type EntryContext } from "./table.ts";

export type Body = {
  /** Role of a thread, name of a handler. */
  readonly name: string;
  readonly context: EntryContext;
  readonly handler: Handler | null;
  readonly allowUnbalanced: boolean;
  readonly steps: readonly Step[];
};

export function bodiesOf(program: DriverProgram): readonly Body[] {
  return [
    ...program.threads.map(({ role, entry, allowUnbalanced, steps }): Body => ({ name: role, context: entry ?? "task", handler: null, allowUnbalanced: allowUnbalanced === true, steps })),
    ...(program.handlers ?? []).map((handler): Body => ({ name: handler.name, context: handlerEntries[handler.kind], handler, allowUnbalanced: false, steps: handler.steps })),
  ];
}

export const entryWords = (body: Body): string => entryRows[body.context].words;

/** Owns who starts which handler: read from the paths that can run, so it is filled after a first walk. */
export class Starts {
  readonly program: DriverProgram;
  readonly #queues = new Map<string, ReadonlySet<string>>();
  readonly #closures = new Map<string, ReadonlySet<string>>();
  readonly #together = new Set<string>();

  constructor(program: DriverProgram, queuesOf: (body: Body) => Iterable<string>) {
    this.program = program;
    const bodies = bodiesOf(program);
    for (const body of bodies) this.#queues.set(body.name, new Set(queuesOf(body)));
    for (const { name } of program.handlers ?? []) this.#closures.set(name, this.#reach([name]));
    const { threads } = program;
    for (const [k, one] of threads.entries()) for (const other of threads.slice(k + 1)) this.#meet(this.startedBy(one.role), this.startedBy(other.role));
  }

  /** The handler and all that it starts in turn. */
  closure(handler: string): ReadonlySet<string> {
    return this.#closures.get(handler) ?? new Set();
  }

  startedBy(thread: string, without?: string): ReadonlySet<string> {
    return this.#reach([...(this.#queues.get(thread) ?? [])], without);
  }

  isStarted(handler: string): boolean {
    return this.program.threads.some(({ role }) => this.startedBy(role).has(handler));
  }

  /** Handlers that were on their way at the same time on some path. */
  meet(handlers: ReadonlySet<string>): void {
    this.#meet(handlers, handlers);
  }

  /** May the handler run while the body runs, whatever the body itself has started? */
  runsBeside(handler: string, body: Body): boolean {
    const { threads } = this.program;
    if (body.handler === null) return threads.some(({ role }) => role !== body.name && this.startedBy(role).has(handler));
    return threads.some(({ role }) => this.startedBy(role, body.name).has(handler)) && this.#together.has(`${body.name} ${handler}`);
  }

  /** rcu_barrier() waits for every RCU callback, srcu_barrier() for those of its domain, others for one handler. */
  waitedFor(handler: string): readonly string[] {
    const named = this.program.handlers?.find(({ name }) => name === handler);
    if (named === undefined || (named.kind !== "rcu" && named.kind !== "srcu")) return [handler];
    return this.program.handlers!.filter(({ kind, domain }) => kind === named.kind && domain === named.domain).map(({ name }) => name);
  }

  kindOf = (handler: string): Handler["kind"] | undefined => this.program.handlers?.find(({ name }) => name === handler)?.kind;

  #meet(some: ReadonlySet<string>, others: ReadonlySet<string>): void {
    for (const one of some) for (const other of others) this.#together.add(`${one} ${other}`).add(`${other} ${one}`);
  }

  #reach(from: readonly string[], without?: string): ReadonlySet<string> {
    const reached = new Set<string>();
    const open = from.filter((name) => name !== without);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(...[...(this.#queues.get(next) ?? [])].filter((name) => name !== without));
    }
    return reached;
  }
}

/** Before any path is known: every `queue` step counts. */
export const everyQueue = (body: Body): readonly string[] => flatten(body.steps).flatMap((step) => (step.kind === "queue" ? [step.handler] : []));
