/** What became of an injection: findings that the file as it was does not have. */

import type { Finding } from "../../src/protocol/index.ts";
import { isConfirmed, isReported } from "../reviewing/thread.ts";

export type Verdict = "confirmed" | "flagged" | "missed";

export type Judged = { readonly verdict: Verdict; /** What was reported, in words. */ readonly said: string };

/** New, of one of the operator's rules, in the function or with it as the counterpart. */
export function judgeInjection(before: readonly Finding[], after: readonly Finding[], rules: readonly string[], functionName: string): Judged {
  const known = new Map<string, number>();
  for (const finding of before.filter(isReported)) known.set(keyOf(finding), (known.get(keyOf(finding)) ?? 0) + 1);
  const added = after.filter((finding) => {
    if (!isReported(finding) || !rules.includes(finding.rule)) return false;
    const left = known.get(keyOf(finding)) ?? 0;
    known.set(keyOf(finding), left - 1);
    return left <= 0;
  });
  const hits = added.filter((finding) => concerns(finding, functionName));
  const best = hits.find(isConfirmed) ?? hits[0];
  if (best === undefined) return { verdict: "missed", said: "" };
  return { verdict: isConfirmed(best) ? "confirmed" : "flagged", said: `${best.rule} line ${String(best.line)}${isConfirmed(best) ? "" : `: ${best.evidence?.reason ?? ""}`}` };
}

function concerns(finding: Finding, name: string): boolean {
  return finding.function === name || finding.evidence?.counterpart?.function === name || finding.path.some((step) => step.function === name);
}

/** Lines in messages move with an edit. A verdict that changed is another finding. */
function keyOf({ rule, function: name, message, evidence }: Finding): string {
  return `${rule}\n${name}\n${message.replace(/\d+/g, "N")}\n${evidence?.verdict === "confirmed" ? "confirmed" : ""}`;
}
