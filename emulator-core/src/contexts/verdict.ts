/** The verdict on a program whose hazard is what contexts forbid: no execution is asked for, paths are. */
import { armsOf, withArms } from "../driver/each-step.ts";
import type { DriverProgram, Step } from "../driver/steps.ts";
import type { ContextFinding, Contexts } from "./finding.ts";

export type ContextVerdict = { readonly verdict: "confirmed" | "refuted" | "undecided"; readonly reason: string };

export function verdictOf({ findings, limit, checkedPaths, unmodelled }: Contexts): ContextVerdict {
  const [first] = findings;
  if (first?.verdict === "confirmed") return { verdict: "confirmed", reason: `${first.words}: ${pathText(first)}` };
  if (first !== undefined) return { verdict: "undecided", reason: `${first.words}, unless ${first.doubts.join("; ")}` };
  if (limit !== null) return { verdict: "undecided", reason: `the search stopped at its limit of ${String(limit.value)} ${limit.kind}${limit.thread === null ? "" : ` of ${limit.thread}`}` };
  if (unmodelled.length > 0) return { verdict: "undecided", reason: unmodelled.join("; ") };
  return { verdict: "refuted", reason: `nothing is found on any of ${String(checkedPaths)} paths` };
}

function pathText({ thread, path }: ContextFinding): string {
  const steps = path.map(({ source, taken }) => `${source.text}${taken === null ? "" : taken ? " (yes)" : " (no)"}`);
  return `${thread}: ${steps.join(", ")}`;
}

/** Sections that are left as they should not be have no execution to print: such threads keep the rest. */
export function withoutUnbalanced(driver: DriverProgram): DriverProgram {
  const keep = (steps: readonly Step[]): readonly Step[] => steps.filter(({ kind }) => !isSection(kind)).map((step) => withArms(step, armsOf(step).map(keep)));
  return { ...driver, threads: driver.threads.map((thread) => (thread.allowUnbalanced === true ? { ...thread, steps: keep(thread.steps) } : thread)) };
}

const isSection = (kind: Step["kind"]): boolean => kind === "lock" || kind === "unlock" || kind === "read-lock" || kind === "read-unlock" || kind === "srcu-read-lock" || kind === "srcu-read-unlock";
