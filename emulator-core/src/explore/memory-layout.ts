/*
 * The words of memory a program can name. A word is 4 bytes; an address outside the declared words,
 * or not at the start of one, names nothing and the execution that uses it does not exist (as in
 * herd7, which drops it silently).
 */
import type { Expression, Instruction, InitialValue, Program } from "../program.ts";
import { addressParts, addressValue, isAddress, isUnconstrained, unconstrainedIndex } from "./values.ts";

export const bytesPerWord = 4;

/** Owns the numbering of globals and words. A name that is not declared is a global of one word from when it is first asked for. */
export class MemoryLayout {
  readonly #globalIndex = new Map<string, number>();
  readonly #globalNames: string[] = [];
  /** Initial value of each word. */
  readonly initial: number[] = [];
  readonly #wordBase: number[] = [];
  readonly #isArray: boolean[] = [];

  constructor(program: Program) {
    for (const global of program.globals) this.#add(global.name, Math.max(1, global.words.length), global.array === true);
    for (const global of program.globals) {
      const base = this.#wordBase[this.globalOf(global.name)]!;
      global.words.forEach((word, k) => (this.initial[base + k] = this.valueOf(word)));
    }
  }

  #add(name: string, words: number, isArray: boolean): number {
    const index = this.#globalNames.length;
    this.#globalIndex.set(name, index);
    this.#globalNames.push(name);
    this.#wordBase.push(this.initial.length);
    this.#isArray.push(isArray);
    for (let k = 0; k < words; k++) this.initial.push(0);
    return index;
  }

  get wordCount(): number {
    return this.initial.length;
  }

  globalOf(name: string): number {
    return this.#globalIndex.get(name) ?? this.#add(name, 1, false);
  }

  globalName(global: number): string {
    return this.#globalNames[global]!;
  }

  valueOf(value: InitialValue): number {
    if (value.kind === "constant") return value.value | 0;
    return addressValue(this.globalOf(value.location), value.offset);
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
    return this.wordAt(addressValue(this.globalOf(location), offset));
  }

  /** `x`, or `x+4` for a later word of an array. */
  wordName(word: number): string {
    let global = this.#wordBase.length - 1;
    while (this.#wordBase[global]! > word) global--;
    return offsetName(this.#globalNames[global]!, (word - this.#wordBase[global]!) * bytesPerWord);
  }

  /** As herd7 prints it: a number, the name of a global, S<n> for a value nothing determines. */
  print(value: number): string {
    if (isUnconstrained(value)) return `S${unconstrainedIndex(value)}`;
    if (!isAddress(value)) return String(value);
    const { global, offset } = addressParts(value);
    return offsetName(this.#globalNames[global]!, offset);
  }

  isArray(location: string): boolean {
    return this.#isArray[this.globalOf(location)]!;
  }
}

function offsetName(name: string, offset: number): string {
  return offset === 0 ? name : `${name}+${offset}`;
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
