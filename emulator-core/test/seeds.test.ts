/*
 * Every scenario against the table of verdicts, and every exported test against what herd7 said of
 * the litmus test of the same name.
 */
import { describe, expect, test } from "vitest";
import { scenarios } from "../scenarios/index.ts";
import { check, exportLitmus, lowerDriver, parseLitmus, type CheckResult } from "../src/index.ts";
import { flagsOf, isOracleHere, oracle, rowsOf } from "./oracle-sets.ts";
import { answerOf, differences, seedTable, tabled, tableFile } from "./seed-table.ts";

const table = seedTable();
if (table === undefined) console.warn(`skipped: no table of verdicts at ${tableFile}`);
if (!isOracleHere) console.warn(`skipped: no oracle data at ${oracle}`);

test.runIf(isOracleHere)("the table lies beside the oracle data", () => {
  expect(table?.size).toBe(102);
});

describe.runIf(table !== undefined)("the table of verdicts", () => {
  test("has a scenario for every row, and none besides", () => {
    expect(tabled.map(({ name }) => name).sort()).toEqual([...table!.keys()].sort());
  });

  test("says what the scenarios record", () => {
    expect(new Map(tabled.map(({ name, expected }) => [name, expected]))).toEqual(table);
  });

  test.each(tabled.map((scenario) => [scenario.name, scenario] as const))("%s", (name, scenario) => {
    const expected = table!.get(name)!;
    const answer = answerOf(scenario);
    expect(differences(expected, answer)).toEqual([]);
    expect(answer.verdict.deadlock ? "deadlock" : answer.verdict.verdict).toBe(name === "rcu-sync-inside-reader" ? "deadlock" : expected.lkmm === "Never" ? "refuted" : "confirmed");
  });
});

function readAgain(text: string): CheckResult {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return check(parsed.program);
}

describe.runIf(isOracleHere)("exported tests", () => {
  const read = new Map(scenarios.map(({ name, program }) => [name, readAgain(exportLitmus(program))]));

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s has the counts of its program", (name, { program }) => {
    const { observation, positive, negative, flags, states } = check(lowerDriver(program).program);
    expect(read.get(name)).toMatchObject({ observation, positive, negative, flags, states });
  });

  test("say what herd7 says of the litmus tests of the same names", () => {
    const rows = rowsOf("seeds/verdicts.tsv");
    expect(rows.length).toBe(69);
    for (const row of rows) {
      const answer = read.get(row["name"]!);
      expect({ observation: answer?.observation, flags: answer?.flags.join(",") }, row["name"]).toEqual({ observation: row["herd7"], flags: flagsOf(row["flags"]!) });
    }
  });
});
