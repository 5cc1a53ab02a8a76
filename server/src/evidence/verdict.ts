/** Judgements of all attempts → one evidence report. The rules of honesty are here, in one place. */

import type { EvidenceReport, LimitMet } from "../protocol/index.ts";
import { type Architectures, mayLoseAddresses, notReachedOn } from "./architectures.ts";
import type { Candidate } from "../rules/rule.ts";
import type { Attempt } from "./attempt.ts";
import { empty } from "./empty.ts";
import type { Judgement } from "./judgement.ts";
import { honoursReaders } from "../model/lifetimes.ts";
import { staleConditions } from "../model/stale-conditions.ts";
import { contradictionsBefore, type Trace } from "../model/trace.ts";
import type { PathHypothesis } from "../rules/hypothesis.ts";
import { negated } from "./plan.ts";

export type Tried = { readonly attempt: Attempt; readonly judgement: Judgement };

export type Decided = { readonly evidence: EvidenceReport; /** The attempt that the replay shows. */ readonly shown: Tried | undefined; /** Of a finding about paths: the paths. */ readonly path?: PathHypothesis; /** No architecture that the file can be built for reaches the hazard. */ readonly isUnreached?: boolean; /** Reachable only because an access is plain. */ readonly isCompilerOnly?: boolean; /** Undecided, but every way that was followed waits for readers, and none of them reaches the hazard. */ readonly isServed?: boolean };

/** What one attempt says by itself. */
function opinion({ attempt, judgement }: Tried): { verdict: EvidenceReport["verdict"]; reason: string; limit: LimitMet | null } {
  const { positive, negative, limit, vacuous } = judgement;
  const refusal = judgement.refusal ?? "";
  if (positive > 0) return refusal === "" ? reached(attempt, judgement) : { verdict: "undecided", reason: refusal, limit };
  if (limit !== null) return { verdict: "undecided", reason: `the search stopped at its ${limit.kind} limit (${String(limit.value)}) without reaching the hazard`, limit };
  if (refusal !== "") return { verdict: "undecided", reason: refusal, limit: null };
  if (negative === 0) return { verdict: "undecided", reason: "no execution completes: the extracted threads deadlock", limit: null };
  if (vacuous) return { verdict: "undecided", reason: `${attempt.counterpart?.function ?? "the reader"} never obtains the object in the extracted program, so its absence of hazards says nothing`, limit: null };
  if (attempt.unknownBeforeWait.length > 0) return { verdict: "undecided", reason: `refuted unless ${list(attempt.unknownBeforeWait)} frees the object or undoes the order`, limit: null };
  if (attempt.cut.length > 0) return { verdict: "undecided", reason: `no hazard on the paths followed, but not all were: ${attempt.cut.join("; ")}`, limit: { kind: "callees", value: attempt.cut.length } };
  if (attempt.counterpart?.synthetic === true) return { verdict: "refuted", reason: "even a synthetic reader that touches everything is served", limit: null };
  return { verdict: "refuted", reason: "every execution of the extracted program was explored, and none reaches the hazard", limit: null };
}

type Opinion = { readonly verdict: EvidenceReport["verdict"]; readonly reason: string; readonly limit: LimitMet | null };

/** A free that only a plain load of the reader endangers is right: the load is what is wrong, and another rule's matter. */
function withoutPlainReaders({ hypothesis }: Candidate, judgement: Judgement, said: Opinion): Opinion {
  if (hypothesis.kind !== "use-after-free" || said.verdict !== "confirmed" || judgement.class !== "compiler") return said;
  return { ...said, verdict: "undecided", reason: "reachable only because the reader loads plainly; with marked loads the free is in time" };
}

