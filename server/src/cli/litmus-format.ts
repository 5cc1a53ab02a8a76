/** Litmus answers as herd7 prints them, as JSON, and as a table for scripts. */

import { type LitmusMode, type LitmusOutcome, noStates, type StateList, stateLines } from "../evidence/litmus.ts";
import type { LitmusAnswer } from "./litmus-job.ts";
import { judgeResult } from "./litmus-result.ts";

export type LitmusPrinting = {
  readonly mode: LitmusMode;
  readonly listStates: boolean;
  /** The release of the model, and how the kernel tree's own differs from it. */
  readonly release: string;
  readonly drift: string | undefined;
};

/** An answer as text, but for its final states, whose lines are made while they are printed: `before`, the lines with `separator` between them, `after`. */
export type AnswerText = { readonly before: string; readonly states: StateList; readonly separator: string; readonly after: string };

function plainText(text: string): AnswerText {
  return { before: text, states: noStates, separator: "", after: "" };
}

/** herd7's lines without `Time` and `Hash`. A test without an answer prints nothing here; stderr says why. */
export function herdText({ outcome }: LitmusAnswer, { mode }: LitmusPrinting): AnswerText {
  if (outcome.kind === "refused") return plainText("");
  const { head } = outcome;
  if (outcome.kind === "undecided") {
    return plainText(lines([`Test ${head.name} ${head.kind}`, `Undecided ${outcome.limit.kind} ${String(outcome.limit.value)}`, `Condition ${head.condition}`, `Observation ${head.name} Undecided`, ""]));
  }
  const { verdict } = outcome;
  const counts = mode === "executions" ? [String(verdict.positive), String(verdict.negative)] : ["-", "-"];
  const first = `Test ${head.name} ${head.kind}`;
  const isListed = mode !== "verdict" && verdict.stateCount > 0;
  const rest = lines([
    `${verdict.loopCut ? "Loop " : ""}${verdict.holds ? "Ok" : "No"}`,
    "Witnesses",
    `Positive: ${counts[0] ?? ""} Negative: ${counts[1] ?? ""}`,
    ...sortedFlags(outcome).map((flag) => `Flag ${flag}`),
    `Condition ${head.condition}`,
    `Observation ${head.name} ${verdict.observation} ${counts.join(" ")}`,
    "",
  ]);
  return {
    before: lines(mode === "verdict" ? [first] : [first, `States ${String(verdict.stateCount)}`]),
    states: isListed ? verdict.states : noStates,
    separator: "\n",
    after: isListed ? `\n${rest}` : rest,
  };
}

export function tsvHeader({ listStates }: LitmusPrinting): string {
  const columns = ["file", "observation", "positive", "negative", "states", "flags", "ms"];
  return `${(listStates ? [...columns, "final"] : columns).join("\t")}\n`;
}

export function tsvRow(answer: LitmusAnswer, { mode, listStates }: LitmusPrinting): AnswerText {
  const { outcome } = answer;
  const isCounted = outcome.kind === "checked" && mode === "executions";
  const columns = [
    answer.file.replaceAll(/[\t\n]/g, " "),
    observationOf(outcome),
    isCounted ? String(outcome.verdict.positive) : "-",
    isCounted ? String(outcome.verdict.negative) : "-",
    mode === "verdict" ? "-" : String(stateCountOf(outcome)),
    sortedFlags(outcome).join(","),
    String(answer.ms),
  ];
  const row = columns.join("\t");
  return listStates ? { before: `${row}\t`, states: statesOf(outcome), separator: " | ", after: "\n" } : plainText(`${row}\n`);
}

/** In pieces, a test each: all states of many tests are longer than a string can be. */
export function* jsonOf(answers: readonly LitmusAnswer[], printing: LitmusPrinting): Generator<string> {
  const { release, drift } = printing;
  const frame = JSON.stringify({ version: 1, profile: release, modelDrift: drift ?? null, tests: [] }, null, 2);
  const end = answers.length === 0 ? "]\n}" : "\n  ]\n}";
  yield frame.slice(0, -"]\n}".length);
  let separator = "\n    ";
  for (const answer of answers) {
    // Newlines inside a text are escaped: those left are the layout's.
    yield separator + JSON.stringify(jsonTest(answer, printing), null, 2).replaceAll("\n", "\n    ");
    separator = ",\n    ";
  }
  yield `${end}\n`;
}

function jsonTest(answer: LitmusAnswer, { mode, listStates }: LitmusPrinting): unknown {
  const { outcome } = answer;
  const verdict = outcome.kind === "checked" ? outcome.verdict : undefined;
  return {
    file: answer.file,
    name: outcome.kind === "refused" ? null : outcome.head.name,
    observation: observationOf(outcome),
    positive: verdict && mode === "executions" ? verdict.positive : null,
    negative: verdict && mode === "executions" ? verdict.negative : null,
    states: mode === "verdict" ? null : stateCountOf(outcome),
    ...(listStates ? { final: stateLines(statesOf(outcome)) } : {}),
    flags: sortedFlags(outcome),
    holds: verdict ? verdict.holds : null,
    expected: outcome.kind === "refused" ? null : outcome.head.expected,
    agrees: judgedAs(outcome),
    limit: outcome.kind === "undecided" ? outcome.limit : null,
    errors: outcome.kind === "refused" ? outcome.errors : [],
    ms: answer.ms,
  };
}

/** true or false where the test's own comment was judged, null elsewhere. */
function judgedAs(outcome: LitmusOutcome): boolean | null {
  const judgement = judgeResult(outcome);
  return judgement.kind === "not-judged" ? null : judgement.kind === "agrees";
}

export function observationOf(outcome: LitmusOutcome): string {
  switch (outcome.kind) {
    case "checked":
      return outcome.verdict.observation;
    case "undecided":
      return "Undecided";
    case "refused":
      return "Refused";
  }
}

function stateCountOf(outcome: LitmusOutcome): number {
  return outcome.kind === "checked" ? outcome.verdict.stateCount : 0;
}

function statesOf(outcome: LitmusOutcome): StateList {
  return outcome.kind === "checked" ? outcome.verdict.states : noStates;
}

function sortedFlags(outcome: LitmusOutcome): readonly string[] {
  return outcome.kind === "checked" ? [...outcome.verdict.flags].sort() : [];
}

function lines(parts: readonly string[]): string {
  return parts.map((part) => `${part}\n`).join("");
}
