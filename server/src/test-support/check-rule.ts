/**
 * Caret fixtures: the expected finding stands below the code it is about, tabs eight wide.
 *
 *     	kfree(p);
 *     //      ^^^^^^^^ confirmed: p is freed
 *
 * Every finding of the rule must be expected, and every expectation met.
 */

import { expect } from "vitest";
import type { Finding } from "../protocol/index.ts";
import { reviewText } from "./review.ts";

type Expectation = { readonly line: number; readonly column: number; readonly verdict: string; readonly words: string };

const tabWidth = 8;

export async function checkRule(rule: string, fixture: string, headers: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const { text, expected } = readFixture(fixture);
  const findings = (await reviewText(text, headers)).filter((finding) => finding.rule === rule);
  const lines = text.split("\n");
  const seen = findings.map((finding) => `${String(finding.line)}:${String(visualColumn(lines[finding.line - 1] ?? "", finding.column - 1))} ${finding.evidence?.verdict ?? "none"}`);
  const wanted = expected.map(({ line, column, verdict }) => `${String(line)}:${String(column)} ${verdict}`);
  expect(seen, findings.map((finding) => `${finding.message}: ${finding.evidence?.reason ?? ""}`).join("\n")).toEqual(wanted);
  expected.forEach(({ words }, index) => {
    const finding = findings[index];
    expect(`${finding?.message ?? ""} | ${finding?.evidence?.reason ?? ""}`).toContain(words);
  });
  return findings;
}

function readFixture(fixture: string): { readonly text: string; readonly expected: readonly Expectation[] } {
  const code: string[] = [];
  const expected: Expectation[] = [];
  for (const line of fixture.split("\n")) {
    const match = /^(\s*\/\/\s*)(\^+)\s+(confirmed|refuted|undecided):?\s*(.*)$/.exec(line);
    if (match === null) { code.push(line); continue; }
    expected.push({ line: code.length, column: visualColumn(line, (match[1] ?? "").length), verdict: match[3] ?? "", words: match[4] ?? "" });
  }
  return { text: code.join("\n"), expected };
}

function visualColumn(line: string, index: number): number {
  let column = 0;
  for (const c of line.slice(0, index)) column = c === "\t" ? (Math.floor(column / tabWidth) + 1) * tabWidth : column + 1;
  return column;
}
