/*
 * Declarations a litmus test needs and a program may leave out: every global a thread uses as a
 * parameter of the right type, every register as a local. What is there already is kept.
 */
import { forEachExpression } from "../explore/memory-layout.ts";
import type { Declaration, Expression, Instruction, Parameter, Program, Thread } from "../program.ts";

/** The program with parameters and locals of every thread complete; parse(print(p)) gives exactly this. */
export function withDeclarations(program: Program): Program {
  const kinds = globalKinds(program);
  const threads = program.threads.map((thread): Thread => ({ ...thread, parameters: parametersOf(thread, kinds), locals: localsOf(thread, kinds) }));
  return { ...program, threads };
}

type GlobalKind = "int" | "pointer" | "atomic" | "lock" | "srcu";

const parameterTypes: Readonly<Record<GlobalKind, string>> = {
  int: "int *",
  pointer: "int **",
  atomic: "atomic_t *",
  lock: "spinlock_t *",
  srcu: "struct srcu_struct *",
};

/** What each global is used as; an SRCU domain or lock by its operations, a pointer by its values. */
function globalKinds(program: Program): ReadonlyMap<string, GlobalKind> {
  const kinds = new Map<string, GlobalKind>();
  for (const global of program.globals) {
    const { type } = global;
    if (type === undefined) {
      if (global.words.some((w) => w.kind === "address")) kinds.set(global.name, "pointer");
    } else if (type === "spinlock_t") kinds.set(global.name, "lock");
    else if (type === "struct srcu_struct") kinds.set(global.name, "srcu");
    else if (type === "atomic_t") kinds.set(global.name, "atomic");
    else if (type.includes("*")) kinds.set(global.name, "pointer");
  }
  const set = (e: Expression, kind: GlobalKind): void => {
    if (e.kind === "address" && (!kinds.has(e.location) || kind === "lock" || kind === "srcu")) kinds.set(e.location, kind);
  };
  for (const thread of program.threads) {
    const holdsAddress = addressRegisters(thread.body);
    forEachInstruction(thread.body, (i) => {
      if (i.kind === "spin-lock" || i.kind === "spin-unlock") set(i.lock, "lock");
      if (i.kind === "srcu-read-unlock" || i.kind === "synchronize-srcu") set(i.domain, "srcu");
      if (i.kind === "store" && isAddressLike(i.value, holdsAddress)) set(i.address, "pointer");
    });
    forEachExpression(thread.body, (e) => {
      if (e.kind === "spin-trylock" || e.kind === "spin-is-locked") set(e.lock, "lock");
      if (e.kind === "srcu-read-lock") set(e.domain, "srcu");
      if (e.kind === "rmw" && e.spelling?.startsWith("atomic_") === true) set(e.address, "atomic");
      if (e.kind === "load" && e.spelling?.startsWith("atomic_") === true) set(e.address, "atomic");
      if (e.kind === "rmw" && (e.operation.kind === "exchange" || e.operation.kind === "compare-exchange") && isAddressLike(e.operation.value, holdsAddress)) set(e.address, "pointer");
    });
  }
  return kinds;
}

function parametersOf(thread: Thread, kinds: ReadonlyMap<string, GlobalKind>): readonly Parameter[] {
  const parameters = [...(thread.parameters ?? [])];
  const named = new Set(parameters.map((p) => p.name));
  forEachExpression(thread.body, (e) => {
    if (e.kind !== "address" || named.has(e.location)) return;
    named.add(e.location);
    parameters.push({ type: parameterTypes[kinds.get(e.location) ?? "int"], name: e.location });
  });
  return parameters;
}

function localsOf(thread: Thread, kinds: ReadonlyMap<string, GlobalKind>): readonly Declaration[] {
  const locals = [...(thread.locals ?? [])];
  const named = new Set(locals.map((l) => l.name));
  const pointers = addressRegisters(thread.body);
  const isPointerLoad = (e: Expression): boolean => e.kind === "load" && e.address.kind === "address" && kinds.get(e.address.location) === "pointer";
  const assigned = new Set<string>();
  forEachInstruction(thread.body, (i) => {
    if (i.kind !== "assign") return;
    assigned.add(i.register);
    if (isPointerLoad(i.value)) pointers.add(i.register);
  });
  const declare = (name: string): void => {
    if (named.has(name)) return;
    named.add(name);
    locals.push({ type: pointers.has(name) ? "int *" : "int", name });
  };
  assigned.forEach(declare);
  forEachExpression(thread.body, (e) => {
    if (e.kind === "register") declare(e.name);
  });
  return locals;
}

/** Registers used as an address, or assigned one. */
function addressRegisters(body: readonly Instruction[]): Set<string> {
  const registers = new Set<string>();
  const used = (e: Expression): void => {
    if (e.kind === "register") registers.add(e.name);
    if (e.kind === "binary" && (e.operator === "+" || e.operator === "-")) used(e.left);
  };
  forEachExpression(body, (e) => {
    if (e.kind === "load" || e.kind === "rmw") used(e.address);
  });
  forEachInstruction(body, (i) => {
    if (i.kind === "store") used(i.address);
    if (i.kind === "assign" && isAddressLike(i.value, registers)) registers.add(i.register);
  });
  return registers;
}

function isAddressLike(e: Expression, registers: ReadonlySet<string>): boolean {
  if (e.kind === "address") return true;
  if (e.kind === "register") return registers.has(e.name);
  return e.kind === "binary" && (e.operator === "+" || e.operator === "-") && isAddressLike(e.left, registers);
}

function forEachInstruction(body: readonly Instruction[], visit: (i: Instruction) => void): void {
  for (const i of body) {
    visit(i);
    if (i.kind === "if") {
      forEachInstruction(i.then, visit);
      forEachInstruction(i.else, visit);
    } else if (i.kind === "while") forEachInstruction(i.body, visit);
  }
}
