/** The tables of `npm run corpus`, and its last line. */

import type { Finding } from "../../src/protocol/index.ts";
import { isConfirmed } from "../reviewing/thread.ts";
import { percent, tableOf } from "../reviewing/table.ts";
import type { BugResult, SilenceResult } from "./judge.ts";

export type Results = { readonly bugs: readonly BugResult[]; readonly fixed: readonly SilenceResult[]; readonly correct: readonly SilenceResult[] };

export type Figures = { readonly found: number; readonly confirmed: number; readonly bugs: number; readonly onFixed: number; readonly onCorrect: number };

export function figuresOf({ bugs, fixed, correct }: Results): Figures {
  const reported = (results: readonly SilenceResult[]): number => results.filter(({ findings }) => findings.length > 0).length;
  return { found: bugs.filter(isFound).length, confirmed: bugs.filter(({ status }) => status === "confirmed").length, bugs: bugs.length, onFixed: reported(fixed), onCorrect: reported(correct) };
}

export function reportOf(results: Results): string {
  const { bugs, fixed, correct } = results;
  const parts = [
    tableOf(["bug", "", "file", "what was reported"], bugs.map((bug) => [bug.case.id, bug.status + (bug.case.crossFile ? " (cross-file)" : ""), `${bug.case.source.version}/${bug.case.file}:${String(bug.case.line)}`, said(bug)])),
    silenceTable("reported on the fixed version", fixed),
    silenceTable("reported on correct code", correct),
    recallTable(bugs),
    summaryLines(results).join("\n"),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** The single-file share, the counts of confirmed ones alone, and the line that scripts read. */
function summaryLines(results: Results): readonly string[] {
  const { bugs, fixed, correct } = results;
  const single = bugs.filter((bug) => !bug.case.crossFile);
  const cross = bugs.filter((bug) => bug.case.crossFile);
  const all = figuresOf(results);
  const alone = { fixed: fixed.filter(({ findings }) => findings.some(isConfirmed)).length, correct: correct.filter(({ findings }) => findings.some(isConfirmed)).length };
  return [
    `single-file bugs found ${shareOf(single)}, cross-file ${shareOf(cross)}`,
    `confirmed alone: bugs ${String(all.confirmed)}/${String(all.bugs)}, on fixed ${String(alone.fixed)}/${String(fixed.length)}, on correct ${String(alone.correct)}/${String(correct.length)}`,
    `bugs found ${String(all.found)}/${String(all.bugs)} (${String(all.confirmed)} confirmed), reported on fixed ${String(all.onFixed)}/${String(fixed.length)}, on correct ${String(all.onCorrect)}/${String(correct.length)}`,
  ];
}

function shareOf(bugs: readonly BugResult[]): string {
  const found = bugs.filter(isFound).length;
  return `${String(found)}/${String(bugs.length)} (${percent(found, bugs.length)})`;
}

/** A case counts for the first of its rules: the one that its author had in mind. */
function recallTable(bugs: readonly BugResult[]): string {
  const rules = [...new Set(bugs.map((bug) => bug.case.rules[0]!))].sort();
  const rows = rules.map((rule) => {
    const own = bugs.filter((bug) => bug.case.rules[0] === rule);
    const of = (list: readonly BugResult[]): string => `${String(list.filter(isFound).length)}/${String(list.length)}`;
    return [rule, of(own), String(own.filter(({ status }) => status === "confirmed").length), of(own.filter((bug) => !bug.case.crossFile)), of(own.filter((bug) => bug.case.crossFile))];
  });
  return rows.length === 0 ? "" : tableOf(["rule", "found", "confirmed", "single-file", "cross-file"], rows);
}

function silenceTable(title: string, results: readonly SilenceResult[]): string {
  const rows = results.filter(({ findings, problem }) => findings.length > 0 || problem !== "").map(({ id, findings, problem }) => [id, [problem, ...findings.map(inWords)].filter((text) => text !== "").join("; ")]);
  return rows.length === 0 ? "" : tableOf([title, ""], rows);
}

function said({ status, findings, problem }: BugResult): string {
  if (problem !== "") return problem;
  if (findings.length === 0) return "nothing in this function";
  return (status === "missed" ? "in this function: " : "") + findings.map(inWords).join("; ");
}

function inWords(finding: Finding): string {
  const { evidence } = finding;
  const why = evidence?.verdict === "undecided" ? `: ${evidence.reason}` : "";
  return `${finding.rule} line ${String(finding.line)} ${finding.severity === "note" ? "note, " : ""}${evidence?.verdict ?? "no verdict"}${why}`;
}

function isFound({ status }: BugResult): boolean {
  return status !== "missed";
}
