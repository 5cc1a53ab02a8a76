/* Driver programs: no more work than recorded, and the pattern of the whole driver says what herd7 said of it. */
import { expect, test } from "vitest";
import { driverPatterns } from "../scenarios/driver-pattern.ts";
import { judgeDriver } from "../src/index.ts";
import { answerOf, driverSets, recordedWork } from "./driver-sets.ts";
import { isOracleHere, rowsOf } from "./oracle-sets.ts";

test.each(driverSets.map((set) => [set.name, set] as const))("%s: no more candidates than recorded", (name, { programs }) => {
  const work = recordedWork();
  const explored = (mode: "executions" | "verdict"): number => programs.reduce((sum, program) => sum + answerOf(program, mode).explored, 0);
  expect(programs.length).toBe(work.get(`${name} tests`));
  expect(explored("executions")).toBeLessThanOrEqual(work.get(`${name} executions`)!);
  expect(explored("verdict")).toBeLessThanOrEqual(work.get(`${name} verdict`)!);
});

test("the whole driver is right with its barrier, and wrong without", () => {
  const answers = driverPatterns.map((program) => {
    const { verdict, observation, flags, reason } = judgeDriver(program);
    return [program.name, verdict, observation, flags.join(","), reason];
  });
  expect(answers).toEqual([
    ["riscv-mainline-full", "refuted", "Never", "", ""],
    ["riscv-mainline-full-nomb", "confirmed", "Sometimes", "", ""],
    ["riscv-mainline-full-cleared", "refuted", "Never", "", ""],
    ["riscv-mainline-full-cleared-nomb", "confirmed", "Sometimes", "", ""],
  ]);
});

test.runIf(isOracleHere)("as the litmus tests of the same names", () => {
  const rows = rowsOf("driver-pattern/verdicts.tsv");
  expect(rows.length).toBe(2);
  for (const row of rows) expect(answerOf(driverPatterns.find(({ name }) => name === row["name"])!, "executions").observation, row["name"]).toBe(row["herd7"]);
});
