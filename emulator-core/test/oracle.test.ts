/*
 * Against herd7 7.58 with the model of Linux 6.12: verdicts, executions, states and flags that herd7
 * gave for thousands of tests. The data lies beside the project (../shared) and is no part of it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { check, parseLitmus, type CheckOptions, type CheckResult } from "../src/index.ts";

const oracle = resolve(import.meta.dirname, "../../../shared/oracle");
const isHere = existsSync(oracle);
if (!isHere) console.warn(`skipped: no oracle data at ${oracle}`);

/** Every n-th test of the archive that herd7 decided. */
const archiveStep = 20;

/** A test that takes longer is reported as such: all of the sample take well under a second. */
const timeMsMax = 60_000;

type Row = Readonly<Record<string, string>>;

function rowsOf(file: string): readonly Row[] {
  const [header, ...rows] = readFileSync(join(oracle, file), "utf8").trimEnd().split("\n").map((line) => line.split("\t"));
  return rows.map((row) => Object.fromEntries(header!.map((name, k) => [name, row[k] ?? ""])));
}

function run(file: string, options: CheckOptions = {}): CheckResult {
  const parsed = parseLitmus(readFileSync(file, "utf8"));
  if (!parsed.ok) throw new Error(`${file}: ${JSON.stringify(parsed.errors)}`);
  const end = performance.now() + timeMsMax;
  return check(parsed.program, { ...options, shouldStop: () => performance.now() > end });
}

/** What herd7 numbers S<n> depends on its parser; that a value is unconstrained does not. */
function comparable(states: readonly string[]): readonly string[] {
  return [...new Set(states.map((s) => s.replace(/\bS\d+/g, "S")))].sort();
}

describe.runIf(isHere)("herd7 agrees", () => {
  let compared = 0;
  const temporary = isHere ? mkdtempSync(join(tmpdir(), "quiesce-oracle-")) : "";
  afterAll(() => {
    if (temporary !== "") rmSync(temporary, { recursive: true, force: true });
    expect(compared).toBeGreaterThan(0);
  });

  const compare = (file: string, expected: Readonly<Record<string, unknown>>, options?: CheckOptions): void => {
    const result = run(file, options);
    const found: Record<string, unknown> = {
      verdict: result.observation,
      positive: String(result.positive),
      negative: String(result.negative),
      nstates: String(result.states.length),
      flags: result.flags.join(","),
      states: comparable(result.states),
    };
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]])), file).toEqual(expected);
    compared++;
  };
  const dash = (text: string): string => (text === "-" ? "" : text);

  test("on the seeds: verdict, executions, flags, and the rungs of the ladder", () => {
    const rows = rowsOf("seeds/verdicts.tsv");
    expect(rows.length).toBe(69);
    for (const row of rows) {
      const file = join(oracle, "seeds", `${row["name"]!}.litmus`);
      compare(file, { verdict: row["herd7"], positive: row["positive"], negative: row["negative"], flags: dash(row["flags"]!) });
      compare(file, { verdict: row["marked"] === "=" ? row["herd7"] : row["marked"] }, { plainAsMarked: true });
      compare(file, { verdict: row["mca"] }, { model: "mca" });
      compare(file, { verdict: row["sc"] }, { model: "sc" });
    }
  });

  test("tso lies between sc and mca on every seed", () => {
    for (const row of rowsOf("seeds/verdicts.tsv")) {
      const file = join(oracle, "seeds", `${row["name"]!}.litmus`);
      const [sc, tso, mca, lkmm] = (["sc", "tso", "mca", "lkmm"] as const).map((model) => new Set(run(file, { model }).states));
      for (const [stronger, weaker] of [[sc!, tso!], [tso!, mca!], [mca!, lkmm!]] as const)
        expect([...stronger].filter((state) => !weaker.has(state)), file).toEqual([]);
    }
  });

  test("on the full-size driver pattern", () => {
    for (const row of rowsOf("driver-pattern/verdicts.tsv"))
      compare(join(oracle, "driver-pattern", `${row["name"]!}.litmus`), {
        verdict: row["herd7"], positive: row["positive"], negative: row["negative"], nstates: row["nstates"], flags: dash(row["flags"]!),
      });
  });

  test("on the fresh random tests", () => {
    for (const row of rowsOf("fresh/verdicts.tsv"))
      compare(join(oracle, "fresh", row["path"]!), {
        verdict: row["verdict"], positive: row["positive"], negative: row["negative"], nstates: row["nstates"], flags: row["flags"],
      });
  });

  test("on a sample of the archive, to the last state", () => {
    execFileSync("tar", ["-C", temporary, "-xJf", join(oracle, "litmus-archive.tar.xz")]);
    const lines = execFileSync("xz", ["-dc", join(oracle, "herd-states.jsonl.xz")], { maxBuffer: 1 << 28 }).toString().trimEnd().split("\n");
    const statesOf = new Map(lines.map((line) => JSON.parse(line) as { path: string; states: string[] }).map((d) => [d.path, d.states]));
    const rows = rowsOf("herd-verdicts.tsv").filter((row) => row["verdict"] !== "" && existsSync(join(temporary, row["path"]!)));
    const sample = rows.filter((_, k) => k % archiveStep === 0);
    expect(sample.length).toBeGreaterThan(200);
    for (const row of sample)
      compare(join(temporary, row["path"]!), {
        verdict: row["verdict"], positive: row["positive"], negative: row["negative"], nstates: row["nstates"], flags: row["flags"],
        states: comparable(statesOf.get(row["path"]!)!),
      });
  });
});
