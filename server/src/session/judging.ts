/** Remembers judgements by what they depend on: the program, the model, the rules' and the table's version. */

import { lowerLifetimes, printLitmus } from "../../../emulator-core/src/index.ts";
import type { Attempt } from "../evidence/attempt.ts";
import { executionsMax, judge } from "../evidence/judge.ts";
import type { Judgement, JudgeOptions } from "../evidence/judgement.ts";
import { apiCount } from "../model/kernel-api/index.ts";
import { rules } from "../rules/registry.ts";
import type { Judge } from "./reviewer.ts";

/** Judgements kept; the oldest go first. */
const rememberedMax = 2_000;

const version = `rules ${String(rules.length)}, apis ${String(apiCount)}, executions ${String(executionsMax)}`;

export function keyOf(attempt: Attempt, options: Pick<JudgeOptions, "model">): string {
  if (attempt.driver !== undefined || attempt.mistake !== undefined) return [version, options.model, JSON.stringify([attempt.driver, attempt.guardedDriver, attempt.mistake])].join("\u0000");
  const text = (program: Attempt["program"]): string => printLitmus(lowerLifetimes(program));
  return [version, options.model, text(attempt.program), attempt.guarded === undefined ? "" : text(attempt.guarded), JSON.stringify(attempt.situation), attempt.assumptions.join("\n")].join("\u0000");
}

/** Wraps a judge so that an edit that leaves the extracted program as it was costs nothing. A cancelled run is not kept. */
export function remembering(inner: Judge): Judge {
  const kept = new Map<string, Promise<Judgement>>();
  return (attempt, options, signal) => {
    const key = keyOf(attempt, options);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const running = inner(attempt, options, signal);
    kept.set(key, running);
    const oldest = kept.size > rememberedMax ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    running.then(
      (judgement) => { if (judgement.limit?.kind === "time") kept.delete(key); },
      () => { kept.delete(key); },
    );
    return running;
  };
}

/** Runs attempts in this very thread: for the CLI's workers, which are threads of their own. */
export function judgingHere(shouldStop?: () => boolean): Judge {
  return remembering((attempt, options, signal) =>
    Promise.resolve().then(() => judge(attempt, { model: options.model, shouldStop: () => signal?.aborted === true || shouldStop?.() === true })),
  );
}
