/** The cheapest changes that refute a hazard, and the ones that look right and are not enough. */
import { check, type ModelName } from "../../check.ts";
import { armsOf, withArms } from "../each-step.ts";
import { changed, unlessMistaken } from "../edit.ts";
import { judgeDriver } from "../judge.ts";
import { lowerDriver } from "../lower.ts";
import type { DriverProgram, Step } from "../steps.ts";
import { bringsContextFinding, leavesSibling } from "./acceptable.ts";
import { editsOf, type Edit } from "./edits.ts";

export type FixOptions = {
  readonly model?: ModelName;
  /** Programs judged at most; default 6,000. */
  readonly triesMax?: number;
  /** Fixes of the least cost that are returned. */
  readonly fixesMax?: number;
  readonly shouldStop?: () => boolean;
};

export type Fix = { readonly edits: readonly Edit[]; readonly cost: number; readonly program: DriverProgram };

export type FixSearch = {
  /** Cheapest first; each was judged refuted, with no data race left, nothing new that contexts forbid, and the same hazard nowhere beside it. Empty where the remedy is no software. */
  readonly fixes: readonly Fix[];
  /** Single changes that leave the hazard reachable: parts of the first fix, and flushes. */
  readonly notEnough: readonly Edit[];
  readonly tried: number;
  /** The search ended before all sets of two changes were tried. */
  readonly limit: { readonly kind: "tries" | "time"; readonly value: number } | null;
};

const triesMaxDefault = 6_000;
const fixesMaxDefault = 3;

export function searchFixes(program: DriverProgram, options: FixOptions = {}): FixSearch {
  return new FixSearcher(program, options).run();
}

class FixSearcher {
  readonly #program: DriverProgram;
  readonly #options: FixOptions;
  readonly #edits: readonly Edit[];
  readonly #fixes: Fix[] = [];
  readonly #failed = new Set<Edit>();
  #tried = 0;
  #limit: FixSearch["limit"] = null;

  constructor(program: DriverProgram, options: FixOptions) {
    // Edits name steps by identity: one that is written once and stands twice becomes two.
    this.#program = apart(program);
    this.#options = options;
    this.#edits = [...editsOf(this.#program)].sort((a, b) => a.cost - b.cost);
  }

  run(): FixSearch {
    this.#singles();
    this.#pairs();
    const fixes = [...this.#fixes].sort((a, b) => a.cost - b.cost).slice(0, this.#options.fixesMax ?? fixesMaxDefault);
    const [best] = fixes;
    const parts = new Set(best === undefined || best.edits.length === 1 ? [] : best.edits);
    const notEnough = this.#edits.filter((edit) => this.#failed.has(edit) && (parts.has(edit) || edit.kind === "flush"));
    return { fixes, notEnough, tried: this.#tried, limit: this.#limit };
  }

  #singles(): void {
    for (const edit of this.#edits) {
      if (this.#isOver()) return;
      if (this.#solves([edit])) this.#found([edit]);
    }
  }

  /** Sets of two that cost less than the cheapest fix so far, by cost. */
  #pairs(): void {
    const candidates = this.#edits.filter((edit) => this.#failed.has(edit));
    const pairs: { readonly pair: readonly [Edit, Edit]; readonly cost: number }[] = [];
    candidates.forEach((a, k) => { for (const b of candidates.slice(k + 1)) pairs.push({ pair: [a, b], cost: a.cost + b.cost }); });
    pairs.sort((a, b) => a.cost - b.cost);
    for (const { pair, cost } of pairs) {
      if (cost > this.#bestCost() || this.#isOver()) return;
      if (this.#fixes.filter((fix) => fix.cost === cost).length >= (this.#options.fixesMax ?? fixesMaxDefault)) return;
      if (this.#solves(pair)) this.#found(pair);
    }
  }

  #bestCost(): number {
    return Math.min(...this.#fixes.map(({ cost }) => cost));
  }

  #isOver(): boolean {
    const max = this.#options.triesMax ?? triesMaxDefault;
    if (this.#tried >= max) this.#limit = { kind: "tries", value: max };
    else if (this.#options.shouldStop?.() === true) this.#limit = { kind: "time", value: this.#tried };
    return this.#limit !== null;
  }

  #solves(edits: readonly Edit[]): boolean {
    const program = changed(this.#program, edits.flatMap(({ changes }) => changes));
    if (program === undefined) return false;
    this.#tried++;
    const quick = unlessMistaken(() => check(lowerDriver(program).program, { model: this.#options.model ?? "lkmm", mode: "verdict" }));
    if (quick === undefined) return false;
    if (quick.positive > 0) { if (edits.length === 1) this.#failed.add(edits[0]!); return false; }
    if (quick.limit !== null || quick.negative === 0) return false;
    const verdict = unlessMistaken(() => judgeDriver(program, { model: this.#options.model ?? "lkmm", verdictOnly: true }));
    if (verdict?.verdict !== "refuted" || verdict.flags.includes("data-race")) return false;
    return !bringsContextFinding(this.#program, verdict.contexts) && !leavesSibling(program, this.#options.model ?? "lkmm");
  }

  #found(edits: readonly Edit[]): void {
    const program = changed(this.#program, edits.flatMap(({ changes }) => changes));
    if (program !== undefined) this.#fixes.push({ edits, cost: edits.reduce((sum, { cost }) => sum + cost, 0), program });
  }
}

function apart(program: DriverProgram): DriverProgram {
  const copied = (steps: readonly Step[]): readonly Step[] => steps.map((step) => withArms({ ...step }, armsOf(step).map(copied)));
  return { ...program, threads: program.threads.map((thread) => ({ ...thread, steps: copied(thread.steps) })), ...(program.handlers === undefined ? {} : { handlers: program.handlers.map((handler) => ({ ...handler, steps: copied(handler.steps) })) }) };
}
