/** What lowering collects: base instructions with the steps they came from, waits, loads, and what it could not say. */
import type { Expression, Global, InitialValue, Instruction, Program, Proposition, Source } from "../program.ts";
import type { Places } from "./places.ts";
import type { Command, DriverProgram, Operand, Place, Step } from "./steps.ts";
import { demand } from "./mistake.ts";
import { globalName } from "./places.ts";
import type { Stands } from "./stands.ts";
import { flatten } from "./each-step.ts";

/** `instruction`: what runs beside a CPU that waits for it. */
export type Actor = "cpu" | "handler" | "queue" | "instruction" | "device" | "chooser";

/** One load of the lowered program: what hazards ask about. `did`: a register that is 1 where it ran; absent where it always runs. */
export type LoadNote = { readonly thread: number; readonly register: string; readonly place: Place; readonly threadName: string; did?: string };

/** One store of the lowered program, as for loads. */
export type StoreNote = Omit<LoadNote, "register">;

/** What one doorbell makes visible. */
export type Batch = { readonly commands: readonly { readonly slot: number; readonly command: Command }[]; readonly doorbell: Step; /** Whoever rings waits for it before he rings again. */ isWaitedFor: boolean };

export type Lowered = {
  readonly program: Program;
  /** Per thread of `program`: who it is. */
  readonly actors: readonly { readonly actor: Actor; readonly role: string; readonly name: string }[];
  /** The step an instruction came from; hardware has none. */
  readonly stepOf: ReadonlyMap<Instruction, Step>;
  /** Reads of hardware past the CPUs' caches. */
  readonly fromMainMemory: ReadonlySet<Instruction>;
  /** The hazard was met and yet did not happen: what a refutation has to reach, or it says nothing. */
  readonly situation: Proposition;
  /** Somebody waits for another thread or handler. */
  readonly hasWaits: boolean;
  /** The numbers that stand for freed and for unwritten memory. */
  readonly stands: Stands;
  readonly assumptions: readonly string[];
  /** What the model has no notion of: nothing is refuted with any. */
  readonly unmodelled: readonly string[];
  /** Where the base program says something else than the driver's text, and why. */
  readonly notes: readonly string[];
  /** Barriers that order some of what stands around them and not the rest (see barriers.ts). */
  readonly mixedBarriers: readonly Source[];
};

export type LoweredThread = { readonly actor: Actor; readonly role: string; readonly title: string; readonly name: string; readonly body: readonly Instruction[] };

/** Owns everything that grows while a program is lowered. */
export class Lowering {
  readonly driver: DriverProgram;
  readonly places: Places;
  readonly keepMixedBarriers: boolean;
  readonly waits: "end" | "may-last";
  readonly runsOf: ReadonlyMap<string, readonly string[]>;
  readonly freedBy: ReadonlyMap<Step, string>;
  hasWaits = false;
  readonly globals: Global[] = [];
  readonly filters: Proposition[] = [];
  readonly loads: LoadNote[] = [];
  readonly stores: StoreNote[] = [];
  /** By "thread register", where a condition decides whether it is set and the hazard asks for it: registers that are 1 where it was. */
  readonly setBy = new Map<string, readonly string[]>();
  readonly atomics = new Set<string>();
  readonly stepOf = new Map<Instruction, Step>();
  readonly fromMainMemory = new Set<Instruction>();
  readonly assumptions = new Set<string>();
  readonly unmodelled = new Set<string>();
  readonly notes = new Set<string>();
  readonly mixedBarriers: Source[] = [];
  /** Helper threads that decide what the program leaves open. */
  readonly choosers: LoweredThread[] = [];
  /** Hardware that runs beside a CPU's instruction. */
  readonly hardware: LoweredThread[] = [];
  /** Handlers that some step waits for. */
  readonly awaited = new Set<string>();
  /** By handler: the word of its rcu_head. */
  readonly heads = new Map<string, { readonly object: string; readonly word: number }>();
  /** Registers in which RCU reads a head back before it runs the callback. */
  readonly headReads: { readonly thread: number; readonly register: string; readonly object: string; readonly word: number }[] = [];
  /** Frees: `did` is a register that is 1 where it ran, `readBack` one for each word, which its new owner reads at once. */
  readonly frees: { readonly thread: number; readonly object: string; readonly did: string; readonly readBack: readonly string[] }[] = [];
  readonly queueBatches = new Map<string, Batch[]>();
  /** Caches for which some command leaves data accesses in flight. */
  readonly inFlightCaches: ReadonlySet<string>;
  #serial = 0;

  constructor(driver: DriverProgram, places: Places, settings: Pick<Lowering, "keepMixedBarriers" | "waits" | "inFlightCaches" | "runsOf" | "freedBy">) {
    this.driver = driver;
    this.places = places;
    this.keepMixedBarriers = settings.keepMixedBarriers;
    this.waits = settings.waits;
    this.inFlightCaches = settings.inFlightCaches;
    this.runsOf = settings.runsOf;
    this.freedBy = settings.freedBy;
  }

  /** In front of a load of the hazard's object that is not always done: says that it was. */
  marked(place: Place): { readonly reached: string; readonly mark: Instruction } | undefined {
    const { hazard } = this.driver;
    const parsed = this.places.parse(place);
    if (hazard.kind !== "use-after-free" || parsed.kind !== "object" || parsed.object !== hazard.object) return undefined;
    const reached = `r_met${String(this.serial())}`;
    return { reached, mark: assign(reached, number(1)) };
  }

