/*
 * The scenarios of emulator-core/scenarios against the table of verdicts that herd7 gave for litmus
 * tests of the same races. The table lies beside the project (../shared/design) and is no part of it;
 * the scenarios record its rows.
 */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { scenarios, type Expected, type Observation, type Scenario } from "../scenarios/index.ts";
import { check, judgeDriver, lowerDriver, type DriverVerdict, type Instruction, type ModelName, type Program } from "../src/index.ts";

export const tableFile = resolve(import.meta.dirname, "../../../shared/design/emulator-seeds.md");

/** By name; undefined when the table is not there. */
export function seedTable(): ReadonlyMap<string, Expected> | undefined {
  if (!existsSync(tableFile)) return undefined;
  const rows = readFileSync(tableFile, "utf8").replaceAll("\r", "").split("\n").flatMap((line): readonly (readonly [string, Expected])[] => {
    const [, name, lkmm, counts, flag, marked, mca, sc] = line.split("|").map((cell) => cell.replaceAll("*", "").trim());
    if (name === undefined || counts === undefined || !/^\d+\/\d+$/.test(counts)) return [];
    return [[name, { lkmm: lkmm as Observation, mca: mca as Observation, sc: sc as Observation, flag: flag === "-" ? "" : (flag as Expected["flag"]), marked: marked as Expected["marked"] }]];
  });
  return new Map(rows);
}

/** The scenarios that have a row in the table. */
export const tabled: readonly Scenario[] = scenarios.filter(({ isOurs }) => isOurs !== true);

export type Answer = { readonly found: Readonly<Record<keyof Expected, string>>; readonly positive: number; readonly negative: number; readonly verdict: DriverVerdict };

export function answerOf({ program: driver }: Scenario): Answer {
  const { program } = lowerDriver(driver);
  const under = (model: ModelName): string => check(program, { model }).observation;
  const lkmm = check(program);
  return {
    found: { lkmm: lkmm.observation, mca: under("mca"), sc: under("sc"), flag: lkmm.flags.join(","), marked: hasPlain(program) ? check(program, { plainAsMarked: true }).observation : "=" },
    positive: lkmm.positive, negative: lkmm.negative,
    verdict: judgeDriver(driver),
  };
}

/** What differs, in words; empty when nothing does. */
export function differences(expected: Expected, { found }: Answer): readonly string[] {
  return (["lkmm", "mca", "sc", "flag", "marked"] as const).filter((column) => expected[column] !== found[column]).map((column) => `${column} is ${found[column] || "-"}, expected ${expected[column] || "-"}`);
}

function hasPlain(program: Program): boolean {
  const isPlain = (part: unknown): boolean => typeof part === "object" && part !== null && (("tag" in part && part.tag === "plain") || Object.entries(part).some(([key, inner]) => key !== "source" && isPlain(inner)));
  return program.threads.some(({ body }: { readonly body: readonly Instruction[] }) => isPlain(body));
}
