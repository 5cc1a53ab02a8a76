/** Candidate and evidence → the finding that every door prints: the only place that shapes inner values into JSON. */

import { pathSteps } from "../evidence/path-steps.ts";
import type { Decided } from "../evidence/verdict.ts";
import type { FileFacts } from "../model/file-facts.ts";
import type { EvidenceReport, Finding, Fix, Severity, WitnessStep } from "../protocol/index.ts";
import type { Candidate } from "../rules/rule.ts";

/** `decided` is null as long as nothing was tried. */
export function findingOf(candidate: Candidate, facts: FileFacts, decided: Decided | null, fixes: readonly Fix[]): Finding {
  const evidence = decided?.evidence ?? null;
  const position = positionsIn(facts.unit.text);
  const start = position(candidate.at.start);
  const end = position(candidate.at.end);
  return {
    rule: candidate.rule,
    severity: severityOf(candidate, decided),
    file: facts.file,
    line: start.line, column: start.column, endLine: end.line, endColumn: end.column,
    function: candidate.function,
    message: messageOf(candidate, evidence),
    evidence,
    path: candidate.path.map((step) => ({ file: facts.file, line: position(step.at.start).line, function: step.function, role: step.role })),
    related: candidate.related.map(({ at, message }) => ({ file: facts.file, ...position(at.start), message })),
    steps: witnessOf(decided, facts),
    fixes,
  };
}

/** Only an execution that reaches the hazard is told: of a refuted one there is none. */
function witnessOf(decided: Decided | null, facts: FileFacts): readonly WitnessStep[] {
  const { shown, evidence, path } = decided ?? {};
  if (path !== undefined) {
    const { steps, roles } = pathSteps(path, facts);
    return steps.map(({ thread, text, file, line, hazard }) => ({ role: roles[thread]?.name ?? "CPU", text, file, line, hazard }));
  }
  if (shown === undefined || evidence?.verdict === "refuted" || shown.judgement.positive === 0) return [];
  const names = shown.judgement.roles?.map(({ name }) => name) ?? shown.attempt.program.threads.map(({ role }) => role);
  return shown.judgement.steps.map(({ thread, text, file, line, hazard }) => ({ role: names[thread] ?? "CPU", text, file, line, hazard }));
}

export function messageOf(candidate: Candidate, evidence: EvidenceReport | null): string {
  return evidence?.verdict === "refuted" ? (candidate.refutedMessage ?? candidate.message) : candidate.message;
}

/** A hazard that exists only because an access is plain, or on no machine that the file is built for, is a note (contract, section 2); so are a refuted one, and one of which all that is open is what was not followed. */
function severityOf(candidate: Candidate, decided: Decided | null): Severity {
  const verdict = decided?.evidence.verdict;
  if (decided?.isUnreached === true || decided?.isCompilerOnly === true || decided?.isServed === true || verdict === "refuted") return "note";
  if (verdict === "undecided" && candidate.severity === "error") return "warning";
  return candidate.severity;
}

/** Line and column from 1, in UTF-16 units. */
export function positionsIn(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
