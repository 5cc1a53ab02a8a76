/*
 * Independent choices are counted without visiting each: the same counts, states, flags and witness as
 * with every execution visited, on random programs without plain accesses and on rings.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, type CheckOptions, type CheckResult, type Program } from "../src/index.ts";
import { accesses, fences, litmusOf, others, programOf } from "./small-programs.ts";

const seed = 20_261_121;

/** A filter, even one that lets everything pass, is asked about every execution. */
function visited(program: Program): Program {
  return { ...program, filter: { kind: "true" } };
}

function answer({ observation, positive, negative, states, stateCounts, flags, holds, loopCut, witness }: CheckResult): unknown {
  return { observation, positive, negative, states, stateCounts, flags, holds, loopCut, witness };
}

/** Candidates met, with and without products. */
function expectSame(program: Program, text: string, options?: CheckOptions): readonly [number, number] {
  const [counted, each] = [check(program, options), check(visited(program), options)];
  expect(answer(counted), text).toEqual(answer(each));
  return [counted.explored, each.explored];
}

const isMarked = (line: string): boolean => !/\*[xy] =|= \*[xy]/.test(line);
const onFour = (line: string, k: number): string => (k % 2 === 0 ? line : line.replace(/\b[xy]\b/g, (name) => (name === "x" ? "z" : "w")));
const instruction = fc.record({ line: fc.constantFrom(...accesses, ...accesses, ...fences, ...others).filter(isMarked), k: fc.nat(1) });
const body = fc.array(instruction, { minLength: 1, maxLength: 3 });

/** Of four words instead of two: independence is rare on few. */
function textOf(threads: readonly (readonly { readonly line: string; readonly k: number }[])[], condition: string): string {
  const text = litmusOf(threads.map((lines) => lines.map(({ line, k }) => onFour(line, k))));
  return text.replaceAll("int *x, int *y", "int *x, int *y, int *z, int *w").replace("y;]", "y; z; w;]").replace("exists (x=1)", condition);
}

const conditions = ["exists (x=1)", "exists (x=1 \\/ y=1)", "exists (0:r0=0 /\\ 1:r0=1)", "forall (~(z=1) \\/ w=2)", "~exists (true)"];

describe("random programs", () => {
  test.each(["executions", "states"] as const)("count products as their elements, mode %s", (mode) => {
    let fewer = 0;
    fc.assert(
      fc.property(fc.array(body, { minLength: 2, maxLength: 4 }), fc.constantFrom(...conditions), (threads, condition) => {
        const text = textOf(threads, condition);
        const program = programOf(text);
        fc.pre(check(visited(program), { budget: { executionsMax: 20_000 } }).limit?.kind !== "executions");
        for (const symmetry of ["never", "always"] as const) {
          if (mode === "states") {
            const [a, b] = [check(program, { mode, symmetry }), check(visited(program), { mode, symmetry })];
            expect({ states: a.states, flags: a.flags, observation: a.observation }, text).toEqual({ states: b.states, flags: b.flags, observation: b.observation });
            continue;
          }
          const [counted, each] = expectSame(program, text, { symmetry });
          if (counted < each) fewer++;
        }
      }),
      { seed, numRuns: 1500 },
    );
    if (mode === "executions") expect(fewer).toBeGreaterThan(100);
  });
});

/** Every thread about its own location and the next. */
const ring = (n: number, line: (own: string, next: string, k: number) => string, condition: string): string =>
  `C ring\n{ }\n${Array.from({ length: n }, (_, k) => `P${k}(int *x${k}, int *x${(k + 1) % n}, int *s) { int r; int q; ${line(`x${k}`, `x${(k + 1) % n}`, k)} }`).join("\n")}\n${condition.includes("exists") ? condition : `exists (${Array.from({ length: n }, (_, k) => condition.replaceAll("#", String(k))).join(" /\\ ")})`}\n`;

test.each([
  ["readers", ring(10, (a, b) => `r = READ_ONCE(*${a}); WRITE_ONCE(*${b}, 1);`, "#:r=1")],
  ["readers of two words", ring(4, (a, b) => `WRITE_ONCE(*s, 1); r = READ_ONCE(*${a}); q = READ_ONCE(*${b});`, "#:r=1")],
  ["writers of one word, in order", ring(5, (_, __, k) => `WRITE_ONCE(*s, ${k + 1}); WRITE_ONCE(*s, ${k + 10});`, "locations [s] exists (s=11)")],
  ["exchanges of one word", ring(4, (a, _, k) => `r = xchg_relaxed(s, ${k + 1}); WRITE_ONCE(*${a}, 1); smp_store_release(s, 0);`, "locations [s] exists (0:r=0 /\\ 1:r=0 /\\ s=0)")],
  ["additions to one word", ring(4, (a) => `r = atomic_fetch_add_relaxed(1, s); WRITE_ONCE(*s, 7); q = READ_ONCE(*${a});`, "locations [s] exists (0:r=7 /\\ s=7)")],
  ["failing exchanges", ring(4, (a) => `r = cmpxchg_relaxed(s, 0, 1); WRITE_ONCE(*s, 0); q = READ_ONCE(*${a});`, "locations [s] exists (0:r=1 /\\ s=0)")],
  ["pointers", ring(6, (a, b) => `r = READ_ONCE(*${a}); WRITE_ONCE(*${b}, ${a});`, "locations [x0; x1] exists (0:r=x5 /\\ x0=x5)")],
])("a ring of %s", (_, text) => {
  const program = programOf(text);
  const [counted, each] = expectSame(program, text, { symmetry: "never" });
  expect(counted).toBeLessThan(each);
  expectSame(program, text, { symmetry: "always" });
});
