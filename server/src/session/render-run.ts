/** The replay as text: at most 78 columns, no tabs, ready for an inline reply on a mailing list. */

import { drawColumns, marginOf, widthMax, wrap } from "../../../emulator-core/src/index.ts";
import type { Run } from "../protocol/index.ts";

export function renderRun(run: Run): string {
  const lines = [...wrap(`${verdictWord(run)}: ${run.message} [${run.rule}]`, widthMax, ""), ""];
  if (run.steps.length > 0) lines.push(...table(run), "");
  for (const sentence of run.why) lines.push(...wrap(sentence, widthMax, ""));
  if (run.need !== "") lines.push(...wrap(run.need, widthMax, ""));
  if (run.evidence.reason !== "") lines.push(...wrap(`Verdict: ${run.evidence.verdict}, ${run.evidence.reason}${run.steps.length === 0 ? "" : ` (${String(run.evidence.executions)} executions, model ${run.model})`}.`, widthMax, ""));
  if (run.fix[0] !== undefined) lines.push(...wrap(`Smallest fix that refutes it: ${run.fix[0]}.`, widthMax, ""));
  for (const assumption of run.evidence.assumptions) lines.push(...wrap(`Assumes: ${assumption}`, widthMax, "  "));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function verdictWord(run: Run): string {
  return run.evidence.verdict === "confirmed" && run.evidence.class === "compiler" ? "CONFIRMED (compiler only)" : run.evidence.verdict.toUpperCase();
}

function table(run: Run): readonly string[] {
  const columns = run.roles.map(({ name, function: fn }) => ({ name, title: fn === "" ? "" : fn.startsWith("synthetic") ? fn : `${fn}()` }));
  return drawColumns(columns, run.steps.map((step) => ({ column: step.role, number: step.index, text: step.text, hazard: step.hazard, margin: marginOf(step.file, step.line) })));
}
