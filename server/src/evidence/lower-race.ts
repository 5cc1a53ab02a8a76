/**
 * A race as a rule tells it → a driver program. The rule binds steps to events; what stands around and between them on
 * the path is added here: read-side sections, locks that another thread of the race takes too, barriers and grace periods.
 */

import { steps as on, type BarrierName, type DriverProgram, type DriverThread, type Handler, type Source, type Step } from "../../../emulator-core/src/index.ts";
import type { FileFacts } from "../model/file-facts.ts";
import { usableKey } from "../model/lifetimes.ts";
import type { HeldLock, ReaderSection, TraceEvent } from "../model/trace.ts";
import { placeOf, sourceText } from "../model/words.ts";
import type { Race, RaceHandler, RaceThread } from "../rules/hypothesis.ts";

export type RaceOptions = {
  readonly facts: FileFacts;
  readonly name: string;
  /** Calls that nothing is known of order everything, and wait for a grace period where they may. */
  readonly unknownCallsOrder?: boolean;
};

/** Longest text of a step that is kept; the table cuts further. */
const stepTextMax = 120;

export function lowerRace(race: Race, options: RaceOptions): DriverProgram {
  const names = new RaceNames(race);
  const threads = race.threads.map((thread): DriverThread => ({
    role: thread.role, title: titleOf(thread), ...(thread.entry === undefined ? {} : { entry: thread.entry }),
    steps: new ThreadLowering(thread, names, race, options).steps(),
  }));
  const handlers = (race.handlers ?? []).map((handler): Handler => ({
    name: handler.name, kind: handler.kind, title: handler.title, ...(handler.domain === undefined ? {} : { domain: names.domain(handler.domain) }),
    steps: [...handlerSteps(handler, names, race, options), ...(handler.more ?? [])],
  }));
  return {
    name: options.name,
    objects: race.objects,
    locks: names.lockNames(), srcuDomains: names.domainNames(),
    ...(race.caches === undefined ? {} : { caches: race.caches }), ...(race.queues === undefined ? {} : { queues: race.queues }),
    threads: [...threads, ...(race.others ?? [])],
    handlers, ...(race.devices === undefined ? {} : { devices: race.devices }),
    hazard: race.hazard, assumptions: race.assumptions,
  };
}

/** The function in which the thread's steps stand: the innermost that all share. */
export function titleOf({ trace, steps }: RaceThread): string {
  const events = steps.flatMap(({ at }) => trace.events[at] ?? []);
  const [first, ...others] = events;
  let depth = 0;
  while (first?.chain[depth] !== undefined && others.every((other) => other.chain[depth] === first.chain[depth])) depth++;
  return first?.chain[depth - 1]?.callee ?? trace.root;
}

export function windowOf({ steps, from, to }: RaceThread): { readonly first: number; readonly last: number } {
  const at = steps.map((step) => step.at);
  return { first: Math.min(from ?? Infinity, ...at), last: Math.max(to ?? 0, ...at) };
}

/** Locks that keep threads of a race apart: those that at least two of them hold, not both shared. */
export function commonLockKeys(race: Race): ReadonlySet<string> {
  const holders = new Map<string, HeldLock[]>();
  for (const { trace, steps } of race.threads) {
    const held = new Map(steps.flatMap(({ at }) => trace.events[at]?.locks ?? []).map((lock) => [lock.key, lock]));
    for (const lock of held.values()) if (isNamed(lock)) holders.set(lock.key, [...(holders.get(lock.key) ?? []), lock]);
  }
  return new Set([...holders].filter(([, locks]) => locks.length > 1 && locks.some((lock) => lock.class !== "read")).map(([key]) => key));
}

const isNamed = (lock: HeldLock): boolean => lock.key.startsWith("global ") || (usableKey(lock.key) !== undefined && !lock.key.startsWith("value ") && !lock.key.includes("[]"));

/** Owns the names of locks and SRCU domains in the program, and which locks count. */
class RaceNames {
  readonly common: ReadonlySet<string>;
  readonly #locks = new Map<string, string>();
  readonly #domains = new Map<string, string>();

  constructor(race: Race) {
    this.common = commonLockKeys(race);
  }

