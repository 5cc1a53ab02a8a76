/** What became of an injection: findings that the file as it was does not have. */

import type { Finding } from "../../src/protocol/index.ts";
import { isConfirmed, isReported } from "../reviewing/thread.ts";

/** `noted`: said, but by a note, as the contract has it for hazards that exist only because an access is plain. */
export type Verdict = "confirmed" | "flagged" | "noted" | "missed";

export type Judged = { readonly verdict: Verdict; /** What was reported, in words. */ readonly said: string };

/** New, of one of the operator's rules, in the function or with it as the counterpart. */
export function judgeInjection(before: readonly Finding[], after: readonly Finding[], rules: readonly string[], functionName: string): Judged {
  const hits = addedBy(before.filter(isReported), after.filter(isReported), rules).filter((finding) => concerns(finding, functionName));
  const best = hits.find(isConfirmed) ?? hits[0];
  if (best === undefined) {
    const note = addedBy(before.filter(isNote), after.filter(isNote), rules).find((finding) => concerns(finding, functionName));
    return note === undefined ? { verdict: "missed", said: "" } : { verdict: "noted", said: `a note, ${note.rule} line ${String(note.line)}: ${note.evidence?.reason ?? ""}` };
  }
  return { verdict: isConfirmed(best) ? "confirmed" : "flagged", said: `${best.rule} line ${String(best.line)}${isConfirmed(best) ? "" : `: ${best.evidence?.reason ?? ""}`}` };
}

const isNote = ({ severity, evidence }: Finding): boolean => severity === "note" && evidence?.verdict !== "refuted";

/** What the file as it was does not have, each as often as it is more. */
function addedBy(before: readonly Finding[], after: readonly Finding[], rules: readonly string[]): readonly Finding[] {
  const known = new Map<string, number>();
  for (const finding of before) known.set(keyOf(finding), (known.get(keyOf(finding)) ?? 0) + 1);
  return after.filter((finding) => {
    if (!rules.includes(finding.rule)) return false;
    const left = known.get(keyOf(finding)) ?? 0;
    known.set(keyOf(finding), left - 1);
    return left <= 0;
  });
}

function concerns(finding: Finding, name: string): boolean {
  return finding.function === name || finding.evidence?.counterpart?.function === name || finding.path.some((step) => step.function === name);
}

/** Lines in messages move with an edit. A verdict that changed is another finding. */
function keyOf({ rule, function: name, message, evidence }: Finding): string {
  return `${rule}\n${name}\n${message.replace(/\d+/g, "N")}\n${evidence?.verdict === "confirmed" ? "confirmed" : ""}`;
}
