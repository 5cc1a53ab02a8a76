/*
 * `--model lkmm-6.1`: brute force over the texts of Linux 6.1, and that kernel's own litmus tests.
 */
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findKernel, findOlderKernel } from "../../server/tasks/requirements.mjs";
import { check, modelFileNames, parseLitmus, recognizeModel, type ModelFiles } from "../src/index.ts";
import { bruteForce } from "./brute-force.ts";
import { accesses, fences, litmusOf, others, programOf } from "./small-programs.ts";

const olderMacros = [
  "@ = srcu_read_lock(s); srcu_read_unlock(s, #);",
  "srcu_read_unlock(s, 5);",
  "spin_lock(l); spin_unlock(l); spin_lock(l); smp_mb__after_unlock_lock(); @ = *x; spin_unlock(l);",
  "spin_lock(l); smp_mb__after_unlock_lock(); WRITE_ONCE(*y, 7); spin_unlock(l);",
  "@ = spin_is_locked(l);",
  "spin_unlock(l);",
  "*y = 8; @ = *y; WRITE_ONCE(*x, @);",
];

const instruction = fc.constantFrom(...accesses, ...fences, ...others, ...olderMacros);
const twoThreads = fc.array(fc.array(instruction, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 2 });
const threeThreads = fc.array(fc.array(instruction, { minLength: 1, maxLength: 2 }), { minLength: 3, maxLength: 3 });
const seed = 20_221_211;
const isSmall = (threads: readonly (readonly string[])[]): boolean => threads.flat().join(" ").split(/[^\w#]+/).filter((i) => /^(xchg.*|cmpxchg.*|atomic.*|spin_.*|READ_ONCE|WRITE_ONCE|smp_(store|load).*|srcu.*)$/.test(i)).length + threads.flat().join(" ").split(/ \*[xy] |= \*/).length <= 8;

function expectEqual(text: string, release: "6.1" | "6.12"): void {
  const program = programOf(text);
  const { positive, negative, states, flags } = check(program, { model: release === "6.1" ? "lkmm-6.1" : "lkmm" });
  // The enumerator does not look at locks that are accessed otherwise.
  expect({ positive, negative, states, flags: flags.filter((flag) => flag !== "mixed-lock-accesses") }, text).toEqual(bruteForce(program, release));
}

describe.each(["6.1", "6.12"] as const)("Linux %s", (release) => {
  test("random programs of two threads: brute force agrees", () => {
    fc.assert(fc.property(twoThreads.filter(isSmall), (threads) => { expectEqual(litmusOf(threads), release); }), { seed, numRuns: 500 });
  });

  test("random programs of three threads: brute force agrees", () => {
    fc.assert(fc.property(threeThreads.filter(isSmall), (threads) => { expectEqual(litmusOf(threads), release); }), { seed, numRuns: 200 });
  });
});

const older = findOlderKernel();
const newer = findKernel();

if (older === undefined) console.warn("skipped: no tree of Linux 6.1 to compare with");

function modelFilesOf(tree: string): ModelFiles {
  return recognizeModel(Object.fromEntries(modelFileNames.map((name) => [name, readFileSync(join(tree, "tools/memory-model", name), "utf8")])));
}

test.runIf(older !== undefined)("the files of Linux 6.1 are recognised, and its own litmus tests agree with their Result", () => {
  expect(modelFilesOf(older!)).toEqual({ model: "lkmm-6.1", drift: [], macros: [] });
  const folder = join(older!, "tools/memory-model/litmus-tests");
  const names = readdirSync(folder).filter((name) => name.endsWith(".litmus"));
  expect(names.length).toBeGreaterThan(30);
  for (const name of names) {
    const parsed = parseLitmus(readFileSync(join(folder, name), "utf8"), { model: "lkmm-6.1" });
    if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.errors)}`);
    expect(check(parsed.program, { model: "lkmm-6.1" }).observation, name).toBe(parsed.program.expected);
  }
});

test.runIf(newer !== undefined)("the files of Linux 6.12 are recognised, whatever their comments", () => {
  expect(modelFilesOf(newer!)).toEqual({ model: "lkmm", drift: [], macros: [] });
});
