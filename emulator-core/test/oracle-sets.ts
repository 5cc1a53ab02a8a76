/*
 * The litmus tests that herd7 7.58 has answered with the model of Linux 6.12, as sets: what the
 * comparison, the counts of work and the benchmark run over. They lie beside the project (../shared,
 * the kernel tree) and are no part of it; a set that is not there is left out.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findKernel } from "../../server/tasks/requirements.mjs";

export const oracle = resolve(import.meta.dirname, "../../../shared/oracle");

export const isOracleHere = existsSync(oracle);

export type Row = Readonly<Record<string, string>>;

export type OracleTest = {
  readonly name: string;
  readonly text: string;
  /** Columns as CheckResult prints them: verdict, positive, negative, nstates, flags; absent if not recorded. */
  readonly expected: Row;
  readonly states: readonly string[] | undefined;
  /** CPU of a herd7 process. */
  readonly herdMs: number | undefined;
};

export type OracleSet = { readonly name: string; readonly tests: readonly OracleTest[] };

export function rowsOf(file: string): readonly Row[] {
  const [header, ...rows] = readFileSync(join(oracle, file), "utf8").replaceAll("\r", "").trimEnd().split("\n").map((line) => line.split("\t"));
  return rows.map((row) => Object.fromEntries(header!.map((name, k) => [name, row[k] ?? ""])));
}

export function flagsOf(text: string): string {
  return text === "-" ? "" : text;
}

/** Small sets, then the archive by folder. */
export function oracleSets(): readonly OracleSet[] {
  if (!isOracleHere) return [];
  const seeds = rowsOf("seeds/verdicts.tsv").map((row): OracleTest => {
    const expected = { verdict: row["herd7"]!, positive: row["positive"]!, negative: row["negative"]!, flags: flagsOf(row["flags"]!) };
    return test(`seeds/${row["name"]!}`, join(oracle, "seeds", `${row["name"]!}.litmus`), expected);
  });
  const driver = rowsOf("driver-pattern/verdicts.tsv").map((row): OracleTest => {
    const expected = { verdict: row["herd7"]!, positive: row["positive"]!, negative: row["negative"]!, nstates: row["nstates"]!, flags: flagsOf(row["flags"]!) };
    return test(`driver-pattern/${row["name"]!}`, join(oracle, "driver-pattern", `${row["name"]!}.litmus`), expected);
  });
  const fresh = rowsOf("fresh/verdicts.tsv").map((row) => test(`fresh/${row["path"]!}`, join(oracle, "fresh", row["path"]!), countsOf(row)));
  return [{ name: "driver-pattern", tests: driver }, { name: "seeds", tests: seeds }, { name: "fresh", tests: fresh }, ...archiveSets()];
}

function test(name: string, file: string, expected: Row, states?: readonly string[], herdMs?: number): OracleTest {
  return { name, text: readFileSync(file, "utf8"), expected, states, herdMs };
}

function countsOf(row: Row): Row {
  return { verdict: row["verdict"]!, positive: row["positive"]!, negative: row["negative"]!, nstates: row["nstates"]!, flags: row["flags"]! };
}

/** `kernel`, the tree's own tests, and the folders of the archive: the tests that herd7 decided in full. */
function archiveSets(): readonly OracleSet[] {
  const folder = mkdtempSync(join(tmpdir(), "quiesce-oracle-"));
  try {
    execFileSync("tar", ["-C", folder, "-xJf", join(oracle, "litmus-archive.tar.xz")]);
    const lines = execFileSync("xz", ["-dc", join(oracle, "herd-states.jsonl.xz")], { maxBuffer: 1 << 28 }).toString().trimEnd().split("\n");
    const statesOf = new Map(lines.map((line) => JSON.parse(line) as { path: string; states: string[] }).map((d) => [d.path, d.states]));
    const kernel = findKernel();
    const sets = new Map<string, OracleTest[]>();
    for (const row of rowsOf("herd-verdicts.tsv")) {
      const path = row["path"]!;
      const isKernels = path.startsWith("litmus-tests/");
      const file = isKernels ? join(kernel ?? "", "tools/memory-model", path) : join(folder, path);
      if (row["verdict"] === "" || !existsSync(file)) continue;
      const name = isKernels ? "kernel" : path.slice(0, path.indexOf("/"));
      const list = sets.get(name) ?? [];
      sets.set(name, list);
      list.push(test(path, file, countsOf(row), statesOf.get(path), Number(row["cpu_ms"])));
    }
    return [...sets].map(([name, tests]) => ({ name, tests }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
