/*
 * `npm run bench`: speed and work of the emulator over every set herd7 has answered, and over driver programs.
 * `--write` records the candidates looked at in work.tsv, which the tests compare with; times are printed only.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, parseLitmus, type CheckOptions } from "../src/index.ts";
import { answerOf, driverSets, type DriverSet } from "./driver-sets.ts";
import { isOracleHere, oracle, oracleSets, type OracleSet } from "./oracle-sets.ts";

/** Passes over a set: the first is cold, the least time of a test is its hot one. */
const passCount = 3;

/** Shorter herd7 runs are mostly the start of a process. */
const comparedMsMin = 50;

type Figures = {
  readonly explored: number;
  readonly cpuMs: number;
  /** Least time of each test, parsing included, in ms. */
  readonly hotMs: readonly number[];
  readonly perCandidate: readonly number[];
};

function measure(set: OracleSet, mode: NonNullable<CheckOptions["mode"]>): Figures {
  const hotMs = set.tests.map(() => Infinity);
  const perCandidate = set.tests.map(() => Infinity);
  let explored = 0;
  let cpuMs = 0;
  for (let pass = 0; pass < passCount; pass++) {
    const before = process.cpuUsage();
    explored = 0;
    set.tests.forEach(({ name, text }, k) => {
      const start = performance.now();
      const parsed = parseLitmus(text);
      if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.errors)}`);
      const parsedAt = performance.now();
      const result = check(parsed.program, { mode });
      if (mode !== "verdict" && result.states.length === 0 && result.positive > 0) throw new Error(`${name}: no states`);
      const end = performance.now();
      hotMs[k] = Math.min(hotMs[k]!, end - start);
      perCandidate[k] = Math.min(perCandidate[k]!, (1000 * (end - parsedAt)) / Math.max(1, result.explored));
      explored += result.explored;
    });
    const { user, system } = process.cpuUsage(before);
    if (pass === 0) cpuMs = (user + system) / 1000;
  }
  return { explored, cpuMs, hotMs, perCandidate };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** herd7's CPU against ours, geometric mean over its longer tests; empty without such tests. */
function ratio(set: OracleSet, hotMs: readonly number[]): string {
  const logs = set.tests.flatMap(({ herdMs }, k) => (herdMs !== undefined && herdMs >= comparedMsMin ? [Math.log(herdMs / hotMs[k]!)] : []));
  return logs.length === 0 ? "-" : `${Math.exp(logs.reduce((sum, x) => sum + x, 0) / logs.length).toFixed(0)}x (${logs.length})`;
}

/** A program is small: its least time needs more passes. */
const programPassCount = 20;

/** The same of driver programs, lowering included. */
function measurePrograms({ programs }: DriverSet, mode: NonNullable<CheckOptions["mode"]>): Figures {
  const hotMs = programs.map(() => Infinity);
  const perCandidate = programs.map(() => Infinity);
  let explored = 0;
  let cpuMs = 0;
  for (let pass = 0; pass < programPassCount; pass++) {
    const before = process.cpuUsage();
    explored = 0;
    programs.forEach((program, k) => {
      const start = performance.now();
      const result = answerOf(program, mode);
      const ms = performance.now() - start;
      hotMs[k] = Math.min(hotMs[k]!, ms);
      perCandidate[k] = Math.min(perCandidate[k]!, (1000 * ms) / Math.max(1, result.explored));
      explored += result.explored;
    });
    const { user, system } = process.cpuUsage(before);
    if (pass === 0) cpuMs = (user + system) / 1000;
  }
  return { explored, cpuMs, hotMs, perCandidate };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const modes = ["executions", "verdict"] as const;

/** Lines of work.tsv. */
function benchPrograms(): readonly string[] {
  console.log(["set", "mode", "programs", "explored", "us each (median)", "cold CPU ms", "hot ms", "slowest ms", "of"].join("\t"));
  return driverSets.map((set) => {
    const { name, programs } = set;
    const work = modes.map((mode) => {
      const { explored, cpuMs, hotMs, perCandidate } = measurePrograms(set, mode);
      const slowest = Math.max(...hotMs);
      console.log([name, mode, programs.length, explored, median(perCandidate).toFixed(2), cpuMs.toFixed(0), sum(hotMs).toFixed(1), slowest.toFixed(2), programs[hotMs.indexOf(slowest)]!.name].join("\t"));
      return explored;
    });
    return [name, programs.length, ...work].join("\t");
  });
}

function bench(shouldWrite: boolean): void {
  const lines = ["set\ttests\texecutions\tverdict", ...benchPrograms()];
  if (!isOracleHere) {
    console.log(`only driver programs: no oracle data at ${oracle}`);
    return;
  }
  console.log(["set", "mode", "tests", "explored", "us each (median)", "cold CPU ms", "hot ms", "slowest ms", `herd7 >= ${comparedMsMin} ms`].join("\t"));
  for (const set of oracleSets()) {
    const work = modes.map((mode) => {
      const { explored, cpuMs, hotMs, perCandidate } = measure(set, mode);
      console.log([set.name, mode, set.tests.length, explored, median(perCandidate).toFixed(2), cpuMs.toFixed(0), sum(hotMs).toFixed(0), Math.max(...hotMs).toFixed(1), ratio(set, hotMs)].join("\t"));
      return explored;
    });
    lines.push([set.name, set.tests.length, ...work].join("\t"));
  }
  console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
  if (shouldWrite) writeFileSync(join(import.meta.dirname, "work.tsv"), `${lines.join("\n")}\n`);
}

bench(process.argv.includes("--write"));
