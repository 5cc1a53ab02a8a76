/** "Emulate" over each function with findings, with what became of them. */

import type { CodeLens } from "vscode-languageserver";
import type { Finding, VerdictWord } from "../protocol/index.ts";
import type { Reviewed } from "./document-review.ts";
import { emulateCommand } from "./replay.ts";
import type { Settings } from "./settings.ts";

export function codeLensesOf(uri: string, { findings, outline }: Reviewed, settings: Settings): readonly CodeLens[] {
  if (!settings.codeLens) return [];
  return outline.flatMap(({ name, line, column }) => {
    const own = findings.filter((finding) => finding.function === name);
    if (own.length === 0) return [];
    const start = { line: line - 1, character: column - 1 };
    const argument = { textDocument: { uri }, function: name };
    return [{ range: { start, end: { line: start.line, character: start.character + name.length } }, command: { title: titleOf(own, settings), command: emulateCommand, arguments: [argument] } }];
  });
}

/** Refuted ones count only where nothing is left to look at. */
function titleOf(findings: readonly Finding[], { emulate }: Settings): string {
  if (!emulate) return "Emulate";
  const count = (verdict: VerdictWord | undefined): number => findings.filter(({ evidence }) => evidence?.verdict === verdict).length;
  const parts = [part(count("confirmed"), "confirmed"), part(count("undecided"), "undecided"), part(count(undefined), "not yet tried")].filter((one) => one !== "");
  return `Emulate: ${parts.length === 0 ? part(count("refuted"), "refuted") : parts.join(", ")}`;
}

const part = (count: number, word: string): string => (count === 0 ? "" : `${String(count)} ${word}`);
