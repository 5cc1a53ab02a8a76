/*
 * What a person could break in the scenarios, step by step: the library's answer for each mutant against that of the slow
 * enumerator for the litmus text that is exported of it (mutant-check.ts). `npm run mutants` prints each.
 */
import { afterAll, describe, expect, test } from "vitest";
import { scenarios } from "../scenarios/index.ts";
import { checkMutant, mutantsOfRow, MutantCounts, whyNoHerd } from "./mutant-check.ts";

if (whyNoHerd !== undefined) console.warn(`mutants are compared with the slow enumerator only: ${whyNoHerd}`);

const counts = new MutantCounts();

describe("every mutant has one answer, whoever gives it", () => {
  test.each(scenarios.map((row) => [row.name, row] as const))("%s", (_, row) => {
    counts.rows++;
    for (const mutant of mutantsOfRow(row)) {
      const checked = checkMutant(mutant);
      counts.add(checked);
      expect(checked.kind === "compared" ? checked.differences : [], mutant.title).toEqual([]);
      // Small programs: nothing here meets a limit, and what is refused is told why.
      expect(checked.kind, mutant.title).not.toBe("limit");
      if (checked.kind === "refused") expect(checked.words, mutant.title).not.toBe("");
    }
  });

  test("and most of them can be compared, with all verdicts among them", () => {
    expect(counts.rows).toBe(scenarios.length);
    const { confirmed, refuted, undecided } = counts.verdicts;
    expect(confirmed).toBeGreaterThan(1000);
    expect(refuted).toBeGreaterThan(300);
    expect(undecided).toBeGreaterThan(100);
    expect(counts.refused).toBeLessThan(counts.mutants / 4);
  });

  afterAll(() => { console.log(counts.line); });
});
