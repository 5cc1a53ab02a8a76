import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { exportLitmus } from "../src/index.ts";
import { answerOf, differences, tabled } from "../test/seed-table.ts";
import { scenarios } from "./index.ts";

const core = resolve(import.meta.dirname, "..");

test("one scenario for every row of the table, and one of ours", () => {
  expect(tabled.length).toBe(102);
  expect(scenarios.map(({ name }) => name).filter((name) => !tabled.some((row) => row.name === name))).toEqual(["x-smmuv3-nr_ats_masters-nomb"]);
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  for (const { name, program } of scenarios) expect(program.name).toBe(name);
});

describe.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", (_, scenario) => {
  const answer = answerOf(scenario);

  test("has the recorded answers", () => {
    expect(differences(scenario.expected, answer)).toEqual([]);
  });

  test("is judged as the model answers", () => {
    const { verdict, deadlock, reason } = answer.verdict;
    const isDeadlock = scenario.name === "rcu-sync-inside-reader";
    expect({ verdict, deadlock, reason }).toEqual(
      isDeadlock ? { verdict: "undecided", deadlock: true, reason: "no execution runs to its end: deadlock" } : { verdict: scenario.expected.lkmm === "Never" ? "refuted" : "confirmed", deadlock: false, reason: "" },
    );
  });

  test("is an exported test, with its answer and how to check it", () => {
    const text = exportLitmus(scenario.program, answer.verdict);
    expect(text).toContain(` * Result: ${scenario.expected.lkmm}${scenario.expected.flag === "" ? "\n" : " DATARACE\n"}`);
    expect(text).toContain(` * herd7 -conf linux-kernel.cfg ${scenario.name}.litmus\n`);
  });
});

test("a reachable hazard names the scenario that mends it", () => {
  for (const { name, expected, fixedBy } of scenarios) {
    if (expected.lkmm === "Never") expect(fixedBy, name).toBeUndefined();
    else expect(scenarios.find((one) => one.name === fixedBy)?.expected.lkmm, name).toBe("Never");
  }
});

/** Files that a file leads to by its imports, types included. */
function closure(start: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...start];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, target] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) open.push(resolve(dirname(file), target!));
  }
  return new Set([...seen].map((file) => relative(core, file).replaceAll("\\", "/")));
}

const isLitmus = (file: string): boolean => file.startsWith("src/litmus/");

test("no scenario comes from a litmus test: nothing that reads one is imported", () => {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  const reached = closure(files.map((file) => join(import.meta.dirname, file)));
  expect(reached.size).toBeGreaterThan(10);
  expect([...reached]).toEqual(expect.arrayContaining(["scenarios/riscv.ts", "src/driver/build.ts", "src/driver/steps.ts", "src/program.ts"]));
  expect([...reached].filter(isLitmus)).toEqual([]);
  // The walk would have found it.
  expect([...closure([join(core, "src/index.ts")])].filter(isLitmus)).toContain("src/litmus/parser.ts");
});