function reached(attempt: Attempt, { survivesUnknownCalls, limit }: Judgement): { verdict: EvidenceReport["verdict"]; reason: string; limit: LimitMet | null } {
  if (attempt.counterpart?.synthetic === true) return { verdict: "undecided", reason: "no function of this file is on the other side; with a synthetic one the hazard is reachable", limit };
  if (attempt.doubts.length > 0) return { verdict: "undecided", reason: attempt.doubts.join("; "), limit };
  if (attempt.unknownCalls.length > 0 && !survivesUnknownCalls) return { verdict: "undecided", reason: `confirmed unless ${list(attempt.unknownCalls)} ${attempt.driver === undefined ? "waits for a grace period" : "orders the two, or waits for a grace period"}`, limit };
  return { verdict: "confirmed", reason: "an allowed execution reaches the hazard", limit: null };
}

const list = (names: readonly string[]): string => (names.length <= 2 ? names.join(" or ") : `${names.slice(0, 2).join(", ")} or one of ${String(names.length - 2)} more calls`);

/** `built`: the architectures that the file can be built for. They take no verdict back, but a hazard that one of them reaches goes first. */
export function decide(candidate: Candidate, tried: readonly Tried[], built: Architectures = "any"): Decided {
  if (candidate.hypothesis.kind === "reaches-wait") return decidePath(candidate, tried);
  if (candidate.hypothesis.kind === "path") return decidePaths(candidate.hypothesis);
  const opinions = tried.map((one) => ({ one, unreached: notReachedOn(built, one.judgement), ...withoutPlainReaders(candidate, one.judgement, opinion(one)) }));
  const executions = tried.reduce((sum, { judgement }) => sum + judgement.executions, 0);
  const best = opinions.find(({ verdict, unreached }) => verdict === "confirmed" && unreached === undefined)
    ?? opinions.find(({ verdict, one, unreached }) => verdict === "undecided" && one.judgement.positive > 0 && unreached === undefined)
    ?? opinions.find(({ verdict }) => verdict === "confirmed")
    ?? opinions.find(({ verdict, one }) => verdict === "undecided" && one.judgement.positive > 0)
    ?? opinions.find(({ verdict }) => verdict === "undecided")
    ?? opinions[0];
  if (best === undefined) return { evidence: empty("undecided", "no program could be extracted"), shown: undefined };
  const { one, verdict, limit, unreached } = best;
  const isPlainOnly = one.judgement.class === "compiler";
  const losesAddress = isPlainOnly && candidate.hypothesis.kind === "lost-dependency" && mayLoseAddresses(built);
  const reason = unreached !== undefined ? `${best.reason}; but ${unreached}`
    : losesAddress && best.verdict === "confirmed" ? `${best.reason}: by a compiler that makes use of the plain load, and on alpha by the machine itself` : best.reason;
  return {
    evidence: {
      verdict, reason, limit, executions,
      class: one.judgement.class, ladder: one.judgement.ladder,
      counterpart: one.attempt.counterpart, assumptions: [...new Set([...one.attempt.assumptions, ...(one.judgement.assumptions ?? [])])],
    },
    shown: one,
    isUnreached: unreached !== undefined,
    isCompilerOnly: isPlainOnly,
    isServed: verdict === "undecided" && isServed(candidate, tried),
  };
}

function isServed({ hypothesis }: Candidate, tried: readonly Tried[]): boolean {
  if (hypothesis.kind !== "use-after-free" || tried.some(({ judgement }) => judgement.positive > 0 || judgement.limit !== null || (judgement.refusal ?? "") !== "")) return false;
  return hypothesis.sides.every(({ variants }) => variants.every(honoursReaders));
}

/** Paths that can be taken are facts; what is not visible of them forbids `confirmed`. */
function decidePaths(path: PathHypothesis): Decided {
  const open = [...path.open, ...path.columns.flatMap(({ trace, shown }) => openReasons(trace, shown))];
  const evidence = empty(open.length === 0 ? "confirmed" : "undecided", open.length === 0 ? path.reason : [...new Set(open)].join("; "));
  const conditions = path.columns.flatMap(({ trace, shown }) => conditionsOn(trace, shown.at(-1) ?? 0));
  return { evidence: { ...evidence, assumptions: conditions }, shown: undefined, path };
}

