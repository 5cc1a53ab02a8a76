/*
 * `npm run seeds`: every seed scenario, what is expected of it and what the emulator says. `-- --export
 * DIR` writes each as a litmus test for stock herd7. Exit status 1 when a row differs, 2 for a bad argument.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scenarios, type Expected } from "../scenarios/index.ts";
import { exportLitmus } from "../src/index.ts";
import { answerOf, differences, seedTable, tabled, tableFile, type Answer } from "./seed-table.ts";

function folderOfExport(): string | undefined {
  const [option, folder, ...rest] = process.argv.slice(2);
  if (option === undefined) return undefined;
  if (option === "--export" && folder !== undefined && rest.length === 0) return folder;
  console.error(`seeds: unknown arguments ${process.argv.slice(2).join(" ")}; usage: npm run seeds [-- --export DIR]`);
  process.exit(2);
}

const header = ["row", "LKMM", "MCA", "SC", "flag", "marked", "counts", "verdict", "class", ""];

function cells(name: string, expected: Expected, answer: Answer): readonly string[] {
  const { found, positive, negative, verdict } = answer;
  const column = (key: keyof Expected): string => (expected[key] === found[key] ? found[key] || "-" : `${found[key] || "-"} (expected ${expected[key] || "-"})`);
  const isEqual = differences(expected, answer).length === 0;
  return [name, column("lkmm"), column("mca"), column("sc"), column("flag"), column("marked"), `${String(positive)}/${String(negative)}`, verdict.deadlock ? "deadlock" : verdict.verdict, verdict.class ?? "-", isEqual ? "" : "DIFFERS"];
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = header.map((_, k) => Math.max(...rows.map((row) => row[k]!.length)));
  for (const row of rows) console.log(row.map((cell, k) => cell.padEnd(widths[k]!)).join("  ").trimEnd());
}

const folder = folderOfExport();
const table = seedTable();
console.log(table === undefined ? `expectations: those recorded in the scenarios (no table at ${tableFile})` : `expectations: ${tableFile}`);
const missing = table === undefined ? [] : [...table.keys()].filter((name) => !tabled.some((scenario) => scenario.name === name));
let equal = 0;
const rows = scenarios.map((scenario) => {
  const answer = answerOf(scenario);
  const expected = scenario.isOurs === true || table === undefined ? scenario.expected : table.get(scenario.name);
  if (expected === undefined) return [scenario.name, ...header.slice(2).map(() => ""), "NOT IN THE TABLE"];
  const isEqual = differences(expected, answer).length === 0;
  if (scenario.isOurs === true) {
    if (!isEqual) process.exitCode = 1;
    return cells(`${scenario.name} (ours)`, expected, answer);
  }
  if (isEqual) equal++;
  return cells(scenario.name, expected, answer);
});
print([header, ...rows]);
for (const name of missing) console.log(`${name}: no scenario`);
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const { name, program } of scenarios) writeFileSync(join(folder, `${name}.litmus`), exportLitmus(program, answerOf(scenarios.find((one) => one.name === name)!).verdict));
  console.log(`${String(scenarios.length)} litmus tests written to ${folder}`);
}
const count = table?.size ?? tabled.length;
console.log(`${String(equal)} of ${String(count)} rows equal`);
if (equal !== count || count !== tabled.length) process.exitCode = 1;
