/* Driver programs as sets: what the counts of work and the benchmark run over besides litmus tests. They need nothing from outside. */
import { driverPatterns } from "../scenarios/driver-pattern.ts";
import { scenarios } from "../scenarios/index.ts";
import { check, lowerDriver, type CheckOptions, type CheckResult, type DriverProgram } from "../src/index.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type DriverSet = { readonly name: string; readonly programs: readonly DriverProgram[] };

export const driverSets: readonly DriverSet[] = [
  { name: "scenarios", programs: scenarios.map(({ program }) => program) },
  { name: "driver-program", programs: driverPatterns },
];

/** Lowering and one question: what a verdict costs at least. */
export const answerOf = (program: DriverProgram, mode: NonNullable<CheckOptions["mode"]>): CheckResult => check(lowerDriver(program).program, { mode });

/** Candidates looked at, by set and mode, as checked in. `npm run bench -- --write` writes the file. */
export function recordedWork(): ReadonlyMap<string, number> {
  const [, ...rows] = readFileSync(join(import.meta.dirname, "work.tsv"), "utf8").trimEnd().split("\n").map((line) => line.split("\t"));
  return new Map(rows.flatMap(([set, tests, executions, verdict]): [string, number][] => [[`${set!} tests`, Number(tests)], [`${set!} executions`, Number(executions)], [`${set!} verdict`, Number(verdict)]]));
}
