/*
 * Against the brute-force enumerator: all programs of two threads by two instructions of a small
 * alphabet, and random ones of up to three instructions of a large alphabet; and what must not matter: the order of threads, the
 * names of locations and registers, printing and reading again, how one asks.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, printLitmus, withDeclarations, type Program } from "../src/index.ts";
import { bruteForce } from "./brute-force.ts";
import { accesses, fences, litmusOf, others, programOf } from "./small-programs.ts";

function expectEqual(text: string): void {
  const program = programOf(text);
  const { positive, negative, states, flags } = check(program);
  expect({ positive, negative, states, flags }, text).toEqual(bruteForce(program));
}

/** Threads in either order are the same program: one of them is enough. */
function* pairs<T>(items: readonly T[]): Generator<readonly [T, T]> {
  for (const [k, a] of items.entries()) for (const b of items.slice(k)) yield [a, b];
}

test("every program of two threads by two accesses or fences", () => {
  const alphabet = [...accesses, ...fences];
  const bodies = alphabet.flatMap((a) => alphabet.map((b) => [a, b]));
  let count = 0;
  for (const [a, b] of pairs(bodies)) {
    expectEqual(litmusOf([a, b]));
    count++;
  }
  expect(count).toBe(10_440);
});

test("every program of two threads by two marked accesses with the same fence between", () => {
  const marked = accesses.filter((a) => a.includes("_"));
  for (const fence of fences) for (const [a, b] of pairs(marked.flatMap((x) => marked.map((y) => [x, fence, y])))) expectEqual(litmusOf([a, b]));
});

const instruction = fc.constantFrom(...accesses, ...fences, ...others);
const twoThreads = fc.array(fc.array(instruction, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 2 });
const threeThreads = fc.array(fc.array(instruction, { minLength: 1, maxLength: 2 }), { minLength: 3, maxLength: 3 });

/** Fixed, so that a run can be repeated; fast-check prints it with a counterexample. */
const seed = 20_240_612;

/** Brute force goes through rf and co blindly. */
const isSmall = (threads: readonly (readonly string[])[]): boolean => threads.flat().filter((i) => /xchg|atomic|lock\(l\)|\? |READ|WRITE|\*|smp_(store|load)/.test(i)).length <= 5;

describe("random programs", () => {
  test("of two threads: brute force agrees", () => {
    fc.assert(fc.property(twoThreads.filter(isSmall), (threads) => { expectEqual(litmusOf(threads)); }), { seed, numRuns: 800 });
  });

  test("of three threads: brute force agrees", () => {
    fc.assert(fc.property(threeThreads.filter(isSmall), (threads) => { expectEqual(litmusOf(threads)); }), { seed, numRuns: 300 });
  });

  test("the order of threads does not matter", () => {
    fc.assert(
      fc.property(threeThreads, (threads) => {
        const counts = (order: readonly (readonly string[])[]): unknown => {
          const { positive, negative, flags, states } = check(programOf(litmusOf(order)));
          return { positive, negative, flags, states: states.length };
        };
        expect(counts([...threads].reverse())).toEqual(counts(threads));
      }),
      { seed, numRuns: 150 },
    );
  });

  test("names do not matter", () => {
    fc.assert(
      fc.property(twoThreads, (threads) => {
        const text = litmusOf(threads);
        const renamed = text.replace(/\bx\b/g, "zz").replace(/\by\b/g, "aa").replace(/\br(\d)\b/g, "k$1").replace(/\bs\b/g, "dom").replace(/\bl\b/g, "mutex");
        const [a, b] = [check(programOf(text)), check(programOf(renamed))];
        expect({ positive: b.positive, negative: b.negative, flags: b.flags, counts: [...b.stateCounts].sort() }).toEqual({ positive: a.positive, negative: a.negative, flags: a.flags, counts: [...a.stateCounts].sort() });
      }),
      { seed, numRuns: 150 },
    );
  });

  test("parse(print(p)) is p, and counts alike", () => {
    fc.assert(
      fc.property(twoThreads, (threads) => {
        const program = programOf(litmusOf(threads));
        const again = programOf(printLitmus(program));
        expect(again).toEqual(withDeclarations(program));
        expect(check(again).states).toEqual(check(program).states);
      }),
      { seed, numRuns: 150 },
    );
  });

  test("verdict mode sees what all executions show: the observation and the data race", () => {
    const seen = (program: Program, mode: "executions" | "verdict"): unknown => {
      const { observation, flags, holds } = check(program, { mode });
      return { observation, holds, race: flags.includes("data-race") };
    };
    fc.assert(
      fc.property(threeThreads, (threads) => {
        const program = programOf(litmusOf(threads));
        expect(seen(program, "verdict")).toEqual(seen(program, "executions"));
      }),
      { seed, numRuns: 300 },
    );
  });

  test("states mode sees all states and flags", () => {
    const seen = (program: Program, mode: "executions" | "states"): unknown => {
      const { observation, flags, holds, states, loopCut } = check(program, { mode });
      return { observation, holds, flags, states, loopCut };
    };
    fc.assert(
      fc.property(threeThreads, (threads) => {
        const program = programOf(litmusOf(threads));
        expect(seen(program, "states")).toEqual(seen(program, "executions"));
      }),
      { seed, numRuns: 400 },
    );
  });

  test("a stronger model has no new state, and a budget no wrong answer", () => {
    fc.assert(
      fc.property(twoThreads, fc.integer({ min: 1, max: 20 }), (threads, executionsMax) => {
        const program = programOf(litmusOf(threads));
        const all = check(program);
        const states = new Set(all.states);
        for (const model of ["mca", "tso", "sc"] as const) for (const state of check(program, { model }).states) expect(states).toContain(state);
        const stopped = check(program, { budget: { executionsMax } });
        expect([all.observation, "Undecided"]).toContain(stopped.observation);
      }),
      { seed, numRuns: 100 },
    );
  });
});
