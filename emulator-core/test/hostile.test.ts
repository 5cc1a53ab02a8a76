/*
 * What nobody would write: mutated litmus tests, and programs made to be large. Nothing throws, and every
 * limit that is met is named; time and memory stay bounded.
 */
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check, parseLitmus, printLitmus, withDeclarations, type CheckResult } from "../src/index.ts";
import { oracleSets } from "./oracle-sets.ts";

const corpus = join(import.meta.dirname, "corpus");
const texts: readonly string[] = [
  ...readdirSync(corpus).filter((name) => name.endsWith(".litmus")).map((name) => readFileSync(join(corpus, name), "utf8")),
  ...oracleSets().flatMap(({ tests }) => tests.map((t) => t.text)),
];

const seed = 6_120_612;

/** What is put in: signs and words of the language, and things that are too much. */
const scraps = fc.oneof(
  fc.constantFrom(
    ..."{ } ( ) [ ] ; , * & = == != -> + - / | ^ ~ /\\ \\/ => : \" (* *) /* */ // exists forall ~exists locations filter if else while int P0( P1( P9( 0: 1:r1 x y 2147483648 -1 0x 0xffffffffffffffffff".split(" "),
    "99999999999999999999999999", "(".repeat(500), "{".repeat(500), "*".repeat(500), "READ_ONCE(*x)", "spin_lock(s);", "while (1) ", "srcu_read_unlock(s, 0);", "xchg(x, x);", "\0", "\u{1F600}", "\r\n", "\t",
  ),
  fc.string({ maxLength: 8 }),
);

type Mutation = { readonly at: number; readonly drop: number; readonly put: string; readonly copyFrom: number; readonly copyLength: number };

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
  put: fc.oneof(fc.constant(""), scraps),
  copyFrom: fc.double({ min: 0, max: 1, noNaN: true }),
  copyLength: fc.oneof(fc.constant(0), fc.nat(40)),
});

function mutated(text: string, mutations: readonly Mutation[], cutAt: number): string {
  let out = text;
  for (const { at, drop, put, copyFrom, copyLength } of mutations) {
    const place = Math.floor(at * out.length);
    const from = Math.floor(copyFrom * out.length);
    out = out.slice(0, place) + put + out.slice(from, from + copyLength) + out.slice(place + drop);
  }
  return cutAt > 0.9 ? out.slice(0, Math.floor((cutAt - 0.9) * 10 * out.length)) : out;
}

/** Far above what a mutated test takes, far below what a person waits. */
const parseMsMax = 500;

describe("mutated litmus tests", () => {
  test("parse, or are refused with line and column, in no time; what parses prints, and runs within its budget", () => {
    let parsedCount = 0;
    fc.assert(
      fc.property(fc.nat(texts.length - 1), fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.double({ min: 0, max: 1, noNaN: true }), (index, mutations, cutAt) => {
        const text = mutated(texts[index]!, mutations, cutAt);
        const start = performance.now();
        const parsed = parseLitmus(text);
        expect(performance.now() - start).toBeLessThan(parseMsMax);
        if (!parsed.ok) {
          const { line, column, message } = parsed.errors[0]!;
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(text.split("\n").length);
          expect(column).toBeGreaterThan(0);
          expect(message).not.toBe("");
          return;
        }
        parsedCount++;
        const end = performance.now() + 2000;
        for (const model of ["lkmm", "lkmm-6.1"] as const) {
          const { observation, limit, states, flags, witness } = check(parsed.program, { model, budget: { executionsMax: 500 }, shouldStop: () => performance.now() > end });
          expect(["Always", "Never", "Sometimes", "Undecided"]).toContain(observation);
          if (observation === "Undecided") expect(limit).not.toBeNull();
          expect([states.length >= 0, flags.length >= 0, witness === null || witness.events.length >= 0]).toEqual([true, true, true]);
        }
        expect(withDeclarations(parsed.program).threads.length).toBe(parsed.program.threads.length);
        expect(printLitmus(parsed.program)).not.toBe("");
      }),
      { seed, numRuns: 6000 },
    );
    // Else the second half of the property says nothing.
    expect(parsedCount).toBeGreaterThan(500);
  });
});

function run(text: string, ms = 1000): CheckResult {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const end = performance.now() + ms;
  return check(parsed.program, { shouldStop: () => performance.now() > end });
}

const many = (count: number, parameters: string, body: (k: number) => string, condition = "x=77"): string =>
  `C many\n{ }\n${Array.from({ length: count }, (_, k) => `P${k}(${parameters}) { ${body(k)} }`).join("\n")}\nexists (${condition})\n`;

describe("large programs are undecided, with the limit named", () => {
  const stopped: readonly (readonly [string, string])[] = [
    ["40 threads that write and read two words", many(40, "int *x, int *y", (k) => `int r; int q; WRITE_ONCE(*x, ${k}); r = READ_ONCE(*y); q = READ_ONCE(*x); WRITE_ONCE(*y, r);`)],
    ["40 threads in one lock", many(40, "spinlock_t *l, int *x", () => "int r; spin_lock(l); r = *x; *x = r + 1; spin_unlock(l);")],
    ["40 threads with a branch each", many(40, "int *x, int *y", (k) => `int r; r = READ_ONCE(*x); if (r) { WRITE_ONCE(*y, ${k}); } else { WRITE_ONCE(*x, 1); }`)],
    ["40 threads with a read-modify-write", many(40, "int *x", () => "int r; r = atomic_fetch_inc(x);")],
    ["a thread of 60 branches", many(1, "int *x", () => "int r; r = READ_ONCE(*x); if (r) { WRITE_ONCE(*x, 2); } ".repeat(60))],
    ["a thread of 40 loops", many(2, "int *x", () => "int r; r = READ_ONCE(*x); while (r) { r = READ_ONCE(*x); } ".repeat(20))],
    ["600 accesses", many(1, "int *x", () => "WRITE_ONCE(*x, 1); ".repeat(600))],
  ];

  test.each(stopped)("%s", (_, text) => {
    const start = performance.now();
    const { observation, limit } = run(text);
    expect(observation).toBe("Undecided");
    expect(["executions", "time", "events"]).toContain(limit?.kind);
    // A slow machine may be stopped before the first execution: the value says how many there were.
    expect(limit?.value).toBeGreaterThanOrEqual(limit?.kind === "time" ? 0 : 1);
    // The clock is polled between decisions.
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test("memory stays bounded", () => {
    const before = process.memoryUsage().rss;
    for (const [, text] of stopped) run(text, 500);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(400);
  });
});

test("a thread that loops for ever has no execution, and says so", () => {
  expect(run("C loop\n{ }\nP0(int *x) { while (1) { WRITE_ONCE(*x, 1); } }\nexists (x=1)\n")).toMatchObject({ observation: "Never", positive: 0, negative: 0, loopCut: true, limit: { kind: "loop", value: 2 } });
});
