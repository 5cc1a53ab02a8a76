/** What lowering collects: base instructions with the steps they came from, waits, loads, and what it could not say. */
import type { Expression, Global, InitialValue, Instruction, Program, Proposition, Source } from "../program.ts";
import type { Places } from "./places.ts";
import type { Command, DriverProgram, Operand, Place, Step } from "./steps.ts";
import { demand } from "./mistake.ts";
import { globalName } from "./places.ts";

/** `instruction`: what runs beside a CPU that waits for it. */
export type Actor = "cpu" | "handler" | "queue" | "instruction" | "device" | "chooser";

/** One load of the lowered program: what hazards ask about. */
export type LoadNote = { readonly thread: number; readonly register: string; readonly place: Place; readonly threadName: string };

export type Lowered = {
  readonly program: Program;
  /** Per thread of `program`: who it is. */
  readonly actors: readonly { readonly actor: Actor; readonly role: string; readonly name: string }[];
  /** The step an instruction came from; hardware has none. */
  readonly stepOf: ReadonlyMap<Instruction, Step>;
  /** The hazard was met and yet did not happen: what a refutation has to reach, or it says nothing. */
  readonly situation: Proposition;
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
  readonly globals: Global[] = [];
  readonly filters: Proposition[] = [];
  readonly loads: LoadNote[] = [];
  readonly atomics = new Set<string>();
  readonly stepOf = new Map<Instruction, Step>();
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
  /** Registers that hold what a free's new owner read back. */
  readonly ownerReads: { readonly thread: number; readonly register: string; readonly object: string }[] = [];
  readonly queueBatches = new Map<string, { readonly commands: readonly { readonly slot: number; readonly command: Command }[] }[]>();
  /** Caches for which some command leaves data accesses in flight. */
  readonly inFlightCaches: ReadonlySet<string>;
  #serial = 0;

  constructor(driver: DriverProgram, places: Places, keepMixedBarriers: boolean, inFlightCaches: ReadonlySet<string>) {
    this.driver = driver;
    this.places = places;
    this.keepMixedBarriers = keepMixedBarriers;
    this.inFlightCaches = inFlightCaches;
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
    return this.#declared(globalName(name), "spinlock_t");
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
    const { word } = this.places.parse(place);
    return this.places.objectsAt(thread, place).some((object) => this.places.isPointerWord(object, word));
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

export const from = (source: Source | undefined): { readonly source?: Source } => (source === undefined ? {} : { source });

export const registerIs = (thread: number, name: string, right: InitialValue): Proposition => ({ kind: "equals", left: { kind: "register", thread, register: name }, right });
export const wordIs = (location: string, word: number, right: InitialValue): Proposition => ({ kind: "equals", left: { kind: "location", location, offset: 4 * word }, right });
export const not = (operand: Proposition): Proposition => ({ kind: "not", operand });
export const allOf = (parts: readonly Proposition[]): Proposition => parts.reduce<Proposition | undefined>((all, one) => (all === undefined ? one : { kind: "and", left: all, right: one }), undefined) ?? { kind: "true" };
export const anyOf = (parts: readonly Proposition[]): Proposition => parts.reduce<Proposition | undefined>((all, one) => (all === undefined ? one : { kind: "or", left: all, right: one }), undefined) ?? { kind: "false" };
