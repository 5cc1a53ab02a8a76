/** `quiesce emulate FILE:FUNCTION`: extracts that function's concurrency and replays it. */

import type { Run } from "../protocol/index.ts";
import { renderRun } from "../session/render-run.ts";
import { openReviewer, type ParserName } from "./engine.ts";
import { parserFor } from "./parser-choice.ts";
import type { KernelTree } from "./paths.ts";
import { diskHost } from "./review-job.ts";
import { readTarget } from "./target.ts";
import { complain, type ExitStatus, messageOf, printOut } from "./terminal.ts";

export type EmulateSettings = {
  /** FILE:FUNCTION */
  readonly target: string;
  /** FILE:FUNCTION, or undefined to let the engine choose the counterpart. */
  readonly counterpart: string | undefined;
  readonly format: "text" | "json" | "litmus";
  readonly model: "lkmm" | "mca" | "sc" | "tso";
  readonly kernel: KernelTree | undefined;
  readonly parser: ParserName;
};

export async function runEmulateCommand(settings: EmulateSettings): Promise<ExitStatus> {
  const target = readTarget(settings.target, settings.kernel, "function");
  const counterpart = settings.counterpart === undefined ? undefined : readTarget(settings.counterpart, settings.kernel, "function");
  const problem = target.problem ?? counterpart?.problem;
  if (problem !== undefined || !target.source) return cannot(problem ?? "");
  if (counterpart?.source && counterpart.source.file !== target.source.file) {
    return cannot(`not available yet: --with in another file (${counterpart.source.file}); name a function of ${target.source.file}`);
  }
  try {
    const reviewer = await openReviewer(diskHost(target.kernel ?? null), parserFor(settings.parser));
    const outcome = await reviewer.emulate(target.source, target.functionName, {
      model: settings.model,
      ...(counterpart?.source ? { counterpart: { file: counterpart.source.file, function: counterpart.functionName } } : {}),
    });
    switch (outcome.kind) {
      case "replayed":
        if (outcome.isOfCallee) complain(`${settings.target}: ${outcome.about}`);
        return printRuns(outcome.runs, settings);
      case "no-function":
        return cannot(`${target.source.file}: no function ${outcome.function}${outcome.similar.length > 0 ? ` (did you mean ${outcome.similar.join(", ")}?)` : ""}`);
      case "nothing":
        if (settings.format === "json") printOut(renderRuns([], "json"));
        complain(`${settings.target}: nothing to replay: ${outcome.message}`);
        return 0;
      case "refused":
        return cannot(`${target.source.file}: ${outcome.reason}`);
    }
  } catch (error) {
    return cannot(`quiesce broke down on ${settings.target} (please report it): ${messageOf(error)}`);
  }
}

/** One litmus file holds one test: the first run that has one is printed, and what else there is is said. */
function printRuns(runs: readonly Run[], settings: EmulateSettings): ExitStatus {
  if (settings.format !== "litmus") {
    printOut(renderRuns(runs, settings.format));
    return 0;
  }
  const tests = runs.filter((run) => run.litmus !== "");
  const first = tests[0];
  if (first === undefined) return cannot(`${settings.target}: the replay is a path of one thread, which needs no litmus test (${runs[0]?.rule ?? ""})`);
  printOut(endWithNewline(first.litmus));
  if (tests.length > 1) complain(`${settings.target}: printed 1 of ${String(tests.length)} tests, for: ${first.message}; --format json has all`);
  return 0;
}

function renderRuns(runs: readonly Run[], format: "text" | "json"): string {
  switch (format) {
    case "text":
      return runs.map(renderRun).join("\n");
    case "json":
      return `${JSON.stringify({ version: 1, runs }, null, 2)}\n`;
  }
}

function endWithNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

function cannot(line: string): ExitStatus {
  complain(line);
  return 2;
}
