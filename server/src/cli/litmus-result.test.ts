import { describe, expect, it } from "vitest";
import { type LitmusOutcome, noStates, type Observation } from "../evidence/litmus.ts";
import { judgeResult } from "./litmus-result.ts";

const outcome = (expected: string | null, observation: Observation, flags: readonly string[] = []): LitmusOutcome => ({
  kind: "checked",
  head: { name: "t", kind: "Allowed", condition: "exists (x=1)", expected },
  verdict: { observation, holds: true, positive: 1, negative: 1, stateCount: 0, states: noStates, flags, loopCut: false },
});

describe("a Result comment", () => {
  it.each([
    ["Never", "Never", [], "agrees"],
    ["Never", "Sometimes", [], "differs"],
    ["Sometimes DATARACE", "Sometimes", ["data-race"], "agrees"],
    ["Sometimes DATARACE", "Sometimes", [], "differs"],
    ["DATARACE", "Sometimes", ["data-race"], "agrees"],
    ["Flag srcu-bad-nesting", "Sometimes", ["srcu-bad-nesting"], "agrees"],
    ["Flag srcu-bad-nesting", "Sometimes", ["multiple-srcu-matches"], "differs"],
    ["Maybe", "Sometimes", [], "not-judged"],
    ["DEADLOCK", "Never", [], "not-judged"],
    [null, "Never", [], "not-judged"],
  ] as const)("%s with %s and %j: %s", (expected, observation, flags, kind) => {
    expect(judgeResult(outcome(expected, observation, flags)).kind).toBe(kind);
  });
});
