import { describe, expect, it } from "vitest";
import type { Candidate } from "../rules/rule.ts";
import type { Attempt } from "./attempt.ts";
import type { Judgement } from "./judgement.ts";
import { decide } from "./verdict.ts";

const candidate = { hypothesis: { kind: "use-after-free", sides: [], doubts: [] } } as unknown as Candidate;

const attempt = (over: Partial<Attempt> = {}): Attempt => ({
  program: { name: "t", globals: [], threads: [], quantifier: "exists", condition: { kind: "true" } },
  situation: { kind: "true" }, guarded: undefined, counterpart: { file: "x.c", function: "f", line: 1, synthetic: false },
  assumptions: [], unknownCalls: [], unknownBeforeWait: [], doubts: [], cut: [], ...over,
});

const judgement = (over: Partial<Judgement> = {}): Judgement => ({
  observation: "Sometimes", positive: 0, negative: 4, executions: 4, limit: null, class: null, ladder: null, vacuous: false, survivesUnknownCalls: true, steps: [], why: [], ...over,
});

const verdict = (a: Partial<Attempt>, j: Partial<Judgement>): string => decide(candidate, [{ attempt: attempt(a), judgement: judgement(j) }]).evidence.verdict;

describe("what a verdict needs", () => {
  it("an execution with the hazard confirms", () => { expect(verdict({}, { positive: 1, class: "interleaving" })).toBe("confirmed"); });
  it("an exhausted search without one refutes", () => { expect(verdict({}, {})).toBe("refuted"); });
  it("a synthetic counterpart never confirms", () => { expect(verdict({ counterpart: { file: "x.c", function: "s", line: 0, synthetic: true } }, { positive: 1 })).toBe("undecided"); });
  it("a doubt forbids confirmed", () => { expect(verdict({ doubts: ["teardown"] }, { positive: 1 })).toBe("undecided"); });
  it("an unknown call that could wait forbids confirmed", () => { expect(verdict({ unknownCalls: ["f()"] }, { positive: 1, survivesUnknownCalls: false })).toBe("undecided"); });
  it("an unknown call that cannot help does not", () => { expect(verdict({ unknownCalls: ["f()"] }, { positive: 1, survivesUnknownCalls: true })).toBe("confirmed"); });
  it("an unknown call before the grace period forbids refuted", () => { expect(verdict({ unknownCalls: ["f()"], unknownBeforeWait: ["f()"] }, {})).toBe("undecided"); });
  it("paths that were not followed forbid refuted", () => { expect(verdict({ cut: ["more than 64 paths"] }, {})).toBe("undecided"); });
  it("a limit forbids refuted", () => { expect(verdict({}, { limit: { kind: "executions", value: 10 } })).toBe("undecided"); });
  it("a situation that is never met forbids refuted", () => { expect(verdict({}, { vacuous: true })).toBe("undecided"); });
  it("a deadlock is not a refutation", () => { expect(verdict({}, { negative: 0 })).toBe("undecided"); });
  it("nothing tried is undecided", () => { expect(decide(candidate, []).evidence.verdict).toBe("undecided"); });

  it("a hazard that no architecture of the file reaches stays confirmed, and the reason says what is built", () => {
    const { evidence, isUnreached } = decide(candidate, [{ attempt: attempt(), judgement: judgement({ positive: 1, class: "mca" }) }], ["s390", "x86"]);
    expect([evidence.verdict, isUnreached]).toEqual(["confirmed", true]);
    expect(evidence.reason).toBe("an allowed execution reaches the hazard; but this file is built for s390 and x86 only, which keep loads in order and stores in order");
  });

  it("one architecture that reaches the hazard is enough, and a class that is not known takes nothing back", () => {
    const unreached = (over: Partial<Judgement>, built: readonly string[]): boolean | undefined => decide(candidate, [{ attempt: attempt(), judgement: judgement({ positive: 1, ...over }) }], built).isUnreached;
    expect(unreached({ class: "mca" }, ["arm64", "x86"])).toBe(false);
    expect(unreached({ class: "tso" }, ["x86"])).toBe(false);
    expect(unreached({ class: "interleaving" }, ["x86"])).toBe(false);
    expect(unreached({ class: null }, ["x86"])).toBe(false);
    expect(unreached({ class: "non-mca" }, ["arm64", "riscv"])).toBe(true);
    expect(unreached({ class: "non-mca" }, ["arm"])).toBe(false);
  });

  it("an attempt that an architecture of the file reaches goes before one that none does", () => {
    const weak = { attempt: attempt(), judgement: judgement({ positive: 1, class: "mca" }) };
    const plain = { attempt: attempt(), judgement: judgement({ positive: 1, class: "interleaving" }) };
    const open = { attempt: attempt({ doubts: ["teardown"] }), judgement: judgement({ positive: 1, class: "interleaving" }) };
    expect(decide(candidate, [weak, plain], ["x86"])).toMatchObject({ isUnreached: false, evidence: { verdict: "confirmed", class: "interleaving" } });
    expect(decide(candidate, [weak, open], ["x86"])).toMatchObject({ isUnreached: false, evidence: { verdict: "undecided" } });
    expect(decide(candidate, [weak, open], "any")).toMatchObject({ evidence: { verdict: "confirmed", class: "mca" } });
  });

  it("one confirmed attempt outweighs refuted ones", () => {
    const tried = [{ attempt: attempt(), judgement: judgement() }, { attempt: attempt(), judgement: judgement({ positive: 1 }) }];
    expect(decide(candidate, tried).evidence.verdict).toBe("confirmed");
  });
});
