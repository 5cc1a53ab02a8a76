/** `quiesce emulate FILE:FUNCTION`: extracts that function's concurrency and replays it. */

import { resolve } from "node:path";
import type { Run } from "../protocol/index.ts";
import { renderRun } from "../session/render-run.ts";
import type { SourceFile } from "../session/reviewer-types.ts";
import { openReviewer } from "./engine.ts";
import { type KernelTree, nearestKernelTree, printedPath } from "./paths.ts";
import { readSource } from "./read-source.ts";
import { diskHost } from "./review-job.ts";
import { complain, type ExitStatus, messageOf, printOut } from "./terminal.ts";

export type EmulateSettings = {
  /** FILE:FUNCTION */
  readonly target: string;
  /** FILE:FUNCTION, or undefined to let the engine choose the counterpart. */
  readonly counterpart: string | undefined;
  readonly format: "text" | "json" | "litmus";
  readonly model: "lkmm" | "mca" | "sc" | "tso";
  readonly kernel: KernelTree | undefined;
};

export async function runEmulateCommand(settings: EmulateSettings): Promise<ExitStatus> {
  const target = readTarget(settings.target, settings.kernel);
  const counterpart = settings.counterpart === undefined ? undefined : readTarget(settings.counterpart, settings.kernel);
  const problem = target.problem ?? counterpart?.problem;
  if (problem !== undefined || !target.source) return cannot(problem ?? "");
  if (counterpart?.source && counterpart.source.file !== target.source.file) {
    return cannot(`not available yet: --with in another file (${counterpart.source.file}); name a function of ${target.source.file}`);
  }
  try {
    const reviewer = await openReviewer(diskHost(target.kernel ?? null));
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

type Target = { readonly functionName: string; readonly kernel?: KernelTree | undefined; readonly source?: SourceFile; readonly problem?: string };

/** The last colon separates: a path may hold others (`C:\…`). */
function readTarget(target: string, chosen: KernelTree | undefined): Target {
  const colon = target.lastIndexOf(":");
  const shown = target.slice(0, colon);
  const functionName = target.slice(colon + 1);
  if (colon <= 0 || !/^[A-Za-z_]\w*$/.test(functionName)) return { functionName, problem: `${target}: write it as FILE:FUNCTION, for example drivers/iommu/x.c:x_detach` };
  const path = resolve(shown);
  const text = readSource(path);
  if (!text.ok) return { functionName, problem: `${shown}: ${text.reason}` };
  const kernel = chosen ?? nearestKernelTree(resolve(path, ".."));
  return { functionName, kernel, source: { file: printedPath(path, kernel), text: text.text } };
}
