/*
 * Threads that are the same program up to names. An automorphism of a program permutes its threads, and
 * renames globals and registers, so that program, initial state, condition, filter and observed values are
 * what they were; then it permutes the executions too. All automorphisms form a group, and one execution of
 * each orbit is enough: search.ts keeps the least, and counts it as often as its orbit has members.
 */
import type { Expression, InitialValue, Instruction, Observable, Program, Proposition, RmwFunction } from "../program.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import { addressParts, addressValue, isAddress } from "./values.ts";

export type Automorphism = {
  /** By thread: its image. */
  readonly threads: readonly number[];
  readonly global: (name: string) => string;
  readonly register: (thread: number, name: string) => string;
};

/** Elements of a group looked at for every candidate: five threads in any order. */
const groupMax = 120;

/** Tries at mapping one thread onto another. */
const triesMax = 20_000;

/** The group, the identity first; only the identity where there is no more, or too many to look for. */
export function automorphismsOf(program: Program): readonly Automorphism[] {
  const threads = program.threads.map((thread, index) => tokensOf(thread.body, program, index));
  const shapes = threads.map(({ shape }) => shape);
  if (new Set(shapes).size === shapes.length) return [identity(program)];
  // Where all threads give too many, those that move only the first few are a group as well.
  return find(program, threads, threads.length) ?? find(program, threads, Math.min(5, threads.length)) ?? [identity(program)];
}

function identity({ threads }: Program): Automorphism {
  return { threads: threads.map((_, t) => t), global: (name) => name, register: (_, name) => name };
}

/** undefined: too many. Threads from `fixedFrom` on stay where they are. */
function find(program: Program, threads: readonly Tokens[], fixedFrom: number): readonly Automorphism[] | undefined {
  const invariant = invariantOf(program, identity(program));
  const found: Automorphism[] = [];
  let tries = 0;
  const images: number[] = [];
  const globals = new Bijection();
  const registers = threads.map(() => new Bijection());
  /** False: give up. */
  const extend = (t: number): boolean => {
    if (t === threads.length) {
      const [globalImage, registerImages] = [globals.copy(), registers.map((r) => r.copy())];
      const candidate: Automorphism = {
        threads: [...images],
        global: (name) => globalImage.get(name) ?? name,
        register: (thread, name) => registerImages[thread]?.get(name) ?? name,
      };
      if (invariantOf(program, candidate) === invariant) found.push(candidate);
      return found.length <= groupMax;
    }
    const [first, end] = t >= fixedFrom ? [t, t + 1] : [0, fixedFrom];
    for (let u = first; u < end; u++) {
      if (images.includes(u) || threads[u]!.shape !== threads[t]!.shape) continue;
      if (++tries > triesMax) return false;
      const before = globals.size;
      if (matches(threads[t]!, threads[u]!, globals, registers[t]!)) {
        images.push(u);
        if (!extend(t + 1)) return false;
        images.pop();
      }
      globals.shrink(before);
      registers[t]!.shrink(0);
    }
    return true;
  };
  if (!extend(0)) return undefined;
  return found.sort((a, b) => compareLists(a.threads, b.threads));
}

