/**
 * A driver program as a litmus test for stock herd7. The text is read again and has to give the same answer
 * before it is handed out: what cannot be said in a litmus test is found here and not by its reader.
 */
import { assert } from "../assert.ts";
import { check, type CheckResult } from "../check.ts";
import { parseLitmus } from "../litmus/parser.ts";
import { printLitmus } from "../litmus/printer.ts";
import type { Instruction, Program, Source } from "../program.ts";
import { describeHazard } from "./describe.ts";
import type { DriverVerdict } from "./judge.ts";
import { lowerDriver } from "./lower.ts";
import type { Lowered } from "./lowering.ts";
import { demand } from "./mistake.ts";
import type { DriverProgram } from "./steps.ts";

export type ExportOptions = {
  /** Candidates explored for the expected result, and again for what is read back. */
  readonly executionsMax?: number;
};

const executionsMaxDefault = 500_000;

/** Throws when the text would not mean the same; `DriverMistake` for a program that says something impossible. */
export function exportLitmus(driver: DriverProgram, verdict?: DriverVerdict, options: ExportOptions = {}): string {
  demand(/^\S+$/.test(driver.name), `${JSON.stringify(driver.name)} is no name for a litmus test: one word`);
  const lowered = verdict?.lowered ?? lowerDriver(driver);
  const budget = { executionsMax: options.executionsMax ?? executionsMaxDefault };
  const result = check(lowered.program, { budget });
  const text = printLitmus({ ...lowered.program, expected: expectedOf(result), comments: commentsOf(driver, lowered, result, verdict) });
  const read = parseLitmus(text);
  assert(read.ok, `the exported test ${driver.name} cannot be read: ${read.ok ? "" : read.errors.map(({ line, message }) => `line ${String(line)}: ${message}`).join("; ")}`);
  assert(read.program.name === driver.name, `the exported test would be called ${read.program.name}, not ${driver.name}`);
  const again = check(read.program, { budget });
  assert(fingerprint(again) === fingerprint(result), `the exported test ${driver.name} means something else than its program: ${fingerprint(again)}, not ${fingerprint(result)}`);
  return text;
}

function fingerprint({ observation, positive, negative, flags, states }: CheckResult): string {
  return `${observation} ${String(positive)}/${String(negative)} [${flags.join(",")}] {${states.join(" | ")}}`;
}

/** The words that tools/memory-model uses, and `quiesce litmus` compares. */
function expectedOf({ observation, flags, limit }: CheckResult): string {
  if (limit !== null && observation === "Undecided") return "Maybe";
  return [observation as string, ...flags.map((flag) => (flag === "data-race" ? "DATARACE" : `Flag ${flag}`))].join(" ");
}

function commentsOf(driver: DriverProgram, lowered: Lowered, result: CheckResult, verdict: DriverVerdict | undefined): readonly string[] {
  const { name } = driver;
  const isDeadlock = result.positive + result.negative === 0 && result.limit === null;
  return [
    "",
    ...(driver.about === undefined ? [] : [driver.about, ""]),
    `Hazard: ${describeHazard(driver.hazard)}`,
    ...(verdict === undefined ? [] : [`Verdict: ${[verdict.verdict, verdict.class === null ? "" : `(${verdict.class})`, verdict.reason].filter((word) => word !== "").join(" ")}`]),
    ...(isDeadlock ? ["Deadlock: no execution runs to its end."] : []),
    "",
    ...lowered.program.threads.map((thread, k) => roleOf(thread, k)),
    "",
    ...lowered.assumptions.map((assumption) => `Assumption: ${assumption}`),
    ...lowered.unmodelled.map((reason) => `Not modelled: ${reason}`),
    ...lowered.notes.map((note) => `Note: ${note}`),
    "",
    "In tools/memory-model:",
    `herd7 -conf linux-kernel.cfg ${name}.litmus`,
    "On multi-copy-atomic machines, and by interleaving alone:",
    `herd7 -conf linux-kernel.cfg -model lkmm-mca.cat ${name}.litmus`,
    `herd7 -conf linux-kernel.cfg -model lkmm-sc.cat ${name}.litmus`,
  ].filter((line, k, lines) => line !== "" || k === 0 || lines[k - 1] !== "");
}

function roleOf({ role, title, body }: Program["threads"][number], index: number): string {
  const who = [role, title].filter((word) => word !== undefined && word !== "").join(", ");
  const places = linesOf(body);
  return `P${String(index)}: ${who}${places === "" ? "" : ` (${places})`}`;
}

/** `driver.c:12-20`, by file. */
function linesOf(body: readonly Instruction[]): string {
  const byFile = new Map<string, number[]>();
  const visit = (instructions: readonly Instruction[]): void => {
    for (const instruction of instructions) {
      const { source } = instruction as { readonly source?: Source };
      if (source !== undefined && source.line > 0) byFile.set(source.file, [...(byFile.get(source.file) ?? []), source.line]);
      if (instruction.kind === "if") { visit(instruction.then); visit(instruction.else); }
    }
  };
  visit(body);
  return [...byFile].map(([file, lines]) => {
    const first = Math.min(...lines);
    const last = Math.max(...lines);
    return `${file}:${String(first)}${last === first ? "" : `-${String(last)}`}`;
  }).join(", ");
}
