/*
 * One execution of each orbit stands for all: the same counts, states and flags as without, on random
 * programs with identical threads, with the same threads on other locations, and on rings.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { automorphismsOf } from "../src/explore/symmetry.ts";
import { check, type CheckOptions, type Program } from "../src/index.ts";
import { accesses, fences, litmusOf, others, programOf } from "./small-programs.ts";

const seed = 20_241_117;

/** The same program in which every thread starts with another value in a register that nobody reads. */
function told(program: Program): Program {
  return { ...program, initialRegisters: [...(program.initialRegisters ?? []), ...program.threads.map((_, thread) => ({ thread, register: "unused", value: { kind: "constant", value: thread } as const }))] };
}

function answer(program: Program, options?: CheckOptions): unknown {
  const { observation, positive, negative, states, stateCounts, flags, holds, loopCut } = check(program, options);
  return { observation, positive, negative, states, stateCounts, flags, holds, loopCut };
}

function expectSame(program: Program, text: string): void {
  expect(automorphismsOf(told(program))).toHaveLength(1);
  expect(answer(program, { symmetry: "always" }), text).toEqual(answer(told(program)));
  expect(answer(program, { symmetry: "never" }), text).toEqual(answer(told(program)));
}

const instruction = fc.constantFrom(...accesses, ...fences, ...others);
const body = fc.array(instruction, { minLength: 1, maxLength: 3 });
/** Each body several times; `swap` exchanges x and y in a copy. */
const copies = fc.array(fc.record({ body, count: fc.integer({ min: 1, max: 3 }), swap: fc.boolean() }), { minLength: 1, maxLength: 2 }).filter((list) => list.reduce((sum, { count }) => sum + count, 0) <= 4);

const swapped = (line: string): string => line.replace(/\b[xy]\b/g, (name) => (name === "x" ? "y" : "x"));

describe("random programs with identical threads", () => {
  test("count as without symmetry", () => {
    let reduced = 0;
    fc.assert(
      fc.property(copies, fc.boolean(), (list, asksOneThread) => {
        const threads = list.flatMap(({ body: lines, count, swap }) => Array.from({ length: count }, (_, k) => (swap && k % 2 === 1 ? lines.map(swapped) : lines)));
        const accessesCount = threads.flat().join(" ").split(/READ_ONCE|WRITE_ONCE|\*x|\*y|xchg|atomic|spin_|srcu_|smp_store|smp_load/).length;
        fc.pre(accessesCount < 26);
        let text = litmusOf(threads);
        if (!asksOneThread) text = text.replace("exists (x=1)", "exists (x=1 \\/ y=1)");
        const program = programOf(text);
        const end = performance.now() + 3000;
        const isSlow = check(program, { mode: "verdict", shouldStop: () => performance.now() > end, budget: { executionsMax: 4000 } }).limit !== null || check(told(program), { budget: { executionsMax: 20_000 } }).limit?.kind === "executions";
        fc.pre(!isSlow);
        if (automorphismsOf(program).length > 1) reduced++;
        expectSame(program, text);
      }),
      { seed, numRuns: 700 },
    );
    expect(reduced).toBeGreaterThan(150);
  });
});

/** n threads, each about its own location and the next. */
const ring = (n: number, line: (own: string, next: string) => string, condition: string): string =>
  `C ring\n{ }\n${Array.from({ length: n }, (_, k) => `P${k}(int *x${k}, int *x${(k + 1) % n}, spinlock_t *l) { int r; int q; ${line(`x${k}`, `x${(k + 1) % n}`)} }`).join("\n")}\nexists (${Array.from({ length: n }, (_, k) => condition.replaceAll("#", String(k))).join(" /\\ ")})\n`;

