/** `quiesce facts FILE[:FUNCTION]`: what functions do, point by point. */

import type { FactsReport } from "../protocol/index.ts";
import { notSeenText, renderFacts } from "../session/render-facts.ts";
import { openReviewer, type ParserName } from "./engine.ts";
import { parserFor } from "./parser-choice.ts";
import type { KernelTree } from "./paths.ts";
import { diskHost } from "./review-job.ts";
import { readTarget } from "./target.ts";
import { complain, type ExitStatus, messageOf, printOut } from "./terminal.ts";

export type FactsSettings = {
  /** FILE or FILE:FUNCTION */
  readonly target: string;
  readonly format: "text" | "json";
  readonly kernel: KernelTree | undefined;
  readonly parser: ParserName;
};

export async function runFactsCommand({ target, format, kernel, parser }: FactsSettings): Promise<ExitStatus> {
  const { source, functionName, problem, ...found } = readTarget(target, kernel, "file or function");
  if (source === undefined) return cannot(problem ?? "");
  try {
    const reviewer = await openReviewer(diskHost(found.kernel ?? null), parserFor(parser));
    const outcome = reviewer.facts(source, functionName);
    switch (outcome.kind) {
      case "no-function":
        return cannot(`${source.file}: no function ${outcome.function}${outcome.similar.length > 0 ? ` (did you mean ${outcome.similar.join(", ")}?)` : ""}`);
      case "refused":
        return cannot(`${source.file}: ${outcome.reason}`);
      case "facts": {
        const { functions, notAnalysed, notSeen } = outcome;
        const report: FactsReport = { version: 1, functions, notAnalysed, notSeen };
        printOut(format === "json" ? `${JSON.stringify(report, null, 2)}\n` : [...outcome.functions.map(renderFacts), ...notSeenText(outcome.notSeen)].join("\n"));
        for (const { line, endLine, reason } of notAnalysed) complain(`${source.file}:${String(line)}-${String(endLine)}: not analysed: ${reason}`);
        if (outcome.functions.length === 0) complain(`${source.file}: there is no function in it`);
        return 0;
      }
    }
  } catch (error) {
    return cannot(`quiesce broke down on ${target} (please report it): ${messageOf(error)}`);
  }
}

function cannot(line: string): ExitStatus {
  complain(line);
  return 2;
}