  lock(key: string): string {
    return named(this.#locks, key, "lock");
  }

  domain(key: string): string {
    return named(this.#domains, key, "srcu");
  }

  lockNames = (): readonly string[] => [...this.#locks.values()];
  domainNames = (): readonly string[] => [...this.#domains.values()];
}

function named(names: Map<string, string>, key: string, fallback: string): string {
  const known = names.get(key);
  if (known !== undefined) return known;
  const stem = key.replace(/^global /, "").replace(/[^A-Za-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "").slice(0, 40);
  let name = stem === "" ? fallback : stem;
  const taken = new Set(names.values());
  for (let n = 2; taken.has(name); n++) name = `${stem}_${String(n)}`;
  names.set(key, name);
  return name;
}

/** One thread's steps with what surrounds them. */
class ThreadLowering {
  readonly #thread: RaceThread;
  readonly #names: RaceNames;
  readonly #race: Race;
  readonly #options: RaceOptions;
  readonly #open: { readonly close: Step; readonly id: string }[] = [];
  readonly #made: Step[] = [];

  constructor(thread: RaceThread, names: RaceNames, race: Race, options: RaceOptions) {
    this.#thread = thread;
    this.#names = names;
    this.#race = race;
    this.#options = options;
  }

  steps(): readonly Step[] {
    const { trace, steps } = this.#thread;
    const { first, last } = windowOf(this.#thread);
    const start = trace.events[first];
    this.#made.push(...withSource(this.#thread.before ?? [], undefined, this.#options.facts));
    for (const section of start?.readers ?? []) this.#enter(section, first);
    for (const lock of start?.locks ?? []) this.#take(lock, lock.at === undefined ? undefined : this.#eventAt(lock.at.start, first));
    for (let index = first; index <= last; index++) {
      const event = trace.events[index];
      if (event === undefined) continue;
      this.#sync(event);
      if (locksInside(event.what) && !steps.some(({ at }) => at === index)) this.#maybeOrder(event);
      for (const step of steps) if (step.at === index) this.#made.push(...withSource(step.steps, event, this.#options.facts));
    }
    this.#close(last);
    this.#made.push(...withSource(this.#thread.after ?? [], undefined, this.#options.facts));
    return this.#made;
  }

  #maybeOrder(event: TraceEvent): void {
    if (this.#options.unknownCallsOrder === true) this.#made.push(...withSource(this.#strongest(), event, this.#options.facts));
  }

  #eventAt(start: number, before: number): TraceEvent | undefined {
    return this.#thread.trace.events.slice(0, before).findLast((event) => event.at.start === start);
  }

  #sync(event: TraceEvent): void {
    const { what } = event;
    switch (what.kind) {
      case "reader-enter": this.#enter(what.section, 0, event); return;
      case "reader-leave": if (what.section !== undefined) this.#leave(`section ${String(what.section.serial)}`, event); return;
      case "lock": this.#take(what.lock, event); return;
      case "unlock": this.#leave(`lock ${what.lock.key}`, event); return;
      case "wait": this.#made.push(...withSource(this.#wait(event), event, this.#options.facts)); return;
      case "fence": this.#made.push(...withSource([on.barrierNamed(barrierOf(what.fence, what.api))], event, this.#options.facts)); return;
      case "opaque": this.#maybeOrder(event); return;
      default:
    }
  }

  /** Inside a section or under a spinlock nobody may wait for a grace period. */
  #strongest(): readonly Step[] {
    const mayWait = !this.#open.some(({ close }) => close.kind === "read-unlock" || close.kind === "srcu-read-unlock" || (close.kind === "unlock" && close.as === "spin"));
    return [on.smpMb(), ...(mayWait ? [on.synchronizeRcu(), ...this.#names.domainNames().map((name) => on.synchronizeSrcu(name))] : [])];
  }

  /** A wait that may not be made is none, unless unknown calls are taken at their strongest. */
  #wait({ what, condition }: TraceEvent): readonly Step[] {
    if (what.kind !== "wait") return [];
    if (condition !== undefined || what.maybe) return this.#options.unknownCallsOrder === true ? [on.smpMb(), on.synchronizeRcu()] : [];
    if (what.callbacks) {
      const kind = what.flavour === "srcu" ? "srcu" : "rcu";
      return (this.#race.handlers ?? []).filter((handler) => handler.kind === kind && (kind === "rcu" || handler.domain === what.domain)).map(({ name }) => on.waitForHandler(name));
    }
    if (what.flavour === "rcu") return [on.synchronizeRcu()];
    if (what.flavour === "srcu") return [on.synchronizeSrcu(this.#names.domain(what.domain))];
    return [on.smpMb()];
  }

  #enter(section: ReaderSection, before: number, at?: TraceEvent): void {
    const id = `section ${String(section.serial)}`;
    const event = at ?? this.#eventAt(section.at.start, before);
    if (section.flavour === "tasks" || section.flavour === "mmu-notifier") return;
    const isSrcu = section.flavour === "srcu";
    const domain = isSrcu ? this.#names.domain(section.domain) : "";
    this.#made.push(...withSource([isSrcu ? on.srcuReadLock(domain) : on.rcuReadLock()], event, this.#options.facts));
    this.#open.push({ id, close: isSrcu ? on.srcuReadUnlock(domain) : on.rcuReadUnlock() });
  }

  #take(lock: HeldLock, event: TraceEvent | undefined): void {
    const isSpin = lock.class === "spin";
    const isCommon = this.#names.common.has(lock.key);
    // A spinlock that keeps nobody apart is a read-side section all the same.
    if (!isCommon && !isSpin) return;
    const name = isCommon ? this.#names.lock(lock.key) : "";
    const as = isSpin ? "spin" : "mutex";
    this.#made.push(...withSource([isCommon ? on.lock(name, as) : on.rcuReadLock("preempt")], event, this.#options.facts));
    this.#open.push({ id: `lock ${lock.key}`, close: isCommon ? on.unlock(name, as) : on.rcuReadUnlock("preempt") });
  }

  #leave(id: string, event: TraceEvent | undefined): void {
    const index = this.#open.findLastIndex((one) => one.id === id);
    const found = this.#open[index];
    if (found === undefined) return;
    this.#open.splice(index, 1);
    this.#made.push(...withSource([found.close], event, this.#options.facts));
  }

  /** What is still open ends where the path ends it, or at the end of the thread. */
  #close(last: number): void {
    for (const event of this.#thread.trace.events.slice(last + 1)) {
      if (this.#open.length === 0) return;
      const { what } = event;
      if (what.kind === "unlock") this.#leave(`lock ${what.lock.key}`, event);
      if (what.kind === "reader-leave" && what.section !== undefined) this.#leave(`section ${String(what.section.serial)}`, event);
    }
    for (const { id } of [...this.#open].reverse()) this.#leave(id, undefined);
  }
}

function handlerSteps({ trace, steps, name, title }: RaceHandler, names: RaceNames, race: Race, options: RaceOptions): readonly Step[] {
  if (trace === undefined || steps.length === 0) return steps.flatMap((step) => step.steps);
  return new ThreadLowering({ role: name, trace, steps }, names, race, options).steps().map((step) => (step.source === undefined ? { ...step, source: { file: options.facts.file, line: 0, column: 0, text: title } } : step));
}

/** Steps inside an `if` stand on the same line. */
function withSource(steps: readonly Step[], event: TraceEvent | undefined, facts: FileFacts): readonly Step[] {
  return steps.map((step): Step => {
    const source = step.source ?? (event === undefined ? { file: facts.file, line: 0, column: 0, text: implied(step) } : sourceOf(event, facts));
    if (step.kind === "if" || step.kind === "choose") return { ...step, source, then: withSource(step.then, event, facts), else: withSource(step.else, event, facts) };
    return { ...step, source };
  });
}

/** A section or lock that no line of the path shows. */
function implied(step: Step): string {
  switch (step.kind) {
    case "lock": return `${step.lock} is held by the caller`;
    case "unlock": return `${step.lock} is released by the caller`;
    case "read-lock": case "srcu-read-lock": return "the caller is in a read-side section";
    case "read-unlock": case "srcu-read-unlock": return "the caller leaves its read-side section";
    case "free": return "the caller frees the page, and it is used again";
    default: return step.kind;
  }
}

export function sourceOf(event: TraceEvent, facts: FileFacts): Source {
  const text = sourceText(facts, event.at);
  return { ...placeOf(facts, event.at.start), column: event.at.start - facts.unit.text.lastIndexOf("\n", event.at.start - 1), text: text.length > stepTextMax ? `${text.slice(0, stepTextMax - 1)}…` : text };
}

const byFence: Readonly<Record<string, BarrierName>> = {
  mb: "smp_mb", rmb: "smp_rmb", wmb: "smp_wmb", barrier: "barrier",
  "before-atomic": "smp_mb__before_atomic", "after-atomic": "smp_mb__after_atomic", "after-spinlock": "smp_mb__after_spinlock",
};

const written: ReadonlySet<string> = new Set<BarrierName>(["smp_mb", "smp_rmb", "smp_wmb", "dma_mb", "dma_rmb", "dma_wmb", "mb", "rmb", "wmb", "virt_mb", "virt_rmb", "virt_wmb"]);

/** As it is written where the emulator knows the name: whom it orders for depends on it. */
function barrierOf(fence: string, api: string): BarrierName {
  return written.has(api) ? (api as BarrierName) : byFence[fence] ?? "barrier";
}

/** xa_store() and kin take and drop the array's own lock, which orders what stands around them (include/linux/xarray.h). */
const locksInside = (what: TraceEvent["what"]): what is TraceEvent["what"] & { readonly kind: "insert" | "remove" } =>
  (what.kind === "insert" || what.kind === "remove") && what.store === "xarray" && !what.api.startsWith("__");

/** Calls of which nothing is known, between the first and the last step of a thread. */
export function unknownCallsOf(race: Race): readonly { readonly name: string; readonly getsIt: boolean }[] {
  const sensitive = new Set(race.sensitive.map((sym) => sym.id));
  return race.threads.flatMap((thread) => {
    const { first, last } = windowOf(thread);
    const own = new Set(thread.steps.map(({ at }) => at));
    return thread.trace.events.slice(first, last + 1).flatMap(({ what, condition }, index): { name: string; getsIt: boolean }[] => {
      if (locksInside(what) && !own.has(first + index)) return [{ name: `${what.api}()`, getsIt: false }];
      if (what.kind === "opaque") return [{ name: what.name, getsIt: what.args.some((arg) => sensitive.has(arg.id) || (arg.origin.kind === "address" && sensitive.has(arg.origin.place.base.id))) }];
      if (what.kind === "wait" && (what.maybe || condition !== undefined)) return [{ name: `${what.api}(), if it is made,`, getsIt: false }];
      return [];
    });
  });
}
