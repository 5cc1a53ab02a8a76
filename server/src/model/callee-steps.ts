/** How far calls are followed while somebody watches: what the function itself does matters more, and each call gets its share. */

import type { Expr } from "../syntax/c-syntax.ts";
import type { EvalContext } from "./evaluate.ts";
import type { PathState } from "./path-state.ts";
import type { StepLimits } from "./trace.ts";

/** A call gets so many when nothing is left: helpers that take a lock, or find what a pointer is in, are small. */
const stepsMin = 40;

/** What is left for callees while somebody watches: what the root does itself matters more. */
export class CalleeSteps {
  readonly #ctx: EvalContext;
  readonly #limits: StepLimits;
  readonly #tooMuch = new Set<Expr>();
  #spent = 0;
  #until = 0;

  constructor(ctx: EvalContext, limits: StepLimits) {
    this.#ctx = ctx;
    this.#limits = limits;
  }

  forget(): void {
    this.#tooMuch.clear();
    this.#spent = this.#until = 0;
  }

  /** Whether `state`, in its root or in a callee, may go on into this call. */
  mayEnter(call: Expr, state: PathState): boolean {
    if (state.watcher === undefined) return true;
    return isInCallee(state) ? !this.isUsedUp(state) : !this.#tooMuch.has(call);
  }

  isUsedUp(state: PathState): boolean {
    return state.watcher !== undefined && isInCallee(state) && this.#ctx.steps > this.#until;
  }

  /** Runs one call of the root; `isWhole`: it was followed to its end. */
  within<T>(call: Expr, run: () => T): { readonly result: T; readonly isWhole: boolean } {
    const { steps: begun } = this.#ctx;
    this.#until = begun + Math.max(stepsMin, Math.min(this.#limits.watchedCallStepsMax, this.#limits.watchedStepsMax - this.#spent));
    const result = run();
    this.#spent += this.#ctx.steps - begun;
    const isWhole = this.#ctx.steps <= this.#until;
    // On other paths it would be too much as well.
    if (!isWhole) this.#tooMuch.add(call);
    return { result, isWhole };
  }
}

export const isInCallee = ({ chain, inside }: PathState): boolean => chain.length + inside.length > 0;