function openReasons(trace: Trace, shown: readonly number[]): readonly string[] {
  const [contradiction] = contradictionsBefore(trace, Math.max(...shown));
  const condition = shown.map((index) => trace.events[index]?.condition).find((text) => text !== undefined);
  return [
    ...(contradiction === undefined ? [] : [`the path answers "${contradiction}" in two ways: whether it can change in between is not visible here`]),
    ...(condition === undefined ? [] : [`only if ${condition}, which may never be`]),
    ...staleConditions(trace, Math.max(...shown)).slice(0, 1),
  ];
}

/** The last few branches on the way to an event. */
function conditionsOn(trace: Trace, to: number): readonly string[] {
  const branches = trace.events.slice(0, to).flatMap(({ what }) => (what.kind === "branch" ? [what.taken ? what.text : negated(what.text)] : []));
  return [...new Set(branches)].slice(-3).map((text) => `on the way there: if (${text})`);
}

/** A wait that a feasible path reaches is a fact; the replay only adds whether it could be avoided. */
function decidePath(candidate: Candidate, tried: readonly Tried[]): Decided {
  const { hypothesis } = candidate;
  const cost = hypothesis.kind === "reaches-wait" ? costOf(hypothesis.perOperation, hypothesis.inLoop) : "";
  const executions = tried.reduce((sum, { judgement }) => sum + judgement.executions, 0);
  const avoidable = tried.length > 0 && tried.every(({ judgement }) => judgement.positive === 0 && judgement.limit === null && !judgement.vacuous && judgement.negative > 0);
  const first = tried[0];
  const deferred = hypothesis.kind === "reaches-wait" ? hypothesis.alreadyDeferred[0] : undefined;
  const reason = avoidable
    ? `${cost}; the wait can be avoided: with the free left to RCU (kfree_rcu() or call_rcu()) the use after free stays refuted`
    : tried.some(({ judgement }) => judgement.limit !== null)
      ? `${cost}; whether it can be avoided is not known, the search met a limit`
    : tried.length > 0
      ? `${cost}; leaving the free to RCU alone does not refute the use after free`
      : deferred !== undefined
      ? `${cost}, although ${deferred} before it already leaves the free to RCU`
      : `${cost}; what the wait protects is not visible on this path, so whether it can be avoided is not known`;
  const conditions = hypothesis.kind === "reaches-wait" ? hypothesis.trace.events.slice(0, hypothesis.wait).flatMap(({ what }) => (what.kind === "branch" ? [what.taken ? what.text : negated(what.text)] : [])) : [];
  const open = openPath(candidate);
  return {
    evidence: {
      verdict: open === undefined ? "confirmed" : "undecided", reason: open ?? reason, limit: null, class: null, ladder: null, executions,
      counterpart: null, assumptions: [...new Set(conditions)].slice(-3).map((text) => `on the way there: if (${text})`),
    },
    shown: first,
  };
}

/** Why it is not certain that a path reaches the wait. */
function openPath({ hypothesis }: Candidate): string | undefined {
  if (hypothesis.kind !== "reaches-wait") return undefined;
  const [contradiction] = contradictionsBefore(hypothesis.trace, hypothesis.wait);
  if (contradiction !== undefined) return `the path answers "${contradiction}" in two ways: whether it can change in between is not visible here`;
  const condition = hypothesis.trace.events[hypothesis.wait]?.condition;
  return condition === undefined ? undefined : `only if ${condition}, which may never be`;
}

function costOf(perOperation: number, inLoop: boolean): string {
  if (inLoop) return "one grace period for each round of a loop";
  return `${String(perOperation)} grace period${perOperation === 1 ? "" : "s"} for one operation`;
}