  /** A word that a helper thread sets or not: both are explored. */
  decided(name: string, title: string): Expression {
    const word = this.flag(`v_${name}`);
    this.choosers.push({ actor: "chooser", role: "", title, name, body: [storeTo(word, number(1), "once")] });
    return word;
  }

  /** Does some command wait for the entries of this cache? */
  isFlushed(cache: string): boolean {
    const bodies = [...this.driver.threads, ...(this.driver.handlers ?? [])];
    return bodies.some(({ steps }) => flatten(steps).some((step) => (step.kind === "command" || step.kind === "invalidate") && step.command.invalidate.includes(cache)));
  }

  serial(): number {
    return this.#serial++;
  }

  flag(name: string, initial: InitialValue = { kind: "constant", value: 0 }): Expression {
    return this.#declared(name, "int", initial);
  }

  domain(name: string): Expression {
    return this.#declared(name, "struct srcu_struct");
  }

  lock(name: string): Expression {
    demand(this.driver.locks?.includes(name), `lock ${name} is not declared`);
    return this.lockWord(globalName(name));
  }

  lockWord(global: string): Expression {
    return this.#declared(global, "spinlock_t");
  }

  /** Once; a name that stands for two things would make them one. */
  #declared(name: string, type: string, initial: InitialValue = { kind: "constant", value: 0 }): Expression {
    const known = this.globals.find((global) => global.name === name);
    if (known === undefined) this.globals.push({ name, type, words: [initial] });
    else demand(known.type === type, `two things of the program would both be called ${name}: name one of them otherwise`);
    return at(name);
  }

  address(place: Place): Expression {
    const parsed = this.places.parse(place);
    if (parsed.kind === "object") return { kind: "address", location: globalName(parsed.object), offset: 4 * parsed.word };
    const register: Expression = { kind: "register", name: parsed.register };
    return parsed.word === 0 ? register : { kind: "binary", operator: "+", left: register, right: { kind: "constant", value: 4 * parsed.word } };
  }

  /** `isPointer`: a 0 is NULL. */
  operand(value: Operand, isPointer = false): Expression {
    if (typeof value === "number") return value === 0 ? this.places.null(isPointer) : { kind: "constant", value };
    if (value.startsWith("&")) return this.places.address(value);
    demand(/^[A-Za-z]\w*$/.test(value), `${JSON.stringify(value)} is no operand: write a number, a register or &object`);
    return { kind: "register", name: value };
  }

  /** Does the word at the place hold pointers, for every object it may be in? */
  isPointerAt(thread: string, place: Place): boolean {
    return this.places.wordsAt(thread, place).some(({ object, word }) => this.places.isPointerWord(object, word));
  }
}

export const at = (location: string, word = 0): Extract<Expression, { readonly kind: "address" }> => ({ kind: "address", location, offset: 4 * word });
export const number = (value: number): Extract<Expression, { readonly kind: "constant" }> => ({ kind: "constant", value });
export const register = (name: string): Expression => ({ kind: "register", name });
export const compare = (left: Expression, operator: "==" | "!=" | ">=", right: Expression): Expression => ({ kind: "binary", operator, left, right });
export const loadOf = (address: Expression, tag: "plain" | "once" | "acquire", spelling?: string): Expression => ({ kind: "load", tag, address, ...(spelling === undefined ? {} : { spelling }) });
export const assign = (name: string, value: Expression, source?: Source): Instruction => ({ kind: "assign", register: name, value, ...(source === undefined ? {} : { source }) });
export const storeTo = (address: Expression, value: Expression, tag: "plain" | "once" | "release", source?: Source, spelling?: string): Instruction => ({ kind: "store", tag, address, value, ...(spelling === undefined ? {} : { spelling }), ...(source === undefined ? {} : { source }) });
export const when = (condition: Expression, then: readonly Instruction[], otherwise: readonly Instruction[] = []): Instruction => ({ kind: "if", condition, then, else: otherwise });

/** An atomic operation by 1. */
export const arithmetic = (address: Expression, operator: "+" | "-", order: "relaxed" | "release", result: "none" | "old"): Expression => ({ kind: "rmw", address, operation: { kind: "arithmetic", operator, operand: number(1) }, order, result });

export const from = (source: Source | undefined): { readonly source?: Source } => (source === undefined ? {} : { source });

export const registerIs = (thread: number, name: string, right: InitialValue): Proposition => ({ kind: "equals", left: { kind: "register", thread, register: name }, right });
export const wordIs = (location: string, word: number, right: InitialValue): Proposition => ({ kind: "equals", left: { kind: "location", location, offset: 4 * word }, right });
export const not = (operand: Proposition): Proposition => ({ kind: "not", operand });
export const allOf = (parts: readonly Proposition[]): Proposition => parts.reduce<Proposition | undefined>((all, one) => (all === undefined ? one : { kind: "and", left: all, right: one }), undefined) ?? { kind: "true" };
export const anyOf = (parts: readonly Proposition[]): Proposition => parts.reduce<Proposition | undefined>((all, one) => (all === undefined ? one : { kind: "or", left: all, right: one }), undefined) ?? { kind: "false" };
