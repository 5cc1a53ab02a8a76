/**
 * The verdict on a driver program. `confirmed`: an allowed execution reaches the hazard. `refuted`: the search was
 * exhausted, the situation of the hazard was met in it, and nothing was left unmodelled. Otherwise `undecided`, with the reason.
 */
import { check, type CheckResult, type Limit, type ModelName, type Verdict } from "../check.ts";
import type { Execution } from "../execution.ts";
import { climb, unreachableLadder, type HazardClass, type Ladder } from "../ladder.ts";
import type { Program } from "../program.ts";
import { contextsOf } from "../contexts/contexts.ts";
import type { ContextFinding, ContextLimit, Contexts } from "../contexts/finding.ts";
import { verdictOf, withoutUnbalanced } from "../contexts/verdict.ts";
import { flatten } from "./each-step.ts";
import { lowerDriver } from "./lower.ts";
import type { Lowered } from "./lowering.ts";
import type { DriverProgram } from "./steps.ts";

export type JudgeOptions = {
  /** Default `lkmm`. */
  readonly model?: ModelName;
  /** Candidates explored for one question. */
  readonly executionsMax?: number;
  readonly shouldStop?: () => boolean;
  /** Leave out the ladder and the class: one question instead of up to seven. */
  readonly verdictOnly?: boolean;
};

export type DriverVerdict = {
  readonly verdict: "confirmed" | "refuted" | "undecided";
  /** Why not more; empty for a verdict that needs no words. */
  readonly reason: string;
  readonly class: HazardClass | null;
  readonly ladder: Ladder | null;
  /** As herd7 counts them. */
  readonly observation: Verdict;
  readonly positive: number;
  readonly negative: number;
  readonly flags: readonly string[];
  /** No execution runs to its end: somebody waits for what never comes. */
  readonly deadlock: boolean;
  readonly explored: number;
  readonly limit: Limit | null;
  /** What the contexts of its steps forbid, whatever the hazard; a hazard of memory is judged without them. */
  readonly contexts: readonly ContextFinding[];
  /** Paths that were not followed for them. */
  readonly contextLimit: ContextLimit | null;
  readonly assumptions: readonly string[];
  readonly lowered: Lowered;
  /** With the hazard when it is reachable; else one of the situation, when that is. */
  readonly witness: Execution | null;
};

/** More than any hand-written program of CPU steps and one device needs. */
const executionsMaxDefault = 500_000;

/** Throws `DriverMistake` for a program that says something impossible. */
export function judgeDriver(driver: DriverProgram, options: JudgeOptions = {}): DriverVerdict {
  const contexts = contextsOf(driver);
  if (driver.hazard.kind === "context") return judgeContexts(driver, contexts);
  const first = withStuckWaits(driver, judgeLowered(lowerDriver(driver), contexts, options), options);
  if (first.lowered.mixedBarriers.length === 0 || first.verdict === "undecided") return first;
  // A barrier that orders part of what stands around it was left out; with it the answer may be another.
  const kept = judgeLowered(lowerDriver(driver, { mixedBarriers: "keep" }), contexts, { ...options, verdictOnly: true });
  if (kept.verdict === first.verdict) return first;
  const where = first.lowered.mixedBarriers.map(({ text, file, line }) => `${text} (${file}:${String(line)})`).join(", ");
  return { ...first, verdict: "undecided", reason: `${where} orders for CPUs and not for the device, and the answer hangs on it: a dma barrier would be needed` };
}

/** Findings that say: from here on nothing runs. Executions end there, and what came before is not among those that were judged. */
const endless: ReadonlySet<ContextFinding["kind"]> = new Set<ContextFinding["kind"]>(["lock-order-cycle", "grace-period-in-reader", "barrier-in-callback", "callback-lock-inversion", "irq-unsafe-lock"]);

/**
 * Executions in which somebody waits for ever are none of those that run to their end; a use after free in one of them
 * is one all the same. Asked only where the answer would be "refuted": a wait that never ends may be a wait for what the program leaves out.
 */
function withStuckWaits(driver: DriverProgram, first: DriverVerdict, options: JudgeOptions): DriverVerdict {
  if (first.verdict !== "refuted") return first;
  const doubt = (reason: string): DriverVerdict => ({ ...first, verdict: "undecided", reason, ladder: null });
  const stuck = first.contexts.find(({ kind }) => endless.has(kind));
  if (stuck !== undefined) return doubt(`nobody gets past ${stuck.words}, and what was done before that was not judged`);
  if (!first.lowered.hasWaits || driver.hazard.kind === "outcome") return first;
  const { program } = lowerDriver(driver, { waits: "may-last" });
  const { shouldStop } = options;
  const result = check(program, { model: options.model ?? "lkmm", mode: "verdict", budget: { executionsMax: options.executionsMax ?? executionsMaxDefault }, ...(shouldStop === undefined ? {} : { shouldStop }) });
  if (result.positive > 0) return doubt("reachable only where somebody waits for ever");
  return result.limit === null ? first : doubt(`the search for executions in which somebody waits for ever stopped at its limit of ${String(result.limit.value)} ${result.limit.kind}`);
}

