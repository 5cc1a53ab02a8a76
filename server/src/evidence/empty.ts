import type { EvidenceReport } from "../protocol/index.ts";

/** A verdict with nothing run behind it. */
export function empty(verdict: EvidenceReport["verdict"], reason: string): EvidenceReport {
  return { verdict, reason, limit: null, class: null, ladder: null, executions: 0, counterpart: null, assumptions: [] };
}
