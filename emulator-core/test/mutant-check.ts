/*
 * The mutants of the scenarios, each judged twice: by the library, and from the litmus text that it exports by the
 * slow enumerator; and by stock herd7 where that is installed. They share the lowering and the parser, not the search and
 * not the model.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findHerd7, findKernel } from "../../server/tasks/requirements.mjs";
import type { Scenario } from "../scenarios/index.ts";
import { DriverMistake, exportLitmus, judgeDriver, parseLitmus } from "../src/index.ts";
import { bruteForce } from "./brute-force.ts";
import { mutantsOf, type Mutant } from "./mutations.ts";

export type Checked =
  | { readonly kind: "refused"; readonly words: string }
  /** Too large for the library's own limit: there is nothing to compare. */
  | { readonly kind: "limit"; readonly words: string }
  | { readonly kind: "compared"; readonly verdict: "confirmed" | "refuted" | "undecided"; readonly reason: string; readonly differences: readonly string[] };


/** The row itself stands before its mutants. */
export const mutantsOfRow = ({ name, program }: Scenario): readonly Mutant[] => [{ title: `${name} as it is`, program }, ...mutantsOf(program)];

/** herd7 reads its model from a kernel tree. */
const herd7 = findHerd7();
const kernel = findKernel();
export const whyNoHerd = herd7 === undefined ? "herd7 is not installed" : kernel === undefined ? "herd7 has no kernel tree to read the model from" : undefined;

export function checkMutant({ program }: Mutant): Checked {
  let text: string;
  let verdict: ReturnType<typeof judgeDriver>;
  try {
    verdict = judgeDriver(program, { verdictOnly: true });
    if (verdict.limit !== null) return { kind: "limit", words: verdict.reason };
    text = exportLitmus(program, verdict);
  } catch (error) {
    if (error instanceof DriverMistake) return { kind: "refused", words: error.message };
    throw error;
  }
  const { observation, positive, negative, flags } = verdict;
  const expected = answer(observation, positive, negative, flags);
  const slow = slowly(text);
  const differences = slow === expected ? [] : [`judged ${expected}, the slow enumerator says ${slow}`];
  if (whyNoHerd === undefined) {
    const herd = herdSays(program.name, text);
    if (herd !== expected) differences.push(`judged ${expected}, herd7 says ${herd}`);
  }
  return { kind: "compared", verdict: verdict.verdict, reason: verdict.reason, differences };
}

const answer = (observation: string, positive: number, negative: number, flags: readonly string[]): string => `${observation} ${String(positive)}/${String(negative)} ${flags.join(",") || "-"}`;

function slowly(text: string): string {
  const parsed = parseLitmus(text);
  if (!parsed.ok) return JSON.stringify(parsed.errors);
  const { positive, negative, flags } = bruteForce(parsed.program);
  return answer(positive === 0 ? "Never" : negative === 0 ? "Always" : "Sometimes", positive, negative, flags);
}

function herdSays(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "quiesce-mutant-"));
  try {
    const file = join(folder, `${name}.litmus`);
    writeFileSync(file, text);
    const out = execFileSync(herd7!, ["-conf", "linux-kernel.cfg", file], { cwd: join(kernel!, "tools/memory-model"), encoding: "utf8" });
    const [, observation, positive, negative] = /^Observation \S+ (\w+) (\d+) (\d+)$/m.exec(out) ?? [];
    return answer(observation ?? "nothing", Number(positive), Number(negative), [...out.matchAll(/^Flag (\S+)$/gm)].map((match) => match[1]!).sort());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Counts for the last line. */
export class MutantCounts {
  rows = 0;
  mutants = 0;
  refused = 0;
  limit = 0;
  readonly verdicts = { confirmed: 0, refuted: 0, undecided: 0 };
  differing = 0;

  add(checked: Checked): void {
    this.mutants++;
    if (checked.kind === "refused") this.refused++;
    else if (checked.kind === "limit") this.limit++;
    else {
      this.verdicts[checked.verdict]++;
      if (checked.differences.length > 0) this.differing++;
    }
  }

  get line(): string {
    const { confirmed, refuted, undecided } = this.verdicts;
    const compared = confirmed + refuted + undecided;
    return `${String(this.rows)} rows, ${String(this.mutants)} mutants: ${String(this.refused)} refused, ${String(this.limit)} beyond a limit, ${String(compared)} compared (${String(confirmed)} confirmed, ${String(refuted)} refuted, ${String(undecided)} undecided), ${String(this.differing)} differ`;
  }
}
