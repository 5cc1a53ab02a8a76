/*
 * Against herd7 7.58 with the model of Linux 6.12: verdicts, executions, states and flags that herd7
 * gave for thousands of tests, and the number of candidates we looked at to say the same.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check, parseLitmus, type CheckOptions, type CheckResult } from "../src/index.ts";
import { recordedWork } from "./driver-sets.ts";
import { isOracleHere, oracle, oracleSets, rowsOf, type OracleTest } from "./oracle-sets.ts";

if (!isOracleHere) console.warn(`skipped: no oracle data at ${oracle}`);

/** A test that takes longer is reported as such: none takes a second. */
const timeMsMax = 60_000;

function run(text: string, options: CheckOptions = {}): CheckResult {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const end = performance.now() + timeMsMax;
  return check(parsed.program, { ...options, shouldStop: () => performance.now() > end });
}

/** What herd7 numbers S<n> depends on its parser; that a value is unconstrained does not. */
function comparable(states: readonly string[]): string {
  return [...new Set(states.map((s) => s.replace(/\bS\d+/g, "S")))].sort().join("\n");
}

/** What differs from herd7, in words; empty when nothing does. */
function differences({ name, text, expected, states }: OracleTest, result: CheckResult): readonly string[] {
  const found: Readonly<Record<string, string>> = {
    verdict: result.observation,
    positive: String(result.positive),
    negative: String(result.negative),
    nstates: String(result.states.length),
    flags: result.flags.join(","),
  };
  const differing = Object.keys(expected).filter((key) => expected[key] !== found[key]).map((key) => `${name}: ${key} is ${found[key]!}, herd7 says ${expected[key]!}`);
  if (states !== undefined && comparable(states) !== comparable(result.states)) differing.push(`${name}: other final states than herd7`);
  return text === "" ? [`${name}: empty file`] : differing;
}

describe.runIf(isOracleHere)("herd7 agrees", () => {
  const sets = oracleSets();
  const work = recordedWork();

  test("there is something to compare", () => {
    expect(sets.map((s) => s.name)).toEqual(expect.arrayContaining(["driver-pattern", "seeds", "fresh", "auto", "manual", "luc"]));
    for (const { name, tests } of sets) expect(tests.length, name).toBe(work.get(`${name} tests`));
  });

  test.each(sets.map((s) => s.name))("%s: every execution, state and flag; no more work than recorded", (name) => {
    const { tests } = sets.find((s) => s.name === name)!;
    const differing: string[] = [];
    let explored = 0;
    for (const t of tests) {
      const result = run(t.text);
      explored += result.explored;
      differing.push(...differences(t, result));
    }
    expect(differing).toEqual([]);
    expect(explored).toBeLessThanOrEqual(work.get(`${name} executions`)!);
  });

  test.each(sets.map((s) => s.name))("%s: the verdict alone, and no data race lost", (name) => {
    const { tests } = sets.find((s) => s.name === name)!;
    const differing: string[] = [];
    let explored = 0;
    for (const t of tests) {
      const result = run(t.text, { mode: "verdict" });
      explored += result.explored;
      if (result.observation !== t.expected["verdict"]) differing.push(`${t.name}: ${result.observation}`);
      if (result.flags.includes("data-race") !== t.expected["flags"]!.includes("data-race")) differing.push(`${t.name}: data race`);
    }
    expect(differing).toEqual([]);
    expect(explored).toBeLessThanOrEqual(work.get(`${name} verdict`)!);
  });

  test.each(sets.map((s) => s.name))("%s: final states and flags without every execution", (name) => {
    const { tests } = sets.find((s) => s.name === name)!;
    const differing = tests.flatMap((t) => {
      const { positive: _positive, negative: _negative, ...expected } = t.expected;
      return differences({ ...t, expected }, run(t.text, { mode: "states" }));
    });
    expect(differing).toEqual([]);
  });

  test("the rungs of the ladder on the seeds", () => {
    const rows = rowsOf("seeds/verdicts.tsv");
    expect(rows.length).toBe(69);
    for (const row of rows) {
      const text = readFileSync(join(oracle, "seeds", `${row["name"]!}.litmus`), "utf8");
      const seen = { marked: run(text, { plainAsMarked: true }).observation, mca: run(text, { model: "mca" }).observation, sc: run(text, { model: "sc" }).observation };
      expect(seen, row["name"]).toEqual({ marked: row["marked"] === "=" ? row["herd7"] : row["marked"], mca: row["mca"], sc: row["sc"] });
    }
  });

  test("tso lies between sc and mca on every seed", () => {
    for (const row of rowsOf("seeds/verdicts.tsv")) {
      const text = readFileSync(join(oracle, "seeds", `${row["name"]!}.litmus`), "utf8");
      const [sc, tso, mca, lkmm] = (["sc", "tso", "mca", "lkmm"] as const).map((model) => new Set(run(text, { model }).states));
      for (const [stronger, weaker] of [[sc!, tso!], [tso!, mca!], [mca!, lkmm!]] as const)
        expect([...stronger].filter((state) => !weaker.has(state)), row["name"]).toEqual([]);
    }
  });
});
