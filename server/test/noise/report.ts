/** What `npm run noise` prints: findings per rule and per 250,000 lines, why others are undecided, times, and a draw for reading by hand. */

import type { Finding } from "../../src/protocol/index.ts";
import { countBy, ranked, tableOf } from "../reviewing/table.ts";
import { isConfirmed } from "../reviewing/thread.ts";
import { evenSample } from "../inject/sample.ts";
import type { Noise } from "./run.ts";

const perLines = 250_000;

/** Reasons printed of one rule. */
const reasonsMax = 8;

/** Rules about the cost of a wait, which is there whether or not anybody minds. */
const isLatency = (rule: string): boolean => /^rcu\/(?:grace-period-(?!in-reader)|redundant-grace-period)/.test(rule);

export function reportOf(noise: Noise): string {
  const findings = noise.files.flatMap((file) => file.findings);
  const confirmed = findings.filter(isConfirmed);
  const undecided = findings.filter((finding) => !isConfirmed(finding));
  const reviewed = noise.files.reduce((sum, { lines }) => sum + lines, 0);
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  const count = (list: readonly Finding[], rule: string): number => list.filter((finding) => finding.rule === rule).length;
  const rate = (number: number): string => ((number * perLines) / Math.max(1, noise.lines)).toFixed(2);
  const others = confirmed.filter(({ rule }) => !isLatency(rule)).length;
  const latency = confirmed.length - others;
  return [
    tableOf(["rule", "confirmed", "per 250,000 lines", "undecided"], rules.map((rule) => [rule, String(count(confirmed, rule)), rate(count(confirmed, rule)), String(count(undecided, rule))])),
    ...rules.map((rule) => reasonsOf(undecided.filter((finding) => finding.rule === rule), rule)).filter((text) => text !== ""),
    limitsOf(findings),
    timesOf(noise.files.flatMap(({ evidenceMs }) => evidenceMs)),
    ...noise.failed.map(({ file, reason }) => `not reviewed: ${file}: ${reason}`),
    `${noise.isWhole ? "" : "interrupted: "}${String(noise.files.length)} files with ${String(reviewed)} lines reviewed, of ${String(noise.lines)} lines in the folders`,
    `confirmed ${String(others)} (${rate(others)} per 250,000 lines), of latency rules ${String(latency)} (${rate(latency)}), undecided ${String(undecided.length)}`,
  ].join("\n");
}

function reasonsOf(undecided: readonly Finding[], rule: string): string {
  const reasons = ranked(countBy(undecided, ({ evidence }) => rankable(evidence?.reason ?? "")));
  if (reasons.length === 0) return "";
  const rest = reasons.length > reasonsMax ? [`      … ${String(reasons.length - reasonsMax)} more reasons`] : [];
  return [`undecided ${rule}`, ...reasons.slice(0, reasonsMax).map(([reason, number]) => `${String(number).padStart(6)} ${reason}`), ...rest].join("\n");
}

/** Without what differs from file to file: names of functions, places, objects. */
export function rankable(reason: string): string {
  return reason
    .replace(/\b[A-Za-z_]\w*\(\)/g, "f()")
    .replace(/(?:f\(\)(?:, | and )?){2,}/g, (list) => (/(?:, | and )$/.test(list) ? "f(), " : "f()"))
    .replace(/\b(?:line )?\d+\b/g, "N")
    .replace(/&?\b\w+(?:(?:->|\.)\w+)+/g, "x->y");
}

function limitsOf(findings: readonly Finding[]): string {
  const met = ranked(countBy(findings.filter(({ evidence }) => evidence?.limit != null), ({ evidence }) => evidence!.limit!.kind));
  return `findings that met a limit: ${met.length === 0 ? "none" : met.map(([kind, number]) => `${kind} ${String(number)}`).join(", ")}`;
}

function timesOf(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `evidence of ${String(sorted.length)} findings: median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms, longest ${at(1)} ms`;
}

/** Confirmed findings, evenly over the rules. */
export function drawOf(noise: Noise, count: number, seed: number): string {
  const confirmed = noise.files.flatMap((file) => file.findings).filter(isConfirmed);
  const drawn = evenSample(confirmed.map((finding) => ({ operator: finding.rule, finding })), count, seed);
  return drawn
    .map(({ finding: { file, line, function: name, message, rule, evidence } }) => {
      const other = evidence?.counterpart;
      const against = other == null ? "" : `\n    against ${other.function}() ${other.file}:${String(other.line)}${other.synthetic ? " (synthetic)" : ""}`;
      return [`${file}:${String(line)}: ${name}(): ${message} [${rule}]${against}`, ...(evidence?.assumptions ?? []).map((assumption) => `    taking for granted: ${assumption}`)].join("\n");
    })
    .join("\n");
}