const rings: readonly (readonly [string, string, number])[] = [
  ["store buffering", ring(4, (a, b) => `WRITE_ONCE(*${a}, 1); r = READ_ONCE(*${b}); q = READ_ONCE(*${a});`, "#:r=0"), 4],
  ["load buffering", ring(6, (a, b) => `r = READ_ONCE(*${a}); smp_mb(); WRITE_ONCE(*${b}, 1);`, "#:r=1"), 6],
  ["two writes each", ring(3, (a, b) => `WRITE_ONCE(*${a}, 1); WRITE_ONCE(*${b}, 2); r = READ_ONCE(*${a}); q = READ_ONCE(*${b});`, "#:r=2"), 3],
  ["branches", ring(4, (a, b) => `r = READ_ONCE(*${a}); q = READ_ONCE(*${a}); if (r) { WRITE_ONCE(*${b}, 1); } else { WRITE_ONCE(*${b}, 2); }`, "#:r=1"), 4],
  ["a lock for all", ring(3, (a, b) => `spin_lock(l); WRITE_ONCE(*${a}, 1); r = READ_ONCE(*${b}); q = READ_ONCE(*${a}); spin_unlock(l);`, "#:r=0"), 3],
  ["plain accesses", ring(3, (a, b) => `*${a} = 1; r = *${b}; q = READ_ONCE(*${a});`, "#:r=0"), 3],
];

test.each(rings)("a ring of %s", (_, text, size) => {
  const program = programOf(text);
  expect(automorphismsOf(program)).toHaveLength(size);
  expectSame(program, text);
  const always = { symmetry: "always" } as const;
  // A filter is asked about every execution: none is counted together with others.
  const visited: Program = { ...program, filter: { kind: "true" } };
  expect(check(visited, always).explored).toBeLessThan(check(told(visited)).explored);
  const { observation, flags, states } = check(told(program));
  expect(check(program, { ...always, mode: "verdict" }).observation).toBe(observation);
  const listed = check(program, { ...always, mode: "states" });
  expect({ observation: listed.observation, flags: listed.flags, states: listed.states }).toEqual({ observation, flags, states });
});

test("addresses in final states are renamed with the locations", () => {
  const text = `C pointers
{ int *p=&a; int *q=&b; int a=0; int b=0; }
P0(int **p, int **q, int *a) { int *r; int *s; int t; r = READ_ONCE(*p); s = READ_ONCE(*p); t = READ_ONCE(*a); WRITE_ONCE(*q, a); }
P1(int **p, int **q, int *b) { int *r; int *s; int t; r = READ_ONCE(*q); s = READ_ONCE(*q); t = READ_ONCE(*b); WRITE_ONCE(*p, b); }
locations [0:r; 0:s; 1:r; 1:s; p; q]
exists (0:r=b /\\ 1:r=a)
`;
  const program = programOf(text);
  expect(automorphismsOf(program)).toHaveLength(2);
  expectSame(program, text);
});

test("what the condition tells apart is told apart", () => {
  const text = (condition: string): string => `C t\n{ }\nP0(int *x) { int r = READ_ONCE(*x); WRITE_ONCE(*x, 1); }\nP1(int *x) { int r = READ_ONCE(*x); WRITE_ONCE(*x, 1); }\nexists (${condition})\n`;
  expect(automorphismsOf(programOf(text("0:r=0 /\\ 1:r=0")))).toHaveLength(2);
  expect(automorphismsOf(programOf(text("1:r=0 \\/ 0:r=0")))).toHaveLength(2);
  expect(automorphismsOf(programOf(text("0:r=0 /\\ 1:r=1")))).toHaveLength(1);
  expect(automorphismsOf(programOf(text("0:r=0")))).toHaveLength(1);
});

test("forty identical threads are not more than one can look at", () => {
  const text = `C many\n{ }\n${Array.from({ length: 40 }, (_, k) => `P${k}(int *x) { int r = READ_ONCE(*x); WRITE_ONCE(*x, 1); }`).join("\n")}\nexists (x=1)\n`;
  const start = performance.now();
  expect(automorphismsOf(programOf(text))).toHaveLength(120);
  expect(performance.now() - start).toBeLessThan(2000);
});
