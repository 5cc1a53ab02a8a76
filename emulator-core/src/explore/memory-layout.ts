/*
 * The words of memory a program can name. A word is 4 bytes; an address outside the declared words,
 * or not at the start of one, names nothing and the execution that uses it does not exist (as in
 * herd7, which drops it silently).
 */
import type { Expression, Instruction, InitialValue, Observable, Program, Proposition } from "../program.ts";
import { addressParts, addressValue, isAddress, isUnconstrained, unconstrainedIndex } from "./values.ts";

export const bytesPerWord = 4;

/** Owns the numbering of globals and words. */
export class MemoryLayout {
  readonly globalIndex: ReadonlyMap<string, number>;
  readonly globalNames: readonly string[];
  readonly wordCount: number;
  /** Initial value of each word. */
  readonly initial: readonly number[];
  readonly #wordBase: readonly number[];
  readonly #isArray: readonly boolean[];

  constructor(program: Program) {
    const index = new Map<string, number>();
    const lengths: number[] = [];
    const isArray: boolean[] = [];
    for (const global of program.globals) {
      index.set(global.name, lengths.length);
      lengths.push(Math.max(1, global.words.length));
      isArray.push(global.array === true);
    }
    for (const name of namesOf(program)) {
      if (index.has(name)) continue;
      index.set(name, lengths.length);
      lengths.push(1);
      isArray.push(false);
    }
    const bases: number[] = [];
    let count = 0;
    for (const length of lengths) {
      bases.push(count);
      count += length;
    }
    this.globalIndex = index;
    this.globalNames = [...index.keys()];
    this.wordCount = count;
    this.#wordBase = bases;
    this.#isArray = isArray;
    const initial = new Array<number>(count).fill(0);
    program.globals.forEach((global, g) => {
      global.words.forEach((word, k) => (initial[bases[g]! + k] = this.valueOf(word)));
    });
    this.initial = initial;
  }

  valueOf(value: InitialValue): number {
    if (value.kind === "constant") return value.value | 0;
    return addressValue(this.globalIndex.get(value.location)!, value.offset);
  }

  /** The word an address names, or -1. */
  wordAt(address: number): number {
    if (!isAddress(address)) return -1;
    const { global, offset } = addressParts(address);
    if (offset < 0 || offset % bytesPerWord !== 0) return -1;
    const word = this.#wordBase[global]! + offset / bytesPerWord;
    const end = this.#wordBase[global + 1] ?? this.wordCount;
    return word < end ? word : -1;
  }

  wordOf(location: string, offset: number): number {
    return this.wordAt(addressValue(this.globalIndex.get(location)!, offset));
  }

  /** `x`, or `x+4` for a later word of an array. */
  wordName(word: number): string {
    let global = this.#wordBase.length - 1;
    while (this.#wordBase[global]! > word) global--;
    return offsetName(this.globalNames[global]!, (word - this.#wordBase[global]!) * bytesPerWord);
  }

  /** As herd7 prints it: a number, the name of a global, S<n> for a value nothing determines. */
  print(value: number): string {
    if (isUnconstrained(value)) return `S${unconstrainedIndex(value)}`;
    if (!isAddress(value)) return String(value);
    const { global, offset } = addressParts(value);
    return offsetName(this.globalNames[global]!, offset);
  }

  isArray(location: string): boolean {
    return this.#isArray[this.globalIndex.get(location)!]!;
  }
}

function offsetName(name: string, offset: number): string {
  return offset === 0 ? name : `${name}+${offset}`;
}

/** Every location a program mentions, declared or not, in order of appearance. */
function namesOf(program: Program): readonly string[] {
  const names = new Set<string>();
  const value = (v: InitialValue | Observable): void => {
    if (v.kind === "address" || v.kind === "location") names.add(v.location);
  };
  for (const global of program.globals) global.words.forEach(value);
  for (const r of program.initialRegisters ?? []) value(r.value);
  for (const thread of program.threads) {
    for (const parameter of thread.parameters ?? []) names.add(parameter.name);
    forEachExpression(thread.body, (e) => {
      if (e.kind === "address") names.add(e.location);
    });
  }
  for (const o of program.locations ?? []) value(o);
  const proposition = (p: Proposition): void => {
    if (p.kind === "equals") {
      value(p.left);
      value(p.right);
    } else if (p.kind === "not") proposition(p.operand);
    else if (p.kind !== "true" && p.kind !== "false") {
      proposition(p.left);
      proposition(p.right);
    }
  };
  if (program.filter !== undefined) proposition(program.filter);
  proposition(program.condition);
  return [...names];
}

/** Calls `visit` for every expression of the instructions, outer before inner. */
export function forEachExpression(body: readonly Instruction[], visit: (e: Expression) => void): void {
  const expression = (e: Expression): void => {
    visit(e);
    switch (e.kind) {
      case "binary":
        expression(e.left);
        return expression(e.right);
      case "load":
        return expression(e.address);
      case "rmw":
        expression(e.address);
        if (e.operation.kind === "exchange") return expression(e.operation.value);
        if (e.operation.kind === "arithmetic") return expression(e.operation.operand);
        if (e.operation.kind === "compare-exchange") {
          expression(e.operation.expected);
          return expression(e.operation.value);
        }
        expression(e.operation.operand);
        return expression(e.operation.unless);
      case "srcu-read-lock":
        return expression(e.domain);
      case "spin-trylock":
      case "spin-is-locked":
        return expression(e.lock);
      default:
        return;
    }
  };
  for (const i of body) {
    switch (i.kind) {
      case "assign":
      case "evaluate":
        expression(i.value);
        break;
      case "store":
        expression(i.address);
        expression(i.value);
        break;
      case "spin-lock":
      case "spin-unlock":
        expression(i.lock);
        break;
      case "srcu-read-unlock":
        expression(i.domain);
        expression(i.index);
        break;
      case "synchronize-srcu":
        expression(i.domain);
        break;
      case "if":
        expression(i.condition);
        forEachExpression(i.then, visit);
        forEachExpression(i.else, visit);
        break;
      case "while":
        expression(i.condition);
        forEachExpression(i.body, visit);
        break;
      default:
        break;
    }
  }
}
