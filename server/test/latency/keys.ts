/** Keys that a person types, at seeded places inside of function bodies; each is taken back before the next one. */

import type { FunctionDef } from "../../src/syntax/c-syntax.ts";
import type { Random } from "../../src/test-support/mutants.ts";

export type Key = { readonly kind: "ordinary" | "breaking"; readonly at: number; readonly typed: string; readonly removed: number };

const ordinary = ["a", "x", "_", "7", " ", "\n", "delete"] as const;
const breaking = ["{", "}", '"', "/*", "(", "#if"] as const;

export function keysIn(functions: readonly FunctionDef[], kind: Key["kind"], count: number, random: Random): readonly Key[] {
  const bytes = functions.map(({ body }) => Math.max(0, body.end - body.start - 2));
  const total = bytes.reduce((sum, one) => sum + one, 0);
  return Array.from({ length: count }, (_, index): Key => {
    const typed = kind === "ordinary" ? ordinary[index % ordinary.length]! : breaking[index % breaking.length]!;
    return { kind, at: placeOf(functions, bytes, Math.floor(random() * total)), typed: typed === "delete" ? "" : typed, removed: typed === "delete" ? 1 : 0 };
  });
}

/** The `share`-th character of all bodies: long functions are typed in more often. */
function placeOf(functions: readonly FunctionDef[], bytes: readonly number[], share: number): number {
  let left = share;
  for (const [index, count] of bytes.entries()) {
    if (left < count) return functions[index]!.body.start + 1 + left;
    left -= count;
  }
  return functions.at(-1)!.body.end - 1;
}

export const afterKey = (text: string, { at, typed, removed }: Key): string => text.slice(0, at) + typed + text.slice(at + removed);
