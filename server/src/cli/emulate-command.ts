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
        printOut(renderRuns(outcome.runs, settings.format));
        return 0;
      case "no-function":
        return cannot(`${target.source.file}: no function ${target.functionName}${outcome.similar.length > 0 ? ` (did you mean ${outcome.similar.join(", ")}?)` : ""}`);
      case "nothing":
        return cannot(`${settings.target}: nothing to replay: ${outcome.message}`);
      case "refused":
        return cannot(`${target.source.file}: ${outcome.reason}`);
    }
  } catch (error) {
    return cannot(`quiesce broke down on ${settings.target} (please report it): ${messageOf(error)}`);
  }
}

function renderRuns(runs: readonly Run[], format: EmulateSettings["format"]): string {
  switch (format) {
    case "text":
      return runs.map(renderRun).join("\n");
    case "json":
      return `${JSON.stringify({ version: 1, runs }, null, 2)}\n`;
    case "litmus":
      // One file holds one test: the first run is the one that the text shows first.
      return runs.length > 0 ? endWithNewline(runs[0]?.litmus ?? "") : "";
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
