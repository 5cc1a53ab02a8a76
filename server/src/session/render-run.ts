/** The replay as text: at most 78 columns, no tabs, ready for an inline reply on a mailing list. */

import type { Run, RunStep } from "../protocol/index.ts";

/** Columns of a mail that survive being quoted once or twice. */
export const widthMax = 78;

const numberWidth = 3;

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
  const margin = Math.max(...run.steps.map((step) => sourceOf(step).length), 4);
  const columns = Math.max(run.roles.length, 1);
  const width = Math.max(10, Math.floor((widthMax - numberWidth - margin - 1 - columns) / columns));
  const row = (number: string, cells: readonly string[], right: string): string =>
    `${number.padEnd(numberWidth)}${cells.map((cell) => cell.padEnd(width)).join(" ")} ${right}`.trimEnd();
  const heads = run.roles.map((role) => wrap(role.name, width, ""));
  const functions = run.roles.map((role) => wrap(role.function === "" ? "" : role.function.startsWith("synthetic") ? role.function : `${role.function}()`, width, ""));
  const lines = [...grid(heads, row), ...grid(functions, row), row("", run.roles.map(() => "-".repeat(Math.min(width, 14))), "")];
  for (const step of run.steps) {
    const cell = wrap(step.text.replace(/\t/g, " "), width, "  ");
    cell.forEach((part, index) => {
      const cells = run.roles.map((_, role) => (role === step.role ? part : ""));
      lines.push(row(index === 0 ? `${String(step.index)}${step.hazard ? "!" : ""}` : "", cells, index === 0 ? sourceOf(step) : ""));
    });
  }
  return lines;
}

/** Cells of several lines, side by side. */
function grid(cells: readonly (readonly string[])[], row: (number: string, cells: readonly string[], right: string) => string): readonly string[] {
  const height = Math.max(...cells.map((cell) => cell.length), 0);
  return Array.from({ length: height }, (_, line) => row("", cells.map((cell) => cell[line] ?? ""), ""));
}

function sourceOf(step: RunStep): string {
  if (step.line === 0) return "";
  const name = step.file.split("/").at(-1) ?? step.file;
  const shown = name.length > 18 ? `${name.slice(0, 15)}...` : name;
  return `${shown}:${String(step.line)}`;
}

/** Breaks at blanks where it can, inside a word where it must. */
export function wrap(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    let rest = word;
    for (;;) {
      const start = lines.length === 0 ? "" : indent;
      const candidate = line === "" ? start + rest : `${line} ${rest}`;
      if (candidate.length <= width) { line = candidate; break; }
      if (line.trim() !== "") { lines.push(line); line = ""; continue; }
      const cut = breakAt(start + rest, width);
      lines.push((start + rest).slice(0, cut));
      rest = (start + rest).slice(cut);
      if (rest === "") break;
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

/** The last place within `width` after which C may be broken without splitting a name; else `width`. */
function breakAt(text: string, width: number): number {
  for (let at = width; at > width / 3; at--) if (/[([,.>;|&+=-]/.test(text[at - 1] ?? "") && !(text[at - 1] === "-" && text[at] === ">")) return at;
  return width;
}
