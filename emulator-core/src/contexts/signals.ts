/** Who lets others go on: complete() of a completion, and the one body that writes a flag somebody waits for. */
import type { DriverProgram } from "../driver/steps.ts";
import { flagToken, type State, type Visit } from "./state.ts";

export class Signals {
  readonly #program: DriverProgram;
  readonly #completers = new Map<string, Set<string>>();
  /** Bodies that write a place in a way that is not followed: a value from a register, a read-modify-write. */
  readonly #unclear = new Set<string>();
  #writesThroughRegisters = false;

  constructor(program: DriverProgram, visits: readonly Visit[]) {
    this.#program = program;
    for (const { step, body } of visits) {
      if (step.kind === "complete") this.#add(step.completion, body.name);
      if (step.kind !== "store" && step.kind !== "update") continue;
      if (/^\*|->/.test(step.at)) this.#writesThroughRegisters = true;
      if (step.kind === "store" && typeof step.value === "number") this.#add(flagToken(step.at, step.value), body.name);
      else this.#unclear.add(step.at);
    }
  }

  completersOf(completion: string): readonly string[] {
    return [...(this.#completers.get(completion) ?? [])];
  }

  /** Is the step over, because the other path waited for what only this body says, and says later? */
  isAwaited(visit: Visit, by: State): boolean {
    // The next interrupt comes whatever the last one said.
    if (visit.body.context === "hardirq") return false;
    return [...by.awaited].some((token) => {
      const completers = this.#completers.get(token);
      return completers?.size === 1 && completers.has(visit.body.name) && !visit.before.completed.has(token) && this.#isClear(token);
    });
  }

  #isClear(token: string): boolean {
    const [place, value] = token.split(" = ");
    if (value === undefined) return true;
    if (this.#writesThroughRegisters || this.#unclear.has(place!)) return false;
    const [object, field] = place!.split(".");
    const declared = this.#program.objects.find(({ name }) => name === object);
    const initial = declared?.fields === undefined ? declared?.initial : declared.fields.find(({ name }) => name === field)?.initial;
    return declared !== undefined && String(initial ?? 0) !== value && (declared.fields === undefined || (field !== undefined && declared.fields.every(({ sharesWith }) => sharesWith === undefined)));
  }

  #add(token: string, body: string): void {
    this.#completers.set(token, (this.#completers.get(token) ?? new Set()).add(body));
  }
}
