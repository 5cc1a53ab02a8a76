/**
 * Words that no pointer arithmetic reaches become globals of their own. Stock herd7 reads arrays of numbers, and
 * drops executions in silence where an index is not what it expects: what needs no array gets none.
 */
import type { Expression, Global, InitialValue, Instruction, Observable, Program, Proposition } from "../program.ts";

export type SplitProgram = { readonly program: Program; readonly situation: Proposition };

/**
 * `nameOf`: the global of a word of an array, or undefined for one that stays. `replaced` hears of every instruction that is
 * made anew.
 */
export function splitWords({ program, situation }: SplitProgram, nameOf: (global: string, word: number) => string | undefined, replaced: (before: Instruction, after: Instruction) => void): SplitProgram {
  if (!program.globals.some(({ name, words }) => words.length > 1 && nameOf(name, 0) !== undefined)) return { program, situation };
  /** Addresses are the only objects with a location and an offset, in expressions, values and observables alike. */
  const place = <T extends { readonly location: string; readonly offset: number }>(at: T): T => {
    const name = nameOf(at.location, at.offset / 4);
    return name === undefined ? at : { ...at, location: name, offset: 0 };
  };
  const expression = (e: Expression): Expression => {
    switch (e.kind) {
      case "constant": case "register": return e;
      case "address": return place(e);
      case "binary": return { ...e, left: expression(e.left), right: expression(e.right) };
      case "load": return { ...e, address: expression(e.address) };
      case "rmw": return { ...e, address: expression(e.address), operation: Object.fromEntries(Object.entries(e.operation).map(([key, value]) => [key, typeof value === "object" ? expression(value) : value])) as typeof e.operation };
      case "srcu-read-lock": return { ...e, domain: expression(e.domain) };
      case "spin-trylock": case "spin-is-locked": return { ...e, lock: expression(e.lock) };
    }
  };
  const instruction = (before: Instruction): Instruction => {
    const after = rewritten(before);
    replaced(before, after);
    return after;
  };
  const rewritten = (i: Instruction): Instruction => {
    switch (i.kind) {
      case "assign": case "evaluate": return { ...i, value: expression(i.value) };
      case "store": return { ...i, address: expression(i.address), value: expression(i.value) };
      case "if": return { ...i, condition: expression(i.condition), then: i.then.map(instruction), else: i.else.map(instruction) };
      case "while": return { ...i, condition: expression(i.condition), body: i.body.map(instruction) };
      default: return i;
    }
  };
  const value = (v: InitialValue): InitialValue => (v.kind === "address" ? place(v) : v);
  const observable = (o: Observable): Observable => (o.kind === "location" ? place(o) : o);
  const right = (r: InitialValue | Observable): InitialValue | Observable => (r.kind === "location" || r.kind === "address" ? place(r) : r);
  const proposition = (p: Proposition): Proposition => {
    switch (p.kind) {
      case "true": case "false": return p;
      case "equals": return { ...p, left: observable(p.left), right: right(p.right) };
      case "not": return { ...p, operand: proposition(p.operand) };
      default: return { ...p, left: proposition(p.left), right: proposition(p.right) };
    }
  };
  const globals = program.globals.flatMap((global): readonly Global[] => {
    const { name, words, array, type } = global;
    const placed = words.map(value);
    if (array !== true || nameOf(name, 0) === undefined) return [{ ...global, words: placed }];
    return placed.map((word, k) => ({ name: nameOf(name, k)!, ...typeOf(type, word), words: [word] }));
  });
  return {
    program: {
      ...program, globals,
      threads: program.threads.map((thread) => ({ ...thread, body: thread.body.map(instruction) })),
      condition: proposition(program.condition),
      ...(program.filter === undefined ? {} : { filter: proposition(program.filter) }),
    },
    situation: proposition(situation),
  };
}

/** An array has one type; its words alone may be numbers. What is stored to them decides when it is printed. */
function typeOf(type: string | undefined, word: InitialValue): { readonly type?: string } {
  return type === "int *" && word.kind === "constant" ? {} : type === undefined ? {} : { type };
}
