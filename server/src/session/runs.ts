/** Evidence → `Run`, the one JSON that every view of a replay is drawn from. */

import { lowerLifetimes, printLitmus } from "../../../emulator-core/src/index.ts";
import type { JudgeOptions } from "../evidence/judgement.ts";
import { pathSteps } from "../evidence/path-steps.ts";
import type { Decided } from "../evidence/verdict.ts";
import type { FileFacts } from "../model/file-facts.ts";
import type { EvidenceReport, Fix, Run, RunStep } from "../protocol/index.ts";
import type { Candidate } from "../rules/rule.ts";
import { messageOf } from "./findings.ts";

export function runOf(candidate: Candidate, facts: FileFacts, { evidence, shown, path }: Decided, model: JudgeOptions["model"], fixes: readonly Fix[]): Run {
  const drawn = path === undefined ? undefined : pathSteps(path, facts);
  const threads = shown?.attempt.program.threads ?? [];
  const roles = drawn?.roles ?? shown?.judgement.roles ?? threads.map((thread) => ({ name: thread.role ?? "CPU", function: thread.title ?? "" }));
  const steps: readonly RunStep[] = (drawn?.steps ?? shown?.judgement.steps ?? []).map((step, index) => ({ index: index + 1, role: step.thread, text: step.text, file: step.file, line: step.line, hazard: step.hazard }));
  return {
    version: 1,
    rule: candidate.rule,
    title: `${facts.file}: ${candidate.function}()`,
    message: messageOf(candidate, evidence),
    model,
    roles,
    steps,
    why: shown?.judgement.why ?? [],
    fix: fixes.filter((fix) => fix.verified === true).map((fix) => fix.title),
    need: needOf(evidence),
    evidence,
    litmus: litmusOf(shown),
    counts: { observation: shown?.judgement.observation ?? "Undecided", positive: shown?.judgement.positive ?? 0, negative: shown?.judgement.negative ?? 0 },
  };
}

function litmusOf(shown: Decided["shown"]): string {
  return shown === undefined ? "" : shown.judgement.litmus ?? printLitmus(lowerLifetimes(shown.attempt.program));
}

function needOf(evidence: EvidenceReport): string {
  switch (evidence.class) {
    case "interleaving": return "Plain interleaving is enough: no weak memory is needed.";
    case "tso": return "Needs a store buffer: reachable on x86 and s390 as on every other machine.";
    case "mca": return "Needs weak memory, as on arm64 or RISC-V; not reachable on x86 or s390.";
    case "non-mca": return "Only on a machine that is not multi-copy atomic (PowerPC).";
    case "compiler": return "Only because an access is plain: with marked accesses it is not reachable.";
    case null: return evidence.verdict === "refuted" ? "No execution reaches it, under plain interleaving or weaker." : "";
  }
}
