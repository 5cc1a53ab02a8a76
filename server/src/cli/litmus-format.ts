/** Litmus answers as herd7 prints them, as JSON, and as a table for scripts. */

import type { LitmusMode, LitmusOutcome } from "../evidence/litmus.ts";
import type { LitmusAnswer } from "./litmus-job.ts";
import { judgeResult } from "./litmus-result.ts";

export type LitmusPrinting = {
  readonly mode: LitmusMode;
  readonly listStates: boolean;
  /** The release of the model, and how the kernel tree's own differs from it. */
  readonly release: string;
  readonly drift: string | undefined;
};

/** herd7's lines without `Time` and `Hash`. A test without an answer prints nothing here; stderr says why. */
export function herdText({ outcome }: LitmusAnswer, { mode }: LitmusPrinting): string {
  if (outcome.kind === "refused") return "";
  const { head } = outcome;
  if (outcome.kind === "undecided") {
    return lines([`Test ${head.name} ${head.kind}`, `Undecided ${outcome.limit.kind} ${String(outcome.limit.value)}`, `Condition ${head.condition}`, `Observation ${head.name} Undecided`, ""]);
  }
  const { verdict } = outcome;
  const counts = mode === "executions" ? [String(verdict.positive), String(verdict.negative)] : ["-", "-"];
  const states = mode === "verdict" ? [] : [`States ${String(verdict.stateCount)}`, ...verdict.states];
  return lines([
    `Test ${head.name} ${head.kind}`,
    ...states,
    `${verdict.loopCut ? "Loop " : ""}${verdict.holds ? "Ok" : "No"}`,
    "Witnesses",
    `Positive: ${counts[0] ?? ""} Negative: ${counts[1] ?? ""}`,
    ...sortedFlags(outcome).map((flag) => `Flag ${flag}`),
    `Condition ${head.condition}`,
    `Observation ${head.name} ${verdict.observation} ${counts.join(" ")}`,
    "",
  ]);
}

export function tsvHeader({ listStates }: LitmusPrinting): string {
  const columns = ["file", "observation", "positive", "negative", "states", "flags", "ms"];
  return `${(listStates ? [...columns, "final"] : columns).join("\t")}\n`;
}

export function tsvRow(answer: LitmusAnswer, { mode, listStates }: LitmusPrinting): string {
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
  if (listStates) columns.push(statesOf(outcome).join(" | "));
  return `${columns.join("\t")}\n`;
}

export function jsonOf(answers: readonly LitmusAnswer[], { mode, listStates, release, drift }: LitmusPrinting): string {
  const tests = answers.map((answer) => {
    const { outcome } = answer;
    const verdict = outcome.kind === "checked" ? outcome.verdict : undefined;
    return {
      file: answer.file,
      name: outcome.kind === "refused" ? null : outcome.head.name,
      observation: observationOf(outcome),
      positive: verdict && mode === "executions" ? verdict.positive : null,
      negative: verdict && mode === "executions" ? verdict.negative : null,
      states: mode === "verdict" ? null : stateCountOf(outcome),
      ...(listStates ? { final: statesOf(outcome) } : {}),
      flags: sortedFlags(outcome),
      holds: verdict ? verdict.holds : null,
      expected: outcome.kind === "refused" ? null : outcome.head.expected,
      agrees: judgedAs(outcome),
      limit: outcome.kind === "undecided" ? outcome.limit : null,
      errors: outcome.kind === "refused" ? outcome.errors : [],
      ms: answer.ms,
    };
  });
  return `${JSON.stringify({ version: 1, profile: release, modelDrift: drift ?? null, tests }, null, 2)}\n`;
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

function statesOf(outcome: LitmusOutcome): readonly string[] {
  return outcome.kind === "checked" ? outcome.verdict.states : [];
}

function sortedFlags(outcome: LitmusOutcome): readonly string[] {
  return outcome.kind === "checked" ? [...outcome.verdict.flags].sort() : [];
}

function lines(parts: readonly string[]): string {
  return parts.map((part) => `${part}\n`).join("");
}