/** Paths decide, not executions; only whether anybody gets past his waits is asked of those. */
function judgeContexts(driver: DriverProgram, contexts: Contexts): DriverVerdict {
  const lowered = lowerDriver(withoutUnbalanced(driver));
  const said = verdictOf(contexts);
  const deadlock = said.verdict === "refuted" && lowered.hasWaits && endsNowhere(lowered);
  return {
    ...(deadlock ? { verdict: "undecided", reason: "no execution runs to its end: somebody waits for what never comes" } as const : said),
    class: null, ladder: null, observation: "Undecided", positive: 0, negative: 0, flags: [], deadlock, explored: 0,
    limit: null, contexts: contexts.findings, contextLimit: contexts.limit, assumptions: [...lowered.assumptions, ...exitAssumptions(driver)], lowered, witness: null,
  };
}

function endsNowhere({ program }: Lowered): boolean {
  const { positive, negative, limit } = check({ ...program, condition: { kind: "true" } }, { mode: "verdict", budget: { executionsMax: executionsMaxDefault } });
  return positive + negative === 0 && limit === null;
}

/** What a module's exit waits for is what was queued until then; that nobody queues later is for the driver to see to. */
function exitAssumptions({ threads }: DriverProgram): readonly string[] {
  const exits = threads.filter(({ steps }) => flatten(steps).some(({ kind }) => kind === "module-exit"));
  const others = threads.filter((thread) => !exits.includes(thread) && flatten(thread.steps).some(({ kind }) => kind === "queue"));
  return exits.length === 0 || others.length === 0 ? [] : [`${others.map(({ role }) => role).join(" and ")} queues nothing more once the module's exit waits`];
}

function judgeLowered(lowered: Lowered, contexts: Contexts, options: JudgeOptions): DriverVerdict {
  const { model = "lkmm" } = options;
  let explored = 0;
  const ask = (program: Program, under: ModelName, plainAsMarked = false): CheckResult => {
    const { shouldStop } = options;
    const result = check(program, { model: under, plainAsMarked, budget: { executionsMax: options.executionsMax ?? executionsMaxDefault }, ...(shouldStop === undefined ? {} : { shouldStop }) });
    explored += result.explored;
    return result;
  };
  const main = ask(lowered.program, model);
  const shared = (): Pick<DriverVerdict, "observation" | "positive" | "negative" | "flags" | "explored" | "limit" | "contexts" | "contextLimit" | "assumptions" | "lowered"> => ({
    observation: main.observation, positive: main.positive, negative: main.negative, flags: main.flags, explored, limit: main.limit, contexts: contexts.findings, contextLimit: contexts.limit, assumptions: lowered.assumptions, lowered,
  });
  if (main.positive > 0) {
    const unsure = lowered.unmodelled.length > 0;
    const climbed = options.verdictOnly === true ? undefined : climb(lowered.program, main, model, ask);
    return {
      ...shared(), limit: climbed?.limit ?? null, verdict: unsure ? "undecided" : "confirmed", reason: unsure ? `reachable unless ${lowered.unmodelled.join("; ")}` : "", class: climbed?.hazardClass ?? null,
      ladder: climbed?.ladder ?? null, deadlock: false, witness: climbed?.simplest ?? main.witness,
    };
  }
  const refusal = (reason: string, more: Partial<DriverVerdict> = {}): DriverVerdict => ({ ...shared(), verdict: "undecided", reason, class: null, ladder: null, deadlock: false, witness: null, ...more });
  if (main.limit !== null) return refusal(`the search stopped at its limit of ${String(main.limit.value)} ${main.limit.kind}`);
  if (main.negative === 0) return refusal("no execution runs to its end: deadlock", { deadlock: true });
  const situation = ask({ ...lowered.program, condition: lowered.situation }, model);
  if (situation.positive === 0) return refusal("vacuous: no execution meets the situation of the hazard");
  if (lowered.unmodelled.length > 0) return refusal(lowered.unmodelled.join("; "), { witness: situation.witness });
  if (main.flags.includes("data-race")) return refusal("a data race: of plain accesses that race the compiler may make what the model does not show", { witness: situation.witness });
  return { ...shared(), verdict: "refuted", reason: "", class: null, ladder: unreachableLadder, deadlock: false, witness: situation.witness };
}
