/** Numbers that stand for what memory holds after a free, or before anybody wrote to it. */
import { forEachStep } from "./each-step.ts";
import type { DriverProgram } from "./steps.ts";
import { numbersOf } from "./operands.ts";

export type Stands = {
  /** What the next owner of freed memory writes: of the object that the hazard asks for, and of all others. */
  readonly poison: number;
  readonly otherPoison: number;
  /** What memory holds that nobody has written. */
  readonly garbage: number;
  readonly otherGarbage: number;
  /** What RCU keeps in the rcu_head of a queued callback. */
  readonly rcuLink: number;
};

/** Numbers that the program does not use itself, and does not count to. */
export function standsFor(driver: DriverProgram): Stands {
  const taken = new Set(numbersOf(driver));
  let counts = 0;
  for (const { steps } of [...driver.threads, ...(driver.handlers ?? [])]) forEachStep(steps, ({ kind }) => { if (kind === "get-ref" || kind === "get-ref-unless-zero" || kind === "put-ref" || kind === "update") counts++; });
  const isFree = (number: number): boolean => [...taken].every((one) => Math.abs(one - number) > counts);
  const free = (preferred: number): number => {
    let number = preferred;
    while (!isFree(number)) number += 1000;
    return number;
  };
  return { poison: free(99), otherPoison: free(499), garbage: free(77), otherGarbage: free(477), rcuLink: free(55) };
}

/** In words, for a value of an execution; undefined for an ordinary one. */
export function standText(stands: Stands, value: string): string | undefined {
  const is = (...numbers: readonly number[]): boolean => numbers.some((number) => value === String(number));
  if (is(stands.poison, stands.otherPoison)) return "what the next owner wrote";
  if (is(stands.garbage, stands.otherGarbage)) return "what nobody has written";
  return is(stands.rcuLink) ? "RCU's own link" : undefined;
}