function matches(from: Tokens, to: Tokens, globals: Bijection, registers: Bijection): boolean {
  return from.globals.every((name, k) => globals.pair(name, to.globals[k]!)) && from.registers.every((name, k) => registers.pair(name, to.registers[k]!));
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((x, k) => x !== b[k]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

/** Owns pairs of names, in the order they were made. */
class Bijection {
  readonly #forth = new Map<string, string>();
  readonly #back = new Map<string, string>();
  readonly #order: string[] = [];

  get size(): number {
    return this.#order.length;
  }

  pair(a: string, b: string): boolean {
    const image = this.#forth.get(a);
    if (image !== undefined) return image === b;
    if (this.#back.has(b)) return false;
    this.#forth.set(a, b);
    this.#back.set(b, a);
    this.#order.push(a);
    return true;
  }

  shrink(size: number): void {
    while (this.#order.length > size) {
      const a = this.#order.pop()!;
      this.#back.delete(this.#forth.get(a)!);
      this.#forth.delete(a);
    }
  }

  copy(): ReadonlyMap<string, string> {
    return new Map(this.#forth);
  }
}

/** A thread as its shape, in which names are numbers in the order of first use, and those names. */
type Tokens = { readonly shape: string; readonly globals: readonly string[]; readonly registers: readonly string[] };

function tokensOf(body: readonly Instruction[], program: Program, thread: number): Tokens {
  const globals: string[] = [];
  const registers: string[] = [];
  const parts: (string | number)[] = [];
  const numberOf = (names: string[], name: string): number => (names.includes(name) ? names.indexOf(name) : names.push(name) - 1);
  const global = (name: string): string => `g${numberOf(globals, name)}`;
  const register = (name: string): string => `r${numberOf(registers, name)}`;
  const expression = (e: Expression): void => {
    parts.push(e.kind);
    switch (e.kind) {
      case "constant":
        parts.push(e.value | 0);
        return;
      case "register":
        parts.push(register(e.name));
        return;
      case "address":
        parts.push(global(e.location), e.offset);
        return;
      case "binary":
        parts.push(e.operator);
        expression(e.left);
        expression(e.right);
        return;
      case "load":
        parts.push(e.tag);
        expression(e.address);
        return;
      case "rmw":
        parts.push(e.order, e.result);
        expression(e.address);
        operation(e.operation);
        return;
      case "srcu-read-lock":
        expression(e.domain);
        return;
      case "spin-trylock":
      case "spin-is-locked":
        expression(e.lock);
        return;
    }
  };
  const operation = (f: RmwFunction): void => {
    parts.push(f.kind);
    if (f.kind === "arithmetic") parts.push(f.operator);
    if (f.kind === "exchange") expression(f.value);
    else if (f.kind === "arithmetic") expression(f.operand);
    else if (f.kind === "compare-exchange") [f.expected, f.value].forEach(expression);
    else [f.operand, f.unless].forEach(expression);
  };
  const instruction = (i: Instruction): void => {
    parts.push(i.kind);
    switch (i.kind) {
      case "assign":
        parts.push(register(i.register));
        return expression(i.value);
      case "evaluate":
        return expression(i.value);
      case "store":
        parts.push(i.tag);
        expression(i.address);
        return expression(i.value);
      case "fence":
        parts.push(i.fence);
        return;
      case "spin-lock":
      case "spin-unlock":
        return expression(i.lock);
      case "srcu-read-unlock":
        expression(i.domain);
        return expression(i.index);
      case "synchronize-srcu":
        return expression(i.domain);
      case "if":
        expression(i.condition);
        i.then.forEach(instruction);
        parts.push("else");
        i.else.forEach(instruction);
        parts.push("end");
        return;
      case "while":
        expression(i.condition);
        i.body.forEach(instruction);
        parts.push("end");
        return;
      default:
        // Lifetimes are lowered before; whatever else comes is like no other thread.
        parts.push(`thread ${thread}`);
    }
  };
  body.forEach(instruction);
  // Registers that start with a value are given it in the order of their names here.
  const initial = (program.initialRegisters ?? []).filter((i) => i.thread === thread);
  for (const { register: name } of initial) if (!registers.includes(name)) registers.push(name);
  for (const name of registers) {
    const value = initial.findLast((i) => i.register === name)?.value;
    if (value === undefined) parts.push("-");
    else if (value.kind === "constant") parts.push(value.value | 0);
    else parts.push(global(value.location), value.offset);
  }
  return { shape: parts.join(" "), globals, registers };
}

/** What of a program must not change: initial state, condition, filter and observed values, with names replaced. */
function invariantOf(program: Program, by: Automorphism): string {
  const initial = program.globals.map(({ name, words, array }) => `${by.global(name)} ${array === true ? "a" : ""} ${words.map((w) => valueText(w, by)).join(",")}`);
  const observed = (program.locations ?? []).map((o) => observableText(o, by));
  const unique = [...new Set(observed)];
  return [initial.sort().join(";"), unique.sort().join(";"), propositionText(program.condition, by), program.filter === undefined ? "" : propositionText(program.filter, by)].join("|");
}

function valueText(value: InitialValue, by: Automorphism): string {
  return value.kind === "constant" ? String(value.value | 0) : `&${by.global(value.location)}+${value.offset}`;
}

function observableText(o: Observable, by: Automorphism): string {
  return o.kind === "register" ? `${by.threads[o.thread] ?? o.thread}:${by.register(o.thread, o.register)}` : `[${by.global(o.location)}+${o.offset}]`;
}

/** Operands of `and` and `or` in the order of their texts. */
function propositionText(p: Proposition, by: Automorphism): string {
  switch (p.kind) {
    case "true":
    case "false":
      return p.kind;
    case "not":
      return `~(${propositionText(p.operand, by)})`;
    case "equals":
      return `${observableText(p.left, by)}=${p.right.kind === "constant" || p.right.kind === "address" ? valueText(p.right, by) : observableText(p.right, by)}`;
    case "implies":
      return `(${propositionText(p.left, by)}=>${propositionText(p.right, by)})`;
    default: {
      const operands = operandsOf(p, p.kind).map((q) => propositionText(q, by));
      return `(${operands.sort().join(p.kind === "and" ? "&" : "|")})`;
    }
  }
}

/** Chains lean to the left; the parser bounds how far they nest otherwise. */
function operandsOf(p: Proposition, kind: "and" | "or"): Proposition[] {
  const operands: Proposition[] = [];
  let rest = p;
  for (; rest.kind === kind; rest = rest.left) operands.push(...(rest.right.kind === kind ? operandsOf(rest.right, kind) : [rest.right]));
  operands.push(rest);
  return operands;
}

/** What an automorphism does to the observed values of an execution. */
export type StateMap = (values: readonly number[]) => readonly number[];

/** `observed` in the order of the values. undefined: some value has no image among them. */
export function stateMapOf(by: Automorphism, observed: readonly Observable[], layout: MemoryLayout): StateMap | undefined {
  const same = (a: Observable, b: Observable): boolean => JSON.stringify(a) === JSON.stringify(b);
  const target = observed.map((o) => {
    const image: Observable =
      o.kind === "register"
        ? { kind: "register", thread: by.threads[o.thread] ?? o.thread, register: by.register(o.thread, o.register) }
        : { kind: "location", location: by.global(o.location), offset: o.offset };
    return observed.findIndex((x) => same(x, image));
  });
  if (target.includes(-1)) return undefined;
  return (values) => {
    const image: number[] = [];
    values.forEach((value, k) => {
      image[target[k]!] = isAddress(value) ? addressImage(value, by, layout) : value;
    });
    return image;
  };
}

function addressImage(value: number, by: Automorphism, layout: MemoryLayout): number {
  const { global, offset } = addressParts(value);
  return addressValue(layout.globalOf(by.global(layout.globalName(global))), offset);
}

/** An automorphism on the nodes of one skeleton that it maps to itself. */
export type NodeMap = { readonly image: Int32Array; readonly origin: Int32Array };

export type NodeSymmetry = {
  /** Without the identity. */
  readonly maps: readonly NodeMap[];
  /** Elements of the group of the whole program. */
  readonly groupSize: number;
};

/** `lengths`: nodes of each thread, which are the same for a thread and its image. */
export function nodeMapOf(by: Automorphism, nodeBase: readonly number[], lengths: readonly number[]): NodeMap {
  const size = lengths.reduce((sum, n) => sum + n, 0);
  const image = new Int32Array(size);
  const origin = new Int32Array(size);
  by.threads.forEach((to, from) => {
    for (let k = 0; k < lengths[from]!; k++) {
      image[nodeBase[from]! + k] = nodeBase[to]! + k;
      origin[nodeBase[to]! + k] = nodeBase[from]! + k;
    }
  });
  return { image, origin };
}
